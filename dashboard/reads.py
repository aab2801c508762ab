"""What the hub answers over HTTP: health and GeoJSON, each made of the caller's own view."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec

from dashboard.audience import Audience
from dashboard.viewer import Viewer
from layers import geojson
from layers.feed_health import FeedRow
from layers.picture import LAYERS

_encode = msgspec.json.Encoder().encode

GEOJSON = {f"/read/{name}.geojson": name for name in LAYERS}
KEEP_S = 0.5
"""A layer made for one caller serves others of the class for this long, seconds."""


class Reads:
    """Answers, kept for a moment per class and layer."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[float, bytes]] = {}
        self._making: dict[tuple[str, str], asyncio.Lock] = {}

    async def collection(self, audience: Audience, layer: str) -> bytes:
        """Return a layer of the class's view. Ten thousand units take tens of milliseconds, so ticks go in between."""
        key = (audience.epoch, layer)
        async with self._making.setdefault(key, asyncio.Lock()):
            at, body = self._kept.get(key, (float("-inf"), b""))
            if abs(audience.view.at - at) > KEEP_S:
                parts = []
                at = audience.view.at
                for part in geojson.pieces(audience.view, layer):
                    parts.append(part)
                    await asyncio.sleep(0)
                body = geojson.HEAD + b",".join(parts) + geojson.TAIL
                self._kept[key] = (at, body)
        return body

    def forget(self, audience: Audience) -> None:
        """Drop what was made for a class that is gone."""
        for layer in GEOJSON.values():
            self._kept.pop((audience.epoch, layer), None)
            self._making.pop((audience.epoch, layer), None)


def health(
    viewer: Viewer, audience: Audience, feeds: tuple[FeedRow, ...], bus: dict[str, Any], looks: dict[str, Any]
) -> tuple[HTTPStatus, bytes]:
    """Return the caller's part of `/healthz`: its feeds, its own counts, and for a program who look (`looks`)."""
    body: dict[str, Any] = {"feeds": feeds, "picture": audience.view.counts(), **bus}
    if viewer.api:
        body |= looks
    return HTTPStatus.OK, _encode(body)


def unknown() -> tuple[HTTPStatus, bytes]:
    """Return the answer to a path there is not."""
    return HTTPStatus.NOT_FOUND, _encode({"error": f"There are /read/health, {', '.join(GEOJSON)}."})
