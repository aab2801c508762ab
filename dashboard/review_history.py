"""What a reviewer asks of a stretch of the record: where a unit was, who was near a place.

Everything is after policy: a unit counts by every label it ever had in the stretch or has in the picture shown, and
what is not granted under all of them is not told; nor what was not granted at its time (`dashboard.review_shares`). In
a view of what was known, what came later is not told either.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from dashboard.review_area import Area, Circle
from dashboard.review_asks import Near, Track
from dashboard.review_clocks import may_know
from dashboard.review_shares import Shares, of, told
from feeds.bus import Delivery
from feeds.clock_offset import ClockOffset
from feeds.names import AgencyId, SourceId
from feeds.recording.sheets import KINDS
from feeds.replay.clocks import Clocks
from feeds.replay.journal_pages import journaled_at
from feeds.replay.recording import LATE_S, Recording, Sieve
from feeds.replay.truth import is_late
from feeds.report import AnyReport, Category, UnitReport
from layers.distance import distance_m
from layers.labels_now import LabelsNow
from layers.picture import UNITS, Origin, Picture
from layers.review_rules import ReviewRules
from layers.symbol import unit_status
from layers.track import BIT, EVERYTHING, IDENTITY, known_labels

TRACK_MAX_S = 24 * 3600.0
NEAR_MAX_S = 3600.0
STOOD_S = 600.0
"""A unit is where it said it was so long before, if it said nothing since, seconds."""
POINTS_MAX = 5000
UNITS_MAX = 200
_SLICE_S = 0.005
_POSITION, _STATUS, _IDENTITY, _HEALTH = (
    BIT[c] for c in (Category.UNIT_POSITION, Category.UNIT_STATUS, Category.UNIT_IDENTITY, Category.FEED_HEALTH)
)


class Asker(NamedTuple):
    """Who asks, of what record, and what is shown to it."""

    recording: Recording
    picture: Picture
    rules: ReviewRules
    labels: LabelsNow
    known_by: float | None
    """What was journaled later is not told, Unix seconds; None: everything is."""
    shares: Shares
    """What was granted at each time."""
    others: Mapping[AgencyId, Shares] = MappingProxyType({})
    """What was granted to each agency through whose eyes the asker may look."""

    def origin(self, layer: str, agency: str, entity_id: str, labels: Iterable[str]) -> Origin:
        """Return whose a thing is that had these labels, and how it is labelled with those it is known to have."""
        track = self.picture.shelves[layer].find(agency, entity_id)
        known = known_labels(labels) | self.labels.get((layer, AgencyId(agency), entity_id), frozenset())
        if track is not None:
            known |= track.labels()
        return Origin(AgencyId(agency), known)

    def granted(self, layer: str, agency: str, entity_id: str, labels: Iterable[str]) -> int:
        """Return the category bits that may be told of a thing which had these labels."""
        return self.rules.granted(self.rules.viewer, self.origin(layer, agency, entity_id, labels))

    def owns(self, agency: AgencyId) -> bool:
        """Say whether it is the asker's own agency, which is told whole."""
        return self.rules.viewer.agency == agency

    async def granted_then(self, agency: AgencyId, at: float, received_at: float, report: AnyReport) -> int:
        """Return the category bits granted of a report when it was effective and received. Raises as the recording."""
        if self.owns(agency):
            return EVERYTHING
        thing = (*_key(agency, report), report.labels)
        origin = self.shares.origins.get(thing)
        if origin is None:  # of a stretch most reports are of things that said something before
            origin = self.shares.origins[thing] = self.origin(*thing)
        return await self.granted_at(origin, at, received_at)

    async def granted_at(self, origin: Origin, *times: float) -> int:
        """Return the category bits granted of such things at all of these times. Raises as the recording."""
        granted = EVERYTHING
        for t in () if self.owns(origin.agency) else times:
            granted &= await self.shares.granted(t, origin)
        return granted

    def sees_of(self, agency: AgencyId) -> bool:
        """Say whether anything of the agency may be told."""
        return self.rules.sees_of(self.rules.viewer, agency)


def _key(agency: AgencyId, report: AnyReport) -> tuple[str, AgencyId, str]:
    layer, entity_id = of(report)
    return layer, agency, entity_id


R = TypeVar("R", bound=AnyReport)


class Heard(NamedTuple, Generic[R]):
    """A report of the stretch."""

    at: float
    """Effective time."""
    report: R
    """What of it could be told at its time; its labels always."""
    source: SourceId
    received_at: float
    granted: int
    """The category bits granted at its time; 0: nothing of it may be told."""


async def reports(
    asker: Asker,
    agency: AgencyId,
    since: float,
    until: float,
    kinds: Collection[type[R]],
    *,
    unit: str | None = None,
    changes: bool = False,
    area: Area | None = None,
    stood_at: float | None = None,
) -> AsyncIterator[Heard[R]]:
    """Yield the agency's reports of these kinds that were effective in the stretch; the late ones last.

    Of units at least those of `unit`; at least those that say something new (`changes`), a place in `area`, or the
    unit's newest place before `stood_at`.
    """
    if changes and not asker.owns(agency):
        # Of the same said twice, the second may be what can be told.
        changes = await asker.shares.steady(since, until + LATE_S)
    known_by = math.inf if asker.known_by is None else asker.known_by
    wanted = frozenset(KINDS[kind] for kind in kinds)
    bounds = None if area is None else area.bounds
    sieve = Sieve(since, until, known_by, wanted, unit, changes, bounds, stood_at)
    loop = asyncio.get_running_loop()
    let_go_at = loop.time()
    async for late, page in _pages(asker.recording, agency, sieve):
        for delivery in page:
            for parcel in delivery.batch.parcels:
                for report in parcel.reports:
                    at = min(report.observed_at, parcel.received_at)
                    if type(report) in kinds and since <= at <= until and is_late(at, delivery.id) is late:
                        granted = await asker.granted_then(agency, at, parcel.received_at, report)
                        said, granted = told(report, granted)
                        yield Heard(at, said, parcel.source, parcel.received_at, granted)  # type: ignore[arg-type]
            if loop.time() - let_go_at > _SLICE_S:
                await asyncio.sleep(0)
                let_go_at = loop.time()


async def _pages(recording: Recording, agency: AgencyId, sieve: Sieve) -> AsyncIterator[tuple[bool, list[Delivery]]]:
    """Yield batches of the stretch, and whether their late reports are meant."""
    async for page in recording.sifted(agency, sieve):
        yield False, page
    late = await recording.late(agency, math.nextafter(sieve.since, 0.0), sieve.until)
    yield True, [delivery for delivery in late if journaled_at(delivery.id) <= sieve.by]


async def track_answer(ask: Track, asker: Asker) -> dict[str, Any]:
    """Return where a unit was; of one that may not be seen as of one that does not exist."""
    answer: dict[str, Any] = {"type": "track", "ask": ask.ask, "agency": ask.agency, "id": ask.id, "points": []}
    answer["clocks"], answer["missing"] = [], []  # of one that may not be seen as of one of which nothing was heard
    agency = AgencyId(ask.agency)
    if agency not in asker.recording.agencies or not asker.sees_of(agency):
        return answer
    labels: set[str] = set()
    heard: list[Heard[UnitReport]] = []
    since = max(ask.since, ask.until - TRACK_MAX_S)
    async for one in reports(asker, agency, since, ask.until, (UnitReport,), unit=ask.id):
        if one.report.unit_id == ask.id:
            labels.update(one.report.labels)
            heard.append(one)
    answer["missing"] = damage(asker, [agency], since, ask.until)
    granted = asker.granted(UNITS, agency, ask.id, labels)
    if granted & _POSITION and heard:
        heard.sort(key=lambda one: one.at)
        clocks = Clocks()
        if may_know(asker.rules, agency):
            clocks = await asker.recording.clocks(agency, heard[0].at, max(one.received_at for one in heard))
        answer["points"] = _points(heard, clocks, told_status=bool(granted & _STATUS))
        answer["clocks"] = _off(heard, clocks)
    return answer


def _off(heard: list[Heard[UnitReport]], clocks: Clocks) -> list[dict[str, Any]]:
    """Return the clocks of the unit's sources that were off, as last known in the stretch."""
    newest = {one.source: one.received_at for one in heard if one.granted & _HEALTH}
    known = ((source, clocks.at(source, at)) for source, at in sorted(newest.items()))
    return [{"source": source, **clock._asdict()} for source, clock in known if clock is not None and clock.is_off]


def _points(heard: list[Heard[UnitReport]], clocks: Clocks, *, told_status: bool) -> list[list[float | None]]:
    points: list[list[float | None]] = []
    status: int | None = None
    for at, report, source, received_at, granted in heard:
        if not granted & _STATUS:
            status = None  # it may have become another
        if report.primary_status is not None or report.secondary_status is not None:
            status = int(unit_status(report.primary_status, report.secondary_status, report.incident_id is not None))
        if report.lat is not None and report.lon is not None:
            points.append(
                [
                    round(at, 3),
                    report.lon,
                    report.lat,
                    report.speed_mps,
                    report.course_deg,
                    status if told_status else None,
                    round(report.observed_at, 3),
                    *_aligned(clocks.at(source, received_at) if granted & _HEALTH else None, report.observed_at),
                ]
            )
    every = -(-len(points) // POINTS_MAX) if points else 1
    return points[::every]


def _aligned(clock: ClockOffset | None, observed_at: float) -> tuple[float | None, float | None]:
    """Return when it was by our clock, and within how many seconds; None where it is not known to be off."""
    return (None, None) if clock is None or not clock.is_off else (round(clock.aligned(observed_at), 3), clock.error_s)


class Passed:
    """One unit that passed by."""

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.call_sign: str | None = None
        self.first = self.last = self.nearest_at = 0.0
        self.nearest_m = math.inf
        self._stood: tuple[float, UnitReport] | None = None

    def stand(self, at: float, report: UnitReport) -> None:
        """Take in a report of before the stretch: of those the newest place is where it stood when that began."""
        self.labels.update(report.labels)
        self.call_sign = report.call_sign or self.call_sign
        placed = report.lat is not None and report.lon is not None
        if placed and (self._stood is None or at >= self._stood[0]):
            self._stood = at, report

    def begin(self, area: Area) -> None:
        """Where it stood counts; call it once, after all of before the stretch."""
        if self._stood is not None:
            self.hear(*self._stood, area)

    def hear(self, at: float, report: UnitReport, area: Area) -> bool:
        """Take in a report that was effective at `at`; say whether it was in the area."""
        self.labels.update(report.labels)
        self.call_sign = report.call_sign or self.call_sign
        if report.lat is None or report.lon is None or not area.holds(report.lon, report.lat):
            return False
        away = distance_m(*area.centre, report.lon, report.lat)
        never = math.isinf(self.nearest_m)
        self.first = at if never else min(self.first, at)
        self.last = at if never else max(self.last, at)
        if away < self.nearest_m:
            self.nearest_m, self.nearest_at = away, at
        return True


async def near_answer(ask: Near, asker: Asker) -> dict[str, Any]:
    """Return which units were within `metres` of a place, nearest first."""
    found: list[dict[str, Any]] = []
    area, since = Circle(ask.lon, ask.lat, ask.metres), max(ask.since, ask.until - NEAR_MAX_S)
    for agency in asker.recording.agencies:
        if not asker.sees_of(agency):
            continue
        units: dict[str, Passed] = {}
        coming = reports(
            asker, agency, since - STOOD_S, ask.until, (UnitReport,), changes=True, area=area, stood_at=since
        )
        async for one in coming:
            passed = units.setdefault(one.report.unit_id, Passed())
            if one.at < since:
                passed.stand(one.at, one.report)
            else:
                passed.hear(one.at, one.report, area)
        for passed in units.values():
            passed.begin(area)
        found += [unit for unit_id, passed in units.items() if (unit := told_of(asker, agency, unit_id, passed))]
    found.sort(key=nearest_first)
    missing = damage(asker, asker.recording.agencies, since - STOOD_S, ask.until)
    return {"type": "near", "ask": ask.ask, "units": found[:UNITS_MAX], "missing": missing}


def damage(asker: Asker, agencies: Iterable[AgencyId], since: float, until: float) -> list[dict[str, Any]]:
    """Return which parts of a stretch that was read are damaged, of agencies of which the asker sees anything."""
    gaps = [gap for a in agencies if asker.sees_of(a) for gap in asker.recording.damage(a, since, until)]
    return [{"agency": gap.agency, "from": gap.since, "to": gap.until} for gap in gaps]


def nearest_first(unit: dict[str, Any]) -> tuple[float, str, str]:
    """Return by what units that passed are sorted."""
    return unit["nearest_m"], unit["agency"], unit["id"]


def told_of(asker: Asker, agency: AgencyId, unit_id: str, passed: Passed) -> dict[str, Any] | None:
    """Return what may be told of a unit that passed by; None: it did not, or nothing may."""
    granted = 0 if math.isinf(passed.nearest_m) else asker.granted(UNITS, agency, unit_id, passed.labels)
    if not granted & _POSITION:
        return None
    return _told(agency, unit_id, passed, _call_sign(asker, agency, unit_id, passed, granted))


def _call_sign(asker: Asker, agency: AgencyId, unit_id: str, passed: Passed, granted: int) -> str | None:
    if not granted & _IDENTITY:
        return None
    track = asker.picture.shelves[UNITS].find(agency, unit_id)
    said = None if track is None else track.words(IDENTITY)
    return passed.call_sign or (None if said is None else said.call_sign)


def _told(agency: AgencyId, unit_id: str, passed: Passed, call_sign: str | None) -> dict[str, Any]:
    return {
        "agency": agency,
        "id": unit_id,
        "call_sign": call_sign,
        "first": round(passed.first, 3),
        "last": round(passed.last, 3),
        "nearest_m": round(passed.nearest_m, 1),
        "nearest_at": round(passed.nearest_at, 3),
    }
