"""An incident's timeline: what was said of it, who was on it, and what happened near it, line by line.

Rules
- A thing counts by every label it had in the stretch, has in the picture or has today; what is not granted under all of
  them is not told. An occurrence of a camera counts by its own labels besides.
- Near is what lies within so many metres of where the incident is, and is told only to whom both places are granted:
  else a list would show where a hidden place is.
- What names the incident is told wherever it lies. Names are read as everywhere (docs/wire.md).

Pure: time is that of the reports.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from feeds.names import AgencyId
from feeds.report import CATEGORIES, CameraReport, Category, IncidentReport, LogReport, UnitReport
from layers import symbol
from layers.chronology import Chronology, Place
from layers.distance import distance_m
from layers.happenings import event_record
from layers.incident_changes import came_and_went, changed, listed, told
from layers.layer import present
from layers.picture import CAMERAS, INCIDENTS, LOG, UNITS
from layers.policy import BASE
from layers.seen import SeenEvent
from layers.track import BIT, Said, camera_values, incident_values, occurrence_bit

Granted = Callable[[str, AgencyId, str, Iterable[str]], int]
"""Layer, agency, id and labels that a thing had -> the category bits that may be told of it."""
Line = dict[str, Any]
"""As it travels (docs/wire.md)."""

_STATUS = BIT[Category.UNIT_STATUS]
_CAMERA_PLACE = BIT[Category.CAMERA_LOCATION]
_CAMERA_STATE = BIT[Category.CAMERA_STATE]
_INCIDENT_PLACE = BIT[Category.INCIDENT_LOCATION]
_ASSIGNED = "assigned_units"
_OF_CAMERA = ("confidence", "verification", "name")


def timeline(of: Chronology, granted: Granted, own: AgencyId, metres: float) -> "Timeline | None":
    """Return it for who may see as `granted` says and is of the agency `own`; None: there is no such incident.

    `metres`: what is near.
    """
    sight = IncidentSight(of, granted, own)
    return Timeline(of, sight, metres) if sight.of_incident & BASE[INCIDENTS] else None


class IncidentSight:
    """What of it a viewer may know."""

    def __init__(self, of: Chronology, granted: Granted, own: AgencyId) -> None:
        self._of, self._granted, self._own = of, granted, own
        self.of_incident = granted(INCIDENTS, of.agency, of.id, of.labels(INCIDENTS, of.agency, of.id))

    def of(self, layer: str, agency: AgencyId, entity_id: str, also: Iterable[str] = ()) -> int:
        """Return what is granted of a thing, `also` being labels of a report of it."""
        return self._granted(layer, agency, entity_id, self._of.labels(layer, agency, entity_id) | set(also))

    def names_it(self, agency: AgencyId, incident_id: str | None) -> bool:
        """Say whether a thing of the agency that names this id means the incident."""
        if incident_id != self._of.id:
            return False
        theirs = agency in self._of.owners(INCIDENTS, incident_id)
        return agency == self._of.agency or not (theirs and self.of(INCIDENTS, agency, incident_id) & BASE[INCIDENTS])

    def unit(self, unit_id: str) -> AgencyId | None:
        """Return whose unit the incident means by an id; None when no such unit is seen."""
        owners = self._of.owners(UNITS, unit_id)
        return next((a for a in owners if self.of(UNITS, a, unit_id) & BASE[UNITS]), None)

    def named(self, units: Iterable[str]) -> tuple[str, ...]:
        """Return those units that the incident may name: an agency's own data stays whole."""
        return tuple(u for u in units if self._of.agency == self._own or self.unit(u) is not None)

    def called(self, unit_id: str, agency: AgencyId | None = None) -> str:
        """Return what people call a unit that the incident names; with `agency` that agency's."""
        owner = agency or self.unit(unit_id)
        if owner is None or not self.of(UNITS, owner, unit_id) & BIT[Category.UNIT_IDENTITY]:
            return unit_id
        return self._of.call_sign(owner, unit_id) or unit_id


class Timeline:
    """The timeline as a viewer may know it."""

    def __init__(self, of: Chronology, sight: IncidentSight, metres: float) -> None:
        self._of, self._sight, self._metres = of, sight, metres
        self.place: Place | None = None
        """Where the incident is, degrees; None: not known or not granted."""
        self.lines: list[Line] = []
        """By effective time."""
        self._listed: dict[str, list[tuple[float, bool]]] = {}
        """From when a unit that the incident names is on it, and from when not."""
        # In this order: where it is and who is on it is found on the way.
        made = [*self._incident(), *self._on_it(), *self._cameras(), *self._log()]
        self.lines += sorted(made, key=lambda line: (line["at"], line["received_at"]))

    def _incident(self) -> Iterator[Line]:
        granted = self._sight.of_incident
        before: dict[str, Any] = {}
        for said in self._of.reports:
            assert isinstance(said.report, IncidentReport)
            fields = {n: value for n, value, needs in incident_values(said.report) if needs & granted == needs}
            if _ASSIGNED in fields:
                fields[_ASSIGNED] = self._sight.named(fields[_ASSIGNED])
            names = changed(fields, before)
            if _ASSIGNED in names:
                yield from self._assigned(said, fields[_ASSIGNED], before.get(_ASSIGNED))
            news = [told(n, fields[n], before.get(n), self._sight.called) for n in names if n != _ASSIGNED]
            text = "; ".join(filter(None, news))
            event = fields["status_common"][-1] if "status_common" in names and fields["status_common"] else "updated"
            if text:
                yield self._line(said, self._of.agency, "incident", self._of.id, event, text)
            before.update(fields)
        self.place = before.get("place")

    def _assigned(self, said: Said, units: tuple[str, ...], before: tuple[str, ...] | None) -> Iterator[Line]:
        came, went = came_and_went(units, before)
        for ids, event in ((came, "assigned"), (went, "released")):
            for unit in ids:
                self._listed.setdefault(unit, []).append((said.effective_at, event == "assigned"))
            if ids:
                text = f"{', '.join(self._sight.called(unit) for unit in ids)} {event}"
                whose = [(owner, unit) for unit in ids if (owner := self._sight.unit(unit)) is not None]
                line = self._line(said, self._of.agency, "assignment", self._of.id, event, text)
                yield line | ({"units": whose} if whose else {})

    def _on_it(self) -> Iterator[Line]:
        """Yield what units that are on it said of themselves."""
        listed_ = {(owner, unit): unit for unit in self._listed if (owner := self._sight.unit(unit)) is not None}
        for (agency, unit), changes in self._of.units.items():
            by_list = listed_.get((agency, unit))
            if by_list is None and not any(self._names_it(agency, said) for said in changes):
                continue
            granted = self._sight.of(UNITS, agency, unit)
            if granted & BASE[UNITS] and granted & _STATUS:
                yield from self._unit(agency, unit, changes, by_list)

    def _names_it(self, agency: AgencyId, said: Said) -> bool:
        assert isinstance(said.report, UnitReport)
        return self._sight.names_it(agency, said.report.incident_id)

    def _unit(self, agency: AgencyId, unit: str, changes: list[Said], by_list: str | None) -> Iterator[Line]:
        was, text_was, called = False, "", self._sight.called(unit, agency)
        for said in changes:
            report = said.report
            assert isinstance(report, UnitReport)
            names = self._names_it(agency, said)
            is_on = names or (by_list is not None and self._is_listed(by_list, said.effective_at))
            if by_list is None and is_on is not was:
                event = "assigned" if is_on else "released"
                line = self._line(said, agency, "assignment", unit, event, f"{called} {event}")
                yield line | {"units": [(agency, unit)]}
            text = listed(report.secondary_status or ((report.primary_status,) if report.primary_status else ()))
            if (is_on or was) and text and text != text_was:
                status = symbol.unit_status(report.primary_status, report.secondary_status, names)
                line = self._line(said, agency, "unit", unit, status.name, f"{called}: {text[:1].lower()}{text[1:]}")
                yield line | {"units": [(agency, unit)]}
            was, text_was = is_on, text

    def _is_listed(self, unit: str, at: float) -> bool:
        return next((on for since, on in reversed(self._listed[unit]) if since <= at), False)

    def _cameras(self) -> Iterator[Line]:
        for agency, said, then in self._of.occurrences:
            report = said.report
            assert isinstance(report, CameraReport)
            granted = self._sight.of(CAMERAS, agency, report.camera_id, report.labels) & then
            if not granted & occurrence_bit(report):
                continue
            placed = bool(granted & _CAMERA_PLACE)
            own_place = next((v for name, v, _ in camera_values(report) if name == "place"), None)
            place = (own_place or self._of.camera_place(agency, report.camera_id)) if placed else None
            away = self._away(place)
            names = bool(granted & _CAMERA_STATE) and self._sight.names_it(agency, report.incident_id)
            if away is None and not names:
                continue
            table = CATEGORIES[CameraReport]
            fields: dict[str, Any] = {n: getattr(report, n) for n in _OF_CAMERA if granted & BIT[table[n]]}
            fields["incident_id"] = self._of.id if names else None
            fields["place"] = place
            yield self._event(
                said, CAMERAS, agency, report.camera_id if placed else "", report.event_type, fields, away
            )

    def _log(self) -> Iterator[Line]:
        for (agency, entry), said in self._of.entries.items():
            report = said.report
            assert isinstance(report, LogReport)
            if not self._sight.of(LOG, agency, entry) & BASE[LOG]:
                continue
            place = (report.lon, report.lat) if report.lon is not None and report.lat is not None else None
            away = self._away(place)
            names = any(self._sight.names_it(agency, name) for name in (report.incident_id, *(report.refs or ())))
            if away is None and not names:
                continue
            fields = {"text": report.text, "author_position": report.author_position, "place": place}
            fields["incident_id"] = self._of.id if names else None
            yield self._event(said, LOG, agency, entry, report.entry_kind, fields, away)

    def _away(self, place: Place | None) -> float | None:
        """Return how far a place is from the incident, metres; None: not near, or not to be known."""
        if place is None or self.place is None or not self._sight.of_incident & _INCIDENT_PLACE:
            return None
        away = distance_m(*self.place, *place)
        return away if away <= self._metres else None

    def _event(
        self, said: Said, layer: str, agency: AgencyId, id_: str, event: str, fields: dict[str, Any], away: float | None
    ) -> Line:
        seen = SeenEvent(
            layer=layer, agency=agency, id=id_, event=event, at=said.effective_at,
            received_at=said.stamp.received_at, fields=present(fields), own=False,
        )  # fmt: skip
        near = None if away is None else round(away)
        # What a report carries besides its subject is of the base category, as the id is.
        envelope = self._envelope(said) if id_ else {"observed_at": round(said.effective_at, 3)}
        return event_record(seen) | envelope | present({"near_m": near})

    def _line(self, said: Said, agency: AgencyId, kind: str, id_: str, event: str, text: str) -> Line:
        at, received_at = round(said.effective_at, 3), round(said.stamp.received_at, 3)
        line = {"at": at, "received_at": received_at, "agency": agency, "kind": kind, "id": id_}
        return line | {"event": event, "text": text} | self._envelope(said)

    def _envelope(self, said: Said) -> Line:
        status = said.report.status
        line: Line = {"observed_at": round(said.report.observed_at, 3), "source": said.stamp.source}
        return line if status == "actual" else line | {"status": status}
