"""Any OSM extract (*.osm.pbf), put into this product's own layers; the sea is built from the coastline."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.basemap_layers import LABEL, ROAD, Layers, city, classed, of
from layers.geodata import Frame, box_of, clipped, dissolved, extent, frame, joined, merged, only, read
from layers.mercator import Bounds

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
_RAILS = {
    "rail": ("rail", "rail", 10),
    "subway": ("rail", "subway", 11),
    "light_rail": ("rail", "rail", 12),
    "tram": ("rail", "tram", 13),
}
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
    box = box_of(bounds).bounds
    points = clipped(_read(path, "points", ("railway", "amenity")), box)
    step(0.3)
    lines = only(clipped(_read(path, "lines", ("natural", "bridge", "tunnel", "ref", "railway")), box), "line")
    step(0.6)
    areas = only(clipped(_read(path, "multipolygons", ("waterway",)), box), "area")
    step(0.9)
    roads = _roads(lines)
    if not len(roads):
        raise ValueError(f"{path.name} holds no road")
    still = np.logical_or.reduce([areas[name].isin(values) for name, values in _WATER.items()])
    wet = frame(sea(lines.geometry[lines["natural"] == "coastline"].to_numpy(), bounds))
    made = city(
        bounds=bounds,
        attribution=ATTRIBUTION,
        water=joined([areas[still], wet]),
        rivers=lines[lines["waterway"].isin(["river", "canal", "stream"])].rename(columns={"waterway": "kind"}),
        landuse=_landuse(areas),
        roads=roads,
        labels=_labels(lines),
        buildings=areas[~areas["building"].isin(["", "no"])],
        places=_places(points),
        pois=_pois(points),
    )
    step(1.0)
    return made


def _read(path: Path, layer: str, tags: tuple[str, ...]) -> Frame:
    """Return a layer with `tags` as columns, also those that GDAL leaves in `other_tags` ("k"=>"v" text)."""
    part = read(path, layer)
    for key in tags:
        if key not in part:
            part[key] = part["other_tags"].str.extract(f'"{re.escape(key)}"=>"([^"]*)"', expand=False).fillna("")
    return part


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


def _roads(lines: Frame) -> Frame:
    """Return roads with rails."""
    drawn = classed(lines, "highway", _ROADS)
    tracks = classed(lines[~lines.index.isin(drawn.index)], "railway", _RAILS)
    both = joined([drawn, tracks], *ROAD[:2], "min_zoom", "bridge", "tunnel")
    under = of(both["tunnel"], {"": "", "no": ""}, "tunnel")
    both["structure"] = under.where(both["bridge"].isin(["", "no"]), "bridge")
    return merged(both[[*ROAD, "geometry"]], *ROAD)


def _labels(lines: Frame) -> Frame:
    named = classed(lines, "highway", _ROADS)
    named["ref"] = named["ref"].where(named["highway"].isin(["motorway", "trunk"]), "")
    named = named[(named["name"] != "") | (named["ref"] != "")]
    return merged(joined([named], *LABEL), *LABEL)


def _landuse(areas: Frame) -> Frame:
    kind = of(areas["leisure"], _LAND["leisure"], "")
    for column in ("landuse", "natural", "amenity"):
        kind = kind.where(kind != "", of(areas[column], _LAND[column], ""))
    return dissolved(areas.assign(kind=kind)[kind != ""], "kind")


def _places(points: Frame) -> Frame:
    part = points[points["place"].isin(_PLACES) & (points["name"] != "")]
    zoom = of(part["place"], _PLACES, 13)
    made = part.assign(kind=part["place"], rank=zoom - 5, min_zoom=zoom)
    return made[["name", "kind", "rank", "min_zoom", "geometry"]]


def _pois(points: Frame) -> Frame:
    kind = points["amenity"].where(points["amenity"].isin(["hospital", "police", "fire_station"]), "")
    kind = kind.where((kind == "fire_station") | (points["railway"] != "station"), "station")
    made = points.assign(kind=kind, min_zoom=13)
    return made.loc[(kind != "") & (points["name"] != ""), ["name", "kind", "min_zoom", "geometry"]]
