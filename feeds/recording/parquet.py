"""The files of a recording: how they are written, and how one that is not as written says so. Pure but for paths given.

Written the same every time (no clock, no chance, one thread), but for what pyarrow leaves in the padding of a short
page. Every page carries a checksum, which is looked at. The footer carries none in Parquet, and a damaged one may end
the process (an exception that nobody catches in pyarrow 26): its CRC-32 stands in the four bytes before it, which other
readers pass over, and is looked at before anything is read.
"""

import contextlib
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from feeds.errors import DecodeError

VERSION = "1"
ROW_GROUP = 131_072
"""Rows that are compressed, and skipped, together."""

_VERSION, _AGENCY = b"jointops.recording", b"jointops.agency"
_LEVEL = 6
_END = 8
"""Bytes after the footer: its length, and the format's mark."""
_FAULTS = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError, MemoryError)


def write(tables: Iterable[pa.Table], agency: str, by_word: Sequence[str], looked_up: Sequence[str]) -> bytes:
    """Return the file of these tables, at least one, each a row group.

    `by_word`: columns kept as a dictionary, the others as differences between neighbours; `looked_up`: columns whose
    least and greatest value each row group tells.
    """
    sink = pa.BufferOutputStream()
    writer: pq.ParquetWriter | None = None
    for table in tables:
        writer = writer or pq.ParquetWriter(sink, table.schema, **_options(table.schema, by_word, looked_up))
        if len(table):
            writer.write_table(table, ROW_GROUP)
    assert writer is not None
    writer.add_key_value_metadata({_VERSION: VERSION, _AGENCY: agency})
    writer.close()
    data = bytes(sink.getvalue())
    start = len(data) - _END - int.from_bytes(data[-_END:-4], "little")
    return data[:start] + zlib.crc32(data[start:]).to_bytes(4, "little") + data[start:]


def _options(schema: pa.Schema, by_word: Sequence[str], looked_up: Sequence[str]) -> dict[str, object]:
    packed = [f.name for f in schema if f.name not in by_word and not pa.types.is_binary(f.type)]
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": [_leaf(schema.field(name)) for name in by_word],
        "column_encoding": dict.fromkeys(packed, "DELTA_BINARY_PACKED"),
        "write_statistics": list(looked_up),
        "store_decimal_as_integer": True,
        "store_schema": False,
        "write_page_checksum": True,
        "max_rows_per_page": ROW_GROUP,
    }


def _leaf(field: pa.Field) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong with a file's bytes into a DecodeError that names the file."""
    try:
        yield
    except DecodeError:
        raise
    except _FAULTS as error:
        raise DecodeError(
            f"{name} cannot be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error


def read(
    name: str,
    data: bytes | Path,
    agency: str,
    schema: pa.Schema,
    names: Sequence[str] | None = None,
    only: Mapping[str, Collection[str]] | None = None,
    worded: Collection[str] = (),
) -> pa.Table:
    """Return the file's columns `names` (None: all), once it says that it is ours, this agency's and of this schema.

    `only`: rows whose column holds one of these words; row groups that cannot have one are not read. The columns must
    be among `names`. `worded`: columns of text that come as dictionaries, in half the time. Raises DecodeError.
    """
    only = only or {}
    with reading(name):
        source = pa.BufferReader(data) if isinstance(data, bytes) else pa.memory_map(str(data))
        with source, _opened(source, worded) as file:
            said = file.metadata.metadata or {}
            if (version := said.get(_VERSION, b"").decode(errors="replace")) != VERSION:
                raise DecodeError(f"{name} has version {version[:20] or 'none'}, expected {VERSION}")
            if said.get(_AGENCY) != agency.encode():
                raise DecodeError(f"{name} is of another agency than {agency}")
            if not file.schema_arrow.equals(_as_read(schema, worded)):
                raise DecodeError(f"{name} has other columns than version {VERSION}")
            groups = [at for at in range(file.num_row_groups) if _may_hold(file.metadata.row_group(at), only)]
            table = file.read_row_groups(groups, columns=names, use_threads=False).unify_dictionaries()
        for column, words in only.items():
            table = table.filter(pc.is_in(table[column], pa.array(list(words), pa.string())))
        return table


def _opened(source: pa.NativeFile, worded: Collection[str]) -> pq.ParquetFile:
    return pq.ParquetFile(_whole(source), page_checksum_verification=True, read_dictionary=list(worded) or None)


def _as_read(schema: pa.Schema, worded: Collection[str]) -> pa.Schema:
    types = (pa.dictionary(pa.int32(), field.type) if field.name in worded else field.type for field in schema)
    return pa.schema([field.with_type(type_) for field, type_ in zip(schema, types, strict=True)])


def _whole(source: pa.NativeFile) -> pa.NativeFile:
    """Return the file, once its footer is as it was written. Raises ValueError."""
    data = memoryview(source.read_buffer())
    start = len(data) - _END - int.from_bytes(data[-_END:-4], "little")
    if start < 4 or zlib.crc32(data[start:]) != int.from_bytes(data[start - 4 : start], "little"):
        raise ValueError("its end is cut off or damaged")
    source.seek(0)
    return source


def _may_hold(group: pq.RowGroupMetaData, only: Mapping[str, Collection[str]]) -> bool:
    for at in range(group.num_columns):
        chunk = group.column(at)
        if (words := only.get(chunk.path_in_schema)) is None:
            continue
        span = chunk.statistics
        if span is not None and span.has_min_max and not any(span.min <= word <= span.max for word in words):
            return False
    return True
