"""The web process: serves the pages with uvicorn. The live stream is the hub's; nothing here can delay it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator

import uvicorn

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.hub_reads import HubReads
from dashboard.sessions import Sessions
from layers.basemap import BasemapError
from layers.basemap_source import NoTiles, TileSource, open_source

_STOP_WITHIN_S = 2

_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs us: it stops everything in its own order."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port and say so."""
        await super().startup(sockets)
        self._ready.set()


async def run(settings: Settings, redis_url: str, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
    """Serve the pages on the site's port until `stop` is set. `ready` is set once the port is open.

    Raises OSError when the port cannot be opened.
    """
    tiles = await asyncio.to_thread(_tiles, settings.site.basemap)
    sessions = Sessions(redis_url, settings.site.session_s)
    hub = HubReads(settings)
    server = _Server(
        uvicorn.Config(
            create_app(settings, sessions, hub, tiles),
            host=settings.site.bind,
            port=settings.site.port,
            lifespan="off",  # opened and closed here; it would also add Dash's catch-all page
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.site.public_url),
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            limit_concurrency=2000,
        ),
        ready or asyncio.Event(),
    )
    serving = asyncio.create_task(_serve(server, settings), name="web server")
    stopping = asyncio.create_task(stop.wait(), name="web stop")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        async with asyncio.timeout(_STOP_WITHIN_S + 2):
            await serving
    finally:
        for task in (serving, stopping):
            task.cancel()
        await asyncio.gather(serving, stopping, return_exceptions=True)
        await hub.close()
        await sessions.close()
        tiles.close()


def _tiles(setting: str) -> TileSource:
    """Return the basemap's tiles. A map that cannot be read costs the streets, not the picture."""
    try:
        return open_source(setting)
    except BasemapError as error:
        _log.error("basemap_unreadable reason=%s", error)
        return NoTiles("No street map: the one this site names cannot be read; its log says why")


async def _serve(server: uvicorn.Server, settings: Settings) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # how uvicorn says that it cannot listen
        raise OSError(f"cannot listen on {settings.site.bind}:{settings.site.port}") from error
