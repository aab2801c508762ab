"""The layers every built basemap has, whatever it was built from (names follow Protomaps).

    earth      one area: where the map has data
    water      areas, and rivers as lines: kind
    landuse    areas: kind
    roads      lines: kind = highway | major_road | minor_road | path | rail | aeroway, kind_detail, structure
    road_labels  lines: name, ref, kind_detail
    buildings  areas
    places     points: name, kind, rank
    pois       points: name, kind

`min_zoom` is the first zoom a feature is written at.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from layers.geodata import Frame, box_of, dissolved, frame, joined
from layers.mercator import Bounds
from layers.streets import SPEED_MPS, Streets, graph

MIN_ZOOM = 6
MAX_ZOOM = 14
ROAD = ("kind", "kind_detail", "structure", "min_zoom")
"""Columns of `roads`."""
LABEL = ("name", "kind_detail", "ref")
"""Columns of `road_labels`, as a source gives them."""

_LABEL_ZOOM = {"motorway": 10, "trunk": 11, "primary": 11, "secondary": 12, "tertiary": 13, "river": 11}
_LAND_ZOOM = {"park": 9, "wood": 9, "beach": 9, "cemetery": 10, "grass": 11}


class Layers(NamedTuple):
    """One city: its layers by name, on the plane."""

    bounds: Bounds
    """Degrees."""
    attribution: str
    layers: dict[str, Frame]


def city(
    *,
    bounds: Bounds,
    attribution: str,
    water: Frame,
    rivers: Frame,
    landuse: Frame,
    roads: Frame,
    labels: Frame,
    buildings: Frame,
    places: Frame,
    pois: Frame,
) -> Layers:
    """Return the layers with water united (no seams), first zooms set and empty layers left out."""
    still = dissolved(water.assign(kind="water"), "kind").assign(min_zoom=MIN_ZOOM)
    made = {
        "earth": frame([box_of(bounds)], min_zoom=MIN_ZOOM),
        "water": joined([still, rivers.assign(min_zoom=11)], "kind", "min_zoom"),
        "landuse": landuse.assign(min_zoom=of(landuse["kind"], _LAND_ZOOM, 12)),
        "roads": roads,
        "road_labels": labels.assign(min_zoom=of(labels["kind_detail"], _LABEL_ZOOM, 14)),
        "buildings": buildings[["geometry"]].assign(min_zoom=13),
        "places": places,
        "pois": pois,
    }
    return Layers(bounds, attribution, {name: part for name, part in made.items() if len(part)})


def classed(part: Frame, column: str, table: Mapping[str, tuple[str, str, int]]) -> Frame:
    """Return the features whose `column` the table knows, with its kind, kind_detail and min_zoom."""
    known = pd.DataFrame.from_dict(table, orient="index", columns=["kind", "kind_detail", "min_zoom"])
    return part.merge(known, left_on=column, right_index=True)


def of(values: Any, table: Mapping[str, Any], other: Any) -> Any:
    """Return a column put through a table; what it does not name becomes `other`."""
    return values.map(table).fillna(other).astype(type(other))


def streets(made: Layers) -> Streets:
    """Return the drivable graph of a city's roads: no rail, path, service way or runway. Raises ValueError."""
    roads = made.layers["roads"]
    roads = roads[(roads["kind"] != "rail") & roads["kind_detail"].isin(SPEED_MPS)]
    named = made.layers.get("road_labels", frame([], name=[]))
    named = named[named["name"] != ""]
    return graph(
        roads.geometry.to_numpy(), roads["kind_detail"].tolist(), named.geometry.to_numpy(), named["name"].tolist()
    )
