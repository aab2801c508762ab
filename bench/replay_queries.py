"""The questions of `bench replay` in Python, each beside the plain way to answer it. `bench/replay.py` defines them."""

import os
import sqlite3
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.child import spread
from bench.replay_recording import AGENCIES, COLUMNS, rows_of
from feeds.names import AgencyId
from feeds.recording.archive import MANIFEST, Archive
from feeds.recording.chunk_file import chunk_range, index_bytes
from layers.derived import CHUNKS
from layers.span import picture_at

_FRAME_HEAD = 16
_MINUTES = 10
_ASKED = 20
"""Instants of a round; what a round gives is their median."""
_FIELDS = "fixtime, servertime, latitude, longitude, course, speed, status"
_PICTURE = f"""
    SELECT p.deviceid, {", ".join(f"p.{name}" for name in _FIELDS.split(", "))}
    FROM devices d CROSS JOIN positions p ON p.id = (
        SELECT id FROM positions WHERE deviceid = d.id AND fixtime <= :t AND servertime <= :t
        ORDER BY fixtime DESC LIMIT 1)
    WHERE d.agency = :agency"""


def chunk(archive: Archive, agency: AgencyId, t: float) -> bytes:
    """Return the minute chunk that tells of `t`, Unix seconds: found by the catalogue and the file's own index."""
    (sealed,) = archive.segments(agency, int(t * 1000), int(t * 1000) + 1)
    file = os.open(sealed.folder / CHUNKS, os.O_RDONLY)
    try:
        offset, length = chunk_range(os.pread(file, index_bytes(_MINUTES), 0), t)
        return os.pread(file, length, offset)
    finally:
        os.close(file)


def instants(rng: np.random.Generator, begin: float, end: float) -> Iterator[tuple[AgencyId, float]]:
    """Yield an agency and an instant of the time, whole ms, not within a second of a minute's ends."""
    for _ in range(_ASKED):
        minute = begin + 60 * int(rng.integers(round((end - begin) / 60)))
        yield AGENCIES[int(rng.integers(len(AGENCIES)))], minute + int(rng.integers(1000, 59_000)) / 1000


def timed(ask: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long it took, seconds, and the answer."""
    began = time.perf_counter()
    answer = ask()
    return time.perf_counter() - began, answer


def load_sqlite(path: Path, folder: Path, units: int, segments: int) -> sqlite3.Connection:
    """Return a database of all rows, inserted in bulk in order of arrival, indexed after that: as good as it gets."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode=OFF")
    base.execute("PRAGMA synchronous=OFF")
    base.execute("PRAGMA mmap_size=17179869184")
    base.execute("CREATE TABLE devices (id INTEGER PRIMARY KEY, agency TEXT)")
    # Without its type the device's column is not comparable to an integer by the index.
    base.execute(f"CREATE TABLE positions (id INTEGER PRIMARY KEY, deviceid INTEGER, {_FIELDS})")
    devices = ((place * units + unit, agency) for place, agency in enumerate(AGENCIES) for unit in range(units))
    base.executemany("INSERT INTO devices VALUES (?, ?)", devices)
    insert = f"INSERT INTO positions (deviceid, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    for number in range(segments):
        parts = [rows_of(folder, agency, number) for agency in AGENCIES]
        rows = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
        rows["unit"] = np.concatenate([part["unit"] + place * units for place, part in enumerate(parts)])
        order = np.argsort(rows["received_ms"], kind="stable")
        rows |= {name: rows[name] / 1e7 for name in ("lat", "lon")}
        base.executemany(insert, zip(*(rows[name][order].tolist() for name in COLUMNS), strict=True))
    base.execute("CREATE INDEX position_deviceid_fixtime ON positions (deviceid, fixtime)")
    base.execute("ANALYZE")
    base.commit()
    return base


def by_sqlite(base: sqlite3.Connection, agency: AgencyId, t: float) -> list[tuple[Any, ...]]:
    """Return the newest position of each of the agency's units as known at `t`, looked up unit by unit."""
    return base.execute(_PICTURE, {"t": round(t * 1000), "agency": agency}).fetchall()


def differing(mine: dict[str, np.ndarray], theirs: list[tuple[Any, ...]]) -> int:
    """Return how many units are not at the same place in both pictures."""
    here = list(zip(mine["lat"].tolist(), mine["lon"].tolist(), strict=True))
    there = [(round(row[3] * 1e7), round(row[4] * 1e7)) for row in sorted(theirs)]
    return abs(len(here) - len(there)) + sum(a != b for a, b in zip(here, there, strict=False))


def pictures(archive: Archive, base: sqlite3.Connection, begin: float, end: float, rounds: int) -> dict[str, Any]:
    """Ask for pictures at random instants; return each way's time and the rounds' ratios."""
    rng = np.random.default_rng(4)
    seconds: dict[str, list[float]] = {name: [] for name in ("inflate", "chunk", "picture", "sqlite", "before")}
    differ = 0
    for turn in range(rounds + 1):
        took: dict[str, list[float]] = {name: [] for name in seconds}
        for agency, t in instants(rng, begin, end):
            alone, data = timed(lambda agency=agency, t=t: chunk(archive, agency, t))
            body = data[_FRAME_HEAD:]
            took["chunk"].append(alone)
            took["inflate"].append(timed(lambda body=body: zlib.decompress(body))[0])
            whole, mine = timed(lambda agency=agency, t=t: picture_at(chunk(archive, agency, t), t))
            took["picture"].append(whole)
            other, theirs = timed(lambda agency=agency, t=t: by_sqlite(base, agency, t))
            took["sqlite"].append(other)
            took["before"].append(t - begin)
            differ += differing(mine, theirs)
        if turn:  # the first round warms up
            for name, values in took.items():
                seconds[name].append((statistics.fmean if name == "before" else statistics.median)(values))
    return {"seconds": seconds, "differ": differ}


def late_over_early(archive: Archive, begin: float, end: float, rounds: int) -> dict[str, Any]:
    """Return the ratio of a picture from the last ten minutes to one from the first, round by round."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(rounds):
        took: list[list[float]] = [[], []]
        early, late = instants(rng, begin, begin + 600), instants(rng, end - 600, end)
        for pair in zip(early, late, strict=True):
            for place, (agency, t) in enumerate(pair):
                took[place].append(timed(lambda a=agency, t=t: picture_at(chunk(archive, a, t), t))[0])
        found.append(statistics.median(took[1]) / statistics.median(took[0]))
    return spread(found)


def write_log(path: Path, folder: Path, segments: int) -> int:
    """Write the first rows of the first agency as JSON, a line each; return how many."""
    count = 0
    with path.open("wb") as file:
        for number in range(segments):
            rows = rows_of(folder, AGENCIES[0], number)
            for row in zip(*(rows[name].tolist() for name in COLUMNS), strict=True):
                file.write(orjson.dumps(dict(zip(COLUMNS, row, strict=True))) + b"\n")
                count += 1
    return count


def by_log(path: Path, t_ms: float) -> dict[int, dict[str, Any]]:
    """Return the newest row of each unit as known at `t_ms`, read from the start."""
    newest: dict[int, dict[str, Any]] = {}
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            if row["received_ms"] > t_ms:
                break
            before = newest.get(row["unit"])
            if before is None or row["observed_ms"] >= before["observed_ms"]:
                newest[row["unit"]] = row
    return newest


class _Opened:
    """Hears which files this process opens while it is asked to."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event == "open" and isinstance(arguments[0], str | os.PathLike):
            self.names.append(Path(arguments[0]).name)


def histogram(folder: Path, rounds: int) -> dict[str, Any]:
    """Count positions by minute and agency from manifests; return times, what was counted, what was opened."""
    opened = _Opened()
    opening, counting = [], []
    opened.on = True
    for _ in range(rounds):
        took, archive = timed(lambda: Archive(folder))
        opening.append(took)
        took, minutes = timed(lambda archive=archive: _minutes(archive))
        counting.append(took)
    opened.on = False
    manifests = opened.names.count(MANIFEST)
    return {
        "counted": sum(minutes.values()),
        "minutes": len(minutes),
        "open_archive_ms": 1000 * statistics.median(opening),
        "count_ms": 1000 * statistics.median(counting),
        "manifests_opened": manifests,
        "other_files_opened": len(opened.names) - manifests,
    }


def _minutes(archive: Archive) -> dict[tuple[AgencyId, int], int]:
    found: dict[tuple[AgencyId, int], int] = {}
    for agency in archive.agencies():
        for sealed in archive.segments(agency):
            for minute, count in enumerate(sealed.manifest.contents.minutes["unit"]):
                found[agency, sealed.manifest.t0 + 60_000 * minute] = count
    return found
