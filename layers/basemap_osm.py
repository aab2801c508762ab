"""Any OSM extract (*.osm.pbf), put into this product's own layers; the sea is built from the coastline."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.basemap_layers import Layers, city
from layers.geodata import Features, box_of, clipped, dissolved, extent, features, joined, only, read
from layers.mercator import Bounds, plane

ATTRIBUTION = "© OpenStreetMap contributors (ODbL)"

_ROADS = {
    "motorway": ("highway", "motorway", 6),
    "motorway_link": ("highway", "motorway_link", 11),
    "trunk": ("major_road", "trunk", 8),
    "trunk_link": ("minor_road", "link", 12),
    "primary": ("major_road", "primary", 9),
    "primary_link": ("minor_road", "link", 12),
    "secondary": ("major_road", "secondary", 10),
    "secondary_link": ("minor_road", "link", 12),
    "tertiary": ("major_road", "tertiary", 11),
    "tertiary_link": ("minor_road", "link", 12),
    "residential": ("minor_road", "minor", 12),
    "unclassified": ("minor_road", "minor", 12),
    "living_street": ("minor_road", "minor", 12),
    "road": ("minor_road", "minor", 12),
    "service": ("minor_road", "service", 13),
    "pedestrian": ("path", "pedestrian", 13),
    "track": ("path", "track", 13),
    "footway": ("path", "path", 14),
    "cycleway": ("path", "path", 14),
    "path": ("path", "path", 14),
    "steps": ("path", "path", 14),
}
_RAILS = {"rail": ("rail", 10), "subway": ("subway", 11), "light_rail": ("rail", 12), "tram": ("tram", 13)}
_LAND = {
    "leisure": {"park": "park", "garden": "park", "pitch": "pitch", "golf_course": "grass", "nature_reserve": "wood"},
    "landuse": {
        "grass": "grass", "meadow": "grass", "village_green": "park", "forest": "wood", "cemetery": "cemetery",
        "industrial": "industrial", "recreation_ground": "park", "military": "industrial",
    },
    "natural": {"wood": "wood", "scrub": "wood", "heath": "wood", "beach": "beach", "sand": "beach"},
    "amenity": {"hospital": "hospital", "school": "school", "university": "school", "college": "school"},
}  # fmt: skip
_PLACES = {"city": 6, "town": 9, "village": 10, "suburb": 11, "borough": 11, "quarter": 12, "neighbourhood": 13,
           "hamlet": 12, "island": 12}  # fmt: skip
_WATER = {"natural": ("water",), "landuse": ("basin", "reservoir"), "waterway": ("riverbank", "dock")}
_REACH = 0.05
"""Of the frame's shorter side: loose ends of a coast nearer than this to the frame go on to it."""
_SURE = 0.3
"""How far the votes on a face must agree, of 1, to call it sea."""
_ROAD = ("kind", "kind_detail", "structure", "min_zoom")


def layers(path: Path, step: Callable[[float], None] = lambda _: None) -> Layers:
    """Return an extract's layers, cut to the bounds it declares. `step` hears the fraction done.

    Raises ValueError when the file is not an OSM extract or holds no road.
    """
    try:
        bounds = extent(path, "points")
    except Exception as error:  # GDAL's own classes, by what is wrong with the file
        raise ValueError(f"{path.name} is not an OSM extract: {type(error).__name__}") from error
    if bounds is None:
        raise ValueError(f"{path.name} holds no places")
    box = plane(bounds)
    points = clipped(read(path, "points"), box)
    step(0.3)
    lines = only(clipped(read(path, "lines"), box), dimension=1)
    step(0.6)
    areas = only(clipped(read(path, "multipolygons"), box), dimension=2)
    step(0.9)
    roads, labels = _roads(lines)
    if not len(roads):
        raise ValueError(f"{path.name} holds no road")
    still = np.zeros(len(areas), bool)
    for name, values in _WATER.items():
        still |= np.isin(areas.text(name) if name in areas.fields else _tag(areas, name), values)
    flows = np.isin(lines.text("waterway"), ["river", "canal", "stream"])
    rivers = features(lines.shapes[flows], kind=lines.text("waterway")[flows], name=lines.text("name")[flows])
    made = city(
        bounds=bounds,
        attribution=ATTRIBUTION,
        water=np.concatenate([areas.shapes[still], sea(_coast(lines), bounds)]),
        rivers=rivers,
        landuse=_landuse(areas),
        roads=roads,
        labels=labels,
        buildings=areas.shapes[(areas.text("building") != "") & (areas.text("building") != "no")],
        places=_places(points),
        pois=_pois(points),
    )
    step(1.0)
    return made


def sea(coast: NDArray[np.object_], bounds: Bounds) -> NDArray[np.object_]:
    """Return the areas of sea in `bounds` (degrees) from coast lines on the plane; OSM has land on their left.

    Where a coast has a gap, nobody knows which side is wet: it is left as land.
    """
    if not len(coast):
        return np.empty(0, object)
    frame = box_of(bounds)
    coast = np.array([_reaching(line, frame) for line in shapely.get_parts(_merged(coast))], object)
    noded = shapely.union_all([*coast, shapely.boundary(frame)])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    xy, owner = shapely.get_coordinates(coast, return_index=True)
    at = np.flatnonzero(owner[1:] == owner[:-1])
    along = xy[at + 1] - xy[at]
    length = np.hypot(along[:, 0], along[:, 1])
    at, along, length = at[length > 0], along[length > 0], length[length > 0]
    # one metre to the right of each piece's middle is water, one to the left is land: the faces vote
    aside = np.column_stack([along[:, 1], -along[:, 0]]) / length[:, None]
    middle = (xy[at] + xy[at + 1]) / 2
    tree = shapely.STRtree(faces)
    votes, heard = np.zeros(len(faces)), np.zeros(len(faces))
    for side, vote in ((1.0, 1.0), (-1.0, -1.0)):
        point, face = tree.query(shapely.points(middle + side * aside), predicate="intersects")
        np.add.at(votes, face, vote * length[point])
        np.add.at(heard, face, length[point])
    wet: NDArray[np.object_] = faces[votes > _SURE * heard]
    return wet


def _merged(coast: NDArray[np.object_]) -> Any:
    return shapely.line_merge(shapely.multilinestrings(coast), directed=True)


def _reaching(line: Any, frame: Any) -> Any:
    """Return a coast whose loose ends go on to the frame when they all but reach it, as where an extract was cut."""
    points = list(line.coords)
    if points[0] == points[-1]:
        return line
    edge = shapely.boundary(frame)
    reach = _REACH * min(frame.bounds[2] - frame.bounds[0], frame.bounds[3] - frame.bounds[1])
    first, last = (shapely.shortest_line(shapely.Point(p), edge) for p in (points[0], points[-1]))
    if 0 < first.length <= reach:
        points.insert(0, first.coords[-1])
    if 0 < last.length <= reach:
        points.append(last.coords[-1])
    return shapely.LineString(points)


def _coast(lines: Features) -> NDArray[np.object_]:
    found: NDArray[np.object_] = lines.shapes[_tag(lines, "natural") == "coastline"]
    return found


def _tag(part: Features, key: str) -> NDArray[np.str_]:
    """Return a tag out of `other_tags` ("k"=>"v" text), `""` where it is not there."""
    pattern = re.compile(f'"{re.escape(key)}"=>"([^"]*)"')
    found = (pattern.search(text) for text in part.text("other_tags"))
    return np.array([m.group(1) if m else "" for m in found], np.str_)


def _roads(lines: Features) -> tuple[Features, Features]:
    """Return roads with rails, and road labels."""
    highway, railway, name = lines.text("highway"), lines.text("railway"), lines.text("name")
    bridge, tunnel = _tag(lines, "bridge"), _tag(lines, "tunnel")
    structure = np.where(np.isin(bridge, ["", "no"]), np.where(np.isin(tunnel, ["", "no"]), "", "tunnel"), "bridge")
    road = np.array([h in _ROADS for h in highway], bool)
    rail = ~road & np.array([r in _RAILS for r in railway], bool)
    rows = [_ROADS[h] for h in highway[road]]
    rails = [_RAILS[r] for r in railway[rail]]
    drawn = features(
        lines.shapes[road],
        kind=np.array([r[0] for r in rows], np.str_),
        kind_detail=np.array([r[1] for r in rows], np.str_),
        min_zoom=np.array([r[2] for r in rows], int),
        structure=structure[road],
    )
    tracks = features(
        lines.shapes[rail],
        kind=np.full(int(rail.sum()), "rail"),
        kind_detail=np.array([r[0] for r in rails], np.str_),
        min_zoom=np.array([r[1] for r in rails], int),
        structure=structure[rail],
    )
    labels = features(
        lines.shapes[road],
        name=name[road],
        kind_detail=drawn.text("kind_detail"),
        ref=np.where(np.isin(highway[road], ["motorway", "trunk"]), _tag(lines, "ref")[road], ""),
    )
    labels = labels.where((labels.text("name") != "") | (labels.text("ref") != ""))
    merged = dissolved(joined([drawn, tracks], *_ROAD), *_ROAD, lines=True)
    roads = Features(merged.shapes, {**merged.fields, "min_zoom": merged.fields["min_zoom"].astype(int)})
    return roads, dissolved(labels, "name", "kind_detail", "ref", lines=True)


def _landuse(areas: Features) -> Features:
    kind = np.full(len(areas), "", "U12")
    for column, kinds in _LAND.items():
        found = np.array([kinds.get(v, "") for v in areas.text(column)], "U12")
        kind = np.where(kind == "", found, kind)
    return dissolved(features(areas.shapes[kind != ""], kind=kind[kind != ""]), "kind")


def _places(points: Features) -> Features:
    kind = points.text("place")
    part = points.where(np.isin(kind, list(_PLACES)) & (points.text("name") != ""))
    kind = part.text("place")
    zoom = np.array([_PLACES[k] for k in kind], int)
    return features(part.shapes, name=part.text("name"), kind=kind, rank=zoom - 5, min_zoom=zoom)


def _pois(points: Features) -> Features:
    railway, amenity = _tag(points, "railway"), _tag(points, "amenity")
    kind = np.where(railway == "station", "station", np.where(np.isin(amenity, ["hospital", "police"]), amenity, ""))
    kind = np.where(amenity == "fire_station", "fire_station", kind)
    keep = (kind != "") & (points.text("name") != "")
    part = points.where(keep)
    return features(part.shapes, name=part.text("name"), kind=kind[keep], min_zoom=np.full(len(part), 13))
