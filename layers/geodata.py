"""Geodata in and out: any format GDAL reads, as GeoDataFrames on one plane (EPSG:3857). geopandas lives here.

Coordinate systems appear here and in `mercator` only; above, everything is degrees WGS 84, lon before lat.
A frame has plain columns and `geometry`; text that is missing is "". Only building a map imports this: a process
that serves a built one never loads geopandas (seconds, and 100 MB).
"""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layers.mercator import LAT_MAX, Bounds

PLANE = "EPSG:3857"
DEGREES = "EPSG:4326"

Frame: TypeAlias = gpd.GeoDataFrame
Kind = Literal["point", "line", "area"]

_TYPES: dict[Kind, tuple[str, ...]] = {
    "point": ("Point",),
    "line": ("LineString", "LinearRing"),
    "area": ("Polygon",),
}


def frame(shapes: Sequence[Any] | Any, **columns: Any) -> Frame:
    """Return a frame of shapes on the plane; a column is n values or one for all. Empty shapes are left out."""
    made = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=PLANE, index=range(len(shapes)))
    return made[~(made.is_empty | made.geometry.isna())]


def joined(parts: Iterable[Frame], *names: str) -> Frame:
    """Return all features of `parts` with the columns `names`; a column that a part does not have is "" there."""
    same = [part.reindex(columns=[*names, "geometry"], fill_value="") for part in parts if len(part)]
    return pd.concat(same, ignore_index=True) if same else frame([], **{name: [] for name in names})


def read(path: Path, layer: str, **options: Any) -> Frame:
    """Return one layer of a file, on the plane and valid. Raises ValueError when GDAL cannot read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL tells of odd rings; shapes are made valid below
        try:
            made = gpd.read_file(path, layer=layer, on_invalid="ignore", **options)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise ValueError(f"cannot read layer {layer!r} of {path.name}: {error}") from error
    made = made[~(made.is_empty | made.geometry.isna())]
    if made.crs == DEGREES and len(made) and np.abs(made.total_bounds[[1, 3]]).max() > LAT_MAX:
        made = made.clip((-180, -LAT_MAX, 180, LAT_MAX))  # the plane ends there
    text = made.select_dtypes(["object", "str"]).columns
    made[text] = made[text].fillna("")
    return _valid(made.to_crs(PLANE))


def read_tile(path: Path, z: int, x: int, y: int, wanted: Iterable[str] = ()) -> dict[str, Frame]:
    """Return the layers of one MVT file (all, or those `wanted`), with the tile's buffer. Raises ValueError."""
    try:
        held = [str(name) for name in gpd.list_layers(path)["name"]]
    except pyogrio.errors.DataSourceError as error:
        raise ValueError(f"not a vector tile: {path.name}") from error
    chosen = set(wanted) or set(held)
    return {name: read(path, name, X=x, Y=y, Z=z) for name in held if name in chosen}


def extent(path: Path, layer: str) -> Bounds | None:
    """Return the bounds a file declares for a layer, degrees, or None when it declares none."""
    bounds = pyogrio.read_info(path, layer=layer, force_total_bounds=True)["total_bounds"]
    if bounds is None or not np.all(np.isfinite(bounds)):
        return None
    west, south, east, north = (float(v) for v in bounds)
    return (west, south, east, north)


def box_of(bounds: Bounds) -> Any:
    """Return bounds (degrees) as an area on the plane."""
    return gpd.GeoSeries([shapely.box(*bounds)], crs=DEGREES).to_crs(PLANE).iloc[0]


def clipped(part: Frame, box: Bounds) -> Frame:
    """Return the features cut to a box on the plane, metres."""
    return _valid(part.clip(box, sort=True))


def only(part: Frame, kind: Kind) -> Frame:
    """Return what is of that kind, one part per row, also out of collections."""
    single = part.explode()
    if (single.geom_type == "GeometryCollection").any() or single.geom_type.str.startswith("Multi").any():
        single = single.explode()  # a collection may hold multi-part shapes
    return single[single.geom_type.isin(_TYPES[kind])].reset_index(drop=True)


def dissolved(areas: Frame, *by: str) -> Frame:
    """Return areas united per distinct value of the columns `by`: no seam is left between those that touch."""
    if not len(areas):
        return areas
    return only(areas[[*by, "geometry"]].dissolve(by=list(by), as_index=False), "area")


def merged(lines: Frame, *by: str) -> Frame:
    """Return lines joined end to end per distinct value of the columns `by`; where lines cross they stay whole."""
    if not len(lines):
        return lines
    groups = lines.groupby(list(by))["geometry"].agg(lambda part: shapely.multilinestrings(part.to_numpy()))
    long = gpd.GeoSeries(groups, crs=PLANE).line_merge()  # dissolving would cut them at each crossing
    return only(long.rename("geometry").reset_index().set_geometry("geometry"), "line")


def write_tiles(part: Frame, layer: str, folder: Path, zooms: tuple[int, int], *, simplify: float = 0.0) -> None:
    """Write features as MVT files `folder/z/x/y.pbf` for the zooms from..to (both included), 64 units of buffer."""
    kinds = part.geom_type.unique()
    part.replace("", None).to_file(
        folder,
        driver="MVT",
        layer=layer,
        index=False,
        promote_to_multi=False,
        geometry_type=kinds[0] if len(kinds) == 1 else "Unknown",
        dataset_options={
            "FORMAT": "DIRECTORY",
            "COMPRESS": "NO",
            "MINZOOM": str(zooms[0]),
            "MAXZOOM": str(zooms[1]),
            "EXTENT": "4096",
            "BUFFER": "64",
            "SIMPLIFICATION": str(simplify),
        },
    )


def _valid(part: Frame) -> Frame:
    broken = ~part.is_valid
    if broken.any():
        part.loc[broken, "geometry"] = part.geometry[broken].make_valid()
    return part
