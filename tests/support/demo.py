"""A running demo, as a newcomer starts it: the real command in its own process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dashboard.config import PORTS

READY_S = 60.0
_DOORS = [name.replace("_", "-") for name in PORTS]


def until(good: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll `good` until it is true; return what it returned. Fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = good()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def family(pid: int) -> list[int]:
    """Return the pids of a process and all below it, itself first."""
    pids = [pid]
    for one in pids:
        with contextlib.suppress(OSError):
            pids += [int(p) for p in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return pids


class Demo:
    """`jointops demo` with small numbers on free ports."""

    def __init__(self, data_dir: Path, *words: str) -> None:
        self.data_dir = data_dir
        self._errors = (data_dir / "stderr.log").open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dashboard.cli", "demo", "--no-open", "--data-dir", str(data_dir)),
                *(word for door in _DOORS for word in (f"--{door}", "0")),
                *("--units", "60", *words),
            ],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.token = ""
        self.url = ""
        self.opened = ""
        """The address that a browser is sent to."""
        self.pids: list[int] = []

    def await_ready(self) -> "Demo":
        """Read its lines up to `ready`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("api-token "):
                self.token = line.split()[1]
            if line.startswith("ready "):
                self.opened = line.split()[1]
                self.url = "{0.scheme}://{0.netloc}".format(urlsplit(self.opened))
                break
        assert self.url, f"no `ready` line; it said {self.lines}, {self.errors()}"
        self.pids = self.family()
        return self

    def errors(self) -> str:
        """Return the end of what it wrote to stderr."""
        with contextlib.suppress(OSError):
            return (self.data_dir / "stderr.log").read_text()[-3000:]
        return ""

    def family(self) -> list[int]:
        """Return the pids of all its processes, itself first."""
        return family(self.process.pid)

    def pid_of(self, name: str) -> int:
        """Return the pid of one of its processes by a word of its command line."""
        for pid in self.family()[1:]:
            with contextlib.suppress(OSError):
                if name in Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0") or (
                    name == "redis" and b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes()
                ):
                    return pid
        raise AssertionError(f"no process {name}")

    def get(self, path: str, *, token: bool = True) -> tuple[int, Any]:
        """GET a path of the web pages; return status and JSON body (text where it is none)."""
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=5) as answer:
                status, body = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read().decode()
        except OSError:
            return 0, None
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body

    def setting(self, name: str) -> str:
        """Return a line's value of the site's file, as text."""
        for line in (self.data_dir / "site.toml").read_text().splitlines():
            if line.startswith(f"{name} = "):
                return line.partition(" = ")[2].strip('"')
        raise AssertionError(f"no setting {name}")

    def stop(self) -> float:
        """Send SIGTERM; return how long the end took, seconds."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        took = time.monotonic() - began
        for pid in self.pids:
            if alive(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()
        self.process.wait(5)
        return took


@contextlib.contextmanager
def running(data_dir: Path, *words: str) -> Iterator[Demo]:
    """Run a demo for the length of a test."""
    demo = Demo(data_dir, *words)
    try:
        yield demo.await_ready()
    finally:
        demo.stop()
