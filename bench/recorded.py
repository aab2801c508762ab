"""What ten minutes of a thousand units cost to keep: bytes over a plain Parquet file, speed over streaming to SQLite.

    python -m bench.recorded --json

The reports are those of `bench/motion.py`: 1,000 units once a second, 596,600 reports in 163,000 batches. Rounds
alternate between the ways; a bar of speed is the median of the rounds' ratios.

authority_over_parquet  bytes of the segment's two files, over the same reports as one table in order of arrival, a row
                        a report with its batch, source, run, number and both times, numbers as the doubles they are,
                        as pyarrow's `write_table` writes it when told nothing. `over_zstd`, beside the bar: told to
                        use zstd. `over_same`: the segment's own tables, decimals and all, in order of arrival and
                        written with the defaults.
seal_over_sqlite        reports a second: from the batches as they are read off the journal to the two files, written
                        and synced, over inserting rows made before (the same columns) into SQLite with Traccar's index
                        (deviceid, fixtime), a commit for each second of the feed, WAL, synchronous=NORMAL.
                        `reports_per_s.decode`, beside it: from the files to the batches.
"""

import argparse
import gc
import itertools
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import floors
from bench.child import bar, say, spread, tell
from bench.motion import AGENCY, BUNDLED, SOURCES, STATUSES, TYPES, Traffic, deliveries, traffic
from feeds.bus import Delivery
from feeds.recording import segment

_COLUMNS = (
    "deviceid, callsign, type, fixtime, servertime, stale, latitude, longitude, course, speed, accuracy, "
    "primarystatus, secondarystatus, source, run, seq, journal_ms, journal_n"
)


def flat(made: Traffic) -> pa.Table:
    """Return the reports as one table in order of arrival, as anybody would lay it out."""
    unit, numbered = made.unit, made.seq >= 0
    ms = pa.timestamp("ms", "UTC")
    return pa.table(
        {
            "unit": pa.array([f"{AGENCY}-{n:06}" for n in range(unit.max() + 1)]).take(pa.array(unit)),
            "call_sign": pa.array([f"{n:06}" for n in range(unit.max() + 1)]).take(pa.array(unit)),
            "unit_type": pa.array(TYPES).take(pa.array(unit % len(TYPES))),
            "observed_at": pa.array(made.observed_ms, ms),
            "received_at": pa.array(made.received_us, pa.timestamp("us", "UTC")),
            "stale_at": pa.array(made.observed_ms + 60_000, ms, mask=numbered),
            "lat": made.lat / 1e7,
            "lon": made.lon / 1e7,
            "course_deg": made.course / 10,
            "speed_mps": made.speed / 100,
            "h_err_m": np.full(len(unit), 5.0),
            "primary_status": pa.array([primary for primary, _ in STATUSES]).take(pa.array(made.status)),
            "secondary_status": pa.array([secondary for _, secondary in STATUSES]).take(pa.array(made.status)),
            "source": pa.array(SOURCES).take(pa.array(made.source)),
            "run": pa.array(["morning", ""]).take(pa.array((made.source >= BUNDLED).astype(np.int8))),
            "seq": pa.array(made.seq, mask=~numbered),
            "journal_ms": made.journaled_ms,
            "journal_n": made.journaled_n,
        }
    )


def written(table: pa.Table, **options: Any) -> int:
    """Return how many bytes pyarrow writes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return int(sink.tell())


def sizes(made: Traffic, files: dict[str, bytes]) -> dict[str, Any]:
    """Return bytes a report, ratios, and what each column of the segment takes."""
    count = len(made.unit)
    table = flat(made)
    own = [pq.ParquetFile(pa.BufferReader(data)) for data in files.values()]
    same = written(own[0].read().sort_by("arrival")) + written(own[1].read())
    kept = sum(map(len, files.values()))
    plain, zstd = written(table), written(table, compression="zstd")
    columns: dict[str, float] = {}
    for file in own:
        for group in range(file.metadata.num_row_groups):
            for at in range(file.metadata.num_columns):
                chunk = file.metadata.row_group(group).column(at)
                name = chunk.path_in_schema.partition(".")[0]
                columns[name] = columns.get(name, 0.0) + chunk.total_compressed_size / count
    return {
        "reports": count,
        "bytes_per_report": {
            **{name: len(data) / count for name, data in files.items()},
            "parquet": plain / count,
            "parquet_zstd": zstd / count,
            "same_tables": same / count,
        },
        "authority_over_parquet": kept / plain,
        "over_zstd": kept / zstd,
        "over_same": kept / same,
        "columns": {name: round(size, 3) for name, size in sorted(columns.items(), key=lambda c: -c[1]) if size > 0.01},
    }


def seconds_of(table: pa.Table) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the rows of each second of the feed, as SQLite takes them."""
    for name in ("observed_at", "received_at", "stale_at"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    columns = ["unit", "call_sign", "unit_type", "observed_at", "received_at", "stale_at", *table.column_names[6:]]
    rows = list(zip(*(table[name].to_pylist() for name in columns), strict=True))
    second = table["received_at"].to_numpy() // 1_000_000
    cuts = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(rows)]
    return (rows[start:end] for start, end in itertools.pairwise(cuts))


def by_sqlite(seconds: list[Sequence[tuple[Any, ...]]], folder: Path) -> tuple[float, int]:
    """Insert them; return how long it took, seconds, and the bytes on disk."""
    path = folder / "positions.db"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute(f"CREATE TABLE positions (id INTEGER PRIMARY KEY, {_COLUMNS})")
        base.execute("CREATE INDEX position_deviceid_fixtime ON positions (deviceid, fixtime)")
        insert = f"INSERT INTO positions ({_COLUMNS}) VALUES ({','.join('?' * 18)})"
        began = time.perf_counter()
        for rows in seconds:
            base.executemany(insert, rows)
            base.commit()
        took = time.perf_counter() - began
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    size = path.stat().st_size
    path.unlink()
    return took, size


def by_segment(entries: list[Delivery], folder: Path) -> float:
    """Encode, write and sync them; return how long it took, seconds."""
    began = time.perf_counter()
    for name, data in segment.encode(AGENCY, entries).items():
        with (folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - began


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    say(args, f"making {args.units} units for {args.seconds} s")
    made = traffic(args.seconds, args.units)
    entries, seconds = list(deliveries(made)), list(seconds_of(flat(made)))
    files = segment.encode(AGENCY, entries)
    gc.freeze()  # what either way is given is not its garbage to look through
    found = sizes(made, files)
    rates: dict[str, list[float]] = {"segment": [], "sqlite": [], "decode": []}
    with tempfile.TemporaryDirectory(prefix="jointops-bench-") as made_in:
        folder = Path(made_in)
        for turn in range(args.rounds):
            say(args, f"round {turn + 1} of {args.rounds}")
            rates["segment"].append(found["reports"] / by_segment(entries, folder))
            took, size = by_sqlite(seconds, folder)
            rates["sqlite"].append(found["reports"] / took)
            began = time.perf_counter()
            segment.decode(AGENCY, files)
            rates["decode"].append(found["reports"] / (time.perf_counter() - began))
    gc.unfreeze()
    found["bytes_per_report"]["sqlite"] = size / found["reports"]
    over = spread(a / b for a, b in zip(rates["segment"], rates["sqlite"], strict=True))
    return {
        "bench": "recorded",
        "machine": floors.machine(load_1min),
        "parameters": {"units": args.units, "seconds": args.seconds, "rounds": args.rounds},
        "bars": [
            bar("authority_over_parquet", found["authority_over_parquet"], "<=", 0.34),
            bar("seal_over_sqlite", over["median"], ">=", 5),
        ],
        "size": found,
        "seal_over_sqlite": over,
        "reports_per_s": {way: spread(values) for way, values in rates.items()},
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.recorded", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=1000, help="that report once a second (1000)")
    parser.add_argument("--seconds", type=int, default=600, help="of the feed (600)")
    parser.add_argument("--rounds", type=int, default=3, help="of sealing and inserting (3)")
    parser.add_argument("--json", action="store_true", help="one JSON object on the standard output")
    args = parser.parse_args(argv)
    return tell(args, measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
