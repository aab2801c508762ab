"""Reports of many units as columns: how a parcel of them is kept in the journal, and how FeedClient sends them.

Units say the same few words again and again, and numbers. So the words stand once for all units of a parcel that say
them, the numbers in a column for each, and whoever takes them in (feeds/door.py, layers/picture.py) does so with
hundreds of units by a few calls, where a report of each would have to be made, looked at and let go. `reports` gives
them back, whole.

Pure.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple, overload

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
COLUMNS = "jointops.columns.1"
"""The WebSocket subprotocol by which a sender and the door agree on them."""
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
_SEQ = NUMBERS.index("seq")
_INCIDENT, _UNIT_TYPE = WORDS.index("incident_id"), WORDS.index("unit_type")


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


def unit_type_of(words: Words) -> str | None:
    """Return the unit's type that words say."""
    unit_type = words[_UNIT_TYPE]
    assert unit_type is None or isinstance(unit_type, str)
    return unit_type


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

    def table(self) -> "UnitTable":
        """Return the columns to reckon with.

        Raises DecodeError where this is not what `columns_of` makes, or a number is out of its field's bounds.
        """
        said = _checked(self)
        numbers = _unshuffled(self)
        if (numbers < _LEAST[said, None]).any() or (numbers > _MOST[said, None]).any():  # neither is so of NaN
            raise DecodeError("columns of units cannot be read: a number is out of its bounds")
        table = UnitTable(self.ids, self.words, self.codes(), self.said, numbers, self.call_signs, self)
        observed_at, seq = table.column("observed_at"), table.column("seq")
        if observed_at is None or np.isnan(observed_at).any():
            raise DecodeError("columns of units cannot be read: a report does not say when")
        if seq is not None and (seq % 1 > 0).any():
            raise DecodeError("columns of units cannot be read: a number is not whole")
        return table

    def rows(self) -> np.ndarray:
        """Return the numbers: n rows of f8, a column for each of `NUMBERS`, NaN for what is not said."""
        rows = np.full((len(self.ids), len(NUMBERS)), np.nan)
        rows[:, _bits(self.said)] = _unshuffled(self).T
        return rows

    def codes(self) -> np.ndarray:
        """Return for each report which of `words` it says, n."""
        return _codes(self)

    def sequences(self) -> list[int | None]:
        """Return the sequence number of each report."""
        return [None if seq != seq else int(seq) for seq in self.rows()[:, _SEQ].tolist()]

    def names(self) -> Iterator[str]:
        """Yield every id that is said: of the units, and of incidents."""
        yield from self.ids
        for words in self.words:
            if (incident := words[_INCIDENT]) is not None:
                assert isinstance(incident, str)
                yield incident

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


class LooseColumns(Struct):
    """`UnitColumns` of whoever sent them, with anything for a word: to tell which of the reports is wrong."""

    ids: tuple[Any, ...]
    words: tuple[tuple[Any, ...], ...]
    which: bytes
    said: int
    numbers: bytes
    call_signs: tuple[Any, ...] = ()

    def fields(self) -> Iterator[dict[str, Any]]:
        """Yield what each report says, by field. Raises DecodeError where the columns are not equally long."""
        said = [NUMBERS[bit] for bit in _checked(self)]
        if any(len(words) != len(WORDS) for words in self.words):
            raise DecodeError("columns of units cannot be read: they are not equally long")
        rows = _unshuffled(self).T.tolist()
        signs = self.call_signs or (None,) * len(self.ids)
        for id_, code, row, sign in zip(self.ids, _codes(self).tolist(), rows, signs, strict=True):
            numbers = {name: number for name, number in zip(said, row, strict=True) if number == number}
            if (seq := numbers.get("seq", 0.5)).is_integer():
                numbers["seq"] = int(seq)
            words = zip(WORDS, self.words[code], strict=True)
            yield {
                "unit_id": id_,
                "call_sign": sign,
                **{name: word for name, word in words if word is not None},
                **numbers,
            }


def _bits(said: int) -> list[int]:
    return [bit for bit in range(len(NUMBERS)) if said >> bit & 1]


def _code_type(words: Sequence[Any]) -> np.dtype[Any]:
    return np.dtype(np.uint8 if len(words) <= 256 else np.uint16)


def _codes(columns: UnitColumns | LooseColumns) -> np.ndarray:
    return np.frombuffer(columns.which, _code_type(columns.words))


def shuffled(numbers: np.ndarray) -> bytes:
    """Return k columns of n f8 as `UnitColumns.numbers` has them."""
    return numbers.view(np.uint8).reshape(*numbers.shape, 8).transpose(0, 2, 1).tobytes()


def _unshuffled(columns: UnitColumns | LooseColumns) -> np.ndarray:
    """Return what was `shuffled` (k, n)."""
    planes = np.frombuffer(columns.numbers, np.uint8).reshape(columns.said.bit_count(), 8, len(columns.ids))
    numbers: np.ndarray = planes.transpose(0, 2, 1).copy().view(np.float64)[:, :, 0]
    return numbers


def _checked(columns: UnitColumns | LooseColumns) -> list[int]:
    """Return the places of what is said in `NUMBERS`. Raises DecodeError where the columns are not equally long."""
    n, said = len(columns.ids), _bits(columns.said)
    if (
        not said
        or columns.said >> len(NUMBERS)
        or len(columns.numbers) != len(said) * n * 8
        or len(columns.which) != n * _code_type(columns.words).itemsize
        or (n and int(_codes(columns).max()) >= len(columns.words))
        or (columns.call_signs and len(columns.call_signs) != n)
    ):
        raise DecodeError("columns of units cannot be read: they are not equally long")
    return said


class UnitTable(NamedTuple):
    """n reports of units as columns to reckon with: what the door looks at before they are packed for the journal."""

    ids: tuple[UnitId, ...]
    words: tuple[Words, ...]
    which: np.ndarray
    """As of `UnitColumns`, n integers."""
    said: int
    numbers: np.ndarray
    """f8, a row of n for each of `NUMBERS` that is `said`, NaN for what a report does not say."""
    call_signs: tuple[str | None, ...]
    columns: UnitColumns | None = None
    """What it was made of."""

    def column(self, name: str) -> np.ndarray | None:
        """Return the n numbers of this name; None where no report says one."""
        bit = 1 << NUMBERS.index(name)
        return self.numbers[(self.said & (bit - 1)).bit_count()] if self.said & bit else None

    @property
    def newest(self) -> float:
        """When the newest of its reports was observed, Unix seconds."""
        at = self.column("observed_at")
        assert at is not None
        return float(np.maximum.reduce(at))

    def packed(self) -> UnitColumns:
        """Return the columns as they are kept."""
        if self.columns is not None:
            return self.columns
        which = self.which.astype(_code_type(self.words)).tobytes()
        return UnitColumns(self.ids, self.words, which, self.said, shuffled(self.numbers), self.call_signs)


class UnitReports(Sequence[UnitReport]):
    """The reports of columns, made when somebody looks at one: most are journaled unseen."""

    def __init__(self, columns: UnitColumns) -> None:
        """Take columns. Raises DecodeError, as `UnitColumns.table`."""
        self.columns = columns
        self.table = columns.table()
        self._made: tuple[UnitReport, ...] | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.columns)

    @overload
    def __getitem__(self, at: int) -> UnitReport: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[UnitReport]: ...
    def __getitem__(self, at: int | slice) -> UnitReport | Sequence[UnitReport]:
        """Return one, or some."""
        if self._made is None:
            self._made = self.columns.reports()
        return self._made[at]


def table_of(reports: Sequence[Report]) -> UnitTable | None:
    """Return the reports as a table; None where they are few, or not of units alone."""
    if isinstance(reports, UnitReports):
        return reports.table
    n = len(reports)
    if n < FEWEST or {*map(type, reports)} != {UnitReport}:
        return None
    fields = tuple(zip(*map(astuple, reports), strict=True))
    words, which = _words_of([fields[i] for i in _AT_WORDS])
    said, columns = 0, []
    for bit, i in enumerate(_AT_NUMBERS):
        column = fields[i]
        if column[0] is not None or column.count(None) < n:
            said |= 1 << bit
            columns.append(column)
    try:
        flat = np.frombuffer(struct.pack(f"{len(columns) * n}d", *chain.from_iterable(columns)))  # half of numpy's time
    except struct.error:  # None among them
        flat = np.array(columns, np.float64)
    call_signs = fields[_AT_CALL_SIGN]
    return UnitTable(
        fields[_AT_ID],
        words,
        which,
        said,
        flat.reshape(len(columns), n),
        () if call_signs.count(None) == n else call_signs,
    )


encode: Callable[[UnitColumns], bytes] = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(UnitColumns).decode


def decode(data: bytes) -> UnitColumns:
    """Return the columns in bytes of whoever sent them; `UnitColumns.table` checks the rest. Raises DecodeError."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # the second for a text that is none
        raise DecodeError(f"columns of units cannot be read: {error}") from error


def are_columns(data: bytes) -> bool:
    """Say whether bytes are columns rather than JSON: a map of a few fields in msgpack."""
    return data[:1] >= b"\x80" and data[:1] < b"\x90"


def columns_of(reports: Sequence[Report]) -> UnitColumns | None:
    """Return the reports as columns; None where they are few, or not of units alone."""
    table = table_of(reports)
    return None if table is None else table.packed()


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
