"""A site's own tile server, asked by us and never by the browser: no address of the map leaves the site's page.

The one place of this floor that speaks over the network. A server that does not answer costs its tiles and nothing
else: few requests at a time, each with a time limit, and a pause after a failure in which nobody waits.
"""

import threading
import time
from urllib.parse import urlsplit

import httpx

from layers.basemap import BasemapError
from layers.basemap_source import About, TileSource

_TIMEOUT = 5.0
"""Seconds for one tile."""
_AT_ONCE = 6
"""Requests at a time; who finds all taken waits at most `_TIMEOUT` and then goes without."""
_PAUSE = 5.0
"""Seconds without a request after a failure."""
_TILE_MAX = 4 * 1024 * 1024
_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".avif")


class RemoteTiles(TileSource):
    """Tiles from `http(s)://.../{z}/{x}/{y}...`. Raises BasemapError when the address is not of that form."""

    def __init__(self, template: str, timeout: float = _TIMEOUT) -> None:
        super().__init__()
        address = urlsplit(template)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise BasemapError(f"a tile server's address starts with https:// or http://, not {address.scheme}://")
        missing = [mark for mark in ("{z}", "{x}", "{y}") if mark not in template]
        if missing:
            raise BasemapError(f"the tile server's address lacks {' '.join(missing)}")
        self._template = template
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, headers={"User-Agent": "jointops"})
        self._timeout = timeout
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._paused_until = 0.0
        self.about = About(
            attribution=f"tiles from {address.hostname}",
            image=address.path.lower().endswith(_IMAGES),
            maxzoom=14 if not address.path.lower().endswith(_IMAGES) else 18,
        )

    @property
    def notice(self) -> str:
        """Say so while the server does not answer."""
        return "The tile server does not answer: parts of the map may be plain." if self._paused_until else ""

    def _read(self, z: int, x: int, y: int) -> bytes | None:
        if time.monotonic() < self._paused_until or not self._slots.acquire(timeout=self._timeout):
            raise TimeoutError  # not remembered: the next look asks again
        try:
            tile = self._ask(z, x, y)
        except (httpx.HTTPError, ValueError):
            self._paused_until = time.monotonic() + _PAUSE
            raise
        finally:
            self._slots.release()
        self._paused_until = 0.0
        return tile

    def _ask(self, z: int, x: int, y: int) -> bytes | None:
        address = self._template.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
        until = time.monotonic() + self._timeout  # of the whole answer; httpx's own limit is per read
        with self._client.stream("GET", address) as answer:
            if answer.status_code in (204, 404, 410):
                return None
            if answer.status_code != 200:
                raise ValueError(f"tile server answered {answer.status_code}")
            parts, size = [], 0
            for part in answer.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _TILE_MAX or time.monotonic() > until:
                    raise ValueError("tile is too long, or too long in coming")
        return b"".join(parts) or None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
