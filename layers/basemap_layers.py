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

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.geodata import Features, box_of, features, joined, only
from layers.mercator import Bounds
from layers.streets import SPEED_MPS, Streets, graph

MIN_ZOOM = 6
MAX_ZOOM = 14

_LABEL_ZOOM = {"motorway": 10, "trunk": 11, "primary": 11, "secondary": 12, "tertiary": 13, "river": 11}


class Layers(NamedTuple):
    """One city: its layers by name, features on the plane."""

    bounds: Bounds
    """Degrees."""
    attribution: str
    layers: dict[str, Features]


def city(
    *,
    bounds: Bounds,
    attribution: str,
    water: NDArray[np.object_],
    rivers: Features,
    landuse: Features,
    roads: Features,
    labels: Features,
    buildings: NDArray[np.object_],
    places: Features,
    pois: Features,
) -> Layers:
    """Return the layers with areas united (no seams), first zooms set and empty layers left out."""
    united = only(features([shapely.union_all(water)]), dimension=2) if len(water) else features([])
    areas = features(united.shapes, kind=np.full(len(united), "water"), min_zoom=np.full(len(united), MIN_ZOOM))
    lines = features(rivers.shapes, kind=rivers.text("kind"), min_zoom=np.full(len(rivers), 11))
    label_zoom = np.array([_LABEL_ZOOM.get(k, 14) for k in labels.text("kind_detail")], int)
    made: dict[str, Features] = {
        "earth": features([box_of(bounds)], min_zoom=np.array([MIN_ZOOM])),
        "water": joined([areas, lines], "kind", "min_zoom"),
        "landuse": _with_zoom(landuse, {"park": 9, "wood": 9, "beach": 9, "cemetery": 10, "grass": 11}, 12),
        "roads": roads,
        "road_labels": _set(labels, min_zoom=label_zoom),
        "buildings": features(buildings, min_zoom=np.full(len(buildings), 13)),
        "places": places,
        "pois": pois,
    }
    return Layers(bounds, attribution, {name: part for name, part in made.items() if len(part)})


def streets(made: Layers) -> Streets:
    """Return the drivable graph of a city's roads: no rail, path, service way or runway. Raises ValueError."""
    roads = made.layers["roads"]
    labels = made.layers.get("road_labels", features([]))
    named = labels.where(labels.text("name") != "") if len(labels) else labels
    detail = np.where(roads.text("kind") == "rail", "", roads.text("kind_detail"))
    keep = np.isin(detail, list(SPEED_MPS))
    return graph(
        roads.shapes[keep],
        detail[keep].tolist(),
        named.shapes,
        named.text("name").tolist(),
    )


def _set(part: Features, **fields: Any) -> Features:
    return Features(part.shapes, {**part.fields, **fields})


def _with_zoom(part: Features, zooms: dict[str, int], other: int) -> Features:
    return _set(part, min_zoom=np.array([zooms.get(k, other) for k in part.text("kind")], int))
