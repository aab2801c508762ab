"""A real site of processes that a test may kill and stop: Redis, gateways, a hub, by the product's own commands.

`$JOINTOPS_CHAOS=long` (`make chaos`) does the same faults more often and longer.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from dashboard.free_ports import free_ports
from feeds import embedded_redis
from feeds.names import AgencyId
from tests.support.live import Watcher
from tests.support.redis import until

CPD, ISP = AgencyId("cpd"), AgencyId("isp")
HUB_TOKEN = "token-command"
READY_S = 30.0
"""Longest start of a process on a machine that is busy with others, seconds."""


@dataclasses.dataclass(frozen=True)
class Form:
    """How much of each fault: `SHORT` in CI, `LONG` by `make chaos`."""

    redis_kills: int
    gateway_kills: int
    hub_kills: int
    stop_s: float
    """How long a process stays stopped, seconds."""
    junk: int
    """Frames per dialect."""
    failovers: int
    rounds: int
    """Repetitions of the other faults."""


SHORT = Form(redis_kills=3, gateway_kills=2, hub_kills=1, stop_s=4.0, junk=2000, failovers=2, rounds=1)
LONG = Form(redis_kills=10, gateway_kills=10, hub_kills=10, stop_s=20.0, junk=100_000, failovers=20, rounds=5)
FORM = LONG if os.environ.get("JOINTOPS_CHAOS") == "long" else SHORT

_SITE = """
[site]
name = "Faults"
port = {ports[0]}
live_port = {ports[1]}
feed_port = {ports[2]}
cot_port = {ports[3]}
[[agency]]
id = "cpd"
name = "City Police"
tag = "CPD"
[[agency]]
id = "isp"
name = "State Police"
tag = "ISP"
[[agency]]
id = "jcc"
name = "Command centre"
tag = "JCC"
[[source]]
id = "cpd-avl"
agency = "cpd"
token = "token-avl"
[[source]]
id = "cpd-cad"
agency = "cpd"
token = "token-cad"
[[source]]
id = "cpd-bulk"
agency = "cpd"
token = "token-bulk"
rate_max = 1000000
[[source]]
id = "isp-cot"
agency = "isp"
adapter = "cot"
token = "token-cot"
uid_prefixes = ["ISP-"]
[[share]]
from = "*"
to = ["jcc"]
categories = ["feed.health", "unit.position", "unit.status", "unit.identity", "unit.emergency"]
[[api_token]]
name = "command"
agency = "jcc"
token = "token-command"
"""


class Part:
    """One process of the site, by the product's own command: `gateway` or `hub`."""

    def __init__(
        self, command: str, folder: Path, redis_url: str, number: int = 0, options: Sequence[str] = ()
    ) -> None:
        self.command = command
        self._options = options
        ports = free_ports(4)
        self.port = ports[1] if command == "hub" else ports[2]
        self._config = folder / f"{command}-{number}.toml"
        self._config.write_text(_SITE.format(ports=ports))
        self._words = folder / f"{command}-{number}.log"
        self._env = os.environ | {"REDIS_URL": redis_url}
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> float:
        """Start it; return when that was, by the monotonic clock."""
        with self._words.open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dashboard.cli", self.command, "--config", str(self._config), *self._options],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        return time.monotonic()

    async def opened(self, began: float) -> float:
        """Return after how many seconds its door was open."""
        assert self.process is not None
        while time.monotonic() - began < READY_S:
            assert self.process.poll() is None, f"{self.command} ended; it said {self.said()}"
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                await writer.wait_closed()
                return time.monotonic() - began
            await asyncio.sleep(0.01)
        raise AssertionError(f"{self.command} did not open its door; it said {self.said()}")

    async def start(self) -> float:
        """Start it and wait for its door; return after how many seconds that was open."""
        return await self.opened(self.begin())

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process is not None
        return self.process.pid

    @property
    def rss_mb(self) -> float:
        """Its memory, megabytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def kill(self) -> None:
        """End it without a word (SIGKILL), and reap it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it in the ordinary way, whatever state it is in."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        """Return the end of what it wrote to its log."""
        return self._words.read_text(errors="replace")[-2000:]


class Site:
    """Redis, gateways and a hub, each in a process of its own; what is started here is ended here."""

    def __init__(self, folder: Path, redis: embedded_redis.EmbeddedRedis) -> None:
        self.folder = folder
        self.redis = redis
        self.parts: list[Part] = []

    def part(self, command: str, *options: str) -> Part:
        """Return a process that is still to be started."""
        self.parts.append(Part(command, self.folder, self.redis.url, len(self.parts), options))
        return self.parts[-1]

    async def started(self, command: str, *options: str) -> Part:
        """Return a process whose door is open."""
        part = self.part(command, *options)
        await part.start()
        return part

    @property
    def journal_bytes(self) -> int:
        """Size of the file that Redis appends to."""
        return max(p.stat().st_size for p in (self.folder / "redis" / "appendonlydir").glob("*.incr.aof"))

    async def kill_redis(self) -> None:
        """Kill the server and start it again on its data, as the supervisor does."""
        os.kill(self.redis.pid, signal.SIGKILL)
        await until(lambda: self.redis.poll() is not None)
        self.redis.restart()


@contextlib.asynccontextmanager
async def site(folder: Path, fsync: embedded_redis.Fsync = "everysec") -> AsyncIterator[Site]:
    """A site whose Redis runs; nothing of it is left after the block."""
    server = embedded_redis.start(folder / "redis", fsync)
    running = Site(folder, server)
    try:
        yield running
    finally:
        for part in running.parts:
            part.stop()
        with contextlib.suppress(ProcessLookupError):
            if server.poll() is None:
                os.kill(server.pid, signal.SIGCONT)
        server.stop()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def viewing(port: int, resume: dict[str, object] | None = None, client: object = None) -> AsyncIterator[Watcher]:
    """A viewer of the hub on `port` who says `resume` and reads on until the end of the block."""
    async with connect(
        f"ws://127.0.0.1:{port}/stream",
        additional_headers={"Authorization": f"Bearer {HUB_TOKEN}"},
        compression=None,
        max_size=None,
        proxy=None,
    ) as socket:
        watcher = Watcher(socket)
        watcher.client = client or watcher.client  # type: ignore[assignment]
        watcher.hello = json.loads(await asyncio.wait_for(socket.recv(), 5))
        await socket.send(json.dumps({"type": "resume", **(resume or {})}))
        watcher.reading = asyncio.create_task(watcher.read())
        try:
            yield watcher
        finally:
            watcher.reading.cancel()
            await asyncio.gather(watcher.reading, return_exceptions=True)


def limit_files(pid: int, size: int | None) -> None:
    """Let the files of a process be so large, bytes (None: as it likes); what is over it fails like a full disk."""
    limit = resource.RLIM_INFINITY if size is None else size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


class SmallDisk:
    """A file system of its own at `folder`, which is soon full."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self._size = size

    def __enter__(self) -> "SmallDisk":
        """Mount it; where that is not allowed the test is skipped."""
        self.folder.mkdir()
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(self.folder)]
        if subprocess.run(mounting, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small file system")
        return self

    def __exit__(self, *_: object) -> None:
        """Unmount it."""
        subprocess.run(["umount", str(self.folder)], check=True)

    def grow(self) -> None:
        """Give it room."""
        subprocess.run(["mount", "-o", "remount,size=64m", str(self.folder)], check=True)
