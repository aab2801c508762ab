"""Reports as rows of one table, all kinds together. Pure; docs/recording.md explains every column.

Rows are sorted by kind, subject and observation, for then neighbours differ little. The columns are the fields of
`UnitReport`, all of them: a unit's report is in them alone. Reports of other kinds fill the columns that they have by
the same name, for readers; what counts for them is the whole report in `rest`. `feeds/recording/rows.py` reads it back.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from feeds.recording.exact import split
from feeds.recording.sheets import WORDS, Book, Books, Sheet
from feeds.report import UnitReport

TEXTS = (
    "status", "call_sign", "unit_type", "fix_method", "primary_status", "status_internal", "incident_id", "emergency",
)  # fmt: skip
LISTS = ("labels", "capabilities", "secondary_status")
COUNTS = ("seq", "crew")
AFTER = {"sent_at": "sent_after_ms", "stale_at": "stale_after_ms"}
"""Times that are told in milliseconds from the observation."""
DECIMALS = {
    "lat": (9, 7), "lon": (10, 7), "course_deg": (5, 2), "speed_mps": (6, 2), "hae_m": (8, 2), "h_err_m": (9, 2),
    "v_err_m": (9, 2),
}  # fmt: skip
"""Digits, and how many of them are decimals."""
SCALES = {"observed_at": 3, **dict.fromkeys(AFTER, 3), **{name: scale for name, (_, scale) in DECIMALS.items()}}
"""Decimals of every number that is a double in its report."""

_ALWAYS = ("status", "labels")

MS = pa.timestamp("ms", "UTC")
SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("observed_at", MS, nullable=False),
        pa.field("arrival", pa.int32(), nullable=False),
        *((name, pa.decimal128(*digits)) for name, digits in DECIMALS.items()),
        *(pa.field(name, pa.string(), nullable=name not in _ALWAYS) for name in TEXTS),
        *(pa.field(name, pa.list_(pa.string()), nullable=name not in _ALWAYS) for name in LISTS),
        *((name, pa.int64()) for name in (*COUNTS, *AFTER.values())),
        ("rest", pa.binary()),
        *(pa.field(f"{name}_ulps", pa.int64(), nullable=False) for name in SCALES),
    ]
)

_WORDS_MAX = 256
"""Fewer words than this are written as they are numbered here, more are numbered anew for each part of the file."""
_DISTINCT_MAX = 4096
"""A column of more different numbers than this is kept as differences, not by a dictionary."""

_GROWN = 131_072
"""Rows by which a column grows."""

_encode = msgspec.msgpack.Encoder().encode


class _Grown:
    """A column that grows in place: parts that are put together at the end would be there twice."""

    def __init__(self, dtype: type) -> None:
        self._values: np.ndarray = np.zeros(0, dtype)
        self._end = 0

    def put(self, at: int, part: Any) -> None:
        """Write the part from row `at` on; rows that were passed over are 0."""
        self._end = at + len(part)
        if self._end > len(self._values):
            self._values.resize(self._end + _GROWN, refcheck=False)
        self._values[at : self._end] = part

    def upto(self, count: int) -> np.ndarray:
        """Return the first `count` rows."""
        if count > len(self._values):
            self._values.resize(count, refcheck=False)
        return self._values[:count]


class Columns:
    """Takes sheets in order of arrival; about 160 bytes a report stay, and each word once."""

    def __init__(self, books: Books) -> None:
        self._books = books.words
        self._codes: dict[str, _Grown] = {}
        """Of a field that says more than its first word, whose code is 0."""
        self._values: dict[str, tuple[_Grown, _Grown]] = {}
        """Of a field that anybody said the values, and whether there is one."""
        self._rest: dict[int, bytes] = {}
        self._count = 0

    def add(self, sheet: Sheet) -> None:
        """Take the next sheet."""
        count = len(sheet.reports)
        if not count:
            return
        for name, codes in sheet.codes.items():
            if name in self._codes or codes.any():
                self._codes.setdefault(name, _Grown(np.int32)).put(self._count, codes)
        for name, values in sheet.numbers.items():
            absent = sheet.absent.get(name)
            self._put(name, values, np.ones(count, np.bool_) if absent is None else ~absent)
        if "seq" in sheet.said:
            seq = pa.array(sheet.seq, pa.int64())
            self._put("seq", seq.fill_null(0).to_numpy(), seq.is_valid().to_numpy(zero_copy_only=False))
        if not sheet.of_units or "agency" in sheet.said:
            for at, report in enumerate(sheet.reports):
                if type(report) is not UnitReport or report.agency is not None:
                    self._rest[self._count + at] = _encode(report)
        self._count += count

    def _put(self, name: str, values: np.ndarray, valid: np.ndarray) -> None:
        if name not in self._values:
            self._values[name] = _Grown(np.int64 if name == "seq" else np.float64), _Grown(np.bool_)
        for grown, part in zip(self._values[name], (values, valid), strict=True):
            grown.put(self._count, part)

    def _of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a field's values, and where there is one; a field of which nothing was said takes no memory."""
        if name not in self._values:
            return np.broadcast_to(np.zeros(1), self._count), np.broadcast_to(False, self._count)
        values, valid = self._values[name]
        return values.upto(self._count), valid.upto(self._count)

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each report's `seq` in order of arrival, n i8, and whether it has one, n booleans."""
        values, valid = self._of("seq")
        return values.astype(np.int64, copy=False), valid

    def repetitive(self) -> list[str]:
        """Return the columns of numbers with few different ones: a dictionary of them is smaller than differences."""
        found = []
        for name in list(DECIMALS)[2:]:
            values, valid = self._of(name)
            column = pa.array(values, pa.float64(), mask=~valid)
            if len(column.unique()) <= min(_DISTINCT_MAX, len(column) // 16):
                found += [name, f"{name}_ulps"]
        return found

    def tables(self, told: np.ndarray, rows: int) -> Iterator[pa.Table]:
        """Yield the sorted table, at most `rows` rows at a time; `seq` is left out where `told`, n booleans."""
        same = np.broadcast_to(np.int32(0), self._count)
        codes = {name: self._codes[name].upto(self._count) if name in self._codes else same for name in WORDS}
        doubles = {name: self._of(name) for name in SCALES}
        seq, numbered = self.numbers()
        numbered = numbered & ~told
        order = self._order(codes, doubles["observed_at"][0])
        for start in range(0, max(len(order), 1), rows):
            at = order[start : start + rows]
            columns: dict[str, pa.Array] = {"arrival": pa.array(at, pa.int32())}
            for name, book in self._books.items():
                column = "subject" if name == "unit_id" else name
                columns[column] = _words(book, codes[name][at], SCHEMA.field(column).type)
            columns["seq"] = pa.array(seq[at], pa.int64(), mask=~numbered[at])
            columns.update(_numbers({name: (values[at], valid[at]) for name, (values, valid) in doubles.items()}))
            columns["rest"] = self._whole(at)
            yield pa.Table.from_arrays(
                [columns[field.name] for field in SCHEMA],
                schema=pa.schema([field.with_type(columns[field.name].type) for field in SCHEMA]),
            )

    def _whole(self, at: np.ndarray) -> pa.Array:
        """Return the whole reports of these rows, where the columns do not hold them."""
        if not np.isin(at, np.fromiter(self._rest, np.int64, len(self._rest))).any():
            return pa.nulls(len(at), pa.binary())
        return pa.array([self._rest.get(row) for row in at.tolist()], pa.binary())

    def _order(self, codes: dict[str, np.ndarray], observed_at: np.ndarray) -> np.ndarray:
        """Return the rows by kind, subject, observation and arrival."""
        subjects = self._books["unit_id"]
        thing = _ranks(self._books["kind"])[codes["kind"]] * len(subjects) + _ranks(subjects)[codes["unit_id"]]
        if thing.size and thing.max() < 2**16:
            thing = thing.astype(np.uint16)  # sorted by counting
        order = np.argsort(observed_at, kind="stable")
        return np.asarray(order[np.argsort(thing[order], kind="stable")])


def _ranks(book: Book) -> np.ndarray:
    """Return the place of each code's word among all words, sorted."""
    ranks = np.empty(len(book), np.int64)
    ranks[[book[word] for word in sorted(book)]] = np.arange(len(book))
    return ranks


def _words(book: Book, codes: np.ndarray, type_: pa.DataType) -> pa.Array:
    """Return the words of these codes."""
    words = pa.array(book, type_)
    if not pa.types.is_string(type_) or words.null_count == len(words) or len(words) > _WORDS_MAX:
        return words.take(pa.array(codes))
    if None not in book:
        return pa.DictionaryArray.from_arrays(pa.array(codes), words)
    none = book[None]
    indices = pa.array(codes - (codes > none), mask=codes == none)
    return pa.DictionaryArray.from_arrays(indices, words.drop_null())


def _numbers(doubles: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, pa.Array]:
    """Return the columns that hold these doubles, each beside its ulps."""
    columns: dict[str, pa.Array] = {}
    observed_ms = np.zeros(0, np.int64)
    for name, (values, valid) in doubles.items():
        digits, scale = DECIMALS.get(name, (15, 3))
        whole, ulps = split(values, scale, digits)
        if name == "observed_at":
            observed_ms = whole
            columns[name] = pa.array(whole).view(MS)
        elif name in AFTER:
            columns[AFTER[name]] = pa.array(whole - observed_ms, mask=~valid)
        else:
            plain = pa.array(whole, mask=~valid)
            columns[name] = pa.Array.from_buffers(pa.decimal64(digits, scale), len(plain), plain.buffers())
        columns[f"{name}_ulps"] = pa.array(np.where(valid, ulps, 0))
    return columns
