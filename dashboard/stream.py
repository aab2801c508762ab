"""The live stream: what viewers say, and what is said to each alone.

Frames are not sent from here: `dashboard.audience` writes them to all seats of a class at the tick. Nothing
here waits for a viewer except the opening and closing handshakes, which have timeouts of their own.
"""

import asyncio
from http import HTTPStatus
from typing import Annotated, NamedTuple, Protocol

import msgspec
from msgspec import Meta, Struct
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from dashboard.audience import Audience, Seat
from dashboard.hub_screens import HubScreens
from dashboard.screen_words import DrawnWord, LayerName, ScreenWord, type_of
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
    layer: LayerName
    agency: Annotated[str, Meta(min_length=1, max_length=64)]
    """Ids are unique within their agency only."""
    id: Annotated[str, Meta(min_length=1, max_length=128)]


class _Misheard(NamedTuple):
    """What was not understood: its type, and what is wrong with it."""

    type: str
    words: str


_Said = Resume | Ask | ScreenWord | DrawnWord
_decode = msgspec.json.Decoder(_Said).decode
_encode = msgspec.json.Encoder().encode


class Host(Protocol):
    """What the stream needs of the hub."""

    @property
    def screens(self) -> HubScreens:
        """Where it is noted what the screens show."""
        ...

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
            self._hear(seat, audience, first)
            async for message in connection:
                self._hear(seat, audience, _understood(message))
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            audience.seats.discard(seat)
            self._seating.leave(key, seat)
            self._host.screens.leave(seat, self._host.now())

    async def _first(self, connection: ServerConnection) -> _Said | _Misheard | None:
        try:
            return _understood(await asyncio.wait_for(connection.recv(), RESUME_WITHIN_S))
        except TimeoutError:
            return None

    def _hear(self, seat: Seat, audience: Audience, said: _Said | _Misheard | None) -> None:
        match said:
            case Ask():
                self._answer(seat, audience, said)
            case ScreenWord() | DrawnWord():
                self._refuse(
                    seat, audience, _type(said), self._host.screens.hear(seat, audience, said, self._host.now())
                )
            case _Misheard(type="screen" | "drawn", words=words):
                self._refuse(seat, audience, said.type, self._host.screens.misheard(seat, words, self._host.now()))

    def _refuse(self, seat: Seat, audience: Audience, what: str, words: str) -> None:
        if words and seat.subscription.ready(seat.unsent()):
            audience.whisper(seat, _encode({"type": "refused", "what": what, "text": words}))

    def _answer(self, seat: Seat, audience: Audience, ask: Ask) -> None:
        # A viewer who does not read gets no answers piled up for it either.
        if seat.cards.take(self._host.now()) and seat.subscription.ready(seat.unsent()):
            audience.whisper(seat, self._host.card(audience, ask))


def _understood(message: str | bytes) -> _Said | _Misheard:
    """Return what a viewer said. What we do not know is let go by, unless it is meant as a word of a screen."""
    try:
        said: _Said = _decode(message)
    except RecursionError:
        return _Misheard("", "nested too deeply")
    except msgspec.DecodeError as error:
        return _Misheard(type_of(message), str(error))
    return said


def _type(said: ScreenWord | DrawnWord) -> str:
    return "screen" if isinstance(said, ScreenWord) else "drawn"
