"""The web process: serves the pages with uvicorn. The live stream is the hub's; nothing here can delay it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.findings import FindingsFile
from dashboard.front import Front
from dashboard.hub_reads import HubReads
from dashboard.sessions import Sessions
from dashboard.site import archive_dir
from dashboard.waiting import Waiting
from feeds.clock import SystemClock
from layers.basemap import BasemapError
from layers.basemap_source import NoTiles, TileSource, open_source

HEAD_S = 10.0
"""Longest wait for the whole head of a request, seconds."""
EXCHANGE_S = 120.0
"""Longest time from there to the end of its answer, seconds: Plotly's script over a poor line."""
WAITING_MAX = 1000
"""Connections open at once on which nobody is served; half of all, so that silent ones never shut the port."""

_STOP_WITHIN_S = 2
_THIS_HOST = ("127.0.0.1", "::1")

_log = logging.getLogger(__name__)


class _Door(uvicorn.Config):
    """The settings of the server, and its connections on which nobody is served now."""

    def __init__(self, app: Front, **settings: Any) -> None:
        super().__init__(app, **settings)
        self.waiting = Waiting(WAITING_MAX)


class _Connection(H11Protocol):
    """One connection, which must ask soon and be done in time: uvicorn alone waits for half a request for ever."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request."""
        super().connection_made(transport)
        self._waiting.add(transport)
        self._end_in(HEAD_S)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is whole ends the wait for it."""
        served = self._served()
        super().data_received(data)
        if self._served():
            if not served:
                self._serve()
        elif self._due is None:  # part of a further head, or bytes that nobody asked for
            self._end_in(HEAD_S)

    def on_response_complete(self) -> None:
        """Wait for the next request, as long as uvicorn keeps a connection; it may be there already."""
        self._end_in(None)
        super().on_response_complete()
        if self._served():
            self._serve()
        elif not self.transport.is_closing():
            self._waiting.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end_in(None)
        self._waiting.remove(self.transport)
        super().connection_lost(exc)

    @property
    def _waiting(self) -> Waiting:
        return cast(_Door, self.config).waiting

    def _served(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _serve(self) -> None:
        self._waiting.remove(self.transport)
        self._end_in(EXCHANGE_S)

    def _end_in(self, seconds: float | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


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
    findings = FindingsFile(archive_dir(settings) / "findings.jsonl")
    await asyncio.to_thread(findings.load)
    sessions = Sessions(redis_url, settings.site.session_s)
    hub = HubReads(settings)
    review = HubReads(settings, settings.site.review_port)
    proxies = settings.site.trusted_proxies or (_THIS_HOST if settings.site.public_url else ())
    server = _Server(
        _Door(
            create_app(settings, sessions, hub, review, tiles, findings, SystemClock()),
            host=settings.site.bind,
            port=settings.site.port,
            lifespan="off",  # opened and closed here; it would also add Dash's catch-all page
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            http=_Connection,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            limit_concurrency=2 * WAITING_MAX,
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
        await review.close()
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
