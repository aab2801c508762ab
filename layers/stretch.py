"""What a span says of a layer besides how it stood: tables of packed columns, and the words they count into. Pure."""

from collections.abc import Callable

import numpy as np
from msgspec import Raw, Struct

from feeds.errors import DecodeError
from layers.planes import ENCODINGS, Packed

DTYPES = frozenset({"u1", "u2", "u4", "i4"})
_SCALE_MAX = 10**7
_NONE = Raw(b"[]")

PackedTable = tuple[int, tuple[Packed, ...]]
"""Rows, columns."""


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


class Stretch(Struct, frozen=True, omit_defaults=True):
    """What changed in a layer until the span's end."""

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


def headers(packed: dict[str, PackedTable], add: Callable[[bytes], int]) -> dict[str, TableHeader]:
    """Return the headers of tables, whose columns `add` puts into the body; it returns where."""
    return {
        table: TableHeader(
            n,
            tuple(
                PackedColumn(c.name, c.dtype, add(c.data.tobytes()), c.encoding, len(c.data), c.step, c.scale)
                for c in columns
            ),
        )
        for table, (n, columns) in packed.items()
    }


def columns_of(table: str, told: TableHeader, body: memoryview) -> dict[str, Packed]:
    """Return a table's columns, still packed. Raises DecodeError for what this version does not read."""
    made = {}
    for c in told.columns:
        where = f"column {table}.{c.name}"
        if c.encoding not in ENCODINGS:
            raise DecodeError(f"{where} is encoded as {c.encoding!r}; this version reads {', '.join(ENCODINGS)}")
        if c.dtype not in DTYPES or not 0 <= c.planes <= 4 or not 1 <= c.scale <= _SCALE_MAX:
            raise DecodeError(f"{where} has a type, planes or scale that no column has")
        size = c.planes * told.n
        if min(told.n, c.offset) < 0 or c.offset + size > len(body) or not -(2**31) <= c.step < 2**31:
            raise DecodeError(f"{where} does not fit the frame")
        planes = np.frombuffer(body, np.uint8, size, c.offset).reshape(c.planes, told.n)
        made[c.name] = Packed(c.name, c.dtype, c.encoding, c.step, c.scale, planes)
    return made
