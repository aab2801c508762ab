"""From layers to one PMTiles archive: GDAL cuts each layer into tiles, the tiles of all layers are joined.

GDAL's own PMTiles writer takes one layer only. A vector tile is a repeated `layers` field, so joining the bytes of
two tiles is a legal merge; each layer is written alone, once per run of zooms that show the same features.
"""

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from layers.basemap_layers import MAX_ZOOM, MIN_ZOOM, Layers
from layers.geodata import Frame, write_tiles

_SIMPLIFY = {"roads": 0.4, "landuse": 1.0, "water": 0.6}
"""Below the last zoom: tolerance in tile units of 1/4096."""


def write(made: Layers, path: Path, name: str, step: Callable[[float], None] = lambda _: None) -> None:
    """Write the archive to `path` (whole or not at all). `step` hears the fraction done."""
    with tempfile.TemporaryDirectory(prefix="basemap-") as scratch:
        runs = [(layer, zooms, part) for layer, whole in made.layers.items() for zooms, part in _runs(whole)]
        weight = [len(part) * (zooms[1] - zooms[0] + 1) + 1 for _, zooms, part in runs]
        folders = []
        for i, (layer, zooms, part) in enumerate(runs):
            folder = Path(scratch, f"{i}-{layer}")
            write_tiles(part, layer, folder, zooms, simplify=_SIMPLIFY.get(layer, 0.0))
            folders.append(folder)
            step(0.9 * sum(weight[: i + 1]) / sum(weight))
        tiles = _joined(folders)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        archive: Any = Writer(file)  # type: ignore[no-untyped-call]  # it has annotations only in part
        for (z, x, y), data in sorted(tiles.items(), key=lambda item: zxy_to_tileid(*item[0])):
            archive.write_tile(zxy_to_tileid(z, x, y), gzip.compress(data, 6, mtime=0))
        archive.finalize(_header(made), _metadata(made, name))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    step(1.0)


def _runs(part: Frame) -> list[tuple[tuple[int, int], Frame]]:
    """Return the zooms (from, to) that show the same features of a layer, and those features."""
    first = part["min_zoom"].clip(lower=MIN_ZOOM)
    starts = sorted(int(z) for z in first[first <= MAX_ZOOM].unique())
    ends = [z - 1 for z in starts[1:]] + [MAX_ZOOM]
    shown = part.drop(columns="min_zoom")
    return [((start, end), shown[first <= start]) for start, end in zip(starts, ends, strict=True)]


def _joined(folders: list[Path]) -> dict[tuple[int, int, int], bytes]:
    tiles: dict[tuple[int, int, int], bytes] = {}
    for folder in folders:
        for file in folder.glob("*/*/*.pbf"):
            z, x, y = int(file.parts[-3]), int(file.parts[-2]), int(file.stem)
            tiles[z, x, y] = tiles.get((z, x, y), b"") + file.read_bytes()
    return tiles


def _header(made: Layers) -> dict[str, Any]:
    west, south, east, north = (round(v * 1e7) for v in made.bounds)
    return {
        "tile_compression": Compression.GZIP,
        "tile_type": TileType.MVT,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(made: Layers, name: str) -> dict[str, Any]:
    layers = []
    for layer, part in made.layers.items():
        columns = part.drop(columns=["min_zoom", "geometry"])
        fields = {name: "Number" if kind.kind in "if" else "String" for name, kind in columns.dtypes.items()}
        layers.append({"id": layer, "fields": fields, "minzoom": MIN_ZOOM, "maxzoom": MAX_ZOOM})
    return {"name": name, "attribution": made.attribution, "type": "baselayer", "vector_layers": layers}
