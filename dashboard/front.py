"""The one gate in front of every page: who may knock at all, and what every answer must carry.

Rules: no websocket is served here (the live stream has its own port); nothing of Dash is given to somebody who is
not logged in; a page of another origin can change nothing; a wall is receive-only, so the only writers are the
log-in, the log-out and a reviewer's findings. What this gate cannot decide is refused.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response

from dashboard.config import Settings
from dashboard.viewer import Gate, Viewer
from dashboard.views import notice
from feeds.errors import BusDown

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION_TIMEOUT_S = 0.7
"""Longest wait for the session store, seconds: short enough that /healthz answers before a wall gives up on it."""

VIEWER = "jointops.viewer"
"""Key of the ASGI scope of Dash's own paths: the `Viewer` who asks."""

_BODY_MAX = {"/login": 16 * 1024, "/logout": 16 * 1024, "/api/findings": 64 * 1024}
"""Where something may be written, and how long that may be, bytes; one finding has an address below theirs."""
_DASH = ("/_", "/review/_")
"""How Dash's own paths begin, on the wall and on the page of recordings."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9a-fA-F:.]{2,45}\]")

_log = logging.getLogger(__name__)


async def who(gate: Gate, headers: Headers) -> Viewer | None:
    """Return who asks, or None. Raises BusDown when sessions cannot be read in time."""
    try:
        async with asyncio.timeout(SESSION_TIMEOUT_S):
            return await gate.viewer(headers)
    except TimeoutError as error:
        raise BusDown(f"sessions did not answer in {SESSION_TIMEOUT_S} s") from error


def wants_json(path: str) -> bool:
    """Say whether programs, rather than people, ask for this path."""
    return path.startswith(("/api", "/basemap", "/healthz", *_DASH))


def refusal(path: str, status: int, words: str, *, retry_s: int = 0) -> Response:
    """Return the answer that says no: JSON for programs, a small page for people. `retry_s`: try again by itself."""
    headers = {"Retry-After": str(retry_s)} if retry_s else {}
    if wants_json(path):
        return JSONResponse({"error": words}, status, headers)
    return HTMLResponse(notice.page(HTTPStatus(status).phrase, words, retry_s=retry_s), status, headers)


def unverified(path: str) -> Response:
    """Return the answer while nobody can be verified."""
    return refusal(path, 503, "Log-ins cannot be checked just now: the session store does not answer.", retry_s=2)


class Front:
    """The gate, as an ASGI app around the pages. `hashes`: CSP hashes of the inline scripts of Dash."""

    def __init__(self, app: App, settings: Settings, gate: Gate, hashes: Sequence[str]) -> None:
        self._app = app
        self._gate = gate
        self._site = settings.site
        self._hashes = " ".join(hashes)
        self._public = urlsplit(settings.site.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "no websocket here"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = self._stamped(scope["path"], headers.get("host", ""), send)
        answer = await self._refused(scope, headers)
        if answer is not None:
            await answer(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            _log.exception("page_failed path=%s", scope["path"])
            if not begun:
                await refusal(scope["path"], 500, "This page failed; the reason is in the log of the site.")(
                    scope, receive, send
                )

    async def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        path, method = scope["path"], scope["method"]
        if method not in _READING:
            if self._foreign(headers):
                return refusal(path, 403, "Refused: the request came from another site's page.")
            most = _BODY_MAX.get("/api/findings" if path.startswith("/api/findings/") else path)
            if most is None:
                return refusal(path, 403 if path.startswith("/_dash") else 405, "Refused: these pages only read.")
            length = headers.get("content-length", "")
            if not length.isdecimal() or len(length) > 6 or int(length) > most:
                return refusal(path, 413, f"Refused: longer than {most // 1024} kB, or of unknown length.")
        if path.startswith(_DASH) and path != "/_favicon.ico":
            try:
                viewer = await who(self._gate, headers)
            except BusDown:
                return unverified(path)
            if viewer is None:
                return refusal(path, 401, "Log in first.")
            scope[VIEWER] = viewer
        return None

    def _foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        try:
            theirs = urlsplit(origin)
        except ValueError:
            return True
        if self._public.netloc:
            return (theirs.scheme, theirs.netloc) != (self._public.scheme, self._public.netloc)
        return theirs.scheme not in ("http", "https") or theirs.netloc != headers.get("host")

    def _stamped(self, path: str, host: str, send: Send) -> Send:
        """Return `send` with the headers that every answer carries."""
        policy = self.policy(host)
        if path.startswith("/assets/"):
            caching = "no-cache"  # else a wall runs yesterday's modules after an upgrade
        elif path.startswith(("/_dash-component-suites/", "/basemap/")):
            caching = ""  # fingerprinted, or their own business
        else:
            caching = "no-store"
        may_say = path.startswith("/api/spans/")  # bytes with an ETag, which are asked for anew each time

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
                if self._public.scheme == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if caching and not (may_say and "etag" in headers):
                    headers["Cache-Control"] = caching
                message["headers"] = headers.raw
            await send(message)

        return stamped

    def policy(self, host: str) -> str:
        """Return the Content-Security-Policy for a page that was asked for at `host` (a Host header)."""
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' {self._hashes}".strip(),
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "worker-src 'self' blob:",
                f"connect-src 'self' {self._streams(host)}".strip(),
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )

    def _streams(self, host: str) -> str:
        site = self._site
        return " ".join(
            filter(
                None,
                (
                    self._stream(host, site.live_url, site.live_port),
                    self._stream(host, site.review_url, site.review_port),
                ),
            )
        )

    def _stream(self, host: str, url: str, port: int) -> str:
        if url:
            parts = urlsplit(url)
            return f"{parts.scheme}://{parts.netloc}"
        found = _HOST.match(host)
        secure = "s" if self._public.scheme == "https" else ""
        return f"ws{secure}://{found[0]}:{port}" if found else ""
