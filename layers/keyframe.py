"""The picture as bytes and back: what a restarted hub begins with; the journal's tail does the rest.

`begin` copies references, and encodes the units a piece at a time, between which batches may be applied; `encode`
may then run elsewhere, as everything it touches is immutable. What is kept are the reports that still speak, so
restoring is hearing them again.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from feeds.bus import BatchId
from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.report import AnyReport, Category, Geometry
from layers.picture import LAYERS, UNITS, Happening, Origin, Picture
from layers.roster import Roster
from layers.track import POSITION, FieldTrack, Said, Stamp
from layers.unit_track import UnitTrack

VERSION = 1
_CHUNK = 1000
_FIELD_LAYERS = tuple(layer for layer in LAYERS if layer != UNITS)
_UNITS_AT_ONCE = 250
"""About a millisecond: in pieces on the loop's own thread they hold up nobody, which another thread would, as it
keeps the interpreter for five at a time."""
_INFLATED_MAX = 512 * 1024 * 1024

_SaidForm = tuple[float, AnyReport, str, float]
"""effective_at, report, source, received_at"""


class _UnitForm(Struct, array_like=True, frozen=True):
    agency: str
    id: str
    known: int
    groups: tuple[int, ...]
    """Index into `said` by group, -1 for none."""
    said: tuple[_SaidForm, ...]


class _FieldForm(Struct, array_like=True, frozen=True):
    layer: Literal["incidents", "cameras", "zones", "log"]
    agency: str
    id: str
    known: int
    cells: tuple[tuple[str, int, int], ...]
    """field, index into `said`, bits needed; the value is the report's own."""
    values: tuple[Any, ...]
    first: tuple[tuple[int, float], ...]
    last: tuple[tuple[int, int], ...]
    bare: int
    history: tuple[tuple[int, int], ...]
    """order of arrival, index into `said`"""
    alerts: tuple[tuple[str, int], ...]
    said: tuple[_SaidForm, ...]


class _EventForm(Struct, array_like=True, frozen=True):
    serial: int
    layer: str
    id: str
    agency: str
    labels: tuple[str, ...]
    category: Category
    said: _SaidForm
    fields: dict[str, Any]


class _Form(Struct, array_like=True, frozen=True):
    version: int
    last: dict[str, tuple[int, int]]
    serial: int
    units: tuple[bytes, ...]
    fields: tuple[bytes, ...]
    events: tuple[bytes, ...]


class Snapshot(NamedTuple):
    """A consistent cut of the picture: `last` holds the journal ids it stands at."""

    last: dict[AgencyId, BatchId]
    serial: int
    units: list[bytes]
    """Encoded pieces of `_UnitForm`."""
    fields: list[_FieldForm]
    events: list[Happening]
    origins: tuple[Origin, ...]


def begin(picture: Picture) -> tuple[Snapshot, Iterator[int]]:
    """Return a cut of the picture without its units, and what takes them in pieces as it is gone through.

    Batches may be applied between two pieces, and the cut still stands at its `last`: a unit is the newest of what
    it heard, so hearing the tail once more changes nothing. All other things and events remember what they heard,
    so they are taken at once.
    """
    cut = Snapshot(
        dict(picture.last),
        picture.serial,
        [],
        [_field_form(layer, track) for layer in _FIELD_LAYERS for track in picture.shelves[layer].live()],
        [event for kept in picture.events.values() for event in kept],
        tuple(picture.origins),
    )
    return cut, _take_units(cut, picture)


def _take_units(cut: Snapshot, picture: Picture) -> Iterator[int]:
    tracks = list(picture.shelves[UNITS].live())
    for start in range(0, len(tracks), _UNITS_AT_ONCE):
        cut.units.append(_encode(_unit_forms(picture, tracks[start : start + _UNITS_AT_ONCE])))
        yield len(cut.units)


def snapshot(picture: Picture) -> Snapshot:
    """Return a cut of the picture as it stands, all of it at once."""
    cut, taking = begin(picture)
    for _ in taking:
        pass
    return cut


_encode = msgspec.msgpack.Encoder().encode


def encode(cut: Snapshot) -> bytes:
    """Return the cut as bytes (msgpack, deflated), in pieces so that another thread is never held for long."""
    form = _Form(
        VERSION,
        {agency: (batch.ms, batch.n) for agency, batch in cut.last.items()},
        cut.serial,
        tuple(cut.units),
        tuple(_encode(piece) for piece in _pieces(cut.fields)),
        tuple(_encode([_event_form(event, cut.origins) for event in piece]) for piece in _pieces(cut.events)),
    )
    return deflate(_encode(form))


def keyframe(picture: Picture) -> bytes:
    """Return the picture as bytes, with the last journal id of each agency."""
    return encode(snapshot(picture))


def restore(data: bytes, roster: Roster) -> Picture:
    """Return the picture in `data`. Raises DecodeError for whatever is wrong with it, a version we do not know too."""
    return restore_all([data], roster)


def restore_all(pictures: Sequence[bytes], roster: Roster) -> Picture:
    """Return as one the pictures of different agencies; what happened is in order of receipt. Raises DecodeError."""
    try:
        picture = Picture(roster)
        last: dict[AgencyId, BatchId] = {}
        serials = 0
        for data in pictures:
            form = msgspec.msgpack.decode(inflate(data, _INFLATED_MAX), type=_Form)
            if form.version != VERSION:
                raise DecodeError(f"keyframe has version {form.version}, expected {VERSION}")
            _restore(picture, form)
            last.update(picture.last)
            serials += form.serial
        picture.last, picture.serial = last, serials
        if len(pictures) > 1:
            _in_one_order(picture)
    except DecodeError:
        raise
    except Exception as error:
        # Whatever does not fit together in there: a hub must start without it, not fall over it again and again.
        raise DecodeError(f"keyframe cannot be read: {type(error).__name__}: {error}") from error
    return picture


def _pieces(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _said_form(said: Said) -> _SaidForm:
    return said.effective_at, said.report, said.stamp.source, said.stamp.received_at


def _unit_forms(picture: Picture, tracks: list[UnitTrack]) -> list[tuple[Any, ...]]:
    """Return units as `_UnitForm` reads them."""
    words = [track.words(POSITION) for track in tracks]
    newest = iter(
        picture.fixes.reports(
            [report for report in words if report is not None],
            [track.slot for track, report in zip(tracks, words, strict=True) if report is not None],
        )
    )
    forms = []
    for track, report in zip(tracks, words, strict=True):
        which, each = track.groups(None if report is None else next(newest))
        said = [(at, one, stamp[0], stamp[1]) for at, one, stamp in each]
        forms.append((track.agency, track.id, track.known, which, said))
    return forms


def _field_form(layer: str, track: FieldTrack) -> _FieldForm:
    cells = [*track.cells.items(), *((field, cell) for (field, _), cell in track.told.items())]
    index: dict[int, int] = {}
    kept: list[_SaidForm] = []

    def at(said: Said) -> int:
        number = index.get(id(said))
        if number is None:
            number = index[id(said)] = len(kept)
            kept.append(_said_form(said))
        return number

    return _FieldForm(
        layer,  # type: ignore[arg-type]
        track.agency,
        track.id,
        track.known,
        tuple((name, at(said), needs) for name, (_, said, needs) in cells),
        tuple(value for _, (value, _, _) in cells),
        tuple(track.first.items()),
        tuple((bit, at(said)) for bit, said in track.last.items()),
        at(track.bare) if track.bare else -1,
        tuple((order, at(said)) for _, order, said in track.history),
        tuple((key[-1], at(said)) for key, said in track.alerts.items()),
        tuple(kept),
    )


def _event_form(event: Happening, origins: tuple[Origin, ...]) -> _EventForm:
    origin = origins[event.origin]
    return _EventForm(
        event.serial,
        event.layer,
        event.id,
        origin.agency,
        tuple(sorted(origin.labels)),
        event.category,
        _said_form(event.said),
        event.fields,
    )


def _said(form: _SaidForm) -> Said:
    return Said(form[0], form[1], Stamp(form[2], form[3]))  # type: ignore[arg-type]


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _restore(picture: Picture, form: _Form) -> None:
    picture.last = {AgencyId(agency): BatchId(*batch) for agency, batch in form.last.items()}
    picture.serial = form.serial
    for piece in form.units:
        for unit in msgspec.msgpack.decode(piece, type=list[_UnitForm]):
            shelf = picture.shelves[UNITS]
            agency = AgencyId(unit.agency)
            track = UnitTrack(agency, unit.id, shelf.slot(), picture.fixes)
            said = [_said(s) for s in unit.said]
            for group, number in enumerate(unit.groups):
                if number >= 0:
                    track.restore(group, said[number])
            track.known = unit.known
            picture.adopt(UNITS, track)
    for piece in form.fields:
        for entity in msgspec.msgpack.decode(piece, type=list[_FieldForm]):
            _restore_fields(picture, entity)
    for piece in form.events:
        for event in msgspec.msgpack.decode(piece, type=list[_EventForm]):
            origin = picture.origin(AgencyId(event.agency), frozenset(event.labels))
            fields = {name: _value(value) for name, value in event.fields.items()}
            picture.remember(
                Happening(event.serial, event.layer, event.id, origin, event.category, _said(event.said), fields)
            )


def _in_one_order(picture: Picture) -> None:
    """Number what happened anew, as it was received: each agency had counted for itself."""
    events = [event for kept in picture.events.values() for event in kept]
    events.sort(key=lambda event: (event.said.stamp.received_at, picture.origins[event.origin].agency, event.serial))
    for kept in picture.events.values():
        kept.clear()
    for number, event in enumerate(events, start=1):
        picture.remember(event._replace(serial=number))


def _restore_fields(picture: Picture, entity: _FieldForm) -> None:
    track = FieldTrack(AgencyId(entity.agency), entity.id, picture.shelves[entity.layer].slot())
    said = [_said(s) for s in entity.said]
    track.known = entity.known
    for (name, number, needs), value in zip(entity.cells, entity.values, strict=True):
        known = _value(value) if name != "geometry" else msgspec.convert(value, Geometry)
        track.restore(name, (known, said[number], needs))
    track.first = dict(entity.first)
    track.last = {bit: said[number] for bit, number in entity.last}
    track.bare = said[entity.bare] if entity.bare >= 0 else None
    track.history = [(said[number].effective_at, order, said[number]) for order, number in entity.history]
    for _, number in entity.alerts:
        track.alert(said[number])
    picture.adopt(entity.layer, track)
