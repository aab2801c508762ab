"""Assembles the web app: FastAPI's routes, Dash's two pages, the front gate around all. Holds no callback.

Dash finds "its" app through a global, answers every unknown path with its page, and makes its list of scripts at
the first request to one of its own paths: so our routes come before its catch-all, and it is set up here.
One app serves one layout. The page of recordings is the same app's, told to ask for its layout under an address of its
own (`routes.REVIEW`), which is answered here.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from dash import Dash
from dash._utils import to_json
from dash.backends._fastapi import get_current_request, reset_current_request, set_current_request
from dash.development.base_component import Component
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard import basemap_routes, routes
from dashboard.accounts import Accounts
from dashboard.config import Settings
from dashboard.findings import FindingsApi, FindingsFile
from dashboard.front import VIEWER, Front, refusal, unverified, who
from dashboard.hub_reads import HubReads
from dashboard.sessions import Sessions
from dashboard.site import audit_file
from dashboard.viewer import Gate, Viewer
from dashboard.views import review, wall
from feeds.clock import Clock
from feeds.errors import BusDown
from feeds.recording.audit import Audit
from layers.basemap_source import NoTiles, TileSource

_PAGE = """<!doctype html>
<html lang="en" data-theme="dark">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{%css%}
<script src="/assets/00-bridge.js"></script>
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""


def assets_folder() -> Path:
    """Return the folder of the browser's files: the checkout's, else the one that was installed with the package."""
    here = Path(__file__).resolve().parent
    checkout = here.parent / "assets"
    return checkout if (checkout / "00-bridge.js").is_file() else here / "_assets"


def create_app(
    settings: Settings,
    sessions: Sessions,
    hub: HubReads,
    recordings: HubReads,
    tiles: TileSource,
    findings: FindingsFile,
    clock: Clock,
) -> Front:
    """Return the ASGI app. The other arguments are the caller's to close. One per process, for Dash's sake."""
    gate = Gate(settings, sessions)
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    server.include_router(routes.Routes(settings, sessions, gate, Accounts(settings), hub, recordings).router())
    server.include_router(basemap_routes.router(tiles))
    server.include_router(FindingsApi(settings, gate, findings, clock, Audit(audit_file(settings))).router())
    basemap = "" if isinstance(tiles, NoTiles) else "/basemap/style.json"

    def wall_layout() -> Component:
        return wall.layout(settings, basemap, tiles.notice, _kind())

    pages = _dash(settings, server, wall_layout)

    async def page(request: Request) -> Response:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        try:
            if await who(gate, request.headers) is None:
                return routes.login_first(asked)
        except BusDown:
            return unverified(request.url.path)
        token = set_current_request(request)  # type: ignore[no-untyped-call]
        try:
            html = pages.index()  # type: ignore[no-untyped-call]
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]
        if request.url.path == routes.REVIEW:
            html = html.replace(_asks_at("/"), _asks_at(f"{routes.REVIEW}/"))
        return HTMLResponse(html)

    async def review_layout(request: Request) -> Response:
        made = review.layout(settings, basemap, tiles.notice, request.scope[VIEWER].kind)
        return Response(to_json(made), media_type="application/json")  # type: ignore[no-untyped-call]

    async def no_callbacks(request: Request) -> Response:
        return JSONResponse([])

    async def component(request: Request) -> Response:
        return RedirectResponse(request.url.path.removeprefix(routes.REVIEW), 307)

    async def unknown(request: Request) -> Response:
        return refusal(request.url.path, 404, "There is nothing here.")

    # Before Dash's own index and catch-all, which answer 200 with the page.
    server.router.routes[:0] = [
        Route(routes.HOME, page, methods=["GET"]),
        Route(routes.REVIEW, page, methods=["GET"]),
        Route(f"{routes.REVIEW}/_dash-layout", review_layout, methods=["GET"]),
        Route(f"{routes.REVIEW}/_dash-dependencies", no_callbacks, methods=["GET"]),
        Route(f"{routes.REVIEW}/_dash-component-suites/{{path:path}}", component, methods=["GET"]),
    ]
    server.router.routes.append(Route("/{path:path}", unknown))
    return Front(server, settings, gate, pages.csp_hashes())


def _dash(settings: Settings, server: FastAPI, layout: Callable[[], Component]) -> Dash:
    pages = Dash(
        "dashboard",
        server=server,  # type: ignore[arg-type]
        backend="fastapi",
        compress=True,
        assets_folder=str(assets_folder()),
        assets_ignore=r"^00-bridge\.js$",  # in the head, so that the theme is there before the first paint
        assets_path_ignore=["^map$", "^panels$", "^review$"],  # else each module runs twice, with two states
        index_string=_PAGE,
        title=settings.site.name,
        update_title="",
        suppress_callback_exceptions=True,  # else the whole layout goes out twice
        add_log_handler=False,
    )
    pages.logger.setLevel(logging.WARNING)
    pages.backend.websocket_capability = False  # else each page knocks at Dash's own websocket, which the front refuses
    pages.layout = layout
    pages._setup_server()  # type: ignore[no-untyped-call] # else the first page comes without style sheets: Dash does this for its own paths only
    return pages


def _asks_at(path: str) -> str:
    """Return the words by which Dash's page is told where to ask for its layout."""
    return f'"requests_pathname_prefix":{to_json(path)}'  # type: ignore[no-untyped-call]


def _kind() -> str:
    """Return the kind of viewer whose page is made; without a request (Dash's own check at the start) a wall's."""
    try:
        viewer: Viewer | None = get_current_request().scope.get(VIEWER)
    except RuntimeError:
        viewer = None
    return viewer.kind if viewer else "wall"
