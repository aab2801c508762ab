"""How fast one is back at any moment of a recording, what it costs to keep, each against the plain way in the same run.

    jointops bench replay --json

The recording is two agencies' traffic as `bench/motion.py` makes it, 1,000 units of each once a second, at least ten
million positions in all, sealed ten minutes at a time by `Archive.seal` with all derived files, in a temporary folder.
Rounds alternate between the ways; a bar is the median of five rounds' ratios, a round the median of twenty random
instants, and everything is warm (in the page cache). A picture is all units of one agency, as known at T.

chunk_over_inflate      a stored minute on its way to the browser: the segment found in the catalogue, its file opened,
                        the index read, the chunk read by one `pread`; over `zlib.decompress` of that chunk.
picture_over_inflate    a full picture in Python: that read and `layers.span.picture_at`; over the same floor.
picture_over_sqlite     that picture, over SQLite with Traccar's index (deviceid, fixtime), all rows of the recording as
                        numbers, one statement that looks each unit up; no report received after T counts in either.
                        `units_that_differ`, beside it: units that are elsewhere in the two pictures.
picture_over_log        that picture, over reading a log of JSON lines from the start up to T, the agency's own rows
                        alone. The log has the first 1.2 million; its time is scaled by the rows before each T.
late_over_early         that picture in the last ten minutes of the recording, over the first ten.
authority_over_parquet  bytes of reports.parquet and parcels.parquet, over the same rows as one flat table for each ten
                        minutes in order of arrival, as pyarrow's `write_table` writes it when told nothing.
store_over_parquet      with units.chunks. `with_all_derived`, beside it: with every file of the segments.
seal_over_sqlite        positions a second by `Archive.seal` with all derived files, as the recorder does it, over rows
                        inserted into SQLite with Traccar's index, a commit for each second of the feed (as
                        `bench/recorded.py` has it). `authority`, beside it: without derived files. Once, 1.2 million.
histogram_touches_no_rows
                        files other than manifests that are opened to count positions by minute and agency over the
                        whole recording, from opening the archive on.
browser_over_json       in a real browser, from loopback: fetch, inflate, decode of a minute chunk and its state at an
                        instant, by the map's own modules; over the same minute as deflated JSON, an object a report
                        sorted by unit, parsed into the same arrays, and the newest row of each unit.
drag_positions_per_s    a drag over a day in 720 places on the pyramid, both agencies at once, eight decoded blocks
                        kept: different instants decoded and applied to the map's store, a second; the slower of L1
                        and L2.
                        A day has more blocks than were recorded: they come again, fetched and decoded anew each time.
                        L2 is made by `layers.pyramid.l2` of the segments' L1. `memory`, beside it: the arrays of eight
                        decoded minutes.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import floors, replay_browser, replay_queries
from bench.child import Child, bar, parser, say, spread, tell
from bench.motion import AGENCY, BEGAN_S, deliveries, tens, traffic
from bench.recorded import by_sqlite, flat, seconds_of
from bench.replay_recording import AGENCIES, deriver
from feeds.recording.archive import Archive
from feeds.recording.segment import PARCELS, REPORTS
from feeds.recording.summary import SEGMENT_MS
from layers.derived import CHUNKS

UNITS = 1000
_SEGMENT_S = SEGMENT_MS // 1000
_LOADED = 2
"""Segments that are sealed and inserted against the clock, and that the log has."""


def size(positions: int) -> tuple[int, int]:
    """Return units of each agency and segments of each, for at least so many positions."""
    units = max(10, min(UNITS, positions // (len(AGENCIES) * _LOADED * _SEGMENT_S)))
    # A hundredth of the reports are lost on their way.
    return units, max(_LOADED, -(-positions // (len(AGENCIES) * units * _SEGMENT_S * 99 // 100)))


def make(folder: Path, units: int, segments: int) -> dict[str, Any]:
    """Have the recording made, an agency a process; return the sums of what they say."""
    jobs = [
        {"agency": agency, "folder": os.fspath(folder), "units": units, "segments": segments, "seed": 7 + number}
        for number, agency in enumerate(AGENCIES)
    ]
    makers = [Child("bench.replay_recording", job) for job in jobs]
    try:
        found = [json.loads(maker.hear()) for maker in makers]
    finally:
        for maker in makers:
            maker.end()
    names = found[0]["bytes"]
    return {
        "reports": sum(one["reports"] for one in found),
        "by_agency": [one["reports"] for one in found],
        "bytes": {name: sum(one["bytes"][name] for one in found) for name in names},
        "parquet": sum(one["parquet"] for one in found),
    }


def loads(folder: Path, units: int) -> dict[str, Any]:
    """Seal with and without derived files, and insert, the same rows; return positions a second."""
    took = {"sealed": 0.0, "authority": 0.0, "sqlite": 0.0}
    count = 0
    with_derived, alone = Archive(folder / "sealed"), Archive(folder / "authority")
    derive = deriver(with_derived)
    for t0, made in tens(traffic(_LOADED * _SEGMENT_S, units)):
        count += len(made.unit)
        entries, seconds = list(deliveries(made)), list(seconds_of(flat(made)))
        gc.freeze()  # what each way is given is not its garbage to look through
        for archive, how in ((alone, None), (with_derived, derive)):
            began = time.perf_counter()
            archive.seal(AGENCY, t0, t0 + SEGMENT_MS, entries, how)
            took["sealed" if how else "authority"] += time.perf_counter() - began
        took["sqlite"] += by_sqlite(seconds, with_derived.folder)[0]
        gc.unfreeze()
    rates = {way: count / seconds for way, seconds in took.items()}
    return {
        "reports": count,
        "reports_per_s": rates,
        "seal_over_sqlite": rates["sealed"] / rates["sqlite"],
        "authority": rates["authority"] / rates["sqlite"],
    }


def asked(
    folder: Path, units: int, segments: int, recorded: dict[str, Any], args: argparse.Namespace
) -> dict[str, Any]:
    """Ask everything that is asked in Python; return ratios and times."""
    archive = Archive(folder / "archive")
    begin, end = float(BEGAN_S), float(BEGAN_S + segments * _SEGMENT_S)
    say(args, "filling SQLite")
    base = replay_queries.load_sqlite(folder / "positions.db", folder, units, segments)
    say(args, "asking for pictures")
    found = replay_queries.pictures(archive, base, begin, end, args.rounds)
    base.close()
    took = found["seconds"]
    over = {
        name: spread(a / b for a, b in zip(took[mine], took[other], strict=True))
        for name, mine, other in (
            ("chunk_over_inflate", "chunk", "inflate"),
            ("picture_over_inflate", "picture", "inflate"),
            ("picture_over_sqlite", "picture", "sqlite"),
        )
    }
    late = replay_queries.late_over_early(archive, begin, end, args.rounds)
    say(args, "reading the log")
    log = folder / "positions.jsonl"
    lines = replay_queries.write_log(log, folder, _LOADED)
    row_s = [replay_queries.timed(lambda: replay_queries.by_log(log, 1e15))[0] / lines for _ in range(args.rounds)]
    rows_a_second = recorded["reports"] / len(AGENCIES) / (end - begin)
    reading = [one * rows_a_second * before for one, before in zip(row_s, took["before"], strict=True)]
    over["picture_over_log"] = spread(a / b for a, b in zip(took["picture"], reading, strict=True))
    return {
        **over,
        "late_over_early": late,
        "units_that_differ": found["differ"],
        "ms": {name: 1000 * statistics.median(took[name]) for name in ("inflate", "chunk", "picture", "sqlite")}
        | {"log": 1000 * statistics.median(reading)},
        "log_rows": lines,
        "log_us_a_row": 1e6 * statistics.median(row_s),
        "histogram": replay_queries.histogram(folder / "archive", args.rounds),
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all, one thing after the other, and return the report."""
    load_1min, began = os.getloadavg()[0], time.monotonic()
    units, segments = size(args.positions)
    with tempfile.TemporaryDirectory(prefix="jointops-bench-") as made_in:
        folder = Path(made_in)
        say(args, f"recording {units} units of {len(AGENCIES)} agencies for {segments * 10} minutes")
        recorded = make(folder, units, segments)
        made_s = time.monotonic() - began
        queries = asked(folder, units, segments, recorded, args)
        say(args, "sealing and inserting")
        loaded = loads(folder, units)
        say(args, "in the browser")
        browser = replay_browser.measure(Archive(folder / "archive"), folder, float(BEGAN_S), args.rounds)
    sizes, plain = recorded["bytes"], recorded["parquet"]
    authority = sizes[REPORTS] + sizes[PARCELS]
    drag = min(found["median"] for found in browser["drag_positions_per_s"].values())
    return {
        "bench": "replay",
        "machine": floors.machine(load_1min),
        "parameters": {"positions": recorded["reports"], "units": units, "segments": segments, "rounds": args.rounds},
        "took_s": {"all": time.monotonic() - began, "recording": made_s},
        "bars": [
            bar("chunk_over_inflate", queries["chunk_over_inflate"]["median"], "<=", 0.3),
            bar("picture_over_inflate", queries["picture_over_inflate"]["median"], "<=", 6),
            bar("picture_over_sqlite", queries["picture_over_sqlite"]["median"], "<=", 1.0),
            bar("picture_over_log", queries["picture_over_log"]["median"], "<=", 0.001),
            bar("late_over_early", queries["late_over_early"]["median"], "<=", 1.2),
            bar("authority_over_parquet", authority / plain, "<=", 0.34),
            bar("store_over_parquet", (authority + sizes[CHUNKS]) / plain, "<=", 0.65),
            bar("seal_over_sqlite", loaded["seal_over_sqlite"], ">=", 5),
            bar("histogram_touches_no_rows", queries["histogram"]["other_files_opened"], "<=", 0),
            bar("browser_over_json", browser["browser_over_json"]["median"], "<=", 0.5),
            bar("drag_positions_per_s", drag, ">=", 10),
        ],
        "queries": queries,
        "size": {
            "bytes_per_position": {name: count / recorded["reports"] for name, count in sizes.items()},
            "parquet": plain / recorded["reports"],
            "with_all_derived": sum(sizes.values()) / plain,
        },
        "loads": loaded,
        "browser": browser,
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("replay", __doc__)
    choices.add_argument("--positions", type=int, default=10_000_000, help="at least so many are recorded (10000000)")
    choices.add_argument("--rounds", type=int, default=5, help="of each question (5)")
    args = choices.parse_args(argv)
    return tell(args, measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
