"""`jointops replay` as somebody starts it: the real command in its own process."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.support.demo import alive, family, until


class Replay:
    """The command, its temporary files below `folder`."""

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self.aside = folder / "aside"
        self.aside.mkdir(exist_ok=True)
        self._errors = folder / "replay.log"
        # beside the others' runtime files, whose sockets have no room in a test's own folder
        self.runtime = Path(tempfile.mkdtemp(prefix="jot-", dir="/tmp"))
        env = {
            **os.environ,
            "TMPDIR": str(self.aside),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_HOME": str(folder / "home"),
        }
        env.pop("REDIS_URL", None)
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dashboard.cli", "replay", "--no-open", *map(str, words)],
                stdout=subprocess.PIPE, stderr=errors, text=True, env=env, start_new_session=True,
            )  # fmt: skip
        self.lines: list[str] = []
        self.address = ""
        self.pids: list[int] = []

    def await_ready(self) -> "Replay":
        """Read its lines up to the address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(("ready ", "open ")):
                self.address = line.split()[1]
                break
        assert self.address, f"no address; it said {self.lines}, {self.errors()}"
        self.pids = self.family()
        return self

    def errors(self) -> str:
        return self._errors.read_text()

    def family(self) -> list[int]:
        return family(self.process.pid)

    def log_in(self, name: str, password: str) -> str:
        """Log in as a browser does; return the cookie."""
        site = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(self.address))
        form = urllib.parse.urlencode({"name": name, "password": password, "next": "/review"}).encode()

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:  # type: ignore[override]
                return None

        try:
            urllib.request.build_opener(Stay).open(f"{site}/login", form, timeout=10)
        except urllib.error.HTTPError as answer:
            with answer:
                assert answer.code == 303, answer.code
                return answer.headers["Set-Cookie"].partition(";")[0]
        raise AssertionError("not let in")

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit status when all its processes are gone."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(15)
        until(lambda: not any(map(alive, self.pids)), 3, "no process is left")
        return status

    def stop(self) -> None:
        """Kill what is left."""
        for pid in self.family() if self.process.poll() is None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(5)
        shutil.rmtree(self.runtime, ignore_errors=True)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def replaying(folder: Path, *words: str | Path) -> Iterator[Replay]:
    """Run the command for the length of a test."""
    replay = Replay(folder, *words)
    try:
        yield replay.await_ready()
    finally:
        replay.stop()
