"""The ONE wire form: keyframes, deltas and spans in columns; the live stream and recordings share it.

`docs/wire.md` describes every field; `assets/map/frame.mjs` is the twin of this file, and golden frames
are decoded by both sides. Pure: no clock, no socket.

    0   4s  b"JOF1"
    4   u8  type        1 keyframe, 2 delta, 3 heartbeat, 4 span
    5   u8  flags       0, or 2: header and body are deflated (zlib), as one
    6   u16 zero
    8   u32 length of the header once inflated, bytes (UTF-8 JSON, padded with spaces to a multiple of 8)
    12  u32 length of the body once inflated, bytes
    16  header, then body; every column starts at a multiple of 8 in the body; little-endian

A keyframe replaces everything; a delta applies to revision `base` and gives revision `rev`. A span is a keyframe
and what changed until `until`: rows over time in packed columns (layers/stretch.py, read by layers/span.py), and whole
frames for the layers that change seldom.
"""

import struct
import zlib
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError
from layers.planes import Packed
from layers.stretch import PackedTable, Stretch, columns_of, headers

MAGIC = b"JOF1"
_HEAD = struct.Struct("<4sBBHII")
_BODY_MAX = 256 * 1024 * 1024
_DEFLATED = 2
_SPAN_LEVEL, _SPAN_MEMORY = 6, 7
"""Of zlib, for spans: made once, read often. Small blocks suit columns that each have their own statistics."""

DTYPES = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "i4": np.int32, "f8": np.float64}
"""Column types, by their name on the wire; all little-endian."""


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
    packed: dict[str, PackedTable] = {}
    """By the table's name."""


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

    `deflate_from`: deflate what has at least this many bytes; 0 never does.
    """
    body = _Body()
    head = _head(header, changes, body)
    data = b"".join((head, *body.parts))
    flags = 0
    if deflate_from and len(data) >= deflate_from:
        data, flags = deflate(data), _DEFLATED
    return _HEAD.pack(MAGIC, type_, flags, 0, len(head), body.size) + data


def encode_span(
    header: FrameHeader, changes: tuple[LayerChange, ...], frames: tuple[tuple[int, int, bytes], ...] = ()
) -> bytes:
    """Return a span's bytes, deflated whole; `header.layers` and `header.frames` are made here.

    `frames`: `(received, observed, frame)` of the other layers, the times in ms after `header.at`.
    """
    body = _Body()
    told = tuple((received, observed, body.add(data), len(data)) for received, observed, data in frames)
    head = _head(msgspec.structs.replace(header, frames=told), changes, body)
    packer = zlib.compressobj(_SPAN_LEVEL, memLevel=_SPAN_MEMORY, strategy=zlib.Z_FILTERED)
    whole = packer.compress(b"".join((head, *body.parts))) + packer.flush()
    return _HEAD.pack(MAGIC, FrameType.SPAN, _DEFLATED, 0, len(head), body.size) + whole


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
            stretch = msgspec.structs.replace(stretch, tables=headers(change.packed, body.add))
        layers.append(LayerHeader(change.name, n, tuple(columns), change.records, change.gone, stretch))
    head = _encode_json(msgspec.structs.replace(header, layers=tuple(layers)))
    return head + b" " * (-len(head) % 8)


def decode(data: bytes) -> Frame:
    """Return the frame in `data`. Raises DecodeError."""
    frame_type, head_len, rest = _open(data)
    try:
        header = _decode_header(rest[:head_len])
    except (msgspec.DecodeError, ValueError) as error:
        raise DecodeError(f"frame cannot be read: {error}") from error
    body = rest[head_len:]
    columns: dict[str, dict[str, np.ndarray]] = {}
    packed: dict[str, dict[str, dict[str, Packed]]] = {}
    for layer in header.layers:
        table = columns.setdefault(layer.name, {})
        for column in layer.columns:
            dtype = DTYPES.get(column.dtype)
            if dtype is None or not _fits(column.offset, layer.n * np.dtype(dtype).itemsize, body):
                raise DecodeError(f"column {layer.name}.{column.name} does not fit the frame")
            table[column.name] = np.frombuffer(body, dtype, layer.n, column.offset)
        if layer.stretch is not None:
            tables = layer.stretch.tables.items()
            packed[layer.name] = {name: columns_of(f"{layer.name}.{name}", told, body) for name, told in tables}
    if not all(_fits(offset, length, body) for _, _, offset, length in header.frames):
        raise DecodeError("a frame within the frame does not fit it")
    frames = tuple((r, o, bytes(body[offset : offset + length])) for r, o, offset, length in header.frames)
    return Frame(frame_type, header, columns, packed, frames)


def _open(data: bytes) -> tuple[FrameType, int, memoryview]:
    """Return what the frame is, the length of its header, and header and body, inflated."""
    if len(data) < _HEAD.size:
        raise DecodeError(f"frame of {len(data)} bytes is shorter than its head")
    magic, type_, flags, _, head_len, body_len = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise DecodeError("not a frame: magic bytes differ")
    if not FrameType.KEYFRAME <= type_ <= FrameType.SPAN:
        raise DecodeError(f"no frame type {type_}")
    if flags not in (0, _DEFLATED):
        raise DecodeError(f"frame has flags {flags} that this version does not know")
    rest = data[_HEAD.size :]
    if max(body_len, head_len) > _BODY_MAX or (not flags and head_len > len(rest)):
        raise DecodeError("frame says it is longer than it is")
    if flags:
        rest = inflate(rest, head_len + body_len + 1)
    if len(rest) != head_len + body_len:
        raise DecodeError(f"frame's body has {len(rest) - head_len} bytes, expected {body_len}")
    return FrameType(type_), head_len, memoryview(rest)


def _fits(offset: int, size: int, body: memoryview) -> bool:
    return min(offset, size) >= 0 and offset + size <= len(body)
