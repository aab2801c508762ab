"""`/basemap/...`: tiles and the style that draws them, over HTTP; plain functions, and a router around them.

Rule: the tile route never answers 5xx. A tile that is not there is 204, whatever the reason: one failed tile while
Plotly creates the map costs every unit on it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response

from layers.basemap_source import TileSource
from layers.basemap_style import style

_DAY_S = 86400
_IMAGE_HEADS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


class Answer(NamedTuple):
    """An HTTP answer, of no framework."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


_NOTHING = Answer(
    404, {"Content-Type": "application/json", "Cache-Control": "no-store"}, b'{"error":"There is nothing here."}'
)


def tile(source: TileSource, z: str, x: str, y: str, version: str = "") -> Answer:
    """Return one tile: 200, or 204 where there is none; 404 when the place is no number."""
    try:
        place = (int(z), int(x), int(y))
    except ValueError:
        return _NOTHING
    data = source.tile(*place)
    # a versioned address never means another tile; tiles of a server that may be down are asked for again
    keeps = bool(version) and version == source.about.build
    cache = f"public, max-age={30 * _DAY_S}, immutable" if keeps else "no-cache"
    if data is None:
        return Answer(204, {"Cache-Control": cache})
    headers = {"Cache-Control": cache, "Content-Type": _content_type(data), "X-Content-Type-Options": "nosniff"}
    if data.startswith(b"\x1f\x8b"):
        headers["Content-Encoding"] = "gzip"
    return Answer(200, headers, data)


def tiles_address(source: TileSource, origin: str) -> str:
    """Return the address of the tiles on `origin` (`http://host:port`), with {z}, {x} and {y}."""
    version = f"?v={source.about.build}" if source.about.build else ""
    return f"{origin.rstrip('/')}/basemap/{{z}}/{{x}}/{{y}}.mvt{version}"


def style_json(source: TileSource, origin: str) -> Answer:
    """Return the style, written from what the source really holds."""
    made = style(source.about, tiles_address(source, origin))
    made["metadata"]["notice"] = source.notice
    return _json(made)


def tiles_json(source: TileSource, origin: str) -> Answer:
    """Return the source as TileJSON 3."""
    about = source.about
    west, south, east, north = about.bounds
    made: dict[str, Any] = {
        "tilejson": "3.0.0",
        "tiles": [tiles_address(source, origin)],
        "minzoom": about.minzoom,
        "maxzoom": about.maxzoom,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, about.maxzoom],
        "attribution": about.attribution,
        "vector_layers": [{"id": name, "fields": {}} for name in about.vector_layers],
    }
    return _json(made)


def router(source: TileSource) -> APIRouter:
    """Return the routes below `/basemap`; unknown paths there are 404, never a page."""
    routes = APIRouter(prefix="/basemap")

    @routes.get("/style.json")
    def _style(request: Request) -> Response:
        return _response(style_json(source, _origin(request)))

    @routes.get("/tiles.json")
    def _tiles(request: Request) -> Response:
        return _response(tiles_json(source, _origin(request)))

    # not async: a site's own tile server may take its time, and a thread may wait
    @routes.get("/{z}/{x}/{y}.mvt")
    def _tile(z: str, x: str, y: str, v: str = "") -> Response:
        return _response(tile(source, z, x, y, v))

    @routes.get("/{rest:path}")
    def _unknown(rest: str) -> Response:
        return _response(_NOTHING)

    return routes


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def _json(made: dict[str, Any]) -> Answer:
    return Answer(200, {"Content-Type": "application/json", "Cache-Control": "no-cache"}, msgspec.json.encode(made))


def _content_type(data: bytes) -> str:
    return next((kind for head, kind in _IMAGE_HEADS.items() if data.startswith(head)), "application/x-protobuf")
