"""The addresses that are not Dash's: the way in and out, health, and the programs' reads."""

import asyncio
import time
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from dashboard.accounts import Accounts, TooManyTries
from dashboard.config import Settings
from dashboard.front import SESSION_TIMEOUT_S, refusal, unverified, who
from dashboard.hub_reads import HubDown, HubReads
from dashboard.sessions import Sessions
from dashboard.viewer import COOKIE, Gate, Viewer, cookie_of
from dashboard.views import login
from feeds.errors import BusDown

HOME = "/wall"
LOGIN = "/login"

_HEALTH_TIMEOUT_S = 0.6
_WRITE_TIMEOUT_S = 3.0
_READS = ("units", "incidents", "cameras")


def local_path(text: str) -> str:
    """Return `text` when it is a path on this site, else the wall: a log-in never leads elsewhere."""
    inside = text.startswith("/") and not text.startswith(("//", "/login", "/logout"))
    return text if inside and "\\" not in text and text.isprintable() and len(text) <= 512 else HOME


def router(settings: Settings, sessions: Sessions, gate: Gate, accounts: Accounts, hub: HubReads) -> APIRouter:
    """Return the routes. One per app."""
    routes = APIRouter()
    secure = settings.site.public_url.startswith("https:")

    def form(status: int = 200, **said: str) -> Response:
        return HTMLResponse(login.page(settings.site, **said), status)

    @routes.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        try:
            viewer = await who(gate, request.headers)
        except BusDown:
            return unverified("/")
        return RedirectResponse(HOME if viewer else LOGIN, 303)

    @routes.get(LOGIN, include_in_schema=False)
    async def login_form(next: str = "") -> Response:
        return form(next_=local_path(next) if next else "")

    @routes.post(LOGIN, include_in_schema=False)
    async def log_in(request: Request) -> Response:
        async with asyncio.timeout(_WRITE_TIMEOUT_S):
            body = await request.body()  # the front bounds its length
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
        name = fields.get("name", [""])[0].strip()
        password = fields.get("password", [""])[0]
        next_ = local_path(fields.get("next", [""])[0])
        place = request.client.host if request.client else ""
        try:
            viewer = await accounts.check(name, password, place, time.monotonic())
        except TooManyTries as error:
            words = f"Too many tries. Wait {_in_words(error.wait_s)} and try again."
            return form(429, next_=next_, name=name, problem=words)
        except TimeoutError:
            words = "Too many people are logging in at once. Try again in a moment."
            return form(503, next_=next_, name=name, problem=words)
        if viewer is None:
            words = "Name and password do not fit. Check both and try again."
            return form(401, next_=next_, name=name, problem=words)
        return await _let_in(request, viewer, next_, name)

    async def _let_in(request: Request, viewer: Viewer, next_: str, name: str) -> Response:
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                if old := cookie_of(request.headers):
                    await sessions.end(old)
                cookie = await sessions.begin(viewer)
        except (BusDown, TimeoutError):
            words = "You are who you say, but the session store does not answer. Try again in a moment."
            return form(503, next_=next_, name=name, problem=words)
        answer = RedirectResponse(next_, 303)
        answer.set_cookie(
            COOKIE, cookie, max_age=int(settings.site.session_s), path="/", httponly=True, samesite="lax", secure=secure
        )
        return answer

    @routes.post("/logout", include_in_schema=False)
    async def log_out(request: Request) -> Response:
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                if cookie := cookie_of(request.headers):
                    await sessions.end(cookie)
        except (BusDown, TimeoutError):
            words = "You are still logged in: the session store does not answer. Try again in a moment."
            return refusal("/logout", 503, words)
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=secure)
        return answer

    @routes.get("/healthz", include_in_schema=False)
    async def health(request: Request) -> Response:
        redis, (viewer, known) = await asyncio.gather(_redis_up(), _caller(request))
        said: dict[str, object] = {}
        if viewer is not None:
            try:
                answer = await hub.read("health", request.headers, _HEALTH_TIMEOUT_S)
                said = answer.json() if answer.status_code == 200 else {}
                up = answer.status_code < 500
            except (HubDown, ValueError):
                up = False
        else:
            up = await hub.alive(_HEALTH_TIMEOUT_S)
        good = redis and up and known and said.get("status", "ok") == "ok"
        return JSONResponse({**said, "status": "ok" if good else "degraded", "redis": "ok" if redis else "down"})

    async def _redis_up() -> bool:
        try:
            async with asyncio.timeout(SESSION_TIMEOUT_S):
                return await sessions.ping()
        except TimeoutError:
            return False

    async def _caller(request: Request) -> tuple[Viewer | None, bool]:
        try:
            return await who(gate, request.headers), True
        except BusDown:
            return None, False

    def forward(name: str) -> None:
        @routes.get(f"/api/{name}.geojson", include_in_schema=False, name=name)
        async def read(request: Request) -> Response:
            try:
                if await who(gate, request.headers) is None:
                    words = "Log in, or send `Authorization: Bearer TOKEN`."
                    return JSONResponse({"error": words}, 401, {"WWW-Authenticate": "Bearer"})
                answer = await hub.read(f"{name}.geojson", request.headers)
            except BusDown:
                return unverified(request.url.path)
            except HubDown:
                return refusal(request.url.path, 503, "The hub does not answer; try again in a moment.", retry_s=2)
            return Response(
                answer.content, answer.status_code, media_type=answer.headers.get("content-type", "application/json")
            )

    for name in _READS:
        forward(name)
    return routes


def login_first(path: str) -> Response:
    """Return the way to the log-in and back to `path`."""
    return RedirectResponse(f"{LOGIN}?next={quote(path)}", 303)


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
