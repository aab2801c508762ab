"""Streets as a graph to drive on: nodes where streets meet or bend, straight pieces between them.

The map's roads are drawn lines and not a graph: `graph` nodes them, keeps the largest connected piece and
names the class of each piece. `write` leaves a plain .npz that feeds reads with numpy alone.
Crossings are noded wherever two lines cross, over- and underpasses too: good to drive an exercise on, not to route by.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.mercator import to_degrees

SPEED_MPS = {
    "motorway": 24.6,
    "motorway_link": 13.4,
    "trunk": 17.9,
    "primary": 13.4,
    "secondary": 13.4,
    "tertiary": 11.2,
    "link": 9.0,
    "minor": 8.9,
}
"""Free-flow speed by road class, m/s (55, 30, 40, 30, 30, 25, 20, 20 mph)."""

KINDS = ("motorway", "major", "minor")
"""What `kind` numbers mean."""

_KIND = {"motorway": 0, "motorway_link": 0, "trunk": 0, "primary": 1, "secondary": 1, "tertiary": 1}
_GRID_M = 2.0
"""Coordinates snap to this grid, metres in EPSG:3857: most ends that miss each other by rounding then meet."""
_SIMPLIFY_M = 3.0
_NAME_WITHIN_M = 12.0


class Streets(NamedTuple):
    """The graph: n nodes, m pieces."""

    lon: NDArray[np.float64]
    """n degrees, WGS 84."""
    lat: NDArray[np.float64]
    a: NDArray[np.int32]
    """m node indexes; each piece is driven both ways."""
    b: NDArray[np.int32]
    length_m: NDArray[np.float32]
    """m true metres on the ground."""
    speed_mps: NDArray[np.float32]
    """m free-flow speeds, m/s."""
    kind: NDArray[np.uint8]
    """m indexes into KINDS."""
    name: NDArray[np.int32]
    """m indexes into `names`; -1 where the street has none."""
    names: NDArray[np.str_]


def graph(
    lines: NDArray[np.object_],
    classes: Sequence[str],
    name_lines: NDArray[np.object_],
    names: Sequence[str],
) -> Streets:
    """Return the graph of `lines` (EPSG:3857, one class of SPEED_MPS each), named by the nearest of `name_lines`.

    Raises ValueError when there is no line at all.
    """
    kept = np.array([c in SPEED_MPS for c in classes], bool) & ~shapely.is_empty(lines)
    lines = lines[kept]
    kinds = [c for c, ok in zip(classes, kept, strict=True) if ok]
    if not len(lines):
        raise ValueError("no street to make a graph of")
    noded = shapely.line_merge(shapely.union_all(lines, grid_size=_GRID_M))
    pieces = shapely.simplify(shapely.get_parts(noded), _SIMPLIFY_M)
    xy, owner = shapely.get_coordinates(pieces, return_index=True)
    start = np.flatnonzero(owner[1:] == owner[:-1])
    points, inverse = np.unique(xy, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    ends = np.sort(np.column_stack([inverse[start], inverse[start + 1]]), axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    ends = ends[_largest(len(points), ends)]
    used, ends = np.unique(ends, return_inverse=True)
    ends = ends.reshape(-1, 2)
    points = points[used]

    middle = shapely.points((points[ends[:, 0]] + points[ends[:, 1]]) / 2)
    speed = np.array([SPEED_MPS[c] for c in kinds], np.float32)
    kind = np.array([_KIND.get(c, 2) for c in kinds], np.uint8)
    road = _nearest(lines, middle, 50.0, prefer=speed)
    named = _nearest(name_lines, middle, _NAME_WITHIN_M)
    table, code = np.unique(np.array([*names, ""], np.str_), return_inverse=True)
    lon, lat = to_degrees(points[:, 0], points[:, 1])
    span = np.hypot(*(points[ends[:, 0]] - points[ends[:, 1]]).T)
    # Mercator stretches by 1/cos(lat); over one piece the latitude is one
    length = span * np.cos(np.radians((lat[ends[:, 0]] + lat[ends[:, 1]]) / 2))
    return Streets(
        lon=lon,
        lat=lat,
        a=ends[:, 0].astype(np.int32),
        b=ends[:, 1].astype(np.int32),
        length_m=length.astype(np.float32),
        speed_mps=np.where(road >= 0, speed[road], np.float32(SPEED_MPS["minor"])).astype(np.float32),
        kind=np.where(road >= 0, kind[road], 2).astype(np.uint8),
        name=np.where((named >= 0) & (table[code[named]] != ""), code[named], -1).astype(np.int32),
        names=table,
    )


def write(streets: Streets, path: Path) -> None:
    """Write the graph to `path` as .npz, one array per field; no pickles."""
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **streets._asdict())


def read(path: Path) -> Streets:
    """Return the graph written by `write`. Raises OSError, ValueError or KeyError when it is not one."""
    with np.load(path, allow_pickle=False) as arrays:
        return Streets(**{name: arrays[name] for name in Streets._fields})


def _largest(n: int, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pieces belong to the connected part with the most nodes (of `n`)."""
    label = np.arange(n)
    a, b = ends[:, 0], ends[:, 1]
    while True:
        low = label.copy()
        np.minimum.at(low, a, label[b])
        np.minimum.at(low, b, label[a])
        low = low[low]  # jump: halves the chains, so a city settles in tens of rounds
        if np.array_equal(low, label):
            break
        label = low
    return np.asarray(label[a] == np.bincount(label).argmax())


def _nearest(
    lines: NDArray[np.object_],
    points: NDArray[np.object_],
    within: float,
    prefer: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """Return per point the index of the nearest line within `within` metres, or -1; of equals the most preferred."""
    found = np.full(len(points), -1, np.int64)
    if not len(lines):
        return found
    point, line = shapely.STRtree(lines).query_nearest(points, max_distance=within, all_matches=prefer is not None)
    if prefer is not None:
        order = np.argsort(prefer[line], kind="stable")
        point, line = point[order], line[order]
    found[point] = line
    return found
