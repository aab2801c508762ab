"""The record told again to a viewer class: what of each report it may know, judged when the report was received.

The picture and the door are those of the live stream. Pure: time is that of the batches.

Rules
- Batches of one agency come in the journal's order, to a picture of what spoke for its things before, or their labels
  would not be known.
- A report counts by its own labels, by those that its thing has once the batch is taken in, and by those it has today,
  as in a review.
- What a report names is named when the class sees it in this agency's record; of other agencies' nothing is known here.
"""

from collections.abc import Collection, Iterator

from feeds.bus import Delivery
from feeds.report import UnitReport
from layers.exports.rows import Occurrence, TrackPoint
from layers.happenings import event_record
from layers.labels_now import LabelsNow, labelled
from layers.picture import UNITS, Happening, Origin, Picture
from layers.policy import BASE, Door, Rules, ViewerClass
from layers.track import Said, Stamp

_FLUSH_S = 10.0
"""Between two looks at what is to be forgotten, seconds of the record."""


class Retelling:
    """One agency's record for one viewer class, batch after batch."""

    def __init__(self, picture: Picture, rules: Rules, viewer: ViewerClass, today: LabelsNow) -> None:
        """`picture`: as it stood before, from now on this one's alone; `today`: the labels of today."""
        self._picture = picture
        self._picture.flush()
        self._today = today
        self._viewer = viewer
        self._rules = rules
        # What names nothing says whether a thing is there: it never asks in turn.
        self._there = Door(self._picture, rules, viewer)
        self._door = Door(self._picture, rules, viewer, self._sees)
        self._at = 0.0
        self._flushed_at = 0.0

    def take(self, delivery: Delivery) -> list[Occurrence]:
        """Take in a batch; return what happened in it that may be seen."""
        self._at = delivery.id.ms / 1000.0
        self._picture.apply(delivery)
        happened, self._picture.fresh_events = self._picture.fresh_events, []
        happened = labelled(self._picture, happened, self._today)
        found = [seen for happening in happened if (seen := self._occurrence(happening)) is not None]
        if self._at >= self._flushed_at + _FLUSH_S:
            self._flushed_at = self._at
            self._picture.gather()
            self._picture.expire(self._at)
            self._picture.flush()
        return found

    def positions(self, delivery: Delivery, units: Collection[str] | None = None) -> Iterator[TrackPoint]:
        """Yield the positions in the batch that was just taken in that may be seen; `units`: of these only."""
        shelf = self._picture.shelves[UNITS]
        for parcel in delivery.batch.parcels:
            stamp = Stamp(parcel.source, parcel.received_at)
            for report in parcel.reports:
                if type(report) is not UnitReport or report.lat is None or report.lon is None:
                    continue
                if units is not None and report.unit_id not in units:
                    continue
                track = shelf.find(delivery.agency, report.unit_id)
                effective_at = min(report.observed_at, parcel.received_at)
                today = self._today.get((UNITS, delivery.agency, report.unit_id), frozenset())
                line = None if track is None else self._door.report(track, Said(effective_at, report, stamp), today)
                if line is None or "lat" not in line.fields or "lon" not in line.fields:
                    continue
                said = {name: line.fields[name] for name in _FIELDS if name in line.fields}
                yield TrackPoint(
                    agency=delivery.agency,
                    unit_id=report.unit_id,
                    observed_at=report.observed_at,
                    received_at=parcel.received_at,
                    source=parcel.source,
                    status=report.status,
                    **{"call_sign": None, **said},
                )

    def _sees(self, layer: str, entity_id: str) -> bool:
        seen = self._there.find(layer, entity_id)
        if seen is None or seen.leave_at <= self._at:
            return False
        today = self._today.get((layer, seen.agency, entity_id))
        if not today:
            return True
        shelf = self._picture.shelves[layer]
        track = shelf.find(seen.agency, entity_id)
        assert track is not None
        then = self._picture.origins[int(shelf.origin[track.slot])].labels
        return bool(self._rules.granted(self._viewer, Origin(seen.agency, then | today)) & BASE[layer])

    def _occurrence(self, happening: Happening) -> Occurrence | None:
        seen = self._door.event(happening)
        if seen is None:
            return None
        try:
            record = event_record(seen)
        except Exception as error:
            self._rules.alarm("events", error)
            return None
        report, known = happening.said.report, bool(seen.id)
        # What a report carries besides its subject is of the base category, as the id is.
        return Occurrence(
            agency=seen.agency,
            kind=record["kind"],
            id=seen.id,
            observed_at=report.observed_at if known else seen.at,
            received_at=seen.received_at,
            event=seen.event,
            text=record["text"],
            source=happening.said.stamp.source if known else None,
            status=report.status if known else "",
            **{name: record.get(name) for name in _OF_RECORD},
        )


_FIELDS = tuple(
    name
    for name in TrackPoint._fields
    if name
    not in ("agency", "unit_id", "observed_at", "received_at", "source", "status", "aligned_at", "aligned_err_s")
)
_OF_RECORD = ("lon", "lat", "priority", "incident_id", "verification", "author_position")
