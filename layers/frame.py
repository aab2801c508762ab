"""The ONE wire form: keyframes, deltas and spans in columns; the live stream and recordings share it.

`docs/wire.md` describes every field; `assets/map/frame.mjs` is the twin of this file, and golden frames
are decoded by both sides. Pure: no clock, no socket.

    0   4s  b"JOF1"
    4   u8  type        1 keyframe, 2 delta, 3 heartbeat, 4 span
    5   u8  flags       bit 0: the body is deflated (zlib); bit 1: header and body are, as one
    6   u16 zero
    8   u32 length of the header once inflated, bytes (UTF-8 JSON, padded with spaces to a multiple of 8)
    12  u32 length of the body once inflated, bytes
    16  header, then body; every column starts at a multiple of 8 in the body; little-endian

A keyframe replaces everything; a delta applies to revision `base` and gives revision `rev`. A span is a keyframe
and what changed until `until`: rows over time in packed columns (layers/planes.py, read by layers/span.py), and whole
frames for the layers that change seldom.
"""

import struct
import zlib
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw, Struct

from feeds.deflate import inflate
from feeds.errors import DecodeError
from layers.planes import ENCODINGS, Packed

MAGIC = b"JOF1"
_HEAD = struct.Struct("<4sBBHII")
_BODY_MAX = 256 * 1024 * 1024
_SCALE_MAX = 10**7
_BODY_DEFLATED, _ALL_DEFLATED = 1, 2
_SPAN_LEVEL = 6
"""Of zlib, for spans: made once, read often."""

DTYPES = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "i4": np.int32, "f8": np.float64}
"""Column types, by their name on the wire; all little-endian."""
PACKED_DTYPES = frozenset({"u1", "u2", "u4", "i4"})


class FrameType(IntEnum):
    """What a frame is."""

    KEYFRAME = 1
    DELTA = 2
    HEARTBEAT = 3
    SPAN = 4


class Column(Struct, frozen=True, array_like=True):
    """One column of a layer: n values of one type. In the header, `offset` counts from the body's start, bytes."""

    name: str
    dtype: str
    offset: int


class PackedColumn(Struct, frozen=True, array_like=True):
    """One column of a span's table, packed as layers/planes.py says."""

    name: str
    dtype: str
    offset: int
    encoding: str
    planes: int
    step: int
    scale: int


class TableHeader(Struct, frozen=True):
    """One table of a stretch."""

    n: int
    """Rows."""
    columns: tuple[PackedColumn, ...]


class SourceTold(Struct, frozen=True, array_like=True):
    """A source as the site declared it when the span was made."""

    id: str
    cadence_s: float
    by_state: dict[str, float] = {}
    """Cadence of a unit in this state, seconds."""


_NONE = Raw(b"[]")


class Stretch(Struct, frozen=True, omit_defaults=True):
    """What changed in a layer until `until`; the layer's own columns are how it stood at `at`."""

    agency: str
    family: str
    """Of a unit that does not say its type."""
    tables: dict[str, TableHeader]
    sources: tuple[SourceTold, ...] = ()
    """The `source` columns count into it."""
    ids: Raw = _NONE
    """JSON list: the id of each of the layer's rows."""
    words: Raw = _NONE
    """JSON list: the slow fields of each word, an object each; what is absent was not said."""


class LayerHeader(Struct, frozen=True, omit_defaults=True):
    """One layer's part of a frame."""

    name: str
    n: int = 0
    """Rows in the columns."""
    columns: tuple[Column, ...] = ()
    records: tuple[tuple[int, dict[str, Any]], ...] = ()
    """`[row, record]` for rows that are new or whose slow fields changed; a record replaces the row's whole record."""
    gone: tuple[int, ...] = ()
    """Rows that are no longer there. A row number may be given to another thing later, after its `gone`."""
    stretch: Stretch | None = None
    """Only in spans."""


class FrameHeader(Struct, frozen=True, omit_defaults=True):
    """The JSON header of a frame."""

    rev: int
    """Revision of the viewer class's picture after this frame."""
    at: float
    """The tick: the clock that ages count from, Unix seconds."""
    base: int = 0
    """Revision a delta applies to."""
    lag_ms: float = 0.0
    """Oldest receipt among what changed, milliseconds before `at`; 0 when nothing that was received changed."""
    layers: tuple[LayerHeader, ...] = ()
    events: tuple[tuple[int, dict[str, Any]], ...] = ()
    """`[number, event]`, never dropped: incident updates and camera events, numbered per viewer class from 1."""
    events_from: int = 0
    """With a catch-up keyframe: events before this number were dropped (bounded memory) and must be fetched."""
    bus: str = ""
    """`lost` while the hub cannot hear the bus."""
    bus_since: float = 0.0
    until: float = 0.0
    """Of a span: its end, Unix seconds; it tells of `at` <= t < `until`."""
    frames: tuple[tuple[int, int, int, int], ...] = ()
    """Of a span: whole frames in its body, a keyframe and the deltas after it, of the other layers: `[received,
    observed, offset, length]`, the times in ms after `at`."""


class LayerChange(Struct, frozen=True):
    """One layer's change as the hub hands it to `encode`: columns of n rows each; the first is `row` (u4)."""

    name: str
    columns: tuple[tuple[str, str, np.ndarray], ...] = ()
    """`(name, dtype, values)`."""
    records: tuple[tuple[int, dict[str, Any]], ...] = ()
    gone: tuple[int, ...] = ()
    stretch: Stretch | None = None
    """`tables` is made here from `packed`."""
    packed: dict[str, tuple[int, tuple[Packed, ...]]] = {}
    """table -> (rows, columns)."""


class Frame(Struct, frozen=True):
    """A decoded frame."""

    type: FrameType
    header: FrameHeader
    columns: dict[str, dict[str, np.ndarray]]
    """layer -> column -> n values."""
    packed: dict[str, dict[str, dict[str, Packed]]] = {}
    """Of a span: layer -> table -> column, still packed."""
    frames: tuple[tuple[int, int, bytes], ...] = ()
    """Of a span: `(received, observed, frame)`, the times in ms after `at`."""


_encode_json = msgspec.json.Encoder().encode
_decode_header = msgspec.json.Decoder(FrameHeader).decode


class _Body:
    """The body as it grows; every piece starts at a multiple of 8."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> int:
        """Append a piece; return its offset."""
        offset = self.size
        pad = -len(data) % 8
        self.parts.append(data + b"\0" * pad)
        self.size += len(data) + pad
        return offset


def encode(
    type_: FrameType,
    header: FrameHeader,
    changes: tuple[LayerChange, ...] = (),
    deflate_from: int = 0,
) -> bytes:
    """Return the frame's bytes; `header.layers` is made here from `changes`.

    `deflate_from`: deflate bodies of at least this many bytes; 0 never does.
    """
    body = _Body()
    head = _head(header, changes, body)
    data = b"".join(body.parts)
    flags = 0
    if deflate_from and len(data) >= deflate_from:
        data, flags = zlib.compress(data, 1), _BODY_DEFLATED
    return _HEAD.pack(MAGIC, type_, flags, 0, len(head), body.size) + head + data


def encode_span(
    header: FrameHeader, changes: tuple[LayerChange, ...], frames: tuple[tuple[int, int, bytes], ...] = ()
) -> bytes:
    """Return a span's bytes, deflated whole; `header.layers` and `header.frames` are made here.

    `frames`: `(received, observed, frame)` of the other layers, the times in ms after `header.at`.
    """
    body = _Body()
    told = tuple((received, observed, body.add(data), len(data)) for received, observed, data in frames)
    head = _head(msgspec.structs.replace(header, frames=told), changes, body)
    whole = zlib.compress(b"".join((head, *body.parts)), _SPAN_LEVEL)
    return _HEAD.pack(MAGIC, FrameType.SPAN, _ALL_DEFLATED, 0, len(head), body.size) + whole


def _head(header: FrameHeader, changes: tuple[LayerChange, ...], body: _Body) -> bytes:
    layers = []
    for change in changes:
        columns = []
        n = 0
        for name, dtype, values in change.columns:
            n = len(values)
            columns.append(Column(name, dtype, body.add(np.ascontiguousarray(values, dtype=DTYPES[dtype]).tobytes())))
        stretch = change.stretch
        if stretch is not None:
            stretch = msgspec.structs.replace(stretch, tables=_tables(change.packed, body))
        layers.append(LayerHeader(change.name, n, tuple(columns), change.records, change.gone, stretch))
    head = _encode_json(msgspec.structs.replace(header, layers=tuple(layers)))
    return head + b" " * (-len(head) % 8)


def _tables(packed: dict[str, tuple[int, tuple[Packed, ...]]], body: _Body) -> dict[str, TableHeader]:
    return {
        table: TableHeader(
            n,
            tuple(
                PackedColumn(c.name, c.dtype, body.add(c.data.tobytes()), c.encoding, len(c.data), c.step, c.scale)
                for c in columns
            ),
        )
        for table, (n, columns) in packed.items()
    }


def decode(data: bytes) -> Frame:
    """Return the frame in `data`. Raises DecodeError."""
    if len(data) < _HEAD.size:
        raise DecodeError(f"frame of {len(data)} bytes is shorter than its head")
    magic, type_, flags, _, head_len, body_len = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise DecodeError("not a frame: magic bytes differ")
    if flags & ~(_BODY_DEFLATED | _ALL_DEFLATED):
        raise DecodeError(f"frame has flags {flags:#x} that this version does not know")
    if max(body_len, head_len) > _BODY_MAX or not flags & _ALL_DEFLATED and _HEAD.size + head_len > len(data):
        raise DecodeError("frame says it is longer than it is")
    try:
        frame_type = FrameType(type_)
        if flags & _ALL_DEFLATED:
            rest = inflate(data[_HEAD.size :], head_len + body_len + 1)
        else:
            rest = data[_HEAD.size :]
            if flags & _BODY_DEFLATED:
                rest = rest[:head_len] + inflate(rest[head_len:], body_len + 1)
        header = _decode_header(memoryview(rest)[:head_len])
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise DecodeError(f"frame cannot be read: {error}") from error
    if len(rest) != head_len + body_len:
        raise DecodeError(f"frame's body has {len(rest) - head_len} bytes, expected {body_len}")
    body = memoryview(rest)[head_len:]
    columns: dict[str, dict[str, np.ndarray]] = {}
    packed: dict[str, dict[str, dict[str, Packed]]] = {}
    for layer in header.layers:
        table = columns.setdefault(layer.name, {})
        for column in layer.columns:
            dtype = DTYPES.get(column.dtype)
            if dtype is None or not _fits(column.offset, layer.n * np.dtype(dtype).itemsize, body_len):
                raise DecodeError(f"column {layer.name}.{column.name} does not fit the frame")
            table[column.name] = np.frombuffer(body, dtype, layer.n, column.offset)
        if layer.stretch is not None:
            packed[layer.name] = {
                name: _unpacked_table(f"{layer.name}.{name}", told, body) for name, told in layer.stretch.tables.items()
            }
    frames = []
    for received, observed, offset, length in header.frames:
        if not _fits(offset, length, body_len):
            raise DecodeError("a frame within the frame does not fit it")
        frames.append((received, observed, bytes(body[offset : offset + length])))
    return Frame(frame_type, header, columns, packed, tuple(frames))


def _fits(offset: int, size: int, body_len: int) -> bool:
    return min(offset, size) >= 0 and offset + size <= body_len


def _unpacked_table(table: str, told: TableHeader, body: memoryview) -> dict[str, Packed]:
    made = {}
    for c in told.columns:
        where = f"column {table}.{c.name}"
        if c.encoding not in ENCODINGS:
            raise DecodeError(f"{where} is encoded as {c.encoding!r}; this version reads {', '.join(ENCODINGS)}")
        if c.dtype not in PACKED_DTYPES or not 0 <= c.planes <= 4 or not 1 <= c.scale <= _SCALE_MAX:
            raise DecodeError(f"{where} has a type, planes or scale that no column has")
        if told.n < 0 or not -(2**31) <= c.step < 2**31 or not _fits(c.offset, c.planes * told.n, len(body)):
            raise DecodeError(f"{where} does not fit the frame")
        planes = np.frombuffer(body, np.uint8, c.planes * told.n, c.offset).reshape(c.planes, told.n)
        made[c.name] = Packed(c.name, c.dtype, c.encoding, c.step, c.scale, planes)
    return made
