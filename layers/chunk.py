"""Minute chunks: what one agency said in a minute as a span of the wire, derived from its reports.

A chunk is how the agency itself sees its things: how they stood when the minute began, everybody who is still kept, and
what came in the minute. So it may be handed only to whom `layers.entitlement.entitled` names; others get what is made
from reports. A minute is of journal ids: a report is in the minute whose end its batch was journaled before.

Pure: time is an argument. `minutes` moves the picture on; it belongs to the caller alone.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.sheets import Sheet
from layers import kinds
from layers.delta import delta, keyframe
from layers.frame import DTYPES, FrameHeader, LayerChange, encode_span
from layers.picture import LAYERS, UNITS, Picture
from layers.planes import pack_delta, pack_plain, starts
from layers.policy import Rules, ViewerClass
from layers.roster import CADENCE_S, Roster
from layers.stretch import SourceTold, Stretch
from layers.unit_heard import Heard, heard
from layers.unit_rows import DRAWN, Rows, Stand, rows, stand
from layers.unit_words import Said, Words
from layers.view import View

MINUTE_S = 60.0
TICK_MS = 250
"""Changes of the layers that change seldom are told together when they were journaled within this long, ms."""

_PLAIN = ("delay",)
_OTHERS = tuple(name for name in LAYERS if name != UNITS)
_encode_json = msgspec.json.Encoder().encode


class Chunk(NamedTuple):
    """A minute from `at`, Unix seconds."""

    at: float
    data: bytes


def minutes(picture: Picture, agency: AgencyId, coming: Iterable[Sheet], t0: float, count: int = 10) -> Iterator[Chunk]:
    """Yield a chunk for each of `count` minutes from `t0` on (Unix seconds).

    `picture` stands at `t0`; `coming` are the agency's batches with ids from `t0` on, each sheet's of one of these
    minutes, oldest first, taken as they are needed: a minute is kept in memory. With each chunk the picture stands at
    the end of its minute. Raises ValueError for a batch out of its place.
    """
    others = _Others(picture, agency, t0)
    parts = groupby(coming, key=lambda sheet: int((sheet.entries[0].id.ms - t0 * 1000.0) // (MINUTE_S * 1000.0)))
    upcoming = next(parts, None)
    for i in range(count):
        mine: Iterable[Sheet] = ()
        now = upcoming is not None and upcoming[0] == i
        if upcoming is not None and now:
            mine = upcoming[1]
        at = t0 + MINUTE_S * i
        yield Chunk(at, _minute(picture, agency, mine, at, others))
        if now:
            upcoming = next(parts, None)
        if upcoming is not None and upcoming[0] <= i:
            raise ValueError(f"a batch of minute {upcoming[0]} from {t0} on came after those of minute {i}")
    if upcoming is not None:
        raise ValueError(f"a batch of minute {upcoming[0]} is not among the {count} minutes from {t0} on")


def _minute(picture: Picture, agency: AgencyId, coming: Iterable[Sheet], at: float, others: "_Others") -> bytes:
    picture.expire(at)
    frames = [(0, 0, others.begin(at))]
    came, left = heard(_in_order(coming, agency, picture.last.get(agency, BEGINNING)))
    units, matter = _units(picture, agency, came, at)
    for batches in _ticks(left, came, matter):
        for entry in batches:
            picture.apply(entry)
        told = others.tell(batches, at)
        if told is not None:
            frames.append(told)
    return encode_span(FrameHeader(rev=0, at=at, until=at + MINUTE_S), (units,), tuple(frames))


def _in_order(coming: Iterable[Sheet], agency: AgencyId, last: BatchId) -> Iterator[Sheet]:
    for sheet in coming:
        first = sheet.entries[0]
        if first.agency != agency or first.id <= last:
            raise ValueError(f"batch {first.id} of {first.agency} does not follow {last} of {agency}")
        last = sheet.entries[-1].id
        yield sheet


def _units(picture: Picture, agency: AgencyId, came: Heard, at: float) -> tuple[LayerChange, np.ndarray]:
    """Return the units' part of a chunk, and the numbers of the reports that matter after it."""
    roster = picture.roster
    words = Words(roster.family(agency))
    known = picture.shelves[UNITS].by_id.get(agency, {})
    tracks = [known[unit_id] for unit_id in sorted(known)]
    sources: dict[str, int] = {}
    stood = stand(tracks, set(came.units().met()).difference(known), at, words, sources)
    moved, said, matter = rows(came, stood, at, words, sources)
    told = tuple(source_told(roster, name) for name in sources)
    return units_change(agency, roster.family(agency), told, stood, moved, said, words), matter


def _ticks(left: list[Delivery], came: Heard, matter: np.ndarray) -> list[list[Delivery]]:
    """Return what the picture is yet to hear, by the tick: the batches `left` without their units, and with the last
    batch the units' reports that `matter`.

    A track is the newest of what it heard, so to hear only that is to hear all: sixty times less of a city at 1 Hz.
    """
    last = came.last
    if last is None:
        return []
    parcels = came.parcels(matter)
    if left and left[-1].id == last.id:
        parcels += left.pop().batch.parcels
    left = [*left, last._replace(batch=replace(last.batch, parcels=parcels))]
    return [list(tick) for _, tick in groupby(left, key=lambda entry: entry.id.ms // TICK_MS)]


def source_told(roster: Roster, source: str) -> SourceTold:
    """Return a source as the site declares it now."""
    settings = roster.sources.get(source)
    return (
        SourceTold(source, CADENCE_S)
        if settings is None
        else SourceTold(source, settings.cadence_s, dict(settings.cadence_by_state))
    )


def units_change(
    agency: str, family: str, sources: tuple[SourceTold, ...], stood: Stand, came: Rows, said: Said, words: Words
) -> LayerChange:
    """Return layer `units` of a span: how n units stood, and the tables `rows`, `said` and `words`."""
    key = {name: stood.columns[name].astype(DTYPES[dtype]) for name, dtype in DRAWN}
    # Where nothing stood the first row is what later ones are told from: differences to unknown would need every plane.
    later = (stood.here == 0) & (came.counts > 0)
    first = starts(came.counts)[later]
    for name, _ in DRAWN:
        key[name][later] = came.columns[name][first]
    columns: list[tuple[str, str, np.ndarray]] = [("row", "u4", np.arange(len(stood.ids)))]
    columns += [(name, dtype, key[name]) for name, dtype in DRAWN]
    columns += [("here", "u1", stood.here), ("count", "u4", came.counts), ("older", "u4", came.older)]
    packed = tuple(
        pack_plain(name, dtype, came.columns[name])
        if name in _PLAIN
        else pack_delta(name, dtype, came.columns[name], key[name], came.counts)
        for name, dtype in DRAWN
    )
    tables = {
        "rows": (int(came.counts.sum()), packed),
        "said": (len(said.row), tuple(pack_plain(*column) for column in _said_columns(said))),
        "words": (
            len(words.fields),
            (pack_plain("group", "u1", np.array(words.groups)), pack_plain("code", "u1", np.array(words.codes))),
        ),
    }
    stretch = Stretch(
        agency, family, {}, sources, msgspec.Raw(_encode_json(stood.ids)), msgspec.Raw(_encode_json(words.fields))
    )
    return LayerChange(UNITS, tuple(columns), stretch=stretch, packed=tables)


def _said_columns(said: Said) -> tuple[tuple[str, str, np.ndarray], ...]:
    return (
        ("row", "u4", said.row),
        ("effective", "i4", said.effective),
        ("received", "i4", said.received),
        ("word", "u4", said.word),
    )


class _Others:
    """The layers that change seldom, as the agency sees them: a view that is moved on by the tick."""

    def __init__(self, picture: Picture, agency: AgencyId, t: float) -> None:
        self._picture = picture
        picture.flush()
        layers = [kinds.load(name) for name in _OTHERS]
        self._view = View(picture, Rules(()), ViewerClass(agency), layers, t)

    def begin(self, at: float) -> bytes:
        """Return the keyframe at `at`, the beginning of a minute; its events were told in the minutes before."""
        touched, happened = self._picture.flush()
        self._view.step(touched, happened, at)
        return keyframe(self._view, seen_event=self._view.events.number, deflate_from=0)

    def tell(self, batches: Iterable[Delivery], at: float) -> tuple[int, int, bytes] | None:
        """Return what the batches changed, `(received, observed, frame)`; None when they said only what units did."""
        said = [
            (parcel.received_at, min(report.observed_at, parcel.received_at))
            for entry in batches
            for parcel in entry.batch.parcels
            for report in parcel.of_others
        ]
        if not said:
            return None
        received, observed = (max(times) for times in zip(*said, strict=True))
        touched = {name: self._picture.shelves[name].flush() for name in _OTHERS}
        happened, self._picture.fresh_events = self._picture.fresh_events, []
        base, event = self._view.rev, self._view.events.number
        # What was received just before the minute and journaled in it is known when the minute begins.
        received = max(received, self._view.at)
        if not self._view.step(touched, happened, received):
            return None
        plain = delta(self._view, base, deflate_from=0)  # the span is deflated whole
        frame = plain or keyframe(self._view, seen_event=event, deflate_from=0)
        return _ms(received, at), _ms(observed, at), frame


def _ms(t: float, at: float) -> int:
    return int(np.ceil((t - at) * 1000.0 - 0.0005))
