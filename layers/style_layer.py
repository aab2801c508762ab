"""One layer of a MapLibre style at a time: areas, lines and texts of the street map, painted by role.

A value `@role` in a paint is put into the colour of a theme later, see `basemap_style`.
"""

from typing import Any

Json = dict[str, Any]

SOURCE = "basemap"
FONTS = ["Inter Medium", "Inter", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif"]
"""CSS families, best first; the first one's name sets the weight. Whatever the screen has is used, none is fetched."""


def fill(name: str, source_layer: str, role: str, chosen: list[Any] | None = None, minzoom: float = 0) -> Json:
    """Return a layer of areas; only buildings have smooth edges, for seams between tiles would show."""
    paint = {"fill-color": f"@{role}", "fill-antialias": role == "building"}
    return _layer(name, "fill", source_layer, chosen, minzoom, paint)


def line(
    name: str,
    source_layer: str,
    role: str,
    width: list[Any],
    chosen: list[Any] | None,
    minzoom: float,
    opacity: Any = None,
) -> Json:
    """Return a layer of lines, `width` pixels."""
    paint: Json = {"line-color": f"@{role}", "line-width": width}
    if opacity is not None:
        paint["line-opacity"] = opacity
    made = _layer(name, "line", source_layer, chosen, minzoom, paint)
    return {**made, "layout": {"line-cap": "round", "line-join": "round"}}


def text(
    name: str,
    source_layer: str,
    role: str,
    field: list[Any],
    size: list[Any],
    chosen: Any,
    minzoom: float,
    **layout: Any,
) -> Json:
    """Return a layer of labels, `size` pixels."""
    paint = {"text-color": f"@{role}", "text-halo-color": "@halo", "text-halo-width": 1.5, "text-halo-blur": 0.5}
    made = _layer(name, "symbol", source_layer, chosen, minzoom, paint)
    return {**made, "layout": {"text-field": field, "text-font": FONTS, "text-size": size, **layout}}


def zoom(*stops: float) -> list[Any]:
    """Return a size that grows with the zoom: zoom, pixels, zoom, pixels, ..."""
    return ["interpolate", ["exponential", 1.5], ["zoom"], *stops]


def one_of(field: str, *values: str) -> list[Any]:
    """Return the filter that a field has one of the values."""
    return ["in", ["get", field], ["literal", list(values)]]


def _layer(name: str, kind: str, source_layer: str, chosen: list[Any] | None, minzoom: float, paint: Json) -> Json:
    made: Json = {"id": f"basemap-{name}", "type": kind, "source": SOURCE, "source-layer": source_layer}
    made |= {"minzoom": minzoom, "paint": paint}
    return {**made, "filter": chosen} if chosen else made
