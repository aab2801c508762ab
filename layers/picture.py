"""THE PICTURE: what is known, whoever may know it. Knows no viewer, no policy, no clock, no socket.

Rules
- Key of everything = (agency, id): nobody overwrites another's.
- A batch at or before the agency's last applied id is dropped: applying twice changes nothing.
- What stands is the fold of all reports by (effective time, journal order): see layers/track.py.
- Live and replay feed the same `apply`; time is only ever an argument (`expire`).
- The picture never imports policy. What is shown of it goes through `layers.policy` alone.

    apply(batch) -> tracks -> flush() -> Touched per layer -> layers.view.View (per viewer class)
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.envelope import Parcel
from feeds.names import AgencyId
from feeds.report import CameraReport, Category, IncidentReport, LogReport, UnitReport, ZoneReport
from feeds.unit_columns import UnitColumns
from layers.fixes import Fixes
from layers.log_life import Corrections, entry_forgotten_at, hear_entry
from layers.roster import Roster
from layers.swarm import Swarm
from layers.track import (
    ALERTS,
    BIT,
    EVERYTHING,
    FORGET_S,
    GROUP_BIT,
    NEVER,
    POSITION,
    FieldTrack,
    Said,
    Stamp,
    camera_states,
    camera_values,
    incident_values,
    known_labels,
    lost_after,
    occurrence_bit,
)
from layers.unit_track import UnitTrack, unit_states
from layers.zone_life import BASE_BIT as _ZONE_BASE
from layers.zone_life import POSITIONS_MAX, Weights, zone_forgotten_at, zone_values, zone_weight

log = logging.getLogger(__name__)

UNITS, INCIDENTS, CAMERAS, ZONES, LOG = "units", "incidents", "cameras", "zones", "log"
LAYERS = (UNITS, INCIDENTS, CAMERAS, ZONES, LOG)

EVENTS_MAX = 1000
"""Events kept per origin and category; beyond it the oldest go. Per origin, so that a flood of one hides no other's."""
OPEN_FORGET_S = 7 * 24 * 3600.0
"""An incident that nobody closed is forgotten when nothing was said of it for this long, seconds."""
KEPT_MAX = {ZONES: 2000, LOG: 2000}
"""Things kept per origin where each may be large; beyond it those heard of longest ago go. Per origin, as above."""
_FORGET_EVERY_S = 10.0
_CLOSED = frozenset({"Closed", "Cancelled"})
_SUMMARY = BIT[Category.INCIDENT_SUMMARY]
_CAMERA_BASE = BIT[Category.CAMERA_LOCATION]


class Origin(NamedTuple):
    """Whose a thing is and how it is labelled: all that policy needs to know of it besides categories."""

    agency: AgencyId
    labels: frozenset[str]


class Happening(NamedTuple):
    """Something that happened, as the picture remembers it: a camera event, an incident's change, a log entry."""

    serial: int
    """Order of arrival; never leaves the server."""
    layer: str
    id: str
    """Of the camera, incident or entry."""
    origin: int
    category: Category
    said: Said
    fields: dict[str, Any]
    """What the incident was at that moment (type, priority, status, place); a camera's name and place."""


class Touched(NamedTuple):
    """What changed in one layer since the last flush; n things each, in the order they were first touched."""

    slots: np.ndarray
    moved: np.ndarray
    """u4 category bits whose columns or times changed."""
    reworded: np.ndarray
    """u4 category bits whose slow fields changed."""
    forgotten: tuple[int, ...]
    """Slots that hold nothing any more; given out again only after the next flush."""


NOTHING = Touched(np.zeros(0, np.intp), np.zeros(0, np.uint32), np.zeros(0, np.uint32), ())


class Shelf:
    """One layer's things by slot. `origin` is n codes into `Picture.origins`."""

    def __init__(self) -> None:
        self.by_id: dict[AgencyId, dict[str, Any]] = {}
        self.slots: dict[AgencyId, dict[str, int]] = {}
        """To find a unit by its slot takes no look at it."""
        self.tracks: list[Any] = []
        self.origin = np.zeros(64, np.int32)
        self.dirty: list[Any] = []
        """What changed, in order: a track, or the slots of units that moved, as an array."""
        self.again: list[Any] = []
        """To be looked at again for what was said of another thing: last, or the order would tell of it."""
        self._free: list[int] = []
        self._forgotten: list[int] = []
        self._drained: list[Touched] = []

    def slot(self) -> int:
        """Return a slot for a new thing."""
        if self._free:
            return self._free.pop()
        self.tracks.append(None)
        if len(self.tracks) > len(self.origin):
            self.origin = np.concatenate([self.origin, np.zeros_like(self.origin)])
        return len(self.tracks) - 1

    def put(self, track: Any, origin: int) -> None:
        """Put a thing at its slot."""
        self.by_id.setdefault(track.agency, {})[track.id] = track
        self.slots.setdefault(track.agency, {})[track.id] = track.slot
        self.tracks[track.slot] = track
        self.origin[track.slot] = origin

    def find(self, agency: str, entity_id: str) -> Any | None:
        """Return the track of a thing, or None."""
        return self.by_id.get(AgencyId(agency), {}).get(entity_id)

    def forget(self, track: Any) -> None:
        """Drop a thing."""
        del self.by_id[track.agency][track.id]
        del self.slots[track.agency][track.id]
        self.tracks[track.slot] = None
        self._forgotten.append(track.slot)

    def live(self) -> Iterator[Any]:
        """Yield every track."""
        return (track for tracks in self.by_id.values() for track in tracks.values())

    def flush(self) -> Touched:
        """Return what changed since the last flush, and begin anew."""
        for track in self.again:
            if not track.queued and self.tracks[track.slot] is track:
                track.queued = True
                track.reworded |= EVERYTHING
                self.dirty.append(track)
        self.again = []
        last = self.drain()
        if last is NOTHING and not self._drained and not self._forgotten:
            return NOTHING
        parts = [part for part in (*self._drained, last) if len(part.slots)]
        touched = _together(parts)
        forgotten = tuple(self._forgotten)
        if forgotten and len(touched.slots):  # after it was drained
            kept = ~np.isin(touched.slots, forgotten)
            touched = Touched(touched.slots[kept], touched.moved[kept], touched.reworded[kept], ())
        self._drained = []
        self._free.extend(forgotten)
        self._forgotten = []
        return touched._replace(forgotten=forgotten)

    def drain(self, *, keep: bool = False) -> Touched:
        """Return what changed since the last drain or flush; `keep`: the next flush shall return it once more."""
        if not self.dirty:
            return NOTHING
        parts: list[Touched] = []
        flat: list[int] = []
        kept = self.tracks
        for track in self.dirty:
            if type(track) is np.ndarray:
                parts += (*_touched(flat), _moved(track))
                flat = []
                continue
            slot = track.slot
            if kept[slot] is track:
                flat += (slot, track.moved, track.reworded)
            track.moved = track.reworded = 0
            track.queued = False
        self.dirty = []
        parts += _touched(flat)
        touched = _together(parts)
        if keep:
            self._drained.append(touched)
        return touched

    def __len__(self) -> int:
        """Return the number of things."""
        return sum(len(tracks) for tracks in self.by_id.values())


def _touched(flat: list[int]) -> list[Touched]:
    """Return what was gathered of tracks: slot, moved, reworded, and so on."""
    if not flat:
        return []
    slots, moved, reworded = np.array(flat, np.int64).reshape(-1, 3).T
    return [Touched(slots.astype(np.intp), moved.astype(np.uint32), reworded.astype(np.uint32), ())]


def _moved(slots: np.ndarray) -> Touched:
    """Return units that said nothing new but where they are."""
    return Touched(slots, np.full(len(slots), GROUP_BIT[POSITION], np.uint32), np.zeros(len(slots), np.uint32), ())


def _together(parts: list[Touched]) -> Touched:
    """Return several as one: each thing once, in the order they were first touched."""
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    slots = np.concatenate([part.slots for part in parts])
    moved = np.concatenate([part.moved for part in parts])
    reworded = np.concatenate([part.reworded for part in parts])
    each, first, which = np.unique(slots, return_index=True, return_inverse=True)
    if len(each) == len(slots):
        return Touched(slots, moved, reworded, ())
    bits = np.zeros((2, len(each)), np.uint32)
    np.bitwise_or.at(bits[0], which, moved)
    np.bitwise_or.at(bits[1], which, reworded)
    order = np.argsort(first)
    return Touched(each[order], bits[0][order], bits[1][order], ())


class Picture:
    """The state of everything. `last` holds the last applied journal id of each agency."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.last: dict[AgencyId, BatchId] = {}
        self.shelves: dict[str, Shelf] = {name: Shelf() for name in LAYERS}
        self.fixes = Fixes()
        """The units' positions as they were said, by slot."""
        self.swarm = Swarm(roster, self.fixes)
        """The units' columns, by slot."""
        self.origins: list[Origin] = []
        self.events: dict[tuple[int, Category], deque[Happening]] = {}
        self.fresh_events: list[Happening] = []
        """Since the last flush, in order of arrival."""
        self.serial = 0
        self.corrections = Corrections()
        """Of log entries."""
        self._origin_codes: dict[Origin, int] = {}
        self._weights = Weights()
        self._forgot_at = NEVER
        self._fold: dict[type, Callable[[AgencyId, Any, Said], None]] = {
            IncidentReport: self._incident,
            CameraReport: self._camera,
            ZoneReport: self._zone,
            LogReport: self._entry,
        }

    def apply(self, delivery: Delivery) -> int:
        """Take in one batch; return the number of reports applied, 0 when it was applied before."""
        agency, batch_id, batch = delivery
        if batch_id <= self.last.get(agency, BEGINNING):
            return 0
        units = self.shelves[UNITS]
        tracks = units.by_id.get(agency)
        if tracks is None:
            tracks = units.by_id[agency] = {}
        dirty = units.dirty
        count = 0
        for parcel in batch.parcels:
            received_at = parcel.received_at
            stamp = Stamp(parcel.source, received_at)
            count += parcel.count
            for report in self._moved_on(agency, parcel) if isinstance(parcel.body, UnitColumns) else parcel.body:
                observed_at = report.observed_at
                eff = observed_at if observed_at < received_at else received_at
                if type(report) is UnitReport:
                    track = tracks.get(report.unit_id)
                    if track is None:
                        track = self._new_unit(agency, report.unit_id)
                    if not track.queued:
                        track.queued = True
                        dirty.append(track)
                    if not track.repeats(report, eff, stamp) and track.hear(report, eff, stamp):
                        self._relabel(units, track)
                else:
                    self._fold[type(report)](agency, report, Said(eff, report, stamp))
            self.fixes.settle_when_full()
        # Only now: were the batch to fail half-way, applying it again would mend it.
        self.last[agency] = batch_id
        return count

    def _moved_on(self, agency: AgencyId, parcel: Parcel) -> Iterator[UnitReport]:
        """Move on the units of columns that say their words again; yield the reports of the others, to be heard.

        What changed is put down in the order of the reports, as if each had been heard.
        """
        columns = parcel.body
        assert isinstance(columns, UnitColumns)
        units = self.shelves[UNITS]
        find = units.slots.setdefault(agency, {}).get
        slots = np.fromiter(map(find, columns.ids, repeat(-1)), np.intp, len(columns.ids))
        again = self.fixes.all_again(slots, columns, parcel.source, parcel.received_at)
        if again.all():
            units.dirty.append(slots)
            return
        others = np.flatnonzero(~again)
        done = 0
        for place, report in zip(others.tolist(), columns.reports(others.tolist()), strict=True):
            if place > done:
                units.dirty.append(slots[done:place])
            done = place + 1
            yield report
        if done < len(slots):
            units.dirty.append(slots[done:])

    def _new_unit(self, agency: AgencyId, unit_id: str) -> UnitTrack:
        shelf = self.shelves[UNITS]
        track = UnitTrack(agency, unit_id, shelf.slot(), self.fixes)
        shelf.put(track, self.origin(agency, frozenset()))
        return track

    def _track(self, layer: str, agency: AgencyId, entity_id: str) -> FieldTrack:
        shelf = self.shelves[layer]
        track: FieldTrack | None = shelf.find(agency, entity_id)
        if track is None:
            track = FieldTrack(agency, entity_id, shelf.slot())
            shelf.put(track, self.origin(agency, frozenset()))
        return track

    def origin(self, agency: AgencyId, labels: frozenset[str]) -> int:
        """Return the code of an origin, a new one when it was not met before."""
        origin = Origin(agency, labels)
        code = self._origin_codes.get(origin)
        if code is None:
            code = self._origin_codes[origin] = len(self.origins)
            self.origins.append(origin)
        return code

    def _relabel(self, shelf: Shelf, track: Any) -> None:
        code = self.origin(track.agency, track.labels())
        if code != shelf.origin[track.slot]:
            shelf.origin[track.slot] = code
            # Every class is to look at it again; nothing of it was received for that.
            self._queue(shelf, track)
            track.reworded |= EVERYTHING

    def _queue(self, shelf: Shelf, track: Any) -> None:
        if not track.queued:
            track.queued = True
            shelf.dirty.append(track)

    def _touch(self, shelf: Shelf, track: Any, bits: int) -> None:
        self._queue(shelf, track)
        track.moved |= bits
        track.reworded |= bits

    def _incident(self, agency: AgencyId, report: IncidentReport, said: Said) -> None:
        shelf = self.shelves[INCIDENTS]
        track = self._track(INCIDENTS, agency, report.incident_id)
        known = track.known
        before = track.value("status_common") or ()
        self.serial += 1
        changed = track.hear(said, incident_values(report), _SUMMARY)
        track.remember(said, self.serial)
        self._queue(shelf, track)
        self._relabel(shelf, track)
        if changed & _SUMMARY or not known:
            status = track.value("status_common") or ()
            new = [s for s in status if s not in before]
            place = track.value("place")
            fields = {
                "type_common": track.value("type_common"),
                "priority_common": track.value("priority_common"),
                "status_common": tuple(new or status),
                "place": place,
                "first": not known,
            }
            self._happened(INCIDENTS, track, Category.INCIDENT_SUMMARY, said, fields)

    def _camera(self, agency: AgencyId, report: CameraReport, said: Said) -> None:
        shelf = self.shelves[CAMERAS]
        track = self._track(CAMERAS, agency, report.camera_id)
        also = occurrence_bit(report)
        # A labelled occurrence is told as an event to those who may know; on the camera itself it leaves no trace,
        # or its hour would show to the others in the camera's age.
        if not (also and report.labels):
            track.hear(said, camera_values(report), _CAMERA_BASE, also)
            self._queue(shelf, track)
        if report.event_type in ALERTS:
            track.alert(said)
            self._touch(shelf, track, also)
        self._relabel(shelf, track)
        if also:
            self.serial += 1
            category = next(c for c, bit in BIT.items() if bit == also)
            # What the camera said of itself before, for events that do not say it again.
            known = {
                name: cell[0]
                for name in ("name", "place")
                if (cell := track.cells.get(name)) and cell[2] == _CAMERA_BASE
            }
            self._happened(CAMERAS, track, category, said, known)

    def _zone(self, agency: AgencyId, report: ZoneReport, said: Said) -> None:
        shelf = self.shelves[ZONES]
        track = self._track(ZONES, agency, report.zone_id)
        track.hear(said, zone_values(report), _ZONE_BASE)
        self._queue(shelf, track)
        self._relabel(shelf, track)
        self._weigh(shelf, track)

    def _weigh(self, shelf: Shelf, track: FieldTrack) -> None:
        """Bound at once what the zones of an origin weigh: in ten seconds much may come of it."""
        origin = int(shelf.origin[track.slot])
        self._weights.set(track.slot, origin, zone_weight(track))
        left = self._weights.total[origin]
        if left <= POSITIONS_MAX:
            return
        for old in sorted((t for t in shelf.live() if shelf.origin[t.slot] == origin), key=_longest_ago):
            if left <= POSITIONS_MAX * 0.9:  # not one by one, or each that comes would cost a look at all
                break
            left -= self._weights.drop(old.slot)
            self._forget(ZONES, shelf, old)

    def _entry(self, agency: AgencyId, report: LogReport, said: Said) -> None:
        shelf = self.shelves[LOG]
        track = self._track(LOG, agency, report.entry_id)
        known, origin = track.known, shelf.origin[track.slot]
        self._look_again_at_corrected(track)
        if hear_entry(track, said):
            self.corrections.set(track)
        self._queue(shelf, track)
        self._relabel(shelf, track)
        self._look_again_at_corrected(track)
        if not known or origin != shelf.origin[track.slot]:
            self._look_again_at_correcting(track)
        if not known:
            self.serial += 1
            self._happened(LOG, track, Category.LOG_ENTRY, said, {})

    def _look_again_at_corrected(self, track: FieldTrack) -> None:
        corrected = self._corrected(track)
        if corrected is not None:
            self.shelves[LOG].again.append(corrected)

    def _look_again_at_correcting(self, track: FieldTrack) -> None:
        """Look again at what names this entry: whether it may has changed."""
        shelf = self.shelves[LOG]
        found = (shelf.find(track.agency, name) for name in self.corrections.correcting(track.agency, track.id))
        shelf.again += [other for other in found if other is not None]

    def _corrected(self, track: FieldTrack) -> FieldTrack | None:
        name = self.corrections.corrected(track)
        return None if name is None else self.shelves[LOG].find(track.agency, name)

    def _happened(self, layer: str, track: FieldTrack, category: Category, said: Said, fields: dict[str, Any]) -> None:
        labels = track.labels() | known_labels(said.report.labels)
        origin = self.origin(track.agency, labels)
        event = Happening(self.serial, layer, track.id, origin, category, said, fields)
        self.remember(event)
        self.fresh_events.append(event)

    def remember(self, event: Happening) -> None:
        """Keep an event among those of its origin and category."""
        kept = self.events.get((event.origin, event.category))
        if kept is None:
            kept = self.events[(event.origin, event.category)] = deque(maxlen=EVENTS_MAX)
        kept.append(event)

    def adopt(self, layer: str, track: Any) -> None:
        """Put a restored track on its shelf."""
        shelf = self.shelves[layer]
        shelf.put(track, self.origin(track.agency, track.labels()))
        if layer == LOG:
            self.corrections.set(track)
        self._touch(shelf, track, EVERYTHING)
        if layer == ZONES:
            self._weigh(shelf, track)

    def gather(self) -> None:
        """Bring the columns up for what changed until now, so that the next flush has less left to do."""
        self._draw(self.shelves[UNITS].drain(keep=True))

    def flush(self) -> tuple[dict[str, Touched], list[Happening]]:
        """Return what changed since the last flush, layer by layer, and the events since; brings the columns up."""
        self.gather()
        touched = {name: shelf.flush() for name, shelf in self.shelves.items()}
        events, self.fresh_events = self.fresh_events, []
        return touched, events

    def _draw(self, changed: Touched) -> None:
        units = self.shelves[UNITS]
        try:
            self.swarm.take(units.tracks, changed.slots, changed.moved, changed.reworded)
        except Exception:
            self._take_each(units, changed)

    def _take_each(self, units: Shelf, changed: Touched) -> None:
        """Bring the columns up one unit at a time: one that cannot be drawn is forgotten, and costs no other."""
        for i, slot in enumerate(changed.slots.tolist()):
            one = slice(i, i + 1)
            try:
                self.swarm.take(units.tracks, changed.slots[one], changed.moved[one], changed.reworded[one])
            except Exception as error:
                track = units.tracks[slot]
                log.error("picture.unit_forgotten agency=%s error=%s", track.agency, type(error).__name__)
                self.swarm.blank(slot)
                self._forget(UNITS, units, track)

    def expire(self, t: float) -> None:
        """Forget what nobody will ask for any more at `t`; what is left ages by itself (deadlines in the views)."""
        if abs(t - self._forgot_at) < _FORGET_EVERY_S:  # abs: a clock may be set back
            return
        self._forgot_at = t
        for name, shelf in self.shelves.items():
            for track in [track for track in self._old(name, shelf, t) if t > self.forget_at(name, track)]:
                self._forget(name, shelf, track)
        for name, most in KEPT_MAX.items():
            shelf = self.shelves[name]
            for track in _beyond(most, shelf):
                self._forget(name, shelf, track)

    def _forget(self, layer: str, shelf: Shelf, track: Any) -> None:
        if layer == LOG:
            self._look_again_at_corrected(track)
            self.corrections.drop(track)
            self._look_again_at_correcting(track)
        if layer == ZONES:
            self._weights.drop(track.slot)
        if layer == UNITS:
            self.fixes.blank(track.slot)
        shelf.forget(track)

    def _old(self, layer: str, shelf: Shelf, t: float) -> Iterator[Any]:
        """Yield the tracks that may have to be forgotten: ten thousand units are not asked one by one."""
        if layer != UNITS:
            return shelf.live()
        # `heard` is when a unit's position was: nothing is forgotten sooner than `FORGET_S` after that.
        old = np.flatnonzero(self.swarm.columns["heard"][: len(shelf.tracks)] + FORGET_S < t)
        return (track for slot in old.tolist() if (track := shelf.tracks[slot]) is not None)

    def forget_at(self, layer: str, track: Any) -> float:
        """Return when a thing is forgotten, Unix seconds."""
        heard_at: float = track.heard_at()
        if layer == INCIDENTS:
            closed = closed_at(track)
            return heard_at + OPEN_FORGET_S if closed is None else max(closed, heard_at) + FORGET_S
        if layer == ZONES:
            return zone_forgotten_at(track)
        if layer == LOG:
            return entry_forgotten_at(track)
        if layer == UNITS:
            source = track.newest_stamp().source
            cadence = self.roster.cadence(source, unit_states(track))
        else:
            heard = track.last.values() or track.alerts.values()
            if not heard:
                return NEVER  # only labelled occurrences: they live as events
            source = max(heard, key=lambda s: s.effective_at).stamp.source
            cadence = self.roster.cadence(source, camera_states(track.value("camera_state")))
        return heard_at + float(lost_after(cadence)) + FORGET_S

    def counts(self) -> dict[str, int]:
        """Return how many things are known per layer. For tests and the site's own log: no viewer's business."""
        return {name: len(shelf) for name, shelf in self.shelves.items()}


def _beyond(most: int, shelf: Shelf) -> list[Any]:
    """Return the tracks of each origin that go because it has more than `most`: those heard of longest ago."""
    if len(shelf) <= most:
        return []
    by_origin: dict[int, list[Any]] = {}
    for track in shelf.live():
        by_origin.setdefault(int(shelf.origin[track.slot]), []).append(track)
    gone = []
    for tracks in by_origin.values():
        tracks.sort(key=_longest_ago)
        gone += tracks[: max(0, len(tracks) - most)]
    return gone


def _longest_ago(track: Any) -> tuple[float, str]:
    return track.heard_at(), track.id


def is_closed(status: tuple[str, ...]) -> bool:
    """Say whether an incident with these statuses is over."""
    return bool(_CLOSED.intersection(status)) and "ReOpened" not in status


def closed_at(track: FieldTrack) -> float | None:
    """Return when an incident was closed or cancelled, Unix seconds; None while it is open.

    Saying again that it is closed does not close it again: the first of the unbroken run counts.
    """
    if not is_closed(track.value("status_common") or ()):
        return None
    since = track.cells["status_common"][1].effective_at
    for effective_at, _, said in reversed(track.history):
        assert isinstance(said.report, IncidentReport)
        if said.report.status_common is not None:
            if not is_closed(said.report.status_common):
                break
            since = effective_at
    return since
