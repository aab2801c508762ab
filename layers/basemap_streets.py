"""What the street map draws without words: areas, rails, streets by rank.

Each is there in our own and Protomaps' names (`roads`, `kind`) and in OpenMapTiles' (`transportation`, `class`).
"""

from typing import Any

from layers.style_layer import Json, fill, line, one_of, zoom

_GREEN = (
    "park", "pitch", "grass", "wood", "cemetery", "forest", "nature_reserve", "golf_course", "beach", "scrub", "meadow",
    "grassland", "national_park", "protected_area", "recreation_ground", "garden", "zoo",
)  # fmt: skip
_BUILT = ("school", "hospital", "industrial", "pedestrian", "university", "college", "railway", "aerodrome")
_LINE = ["==", ["geometry-type"], "LineString"]
_AREA = ["==", ["geometry-type"], "Polygon"]
_TUNNEL = [
    "any",
    ["==", ["get", "structure"], "tunnel"],
    ["to-boolean", ["get", "is_tunnel"]],
    ["==", ["get", "brunnel"], "tunnel"],
]
_SOLID = ["case", _TUNNEL, 0.45, 1]

_ROADS: list[tuple[str, list[Any], list[Any], str, list[Any], float]] = [
    # id, filter on roads (Protomaps names), filter on transportation (OpenMapTiles), role, width, first zoom
    ("path", one_of("kind", "path"), one_of("class", "path", "track"), "path", zoom(14, 0.7, 18, 4), 14),
    (
        "service",
        one_of("kind_detail", "service"),
        one_of("class", "service"),
        "service",
        zoom(13, 0.5, 16, 3, 18, 9),
        13.5,
    ),
    (
        "minor",
        ["all", one_of("kind", "minor_road", "other"), ["!", one_of("kind_detail", "service", "link")]],
        one_of("class", "minor"),
        "minor",
        zoom(11, 0.35, 12, 0.6, 13, 1.1, 14, 2, 16, 7, 18, 20),
        11,
    ),
    (
        "tertiary",
        [
            "any",
            one_of("kind_detail", "tertiary", "link"),
            ["all", one_of("kind", "medium_road"), one_of("kind", "major_road")],
        ],
        one_of("class", "tertiary"),
        "tertiary",
        zoom(10, 0.4, 12, 1, 14, 2.8, 16, 9, 18, 24),
        10.5,
    ),
    (
        "secondary",
        one_of("kind_detail", "secondary"),
        one_of("class", "secondary"),
        "secondary",
        zoom(9, 0.4, 12, 1.5, 14, 3.4, 16, 10, 18, 27),
        9.5,
    ),
    (
        "primary",
        ["all", one_of("kind", "major_road"), ["!", one_of("kind_detail", "secondary", "tertiary")]],
        one_of("class", "primary", "trunk"),
        "primary",
        zoom(8, 0.5, 10, 0.9, 12, 2, 14, 4, 16, 12, 18, 30),
        8,
    ),
]


def layers() -> list[Json]:
    """Return the layers of areas and ways, bottom first, for our own and Protomaps' names, then for OpenMapTiles'."""
    green, built = _GREEN, _BUILT
    return [
        fill("earth", "earth", "earth"),
        fill("built", "landuse", "built", one_of("kind", *built)),
        fill("green", "landuse", "green", one_of("kind", *green)),
        fill("omt-built", "landuse", "built", one_of("class", *built)),
        fill("omt-cover", "landcover", "green", one_of("class", "grass", "wood", "farmland", "wetland")),
        fill("omt-park", "park", "green"),
        fill("water", "water", "water", _AREA),
        line("river", "water", "river", zoom(10, 0.5, 14, 2.5, 18, 14), _LINE, 10),
        line("omt-river", "waterway", "river", zoom(10, 0.5, 14, 2.5, 18, 14), None, 10),
        fill("building", "buildings", "building", None, 13),
        fill("omt-building", "building", "building", None, 13),
        line("taxiway", "roads", "runway", zoom(12, 0.6, 15, 5, 18, 24), one_of("kind_detail", "taxiway"), 12),
        line("runway", "roads", "runway", zoom(10, 1.2, 13, 6, 15, 22, 18, 120), one_of("kind_detail", "runway"), 10),
        line("omt-runway", "aeroway", "runway", zoom(10, 1.2, 13, 6, 15, 22), one_of("class", "runway"), 10),
        *_rails("rail", "roads", one_of("kind", "rail")),
        *_rails("omt-rail", "transportation", one_of("class", "rail", "transit")),
        *_roads(),
        *_motorways("", "roads", one_of("kind", "highway"), one_of("kind_detail", "motorway_link")),
        *_motorways(
            "omt-", "transportation", one_of("class", "motorway"), ["to-boolean", ["get", "ramp"]]
        ),
    ]  # fmt: skip


def _roads() -> list[Json]:
    layers = []
    for name, ours, omt, role, width, first in _ROADS:
        for prefix, source_layer, chosen in (("", "roads", ours), ("omt-", "transportation", omt)):
            layers.append(line(prefix + name, source_layer, role, width, chosen, first, opacity=_SOLID))
    return layers


def _motorways(prefix: str, source_layer: str, chosen: list[Any], ramp: list[Any]) -> list[Json]:
    main, off = ["all", chosen, ["!", ramp]], ["all", chosen, ramp]
    width = zoom(6, 0.7, 9, 1.1, 11, 1.8, 12, 2.4, 13, 3.2, 14, 5, 16, 12, 18, 30)
    casing = zoom(9, 1.8, 11, 3.4, 12, 4.6, 13, 5.6, 14, 8, 16, 16, 18, 36)
    slip, slip_casing = zoom(11, 0.6, 13, 1.4, 14, 2.4, 16, 7, 18, 18), zoom(11, 1.4, 13, 3, 14, 4.6, 16, 10, 18, 23)
    return [
        line(f"{prefix}ramp-casing", source_layer, "casing", slip_casing, off, 12),
        line(f"{prefix}ramp", source_layer, "ramp", slip, off, 11, opacity=_SOLID),
        line(f"{prefix}motorway-casing", source_layer, "casing", casing, main, 9),
        line(f"{prefix}motorway", source_layer, "motorway", width, main, 6, opacity=_SOLID),
    ]


def _rails(name: str, source_layer: str, chosen: list[Any]) -> list[Json]:
    tie = line(f"{name}-tie", source_layer, "rail", zoom(13, 2.5, 16, 5, 18, 8), ["all", chosen, ["!", _TUNNEL]], 13)
    tie["paint"]["line-dasharray"] = [0.25, 2.5]
    tie["layout"] = {}  # round ends would fill the gaps
    return [
        line(name, source_layer, "rail", zoom(10, 0.4, 13, 0.8, 16, 1.6), chosen, 10, opacity=_SOLID),
        tie,
    ]
