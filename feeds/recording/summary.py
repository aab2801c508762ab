"""What a segment holds, in numbers: for its manifest, its histogram, and to check one against the other. Pure."""

import numpy as np
import pyarrow as pa
from msgspec import Struct

from feeds.bus import BatchId
from feeds.names import AgencyId
from feeds.recording import parcels, rows
from feeds.recording.parquet import reading
from feeds.recording.segment import PARCELS, REPORTS, Files, open_table

LATE_S = 30.0
"""A report received longer than this after it was observed is late, seconds."""
SEGMENT_MS = 600_000
"""Longest segment: they end where so many milliseconds end, or earlier."""
_MINUTE_MS = 60_000


class Summary(Struct, frozen=True, kw_only=True):
    """Counts and spans. Times are Unix seconds, exactly as they stand in the reports and parcels."""

    batches: int
    parcels: int
    reports: int
    first_id: BatchId | None
    """Journal ids of the first and the last batch; None: there is none."""
    last_id: BatchId | None
    began_ms: int
    """The ten minutes that the first batch was journaled in begin here, Unix milliseconds; 0: there is none."""
    kinds: dict[str, int]
    """Reports by kind."""
    minutes: dict[str, list[int]]
    """By kind, reports journaled in each minute from `began_ms` on: ten, or as many as it takes."""
    observed: tuple[float, float] | None
    """Earliest and latest observation; None: there is none."""
    received: tuple[float, float] | None
    """Earliest and latest receipt of a parcel; None: there is none."""
    late: int
    """Reports received more than LATE_S after they were observed."""
    sources: dict[str, int]
    """Reports by source, those that only sent empty parcels included."""


def summary(agency: AgencyId, files: Files) -> Summary:
    """Return what the segment holds, without making a report of it. Raises DecodeError."""
    said = open_table(agency, files, PARCELS)
    table = open_table(agency, files, REPORTS, ["kind", "observed_at", "arrival", "observed_at_ulps"])
    with reading(PARCELS):
        parcels.numbers(said, len(table))
        count = rows.whole(said["reports"])
        ids = [rows.whole(said[name]) for name in ("journaled_at", "journaled_n")]
        spoken = ~rows.absent(said["source"])
        received_at = parcels.received_at(said)
        sources = _tally(said["source"], count)
    with reading(REPORTS):
        arrival = rows.arrivals(table)
        observed_at = rows.doubles(table, "observed_at")
        late = np.repeat(received_at, count)[arrival] - observed_at > LATE_S
        began_ms = int(ids[0][0]) // SEGMENT_MS * SEGMENT_MS if len(said) else 0
        minute = np.repeat((ids[0] - began_ms) // _MINUTE_MS, count)[arrival]
        kind = table["kind"].combine_chunks().dictionary_encode()
        words = kind.dictionary.to_pylist()
        of_kind = [minute[kind.indices.to_numpy() == code] for code in range(len(words))]
    ms, n = (part[np.lexsort(ids[::-1])] for part in ids)
    batches = int(np.count_nonzero((np.diff(ms) != 0) | (np.diff(n) != 0))) + min(len(said), 1)
    return Summary(
        batches=batches,
        parcels=int(spoken.sum()),
        reports=len(table),
        first_id=BatchId(int(ids[0][0]), int(ids[1][0])) if len(said) else None,
        last_id=BatchId(int(ids[0][-1]), int(ids[1][-1])) if len(said) else None,
        began_ms=began_ms,
        kinds={word: len(minutes) for word, minutes in zip(words, of_kind, strict=True)},
        minutes={
            word: np.bincount(minutes, minlength=10).tolist() for word, minutes in zip(words, of_kind, strict=True)
        },
        observed=_span(observed_at),
        received=_span(received_at[spoken]),
        late=int(late.sum()),
        sources=sources,
    )


def _span(values: np.ndarray) -> tuple[float, float] | None:
    return (float(values.min()), float(values.max())) if len(values) else None


def _tally(column: pa.ChunkedArray, count: np.ndarray) -> dict[str, int]:
    words = column.combine_chunks().dictionary_encode()
    sums = np.zeros(len(words.dictionary), np.int64)
    said = words.indices.is_valid().to_numpy(zero_copy_only=False)
    np.add.at(sums, words.indices.drop_null().to_numpy(), count[said])
    return dict(sorted(zip(words.dictionary.to_pylist(), sums.tolist(), strict=True)))
