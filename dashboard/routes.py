"""The addresses that are not Dash's: the way in and out, health, and the programs' reads."""

import asyncio
import time
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from dashboard.accounts import Accounts, TooManyTries
from dashboard.config import Settings
from dashboard.front import SESSION_TIMEOUT_S, refusal, unverified, who
from dashboard.hub_reads import TIMEOUT_S, HubDown, HubReads
from dashboard.sessions import Sessions
from dashboard.viewer import COOKIE, Gate, Viewer, cookie_of
from dashboard.views import login
from feeds.errors import BusDown

HOME = "/wall"
REVIEW = "/review"
LOGIN = "/login"

_HEALTH_TIMEOUT_S = 0.6
_WRITE_TIMEOUT_S = 3.0
_SPAN_TIMEOUT_S = 10.0
"""Longest wait for a block that has to be made first, seconds."""
_READS = ("units", "incidents", "cameras", "zones", "log")


def local_path(text: str) -> str:
    """Return `text` when it is a path on this site, else the wall: a log-in never leads elsewhere."""
    inside = text.startswith("/") and not text.startswith(("//", "/login", "/logout"))
    return text if inside and "\\" not in text and text.isprintable() and len(text) <= 512 else HOME


class Routes:
    """What is done at each address. One per app."""

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        gate: Gate,
        accounts: Accounts,
        hub: HubReads,
        recordings: HubReads,
    ) -> None:
        self._site = settings.site
        self._secure = settings.site.public_url.startswith("https:")
        self._sessions = sessions
        self._gate = gate
        self._accounts = accounts
        self._hub = hub
        self._recordings = recordings

    def router(self) -> APIRouter:
        """Return the addresses."""
        routes = APIRouter()
        routes.add_api_route("/", self.home, methods=["GET"])
        routes.add_api_route(LOGIN, self.login_form, methods=["GET"])
        routes.add_api_route(LOGIN, self.log_in, methods=["POST"])
        routes.add_api_route("/logout", self.log_out, methods=["POST"])
        routes.add_api_route("/healthz", self.health, methods=["GET"])
        routes.add_api_route("/api/{name}.geojson", self.geojson, methods=["GET"])
        routes.add_api_route("/api/recording", self.recording, methods=["GET"])
        routes.add_api_route("/api/spans/{view}/{level}/{agency}/{at}", self.span, methods=["GET"])
        return routes

    async def home(self, request: Request) -> Response:
        """Lead to the wall, or to the log-in."""
        try:
            viewer = await who(self._gate, request.headers)
        except BusDown:
            return unverified("/")
        return RedirectResponse(HOME if viewer else LOGIN, 303)

    async def login_form(self, next: str = "") -> Response:
        """Show the form."""
        return self._form(next_=local_path(next) if next else "")

    async def log_in(self, request: Request) -> Response:
        """Check a name and a password; let in, or show the form again with the reason in words."""
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                body = await request.body()  # the front bounds its length
        except TimeoutError:
            return self._form(408, problem="The form came too slowly. Try again.")
        try:
            fields = parse_qs(body.decode(), max_num_fields=8)
        except ValueError:
            return self._form(400, problem="That was not this form. Fill it in and try again.")
        name = fields.get("name", [""])[0].strip()
        password = fields.get("password", [""])[0]
        next_ = local_path(fields.get("next", [""])[0])
        place = request.client.host if request.client else ""
        try:
            viewer = await self._accounts.check(name, password, place, time.monotonic())
        except TooManyTries as error:
            words = f"Too many tries. Wait {_in_words(error.wait_s)} and try again."
            return self._form(429, next_=next_, name=name, problem=words)
        except TimeoutError:
            words = "Too many people are logging in at once. Try again in a moment."
            return self._form(503, next_=next_, name=name, problem=words)
        if viewer is None:
            words = "Name and password do not fit. Check both and try again."
            return self._form(401, next_=next_, name=name, problem=words)
        return await self._let_in(request, viewer, next_)

    def _form(self, status: int = 200, **said: str) -> Response:
        return HTMLResponse(login.page(self._site, **said), status)

    async def _let_in(self, request: Request, viewer: Viewer, next_: str) -> Response:
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                if old := cookie_of(request.headers):
                    await self._sessions.end(old)
                cookie = await self._sessions.begin(viewer)
        except (BusDown, TimeoutError):
            words = "You are who you say, but the session store does not answer. Try again in a moment."
            return self._form(503, next_=next_, name=viewer.name, problem=words)
        answer = RedirectResponse(next_, 303)
        lasts_s = int(self._site.session_s)
        answer.set_cookie(COOKIE, cookie, max_age=lasts_s, path="/", httponly=True, samesite="lax", secure=self._secure)
        return answer

    async def log_out(self, request: Request) -> Response:
        """End the session everywhere and lead to the log-in."""
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                if cookie := cookie_of(request.headers):
                    await self._sessions.end(cookie)
        except (BusDown, TimeoutError):
            words = "You are still logged in: the session store does not answer. Try again in a moment."
            return refusal("/logout", 503, words)
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=self._secure)
        return answer

    async def health(self, request: Request) -> Response:
        """Say `status` and `redis` to anybody, what the hub knows to a known caller; answers when all else is gone."""
        redis, (viewer, verified) = await asyncio.gather(self._redis_up(), self._caller(request))
        said: dict[str, object] = {}
        if viewer is not None:
            try:
                answer = await self._hub.read("health", request.headers, _HEALTH_TIMEOUT_S)
                said = answer.json() if answer.status_code == 200 else {}
                up = answer.status_code < 500
            except (HubDown, ValueError):
                up = False
        else:
            up = await self._hub.alive(_HEALTH_TIMEOUT_S)
        good = redis and up and verified and said.get("status", "ok") == "ok"
        return JSONResponse({**said, "status": "ok" if good else "degraded", "redis": "ok" if redis else "down"})

    async def _redis_up(self) -> bool:
        try:
            async with asyncio.timeout(SESSION_TIMEOUT_S):
                return await self._sessions.ping()
        except TimeoutError:
            return False

    async def _caller(self, request: Request) -> tuple[Viewer | None, bool]:
        try:
            return await who(self._gate, request.headers), True
        except BusDown:
            return None, False

    async def geojson(self, name: str, request: Request) -> Response:
        """Hand on what the hub lets the caller see."""
        if name not in _READS:
            return refusal(request.url.path, 404, "There is nothing here.")
        return await self._hand_on(request, self._hub, f"{name}.geojson", "The hub does not answer")

    async def recording(self, request: Request) -> Response:
        """Hand on what is recorded, as far as the caller may count it."""
        return await self._hand_on(request, self._recordings, "recording", "The recordings do not answer")

    async def span(self, view: str, level: str, agency: str, at: str, request: Request) -> Response:
        """Hand on a stretch of the record, as the caller may have it."""
        name = "/".join(["spans", *(quote(word, safe="") for word in (view, level, agency, at))])
        return await self._hand_on(request, self._recordings, name, "The recordings do not answer", _SPAN_TIMEOUT_S)

    async def _hand_on(
        self, request: Request, part: HubReads, name: str, silence: str, timeout_s: float = TIMEOUT_S
    ) -> Response:
        path = request.url.path
        try:
            if await who(self._gate, request.headers) is None:
                words = "Log in, or send `Authorization: Bearer TOKEN`."
                return JSONResponse({"error": words}, 401, {"WWW-Authenticate": "Bearer"})
            answer = await part.read(name, request.headers, timeout_s)
        except BusDown:
            return unverified(path)
        except HubDown:
            return refusal(path, 503, f"{silence}; try again in a moment.", retry_s=2)
        kind = answer.headers.get("content-type", "application/json")
        # What may be kept says so itself; the front says of all else that it may not.
        kept = {name: answer.headers[name] for name in ("etag", "cache-control") if "etag" in answer.headers}
        return Response(answer.content, answer.status_code, kept, media_type=kind)


def login_first(path: str) -> Response:
    """Return the way to the log-in and back to `path`."""
    return RedirectResponse(f"{LOGIN}?next={quote(path)}", 303)


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
