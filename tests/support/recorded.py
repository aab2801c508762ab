"""A record on a memory bus whose clock is set by hand, and what a fold by brute force makes of it."""

from collections.abc import Iterable

from feeds.bus import BEGINNING, Delivery
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.replay.journal import EDGE_S, JournalRecording
from feeds.report import AnyReport
from layers.picture import Picture
from tests.support.heard import AGENCIES, ROSTER, T0, delivery


class HandClock:
    def __init__(self, at: float = T0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class Record:
    """`say` what was received when; `recording` reads it, its end as late as the clock says."""

    def __init__(self, agencies: Iterable[str] = AGENCIES) -> None:
        self.clock = HandClock()
        self.bus = MemoryBus(self.clock)
        self.recording = JournalRecording(self.bus, [AgencyId(a) for a in agencies], self.clock)

    async def say(self, at: float, *reports: AnyReport, agency: str = "cpd") -> None:
        """Journal a batch at `at`; its reports were received then."""
        self.clock.at = at
        await self.bus.append(delivery(1, *reports, agency=agency, received_at=at).batch)

    def end(self, at: float) -> None:
        """Let the record end at `at`."""
        self.clock.at = at + EDGE_S

    async def deliveries(self) -> list[Delivery]:
        """Everything, by journal time."""
        found = [d for a in self.recording.agencies for d in await self.bus.read(a, BEGINNING, 1_000_000)]
        return sorted(found, key=lambda d: (d.id.ms, d.agency))


async def known_by_brute_force(record: Record, t: float) -> Picture:
    """The fold of every batch journaled by `t`."""
    picture = Picture(ROSTER)
    for one in await record.deliveries():
        if one.id.ms <= t * 1000:
            picture.apply(one)
    return picture


async def true_by_brute_force(record: Record, t: float) -> Picture:
    """The fold of every report effective by `t`, by effective time, then as journaled."""
    picture = Picture(ROSTER)
    reports = [(min(e.report.observed_at, e.received_at), i, e) for i, d in enumerate(await record.deliveries())
               for e in d.batch.envelopes()]  # fmt: skip
    for n, (at, _, e) in enumerate(sorted(reports, key=lambda r: r[:2])):
        if at <= t:
            picture.apply(delivery(n + 1, e.report, agency=e.agency, received_at=e.received_at, source=e.source))
    return picture


def told(picture: Picture) -> dict[tuple[str, str, str], object]:
    """All that stands in a picture, by layer, agency and id."""
    found: dict[tuple[str, str, str], object] = {}
    for layer, shelf in picture.shelves.items():
        for track in shelf.live():
            if layer == "units":
                found[layer, track.agency, track.id] = ([track.group(g) for g in range(6)], track.known)
            else:
                kept = {**track.cells, **track.told}
                cells = {name: (value, said.effective_at, needs) for name, (value, said, needs) in kept.items()}
                found[layer, track.agency, track.id] = (cells, track.known, dict(track.first))
    return found
