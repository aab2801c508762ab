"""Reports of many units as columns: how a parcel of them is kept in the journal.

Units say the same few words again and again, and numbers. So the words stand once for all units of a parcel that say
them, the numbers in a column for each, and whoever follows the journal (layers/picture.py) takes in hundreds of units
by a few calls, where a report of each would have to be made, looked at and let go. `reports` gives them back, whole.

Pure.
"""

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from msgspec.structs import astuple, replace

from feeds.errors import DecodeError
from feeds.report import Code, Line, Report, UnitId, UnitReport

NUMBERS = (
    "lat", "lon", "course_deg", "speed_mps", "h_err_m", "observed_at", "seq", "hae_m", "v_err_m", "stale_at", "sent_at",
)  # fmt: skip
"""The columns of `UnitColumns.rows`, in this order."""
WORDS = (
    "status", "unit_type", "primary_status", "secondary_status", "incident_id", "status_internal", "emergency",
    "capabilities", "crew", "fix_method", "labels",
)  # fmt: skip
"""What else a report says besides its unit's id and call sign: the fields of `Words`."""
FEWEST = 24
"""Reports from which on columns cost less to take in than reports do."""

Codes = tuple[Code, ...]
Words = tuple[
    Literal["actual", "exercise", "system", "test", "draft"],
    Code | None,
    Code | None,
    Codes | None,
    UnitId | None,
    Line | None,
    Code | None,
    Codes | None,
    Annotated[int, Meta(ge=0, le=999)] | None,
    Code | None,
    Codes,
]

_FIELDS = tuple(field.name for field in msgspec.structs.fields(UnitReport))
_AT_NUMBERS = tuple(map(_FIELDS.index, NUMBERS))
_AT_WORDS = tuple(map(_FIELDS.index, WORDS))
_AT_ID, _AT_CALL_SIGN = _FIELDS.index("unit_id"), _FIELDS.index("call_sign")
_OBSERVED, _SEQ = NUMBERS.index("observed_at"), NUMBERS.index("seq")


def _limits() -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest of each column, as `UnitReport` declares them."""
    declared = {field.encode_name: field.type for field in _info(UnitReport).fields}
    least, most = [], []
    for name in NUMBERS:
        kind = declared[name]
        kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
        number = next(k for k in kinds if isinstance(k, msgspec.inspect.FloatType | msgspec.inspect.IntType))
        assert number.ge is not None and number.le is not None
        least.append(number.ge)
        most.append(number.le)
    return np.array(least, np.float64), np.array(most, np.float64)


def _info(kind: type[Struct]) -> msgspec.inspect.StructType:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return info


_LEAST, _MOST = _limits()


class UnitColumns(Struct, frozen=True, gc=False, omit_defaults=True):
    """n reports of units, in order."""

    ids: tuple[UnitId, ...]
    """n."""
    words: tuple[Words, ...]
    """Each once."""
    which: bytes
    """n u1, or u2 where there are more than 256 `words`: which of them a report says."""
    said: int
    """Which of `NUMBERS` any report says, a bit each, the first the lowest."""
    numbers: bytes
    """A column of n f8 for each of those, NaN where it is not said: the first bytes of all n, then the second..."""
    call_signs: tuple[Annotated[str, Meta(max_length=40)] | None, ...] = ()
    """n, or none where no report has one."""

    def __len__(self) -> int:
        """Return n."""
        return len(self.ids)

    def check(self) -> None:
        """Raise DecodeError where this is not what `columns_of` makes, or a number is out of its field's bounds."""
        n, said = len(self.ids), self._said()
        if (
            not said
            or self.said >> len(NUMBERS)
            or len(self.numbers) != len(said) * n * 8
            or len(self.which) != n * (1 if len(self.words) <= 256 else 2)
            or (n and int(self.codes().max()) >= len(self.words))
            or (self.call_signs and len(self.call_signs) != n)
        ):
            raise DecodeError("columns of units cannot be read: they are not equally long")
        numbers = self._numbers(len(said))
        if (numbers < _LEAST[said]).any() or (numbers > _MOST[said]).any():  # neither is so of NaN
            raise DecodeError("columns of units cannot be read: a number is out of its bounds")
        if _OBSERVED not in said or np.isnan(numbers[:, said.index(_OBSERVED)]).any():
            raise DecodeError("columns of units cannot be read: a report does not say when")

    def _said(self) -> list[int]:
        return [i for i in range(len(NUMBERS)) if self.said >> i & 1]

    def _numbers(self, columns: int) -> np.ndarray:
        """Return n rows of what is said."""
        return np.frombuffer(self.numbers, np.uint8).reshape(columns * 8, -1).T.copy().view(np.float64)

    def rows(self) -> np.ndarray:
        """Return the numbers: n rows of f8, a column for each of `NUMBERS`, NaN for what is not said."""
        rows = np.full((len(self.ids), len(NUMBERS)), np.nan)
        said = self._said()
        rows[:, said] = self._numbers(len(said))
        return rows

    def codes(self) -> np.ndarray:
        """Return for each report which of `words` it says, n."""
        return np.frombuffer(self.which, np.uint8 if len(self.words) <= 256 else np.uint16)

    def sequences(self) -> list[int | None]:
        """Return the sequence number of each report."""
        return [None if seq != seq else int(seq) for seq in self.rows()[:, _SEQ].tolist()]

    def reports(self, at: Sequence[int] | None = None) -> tuple[UnitReport, ...]:
        """Return the reports, or those at these places."""
        rows, codes = self.rows(), self.codes()
        places = range(len(self.ids)) if at is None else at
        if at is not None:
            rows, codes = rows[at], codes[at]
        columns: list[list[Any]] = rows.T.tolist()
        for i in np.flatnonzero(np.isnan(rows).any(axis=0)).tolist():
            columns[i] = [None if number != number else number for number in columns[i]]
        call_signs = self.call_signs or (None,) * len(self.ids)
        spoken = [_speaking(words) for words in self.words]
        return tuple(
            numbered(spoken[code], row, unit_id=self.ids[place], call_sign=call_signs[place])
            for place, code, row in zip(places, codes.tolist(), zip(*columns, strict=True), strict=True)
        )


def numbered(words: UnitReport, numbers: Sequence[float | None], **names: str | None) -> UnitReport:
    """Return a report that says these `NUMBERS`, and all else as `words` does but for `names`."""
    lat, lon, course, speed, h_err, observed_at, seq, hae, v_err, stale_at, sent_at = numbers
    assert observed_at is not None
    return replace(
        words,
        lat=lat,
        lon=lon,
        course_deg=course,
        speed_mps=speed,
        h_err_m=h_err,
        observed_at=observed_at,
        seq=None if seq is None else int(seq),
        hae_m=hae,
        v_err_m=v_err,
        stale_at=stale_at,
        sent_at=sent_at,
        **names,
    )


def _speaking(words: Words) -> UnitReport:
    said: dict[str, Any] = dict(zip(WORDS, words, strict=True))
    return UnitReport(observed_at=0, unit_id="", **said)


def columns_of(reports: Sequence[Report]) -> UnitColumns | None:
    """Return the reports as columns; None where they are few, or not of units alone."""
    n = len(reports)
    if n < FEWEST or {*map(type, reports)} != {UnitReport}:
        return None
    fields = tuple(zip(*map(astuple, reports), strict=True))
    words, which = _words_of([fields[i] for i in _AT_WORDS])
    said, numbers = 0, []
    for bit, i in enumerate(_AT_NUMBERS):
        column = fields[i]
        if column[0] is not None or column.count(None) < n:
            said |= 1 << bit
            numbers.append(column)
    try:
        flat = np.frombuffer(struct.pack(f"{len(numbers) * n}d", *chain.from_iterable(numbers)))  # half of numpy's time
    except struct.error:  # None among them
        flat = np.array(numbers, np.float64)
    bytes_ = flat.view(np.uint8).reshape(len(numbers), n, 8).transpose(0, 2, 1)
    call_signs = fields[_AT_CALL_SIGN]
    return UnitColumns(
        fields[_AT_ID],
        words,
        which.astype(np.uint8 if len(words) <= 256 else np.uint16).tobytes(),
        said,
        np.ascontiguousarray(bytes_).tobytes(),
        () if call_signs.count(None) == n else call_signs,
    )


def _words_of(columns: list[tuple[Any, ...]]) -> tuple[tuple[Words, ...], np.ndarray]:
    """Return the different words in n-long columns of them, each once, and which of them each of the n is."""
    n = len(columns[0])
    differ = [column for column in columns if column.count(column[0]) < n]  # most say nothing, or all the same
    if not differ:
        return (tuple(column[0] for column in columns),), np.zeros(n, np.intp)
    firsts: dict[Any, int] = {}
    said = [firsts.setdefault(words, at) for at, words in enumerate(zip(*differ, strict=True))]
    first = list(firsts.values())
    return tuple(tuple(column[at] for column in columns) for at in first), np.searchsorted(first, said)
