"""The websockets shell of the live stream: who may connect, what they say, what is said to each alone.

Frames are not sent from here: `dashboard.audience` writes them to all seats of a class at the tick. Nothing
here waits for a viewer except the opening and closing handshakes, which have timeouts of their own.
"""

import asyncio
import logging
import socket
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers, MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.server import ServerProtocol

from dashboard.audience import Audience, Seat
from dashboard.seating import Seating
from dashboard.viewer import Gate, Viewer, cookie_of
from dashboard.waiting import Waiting
from feeds.errors import BusDown

log = logging.getLogger(__name__)

RESUME_WITHIN_S = 5.0
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

_Number = Annotated[int, Meta(ge=0, le=2**53)]


class Resume(Struct, tag_field="type", tag="resume"):
    """First message: where an earlier connection was."""

    epoch: str = ""
    rev: _Number = 0
    events: _Number = 0


class Ask(Struct, tag_field="type", tag="card"):
    """A thing was chosen."""

    ask: int
    layer: Literal["units", "incidents", "cameras", "zones", "log"]
    agency: Annotated[str, Meta(min_length=1, max_length=64)]
    """Ids are unique within their agency only."""
    id: Annotated[str, Meta(min_length=1, max_length=128)]


_decode = msgspec.json.Decoder(Resume | Ask).decode
_encode = msgspec.json.Encoder().encode


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


class Host(Protocol):
    """What the stream needs of the hub."""

    async def audience(self, viewer: Viewer) -> Audience:
        """Return the audience of the viewer's class, after the next tick when it is new."""
        ...

    def hello(self, viewer: Viewer, audience: Audience) -> bytes:
        """Return the first message."""
        ...

    def card(self, audience: Audience, ask: Ask) -> bytes:
        """Return the answer to an ask."""
        ...

    async def read(self, path: str, viewer: Viewer) -> tuple[HTTPStatus, bytes]:
        """Return the answer to `GET /read/...` (JSON)."""
        ...

    def now(self) -> float:
        """Return Unix seconds."""
        ...


class Stream:
    """The server on the live port: `/stream` for viewers, `/read/*` for HTTP."""

    def __init__(self, host: Host, gate: Gate, public_url: str) -> None:
        self._host = host
        self._gate = gate
        self._public = urlsplit(public_url)
        self._server: Server | None = None
        self._seating = Seating()

    async def open(self, bind: str, port: int) -> int:
        """Start listening; return the port. Raises OSError."""
        self._server = await serve(
            self._seat,
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
        if streaming:
            connection.viewer = viewer  # type: ignore[attr-defined]
            return None
        status, body = await self._host.read(path, viewer)
        return _answer(status, body)

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

    async def _seat(self, connection: ServerConnection) -> None:
        viewer: Viewer = connection.viewer  # type: ignore[attr-defined]
        sock = connection.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        audience = await self._host.audience(viewer)
        seat = Seat(connection, viewer)
        key = self._seating.take(seat, connection.request.headers if connection.request else Headers())
        watch: asyncio.Task[None] | None = None
        try:
            await asyncio.wait_for(connection.send(self._host.hello(viewer, audience), text=True), RESUME_WITHIN_S)
            first = await self._first(connection)
            resume = first if isinstance(first, Resume) else Resume()
            audience.join(seat, resume.epoch, resume.rev, resume.events)
            if isinstance(first, Ask):
                self._answer(seat, audience, first)
            if not viewer.api:
                watch = asyncio.create_task(self._watch(connection))
            async for message in connection:
                said = _understood(message)
                if isinstance(said, Ask):
                    self._answer(seat, audience, said)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            audience.seats.discard(seat)
            self._seating.leave(key, seat)
            if watch is not None:
                watch.cancel()

    async def _first(self, connection: ServerConnection) -> Resume | Ask | None:
        try:
            return _understood(await asyncio.wait_for(connection.recv(), RESUME_WITHIN_S))
        except TimeoutError:
            return None

    def _answer(self, seat: Seat, audience: Audience, ask: Ask) -> None:
        # A viewer who does not read gets no answers piled up for it either.
        if seat.cards.take(self._host.now()) and seat.subscription.ready(seat.unsent()):
            audience.whisper(seat, self._host.card(audience, ask))

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


def _understood(message: str | bytes) -> Resume | Ask | None:
    """Return what a viewer said; None for what we do not know, which is let go by."""
    try:
        said: Resume | Ask = _decode(message)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    return said


def _refuse(status: HTTPStatus, words: str) -> Response:
    return _answer(status, _encode({"error": words}))


def _answer(status: HTTPStatus, body: bytes) -> Response:
    headers = Headers()
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(body))
    headers["Cache-Control"] = "no-store"
    headers["Connection"] = "close"
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(status.value, status.phrase, headers, body)
