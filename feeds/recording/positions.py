"""Columns of units straight from the files, for whoever counts, draws or exports: no report is built. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from feeds.names import AgencyId
from feeds.recording import parcels, rows
from feeds.recording.parquet import reading
from feeds.recording.segment import PARCELS, REPORTS, Files, open_table
from feeds.recording.sheets import KINDS
from feeds.report import UnitReport

_NUMBERS = ("lat", "lon", "course_deg", "speed_mps")


class Words(NamedTuple):
    """A column of words: n i4 codes into `words`, -1 where none was said."""

    codes: np.ndarray
    words: list[str]


class Positions(NamedTuple):
    """What units said, a row a report: of each segment by unit, then by observation. Of n rows each.

    Also rows that say no place (a status alone): their numbers are NaN.
    """

    unit: Words
    observed_at: np.ndarray
    """f8, Unix seconds by the source's clock"""
    received_at: np.ndarray
    """f8, Unix seconds by ours"""
    journaled_ms: np.ndarray
    """i8, Unix milliseconds of the id of its batch"""
    lat: np.ndarray
    """f8, degrees, as are `lon` and `course_deg`"""
    lon: np.ndarray
    course_deg: np.ndarray
    speed_mps: np.ndarray
    """f8, metres a second"""
    primary_status: Words


def read_positions(agency: AgencyId, segments: Iterable[Files], units: Collection[str] | None = None) -> Positions:
    """Return what these units (None: all) said in these segments of one agency, one segment after the other.

    Parts of a file that hold none of the units are not read. Raises DecodeError, which names the file.
    """
    parts = [unit_columns(agency, files, units, _NUMBERS, ("primary_status",)) for files in segments]
    columns = {
        name: np.concatenate([np.zeros(0), *(part[name] for part in parts)])
        for name in ("observed_at", "received_at", "journaled_ms", *_NUMBERS)
    }
    columns["journaled_ms"] = columns["journaled_ms"].astype(np.int64)  # below 2**53 until the year 285000
    words = {name: _words([part[name] for part in parts]) for name in ("subject", "primary_status")}
    return Positions(unit=words["subject"], primary_status=words["primary_status"], **columns)


def labelled_units(agency: AgencyId, files: Files) -> set[str]:
    """Return the units of which a report of this segment carries a label. Raises DecodeError."""
    return set(unit_labels(agency, files))


def unit_labels(agency: AgencyId, files: Files) -> dict[str, frozenset[str]]:
    """Return all labels that this segment's reports of a unit carry, of the units that have any. Raises DecodeError."""
    table = open_table(agency, files, REPORTS, ["kind", "subject", "labels"], {"kind": [KINDS[UnitReport]]})
    table = table.filter(pc.greater(pc.list_value_length(table["labels"]), 0))
    found: dict[str, frozenset[str]] = {}
    for subject, labels in zip(table["subject"].to_pylist(), table["labels"].to_pylist(), strict=True):
        found[subject] = found.get(subject, frozenset()).union(labels)
    return found


def unit_columns(
    agency: AgencyId, files: Files, units: Collection[str] | None, numbers: Sequence[str], texts: Sequence[str]
) -> dict[str, Any]:
    """Return of one segment what these units (None: all) said, by unit, then by observation; n rows.

    `numbers` of the fields that are doubles, as f8, NaN where one was not said, and so `observed_at`, `received_at`;
    `journaled_ms` as i8; `texts`, `subject` and `source` as chunked arrays of strings. Raises DecodeError.
    """
    names = ["kind", "subject", "arrival", *texts]
    names += [column for name in ("observed_at", *numbers) for column in (name, f"{name}_ulps")]
    unit = KINDS[UnitReport]
    table = open_table(agency, files, REPORTS, names, {"kind": [unit], **({} if units is None else {"subject": units})})
    of_parcel = ["journaled_at", "received_at", "received_at_ulps", "first_arrival", "source"]
    said = open_table(agency, files, PARCELS, of_parcel)
    with reading(REPORTS):
        columns: dict[str, Any] = {
            name: np.where(rows.absent(table[name]), np.nan, rows.doubles(table, name))
            for name in ("observed_at", *numbers)
        }
        parcel = np.searchsorted(rows.whole(said["first_arrival"]), rows.whole(table["arrival"]), "right") - 1
        if len(parcel) and parcel.min() < 0:
            raise ValueError(f"it has an arrival before the first of {PARCELS}")
        columns["received_at"] = parcels.received_at(said)[parcel]
        columns["journaled_ms"] = rows.whole(said["journaled_at"])[parcel]
        columns["source"] = said["source"].take(pa.array(parcel))
        columns.update({name: table[name] for name in ("subject", *texts)})
    return columns


def _words(columns: list[pa.ChunkedArray]) -> Words:
    chunks = [chunk for column in columns for chunk in column.chunks]
    encoded = pa.concat_arrays([pa.array([], pa.string()), *chunks]).dictionary_encode()
    return Words(encoded.indices.fill_null(-1).to_numpy(), encoded.dictionary.to_pylist())
