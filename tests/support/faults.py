"""A real site of processes that a test may kill and stop, and senders that count what was acknowledged.

`$JOINTOPS_CHAOS=long` (`make chaos`) does the same faults more often and longer.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

from websockets.asyncio.client import connect

from feeds import embedded_redis
from feeds.bus import BEGINNING, BatchId, Beat, BusEvent, Delivery, LineBack
from feeds.errors import FeedLost
from feeds.feed_line import Answer, Line, open_line
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus
from feeds.report import UnitReport
from tests.support.live import Watcher
from tests.support.redis import until
from tests.support.wall_page import free_port

CPD, ISP = AgencyId("cpd"), AgencyId("isp")
TOKENS = {"cpd-avl": "token-avl", "cpd-bulk": "token-bulk", "cpd-cad": "token-cad", "isp-cot": "token-cot"}
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

    def __init__(self, command: str, folder: Path, redis_url: str, number: int = 0) -> None:
        self.command = command
        ports = [free_port() for _ in range(4)]
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
                [sys.executable, "-m", "dashboard.cli", self.command, "--config", str(self._config)],
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

    def part(self, command: str) -> Part:
        """Return a process that is still to be started."""
        self.parts.append(Part(command, self.folder, self.redis.url, len(self.parts)))
        return self.parts[-1]

    async def started(self, command: str) -> Part:
        """Return a process whose door is open."""
        part = self.part(command)
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


@dataclasses.dataclass(frozen=True)
class Frame:
    """What is sent in one message, and the numbers of its reports."""

    numbers: tuple[int, ...]
    data: bytes


def latitude(n: int) -> float:
    """Return where report `n` puts its unit, degrees: never further from its last place than the door believes."""
    return round(41.7 + n % 1999 / 1e6, 6)


def native(first: int, count: int, units: int = 50) -> Frame:
    """Return a frame of `count` unit reports numbered from `first`."""
    numbers = tuple(range(first, first + count))
    at = f"{time.time():.3f}"
    reports = [
        f'{{"kind":"unit","seq":{n},"unit_id":"U{n % units}","call_sign":"A{n % units}","observed_at":{at},'
        f'"lat":{latitude(n)},"lon":-87.63}}'
        for n in numbers
    ]
    return Frame(numbers, f"[{','.join(reports)}]".encode())


def cot(first: int, count: int = 1) -> Frame:
    """Return one CoT event, told from every other by its uid and time; a frame holds one."""
    now = time.time()
    whole, stale = (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) for at in (now, now + 600))
    stamp = f"{whole}.{int(now % 1 * 1e6):06d}Z"
    place = f'<point lat="{latitude(first)}" lon="-87.63" hae="0" ce="9999999" le="9999999"/>'
    event = (
        f'<event version="2.0" uid="ISP-{first % 20}" type="a-f-G-E-V-C" how="m-g" '
        f'time="{stamp}" start="{stamp}" stale="{stale}.000Z">'
        f'{place}<detail><contact callsign="I{first}"/></detail></event>'
    )
    return Frame((first,), event.encode())


class Sender:
    """Sends as one source under one run, over every cut of the line, and keeps what was not answered.

    After a cut it goes to the next door of `ports` and sends again, in order, all that has no answer.
    """

    def __init__(
        self,
        source: str,
        ports: Callable[[], int],
        run: str = "r1",
        make: Callable[[int, int], Frame] = native,
        per_frame: int = 20,
        window: int = 8,
    ) -> None:
        self.source = source
        self.acknowledged: list[int] = []
        """Numbers the door said are journaled, in the order of its answers; each once."""
        self.duplicates = 0
        """Of these, told as duplicates."""
        self.refused: Counter[str] = Counter()
        self.cuts = 0
        self.sent = 0
        self._ports = ports
        self._run = run
        self._make = make
        self._per_frame = 1 if make is cot else per_frame
        self._window = window
        self._open: deque[Frame] = deque()
        self._stop = False
        self._moved = asyncio.Event()
        """Something was answered, or is to be."""
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> "Sender":
        """Send in the background."""
        self._task = asyncio.create_task(self._send())
        return self

    async def more(self, count: int, within: float = 30.0) -> None:
        """Return when so many more numbers are acknowledged."""
        goal = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= goal or self._ended(), within, f"{count} more of {self.source}")
        assert self._task is not None and not self._task.done()

    async def finish(self, within: float = 30.0) -> list[int]:
        """Send nothing new, wait for every answer, return what was acknowledged."""
        self._stop = True
        self._moved.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, within)
        assert not self._open
        return self.acknowledged

    async def cancel(self) -> None:
        """Give up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ended(self) -> bool:
        assert self._task is not None
        return self._task.done() and (self._task.result() or True)

    async def _send(self) -> None:
        while not (self._stop and not self._open):
            try:
                line = await open_line(f"ws://127.0.0.1:{self._ports()}", self.source, TOKENS[self.source], self._run)
            except FeedLost:
                await asyncio.sleep(0.02)
                continue
            try:
                await self._speak(line)
            except FeedLost:
                self.cuts += 1
            finally:
                await line.close()

    async def _speak(self, line: Line) -> None:
        """Write and listen at once, until the line goes or all is answered and nothing new is to be sent."""
        self._moved.set()
        ends = [asyncio.create_task(self._write(line)), asyncio.create_task(self._listen(line))]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for end in ends:
                end.cancel()
            ended = await asyncio.gather(*ends, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault

    async def _write(self, line: Line) -> None:
        for frame in list(self._open):
            await line.send(frame.data)
        while not self._stop:
            if len(self._open) >= self._window:
                self._moved.clear()
                await self._moved.wait()
                continue
            frame = self._make(self.sent + 1, self._per_frame)
            self.sent = frame.numbers[-1]
            self._open.append(frame)
            self._moved.set()
            await line.send(frame.data)
            await asyncio.sleep(0)

    async def _listen(self, line: Line) -> None:
        ordinal = 0
        while self._open or not self._stop:
            if not self._open:
                self._moved.clear()
                await self._moved.wait()
                continue
            answer = await line.answer()
            ordinal += 1
            self._note(self._open.popleft(), answer, ordinal)
            self._moved.set()

    def _note(self, frame: Frame, answer: Answer, ordinal: int) -> None:
        expected = {ordinal} if self._make is cot else set(frame.numbers)
        self.refused.update(r.reason for r in answer.refused)
        assert not answer.refused, f"{self.source}: {answer.refused[:3]}"
        assert {*answer.ack, *answer.duplicate} == expected, "one answer for each number, in order"
        assert not {*answer.ack} & {*answer.duplicate}
        self.duplicates += len(answer.duplicate)
        self.acknowledged.extend(frame.numbers)


async def exchange(port: int, source: str, frames: Iterable[Frame], run: str = "r1") -> list[Answer]:
    """Send the frames one after the other on one line and return the door's answers."""
    line = await open_line(f"ws://127.0.0.1:{port}", source, TOKENS[source], run)
    try:
        answers = []
        for frame in frames:
            await line.send(frame.data)
            answers.append(await line.answer(10.0))
        return answers
    finally:
        await line.close()


@contextlib.asynccontextmanager
async def sending(*senders: Sender) -> AsyncIterator[Sequence[Sender]]:
    """Send while the block runs."""
    try:
        yield [sender.begin() for sender in senders]
    finally:
        for sender in senders:
            await sender.cancel()


class Hearing:
    """What a hub-like subscriber was given: numbers by source in order of delivery, and how often the line went."""

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = {}
        self.batches: dict[tuple[AgencyId, BatchId], object] = {}
        self.given_again = 0
        """Batches given a second time: published, not yet acknowledged, and lost by a server that was killed."""
        self.counts: Counter[type] = Counter()
        self.beat: Beat | None = None
        self._newest: dict[str, int] = {}

    def take(self, event: BusEvent) -> None:
        """Note one event; a batch given twice is a fault."""
        self.counts[type(event)] += 1
        if isinstance(event, Delivery):
            said = list(_numbers(event))
            held = [(p.source, p.run, p.received_at, len(p.reports)) for p in event.batch.parcels], said[0], said[-1]
            known = self.batches.setdefault((event.agency, event.id), held)
            assert known == held, "one id, two batches"
            if known is not held:
                self.given_again += 1
                return
            for source, number in said:
                self.numbers.setdefault(source, []).append(number)
                self._newest[source] = max(number, self._newest.get(source, 0))
        elif isinstance(event, Beat):
            self.beat = event

    def of(self, source: str) -> list[int]:
        """Return the numbers heard of a source, in order of delivery."""
        return self.numbers.get(source, [])

    def newest(self, source: str) -> int:
        """Return the largest number heard of a source, 0 for none."""
        return self._newest.get(source, 0)


@contextlib.asynccontextmanager
async def hearing(url: str, *agencies: AgencyId, again: bool = False) -> AsyncIterator[Hearing]:
    """Subscribe as the hub does, from the journal's beginning, while the block runs; fails at a batch given `again`."""
    bus, heard = RedisBus(url), Hearing()

    async def listen() -> None:
        async with contextlib.aclosing(bus.subscribe(agencies, {})) as events:  # type: ignore[type-var]
            async for event in events:
                heard.take(event)

    task = asyncio.create_task(listen())
    try:
        await until(lambda: task.done() or heard.counts[LineBack] > 0)
        yield heard
        assert not task.done() or task.result()
        assert again or not heard.given_again, "a batch was delivered twice"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()
        await asyncio.sleep(0)


def _numbers(delivery: Delivery) -> Iterable[tuple[str, int]]:
    """Yield source and number of each report: its `seq`, of CoT the one in its call sign."""
    for e in delivery.batch.envelopes():
        report = e.report
        assert isinstance(report, UnitReport)
        yield e.source, report.seq if report.seq is not None else int((report.call_sign or "")[1:])


async def journaled(url: str, agency: AgencyId, source: str) -> list[int]:
    """Return the numbers of a source's reports in the journal, in order."""
    bus, at, found = RedisBus(url), BEGINNING, []
    try:
        while page := await bus.read(agency, at, 500):
            at = page[-1].id
            found += [number for delivery in page for name, number in _numbers(delivery) if name == source]
        return found
    finally:
        await bus.close()
        await asyncio.sleep(0)


def assert_exactly_once(delivered: Sequence[int], acknowledged: Sequence[int], *, ordered: bool = True) -> None:
    """Fail unless every acknowledged number was delivered once, nothing twice, and all in order."""
    counts = Counter(delivered)
    twice = sorted(n for n, times in counts.items() if times > 1)
    lost = sorted(set(acknowledged) - counts.keys())
    assert not lost, f"{len(lost)} acknowledged and lost: {lost[:5]}"
    assert not twice, f"{len(twice)} delivered twice: {twice[:5]}"
    assert len(acknowledged) == len(set(acknowledged))
    if ordered:
        assert list(delivered) == sorted(delivered), "delivered out of order"


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
