"""How what the exercise says reaches the journal when nobody waits for it: each source's delay, and faults made in.

Rules
- Pure: time is an argument. The same seed, sayings and faults give the same deliveries, byte for byte.
- A source's messages keep their order. What arrives within `SLOT_MS` is one batch, as under natural batching.
- While an agency's line is out its sources store; when it is back they send what they stored first, in order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import groupby
from random import Random

from msgspec import Struct, structs

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel, Tally
from feeds.exercise.site import SOURCES
from feeds.exercise.stage import Saying
from feeds.names import AgencyId, SourceId
from feeds.report import AnyReport

SLOT_MS = 50
STORED_TOGETHER, STORED_EVERY_S = 200, 0.15
"""What was stored comes in messages of so many reports, so far apart."""
_DELAY_S = {
    "native": (0.04, 0.2), "taip": (0.08, 0.35), "cot": (0.06, 0.3), "eido": (0.15, 0.6),
    "camera_webhook": (0.1, 0.5), "owntracks": (0.3, 1.8),
}  # fmt: skip
"""From the report to our gateway, shortest and longest, by dialect."""
_DIALECTS = {source.id: source.adapter for source in SOURCES}


class Faults(Struct, frozen=True, kw_only=True):
    """What goes wrong. Times are Unix seconds."""

    fast: str
    """Source whose clock is ahead..."""
    fast_s: float
    out: str
    """Agency whose line is out..."""
    out_since: float
    out_until: float
    lost: str
    """Agency of which the journal lost batches before they were recorded..."""
    lost_since: float
    lost_until: float
    missing: str
    """Numbered source of which `missing_count` reports never come..."""
    missing_at: float
    missing_count: int

    def is_lost(self, agency: str, ms: int) -> bool:
        """Say whether a batch journaled at `ms` is not on record."""
        return agency == self.lost and self.lost_since * 1000 <= ms < self.lost_until * 1000


class Lines:
    """All sources' ways into the journal."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self._chance = Random(f"lines {seed}")  # noqa: S311 - the exercise is repeatable, not secret
        self._seed, self._faults = seed, faults
        self._arrived_at: dict[str, float] = {}
        self._number: dict[str, int] = {}
        self._stored: dict[tuple[str, str], list[AnyReport]] = defaultdict(list)
        self._coming: list[tuple[float, int, str, Parcel]] = []
        """Received at, order, agency."""
        self._count = 0
        self._tallies: dict[str, list[Tally]] = defaultdict(list)
        self._missed = False

    def put(self, sayings: Iterable[Saying], at: float) -> None:
        """Take what is said at `at`; call it at every step, later ones later."""
        faults = self._faults
        out = faults.out_since <= at < faults.out_until
        if not out and self._stored and at >= faults.out_until:
            self._send_stored(at)
        if not self._missed and at >= faults.missing_at:
            self._missed = True
            self._number[faults.missing] = self._number.get(faults.missing, 0) + faults.missing_count
            agency = next(s.agency for s in SOURCES if s.id == faults.missing)
            self._tallies[agency].append(Tally(SourceId(faults.missing), gaps=faults.missing_count))
        ordered = sorted(sayings, key=lambda s: s.source)
        for (agency, source), said in groupby(ordered, key=lambda s: (s.agency, s.source)):
            reports = [s.report for s in said]
            if source == faults.fast:
                reports = [structs.replace(r, observed_at=r.observed_at + faults.fast_s) for r in reports]
            if out and agency == faults.out:
                self._stored[agency, source] += reports
            else:
                self._send(agency, source, reports, at + self._chance.uniform(*_DELAY_S[_DIALECTS[source]]))

    def take(self, until: float) -> list[Delivery]:
        """Return what is journaled before `until`, by time, then agency. `until` must be a multiple of the slot."""
        by_batch: dict[tuple[int, str], list[Parcel]] = defaultdict(list)
        while self._coming and _journaled_ms(self._coming[0][0]) < until * 1000:
            received_at, _, agency, parcel = heappop(self._coming)
            by_batch[_journaled_ms(received_at), agency].append(parcel)
        found = []
        for ms, agency in sorted(by_batch):
            tallies = tuple(self._tallies.pop(agency, ()))
            batch = Batch(WIRE_VERSION, AgencyId(agency), tuple(by_batch[ms, agency]), tallies)
            if not self._faults.is_lost(agency, ms):
                found.append(Delivery(AgencyId(agency), BatchId(ms, 0), batch))
        return found

    def _send_stored(self, at: float) -> None:
        for (agency, source), reports in self._stored.items():
            for k in range(0, len(reports), STORED_TOGETHER):
                self._send(agency, source, reports[k : k + STORED_TOGETHER], at + STORED_EVERY_S)
                at += STORED_EVERY_S
        self._stored.clear()

    def _send(self, agency: str, source: str, reports: Sequence[AnyReport], received_at: float) -> None:
        received_at = self._arrived_at[source] = round(max(received_at, self._arrived_at.get(source, 0.0) + 0.001), 6)
        run = ""
        if _DIALECTS[source] == "native":
            run, first = f"exercise-{self._seed}", self._number.get(source, 0) + 1
            self._number[source] = first + len(reports) - 1
            reports = [structs.replace(report, seq=first + k) for k, report in enumerate(reports)]
        self._count += 1
        heappush(
            self._coming, (received_at, self._count, agency, Parcel(SourceId(source), run, received_at, tuple(reports)))
        )


def _journaled_ms(received_at: float) -> int:
    return (int(received_at * 1000) // SLOT_MS + 1) * SLOT_MS
