"""Test verbs around the door: a real gateway on free ports, senders, and a bus that a test can take down."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from feeds.bus import BatchId, Bus, Delivery, SourceHealth
from feeds.clock import Clock, SystemClock
from feeds.envelope import Batch
from feeds.errors import BusDown
from feeds.feed_line import Line, open_line
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId, SourceId
from feeds.source import SourceSettings

NOW = 1_777_921_400.0
CPD, ISP, GUEST = AgencyId("cpd"), AgencyId("isp"), AgencyId("guest")


class HandClock:
    """A clock that stands where it was put."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class LooseBus(MemoryBus):
    """The memory bus with a plug: out, appends and beats raise BusDown; `hold` keeps appends waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.plugged = True
        self.flow = asyncio.Event()
        self.flow.set()
        self.tried = 0
        self.beats_refused = 0
        self.flying: dict[AgencyId, int] = {}
        self.most_flying = 0

    async def append(self, batch: Batch) -> BatchId:
        self.tried += 1
        self.flying[batch.agency] = self.flying.get(batch.agency, 0) + 1
        self.most_flying = max(self.most_flying, *self.flying.values())
        try:
            await self.flow.wait()
            if not self.plugged:
                raise BusDown("unplugged by the test")
            return await super().append(batch)
        finally:
            self.flying[batch.agency] -= 1

    async def beat(self, agency: AgencyId, sources: Sequence[SourceHealth], at: float) -> None:
        if not self.plugged:
            self.beats_refused += 1
            raise BusDown("unplugged by the test")
        await super().beat(agency, sources, at)


def source(name: str, agency: AgencyId, adapter: str = "native", **more: Any) -> SourceSettings:
    """Return a source whose token is `token-` and its name."""
    digest = sha256(f"token-{name}".encode()).hexdigest()
    return SourceSettings(id=SourceId(name), agency=agency, adapter=adapter, token_sha256=digest, **more)


SOURCES = (
    source("cpd-avl", CPD),
    source("cpd-cad", CPD),
    source("isp-cot", ISP, "cot", uid_prefixes=("ISP-",)),
    source("guest-native", GUEST),
    source("guest-cot", GUEST, "cot", catch_all=True),
)


@contextlib.asynccontextmanager
async def gateway(
    bus: Bus, sources: Sequence[SourceSettings] = SOURCES, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """Run a gateway while the block runs; leaving it must take less than a second."""
    agencies = tuple(dict.fromkeys(s.agency for s in sources))
    door = Gateway(bus, sources, agencies, clock or SystemClock(), feed_port=0, cot_port=0)
    stop = asyncio.Event()
    running = asyncio.create_task(door.run(stop))
    ready = asyncio.create_task(door.ready.wait())
    await asyncio.wait({running, ready}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    try:
        if running.done():
            running.result()
        assert door.ready.is_set()
        yield door
    finally:
        stop.set()
        await asyncio.wait_for(running, 1.5)


@contextlib.asynccontextmanager
async def sender(door: Gateway, name: str, run: str = "") -> AsyncIterator[Line]:
    """Hold a connection as a source while the block runs."""
    line = await open_line(f"ws://127.0.0.1:{door.feed_port}", name, f"token-{name}", run)
    try:
        yield line
    finally:
        await line.close()


async def ask(line: Line, *messages: object) -> dict[str, Any]:
    """Send native messages as one frame and return the answer as it came."""
    return await ask_raw(line, json.dumps(list(messages)).encode())


async def ask_raw(line: Line, frame: bytes) -> dict[str, Any]:
    """Send a frame and return the answer as it came."""
    await line.send(frame)
    return await raw_answer(line)


async def raw_answer(line: Line) -> dict[str, Any]:
    """Return the next answer as it came."""
    return json.loads(await asyncio.wait_for(line._connection.recv(), 5))


def unit(seq: int | None, name: str = "1213R", at: float = NOW, **more: object) -> dict[str, object]:
    """Return a native unit message."""
    message: dict[str, object] = {"kind": "unit", "unit_id": name, "observed_at": at, "lat": 41.88, "lon": -87.63}
    return message | ({} if seq is None else {"seq": seq}) | more


async def journal(bus: Bus, agency: AgencyId) -> list[Delivery]:
    """Return the agency's whole journal."""
    return await bus.read(agency, BatchId(0, 0), 100_000)


async def journaled(bus: Bus, agency: AgencyId) -> list[tuple[str, str, int | None, Any]]:
    """Return (source, run, seq, subject) of every journaled report, in order."""
    return [
        (e.source, e.run, e.report.seq, getattr(e.report, "unit_id", None))
        for d in await journal(bus, agency)
        for e in d.batch.envelopes()
    ]


def health(door: Gateway, name: str) -> SourceHealth:
    """Return what the door says of a source."""
    return next(x.health() for x in door.ledgers if x.settings.id == name)


def shared_samples(folder: str) -> list[Path]:
    """Return the real samples in `folder`; skips the test where they are absent."""
    import os

    root = Path(os.environ.get("JOINTOPS_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples"))
    found = (root / folder).iterdir() if (root / folder).is_dir() else ()
    files = sorted(path for path in found if not path.name.startswith("LICENSE"))
    if not files:
        pytest.skip(f"no shared samples ({folder}); set JOINTOPS_SAMPLES")
    return files
