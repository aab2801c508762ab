"""The streets: a graph with lengths, speeds and classes, routes over it, and addresses in Chicago's way.

Rules
- Read with numpy alone from the `streets.npz` that the basemap build leaves; without one, a synthetic grid
  over the same area (half-mile arterials, one expressway, a shore).
- Places inside the exercise are `x, y`: metres east and north of State and Madison, the origin of the city's
  addresses; `lonlat` turns them into degrees.
- A route costs bounded work (`ROUTE_LIMIT` nodes settled); none within it is no route.
"""

import heapq
import math
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ORIGIN_LON, ORIGIN_LAT = -87.6278, 41.8820
"""State and Madison, degrees."""
_M_PER_LAT = 111_132.0
_M_PER_LON = 111_320.0 * math.cos(math.radians(41.87))
_HUNDRED_M = 1609.344 / 8
"""A block of one hundred numbers: 800 to the mile."""

ROUTE_LIMIT = 20_000
"""Nodes settled before a route is given up."""
_HOPEFUL_MPS = 20.0
"""The speed the search hopes for; faster than most streets, so routes are near the best at a fraction of the work."""

MOTORWAY, MAJOR, MINOR = 0, 1, 2


class Link(NamedTuple):
    """One way out of a node."""

    to: int
    seconds: float
    edge: int
    dx: float
    """Unit vector east of the direction driven."""
    dy: float


class City:
    """The graph. Nodes and edges are numbered from 0; edges are two-way."""

    def __init__(
        self,
        lon: Floats,
        lat: Floats,
        a: Ints,
        b: Ints,
        length_m: Floats,
        speed_mps: Floats,
        kind: Ints | None = None,
        name: Ints | None = None,
        names: list[str] | None = None,
    ) -> None:
        self.x = (lon - ORIGIN_LON) * _M_PER_LON
        self.y = (lat - ORIGIN_LAT) * _M_PER_LAT
        self.a, self.b = a, b
        self.length_m = np.maximum(length_m, 1.0)
        self.speed_mps = np.clip(speed_mps, 4.0, 35.0)
        self.kind = kind if kind is not None else np.where(speed_mps > 20, MOTORWAY, np.where(speed_mps > 11, MAJOR, 2))
        self._name, self._names = name, names or []
        self.synthetic = False
        """Whether it is the grid of the fallback and no real place."""
        self.links: list[list[Link]] = [[] for _ in range(len(lon))]
        dx, dy = self.x[b] - self.x[a], self.y[b] - self.y[a]
        size = np.maximum(np.hypot(dx, dy), 0.1)
        rows = zip(
            a.tolist(), b.tolist(), (self.length_m / self.speed_mps).tolist(), (dx / size).tolist(),
            (dy / size).tolist(), strict=True,
        )  # fmt: skip
        for edge, (p, q, seconds, ux, uy) in enumerate(rows):
            if p != q:
                self.links[p].append(Link(q, seconds, edge, ux, uy))
                self.links[q].append(Link(p, seconds, edge, -ux, -uy))
        self._xs: list[float] = self.x.tolist()
        self._ys: list[float] = self.y.tolist()
        self.lengths: list[float] = self.length_m.tolist()
        self.speeds: list[float] = self.speed_mps.tolist()
        self.kinds: list[int] = self.kind.tolist()

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._xs)

    def place(self, node: int) -> tuple[float, float]:
        """Return `x, y` of a node, metres."""
        return self._xs[node], self._ys[node]

    def nearest(self, x: float, y: float) -> int:
        """Return the node nearest to a place, metres."""
        return int(np.argmin((self.x - x) ** 2 + (self.y - y) ** 2))

    def route(self, start: int, goal: int, limit: int = ROUTE_LIMIT) -> list[int] | None:
        """Return the nodes from `start` to `goal`, both included, by time; None when `limit` nodes did not find it."""
        xs, ys, links = self._xs, self._ys, self.links
        gx, gy = xs[goal], ys[goal]
        best = {start: 0.0}
        came: dict[int, int] = {}
        done: set[int] = set()
        heap = [(0.0, start)]
        while heap and len(done) < limit:
            node = heapq.heappop(heap)[1]
            if node == goal:
                path = [node]
                while node != start:
                    node = came[node]
                    path.append(node)
                return path[::-1]
            if node in done:
                continue
            done.add(node)
            cost = best[node]
            for link in links[node]:
                to, new = link[0], cost + link[1]
                if new < best.get(to, math.inf):
                    best[to] = new
                    came[to] = node
                    heapq.heappush(heap, (new + math.hypot(xs[to] - gx, ys[to] - gy) / _HOPEFUL_MPS, to))
        return None

    def address(self, edge: int) -> str:
        """Return the hundred block of an edge: `1200 W Madison St`, or `1200 W & 800 N` where it has no name."""
        p, q = int(self.a[edge]), int(self.b[edge])
        x, y = (self._xs[p] + self._xs[q]) / 2, (self._ys[p] + self._ys[q]) / 2
        west = f"{_block(x)} {'W' if x < 0 else 'E'}"
        north = f"{_block(y)} {'N' if y >= 0 else 'S'}"
        name = self.street(edge)
        if not name:
            return f"{west} & {north}"
        along_x = abs(self._xs[q] - self._xs[p]) > abs(self._ys[q] - self._ys[p])
        said = name[:2] in ("N ", "S ", "E ", "W ") and name.count(" ") > 1  # not East Avenue
        if said:
            along_x = name[0] in "EW"
        number, side = (west if along_x else north).split()
        return f"{number} {name}" if said else f"{number} {side} {name}"

    def street(self, edge: int) -> str:
        """Return the street's name, shortened as signs do (`W Madison St`), `""` when it is not known."""
        if self._name is None:
            return ""
        i = int(self._name[edge])
        return " ".join(_SHORT.get(word, word) for word in self._names[i].split()) if i >= 0 else ""


_SHORT = {
    "North": "N", "South": "S", "East": "E", "West": "W", "Street": "St", "Avenue": "Ave", "Boulevard": "Blvd",
    "Road": "Rd", "Drive": "Dr", "Place": "Pl", "Court": "Ct", "Parkway": "Pkwy", "Terrace": "Ter", "Lane": "Ln",
    "Expressway": "Expy", "Highway": "Hwy", "Square": "Sq",
}  # fmt: skip


def _block(metres: float) -> int:
    return int(abs(metres) / _HUNDRED_M) * 100 or 1


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude (degrees, WGS 84, 7 digits) of a place in metres."""
    return round(ORIGIN_LON + x / _M_PER_LON, 7), round(ORIGIN_LAT + y / _M_PER_LAT, 7)


def metres(lon: float, lat: float) -> tuple[float, float]:
    """Return `x, y` in metres of a place in degrees."""
    return (lon - ORIGIN_LON) * _M_PER_LON, (lat - ORIGIN_LAT) * _M_PER_LAT


def load(path: Path | None) -> City:
    """Return the city in `streets.npz` at `path`, or the synthetic grid where there is none (or it cannot be read)."""
    if path is None or not path.is_file():
        return grid()
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as z:
            return City(
                z["lon"].astype(np.float64), z["lat"].astype(np.float64), z["a"].astype(np.int64),
                z["b"].astype(np.int64), z["length_m"].astype(np.float64), z["speed_mps"].astype(np.float64),
                z["kind"].astype(np.int64) if "kind" in z else None,
                z["name"].astype(np.int64) if "name" in z and "names" in z else None,
                [str(n) for n in z["names"]] if "names" in z else None,
            )  # fmt: skip
    except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
        return grid()


def grid() -> City:
    """Return a city of straight streets over the same area: a block of 100 numbers each way, lake to the east."""
    west, south = metres(-87.80, 41.772)
    east, north = metres(-87.585, 41.967)
    columns = np.arange(math.ceil(west / _HUNDRED_M), math.floor(east / _HUNDRED_M) + 1)
    rows = np.arange(math.ceil(south / _HUNDRED_M), math.floor(north / _HUNDRED_M) + 1)
    i, j = (m.ravel() for m in np.meshgrid(columns, rows))
    shore = 1400.0 - j * _HUNDRED_M * 0.28
    dry = i * _HUNDRED_M < shore
    number = np.full(len(i), -1, np.int64)
    number[dry] = np.arange(int(dry.sum()))
    table = number.reshape(len(rows), len(columns))
    across = np.stack([table[:, :-1].ravel(), table[:, 1:].ravel()])
    along = np.stack([table[:-1].ravel(), table[1:].ravel()])
    # Streets of the grid are as important as their number says: a half mile an arterial, else a side street.
    row_kind = np.where(rows % 4 == 0, MAJOR, MINOR).repeat(len(columns) - 1)
    column_kind = np.where(columns == -6, MOTORWAY, np.where(columns % 4 == 0, MAJOR, MINOR))
    kinds = np.concatenate([row_kind, np.tile(column_kind, len(rows) - 1)])
    ends = np.concatenate([across, along], axis=1)
    keep = (ends >= 0).all(axis=0)
    a, b = ends[:, keep]
    kind = kinds[keep].astype(np.int64)
    city = City(
        np.asarray(ORIGIN_LON + i[dry] * _HUNDRED_M / _M_PER_LON, np.float64),
        np.asarray(ORIGIN_LAT + j[dry] * _HUNDRED_M / _M_PER_LAT, np.float64),
        a,
        b,
        np.full(len(a), _HUNDRED_M),
        np.choose(kind, [24.6, 13.4, 9.0]),
        kind,
    )
    city.synthetic = True
    return city
