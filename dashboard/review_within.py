"""What was in an area in a stretch of time, and how much was said of it by the minute: the filter of a review.

Rules
- As with neighbours: a thing counts by every label it ever had in the stretch or has in the picture shown, and what is
  not granted under all of them, or was not at its time, is neither told nor counted.
- A unit is in it when it said a place there, and its reports from there are counted. An incident is when it was placed
  there, and a camera event or log entry when it happened at such a place: the report's own, else the thing's where that
  is shown. The place of an incident or a camera counts only for whom that is shared.
"""

from collections import Counter, defaultdict
from typing import Any

from dashboard.review_area import Area, area_of
from dashboard.review_asks import Within
from dashboard.review_history import NEAR_MAX_S, Asker, Passed, damage, nearest_first, reports, told_of
from dashboard.review_shares import of
from feeds.names import AgencyId
from feeds.replay.recording import Kind
from feeds.report import (
    AnyReport,
    CameraReport,
    Category,
    IncidentReport,
    LogReport,
    UnitReport,
)
from layers.picture import CAMERAS, INCIDENTS, LOG, UNITS
from layers.policy import BASE
from layers.track import BIT, occurrence_bit
from layers.view import View

THINGS_MAX = 2000
"""Of each layer; of more the answer says that there are (`more`)."""
_KIND: dict[str, Kind] = {UNITS: "unit", INCIDENTS: "incident", CAMERAS: "camera", LOG: "log"}
_ASKED: tuple[type[AnyReport], ...] = (UnitReport, IncidentReport, CameraReport, LogReport)
_PLACED = {INCIDENTS: BIT[Category.INCIDENT_LOCATION], CAMERAS: BIT[Category.CAMERA_LOCATION], LOG: 0}


class _Thing:
    """An incident, a camera, a log entry."""

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.inside = False
        self.counts: Counter[tuple[int, int]] = Counter()
        """Reports by minute and by the category bit without which nobody knows of them."""


class _Agency:
    """What of one agency was in an area."""

    def __init__(self, asker: Asker, view: View, agency: AgencyId, area: Area) -> None:
        self._asker, self._view, self._agency, self._area = asker, view, agency, area
        self._passed: dict[str, Passed] = defaultdict(Passed)
        self._passes: dict[str, Counter[int]] = defaultdict(Counter)
        self._found: dict[tuple[str, str], _Thing] = defaultdict(_Thing)
        self.units: list[dict[str, Any]] = []
        self.things: dict[str, list[tuple[str, str]]] = {INCIDENTS: [], CAMERAS: [], LOG: []}
        self.minutes: dict[int, Counter[str]] = defaultdict(Counter)

    async def look(self, since: float, until: float) -> None:
        """Find it. Raises as the recording does."""
        for entity_id in self._standing(until):
            self._found[INCIDENTS, entity_id].inside = await self._was_shared(entity_id, since, until)
        coming = reports(self._asker, self._agency, since, until, _ASKED, changes=True, area=self._area)
        async for one in coming:
            if isinstance(one.report, UnitReport):
                if self._passed[one.report.unit_id].hear(one.at, one.report, self._area):
                    self._passes[one.report.unit_id][int(one.received_at // 60)] += 1
            else:
                self._hear(one.report, one.granted, int(one.received_at // 60))
        self._tell_units()
        self._tell_things()

    def _hear(self, report: AnyReport, granted: int, minute: int) -> None:
        (layer, entity_id), bit = of(report), _happened(report)
        thing = self._found[layer, entity_id]
        thing.labels.update(report.labels)
        needs = bit | _needs(layer)
        if not bit or granted & needs != needs:
            return
        here = self._is_here(report, layer, entity_id)
        thing.inside = thing.inside or here
        if here or layer == INCIDENTS:
            thing.counts[minute, bit] += 1

    def _is_here(self, report: Any, layer: str, entity_id: str) -> bool:
        if report.lat is not None and report.lon is not None:
            return self._area.holds(report.lon, report.lat)
        seen = self._view.door.find(layer, entity_id, self._agency)
        place = None if seen is None else seen.fields.get("place")
        return place is not None and self._area.holds(*place)

    def _standing(self, until: float) -> list[str]:
        """Return the incidents shown that stood there by then, though nothing was said of them in the stretch."""
        found = []
        for track in list(self._asker.picture.shelves[INCIDENTS].live()):
            seen = self._view.door.find(INCIDENTS, track.id, self._agency) if track.agency == self._agency else None
            place = None if seen is None else seen.fields.get("place")
            if seen is not None and place is not None and seen.opened_at <= until and self._area.holds(*place):
                found.append(track.id)
        return found

    async def _was_shared(self, incident_id: str, since: float, until: float) -> bool:
        """Say whether where it stands was shared at any time of the stretch."""
        if self._asker.owns(self._agency):
            return True
        origin, needs = self._asker.origin(INCIDENTS, self._agency, incident_id, ()), _needs(INCIDENTS)
        return any(bits & needs == needs for bits in await self._asker.shares.ever(since, until, origin))

    def _tell_units(self) -> None:
        for unit_id, passed in self._passed.items():
            told = told_of(self._asker, self._agency, unit_id, passed)
            if told is None:
                continue
            self.units.append(told)
            for minute, count in self._passes[unit_id].items():
                self.minutes[minute]["unit"] += count

    def _tell_things(self) -> None:
        for (layer, entity_id), thing in self._found.items():
            granted = self._asker.granted(layer, self._agency, entity_id, thing.labels) if thing.inside else 0
            needs = _needs(layer)
            counts = [(minute, count) for (minute, bit), count in thing.counts.items() if granted & bit]
            if granted & needs != needs or (layer != INCIDENTS and not counts):
                continue
            self.things[layer].append((self._agency, entity_id))
            for minute, count in counts:
                self.minutes[minute][_KIND[layer]] += count


async def within_answer(ask: Within, asker: Asker, view: View) -> dict[str, Any]:
    """Return what was there. `view`: what is shown. Raises as the recording does."""
    area, since = area_of(ask), max(ask.since, ask.until - NEAR_MAX_S)
    units: list[dict[str, Any]] = []
    things: dict[str, list[tuple[str, str]]] = {INCIDENTS: [], CAMERAS: [], LOG: []}
    minutes: list[dict[str, Any]] = []
    for agency in asker.recording.agencies:
        if asker.sees_of(agency):
            found = _Agency(asker, view, agency, area)
            await found.look(since, ask.until)
            units += found.units
            for layer, ids in found.things.items():
                things[layer] += sorted(ids)
            minutes += [{"at": at * 60, "agency": agency, **counts} for at, counts in found.minutes.items()]
    units.sort(key=nearest_first)
    minutes.sort(key=lambda minute: (minute["at"], minute["agency"]))
    return {
        "type": "within",
        "ask": ask.ask,
        "units": units[:THINGS_MAX],
        **{layer: ids[:THINGS_MAX] for layer, ids in things.items()},
        "more": max(len(units), *map(len, things.values())) > THINGS_MAX,
        "minutes": minutes,
        "missing": damage(asker, asker.recording.agencies, since, ask.until),
    }


def _needs(layer: str) -> int:
    """Return the bits without which nobody knows that something of the layer was in the area."""
    return BASE[layer] | _PLACED[layer]


def _happened(report: AnyReport) -> int:
    """Return the bit without which nobody knows of what a report tells; 0: nothing happened."""
    return occurrence_bit(report) if isinstance(report, CameraReport) else BASE[of(report)[0]]
