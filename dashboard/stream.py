"""The live stream: what viewers say, and what is said to each alone.

Frames are not sent from here: `dashboard.audience` writes them to all seats of a class at the tick. Nothing
here waits for a viewer except the opening and closing handshakes, which have timeouts of their own.
"""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta, Struct
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from dashboard.audience import Audience, Seat
from dashboard.seating import Seating
from dashboard.stream_door import Answer, StreamDoor
from dashboard.viewer import Gate, Viewer

RESUME_WITHIN_S = 5.0

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
    """The live port."""

    def __init__(self, host: Host, gate: Gate, public_url: str) -> None:
        self._host = host
        self._door = StreamDoor(self, gate, public_url)
        self._seating = Seating()

    async def open(self, bind: str, port: int) -> int:
        """Start listening; return the port. Raises OSError."""
        return await self._door.open(bind, port)

    async def close(self) -> None:
        """Close every connection; those that do not take it within a second are cut."""
        await self._door.close()

    def refuses(self, viewer: Viewer) -> str:
        """Refuse nobody who is known."""
        return ""

    async def read(self, path: str, viewer: Viewer) -> Answer:
        """Return the answer to `GET /read/...` (JSON)."""
        return Answer(*await self._host.read(path, viewer))

    async def seat(self, connection: ServerConnection, viewer: Viewer) -> None:
        """Serve one viewer until it goes."""
        audience = await self._host.audience(viewer)
        seat = Seat(connection, viewer)
        key = self._seating.take(seat, connection.request.headers if connection.request else Headers())
        try:
            await asyncio.wait_for(connection.send(self._host.hello(viewer, audience), text=True), RESUME_WITHIN_S)
            first = await self._first(connection)
            resume = first if isinstance(first, Resume) else Resume()
            audience.join(seat, resume.epoch, resume.rev, resume.events)
            if isinstance(first, Ask):
                self._answer(seat, audience, first)
            async for message in connection:
                said = _understood(message)
                if isinstance(said, Ask):
                    self._answer(seat, audience, said)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            audience.seats.discard(seat)
            self._seating.leave(key, seat)

    async def _first(self, connection: ServerConnection) -> Resume | Ask | None:
        try:
            return _understood(await asyncio.wait_for(connection.recv(), RESUME_WITHIN_S))
        except TimeoutError:
            return None

    def _answer(self, seat: Seat, audience: Audience, ask: Ask) -> None:
        # A viewer who does not read gets no answers piled up for it either.
        if seat.cards.take(self._host.now()) and seat.subscription.ready(seat.unsent()):
            audience.whisper(seat, self._host.card(audience, ask))


def _understood(message: str | bytes) -> Resume | Ask | None:
    """Return what a viewer said; None for what we do not know, which is let go by."""
    try:
        said: Resume | Ask = _decode(message)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    return said
