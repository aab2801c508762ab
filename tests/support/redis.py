"""Test verbs around a real server: raw commands, a line that can be cut, bounded waiting."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

from feeds.bus import Bus, BusEvent, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.redis_line import Line
from feeds.report import UnitReport


async def command(url: str, *parts: str | bytes | int) -> Any:
    """Send one raw command to the server and return its reply."""
    line = Line(url)
    try:
        (reply,) = await line.ask(parts, within=5.0)
        return reply
    finally:
        line.close()
        await asyncio.sleep(0)


def batch(agency: AgencyId, *seqs: int, run: str = "r1", source: str = "src") -> Batch:
    """Return a batch of one parcel with a unit report for each sequence number."""
    reports = tuple(UnitReport(observed_at=1.0, unit_id=f"U{seq}", seq=seq, lat=41.9, lon=-87.6) for seq in seqs)
    return Batch(WIRE_VERSION, agency, (Parcel(SourceId(source), run, 2.0, reports),))


def seqs(deliveries: list[Delivery]) -> list[int | None]:
    """Return the sequence numbers delivered, in order."""
    return [envelope.report.seq for delivery in deliveries for envelope in delivery.batch.envelopes()]


async def until(condition: Callable[[], bool], within: float = 10.0, what: str = "condition") -> None:
    """Wait until the condition holds; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {within:g} s"
        await asyncio.sleep(0.005)


class Listener:
    """A subscriber that notes all it hears."""

    def __init__(self) -> None:
        self.events: list[BusEvent] = []

    @property
    def deliveries(self) -> list[Delivery]:
        return [event for event in self.events if isinstance(event, Delivery)]

    @property
    def seqs(self) -> list[int | None]:
        return seqs(self.deliveries)

    def count(self, kind: type) -> int:
        """Return how many events of this kind were heard."""
        return sum(isinstance(event, kind) for event in self.events)


@contextlib.asynccontextmanager
async def listening(bus: Bus, *agencies: AgencyId, after: dict[AgencyId, Any] | None = None) -> AsyncIterator[Listener]:
    """Listen in the background while the block runs."""
    listener = Listener()

    async def listen() -> None:
        async with contextlib.aclosing(bus.subscribe(agencies, after or {})) as events:  # type: ignore[type-var]
            async for event in events:
                listener.events.append(event)

    task = asyncio.create_task(listen())
    try:
        yield listener
        assert not task.done() or task.exception() is None, task.exception()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Cable:
    """A unix socket in front of a server, on which a test can lose replies or hold requests back."""

    def __init__(self, server: str, path: Path) -> None:
        self._server = server.removeprefix("unix://")
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = f"unix://{path}"
        self.lose_replies = False
        """Cut the line instead of passing on the next reply."""
        self.hold_requests = False
        """Cut the line at the next request and keep that request; `deliver_held` sends it later."""
        self.held: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._door = await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._door.close()
        await self.cut()

    async def cut(self) -> None:
        """Cut every line there is; new ones may come."""
        for task in list(self._tasks):
            task.cancel()
        await until(lambda: not self._tasks, what="the cable's end")
        await asyncio.sleep(0)  # lets the cut connections end

    async def deliver_held(self) -> None:
        """Send the kept requests, as a server would that was stopped and goes on."""
        reader, writer = await asyncio.open_unix_connection(self._server)
        writer.write(b"".join(self.held))
        await asyncio.wait_for(reader.read(1), 5.0)
        writer.close()
        await writer.wait_closed()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connect, self._path)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self._server)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        ends = [
            asyncio.create_task(self._carry(reader, server_writer, to_server=True)),
            asyncio.create_task(self._carry(server_reader, writer, to_server=False)),
        ]
        self._tasks.update(ends)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        for end in (writer, server_writer):
            end.transport.abort()
        self._tasks.difference_update(ends)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, to_server: bool) -> None:
        while data := await source.read(65536):
            if to_server and self.hold_requests:
                self.hold_requests = False
                self.held.append(data)
                return
            if not to_server and self.lose_replies:
                self.lose_replies = False
                return
            target.write(data)
            await target.drain()
