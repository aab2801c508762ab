"""The look of the street map, as a MapLibre style written for what a source really holds.

Rules: no layer whose source-layer is absent (one such layer would blank the whole map); no `glyphs` (labels then draw
with local fonts); colours by role, in three themes, from `basemap_paint.json`; areas stay within the dark grounds so
that what is drawn over them keeps its contrast. Every layer tells in `metadata.roles` which role paints what, so the
page repaints in place.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from layers.basemap_source import About

SOURCE = "basemap"
EXTENT = "basemap-extent"
THEMES = ("dark", "light", "night")
FONTS = ["Inter Medium", "Inter", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif"]
"""CSS families, best first; the first one's name sets the weight. Whatever the screen has is used, none is fetched."""

Json = dict[str, Any]


def style(about: About, tiles: str, theme: str = "dark") -> Json:
    """Return the style for a source whose tiles are at `tiles` (absolute, with {z}, {x} and {y})."""
    source: Json = {
        "type": "raster" if about.image else "vector",
        "tiles": [tiles],
        "minzoom": about.minzoom,
        "maxzoom": about.maxzoom,
        "bounds": list(about.bounds),
        "attribution": about.attribution,
    }
    sources: Json = {SOURCE: source}
    if about.image:
        source["tileSize"] = 256
        layers = [_image()]
    else:
        layers = [one for one in _vector() if _fits(one, about.vector_layers)]
    if about.maxzoom and about.bounds[2] - about.bounds[0] < 90:
        sources[EXTENT] = {"type": "geojson", "data": _frame(about.bounds)}
        at = next((i for i, one in enumerate(layers) if one["type"] == "symbol"), len(layers))
        layers[at:at] = _edge()
    return {
        "version": 8,
        "name": "JointOps",
        "metadata": {"themes": themes(), "notice": about.notice},
        "sources": sources,
        "layers": [_painted(_background(), theme), *(_painted(one, theme) for one in layers)],
    }


@cache
def themes() -> dict[str, dict[str, str | float]]:
    """Return the paint of every theme by role: colours, and numbers from 0 to 1 for image tiles."""
    text = resources.files("layers").joinpath("basemap_paint.json").read_text(encoding="utf-8")
    made: dict[str, dict[str, str | float]] = json.loads(text)
    return made


def _fits(layer: Json, held: tuple[str, ...]) -> bool:
    """Return whether a layer can be drawn from the source-layers `held` and is of their schema; nobody knows: all."""
    if not held:
        return True
    other = ("basemap-omt-" in layer["id"] and "transportation" not in held) or (
        "basemap-pm-" in layer["id"] and "road_labels" in held
    )
    return layer["source-layer"] in held and not other


def _painted(layer: Json, theme: str) -> Json:
    """Return a layer with its roles (`@role`) put into colours, and remembered.

    A role that has a twin `role-near` passes over to it as the viewer comes near: a broad street must be quieter.
    """
    paint, roles, colours = dict(layer.get("paint", {})), {}, themes()[theme]
    for name, value in paint.items():
        if isinstance(value, str) and value.startswith("@"):
            role = roles[name] = value[1:]
            near = colours.get(f"{role}-near")
            paint[name] = colours[role] if near is None else nearing(colours[role], near)
    return {**layer, "paint": paint, "metadata": {"roles": roles}}


def nearing(far: str | float, near: str | float) -> list[Any]:
    """Return a colour that passes from `far` to `near` with the zoom; the page makes the same when it repaints."""
    return ["interpolate", ["linear"], ["zoom"], 13, far, 16, near]


def _zoom(*stops: float) -> list[Any]:
    """Return a size that grows with the zoom: zoom, pixels, zoom, pixels, ..."""
    return ["interpolate", ["exponential", 1.5], ["zoom"], *stops]


def _is(field: str, *values: str) -> list[Any]:
    return ["in", ["get", field], ["literal", list(values)]]


_GREEN = (
    "park", "pitch", "grass", "wood", "cemetery", "forest", "nature_reserve", "golf_course", "beach", "scrub", "meadow",
    "grassland", "national_park", "protected_area", "recreation_ground", "garden", "zoo",
)  # fmt: skip
_BUILT = ("school", "hospital", "industrial", "pedestrian", "university", "college", "railway", "aerodrome")
_POIS = ("park", "stadium", "museum", "college", "hospital", "aerodrome", "prison", "harbor")
_LINE = ["==", ["geometry-type"], "LineString"]
_AREA = ["==", ["geometry-type"], "Polygon"]
_NAME = ["coalesce", ["get", "name:en"], ["get", "name:latin"], ["get", "name"]]
_TUNNEL = [
    "any",
    ["==", ["get", "structure"], "tunnel"],
    ["to-boolean", ["get", "is_tunnel"]],
    ["==", ["get", "brunnel"], "tunnel"],
]
_SOLID = ["case", _TUNNEL, 0.45, 1]

_ROADS: list[tuple[str, list[Any], list[Any], str, list[Any], float]] = [
    # id, filter on roads (Protomaps names), filter on transportation (OpenMapTiles), role, width, first zoom
    ("path", _is("kind", "path"), _is("class", "path", "track"), "path", _zoom(14, 0.7, 18, 4), 14),
    ("service", _is("kind_detail", "service"), _is("class", "service"), "service", _zoom(13, 0.5, 16, 3, 18, 9), 13.5),
    (
        "minor",
        ["all", _is("kind", "minor_road", "other"), ["!", _is("kind_detail", "service", "link")]],
        _is("class", "minor"),
        "minor",
        _zoom(11, 0.35, 12, 0.6, 13, 1.1, 14, 2, 16, 7, 18, 20),
        11,
    ),
    (
        "tertiary",
        ["any", _is("kind_detail", "tertiary", "link"), ["all", _is("kind", "medium_road"), _is("kind", "major_road")]],
        _is("class", "tertiary"),
        "tertiary",
        _zoom(10, 0.4, 12, 1, 14, 2.8, 16, 9, 18, 24),
        10.5,
    ),
    (
        "secondary",
        _is("kind_detail", "secondary"),
        _is("class", "secondary"),
        "secondary",
        _zoom(9, 0.4, 12, 1.5, 14, 3.4, 16, 10, 18, 27),
        9.5,
    ),
    (
        "primary",
        ["all", _is("kind", "major_road"), ["!", _is("kind_detail", "secondary", "tertiary")]],
        _is("class", "primary", "trunk"),
        "primary",
        _zoom(8, 0.5, 10, 0.9, 12, 2, 14, 4, 16, 12, 18, 30),
        8,
    ),
]


def _vector() -> list[Json]:
    """Return all layers, bottom first, for our own and Protomaps' names, then for OpenMapTiles'."""
    green, built = _GREEN, _BUILT
    return [
        _fill("earth", "earth", "earth"),
        _fill("built", "landuse", "built", _is("kind", *built)),
        _fill("green", "landuse", "green", _is("kind", *green)),
        _fill("omt-built", "landuse", "built", _is("class", *built)),
        _fill("omt-cover", "landcover", "green", _is("class", "grass", "wood", "farmland", "wetland")),
        _fill("omt-park", "park", "green"),
        _fill("water", "water", "water", _AREA),
        _line("river", "water", "river", _zoom(10, 0.5, 14, 2.5, 18, 14), _LINE, 10),
        _line("omt-river", "waterway", "river", _zoom(10, 0.5, 14, 2.5, 18, 14), None, 10),
        _fill("building", "buildings", "building", None, 13),
        _fill("omt-building", "building", "building", None, 13),
        _line("taxiway", "roads", "runway", _zoom(12, 0.6, 15, 5, 18, 24), _is("kind_detail", "taxiway"), 12),
        _line("runway", "roads", "runway", _zoom(10, 1.2, 13, 6, 15, 22, 18, 120), _is("kind_detail", "runway"), 10),
        _line("omt-runway", "aeroway", "runway", _zoom(10, 1.2, 13, 6, 15, 22), _is("class", "runway"), 10),
        *_rails("rail", "roads", _is("kind", "rail")),
        *_rails("omt-rail", "transportation", _is("class", "rail", "transit")),
        *_roads(),
        *_motorways("", "roads", _is("kind", "highway"), _is("kind_detail", "motorway_link")),
        *_motorways(
            "omt-", "transportation", _is("class", "motorway"), ["to-boolean", ["get", "ramp"]]
        ),
        *_labels(),
    ]  # fmt: skip


def _roads() -> list[Json]:
    layers = []
    for name, ours, omt, role, width, zoom in _ROADS:
        for prefix, source_layer, chosen in (("", "roads", ours), ("omt-", "transportation", omt)):
            layers.append(_line(prefix + name, source_layer, role, width, chosen, zoom, opacity=_SOLID))
    return layers


def _motorways(prefix: str, source_layer: str, chosen: list[Any], ramp: list[Any]) -> list[Json]:
    main, off = ["all", chosen, ["!", ramp]], ["all", chosen, ramp]
    width = _zoom(6, 0.7, 9, 1.1, 11, 1.8, 12, 2.4, 13, 3.2, 14, 5, 16, 12, 18, 30)
    casing = _zoom(9, 1.8, 11, 3.4, 12, 4.6, 13, 5.6, 14, 8, 16, 16, 18, 36)
    slip, slip_casing = _zoom(11, 0.6, 13, 1.4, 14, 2.4, 16, 7, 18, 18), _zoom(11, 1.4, 13, 3, 14, 4.6, 16, 10, 18, 23)
    return [
        _line(f"{prefix}ramp-casing", source_layer, "casing", slip_casing, off, 12),
        _line(f"{prefix}ramp", source_layer, "ramp", slip, off, 11, opacity=_SOLID),
        _line(f"{prefix}motorway-casing", source_layer, "casing", casing, main, 9),
        _line(f"{prefix}motorway", source_layer, "motorway", width, main, 6, opacity=_SOLID),
    ]


def _rails(name: str, source_layer: str, chosen: list[Any]) -> list[Json]:
    tie = _line(f"{name}-tie", source_layer, "rail", _zoom(13, 2.5, 16, 5, 18, 8), ["all", chosen, ["!", _TUNNEL]], 13)
    tie["paint"]["line-dasharray"] = [0.25, 2.5]
    tie["layout"] = {}  # round ends would fill the gaps
    return [
        _line(name, source_layer, "rail", _zoom(10, 0.4, 13, 0.8, 16, 1.6), chosen, 10, opacity=_SOLID),
        tie,
    ]


def _labels() -> list[Json]:
    """Return the labels, least urgent first: a label drawn later takes its room first."""
    street = {"symbol-placement": "line", "symbol-spacing": 380, "text-max-angle": 30, "text-letter-spacing": 0.03}
    main = ("primary", "secondary", "trunk", "motorway")
    layers = []
    for prefix, where, field in (("", "road_labels", "kind_detail"), ("pm-", "roads", "kind_detail"),
                                 ("omt-", "transportation_name", "class")):  # fmt: skip
        named = ["all", ["has", "name"], ["!", _is("kind", "rail")]]
        big, river = _is(field, *main), _is(field, "river")
        size = _zoom(12, 14, 15, 14.5, 18, 18)
        quiet = ["all", named, ["!", big], ["!", river]]
        layers += [
            _text(f"{prefix}street", where, "label-street", _NAME, size, quiet, 14, **street),
            _text(f"{prefix}street-main", where, "label-street", _NAME, size, ["all", named, big], 12.4, **street),
            _text(f"{prefix}river-name", where, "label-water", _NAME, size, ["all", named, river], 12, **street),
            _text(
                f"{prefix}shield",
                where,
                "label-ref",
                ["get", "ref"],
                _zoom(10, 14, 14, 14.5),
                ["all", ["has", "ref"], _is(field, "motorway", "trunk")],
                10.5,
                **{"symbol-placement": "line", "symbol-spacing": 520, "text-rotation-alignment": "viewport"},
            ),
        ]
    poi = {"text-max-width": 8, "text-padding": 6}
    caps = {"text-transform": "uppercase", "text-letter-spacing": 0.1, "text-max-width": 7, "text-padding": 10}
    rank = {"symbol-sort-key": ["coalesce", ["get", "rank"], 50]}
    shown = _is("kind", *_POIS), _is("class", *_POIS)
    for prefix, pois, places, field, seen in (("", "pois", "places", "kind", shown[0]),
                                              ("omt-", "poi", "place", "class", shown[1])):  # fmt: skip
        village = _is(field, "town", "village", "locality")
        city = ["any", _is(field, "city"), _is("kind_detail", "city")]
        wide = _is(field, "country", "state", "continent", "region")
        area = ["all", ["!", village], ["!", city], ["!", wide]]
        station = _is(field, "station", "railway")
        dot = ["concat", "● ", _NAME]
        size = _zoom(13, 14, 17, 15)
        layers += [
            _text(f"{prefix}station", pois, "label-poi", dot, size, station, 13.8, **poi),
            _text(f"{prefix}poi", pois, "label-poi", _NAME, size, seen, 13.6, **poi),
            _text(f"{prefix}area", places, "label-place", _NAME, _zoom(11, 14, 16, 17), area, 11.4, **caps, **rank),
            _text(f"{prefix}town", places, "label-town", _NAME, _zoom(8, 14, 12, 17, 16, 22), village, 8, **rank),
            _text(f"{prefix}city", places, "label-town", _NAME, _zoom(6, 14, 12, 22, 15, 26), city, 4, **rank),
        ]
    return layers


def _fill(name: str, source_layer: str, role: str, chosen: list[Any] | None = None, minzoom: float = 0) -> Json:
    paint = {"fill-color": f"@{role}", "fill-antialias": role == "building"}
    return _layer(name, "fill", source_layer, chosen, minzoom, paint)


def _line(
    name: str,
    source_layer: str,
    role: str,
    width: list[Any],
    chosen: list[Any] | None,
    minzoom: float,
    opacity: Any = None,
) -> Json:
    paint: Json = {"line-color": f"@{role}", "line-width": width}
    if opacity is not None:
        paint["line-opacity"] = opacity
    made = _layer(name, "line", source_layer, chosen, minzoom, paint)
    return {**made, "layout": {"line-cap": "round", "line-join": "round"}}


def _text(
    name: str,
    source_layer: str,
    role: str,
    field: list[Any],
    size: list[Any],
    chosen: Any,
    minzoom: float,
    **layout: Any,
) -> Json:
    paint = {"text-color": f"@{role}", "text-halo-color": "@halo", "text-halo-width": 1.5, "text-halo-blur": 0.5}
    made = _layer(name, "symbol", source_layer, chosen, minzoom, paint)
    return {**made, "layout": {"text-field": field, "text-font": FONTS, "text-size": size, **layout}}


def _layer(name: str, kind: str, source_layer: str, chosen: list[Any] | None, minzoom: float, paint: Json) -> Json:
    made: Json = {"id": f"basemap-{name}", "type": kind, "source": SOURCE, "source-layer": source_layer}
    made |= {"minzoom": minzoom, "paint": paint}
    return {**made, "filter": chosen} if chosen else made


def _background() -> Json:
    return {"id": "basemap-background", "type": "background", "paint": {"background-color": "@void"}}


def _image() -> Json:
    paint = {"raster-brightness-max": "@image-bright", "raster-saturation": "@image-saturation"}
    return {"id": "basemap-image", "type": "raster", "source": SOURCE, "paint": paint}


def _frame(bounds: tuple[float, float, float, float]) -> Json:
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": ring}}


def _edge() -> list[Json]:
    """Return what ends the map where its data ends: it fades into the ground, then a hairline."""
    return [
        {
            "id": "basemap-fade",
            "type": "line",
            "source": EXTENT,
            "layout": {"line-join": "round"},
            "paint": {"line-color": "@void", "line-width": _zoom(9, 10, 12, 56, 16, 200),
                      "line-blur": _zoom(9, 9, 12, 48, 16, 170)},
        },
        {
            "id": "basemap-frame",
            "type": "line",
            "source": EXTENT,
            "paint": {"line-color": "@frame", "line-width": 1, "line-dasharray": [4, 4]},
        },
    ]  # fmt: skip
