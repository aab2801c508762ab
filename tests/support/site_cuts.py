"""Entries of the hub's cuts for tests: one a second of one tick, the policy told when it is given."""

from collections.abc import Sequence
from pathlib import Path

from feeds.bus import BatchId, Bus
from feeds.clock import Clock
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.durable import At, nowhere
from feeds.recording.log_sealer import LogSealer
from feeds.recording.recorder import Recorder
from feeds.recording.site_log import SiteLog
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts, told
from tests.support.recording import T0, TEN


def cuts_log(bus: Bus) -> SiteLog:
    """Return the log of the cuts on a bus."""
    return SiteLog(CUTS, bus.read_cuts, told)


def entry(at: float, policy: bytes = b"", **runs: int) -> bytes:
    """Return an entry of one tick at `at`, which applied batches up to these ms of an agency."""
    cut = Cut(at, tuple((AgencyId(agency), BatchId(ms, 0)) for agency, ms in runs.items()))
    return encode_cuts(CutsEntry((cut,), policy=policy))


async def note(bus: Bus, at: float, policy: bytes = b"", **runs: int) -> BatchId:
    """Put an entry on the bus."""
    return await bus.append_cuts(entry(at, policy, **runs), at)


def recorder_of(
    bus: Bus, folder: Path, clock: Clock, agencies: Sequence[AgencyId] = (), at: At = nowhere, **how: object
) -> Recorder:
    """Return a recorder of the cuts, and of these agencies."""
    return Recorder(bus, Archive(folder, at), agencies, clock, logs=[cuts_log(bus)], at=at, **how)  # type: ignore[arg-type]


def sealed_cuts(folder: Path, count: int, each: int = 60) -> Archive:
    """Return an archive with so many parts of the cuts, `each` entries in each of them."""
    archive = Archive(folder)
    sealer = LogSealer(cuts_log(MemoryBus()), archive)
    for k in range(count):
        t0 = T0 + k * TEN
        times = [t0 + n * (TEN // each) for n in range(each)]
        sealer.seal(t0, t0 + TEN, [(BatchId(at, 0), entry(at / 1000, cpd=at)) for at in times], None)
    return archive
