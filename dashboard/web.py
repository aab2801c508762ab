"""The web process: serves the pages with uvicorn. The live stream is the hub's; nothing here can delay it."""

import asyncio
import contextlib
import logging

import uvicorn

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.hub_reads import HubReads
from dashboard.sessions import Sessions

_STOP_WITHIN_S = 2

_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs us: it stops everything in its own order."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def run(settings: Settings, redis_url: str, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
    """Serve the pages on the site's port until `stop` is set. `ready` is set once the port is open.

    Raises OSError when the port cannot be opened.
    """
    sessions = Sessions(redis_url, settings.site.session_s)
    hub = HubReads(settings)
    server = _Server(
        uvicorn.Config(
            create_app(settings, sessions, hub),
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
        )
    )
    serving = asyncio.create_task(_serve(server, settings), name="web server")
    stopping = asyncio.create_task(stop.wait(), name="web stop")
    opening = asyncio.create_task(_opened(server, serving, ready), name="web opening")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        async with asyncio.timeout(_STOP_WITHIN_S + 2):
            await serving
    finally:
        for task in (serving, stopping, opening):
            task.cancel()
        await asyncio.gather(serving, stopping, opening, return_exceptions=True)
        await hub.close()
        await sessions.close()


async def _serve(server: uvicorn.Server, settings: Settings) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # how uvicorn says that it cannot listen
        raise OSError(f"cannot listen on {settings.site.bind}:{settings.site.port}") from error


async def _opened(server: uvicorn.Server, serving: asyncio.Task[None], ready: asyncio.Event | None) -> None:
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    if server.started and ready is not None:
        ready.set()
