"""One connection to the Redis server: commands out, replies back in order; nothing is hidden in it.

Why not redis-py's client and PubSub: those reconnect silently and lose what was published meanwhile, and
cost several times the CPU. redis-py opens the connection (address, TLS, log-in); from there on the
transport is ours: one future per command instead of a stream reader and a parser's coroutines.
A line never reconnects in the middle of anything: after BusDown it is closed, and the next command
opens it again, so that whoever uses it knows and can catch up.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError, ResponseError

from feeds.errors import BusDown, ConfigError

Command = tuple[str | bytes | int, ...]

CONNECT_WITHIN_S = 1.0
"""Longest wait for a connection with its log-in, seconds."""
UNREAD_MAX = 256
"""Replies that wait for `hear` before the socket is read no further; the rest stays with the server."""

_WHY = {
    "MISCONF": "journal cannot be written",
    "OOM": "memory full",
    "READONLY": "server is read-only",
    "NOREPLICAS": "replicas missing",
}
"""Why a server that is reached takes no writes, by its code word, in our own words."""
_FULL = ("No space left", "File too large", "quota")
"""In a MISCONF: the disk is full for the journal, or the file may grow no further."""

_NOT_NOW = ("LOADING", "MASTERDOWN", "TRYAGAIN")
"""Error replies of a server that is not ready yet."""


class Unreached(BusDown):
    """The server was not reached, or the line broke: trying again can help. A refusal is not this."""


class _Wire(asyncio.Protocol):
    """The socket's end of a line: takes bytes apart into replies, and wakes whoever waits for them."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        # kept: a writer that is thrown away closes its transport
        self._writer = writer
        self.transport: asyncio.Transport = writer.transport  # type: ignore[assignment]
        self.replies: deque[Any] = deque()
        self.lost = False
        self._reader = hiredis.Reader(replyError=ResponseError, notEnoughData=self)
        self._waiter: asyncio.Future[bool] | None = None
        self._wanted = 0
        self._due = 0.0
        """By when what is waited for has to come, by the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None
        """One for many waits: it looks at what is due when it rings, and goes on. A timer for each would be as dear
        as all the rest of a command."""
        self.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        replies = self.replies
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not self:
                replies.append(reply)
        except hiredis.HiredisError:
            self.transport.abort()
            self.connection_lost(None)
            return
        if self._waiter is not None and len(replies) >= self._wanted:
            self._wake(True)
        elif self._waiter is None and len(replies) >= UNREAD_MAX:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake(False)

    def eof_received(self) -> None:
        self.lost = True

    async def wait(self, count: int, within: float) -> bool:
        """Return whether `count` replies came `within` seconds. Raises Unreached when the line is lost."""
        if len(self.replies) >= count:
            return True
        if self.lost:
            raise Unreached("line to the bus is lost")
        self.transport.resume_reading()
        loop = asyncio.get_running_loop()
        self._wanted = count
        waiter = self._waiter = loop.create_future()
        self._due = loop.time() + within
        if self._timer is None or self._timer.when() > self._due:
            self._ring_at(self._due)
        try:
            came: bool = await waiter
        finally:
            self._waiter = None
        if not came and self.lost:
            raise Unreached("line to the bus is lost")
        return came

    def _ring_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        assert self._timer is not None
        rang, self._timer = self._timer.when(), None
        if self._waiter is not None and rang < self._due:
            self._ring_at(self._due)
        else:
            self._wake(False)

    def _wake(self, came: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(came)


class Line:
    """See the head. For one task at a time; `close` may come from any."""

    def __init__(self, url: str) -> None:
        """Make a line to `redis://`, `rediss://` or `unix://`; nothing is opened yet. Raises ConfigError."""
        try:
            # RESP2: replies to SUBSCRIBE and PING come in order with everything else
            self._pool = ConnectionPool.from_url(url, protocol=2, driver_info=None, socket_timeout=None)
            self._pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError) as error:
            raise ConfigError("redis", f"expected redis://, rediss:// or unix:// address: {error}") from None
        self._wire: _Wire | None = None
        self._closed = False

    async def ask(self, *commands: Command, within: float) -> list[Any]:
        """Send the commands in one write and return their replies; an error reply stays a ResponseError.

        Raises BusDown when the last reply did not come `within` seconds; what was sent may still be done.
        """
        try:
            wire = self._wire
            if wire is None or wire.lost or wire.transport.is_closing():
                # the server went while the line was idle: nothing is lost by opening it again
                wire = await self._open()
            wire.transport.write(b"".join([packed(command) for command in commands]))
            if not await wire.wait(len(commands), within):
                raise Unreached(f"no reply from the bus within {within:g} s")
            replies = [wire.replies.popleft() for _ in commands]
        except BaseException:
            # a reply may still be on its way: the next command must not take it for its own
            self.abort()
            raise
        if isinstance(replies[0], ResponseError) and str(replies[0]).startswith(_NOT_NOW):
            raise Unreached(f"the bus is not ready: {_word(replies[0])}")
        return replies

    @property
    def waiting(self) -> int:
        """How many messages `hear` would return at once."""
        return 0 if self._wire is None else len(self._wire.replies)

    async def hear(self, within: float) -> Any:
        """Return the next message of a subscribed line, or None after `within` seconds of silence.

        Raises BusDown.
        """
        wire = self._wire
        if wire is None:
            raise Unreached("line to the bus is not open")
        if not wire.replies and not await wire.wait(1, within):
            return None
        return wire.replies.popleft()

    def say(self, *command: str | bytes | int) -> None:
        """Send a command whose reply `hear` will bring; never opens the line. Raises BusDown."""
        wire = self._wire
        if wire is None or wire.lost:
            raise Unreached("line to the bus is not open")
        wire.transport.write(packed(command))

    def abort(self) -> None:
        """Cut the line at once, unsent bytes included; a peer that does not read would hold a polite close."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.transport.abort()
            wire.connection_lost(None)

    def close(self) -> None:
        """Cut the line for good: every later command raises BusDown."""
        self._closed = True
        self.abort()

    async def _open(self) -> _Wire:
        if self._closed:
            raise BusDown("the bus was closed")
        self.abort()
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await connection.connect()  # type: ignore[no-untyped-call]
        except TimeoutError:
            raise Unreached(f"no connection to the bus within {CONNECT_WITHIN_S:g} s") from None
        except (RedisError, OSError) as error:
            raise Unreached(f"no connection to the bus: {type(error).__name__}") from error
        finally:
            # redis-py's connection has nothing left to close
            writer, connection._reader, connection._writer = connection._writer, None, None
            if writer is not None:
                self._wire = _Wire(writer)
        if self._wire is None or self._closed:
            raise Unreached("line to the bus is lost")
        return self._wire


def packed(command: Command) -> bytes:
    """Return a command as the server reads it."""
    parts = [part if type(part) is bytes else str(part).encode() for part in command]
    return b"*%d\r\n%s" % (len(parts), b"".join([b"$%d\r\n%s\r\n" % (len(part), part) for part in parts]))


def accepted(replies: Sequence[Any]) -> Sequence[Any]:
    """Return the replies. Raises BusDown at the first that is an error, with the server's own code word."""
    for reply in replies:
        if isinstance(reply, ResponseError):
            raise BusDown(f"the bus refused a command: {_word(reply)}", _why(reply))
    return replies


def _why(error: ResponseError) -> str:
    word, _, text = str(error).partition(" ")
    if word == "MISCONF" and any(sign in text for sign in _FULL):
        return "disk full"
    return _WHY.get(word, "refused by the server")


def _word(error: ResponseError) -> str:
    """Return the code word of an error reply; the rest may quote what was sent."""
    return str(error).partition(" ")[0]
