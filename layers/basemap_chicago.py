"""Chicago: 30 real OSM-based tiles of Mapbox Streets v7 (about 2017), put into this product's own layers.

The data is ODbL; neither the tiles nor what is made of them is part of this project, only how to read them.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from layers.basemap_layers import LABEL, ROAD, Layers, city, classed, of
from layers.geodata import Frame, clipped, dissolved, joined, merged, only, read_tile
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
_SHIELDS = {"us-interstate": "I-", "us-interstate-duplex": "I-", "us-highway": "US-"}
_POIS = ("park", "stadium", "museum", "college", "harbor", "prison", "hospital", "airport")
_LABEL = ("name", "class", "type", "ref", "shield", "maki", "localrank")
_COLUMNS = {
    "water": (), "waterway": ("class",), "landuse": ("class",), "road": ("class", "type", "structure"),
    "aeroway": ("type",), "building": (), "road_label": _LABEL, "waterway_label": _LABEL, "place_label": _LABEL,
    "rail_station_label": _LABEL, "airport_label": _LABEL, "poi_label": _LABEL,
}  # fmt: skip
"""The layers of the tiles that are used, and their columns."""


def read_tiles(folder: Path, step: Callable[[float], None] = lambda _: None) -> dict[str, Frame]:
    """Return the tiles' layers, each tile cut to its own box. `step` hears the fraction done.

    Raises ValueError when the folder holds no tile `z-x-y.mvt`.
    """
    parts: dict[str, list[Frame]] = {name: [] for name in _COLUMNS}
    found = sorted(folder.glob("*.mvt"))
    for i, path in enumerate(found):
        place = re.fullmatch(r"(\d+)-(\d+)-(\d+)", path.stem)
        if place is None:
            continue
        z, x, y = (int(v) for v in place.groups())
        for name, part in read_tile(path, z, x, y, _COLUMNS).items():
            parts[name].append(clipped(part, tile_box(z, x, y)))
        step((i + 1) / len(found))
    if not any(parts.values()):
        raise ValueError(f"no vector tiles named z-x-y.mvt in {folder.name}")
    return {name: joined(held, *_COLUMNS[name]) for name, held in parts.items()}


def layers(source: dict[str, Frame]) -> Layers:
    """Return the city's layers from what `read_tiles` gave."""
    southwest, northeast = (tile_bounds(*place) for place in BOUNDS_TILES)
    return city(
        bounds=(southwest[0], southwest[1], northeast[2], northeast[3]),
        attribution=ATTRIBUTION,
        water=only(source["water"], "area"),
        rivers=only(source["waterway"].rename(columns={"class": "kind"}), "line"),
        landuse=_landuse(source["landuse"], source["road"]),
        roads=_roads(source["road"], source["aeroway"]),
        labels=_labels(source["road_label"], source["waterway_label"]),
        buildings=only(source["building"], "area"),
        places=_places(source["place_label"]),
        pois=_pois(source["rail_station_label"], source["airport_label"], source["poi_label"]),
    )


def _landuse(land: Frame, road: Frame) -> Frame:
    land = land.assign(kind=of(land["class"], _LAND, ""))
    squares = road[road["class"] == "pedestrian"].assign(kind="pedestrian")
    return dissolved(only(joined([land[land["kind"] != ""], squares], "kind"), "area"), "kind")


def _roads(road: Frame, aeroway: Frame) -> Frame:
    road = only(road[road["type"] != "platform"], "line")
    drawn = classed(road, "class", _ROADS)
    drawn.loc[drawn["type"] == "subway", "kind_detail"] = "subway"
    drawn["structure"] = drawn["structure"].where(drawn["structure"].isin(["bridge", "tunnel"]), "")
    air = only(aeroway, "line").rename(columns={"type": "kind_detail"})
    air = air.assign(kind="aeroway", structure="", min_zoom=of(air["kind_detail"], {"runway": 10}, 12))
    return merged(joined([drawn, air], *ROAD), *ROAD)


def _labels(road: Frame, water: Frame) -> Frame:
    named = classed(only(road, "line"), "class", _ROADS)
    sign = of(named["shield"], _SHIELDS, "")
    named["ref"] = (sign + named["ref"].str.replace("·", "/")).where(sign != "", "")
    rivers = only(water, "line").assign(kind_detail="river", ref="")
    return merged(joined([named, rivers], *LABEL), *LABEL)


def _places(part: Frame) -> Frame:
    rank = pd.to_numeric(part["localrank"], errors="coerce").fillna(0).astype(int)
    near = (10 + rank // 2).clip(11, 14)
    first = of(part["type"], _PLACES, 13).where(part["type"] != "neighbourhood", near)
    made = part.assign(kind=part["type"], rank=rank, min_zoom=first)
    return made[["name", "kind", "rank", "min_zoom", "geometry"]]


def _pois(stations: Frame, airports: Frame, other: Frame) -> Frame:
    shown = other[other["maki"].isin(_POIS)]
    return joined(
        [
            stations.assign(kind="station", min_zoom=13),
            airports.assign(kind="aerodrome", min_zoom=11),
            shown.assign(kind=shown["maki"], min_zoom=13),
        ],
        "name", "kind", "min_zoom",
    )  # fmt: skip
