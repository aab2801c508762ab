"""The life of one thing: what was last said of it, by whom, and how old that is.

Rules
- Order is by *effective* time, min(observed, received); among equals the later in the journal wins.
  So a late report never moves a thing back, and hearing a report again changes nothing.
- A unit's fields come in groups and each group is replaced whole; an incident's and a camera's fields
  stand alone. Either way the outcome is the fold over all reports sorted by (effective time, journal
  order), whatever order they came in.
- Fresh up to 3 cadences of its source, then stale; lost after 10 cadences, at least a minute.
- Labels of every report that still speaks for the thing count: a label goes only when what it came with is replaced.

Pure: time is an argument.
"""

from bisect import insort
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from feeds.names import AgencyId, SourceId
from feeds.registry import SENSITIVE_LABELS
from feeds.report import (
    CATEGORIES,
    AnyReport,
    CameraReport,
    Category,
    IncidentReport,
    Report,
    event_category,
)

FRESH, STALE, LOST = 0, 1, 2
"""The three states of a thing's life, as they travel on the wire."""

STALE_CADENCES = 3.0
LOST_CADENCES = 10.0
LOST_MIN_S = 60.0
"""Nothing is lost sooner than this, seconds."""
FORGET_S = 24 * 3600.0
"""A unit or camera is forgotten this long after it was lost, an incident this long after it closed, seconds."""
CLOSED_FOR_S = 600.0
"""A closed incident stays in view this long, seconds."""
HISTORY_MAX = 500
"""Reports kept per incident: the first and the newest; its state needs none of them."""

UNKNOWN_LABEL = "other"
"""Stands for every label we do not know: it denies like a sensitive one, and no share can name it."""

BIT: dict[Category, int] = {category: 1 << i for i, category in enumerate(Category)}
"""Each data category as one bit, so that grants and changes are integers."""
EVERYTHING = (1 << len(BIT)) - 1

NEVER = float("-inf")


def bits(mask: int) -> list[int]:
    """Return the single bits of `mask`, smallest first."""
    return [1 << i for i in range(mask.bit_length()) if mask >> i & 1]


class Stamp(NamedTuple):
    """Who said it and when we heard: one per parcel."""

    source: SourceId
    received_at: float


class Said(NamedTuple):
    """One report as it still speaks for a thing."""

    effective_at: float
    report: AnyReport
    stamp: Stamp


def good_for(report: Report) -> float:
    """Return for how long the sender says that a report is good, seconds; NaN when it does not say."""
    return float("nan") if report.stale_at is None else report.stale_at - report.observed_at


def stale_after(cadence_s: Any, told: Any) -> Any:
    """Return how long after its effective time a report is fresh, seconds: by cadence, or sooner if the sender says.

    `told` as of `good_for`. Numbers, or arrays of n.
    """
    return np.fmin(STALE_CADENCES * cadence_s, np.maximum(told, 0.0))


def lost_after(cadence_s: Any) -> Any:
    """Return how long after its effective time a thing is lost, seconds. A number, or an array of n."""
    return np.maximum(LOST_MIN_S, LOST_CADENCES * cadence_s)


def lives(t: float, stale_at: np.ndarray, lost_at: np.ndarray) -> np.ndarray:
    """Return FRESH, STALE or LOST at `t` for n things by their two deadlines (f8, Unix seconds)."""
    return (t > stale_at).astype(np.uint8) + (t > lost_at).astype(np.uint8)


def known_labels(labels: Iterable[str]) -> frozenset[str]:
    """Return the labels as policy knows them; any other becomes `UNKNOWN_LABEL`, so that their number is bounded."""
    return frozenset(label if label in SENSITIVE_LABELS else UNKNOWN_LABEL for label in labels)


POSITION, STATUS, EMERGENCY, IDENTITY, CAPABILITY, BARE = range(6)
"""A unit's groups; BARE is a report that says nothing but that the unit is there."""
GROUP_BIT = (
    BIT[Category.UNIT_POSITION],
    BIT[Category.UNIT_STATUS],
    BIT[Category.UNIT_EMERGENCY],
    BIT[Category.UNIT_IDENTITY],
    BIT[Category.UNIT_CAPABILITY],
    BIT[Category.UNIT_POSITION],
)

INCIDENT_FIELDS = (
    "type_common", "status_common", "priority_common", "origin", "location_type", "address", "internal_id",
    "type_internal", "status_internal", "assigned_units", "dispositions", "hazards", "patients",
    "suspects_outstanding", "narrative",
)  # fmt: skip
"""What an incident's reports say, each field for itself; `lat` and `lon` go together."""

CAMERA_FIELDS = (
    "camera_kind", "name", "carrier_unit_id", "h_err_m", "bearing_deg", "fov_deg", "range_m", "media_ref",
)  # fmt: skip
"""What a camera's reports say of itself; the rest of an event belongs to the occurrence."""

IMPLIED_STATE = {
    "recording_started": "recording",
    "recording_stopped": "idle",
    "buffering": "buffering",
    "offline": "offline",
    "livestream_available": "live",
}
"""Camera state that an event implies when it does not say one."""

ALERTS = frozenset({"gunshot_detected", "lpr_hit", "tamper", "weapon_drawn"})
"""Camera events that stand until a person has looked at them."""
ALERT_S = 4 * 3600.0
"""How long an alert stands when the sender does not say, seconds."""
ALERTS_MAX = 16
"""Alerts kept per camera for each category and set of labels, newest: those a viewer may not see push out none."""

Cell = tuple[Any, Said, int]
"""A field's value, the report that said it, the category bits a viewer needs for it."""

AlertKey = tuple[int, frozenset[str], str]
"""Category bit, labels as policy knows them, event id (or type)."""


class FieldTrack:
    """An incident, a camera, a zone or a log entry: each field is what the newest report that said it said."""

    __slots__ = ("agency", "alerts", "bare", "cells", "first", "history", "id", "known", "last", "moved", "queued",
                 "received", "reworded", "slot", "told")  # fmt: skip

    def __init__(self, agency: AgencyId, entity_id: str, slot: int) -> None:
        self.agency = agency
        self.id = entity_id
        self.slot = slot
        self.cells: dict[str, Cell] = {}
        """field -> (value, the report that said it, category bits a viewer needs for it)."""
        self.told: dict[tuple[str, int], Cell] = {}
        """(field, needs) -> what only occurrences said of it: one each: a hidden one takes away nothing seen."""
        self.first: dict[int, float] = {}
        """category bit -> oldest effective time."""
        self.last: dict[int, Said] = {}
        """category bit -> newest report that said anything of that category."""
        self.received: dict[int, float] = {}
        """category bit -> when we last received anything of that category, however old it was."""
        self.bare: Said | None = None
        self.history: list[tuple[float, int, Said]] = []
        """Incidents: (effective time, order of arrival, report), oldest first."""
        self.alerts: dict[AlertKey, Said] = {}
        """Cameras: the newest report of each alert, in order of arrival."""
        self.known = 0
        self.moved = 0
        self.reworded = 0
        self.queued = False
        """Among what the picture flushes next."""

    def hear(self, said: Said, values: Iterable[tuple[str, Any, int]], base: int, also: int = 0) -> int:
        """Take in a report's `(field, value, needs)`s; return the category bits whose values changed.

        `needs` are the categories a viewer must have to learn the value from this report. One bit is the rule;
        two (with `also`) is an occurrence that also says where the camera is (a plate hit): it counts only while
        no ordinary report said the field, or its hour would show in the camera's age to those who may not know of hits.
        """
        changed = heard = 0
        eff = said.effective_at
        for field, value, needs in values:
            plain = _plain(needs)
            heard |= needs if plain else also
            if not plain and field in self.cells:
                continue
            cell = self.cells.get(field) if plain else self.told.get((field, needs))
            if cell is not None and eff < cell[1].effective_at:
                continue
            if plain:
                self.cells[field] = (value, said, needs)
                self._forget_told(field)
            else:
                self.told[field, needs] = (value, said, needs)
            if cell is None or cell[0] != value:
                changed |= needs
        heard = heard or also or base
        if heard == base and (self.bare is None or eff >= self.bare.effective_at):
            self.bare = said
        for bit in bits(heard):
            self.first[bit] = min(self.first.get(bit, eff), eff)
            self.received[bit] = said.stamp.received_at
            last = self.last.get(bit)
            if last is None or eff >= last.effective_at:
                self.last[bit] = said
        self.known |= heard
        # Hearing a thing again moves its age, even when every value stayed.
        self.moved |= heard
        self.reworded |= heard
        return changed

    def restore(self, field: str, cell: Cell) -> None:
        """Put back what a kept track said of a field."""
        if _plain(cell[2]):
            self.cells[field] = cell
        else:
            self.told[field, cell[2]] = cell

    def _forget_told(self, field: str) -> None:
        for key in [key for key in self.told if key[0] == field]:
            del self.told[key]

    def seen(self, granted: int) -> dict[str, Cell]:
        """Return what whoever holds these category bits may know of each field."""
        by_age = sorted(self.told.items(), key=lambda item: (item[1][1].effective_at, item[0]))
        told = {field: cell for (field, needs), cell in by_age if needs & granted == needs}
        return told | {field: cell for field, cell in self.cells.items() if cell[2] & granted == cell[2]}

    def remember(self, said: Said, order: int) -> None:
        """Keep a report of an incident's history; drops the oldest but one beyond `HISTORY_MAX`."""
        insort(self.history, (said.effective_at, order, said), key=_when)
        if len(self.history) > HISTORY_MAX:
            del self.history[1]

    def alert(self, said: Said) -> None:
        """Keep an alert of a camera; a later report of the same event replaces it (verified, rejected)."""
        report = said.report
        assert isinstance(report, CameraReport)
        key = alert_key(report)
        old = self.alerts.pop(key, None)
        self.alerts[key] = said if old is None or old.effective_at <= said.effective_at else old
        alike = [k for k in self.alerts if k[:2] == key[:2]]
        if len(alike) > ALERTS_MAX:
            del self.alerts[min(alike, key=lambda k: self.alerts[k].effective_at)]

    def value(self, field: str) -> Any:
        """Return what was last said of a field, or None."""
        cell = self.cells.get(field) or self.seen(EVERYTHING).get(field)
        return None if cell is None else cell[0]

    def labels(self) -> frozenset[str]:
        """Return the labels of every report that still speaks for the thing."""
        found = {label for _, said, _ in self.cells.values() for label in said.report.labels}
        for said in (*self.last.values(), *((self.bare,) if self.bare else ())):
            found.update(said.report.labels)
        return known_labels(found)

    def heard_at(self) -> float:
        """Return the newest effective time of anything said, Unix seconds."""
        return max((s.effective_at for s in (*self.last.values(), *self.alerts.values())), default=NEVER)

    def receipt(self, mask: int) -> float:
        """Return the oldest receipt among these category bits, Unix seconds; inf for none."""
        return min((at for bit, at in self.received.items() if bit & mask), default=float("inf"))


def _plain(needs: int) -> bool:
    return needs & (needs - 1) == 0


def _when(entry: tuple[float, int, Said]) -> tuple[float, int]:
    return entry[0], entry[1]


def _bits(kind: type[Report], fields: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple((f, BIT[CATEGORIES[kind][f]]) for f in fields)


_INCIDENT_BITS = _bits(IncidentReport, INCIDENT_FIELDS)
_CAMERA_BITS = _bits(CameraReport, CAMERA_FIELDS)
_INCIDENT_PLACE = BIT[Category.INCIDENT_LOCATION]
_CAMERA_PLACE = BIT[Category.CAMERA_LOCATION]
_CAMERA_STATE = BIT[Category.CAMERA_STATE]


def incident_values(report: IncidentReport) -> list[tuple[str, Any, int]]:
    """Return what the report says: `(field, value, category bit)`; `place` is (lon, lat)."""
    values = [(f, v, bit) for f, bit in _INCIDENT_BITS if (v := getattr(report, f)) is not None]
    if report.lat is not None and report.lon is not None:
        values.append(("place", (report.lon, report.lat), _INCIDENT_PLACE))
    return values


def occurrence_bit(report: CameraReport) -> int:
    """Return the bit of the category that tells of this occurrence; 0 when the camera only announced itself."""
    return 0 if report.event_type == "announced" else BIT[event_category(report.event_type)]


def camera_values(report: CameraReport) -> list[tuple[str, Any, int]]:
    """Return what the report says of the camera itself: `(field, value, needs)`; `place` is (lon, lat)."""
    also = occurrence_bit(report)
    values = [(f, v, bit | also) for f, bit in _CAMERA_BITS if (v := getattr(report, f)) is not None]
    if report.lat is not None and report.lon is not None:
        values.append(("place", (report.lon, report.lat), _CAMERA_PLACE | also))
    state = report.camera_state or IMPLIED_STATE.get(report.event_type)
    if state is not None:
        values.append(("camera_state", state, _CAMERA_STATE | also))
    return values


def alert_key(report: CameraReport) -> AlertKey:
    """Return what an alert is kept by: who may see it, then which event it is."""
    return occurrence_bit(report), known_labels(report.labels), report.event_id or report.event_type


def stands_until(said: Said) -> float:
    """Return when an alert stops standing, Unix seconds; NEVER when a person rejected it."""
    report = said.report
    assert isinstance(report, CameraReport)
    if report.verification == "rejected":
        return NEVER
    return report.alert_until if report.alert_until is not None else said.effective_at + ALERT_S


def camera_states(state: str | None) -> tuple[str, ...]:
    """Return a camera's state as `cadence_by_state` names it."""
    return (state,) if state else ()
