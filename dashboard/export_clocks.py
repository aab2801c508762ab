"""The aligned times of an export: what was known of each source's clock when a row came, segment after segment."""

from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from feeds.clock_offset import ClockOffset
from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import SourceId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.replay.clocks import Clocks
from feeds.replay.sealed import survey_on_file, surveyed
from layers.exports.rows import Occurrence, TrackPoint

Row = TypeVar("Row", TrackPoint, Occurrence)


class ExportClocks:
    """Of one agency's record. `tells`: whether who it is for may know of the clocks; else no row is aligned."""

    def __init__(self, archive: Archive, *, tells: bool) -> None:
        self._archive = archive
        self._tells = tells
        self._clocks = Clocks()

    def take(self, one: Segment) -> None:
        """Go on to a segment. One that cannot be read tells nothing; who reads its rows says so. Raises OSError."""
        # of logs that were imported, received is what they say as well
        if not self._tells or one.tombstone is not None or one.manifest.imported:
            return
        try:
            found = survey_on_file(self._archive, one)
            if found is None:
                found = surveyed(one.manifest.agency, self._archive.decode(one))
        except (ArchiveDamaged, DecodeError):
            return
        self._clocks.follow(found.clocks)
        self._clocks.forget(one.manifest.t0 / 1000)

    def aligned(self, row: Row) -> Row:
        """Return the row with its aligned time, where its source's clock was off."""
        clock = None if row.source is None else self._clocks.at(row.source, row.received_at)
        if clock is None or not clock.is_off:
            return row
        return row._replace(aligned_at=clock.aligned(row.observed_at), aligned_err_s=clock.error_s)

    def columns(self, told: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return `aligned_at` and `aligned_err_s` (f8, NaN: not aligned) for rows of `unit_columns`."""
        aligned, error = np.full((2, len(told["observed_at"])), np.nan)
        sources = pa.chunked_array(told["source"]).combine_chunks().dictionary_encode()
        codes = sources.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for code, source in enumerate(sources.dictionary.to_pylist()):
            since, offsets, errors = _off(self._clocks, source)
            if np.isnan(offsets).all():
                continue
            rows = np.flatnonzero(codes == code)
            place = np.searchsorted(since, told["received_at"][rows], "right")
            aligned[rows] = told["observed_at"][rows] - offsets[place]
            error[rows] = errors[place]
        return {"aligned_at": aligned, "aligned_err_s": error}


def _off(clocks: Clocks, source: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return from when on (n) what was known: offsets and errors (n + 1), the first of before; NaN: not off."""
    entries = clocks.entries.get(SourceId(source), [])
    told: list[tuple[float, ...]] = [(np.nan, np.nan)]
    for _, offset, error in entries:
        clock = None if offset is None or error is None else ClockOffset(offset, error)
        told.append(tuple(clock) if clock is not None and clock.is_off else (np.nan, np.nan))
    offsets, errors = np.array(told, "f8").T
    return np.array([since for since, _, _ in entries], "f8"), offsets, errors
