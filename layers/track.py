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
    UnitReport,
    event_category,
)
from layers.fixes import Fixes

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
_POSITION_BIT = GROUP_BIT[POSITION]

Words = tuple[Any, ...]
"""All that a unit's report says besides numbers and its call sign, and its source."""
_WORDS_MAX = 4096
_shared: dict[Words, Words] = {}
"""Words by themselves: thousands of units say the same few, and share them."""


def words(report: UnitReport, stamp: Stamp) -> Words:
    """Return the words of a report, the same object as for others that say the same."""
    said = (
        stamp.source, report.status, report.unit_type, report.primary_status, report.secondary_status,
        report.incident_id, report.status_internal, report.emergency, report.capabilities, report.crew,
        report.fix_method, report.labels,
    )  # fmt: skip
    if len(_shared) >= _WORDS_MAX:
        _shared.clear()  # whoever has such words keeps them
    return _shared.setdefault(said, said)


def _received_at(stamp: Stamp) -> float:
    return stamp.received_at


class UnitTrack:
    """One unit. `moved` and `reworded` gather what changed since the picture was last flushed (category bits).

    A report that differs from the one before it in its numbers only (`repeats`) is not kept: its time is put here and
    its numbers into `fixes`, and what was `_said` before goes on to stand for its words.
    """

    __slots__ = ("_at", "_call_sign", "_effs", "_fixes", "_repeated", "_said", "_stamp", "_stamps", "_words",
                 "agency", "id", "known", "labelled", "moved", "queued", "reworded", "slot")  # fmt: skip

    def __init__(self, agency: AgencyId, unit_id: str, slot: int, fixes: Fixes) -> None:
        self.agency = agency
        self.id = unit_id
        self.slot = slot
        self.known = 0
        """Category bits of the groups that were ever said."""
        self.labelled = False
        self.moved = 0
        self.reworded = 0
        self.queued = False
        """Among what the picture flushes next."""
        self._fixes = fixes
        self._effs: list[float] = [NEVER] * 6
        self._said: list[Any] = [None] * 6
        self._stamps: list[Any] = [None] * 6
        """By group; while there are `_words`, the time and stamp of every group that `_said[0]` stands for are here:"""
        self._at = NEVER
        self._stamp: Any = None
        self._words: Words | None = None
        """Of the newest report, when it had a position and no labels and all that it said stands."""
        self._call_sign: str | None = None
        self._repeated = False
        """The numbers of `_said[0]` are older than those in `fixes`."""

    def repeats(self, report: UnitReport, eff: float, stamp: Stamp) -> bool:
        """Take in a report that says the newest one's words again; return False, nothing done, when it does not.

        The hot path: it touches little that is not in the cache, and of the words only what all units share.
        """
        if (
            eff >= self._at
            and (
                stamp.source, report.status, report.unit_type, report.primary_status, report.secondary_status,
                report.incident_id, report.status_internal, report.emergency, report.capabilities, report.crew,
                report.fix_method, report.labels,
            ) == self._words
            and report.lat is not None
            and report.call_sign == self._call_sign
        ):  # fmt: skip
            self._at = eff
            self._stamp = stamp
            self._repeated = True
            self.moved |= _POSITION_BIT
            self._fixes.hold(self.slot, report, stamp.received_at)
            return True
        return False

    def hear(self, report: UnitReport, eff: float, stamp: Stamp) -> bool:  # noqa: C901 - the groups, one after the other
        """Take in a report; return whether labels may have changed."""
        self._settle()
        said = self._said
        effs = self._effs
        stamps = self._stamps
        stands = True
        placed = (
            report.lat is not None
            or report.lon is not None
            or report.speed_mps is not None
            or report.course_deg is not None
            or report.hae_m is not None
            or report.h_err_m is not None
            or report.v_err_m is not None
            or report.fix_method is not None
        )
        bare = not placed
        moves = placed and eff >= effs[0]
        # Without a position the age drawn is that of what else was said, so hearing it again is a change too.
        placeless = said[0] is None and not moves
        if (
            report.primary_status is not None
            or report.secondary_status is not None
            or report.status_internal is not None
            or report.incident_id is not None
        ):
            bare = False
            if eff >= effs[1]:
                old = said[1]
                if (
                    placeless
                    or old is None
                    or old.primary_status != report.primary_status
                    or old.secondary_status != report.secondary_status
                    or old.incident_id != report.incident_id
                    or old.status_internal != report.status_internal
                ):
                    self._changed(1)
                self._stand(1, report, eff, stamp)
            else:
                stands = False
        if report.call_sign is not None or report.unit_type is not None:
            bare = False
            if eff >= effs[3]:
                old = said[3]
                if placeless or old is None or old.call_sign != report.call_sign or old.unit_type != report.unit_type:
                    self._changed(3)
                self._stand(3, report, eff, stamp)
            else:
                stands = False
        if report.emergency is not None:
            bare = False
            if eff >= effs[2]:
                old = said[2]
                if placeless or old is None or old.emergency != report.emergency:
                    self._changed(2)
                self._stand(2, report, eff, stamp)
            else:
                stands = False
        if report.capabilities is not None or report.crew is not None:
            bare = False
            if eff >= effs[4]:
                old = said[4]
                if placeless or old is None or old.capabilities != report.capabilities or old.crew != report.crew:
                    self._changed(4)
                self._stand(4, report, eff, stamp)
            else:
                stands = False
        if bare and eff >= effs[5]:
            if placeless:
                self._changed(5)
            self._stand(5, report, eff, stamp)
            self.known |= _POSITION_BIT
        if moves:
            self._move(report, eff, stamp)
        labels = bool(report.labels) or self.labelled
        self._words = None
        if moves and stands and not labels and report.lat is not None:
            self._at, self._stamp = eff, stamp
            self._call_sign = report.call_sign
            self._words = words(report, stamp)
        return labels

    def _move(self, report: UnitReport, eff: float, stamp: Stamp) -> None:
        old = self._said[0]
        if old is None or old.status != report.status or self._stamps[0].source != stamp.source:
            self.reworded |= _POSITION_BIT
            self.known |= _POSITION_BIT
        if self._repeated:
            left = [group for group in range(1, 6) if self._said[group] is old]
            if left:
                # These stay with the report whose numbers go now.
                whole = self._fixes.report(old, self.slot)
                for group in left:
                    self._said[group] = whole
            self._repeated = False
        self.moved |= _POSITION_BIT
        self._fixes.hold(self.slot, report, stamp.received_at)
        self._stand(0, report, eff, stamp)

    def _stand(self, group: int, report: UnitReport, eff: float, stamp: Stamp) -> None:
        self._effs[group], self._said[group], self._stamps[group] = eff, report, stamp

    def _changed(self, group: int) -> None:
        bit = GROUP_BIT[group]
        self.known |= bit
        self.moved |= bit
        self.reworded |= bit

    def _settle(self) -> None:
        """Put the time and the stamp of the newest report to each group that it stands for."""
        if self._words is not None and (self._effs[0] is not self._at or self._stamps[0] is not self._stamp):
            one = self._said[0]
            for group, report in enumerate(self._said):
                if report is one:
                    self._effs[group], self._stamps[group] = self._at, self._stamp

    def restore(self, group: int, said: Said) -> None:
        """Let a report stand for a group, as it did in the picture that was kept."""
        assert isinstance(said.report, UnitReport)
        self._stand(group, said.report, said.effective_at, said.stamp)
        if group == POSITION:
            self._fixes.hold(self.slot, said.report, said.stamp.received_at)

    def labels(self) -> frozenset[str]:
        """Return the labels of every report that still speaks for the unit."""
        labels = frozenset(label for report in self._said if report is not None for label in report.labels)
        self.labelled = bool(labels)
        return known_labels(labels)

    def words(self, group: int) -> UnitReport | None:
        """Return a report with the words that stand for a group, or None; its numbers and times may be older ones."""
        report: UnitReport | None = self._said[group]
        return report

    def group(self, group: int) -> Said | None:
        """Return the report that stands for a group, or None."""
        report = self._said[group]
        if report is None:
            return None
        self._settle()
        if self._repeated and report is self._said[POSITION]:
            report = self._fixes.report(report, self.slot)
        return Said(self._effs[group], report, self._stamps[group])

    def groups(self, newest: UnitReport | None) -> tuple[list[int], list[tuple[float, UnitReport, Stamp]]]:
        """Return for each group the index of what stands for it, -1 for none; and what stands, each once, as of `Said`.

        `newest`: the report that stands for the position, of which `_said` may have the words only.
        """
        one = self._said[POSITION]
        which = [-1 if report is None else 0 if report is one else 1 for report in self._said]
        if newest is not None and 1 not in which:  # nearly always one stands for all that was said
            if self._words is None:
                return which, [(self._effs[POSITION], newest, self._stamps[POSITION])]
            return which, [(self._at, newest, self._stamp)]
        self._settle()
        found: dict[int, int] = {}
        each = []
        for group, report in enumerate(self._said):
            if report is not None:
                which[group] = found.setdefault(id(report), len(each))
                if which[group] == len(each):
                    each.append((self._effs[group], newest if report is one else report, self._stamps[group]))
        return which, each

    def source(self) -> SourceId | None:
        """Return who said the position, or None."""
        stamp: Stamp | None = self._stamps[POSITION]
        return None if stamp is None else stamp.source

    def newest_stamp(self) -> Stamp:
        """Return the stamp of what was received last."""
        self._settle()
        return max((stamp for stamp in self._stamps if stamp is not None), key=_received_at)

    def heard_at(self) -> float:
        """Return the newest effective time of anything said, Unix seconds."""
        return max(*self._effs, self._at if self._words is not None else NEVER)

    def receipt(self, mask: int) -> float:
        """Return the oldest receipt among the groups of these category bits, Unix seconds; inf for none."""
        self._settle()
        stamps = [stamp for stamp, bit in zip(self._stamps, GROUP_BIT, strict=True) if bit & mask and stamp is not None]
        return min((stamp.received_at for stamp in stamps), default=float("inf"))


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

AlertKey = tuple[int, frozenset[str], str]
"""Category bit, labels as policy knows them, event id (or type)."""


class FieldTrack:
    """An incident, a camera, a zone or a log entry: each field is what the newest report that said it said."""

    __slots__ = ("agency", "alerts", "bare", "cells", "first", "history", "id", "known", "last", "moved", "queued",
                 "received", "reworded", "slot")  # fmt: skip

    def __init__(self, agency: AgencyId, entity_id: str, slot: int) -> None:
        self.agency = agency
        self.id = entity_id
        self.slot = slot
        self.cells: dict[str, tuple[Any, Said, int]] = {}
        """field -> (value, the report that said it, category bits a viewer needs for it)."""
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
            plain = needs & (needs - 1) == 0
            heard |= needs if plain else also
            cell = self.cells.get(field)
            if cell is not None:
                was_plain = cell[2] & (cell[2] - 1) == 0
                if (plain, eff) < (was_plain, cell[1].effective_at):
                    continue
            self.cells[field] = (value, said, needs)
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
        cell = self.cells.get(field)
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


def unit_states(track: UnitTrack) -> tuple[str, ...]:
    """Return a unit's statuses as `cadence_by_state` names them."""
    report = track.words(STATUS)
    if report is None:
        return ()
    return (*(report.secondary_status or ()), *((report.primary_status,) if report.primary_status else ()))


def camera_states(track: FieldTrack) -> tuple[str, ...]:
    """Return a camera's state as `cadence_by_state` names it."""
    state = track.value("camera_state")
    return (state,) if state else ()
