"""The websockets shell of a port that viewers connect to: who may, by which paths, and when their log-in ends.

What is said to those who were let in is their host's business (`dashboard.stream`, `dashboard.review_stream`).
"""

import asyncio
import hashlib
import socket
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.server import ServerProtocol

from dashboard.viewer import Gate, Viewer, cookie_of
from dashboard.waiting import Waiting
from feeds.errors import BusDown

SESSION_EVERY_S = 15.0
"""A log-in that ended is noticed on an open stream within this, seconds."""
MESSAGE_MAX = 4096
"""Largest message taken from a viewer, bytes."""
HALF_OPEN_MAX = 256
"""Connections that may be open without a whole request."""
_SEND_BUFFER = 256 * 1024
"""Bytes the kernel may hold for one viewer: what lies there is old already."""
_ENDED = 4401
_GATE_S = 2.0

_encode = msgspec.json.Encoder().encode


_JSON = "application/json"


class Answer(NamedTuple):
    """What `GET /read/...` is answered with."""

    status: HTTPStatus
    body: bytes
    kind: str = _JSON
    """What the body is. What is no JSON is bytes that seldom change: asked for again, it is told whether they did."""


class _Connection(ServerConnection):
    """A connection that counts as waiting until its whole request is there."""

    def __init__(self, protocol: ServerProtocol, server: Server, *, waiting: Waiting, **how: Any) -> None:
        super().__init__(protocol, server, **how)
        self._waiting = waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._waiting.add(self.transport)

    def process_event(self, event: Event) -> None:
        """Take the request, or a frame."""
        self._waiting.remove(self.transport)
        super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._waiting.remove(self.transport)
        super().connection_lost(exc)


class Within(Protocol):
    """What is behind the door."""

    def refuses(self, viewer: Viewer) -> str:
        """Return why this viewer, who is known, may not come in, in words; "" when it may."""
        ...

    async def seat(self, connection: ServerConnection, viewer: Viewer) -> None:
        """Serve one stream until it ends."""
        ...

    async def read(self, path: str, viewer: Viewer) -> Answer:
        """Return the answer to `GET /read/...`."""
        ...


class StreamDoor:
    """One port: `/stream` for viewers, `/read/*` for HTTP."""

    def __init__(self, within: Within, gate: Gate, public_url: str) -> None:
        self._within = within
        self._gate = gate
        self._public = urlsplit(public_url)
        self._server: Server | None = None

    async def open(self, bind: str, port: int) -> int:
        """Start listening; return the port. Raises OSError."""
        self._server = await serve(
            self._let_in,
            bind,
            port,
            process_request=self._request,
            compression=None,
            close_timeout=1,
            open_timeout=10,
            create_connection=partial(_Connection, waiting=Waiting(HALF_OPEN_MAX)),  # type: ignore[arg-type]
            max_size=MESSAGE_MAX,
            max_queue=8,
            ping_interval=20,
            ping_timeout=600,  # a tab that sleeps is slow, not gone
            server_header=None,
        )
        number: int = next(iter(self._server.sockets)).getsockname()[1]
        return number

    async def close(self) -> None:
        """Close every connection; those that do not take it within a second are cut."""
        server = self._server
        if server is None:
            return
        open_ = list(server.connections)
        server.close(code=1001)
        try:
            await asyncio.wait_for(server.wait_closed(), 1.5)
        except TimeoutError:
            for connection in open_:
                connection.transport.abort()
            await asyncio.wait_for(server.wait_closed(), 1.5)

    async def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if request.method != "GET":
            return _refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.")
        streaming = path == "/stream"
        if not streaming and not path.startswith("/read/"):
            return _refuse(HTTPStatus.NOT_FOUND, "There is /stream and /read/.")
        try:
            viewer = await asyncio.wait_for(self._gate.viewer(request.headers), _GATE_S)
        except (BusDown, TimeoutError):
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Log-ins cannot be checked now; try again in a moment.")
        if viewer is None:
            return _refuse(HTTPStatus.UNAUTHORIZED, "Log in, or send `Authorization: Bearer TOKEN`.")
        if not viewer.api and not self._same_origin(request.headers, needed=streaming):
            return _refuse(HTTPStatus.FORBIDDEN, "A page of another site may not use this log-in.")
        if words := self._within.refuses(viewer):
            return _refuse(HTTPStatus.FORBIDDEN, words)
        if streaming:
            connection.viewer = viewer  # type: ignore[attr-defined]
            return None
        return _response(await self._within.read(path, viewer), request.headers.get_all("If-None-Match"))

    def _same_origin(self, headers: Headers, *, needed: bool) -> bool:
        """Say whether the request comes from the site's own pages: the cookie travels with a foreign page's too."""
        try:
            origin = headers.get("Origin")
            if origin is None:
                return not needed
            page, host = urlsplit(origin), urlsplit(f"//{headers.get('Host', '')}").hostname
            came_from = (page.scheme, page.hostname, page.port)
        except (ValueError, MultipleValuesError):
            return False
        if self._public.hostname:
            return came_from == (self._public.scheme, self._public.hostname, self._public.port)
        return page.scheme in ("http", "https") and page.hostname == host

    async def _let_in(self, connection: ServerConnection) -> None:
        viewer: Viewer = connection.viewer  # type: ignore[attr-defined]
        sock = connection.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        watch = None if viewer.api else asyncio.create_task(self._watch(connection))
        try:
            await self._within.seat(connection, viewer)
        finally:
            if watch is not None:
                watch.cancel()

    async def _watch(self, connection: ServerConnection) -> None:
        """Close the stream when its log-in ended; while log-ins cannot be checked it stays."""
        headers = connection.request.headers if connection.request else Headers()
        if not cookie_of(headers):
            return
        while True:
            await asyncio.sleep(SESSION_EVERY_S)
            try:
                viewer = await asyncio.wait_for(self._gate.viewer(headers), _GATE_S)
            except (BusDown, TimeoutError):
                continue
            if viewer is None:
                await connection.close(_ENDED, "log-in ended")
                return


def _refuse(status: HTTPStatus, words: str) -> Response:
    return _answer(status, _encode({"error": words}))


def _response(answer: Answer, had: list[str]) -> Response:
    if answer.kind == _JSON:
        return _answer(answer.status, answer.body)
    # Who may have it is asked each time, so a cache may keep the bytes and not the answer.
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    same = any(tag in one for one in had)
    made = _answer(HTTPStatus.NOT_MODIFIED if same else answer.status, b"" if same else answer.body, answer.kind)
    del made.headers["Cache-Control"]
    made.headers["Cache-Control"] = "private, no-cache"
    made.headers["ETag"] = tag
    return made


def _answer(status: HTTPStatus, body: bytes, kind: str = _JSON) -> Response:
    headers = Headers()
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        headers["Content-Type"] = kind
        headers["Content-Length"] = str(len(body))
    headers["Cache-Control"] = "no-store"
    headers["Connection"] = "close"
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(status.value, status.phrase, headers, body)
