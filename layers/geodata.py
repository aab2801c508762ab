"""Geodata in and out: any format GDAL reads, as shapes on one plane (EPSG:3857) with plain columns.

Coordinate systems appear here and in `mercator` only; above, everything is degrees WGS 84, lon before lat.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from layers.mercator import RADIUS_M, Bounds, plane

PLANE = "EPSG:3857"
DEGREES = "EPSG:4326"


class Features(NamedTuple):
    """n shapes on the plane (metres, EPSG:3857) and their columns, n values each."""

    shapes: NDArray[np.object_]
    fields: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        """Return n."""
        return len(self.shapes)

    def where(self, keep: NDArray[Any]) -> "Features":
        """Return the features that a mask (n booleans) or indexes choose."""
        return Features(self.shapes[keep], {name: values[keep] for name, values in self.fields.items()})

    def text(self, name: str) -> NDArray[np.str_]:
        """Return a column as text, `""` for what is missing, also when the column is."""
        values = self.fields.get(name)
        if values is None:
            return np.full(len(self), "", np.str_)
        return np.array(["" if v is None or v != v else str(v) for v in values], np.str_)


def features(shapes: Sequence[Any] | NDArray[Any], **fields: Sequence[Any] | NDArray[Any]) -> Features:
    """Return features from shapes on the plane and columns of the same length; empty shapes are left out."""
    held = np.empty(len(shapes), object)
    held[:] = shapes
    made = Features(held, {name: np.asarray(values) for name, values in fields.items()})
    return made.where(~(shapely.is_empty(held) | shapely.is_missing(held)))


def joined(parts: Iterable[Features], *names: str) -> Features:
    """Return all features of `parts` with the columns `names`; missing ones become None."""
    parts = list(parts)
    if not parts:
        return Features(np.empty(0, object), {name: np.empty(0, object) for name in names})

    def column(part: Features, name: str) -> NDArray[Any]:
        values = part.fields.get(name)
        return np.full(len(part), None, object) if values is None else values.astype(object)

    return Features(
        np.concatenate([p.shapes for p in parts]),
        {name: np.concatenate([column(p, name) for p in parts]) for name in names},
    )


def read(path: Path, layer: str, columns: Sequence[str] | None = None, **options: Any) -> Features:
    """Return one layer of a file, on the plane. Raises ValueError when GDAL cannot read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL tells of odd rings; shapes are made valid below
        try:
            meta, _, wkb, values = pyogrio.raw.read(path, layer=layer, columns=columns, **options)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise ValueError(f"cannot read layer {layer!r} of {path.name}: {error}") from error
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    if meta["crs"] == DEGREES:
        shapes = _to_plane(shapes)
    made = features(shapes, **dict(zip(meta["fields"], values, strict=True)))
    broken = ~shapely.is_valid(made.shapes)
    made.shapes[broken] = shapely.make_valid(made.shapes[broken])
    return made


def read_tile(path: Path, z: int, x: int, y: int) -> dict[str, Features]:
    """Return the layers of one MVT file, as they are (with the tile's buffer). Raises ValueError."""
    try:
        names = [name for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise ValueError(f"not a vector tile: {path.name}") from error
    return {str(name): read(path, str(name), X=x, Y=y, Z=z) for name in names}


def extent(path: Path, layer: str) -> Bounds | None:
    """Return the bounds a file declares for a layer, degrees, or None when it declares none."""
    bounds = pyogrio.read_info(path, layer=layer, force_total_bounds=True)["total_bounds"]
    if bounds is None or not np.all(np.isfinite(bounds)):
        return None
    west, south, east, north = (float(v) for v in bounds)
    return (west, south, east, north)


def clipped(part: Features, box: Bounds) -> Features:
    """Return the features cut to a box on the plane, metres."""
    shapes = shapely.intersection(part.shapes, shapely.box(*box))
    return features(shapes, **part.fields)


def only(part: Features, *, dimension: int) -> Features:
    """Return what is of that dimension (0 points, 1 lines, 2 areas), also out of collections."""
    shapes, owner = shapely.get_parts(part.shapes, return_index=True)
    while np.any(mixed := shapely.get_type_id(shapes) >= 4):
        inner, at = shapely.get_parts(shapes[mixed], return_index=True)
        shapes, owner = np.concatenate([shapes[~mixed], inner]), np.concatenate([owner[~mixed], owner[mixed][at]])
    keep = shapely.get_dimensions(shapes) == dimension
    return Features(shapes[keep], {name: values[owner[keep]] for name, values in part.fields.items()})


def dissolved(part: Features, *by: str, lines: bool = False) -> Features:
    """Return one shape per distinct value of the columns `by`: areas united, or single lines joined end to end."""
    if not len(part):
        return part
    keys = np.stack([part.text(name) for name in by], axis=1)
    distinct, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    shapes = []
    for i in range(len(distinct)):
        one = part.shapes[group == i]
        shapes.append(shapely.line_merge(shapely.multilinestrings(one)) if lines else shapely.union_all(one))
    made = features(shapes, **{name: distinct[:, k] for k, name in enumerate(by)})
    return only(made, dimension=1 if lines else 2)


def write_tiles(part: Features, layer: str, folder: Path, zooms: tuple[int, int], *, simplify: float = 0.0) -> None:
    """Write features as MVT files `folder/z/x/y.pbf` for the zooms from..to (both included), 64 units of buffer."""
    kinds = set(shapely.get_type_id(part.shapes).tolist())
    geometry_type = (
        {0: "Point", 1: "LineString", 3: "Polygon"}.get(kinds.pop(), "Unknown") if len(kinds) == 1 else "Unknown"
    )
    options: Mapping[str, str] = {
        "FORMAT": "DIRECTORY",
        "COMPRESS": "NO",
        "MINZOOM": str(zooms[0]),
        "MAXZOOM": str(zooms[1]),
        "EXTENT": "4096",
        "BUFFER": "64",
        "SIMPLIFICATION": str(simplify),
    }
    pyogrio.raw.write(
        folder,
        geometry=shapely.to_wkb(part.shapes),
        field_data=[_plain(values) for values in part.fields.values()],
        fields=list(part.fields),
        geometry_type=geometry_type,
        crs=PLANE,
        layer=layer,
        driver="MVT",
        dataset_options=options,
    )


def box_of(bounds: Bounds) -> Any:
    """Return bounds (degrees) as an area on the plane."""
    return shapely.box(*plane(bounds))


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return a column GDAL can write: text as objects, "" as missing."""
    if values.dtype.kind in "UO":
        held = np.empty(len(values), object)
        held[:] = [None if v is None or v == "" else str(v) for v in values]
        return held
    return values


def _to_plane(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    def project(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        lat = np.clip(xy[:, 1], -85.05, 85.05)
        y = np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) * RADIUS_M
        return np.column_stack([np.radians(xy[:, 0]) * RADIUS_M, y])

    moved: NDArray[np.object_] = shapely.transform(shapes, project)
    return moved
