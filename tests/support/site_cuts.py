"""Entries of the logs of the site for tests: of the hub's cuts one tick, the policy told when it is given."""

from collections.abc import Sequence
from pathlib import Path

from dashboard.recorder import logs_of
from feeds.bus import BatchId, Bus
from feeds.clock import Clock
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.durable import At, nowhere
from feeds.recording.log_sealer import LogSealer
from feeds.recording.recorder import Recorder
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from feeds.replay.screens import ScreensEntry, encode_screens
from tests.support.recording import T0, TEN


def entry(at: float, policy: bytes = b"", **runs: int) -> bytes:
    """Return an entry of one tick at `at`, which applied batches up to these ms of an agency."""
    cut = Cut(at, tuple((AgencyId(agency), BatchId(ms, 0)) for agency, ms in runs.items()))
    return encode_cuts(CutsEntry((cut,), policy=policy))


def screens_entry(at: float) -> bytes:
    """Return an entry of the screens that tells nothing but its time."""
    return encode_screens(ScreensEntry(at))


async def note(bus: Bus, at: float, policy: bytes = b"", **runs: int) -> BatchId:
    """Put an entry on the bus."""
    return await bus.append_log(CUTS, entry(at, policy, **runs), at)


def recorder_of(
    bus: Bus, folder: Path, clock: Clock, agencies: Sequence[AgencyId] = (), at: At = nowhere, **how: object
) -> Recorder:
    """Return a recorder of the logs of the site, and of these agencies."""
    return Recorder(bus, Archive(folder, at), agencies, clock, logs=logs_of(bus), at=at, **how)  # type: ignore[arg-type]


def sealed_log(folder: Path, count: int, each: int = 60, log: AgencyId = CUTS) -> Archive:
    """Return an archive with so many parts of a log, `each` entries in each of them."""
    archive = Archive(folder)
    (sealer,) = (LogSealer(one, archive) for one in logs_of(MemoryBus()) if one.name == log)
    for k in range(count):
        t0 = T0 + k * TEN
        times = [t0 + n * (TEN // each) for n in range(each)]
        sealer.seal(t0, t0 + TEN, [(BatchId(at, 0), _entry_of(log, at)) for at in times], None)
    return archive


def _entry_of(log: AgencyId, ms: int) -> bytes:
    return entry(ms / 1000, cpd=ms) if log == CUTS else screens_entry(ms / 1000)
