"""Starts and watches the processes of one site here: Redis, gateway, hub, review, web, recorder (and the exercise).

Rules
- Ready means that every door answers, not that a process was started.
- A process that dies is started again, with a growing pause; Redis comes back on the same journal.
- SIGTERM, Ctrl-C and the end of the terminal stop everything within five seconds. If the supervisor itself
  is killed, each process notices and stops (`part.PARENT`), Redis by the kernel's parent-death signal.
"""

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from dashboard import config, config_file, part, serving
from dashboard.config import Settings
from feeds import embedded_redis
from feeds.access import offer_access, withdraw_access
from feeds.errors import ConfigError, JointOpsError
from feeds.recording import audit
from feeds.source import FeedAccess

log = logging.getLogger(__name__)

SPEAKER = "exercise"
PARTS = ("gateway", "hub", "review", "web", "record")
_LAST_WORDS_S = 0.8
"""How long the exercise may take to close what it opened, while the door still listens, seconds."""
_TERM_S = 3.0
"""Counted from the signal to stop: when processes are killed, seconds."""
_STOP_S = 4.2
"""Counted from the signal to stop: when Redis is killed, seconds."""
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pause before the 1st, 2nd, ... start again in a row."""
_STEADY_S = 30.0
"""A process that ran this long starts its row of pauses anew, seconds."""
_READY_S = 60.0


class SiteFailed(JointOpsError):
    """The site could not be started."""


class Child:
    """One process under watch."""

    def __init__(self, name: str, words: Sequence[str], env: dict[str, str]) -> None:
        self.name = name
        self._words = [sys.executable, "-m", "dashboard.cli", name, *words]
        self._env = env
        self.process: subprocess.Popen[bytes] | None = None
        self._row = 0
        self._started = 0.0
        self._start_at = 0.0

    def start(self) -> None:
        """Start it now."""
        self.process = subprocess.Popen(self._words, env=self._env, start_new_session=True)  # noqa: S603 - our own words
        self._started = time.monotonic()

    def watch(self) -> None:
        """Start it again if it died and its pause is over."""
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return
            ran = time.monotonic() - self._started
            self._row = 0 if ran > _STEADY_S else min(self._row + 1, len(_PAUSES_S) - 1)
            self._start_at = time.monotonic() + _PAUSES_S[self._row]
            log.warning("process_died name=%s status=%s ran_s=%.1f", self.name, status, ran)
            self.process = None
        if time.monotonic() >= self._start_at:
            self.start()

    def tell(self, sign: signal.Signals) -> None:
        """Send a signal if it runs."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(sign)

    def gone(self) -> bool:
        """Say whether it has ended."""
        return self.process is None or self.process.poll() is not None


class Supervisor:
    """One site's processes."""

    def __init__(
        self,
        settings: Settings,
        config_path: Path,
        data_dir: Path,
        *,
        log_level: str,
        fresh: bool = False,
        own_redis: bool = False,
        parts: Sequence[str] = PARTS,
        reader: str = "",
    ) -> None:
        """Prepare. `fresh`: begin with an empty journal and archive; `own_redis`: embedded whatever $REDIS_URL says.

        `reader`: the agency of whoever has the record's files, whom no share of then holds; of a site nobody.
        """
        self._settings = settings
        self.config = config_path
        self._data_dir = data_dir
        self._fresh = fresh
        self._own_redis = own_redis
        self._reader = reader
        self._parts = [part for part in parts if part != "record" or settings.site.record]
        self._log_level = log_level
        self._redis: embedded_redis.EmbeddedRedis | None = None
        self._children: list[Child] = []
        self._env: dict[str, str] = {}
        self._redis_row = 0
        self.stopping = False

    def __enter__(self) -> "Supervisor":
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def start(self, before: Callable[[str], None] = lambda url: None) -> None:
        """Start everything and return when every door answers. Raises SiteFailed, ConfigError.

        `before` is called with Redis's address when it answers, and before anything that uses it starts.
        """
        self._check_ports()
        url = None if self._own_redis else embedded_redis.choose(self._settings.site.redis_url)
        if url is None:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._redis = embedded_redis.start(self._data_dir, self._settings.site.fsync, empty=self._fresh)
            url = self._redis.url
            if self._fresh:
                shutil.rmtree(archive_dir(self._settings), ignore_errors=True)
                # It tells of holds on what is gone, which would be missed.
                audit_file(self._settings).unlink(missing_ok=True)
        before(url)
        self._env = {**os.environ, "REDIS_URL": url, part.PARENT: str(os.getpid()), part.READER: self._reader}
        for name in self._parts:
            self.add(name, "--config", str(self.config))
        if "gateway" in self._parts:
            self._offer_feed()
        self._await_ready()
        serving.offer(self._data_dir, self.url, self._settings.site.public_url)

    def add(self, name: str, *words: str) -> None:
        """Start one more process and watch it."""
        child = Child(name, [*words, "--log-level", self._log_level], self._env)
        self._children.append(child)
        child.start()

    def watch(self) -> None:
        """Keep everything running until a signal says stop."""
        while not self.stopping:
            self.look()
            time.sleep(0.1)

    def look(self) -> None:
        """Start again what died."""
        if self._redis is not None and self._redis.poll() is not None:
            log.warning("process_died name=redis status=%s said=%r", self._redis.poll(), self._redis.last_words)
            try:
                self._redis.restart(unless=lambda: self.stopping)
                self._redis_row = 0
            except (OSError, JointOpsError) as error:
                self._redis_row = min(self._redis_row + 1, len(_PAUSES_S) - 1)
                log.error("redis_restart_failed error=%s", error)
                time.sleep(_PAUSES_S[self._redis_row])
        for child in self._children:
            child.watch()

    def stop(self) -> None:
        """Stop everything; what does not stop in time is killed. Redis goes last: nothing acknowledged is lost."""
        self.stopping = True
        withdraw_access(self._settings.site.feed_port)
        serving.withdraw(self._data_dir)
        began = time.monotonic()
        _end([c for c in self._children if c.name == SPEAKER], began + _LAST_WORDS_S)
        _end(self._children, began + _TERM_S)
        for child in self._children:
            if not child.gone():
                log.warning("process_killed name=%s", child.name)
                child.tell(signal.SIGKILL)
                if child.process is not None:
                    child.process.wait(1.0)
        self._children.clear()
        if self._redis is not None:
            self._redis.stop(max(0.2, began + _STOP_S - time.monotonic()))
            self._redis = None

    def _check_ports(self) -> None:
        site = self._settings.site
        for setting in config.PORTS:
            port = getattr(site, setting)
            with socket.socket(socket.AF_INET6 if ":" in site.bind else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((site.bind, port))
                except OSError as error:
                    option = "--" + setting.replace("_", "-")
                    raise ConfigError(
                        f"site.{setting}",
                        f"cannot listen on {site.bind}:{port} ({error.strerror}); "
                        f"stop what uses it or choose another (in the site's file; for the demo {option})",
                    ) from error

    def _offer_feed(self) -> None:
        site = self._settings.site
        tokens = {s.id: config.secret(s.token, s.token_env) for s in self._settings.source}
        offer_access(
            site.feed_port,
            FeedAccess(
                url=f"ws://{site.host}:{site.feed_port}",
                pid=os.getpid(),
                tokens={source: token for source, token in tokens.items() if token},
                adapters={s.id: s.adapter for s in self._settings.source},
            ),
        )

    def _await_ready(self) -> None:
        site = self._settings.site
        good = {"ok"} if "hub" in self._parts else {"ok", "degraded"}
        doors: dict[str, tuple[str, Callable[[], bool]]] = {
            "gateway": ("the gateway", lambda: all(_answers(site.host, p) for p in (site.feed_port, site.cot_port))),
            "hub": ("the hub", lambda: _answers(site.host, site.live_port)),
            "review": ("the review", lambda: _answers(site.host, site.review_port)),
            "web": ("the web pages", lambda: self.health().get("status") in good),
        }
        for name in self._parts:
            if name in doors:
                what, answers = doors[name]
                self._until(answers, what)

    def _until(self, good: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _READY_S
        while not good():
            if self.stopping:
                raise SiteFailed("stopped before it was ready")
            if time.monotonic() > until:
                raise SiteFailed(f"{what} did not answer within {_READY_S:.0f} s; look at the messages above")
            self.look()
            time.sleep(0.05)

    def health(self, token: str = "") -> dict[str, object]:
        """Return what `/healthz` says, `{}` when it does not answer."""
        site = self._settings.site
        request = urllib.request.Request(
            f"http://{site.host}:{site.port}/healthz",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310 - our own http address
                body: dict[str, object] = json.load(answer)
                return body
        except (urllib.error.URLError, OSError, ValueError):
            return {}

    @property
    def url(self) -> str:
        """The address of the web pages on this machine."""
        return f"http://{self._settings.site.host}:{self._settings.site.port}/"


def _end(children: Sequence[Child], until: float) -> None:
    for child in children:
        child.tell(signal.SIGTERM)
    while time.monotonic() < until and not all(c.gone() for c in children):
        time.sleep(0.02)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host.strip("[]"), port), timeout=1):
            return True
    except OSError:
        return False


def data_dir(settings: Settings) -> Path:
    """Return the folder of the site's journal."""
    if settings.site.data_dir:
        return Path(settings.site.data_dir).expanduser()
    return platformdirs.user_data_path("jointops") / "site"


def archive_dir(settings: Settings) -> Path:
    """Return the folder of the site's record."""
    if settings.site.archive:
        return Path(settings.site.archive).expanduser()
    return data_dir(settings) / "archive"


def audit_file(settings: Settings) -> Path:
    """Return the file in which is written who looked back at what, and who took what away."""
    return Path(settings.site.audit).expanduser() if settings.site.audit else data_dir(settings) / audit.FILE


def imports_dir(settings: Settings) -> Path:
    """Return where recordings of others and logs are, each in a folder of its own."""
    return data_dir(settings) / "imports"


def serve(path: Path, *, log_level: str) -> int:
    """Run the site declared at `path` until a signal. Raises ConfigError, SiteFailed."""
    settings = config_file.load(path)
    with Supervisor(settings, path, data_dir(settings), log_level=log_level) as site:
        site.start()
        sys.stdout.write(f"ready {settings.site.public_url or site.url}\n")
        sys.stdout.flush()
        site.watch()
    return 0
