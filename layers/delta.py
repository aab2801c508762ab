"""Frames out of a view: a keyframe of all of it, or a delta from any revision it still remembers.

A delta for one tick, for a viewer who was too slow for a while and for one who comes back after a cut are
the same thing with another `base`: what differs now from what stood then. Intermediate values are not
told (`latest`); events are, by their numbers (`batch`).
"""

from collections.abc import Iterable

import msgspec
import numpy as np

from layers.event_memory import Event
from layers.frame import FrameHeader, FrameType, LayerChange, encode
from layers.swarm import UNKNOWN_U2
from layers.table import Table
from layers.view import View

DEFLATE_FROM = 32 * 1024
"""Frames for viewers are deflated from so many bytes on, once for all who get them: half the bytes, for what sending
them to three viewers takes."""
EVENTS_SHOWN = 200
"""Events that come with a keyframe for a viewer who has seen none, newest."""


class BusLine(msgspec.Struct, frozen=True):
    """The hub's line to the bus as viewers are told: `lost` and since when, or ""."""

    bus: str = ""
    since: float = 0.0


LINE_UP = BusLine()


def keyframe(
    view: View, line: BusLine = LINE_UP, seen_event: int | None = None, *, deflate_from: int = DEFLATE_FROM
) -> bytes:
    """Return all the view as a frame, with the events after `seen_event` (None: the newest `EVENTS_SHOWN`)."""
    changes = tuple(_whole(table, view.at) for table in view.tables.values() if table.count)
    if seen_event is None:
        events = view.events.newest(EVENTS_SHOWN)
        events_from = 0
    else:
        events = view.events.after(seen_event)
        complete_from = view.events.complete_from
        events_from = complete_from if seen_event + 1 < complete_from else 0
    header = FrameHeader(
        rev=view.rev,
        at=view.at,
        events=_numbered(events),
        events_from=events_from,
        bus=line.bus,
        bus_since=line.since,
    )
    return encode(FrameType.KEYFRAME, header, changes, deflate_from)


def delta(
    view: View, base: int, line: BusLine = LINE_UP, seen_event: int | None = None, *, deflate_from: int = DEFLATE_FROM
) -> bytes | None:
    """Return what differs between revision `base` and now, or None when only a keyframe can tell.

    `seen_event`: the last event the viewer has; None when it followed every tick (then: those of the last step).
    """
    if not 0 < base <= view.rev:
        return None
    events: Iterable[Event] = view.new_events
    if seen_event is not None:
        if seen_event + 1 < view.events.complete_from:
            return None
        events = view.events.after(seen_event)
    changes = []
    for table in view.tables.values():
        change = _since(table, base, view.at)
        if change is None:
            return None
        if change.columns or change.records or change.gone:
            changes.append(change)
    lag_ms = 0.0
    if view.oldest_receipt != float("inf"):
        lag_ms = round(max(0.0, view.at - view.oldest_receipt) * 1000.0, 1)
    header = FrameHeader(
        rev=view.rev,
        at=view.at,
        base=base,
        lag_ms=lag_ms,
        events=_numbered(events),
        bus=line.bus,
        bus_since=line.since,
    )
    return encode(FrameType.DELTA, header, tuple(changes), deflate_from)


def heartbeat(view: View, t: float, line: BusLine = LINE_UP) -> bytes:
    """Return the frame that says at `t` that nothing changed."""
    return encode(FrameType.HEARTBEAT, FrameHeader(rev=view.rev, at=t, bus=line.bus, bus_since=line.since))


def _numbered(events: Iterable[Event]) -> tuple[tuple[int, dict[str, object]], ...]:
    # Events and records were encoded when they were made; `Raw` puts those bytes into the header as they are.
    return tuple((event.number, msgspec.Raw(event.raw)) for event in events)  # type: ignore[misc]


def _records(table: Table, rows: np.ndarray) -> tuple[tuple[int, dict[str, object]], ...]:
    if not len(rows):
        return ()
    raw = table.raw
    # One piece instead of a tuple and an object for each: a keyframe of 80,000 things holds up the others.
    pairs = b",".join([b"[%d,%b]" % (row, raw[row]) for row in rows.tolist()])
    return msgspec.Raw(b"[%b]" % pairs)  # type: ignore[return-value]


def _whole(table: Table, t: float) -> LayerChange:
    rows = np.flatnonzero(table.present[: table.end])
    return LayerChange(table.layer.name, columns(table, rows, t), _records(table, rows))


def _since(table: Table, base: int, t: float) -> LayerChange | None:
    if base < table.gone_floor:
        return None
    end = table.end
    present = table.present[:end]
    rows = np.flatnonzero(present & (table.changed[:end] > base))
    worded = np.flatnonzero(present & (table.reworded[:end] > base))
    gone: set[int] = set()
    for rev, row in reversed(table.gone):
        if rev <= base:
            break
        gone.add(row)
    # A frame cannot say that a row went and that another thing has it now.
    if any(present[row] for row in gone):
        return None
    return LayerChange(
        table.layer.name,
        columns(table, rows, t, base) if len(rows) else (),
        _records(table, worded),
        tuple(sorted(gone)),
    )


def columns(table: Table, rows: np.ndarray, t: float, base: int = -1) -> tuple[tuple[str, str, np.ndarray], ...]:
    """Return the wire columns of n rows at `t`: `(name, dtype, values)`, `row` first.

    `lag` is told of what was received after revision `base`.
    """
    layer = table.layer
    made: list[tuple[str, str, np.ndarray]] = [("row", "u4", rows)]
    for name, dtype in layer.columns:
        if name == "age":
            top = 65535.0 if dtype == "u2" else 4294967295.0
            age = np.rint((t - table.age_from[rows]) * layer.age_steps)
            values = np.clip(age, 0.0, top)
        elif name == "lag":
            lag = np.clip(np.rint((t - table.times["received"][rows]) * 1000.0), 0.0, UNKNOWN_U2 - 1)
            values = np.where(table.arrived[rows] > base, lag, UNKNOWN_U2)
        elif name == "flags":
            values = table.columns[name][rows] | (table.life[rows] << 1)
            if layer.alert_flag:
                values = values | (table.alerting[rows] * layer.alert_flag).astype(np.uint8)
        else:
            values = table.columns[name][rows]
        made.append((name, dtype, values))
    return tuple(made)
