"""The ONE wire form: keyframe and delta frames in columns; the live stream and recordings share it.

`docs/wire.md` describes every field; `assets/map/frame.mjs` is the twin of this file, and golden frames
are decoded by both sides. Pure: no clock, no socket.

    0   4s  b"JOF1"
    4   u8  type        1 keyframe, 2 delta, 3 heartbeat
    5   u8  flags       bit 0: the body is deflated (zlib)
    6   u16 zero
    8   u32 length of the header, bytes (UTF-8 JSON, padded with spaces to a multiple of 8)
    12  u32 length of the body once inflated, bytes
    16  header, then body; every column starts at a multiple of 8 in the body; little-endian

A keyframe replaces everything; a delta applies to revision `base` and gives revision `rev`.
"""

import struct
import zlib
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from feeds.errors import DecodeError

MAGIC = b"JOF1"
_HEAD = struct.Struct("<4sBBHII")
_BODY_MAX = 256 * 1024 * 1024

DTYPES = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "i4": np.int32, "f8": np.float64}
"""Column types, by their name on the wire; all little-endian."""


class FrameType(IntEnum):
    """What a frame is."""

    KEYFRAME = 1
    DELTA = 2
    HEARTBEAT = 3


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


class LayerChange(Struct, frozen=True):
    """One layer's change as the hub hands it to `encode`: columns of n rows each; the first is `row` (u4)."""

    name: str
    columns: tuple[tuple[str, str, np.ndarray], ...] = ()
    """`(name, dtype, values)`."""
    records: tuple[tuple[int, dict[str, Any]], ...] = ()
    gone: tuple[int, ...] = ()


class Frame(Struct, frozen=True):
    """A decoded frame."""

    type: FrameType
    header: FrameHeader
    columns: dict[str, dict[str, np.ndarray]]
    """layer -> column -> n values."""


_encode_json = msgspec.json.Encoder().encode
_decode_header = msgspec.json.Decoder(FrameHeader).decode


def encode(
    type_: FrameType,
    header: FrameHeader,
    changes: tuple[LayerChange, ...] = (),
    deflate_from: int = 0,
) -> bytes:
    """Return the frame's bytes; `header.layers` is made here from `changes`.

    `deflate_from`: deflate bodies of at least this many bytes; 0 never does.
    """
    parts: list[bytes] = []
    offset = 0
    layers = []
    for change in changes:
        columns = []
        n = 0
        for name, dtype, values in change.columns:
            data = np.ascontiguousarray(values, dtype=DTYPES[dtype]).tobytes()
            n = len(values)
            columns.append(Column(name, dtype, offset))
            pad = -len(data) % 8
            parts.append(data + b"\0" * pad)
            offset += len(data) + pad
        layers.append(LayerHeader(change.name, n, tuple(columns), change.records, change.gone))
    head = _encode_json(msgspec.structs.replace(header, layers=tuple(layers)))
    head += b" " * (-len(head) % 8)
    body = b"".join(parts)
    flags = 0
    if deflate_from and len(body) >= deflate_from:
        body, flags = zlib.compress(body, 1), 1
    return _HEAD.pack(MAGIC, type_, flags, 0, len(head), offset) + head + body


def decode(data: bytes) -> Frame:
    """Return the frame in `data`. Raises DecodeError."""
    if len(data) < _HEAD.size:
        raise DecodeError(f"frame of {len(data)} bytes is shorter than its head")
    magic, type_, flags, _, head_len, body_len = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise DecodeError("not a frame: magic bytes differ")
    if body_len > _BODY_MAX or _HEAD.size + head_len > len(data):
        raise DecodeError("frame says it is longer than it is")
    body = data[_HEAD.size + head_len :]
    try:
        header = _decode_header(data[_HEAD.size : _HEAD.size + head_len])
        if flags & 1:
            body = zlib.decompressobj().decompress(body, body_len + 1)
        frame_type = FrameType(type_)
    except (msgspec.DecodeError, msgspec.ValidationError, zlib.error, ValueError) as error:
        raise DecodeError(f"frame cannot be read: {error}") from error
    if len(body) != body_len:
        raise DecodeError(f"frame's body has {len(body)} bytes, expected {body_len}")
    columns: dict[str, dict[str, np.ndarray]] = {}
    for layer in header.layers:
        table = columns.setdefault(layer.name, {})
        for column in layer.columns:
            dtype = DTYPES.get(column.dtype)
            if (
                dtype is None
                or min(layer.n, column.offset) < 0
                or column.offset + layer.n * np.dtype(dtype).itemsize > body_len
            ):
                raise DecodeError(f"column {layer.name}.{column.name} does not fit the frame")
            table[column.name] = np.frombuffer(body, dtype, layer.n, column.offset)
    return Frame(frame_type, header, columns)
