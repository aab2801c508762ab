"""The part of `bench replay` that runs in a real browser: a page on loopback that decodes what the recording holds."""

import asyncio
import contextlib
import statistics
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.child import spread
from bench.motion import STATUSES
from bench.replay_queries import chunk
from bench.replay_recording import AGENCIES, COLUMNS, rows_of
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from layers.derived import L1
from layers.pyramid import L1_BLOCK_S, L2_BLOCK_S, l2
from tests.support import wall_page

POSITIONS = 720
"""Of a drag over a day."""
_ASKED = 6
_ROOT = Path(__file__).resolve().parent.parent
_PAGE = b'<!doctype html><script type="module">window.bench = await import("/bench/replay_page.mjs")</script>'
_JSON = {"Content-Type": "application/json", "Content-Encoding": "deflate"}

Answers = dict[str, tuple[dict[str, str], bytes]]


def minute_as_json(folder: Path, agency: AgencyId, at: float) -> bytes:
    """Return the minute from `at` on, and how its units stood before, as JSON, deflated; rows by unit and time."""
    rows = rows_of(folder, agency, 1)
    before = rows_of(folder, agency, 0)
    units = max(int(part["unit"].max()) for part in (rows, before)) + 1
    mine = rows["received_ms"] < (at + 60) * 1000
    rows = {name: values[mine] for name, values in rows.items()}
    last = np.zeros(units, np.int64)
    last[before["unit"]] = np.arange(len(before["unit"]))
    order = np.lexsort((rows["observed_ms"], rows["unit"]))
    said = {
        "at": at,
        "units": [f"{agency}-{unit:06}" for unit in range(units)],
        "stood": list(_objects(agency, before, last)),
        "rows": list(_objects(agency, rows, order)),
    }
    return zlib.compress(orjson.dumps(said), 6)


def _objects(agency: AgencyId, rows: dict[str, np.ndarray], order: np.ndarray) -> Iterator[dict[str, Any]]:
    columns = (rows[name][order].tolist() for name in COLUMNS)
    for unit, observed, received, lat, lon, course, speed, status in zip(*columns, strict=True):
        yield {
            "unit": f"{agency}-{unit:06}",
            "observed": observed,
            "received": received,
            "lat": lat / 1e7,
            "lon": lon / 1e7,
            "course": course / 10,
            "speed": speed / 100,
            "err": 5,
            "status": STATUSES[status][1],
        }


def answers(archive: Archive, folder: Path, begin: float) -> tuple[Answers, dict[str, int]]:
    """Return what the page may fetch, and how many blocks of each kind an agency has."""
    made: Answers = {"/": ({"Content-Type": "text/html"}, _PAGE)}
    for path in [*(_ROOT / "assets/map").glob("*.mjs"), _ROOT / "bench/replay_page.mjs"]:
        made[f"/{path.relative_to(_ROOT)}"] = ({"Content-Type": "text/javascript"}, path.read_bytes())
    binary = {"Content-Type": "application/octet-stream"}
    has: dict[str, int] = {}
    for agency in AGENCIES:
        made[f"/chunk/{agency}"] = (binary, chunk(archive, agency, begin + 600))
        made[f"/json/{agency}"] = (_JSON, minute_as_json(folder, agency, begin + 600))
        overviews = [archive.file(sealed, L1) for sealed in archive.segments(agency)]
        hours = [l2(overviews[k : k + 6]) for k in range(0, len(overviews), 6)]
        kinds = {
            "l1": overviews,
            "l2": hours[: max(1, len(overviews) // 6)],  # whole hours
            "minute": [chunk(archive, agency, begin + 60 * k) for k in range(10)],
        }
        for kind, blocks in kinds.items():
            has[kind] = len(blocks)
            for k, block in enumerate(blocks):
                made[f"/{kind}/{agency}/{k}"] = (binary, block)
    return made, has


@contextlib.contextmanager
def served(made: Answers) -> Iterator[str]:
    """Serve these on loopback; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers, body = made.get(self.path, ({}, b""))
            self.send_response(200 if self.path in made else 404)
            for name, value in {**headers, "Content-Length": str(len(body)), "Cache-Control": "no-store"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


async def _in_page(address: str, has: dict[str, int], begin: float, block_s: float, rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(6)
    agencies = list(AGENCIES)
    minutes: list[dict[str, Any]] = []
    drags: dict[str, list[dict[str, Any]]] = {"l1": [], "l2": []}
    async with wall_page.chromium() as browser:
        page = await browser.new_page()
        await page.goto(address)
        await page.wait_for_function("window.bench !== undefined")
        for _ in range(rounds + 1):
            asked = (begin + 600 + rng.integers(1000, 59_000, _ASKED) / 1000).tolist()
            minutes.append(await page.evaluate("([a, t]) => bench.minute(a, t)", [agencies[0], asked]))
            for level, seconds in (("l1", L1_BLOCK_S), ("l2", block_s)):
                job = [level, agencies, begin, seconds, has[level], POSITIONS]
                drags[level].append(await page.evaluate("(job) => bench.drag(...job)", job))
        memory = await page.evaluate("([a, n]) => bench.memory(a, n)", [agencies[0], has["minute"]])
    # The first round of each warms up.
    return {"minutes": minutes[1:], "drags": {level: runs[1:] for level, runs in drags.items()}, "memory": memory}


def measure(archive: Archive, folder: Path, begin: float, rounds: int) -> dict[str, Any]:
    """Return the browser's figures."""
    made, has = answers(archive, folder, begin)
    block_s = min(L2_BLOCK_S, L1_BLOCK_S * has["l1"])
    with served(made) as address:
        found = asyncio.run(_in_page(address, has, begin, block_s, rounds))
    ways = [{way: statistics.median(run[way]) for way in ("chunk", "json")} for run in found["minutes"]]
    name = AGENCIES[0]
    return {
        "browser_over_json": spread(run["chunk"] / run["json"] for run in ways),
        "minute_ms": {way: spread(run[way] for run in ways) for way in ("chunk", "json")},
        "minute_bytes": {way: len(made[f"/{way}/{name}"][1]) for way in ("chunk", "json")},
        "units_that_differ": sum(run["differ"] for run in found["minutes"]),
        "drag_positions_per_s": {
            level: spread(1000 * POSITIONS / run["ms"] for run in runs) for level, runs in found["drags"].items()
        },
        "drag": {level: runs[-1] for level, runs in found["drags"].items()},
        "memory": found["memory"],
    }
