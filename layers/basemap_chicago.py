"""Chicago: 30 real OSM-based tiles of Mapbox Streets v7 (about 2017), put into this product's own layers.

The data is ODbL; neither the tiles nor what is made of them is part of this project, only how to read them.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from layers.basemap_layers import Layers, city
from layers.geodata import Features, clipped, dissolved, features, joined, only, read_tile
from layers.mercator import tile_bounds, tile_box

ATTRIBUTION = "© OpenStreetMap contributors (ODbL), tiles Mapbox; demo data, about 2017, not for operations"
BOUNDS_TILES = ((13, 2098, 3047), (13, 2102, 3042))
"""South-west and north-east tile of the set."""

_ROADS = {
    "motorway": ("highway", "motorway", 6),
    "motorway_link": ("highway", "motorway_link", 11),
    "trunk": ("major_road", "trunk", 8),
    "primary": ("major_road", "primary", 9),
    "secondary": ("major_road", "secondary", 10),
    "tertiary": ("major_road", "tertiary", 11),
    "link": ("minor_road", "link", 11),
    "street": ("minor_road", "minor", 11),
    "street_limited": ("minor_road", "minor", 11),
    "service": ("minor_road", "service", 13),
    "track": ("path", "track", 14),
    "pedestrian": ("path", "pedestrian", 13),
    "path": ("path", "path", 14),
    "major_rail": ("rail", "rail", 10),
    "minor_rail": ("rail", "rail", 13),
}
"""Mapbox class -> kind, detail, first zoom. What is not here (ferries, construction, crossings) is not drawn."""

_LAND = {
    "park": "park", "pitch": "pitch", "grass": "grass", "wood": "wood", "scrub": "wood", "cemetery": "cemetery",
    "agriculture": "grass", "school": "school", "hospital": "hospital", "sand": "beach", "industrial": "industrial",
}  # fmt: skip
_PLACES = {"city": 6, "town": 9, "village": 10, "suburb": 11, "hamlet": 12, "island": 12, "neighbourhood": 12}
_ROAD = ("kind", "kind_detail", "structure", "min_zoom")
_SHIELDS = {"us-interstate": "I-", "us-interstate-duplex": "I-", "us-highway": "US-"}


def read_tiles(folder: Path, step: Callable[[float], None] = lambda _: None) -> dict[str, Features]:
    """Return the tiles' layers, each tile cut to its own box. `step` hears the fraction done.

    Raises ValueError when the folder holds no tile `z-x-y.mvt`.
    """
    parts: dict[str, list[Features]] = {}
    found = sorted(folder.glob("*.mvt"))
    for i, path in enumerate(found):
        place = re.fullmatch(r"(\d+)-(\d+)-(\d+)", path.stem)
        if place is None:
            continue
        z, x, y = (int(v) for v in place.groups())
        for name, part in read_tile(path, z, x, y).items():
            parts.setdefault(name, []).append(clipped(part, tile_box(z, x, y)))
        step((i + 1) / len(found))
    if not parts:
        raise ValueError(f"no vector tiles named z-x-y.mvt in {folder.name}")
    columns = {"road": ("class", "type", "structure", "layer")}
    label = ("name", "class", "type", "ref", "shield", "maki", "localrank", "scalerank")
    return {name: joined(held, *columns.get(name, label)) for name, held in parts.items()}


def layers(source: dict[str, Features]) -> Layers:
    """Return the city's layers from what `read_tiles` gave."""
    southwest, northeast = (tile_bounds(*place) for place in BOUNDS_TILES)
    bounds = (southwest[0], southwest[1], northeast[2], northeast[3])
    empty = joined([])

    def of(name: str) -> Features:
        return source.get(name, empty)

    return city(
        bounds=bounds,
        attribution=ATTRIBUTION,
        water=only(of("water"), dimension=2).shapes,
        rivers=_named(of("waterway"), of("waterway").text("class")),
        landuse=_landuse(of("landuse"), of("road")),
        roads=_roads(of("road"), of("aeroway")),
        labels=_labels(of("road_label"), of("waterway_label")),
        buildings=only(of("building"), dimension=2).shapes,
        places=_places(of("place_label")),
        pois=_pois(of("rail_station_label"), of("airport_label"), of("poi_label")),
    )


def _named(part: Features, kind: np.ndarray) -> Features:
    return only(features(part.shapes, kind=kind, name=part.text("name")), dimension=1)


def _landuse(land: Features, road: Features) -> Features:
    kind = np.array([_LAND.get(c, "") for c in land.text("class")], np.str_)
    squares = only(road.where(road.text("class") == "pedestrian"), dimension=2)
    walk = features(squares.shapes, kind=np.full(len(squares), "pedestrian"))
    made = features(land.shapes[kind != ""], kind=kind[kind != ""])
    return dissolved(only(joined([made, walk], "kind"), dimension=2), "kind")


def _roads(road: Features, aeroway: Features) -> Features:
    road = only(road, dimension=1)
    known = np.array([c in _ROADS for c in road.text("class")], bool)
    known &= road.text("type") != "platform"
    road = road.where(known)
    rows = [_ROADS[c] for c in road.text("class")]
    detail = np.array([r[1] for r in rows], np.str_)
    detail[road.text("type") == "subway"] = "subway"
    made = features(
        road.shapes,
        kind=np.array([r[0] for r in rows], np.str_),
        kind_detail=detail,
        min_zoom=np.array([r[2] for r in rows]),
        structure=np.where(np.isin(road.text("structure"), ["bridge", "tunnel"]), road.text("structure"), ""),
    )
    air = only(aeroway, dimension=1)
    n = len(air)
    runway = np.isin(air.text("type"), ["runway"])
    plane = features(
        air.shapes, kind=np.full(n, "aeroway"), kind_detail=air.text("type"), structure=np.full(n, ""),
        min_zoom=np.where(runway, 10, 12),
    )  # fmt: skip
    drawn = dissolved(joined([made, plane], *_ROAD), *_ROAD, lines=True)
    return Features(drawn.shapes, {**drawn.fields, "min_zoom": drawn.fields["min_zoom"].astype(int)})


def _labels(road: Features, water: Features) -> Features:
    road = only(road, dimension=1)
    rows = [_ROADS.get(c, ("", "", 14)) for c in road.text("class")]
    detail = np.array([r[1] for r in rows], np.str_)
    numbers = zip(road.text("shield"), road.text("ref"), strict=True)
    ref = np.array([_SHIELDS[s] + r.replace("·", "/") if s in _SHIELDS else "" for s, r in numbers], np.str_)
    made = features(road.shapes, name=road.text("name"), kind_detail=detail, ref=ref)
    river = only(water, dimension=1)
    n = len(river)
    flow = features(river.shapes, name=river.text("name"), kind_detail=np.full(n, "river"), ref=np.full(n, ""))
    both = joined([made.where(detail != ""), flow], "name", "kind_detail", "ref")
    return dissolved(both, "name", "kind_detail", "ref", lines=True)


def _places(part: Features) -> Features:
    kind = part.text("type")
    rank = np.array([int(float(r or 0)) for r in part.text("localrank")])
    first = np.array([_PLACES.get(k, 13) for k in kind])
    shown = np.where(kind == "neighbourhood", np.clip(10 + rank // 2, 11, 14), first)
    return features(part.shapes, name=part.text("name"), kind=kind, rank=rank, min_zoom=shown)


def _pois(stations: Features, airports: Features, other: Features) -> Features:
    def kind(part: Features, values: np.ndarray, zoom: int) -> Features:
        return features(part.shapes, name=part.text("name"), kind=values, min_zoom=np.full(len(part), zoom))

    maki = other.text("maki")
    shown = np.isin(maki, ["park", "stadium", "museum", "college", "harbor", "prison", "hospital", "airport"])
    return joined(
        [
            kind(stations, np.full(len(stations), "station"), 13),
            kind(airports, np.full(len(airports), "aerodrome"), 11),
            kind(other.where(shown), maki[shown], 13),
        ],
        "name", "kind", "min_zoom",
    )  # fmt: skip
