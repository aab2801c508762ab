"""CSV (RFC 4180, UTF-8): one table of everything, both clocks in UTC.

Rules
- CSV has no place for a stamp: it stands before the header in lines that begin with `#` (`comment="#"` of the usual
  readers). So that a `#` in a text is none, all text is quoted.
- A spreadsheet calculates what begins with `=` and the like, blanks before it aside: such a text gets an apostrophe in
  front. Numbers are ours.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from layers.exports.rows import Occurrence, TrackPoint, utc
from layers.exports.stamp import Stamp
from layers.exports.table import COLUMNS, table

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for a formula, at a cell's beginning."""
ROWS = 500
"""In a piece."""

_ENDS_A_CELL = re.compile(r"[\s,;\"]+")
"""What in a stamp would begin a cell of its own, and a formula with it."""
_INSTANTS = tuple(index for index, column in enumerate(COLUMNS) if column.type == "instant")


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield the file."""
    text = StringIO(newline="")
    for name, said in stamp.said.items():
        text.write(f"# {name}: {_ENDS_A_CELL.sub(' ', said)}\r\n")
    into = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    into.writerow([column.name for column in COLUMNS])
    for number, row in enumerate(table(points, occurrences), 1):
        into.writerow(_cells(row))
        if number % ROWS == 0:
            yield _emptied(text)
    yield _emptied(text)


def _cells(row: tuple[Any, ...]) -> list[Any]:
    cells: list[Any] = [f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for cell in row]
    for index in _INSTANTS:
        if cells[index] is not None:
            cells[index] = utc(cells[index])
    return cells


def _is_formula(text: str) -> bool:
    return text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)


def _emptied(text: StringIO) -> bytes:
    said = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return said
