"""Which columns and rows lie where in a Parquet file, so that altered bytes can be named. Pure."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

_MAGIC = b"PAR1"


class Part(NamedTuple):
    """A stretch of a file."""

    start: int
    end: int
    """Bytes `start` to before `end`."""
    what: str


def parts(data: bytes) -> list[Part]:
    """Return the column chunks of a Parquet file and its footer; empty when its footer cannot be read."""
    try:
        metadata = pq.read_metadata(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        return []
    found, row = [], 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if not group.num_rows:
            continue
        rows = f"rows {row} to {row + group.num_rows - 1}"
        row += group.num_rows
        for at in range(group.num_columns):
            chunk = group.column(at)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            found.append(Part(start, start + chunk.total_compressed_size, f"column {chunk.path_in_schema}, {rows}"))
    found.sort()
    end = found[-1].end if found else len(_MAGIC)
    return [*found, Part(end, len(data), "the footer, which says where everything is")]


def within(found: list[Part], start: int, end: int) -> list[str]:
    """Return what lies in the bytes `start` to before `end`."""
    return [part.what for part in found if part.start < end and start < part.end]
