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

from layers import basemap_edge, basemap_labels, basemap_streets
from layers.basemap_source import About
from layers.style_layer import SOURCE, Json

THEMES = ("dark", "light", "night")


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
        drawn = [*basemap_streets.layers(), *basemap_labels.layers()]
        layers = [one for one in drawn if _fits(one, about.vector_layers)]
    if about.maxzoom and about.bounds[2] - about.bounds[0] < basemap_edge.WIDEST:
        sources |= basemap_edge.sources(about.bounds)
        layers += basemap_edge.layers(about.bounds)
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


def _background() -> Json:
    return {"id": "basemap-background", "type": "background", "paint": {"background-color": "@void"}}


def _image() -> Json:
    paint = {"raster-brightness-max": "@image-bright", "raster-saturation": "@image-saturation"}
    return {"id": "basemap-image", "type": "raster", "source": SOURCE, "paint": paint}
