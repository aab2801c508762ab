"""Where tiles come from, behind one door: PMTiles, MBTiles, or none; `open_source` finds out which.

Rule: `tile` never raises. A tile that cannot be read is a tile that is not there: one error while the browser makes
its map costs every unit on it.
"""

import gzip
import html
import json
import re
import sqlite3
import threading
from abc import ABC, abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType, deserialize_directory, find_tile, zxy_to_tileid

from layers.basemap import BasemapError, build_extract, find
from layers.mercator import LAT_MAX, Bounds
from layers.mvt import layer_names
from layers.tile_cache import TileCache

WORLD: Bounds = (-180.0, -LAT_MAX, 180.0, LAT_MAX)
ACCEPTED = "PMTiles (version 3), MBTiles, an OSM extract (*.osm.pbf), or https://.../{z}/{x}/{y}.mvt of a tile server"
_TILE_MAX = 8 * 1024 * 1024
_ZOOM_MAX = 22
_NO_MAP = "No street map: the ground is plain. Units are shown as ever."


class About(Struct, frozen=True, kw_only=True):
    """What a source says of itself, checked and cleaned."""

    attribution: str = ""
    """HTML-safe text."""
    bounds: Bounds = WORLD
    """Degrees."""
    minzoom: int = 0
    maxzoom: int = 14
    vector_layers: tuple[str, ...] = ()
    """Names of the layers in its tiles; empty for images and where nobody knows."""
    image: bool = False
    """Tiles are images, not vectors."""
    notice: str = ""
    """What people must be told about this map."""
    build: str = ""
    """Changes with the content."""


class TileSource(ABC):
    """One map's tiles."""

    about: About

    def __init__(self) -> None:
        self._cache = TileCache()

    @property
    def notice(self) -> str:
        """What people must be told about the map now, or ""."""
        return self.about.notice

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as stored (mostly gzipped), or None where there is none or it cannot be read. y from north."""
        if not (self.about.minzoom <= z <= self.about.maxzoom and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        known, tile = self._cache.get((z, x, y))
        if known:
            return tile
        try:
            tile = self._read(z, x, y)
        except Exception:  # whatever a broken archive makes its reader raise: see the rule above
            return None
        if tile is not None and not 0 < len(tile) <= _TILE_MAX:
            tile = None
        self._cache.put((z, x, y), tile)
        return tile

    @abstractmethod
    def _read(self, z: int, x: int, y: int) -> bytes | None: ...

    def close(self) -> None:
        """Let go of the file or connection, and of the tiles remembered."""
        self._cache = TileCache()


class NoTiles(TileSource):
    """A plain ground, and why."""

    def __init__(self, notice: str = _NO_MAP) -> None:
        super().__init__()
        self.about = About(notice=notice, maxzoom=0)

    def _read(self, z: int, x: int, y: int) -> bytes | None:
        return None


class PMTilesSource(TileSource):
    """A PMTiles archive. Raises BasemapError when it is not one this product can serve."""

    def __init__(self, path: Path, notice: str = "", build: str = "") -> None:
        super().__init__()
        try:
            with path.open("rb") as file:  # the mapping outlives it
                self._get: Any = MmapSource(file)  # type: ignore[no-untyped-call]
            reader: Any = Reader(self._get)  # type: ignore[no-untyped-call]
            self._head = reader.header()
            metadata = reader.metadata()
        except Exception as error:  # the reader raises whatever the broken bytes lead it to
            raise BasemapError(f"{path} is not whole PMTiles (version 3): {type(error).__name__}") from error
        kind, packed = self._head["tile_type"], self._head["tile_compression"]
        image = kind in (TileType.PNG, TileType.JPEG, TileType.WEBP, TileType.AVIF)
        if not image and (kind != TileType.MVT or packed not in (Compression.GZIP, Compression.NONE)):
            raise BasemapError(
                f"{path} holds {kind.name} tiles packed with {packed.name}; expected MVT with gzip or none, or images"
            )
        self._directory = lru_cache(maxsize=64)(self._unpack)  # one entry is unpacked in about a millisecond
        bounds = tuple(self._head[f"{side}_e7"] / 1e7 for side in ("min_lon", "min_lat", "max_lon", "max_lat"))
        self.about = _checked(
            metadata if isinstance(metadata, dict) else {},
            bounds=bounds,
            zooms=(self._head["min_zoom"], self._head["max_zoom"]),
            image=image,
            notice=notice,
            build=build,
        )
        if not image and not self.about.vector_layers:
            self.about = _with_names(self)

    def _unpack(self, offset: int, length: int) -> Any:
        return deserialize_directory(self._get(offset, length))

    def _read(self, z: int, x: int, y: int) -> bytes | None:
        tile_id = zxy_to_tileid(z, x, y)
        offset, length = self._head["root_offset"], self._head["root_length"]
        for _ in range(4):  # deepest the format allows
            entry = find_tile(self._directory(offset, length), tile_id)
            if entry is None:
                return None
            if entry.run_length:
                return bytes(self._get(self._head["tile_data_offset"] + entry.offset, entry.length))
            offset, length = self._head["leaf_directory_offset"] + entry.offset, entry.length
        return None


class MBTilesSource(TileSource):
    """An MBTiles file (SQLite). Its rows count from the south. Raises BasemapError when it is not one."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            metadata: dict[str, Any] = dict(self._db.execute("select name, value from metadata"))
            zooms = self._db.execute("select min(zoom_level), max(zoom_level) from tiles").fetchone()
            more = json.loads(metadata.get("json") or "{}")
            bounds = tuple(float(v) for v in (metadata.get("bounds") or "").split(",") if v)
        except (sqlite3.Error, ValueError) as error:
            raise BasemapError(f"{path} is SQLite, but not MBTiles: {type(error).__name__}") from error
        if zooms[0] is None:
            raise BasemapError(f"{path} is MBTiles without a tile")
        image = metadata.get("format", "pbf") not in ("pbf", "mvt", "application/x-protobuf")
        stat = path.stat()
        self.about = _checked(
            {**(more if isinstance(more, dict) else {}), "attribution": metadata.get("attribution", "")},
            bounds=bounds,
            zooms=zooms,
            image=image,
            build=f"{stat.st_size:x}{stat.st_mtime_ns:x}",
        )
        if not image and not self.about.vector_layers:
            self.about = _with_names(self)

    def _read(self, z: int, x: int, y: int) -> bytes | None:
        row = (1 << z) - 1 - y
        with self._lock:
            found = self._db.execute(
                "select tile_data from tiles where zoom_level=? and tile_column=? and tile_row=?", (z, x, row)
            ).fetchone()
        return bytes(found[0]) if found and found[0] else None

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def open_source(setting: str, cache_dir: Path | None = None) -> TileSource:
    """Return the tiles a site's `basemap` setting names: a path, a tile server's address, or "" for the built map.

    An OSM extract is built into the cache first (seconds to minutes). Raises BasemapError, naming what is accepted.
    """
    if not setting:
        built = find(cache_dir)
        return PMTilesSource(built.archive, built.notice, built.build) if built else NoTiles()
    if "://" in setting:
        from layers.basemap_remote import RemoteTiles

        return RemoteTiles(setting)
    path = Path(setting).expanduser()
    try:
        with path.open("rb") as file:
            head = file.read(64)
        stat = path.stat()
    except OSError as error:
        raise BasemapError(f"cannot read {path}: {error.strerror}; accepted is {ACCEPTED}") from error
    if head.startswith(b"PMTiles"):
        return PMTilesSource(path, build=f"{stat.st_size:x}{stat.st_mtime_ns:x}")
    if head.startswith(b"SQLite format 3\0"):
        return MBTilesSource(path)
    if b"OSMHeader" in head:
        built = build_extract(path, cache_dir)
        return PMTilesSource(built.archive, built.notice, built.build)
    raise BasemapError(f"{path} is no map this product can read; accepted is {ACCEPTED}")


def plain_text(markup: str) -> str:
    """Return a foreign text without markup, safe to put into a page; at most 400 characters."""
    return html.escape(html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()[:400])


def _checked(
    metadata: dict[str, Any],
    *,
    bounds: tuple[float, ...],
    zooms: tuple[int, int],
    image: bool,
    notice: str = "",
    build: str = "",
) -> About:
    """Return what a foreign file says of itself, each value checked; what makes no sense is left out."""
    low, high = (max(0, min(_ZOOM_MAX, int(z))) for z in zooms)
    fits = len(bounds) == 4 and -180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90
    listed = metadata.get("vector_layers")
    named = [row.get("id") for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    attribution = metadata.get("attribution")
    return About(
        attribution=plain_text(attribution) if isinstance(attribution, str) else "",
        bounds=(bounds[0], bounds[1], bounds[2], bounds[3]) if fits else WORLD,
        minzoom=min(low, high),
        maxzoom=max(low, high),
        vector_layers=() if image else tuple(n for n in named if isinstance(n, str)),
        image=image,
        notice=notice,
        build=build,
    )


def _with_names(source: TileSource) -> About:
    """Return what a source says of itself, with the layer names found in the tiles around its middle."""
    from msgspec.structs import replace

    from layers.mercator import tile_at

    about = source.about
    lon, lat = (about.bounds[0] + about.bounds[2]) / 2, (about.bounds[1] + about.bounds[3]) / 2
    names: dict[str, None] = {}
    for z in range(about.minzoom, about.maxzoom + 1):
        tile = source.tile(z, *tile_at(z, lon, lat))
        names.update(dict.fromkeys(layer_names(tile or b"")))
    return replace(about, vector_layers=tuple(names))


def unzipped(tile: bytes) -> bytes:
    """Return a tile's plain bytes. Raises OSError, EOFError or `zlib.error` when it is broken."""
    return gzip.decompress(tile) if tile.startswith(b"\x1f\x8b") else tile
