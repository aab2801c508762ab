"""THE POLICY: what of the picture a viewer class may know. The one door between knowing and showing.

Rules
- Default deny, per agency and data category. An agency sees its own data whole; of another's only what a
  share grants it.
- A thing exists for a viewer when its base category is granted and something that may be seen was said of it.
- Fields of categories that are not granted are absent: no null, no hint.
- A label on a thing denies it across agencies unless a share names that label. Labels deny first.
- Fails closed: whatever goes wrong in here withholds that one thing and counts in `alarms`.
- Everything that leaves (stream, events, cards, GeoJSON, health, counts) is made from what these functions
  return, never from the picture. `Door._disclose` and `Door.mask` are where precision and delay will go.

Pure: no clock, no socket; time is an argument.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from feeds.envelope import SKEW_S
from feeds.errors import ConfigError
from feeds.names import ANY, AgencyId
from feeds.registry import SENSITIVE_LABELS
from feeds.report import CATEGORIES, UNIT_GROUPS, CameraReport, Category, IncidentReport, LogReport, unregistered
from layers.log_life import entry_leaves_at, entry_of, log_values
from layers.picture import (
    CAMERAS,
    INCIDENTS,
    LAYERS,
    LOG,
    UNITS,
    ZONES,
    Happening,
    Origin,
    Picture,
    closed_at,
)
from layers.seen import Alert, Line, Seen, SeenEvent
from layers.track import (
    BARE,
    BIT,
    CLOSED_FOR_S,
    EVERYTHING,
    GROUP_BIT,
    NEVER,
    POSITION,
    FieldTrack,
    Said,
    bits,
    camera_states,
    good_for,
    incident_values,
    known_labels,
    lost_after,
    stale_after,
    stands_until,
)
from layers.unit_track import UnitTrack, unit_states
from layers.zone_life import zone_leaves_at

log = logging.getLogger(__name__)

BASE: dict[str, int] = {
    UNITS: BIT[Category.UNIT_POSITION],
    INCIDENTS: BIT[Category.INCIDENT_SUMMARY],
    CAMERAS: BIT[Category.CAMERA_LOCATION],
    ZONES: BIT[Category.ZONE],
    LOG: BIT[Category.LOG_ENTRY],
}
"""The category bit without which a thing of the layer does not exist for a viewer."""

_UNTIL_TOLD = frozenset({INCIDENTS, ZONES, LOG})
"""A dispatch desk speaks when something changes: its silence does not make what it said old."""
_STATUS = BIT[Category.UNIT_STATUS]
_GROUP_FIELDS = tuple(
    next((names for category, names in UNIT_GROUPS.items() if BIT[category] == bit and index != BARE), ())
    for index, bit in enumerate(GROUP_BIT)
)


class Grant(Struct, frozen=True):
    """One share of the site's file: what `from_` lets `to` see; `*` stands for any agency."""

    from_: str
    to: frozenset[str]
    categories: frozenset[Category]
    labels: frozenset[str] = frozenset()


class ViewerClass(NamedTuple):
    """All viewers who may see the same. Policy knows the class, never the person."""

    agency: AgencyId
    roles: tuple[str, ...] = ()


class Rules:
    """The site's shares, compiled. `alarms` counts what was withheld because something went wrong."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        """Raises ConfigError for a label that is none: what stands for unknown ones must not be granted."""
        self._grants = tuple(grants)
        self.alarms = 0
        for grant in self._grants:
            odd = grant.labels - SENSITIVE_LABELS
            if odd:
                raise ConfigError("share.labels", f"no label {min(odd)!r}; there are {sorted(SENSITIVE_LABELS)}")

    def class_of(self, agency: AgencyId, roles: Iterable[str]) -> ViewerClass:
        """Return the class of a viewer. No share names roles yet, so equal agencies see the same."""
        return ViewerClass(agency)

    def granted(self, viewer: ViewerClass, origin: Origin) -> int:
        """Return the category bits the class may see of things of this origin."""
        if viewer.agency == origin.agency:
            return EVERYTHING
        granted = 0
        for grant in self._grants:
            if (
                grant.from_ in (ANY, origin.agency)
                and (ANY in grant.to or viewer.agency in grant.to)
                and origin.labels <= grant.labels
            ):
                for category in grant.categories:
                    granted |= BIT[category]
        return granted

    def may(self, viewer: ViewerClass, agency: AgencyId, category: Category) -> bool:
        """Say whether the class may see data of this category that carries no label."""
        return bool(self.granted(viewer, Origin(agency, frozenset())) & BIT[category])

    def sees_of(self, viewer: ViewerClass, agency: AgencyId) -> bool:
        """Say whether the class may see anything of the agency at all."""
        return self.granted(viewer, Origin(agency, frozenset())) != 0

    def layers_shared(self, viewer: ViewerClass, agencies: Iterable[AgencyId | str]) -> list[str]:
        """Return the layers of which another of the agencies shares the base category with the class.

        From the shares alone, whatever there is to see: an empty layer that is shared is empty, and one that is
        not may be anything. The class's own agency does not count, which sees its own data in any case.
        """
        others = [AgencyId(a) for a in agencies if a != viewer.agency]
        granted = 0
        for agency in others:
            granted |= self.granted(viewer, Origin(agency, frozenset()))
        return [layer for layer, bit in BASE.items() if granted & bit]

    def alarm(self, what: str, error: Exception) -> None:
        """Count and log something withheld because of an error; ids and contents stay out of the log."""
        self.alarms += 1
        log.error("policy.withheld layer=%s error=%s", what, type(error).__name__)


Sees = Callable[[str, str], bool]
"""`(layer, id)` -> whether the class sees a thing of that id now."""


def _sees_nothing(layer: str, entity_id: str) -> bool:
    return False


class Door:
    """The picture as one viewer class may know it. Every way out is made from what these methods return."""

    def __init__(self, picture: Picture, rules: Rules, viewer: ViewerClass, sees: Sees = _sees_nothing) -> None:
        self.viewer = viewer
        self._sees = sees
        self._picture = picture
        self._rules = rules
        self._granted = np.zeros(0, np.uint32)

    def grants(self) -> np.ndarray:
        """Return the category bits (u4) granted for each of the picture's origins, by code."""
        origins = self._picture.origins
        if len(self._granted) < len(origins):
            new = [self._rules.granted(self.viewer, origin) for origin in origins[len(self._granted) :]]
            self._granted = np.concatenate([self._granted, np.array(new, np.uint32)])
        return self._granted

    def look(self, layer: str, track: Any, *, whole: bool = False) -> Seen | None:
        """Return what may be seen of a thing, or None when for this class it does not exist.

        `whole` adds what only a card shows: history and flags. A fault withholds the thing.
        """
        try:
            granted = int(self.grants()[self._picture.shelves[layer].origin[track.slot]])
            if not granted & BASE[layer] or not granted & track.known:
                return None
            return self._disclose(layer, track, granted, whole)
        except Exception as error:
            self._rules.alarm(layer, error)
            return None

    def find(self, layer: str, entity_id: str, agency: str = "", *, whole: bool = False) -> Seen | None:
        """Return a thing by its id; of several agencies that use the id, the first that may be seen."""
        shelf = self._picture.shelves.get(layer)
        if shelf is None:
            return None
        for owner in sorted(shelf.by_id):
            track = shelf.find(owner, entity_id) if agency in ("", owner) else None
            seen = self.look(layer, track, whole=whole) if track is not None else None
            if seen is not None:
                return seen
        return None

    def report(self, track: UnitTrack, said: Said, also: frozenset[str] = frozenset()) -> Line | None:
        """Return what may be seen of one report of a unit, standing or late, or None.

        Its own labels count beside the unit's, and `also` does. A fault withholds it.
        """
        try:
            granted = self._with_labels(track, said, also)
            if not granted & BASE[UNITS]:
                return None
            names = (name for category, names in UNIT_GROUPS.items() if granted & BIT[category] for name in names)
            fields = {name: value for name in names if (value := getattr(said.report, name)) is not None}
            self._name_only_what_is_seen(fields, track.agency)
            return Line(said.effective_at, fields)
        except Exception as error:
            self._rules.alarm(UNITS, error)
            return None

    def mask(self, values: np.ndarray, granted: np.ndarray, category: Category, absent: int) -> np.ndarray:
        """Return n values of one column, `absent` where the n `granted` bits do not hold its category."""
        return np.where(granted & BIT[category], values, absent)

    def event(self, happening: Happening) -> SeenEvent | None:
        """Return what may be seen of something that happened, or None. A fault withholds it."""
        try:
            granted = int(self.grants()[happening.origin])
            if not granted & BIT[happening.category]:
                return None
            return self._disclose_event(happening, granted)
        except Exception as error:
            self._rules.alarm("events", error)
            return None

    def _disclose(self, layer: str, track: Any, granted: int, whole: bool) -> Seen | None:
        # Precision and delay will act here (a thing) and in `mask` (a column), before anything is encoded.
        if layer == UNITS:
            return self._unit(track, granted, whole)
        return self._other(layer, track, granted, whole)

    def _unit(self, track: UnitTrack, granted: int, whole: bool) -> Seen | None:
        fields: dict[str, Any] = {}
        flagged: list[str] = []
        heads: list[Said] = []
        for index, bit in enumerate(GROUP_BIT):
            said = track.group(index) if granted & bit else None
            if said is None:
                continue
            heads.append(said)
            for name in _GROUP_FIELDS[index]:
                value = getattr(said.report, name)
                if value is not None:
                    fields[name] = value
            if whole:
                flagged += [name for name in unregistered(said.report) if name in _GROUP_FIELDS[index]]
        if not heads:
            return None
        # The age drawn is the position's; where none was said, that of the newest thing that may be seen.
        head = track.group(POSITION) or max(heads, key=lambda said: said.effective_at)
        lon, lat = fields.pop("lon", None), fields.pop("lat", None)
        if lon is not None and lat is not None:
            fields["place"] = (lon, lat)
        states = unit_states(track) if granted & _STATUS else ()
        opened = min(said.effective_at for said in heads)
        return self._seen(UNITS, track, head, states, fields, opened_at=opened, flagged=tuple(flagged))

    def _other(self, layer: str, track: FieldTrack, granted: int, whole: bool) -> Seen | None:
        known = bits(granted & track.known)
        cells = {name: cell for name, cell in track.seen(granted).items() if cell[0] is not None}
        fields = {name: value for name, (value, _, _) in cells.items()}
        head = max((track.last[bit] for bit in known), key=lambda said: said.effective_at)
        more: dict[str, Any] = {"opened_at": min(track.first[bit] for bit in known)}
        states: tuple[str, ...] = ()
        if layer == INCIDENTS:
            closed = closed_at(track)
            if closed is not None:
                more["leave_at"] = closed + CLOSED_FOR_S
            if whole:
                more["history"] = self._history(track)
        elif layer == ZONES:
            more["leave_at"] = zone_leaves_at(track)
        elif layer == LOG:
            head = entry_of(track)
            more["leave_at"] = entry_leaves_at(track)
            corrected_by = self._corrected_by(track)
            if corrected_by is not None:
                fields["corrected_by"] = corrected_by
        else:
            states = camera_states(fields.get("camera_state"))
            more["alerts"] = self._alerts(track)
        if whole:
            said_by = {name: said.report for name, (_, said, _) in cells.items() if name in fields and name != "place"}
            more["flagged"] = tuple(sorted(name for name, report in said_by.items() if name in unregistered(report)))
        return self._seen(layer, track, head, states, fields, **more)

    def _seen(
        self, layer: str, track: Any, head: Said, states: tuple[str, ...], fields: dict[str, Any], **more: Any
    ) -> Seen:
        report, stamp = head.report, head.stamp
        own = track.agency == self.viewer.agency
        references = self._name_only_what_is_seen(fields, track.agency)
        cadence = self._picture.roster.cadence(stamp.source, states)
        fresh_for, kept_for = float(stale_after(cadence, good_for(report))), float(lost_after(cadence))
        if layer in _UNTIL_TOLD:
            fresh_for = kept_for = float("inf")
            if report.stale_at is not None and layer != LOG:
                fresh_for = max(0.0, report.stale_at - report.observed_at)
        return Seen(
            layer=layer,
            agency=track.agency,
            id=track.id,
            own=own,
            fields=fields,
            references=references,
            observed_at=report.observed_at,
            received_at=stamp.received_at,
            effective_at=head.effective_at,
            stale_at=head.effective_at + fresh_for,
            lost_at=head.effective_at + kept_for,
            source=stamp.source,
            cadence_s=cadence,
            status=report.status,
            skew=report.observed_at - stamp.received_at > SKEW_S,
            **more,
        )

    def _name_only_what_is_seen(self, fields: dict[str, Any], agency: AgencyId) -> tuple[tuple[str, str], ...]:
        """Take out of `fields`, said by `agency`, the names of things the class does not see; return all it named.

        A hidden thing and one that does not exist are the same miss. An agency's own data stays whole. A name counts
        as seen whoever has a thing of that id: were the agency's own asked for first, a hidden one would show by
        taking the name away. What an entry corrects is of its own agency only.
        """
        references: list[tuple[str, str]] = []
        incident, carrier = fields.get("incident_id"), fields.get("carrier_unit_id")
        if incident is not None:
            fields["assigned"] = True
        if agency == self.viewer.agency:
            return ()
        # No operation is in the picture yet, so none is seen.
        fields.pop("operation_id", None)
        if incident is not None:
            references.append((INCIDENTS, incident))
            if not self._sees(INCIDENTS, incident):
                del fields["incident_id"]
        if carrier is not None:
            references.append((UNITS, carrier))
            if not self._sees(UNITS, carrier):
                del fields["carrier_unit_id"]
        units = fields.get("assigned_units")
        if units:
            references += [(UNITS, unit) for unit in units]
            fields["assigned_units"] = tuple(unit for unit in units if self._sees(UNITS, unit))
        corrected, about = fields.get("supersedes"), fields.get("refs")
        if corrected is not None:
            references.append((LOG, corrected))
            if not self._may_know_entry(agency, corrected):
                del fields["supersedes"]
        if about:
            # What kind of thing an id names is not said with it.
            references += [(layer, name) for name in about for layer in LAYERS]
            fields["refs"] = tuple(name for name in about if any(self._sees(layer, name) for layer in LAYERS))
        return tuple(dict.fromkeys(references))

    def _may_know_entry(self, agency: AgencyId, entry_id: str) -> bool:
        """Say whether this agency's entry may be known, on the map or off it; of one forgotten its line decides."""
        shelf = self._picture.shelves[LOG]
        grants = self.grants()
        track = shelf.find(agency, entry_id)
        if track is not None:
            return bool(int(grants[shelf.origin[track.slot]]) & BASE[LOG])
        origins = self._picture.origins
        return any(
            event.id == entry_id
            for (origin, category), kept in self._picture.events.items()
            if category is Category.LOG_ENTRY and origins[origin].agency == agency and int(grants[origin]) & BASE[LOG]
            for event in kept
        )

    def _corrected_by(self, track: FieldTrack) -> str | None:
        """Return the newest entry that corrects this one and may be seen, or None: a hidden one leaves no mark."""
        shelf = self._picture.shelves[LOG]
        grants = self.grants()
        seen = []
        for name in self._picture.corrections.correcting(track.agency, track.id):
            other = shelf.find(track.agency, name)
            if other is not None and int(grants[shelf.origin[other.slot]]) & BASE[LOG]:
                seen.append((entry_of(other).effective_at, name))
        return max(seen)[1] if seen else None

    def _with_labels(self, track: FieldTrack | UnitTrack, said: Said, also: frozenset[str] = frozenset()) -> int:
        """Return what is granted of one report of a thing: its own labels count beside the thing's."""
        labels = track.labels() | known_labels(said.report.labels) | also
        return self._rules.granted(self.viewer, Origin(track.agency, labels))

    def _alerts(self, track: FieldTrack) -> tuple[Alert, ...]:
        # Of one event told under several labels, the newest report that this class may see speaks.
        newest: dict[tuple[int, str], Said] = {}
        for (bit, _, name), said in track.alerts.items():
            if self._with_labels(track, said) & bit:
                old = newest.get((bit, name))
                if old is None or old.effective_at <= said.effective_at:
                    newest[bit, name] = said
        alerts = []
        for said in newest.values():
            report = said.report
            assert isinstance(report, CameraReport)
            until = stands_until(said)
            if until > NEVER:
                alerts.append(Alert(report.event_type, until, report.verification))
        return tuple(alerts)

    def _history(self, track: FieldTrack) -> tuple[Line, ...]:
        lines = []
        for at, _, said in track.history:
            assert isinstance(said.report, IncidentReport)
            granted = self._with_labels(track, said)
            fields = {name: value for name, value, needs in incident_values(said.report) if needs & granted == needs}
            self._name_only_what_is_seen(fields, track.agency)
            if fields:
                lines.append(Line(at, fields))
        return tuple(lines)

    def _disclose_event(self, happening: Happening, granted: int) -> SeenEvent:
        report = happening.said.report
        if isinstance(report, CameraReport):
            table = CATEGORIES[CameraReport]
            names = ("confidence", "verification", "incident_id", "name", "case_ref", "hotlist", "reason_code")
            fields = {
                n: getattr(report, n) for n in names if granted & BIT[table[n]] and getattr(report, n) is not None
            }
            if granted & BIT[Category.CAMERA_LOCATION]:
                fields = {**happening.fields, **fields}
                if report.lat is not None and report.lon is not None:
                    fields["place"] = (report.lon, report.lat)
            self._name_only_what_is_seen(fields, self._picture.origins[happening.origin].agency)
            event = report.event_type
        elif isinstance(report, LogReport):
            fields = {name: value for name, value, _ in log_values(report)}
            self._name_only_what_is_seen(fields, self._picture.origins[happening.origin].agency)
            event = report.entry_kind
        else:
            fields = {name: value for name, value in happening.fields.items() if value is not None}
            if not granted & BIT[Category.INCIDENT_LOCATION]:
                fields.pop("place", None)
            status = fields.get("status_common") or ()
            event = status[-1] if status else "updated"
        return SeenEvent(
            layer=happening.layer,
            agency=self._picture.origins[happening.origin].agency,
            id=happening.id if granted & BASE[happening.layer] else "",
            event=event,
            at=happening.said.effective_at,
            received_at=happening.said.stamp.received_at,
            fields=fields,
            own=self._picture.origins[happening.origin].agency == self.viewer.agency,
        )
