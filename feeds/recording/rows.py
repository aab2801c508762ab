"""Reports out of the table that `feeds/recording/columns.py` makes. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from feeds.recording.columns import AFTER, LISTS, SCALES, TEXTS
from feeds.recording.exact import join
from feeds.recording.sheets import KINDS
from feeds.report import AnyReport, Report, UnitReport

_TOGETHER = 1024
"""Rows made into reports at a time; what none of them says is not passed at all."""
_ACTUAL: str = next(field.default for field in msgspec.structs.fields(Report) if field.name == "status")
"""As the very object that a report has by default: msgspec leaves out what is it, not what equals it."""
_decode: Callable[[bytes], AnyReport] = msgspec.msgpack.Decoder(AnyReport).decode


def reports(table: pa.Table, told: np.ndarray) -> list[AnyReport]:
    """Return the reports in order of arrival.

    `told`: n i8, the numbers that the parcels tell by order of arrival; -1: none. Raises ValueError, naming the row,
    for a `rest` that is no report or missing, and for arrivals that are not each of 0 to n - 1 once.
    """
    arrivals(table)
    found: list[Any] = [None] * len(table)
    for arrival, report in some(table, told):
        found[arrival] = report
    return found


def some(table: pa.Table, told: np.ndarray) -> Iterator[tuple[int, AnyReport]]:
    """Yield of each row its place in order of arrival and its report; `table` may be part of the whole.

    `told` of all reports. Raises as `reports`.
    """
    arrival = whole(table["arrival"])
    if len(arrival) and not 0 <= arrival.min() <= arrival.max() < len(told):
        raise ValueError(f"it has an arrival that is none of {len(told)}")
    told = told[arrival]
    numbers = np.where(told >= 0, told, whole(table["seq"]))
    columns: dict[str, list[Any]] = {"seq": _objects(numbers, (told < 0) & absent(table["seq"]))}
    columns["crew"] = _objects(whole(table["crew"]), absent(table["crew"]))
    for name in SCALES:
        columns[name] = _objects(doubles(table, name), absent(table[AFTER.get(name, name)]))
    columns["unit_id"] = texts(table["subject"])
    columns.update({name: texts(table[name]) for name in TEXTS})
    columns.update({name: lists(table[name]) for name in LISTS})
    elsewhere = ~absent(table["rest"])
    if len(nowhere := np.flatnonzero(~elsewhere & (np.array(texts(table["kind"])) != KINDS[UnitReport]))):
        raise ValueError(f"row {nowhere[0]} is no unit's and has nothing in column rest")
    for start in range(0, len(table), _TOGETHER):
        rows = slice(start, start + _TOGETHER)
        part = _units({name: column[rows] for name, column in columns.items()})
        yield from zip(arrival[rows].tolist(), part, strict=True)
    for row in np.flatnonzero(elsewhere).tolist():
        yield int(arrival[row]), _whole(table["rest"][row].as_py(), row)


def _whole(body: bytes, row: int) -> AnyReport:
    try:
        return _decode(body)
    except msgspec.MsgspecError as error:
        raise ValueError(f"row {row}, column rest: {error}") from error


def _units(columns: dict[str, list[Any]]) -> Iterable[UnitReport]:
    count = len(columns["unit_id"])
    said = {name: column for name, column in columns.items() if column.count(None) < count}
    if said.keys() <= set(_USUAL):
        return map(_usual, *(said.get(name) or [None] * count for name in _USUAL))
    return (UnitReport(**dict(zip(said, row, strict=True))) for row in zip(*said.values(), strict=True))


def _usual(
    unit_id: str, observed_at: float, seq: Any, stale_at: Any, status: Any, labels: Any, call_sign: Any, unit_type: Any,
    lat: Any, lon: Any, course_deg: Any, speed_mps: Any, h_err_m: Any, primary_status: Any, secondary_status: Any,
) -> UnitReport:  # fmt: skip
    """Return a report of what units usually say: named in code, a quarter of what a dict's names take."""
    return UnitReport(
        unit_id=unit_id, observed_at=observed_at, seq=seq, stale_at=stale_at, status=status, labels=labels,
        call_sign=call_sign, unit_type=unit_type, lat=lat, lon=lon, course_deg=course_deg, speed_mps=speed_mps,
        h_err_m=h_err_m, primary_status=primary_status, secondary_status=secondary_status,
    )  # fmt: skip


_USUAL = tuple(_usual.__annotations__)[:-1]


def arrivals(table: pa.Table) -> np.ndarray:
    """Return each row's place in order of arrival, n. Raises ValueError unless each of 0 to n - 1 is there once."""
    arrival = whole(table["arrival"])
    _order(arrival)
    return arrival


def order(table: pa.Table) -> np.ndarray:
    """Return the row of each place in order of arrival, n i4. Raises as `arrivals`."""
    return _order(whole(table["arrival"]))


def _order(arrival: np.ndarray) -> np.ndarray:
    found = np.full(len(arrival), -1, np.int32)
    if not len(arrival) or 0 <= arrival.min() <= arrival.max() < len(arrival):
        found[arrival] = np.arange(len(arrival), dtype=np.int32)
    if (found < 0).any():
        raise ValueError(f"its arrivals do not number {len(arrival)} rows")
    return found


def absent(column: pa.ChunkedArray) -> np.ndarray:
    """Return where the column says nothing, n booleans."""
    return np.asarray(column.is_null().to_numpy())


def whole(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of decimals, times or counts as whole numbers, n i8; 0 where it says nothing."""
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.decimal64(array.type.precision, array.type.scale))
        array = pa.Array.from_buffers(pa.int64(), len(array), array.buffers(), offset=array.offset)
    return np.asarray(array.cast(pa.int64()).fill_null(0).to_numpy())


def doubles(table: pa.Table, name: str) -> np.ndarray:
    """Return a field that is a double in its report, n f8 to the last bit; what is absent is 0 or nonsense."""
    decimals = whole(table[AFTER.get(name, name)])
    if name in AFTER:
        decimals = decimals + whole(table["observed_at"])
    return join(decimals, whole(table[f"{name}_ulps"]), SCALES[name])


def _objects(values: np.ndarray, absent: np.ndarray) -> list[Any]:
    if absent.all():
        return [None] * len(values)
    if not absent.any():
        return list(values.tolist())
    found = values.astype(object)
    found[absent] = None
    return list(found.tolist())


def texts(column: pa.ChunkedArray) -> list[str | None]:
    """Return a column of texts, n; None where it says nothing."""
    if column.null_count == len(column):
        return [None] * len(column)
    encoded = pa.concat_arrays(column.chunks).dictionary_encode()
    words = [_ACTUAL if word == _ACTUAL else word for word in encoded.dictionary.to_pylist()] + [None]
    codes = encoded.indices.fill_null(len(words) - 1).to_numpy()
    return list(map(words.__getitem__, codes.tolist()))


def lists(column: pa.ChunkedArray) -> list[tuple[str, ...] | None]:
    """Return lists of texts as tuples: made once for rows that say the same as the row before, as nearly all do."""
    if column.null_count == len(column):
        return [None] * len(column)
    lists = pa.concat_arrays(column.chunks)
    size = lists.value_lengths().fill_null(-1).to_numpy().astype(np.int64)
    words = lists.flatten().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    row = np.repeat(np.arange(len(size)), np.maximum(size, 0))
    same = np.concatenate([[False], size[1:] == size[:-1]])
    before = np.arange(len(words)) - size[row]
    differs = same[row] & (words != words[np.maximum(before, 0)])
    same[row[differs]] = False
    heads = np.flatnonzero(~same)
    said = [None if value is None else tuple(value) for value in lists.take(pa.array(heads)).to_pylist()]
    return list(map(said.__getitem__, (np.cumsum(~same) - 1).tolist()))
