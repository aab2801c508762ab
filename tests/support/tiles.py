"""Maps for tests: Helsinki's centre built once per run, archives of other kinds made of it, a tile server."""

import atexit
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pmtiles.reader import MmapSource, all_tiles

from layers.basemap import Basemap, build


@cache
def helsinki() -> Basemap:
    """Return the map of Helsinki's centre (z6-14), built in a folder of this run."""
    folder = Path(tempfile.mkdtemp(prefix="tiles-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder, npm=[])


def tiles_of(archive: Path) -> dict[tuple[int, int, int], bytes]:
    """Return all tiles of an archive as stored."""
    with archive.open("rb") as file:
        return dict(all_tiles(MmapSource(file)))


def mbtiles(path: Path, metadata: dict[str, str], tiles: dict[tuple[int, int, int], bytes]) -> Path:
    """Write an MBTiles file, rows counted from the south as its specification says."""
    db = sqlite3.connect(path)
    db.execute("create table metadata (name text, value text)")
    db.execute("create table tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
    db.executemany("insert into metadata values (?, ?)", metadata.items())
    rows = [(z, x, (1 << z) - 1 - y, data) for (z, x, y), data in tiles.items()]
    db.executemany("insert into tiles values (?, ?, ?, ?)", rows)
    db.commit()
    db.close()
    return path


class TileServer(ThreadingHTTPServer):
    """Answers tiles as told: bytes, a status, or silence."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.body = b"tile"
        self.silent = threading.Event()
        """While set, nothing is answered."""
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def template(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{{z}}/{{x}}/{{y}}.mvt"


class _Answers(BaseHTTPRequestHandler):
    server: TileServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.silent.is_set():
            self.server.released.wait(30)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def tile_server() -> Iterator[TileServer]:
    """A tile server on a free port of this machine."""
    server = TileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
