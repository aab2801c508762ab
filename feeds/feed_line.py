"""One connection to the door: frames out, answers back, in order.

Nothing is kept here: who sends keeps what was not answered, and sends it again after FeedLost, with the same run.
"""

import asyncio
import contextlib
from collections import Counter
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.typing import Subprotocol

from feeds.errors import FeedLost, FeedRefused
from feeds.unit_columns import COLUMNS, are_columns

OPEN_WITHIN_S = 5.0
SEND_WITHIN_S = 30.0
ANSWER_WITHIN_S = 60.0
"""A door that has not answered by then counts as gone, seconds; while its bus is down it answers late."""
SILENCE_S = 20.0
"""A line on which nothing comes back is noticed within twice this, by the library's pings, seconds."""


class RefusedMessage(Struct, frozen=True):
    """One message the door did not take."""

    reason: str
    index: int = 0
    """Position within the frame, from 0."""
    path: str = ""
    seq: int | None = None


class Answer(Struct, frozen=True):
    """The door's answer to one frame: numbers of its reports, or its own ordinal in dialects without sequences."""

    ack: tuple[int, ...] = ()
    """Journaled."""
    duplicate: tuple[int, ...] = ()
    """Journaled before."""
    refused: tuple[RefusedMessage, ...] = ()


class Counts(Struct):
    """What the door answered so far, in reports."""

    accepted: int = 0
    duplicate: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """By reason."""

    @property
    def answered(self) -> int:
        """How many are through, one way or the other."""
        return self.accepted + self.duplicate + self.refused.total()

    def note(self, answer: Answer) -> None:
        """Count one answer."""
        self.accepted += len(answer.ack)
        self.duplicate += len(answer.duplicate)
        for refused in answer.refused:
            self.refused[refused.reason] += 1


_decode = msgspec.json.Decoder(Answer).decode


class Line:
    """An open connection as one source. Make it by `open_line`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def takes_columns(self) -> bool:
        """Whether the door takes reports of units as columns."""
        return self._connection.subprotocol == COLUMNS

    async def send(self, frame: bytes) -> None:
        """Send one frame; while the line takes it, nothing is waited for. Raises FeedLost."""
        connection, text = self._connection, not are_columns(frame)
        if connection.protocol.state is OPEN and not connection.paused:
            # Framed here, past the library's own sending: nothing of ours goes in fragments or with extensions.
            connection.transport.write(Frame(Opcode.TEXT if text else Opcode.BINARY, frame).serialize(mask=True))
            if not connection.paused:
                return
            frame = b""
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await (connection.send(frame, text=text) if frame else connection.drain())
        except (ConnectionClosed, OSError) as error:
            raise FeedLost(f"the door did not take a frame: {_why(error)}") from error

    async def answer(self, within_s: float | None = ANSWER_WITHIN_S) -> Answer:
        """Return the next answer, in the order of the frames; None waits as long as the line holds. Raises FeedLost."""
        try:
            if within_s is None:
                return _decode(await self._connection.recv(decode=False))
            async with asyncio.timeout(within_s):
                return _decode(await self._connection.recv(decode=False))
        except (ConnectionClosed, TimeoutError, msgspec.MsgspecError) as error:
            raise FeedLost(f"no answer from the door: {_why(error)}") from error

    async def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._connection.close()


async def open_line(
    url: str, source: str, token: str, run: str = "", *, unit: str = "", silence_s: float = SILENCE_S
) -> Line:
    """Connect to the door at `url` (`ws://HOST:PORT`) as `source`. Raises FeedRefused, FeedLost.

    `unit`: whom messages are about that name nobody; empty: as the site says.
    """
    query = urlencode({name: value for name, value in (("run", run), ("unit", unit)) if value})
    address = f"{url.rstrip('/')}/feed/{quote(source, safe='')}" + (f"?{query}" if query else "")
    try:
        return Line(
            await connect(
                address,
                additional_headers={"Authorization": f"Bearer {token}"},
                open_timeout=OPEN_WITHIN_S,
                close_timeout=1.0,
                subprotocols=[Subprotocol(COLUMNS)],
                compression=None,
                proxy=None,
                max_queue=256,
                ping_interval=silence_s,
                ping_timeout=silence_s,
            )
        )
    except InvalidStatus as error:
        text = (error.response.body or b"").decode("utf-8", "replace").strip()
        status = error.response.status_code
        if status >= 500:
            raise FeedLost(f"{url}: {status} {text}") from error
        raise FeedRefused(f"{url}, source {source!r}: {status} {text}") from error
    except InvalidURI as error:
        raise FeedRefused(f"{url}: not an address like ws://HOST:PORT") from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise FeedLost(f"no door at {url}: {_why(error)}") from error


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
