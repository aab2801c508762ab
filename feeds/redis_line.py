"""One connection to the Redis server: commands out, replies back in order; nothing is hidden in it.

Why not redis-py's client and PubSub: those reconnect silently and lose what was published meanwhile,
and a pipeline costs ten times the two commands. Its `Connection` (URLs, TLS, log-in, parser) is what
we keep. A line never reconnects by itself in the middle of anything: after BusDown it is closed, and
the next command opens it again, so that whoever uses it knows and can catch up.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError, ResponseError

from feeds.errors import BusDown, ConfigError

Command = tuple[str | bytes | int, ...]

CONNECT_WITHIN_S = 1.0
"""Longest wait for a connection with its log-in, seconds."""


class Unreached(BusDown):
    """The server was not reached, or the line broke: trying again can help. A refusal is not this."""


class Line:
    """See the head. For one task at a time; `close` may come from any."""

    def __init__(self, url: str) -> None:
        """Make a line to `redis://`, `rediss://` or `unix://`; nothing is opened yet. Raises ConfigError."""
        self._closed = False
        try:
            # RESP2: replies to SUBSCRIBE and PING come in order with everything else, without push handlers.
            pool = ConnectionPool.from_url(url, protocol=2, driver_info=None, socket_timeout=None)
            self._connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError) as error:
            raise ConfigError("redis", f"expected redis://, rediss:// or unix:// address: {error}") from None

    async def ask(self, *commands: Command, within: float) -> list[Any]:
        """Send the commands in one write and return their replies; an error reply stays a ResponseError.

        Raises BusDown when the last reply did not come `within` seconds; what was sent may still be done.
        """
        try:
            async with asyncio.timeout(within):
                await self._open()
                await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
                return [await self._reply() for _ in commands]
        except TimeoutError:
            self.abort()
            raise Unreached(f"no reply from the bus within {within:g} s") from None
        except (RedisError, OSError) as error:
            self.abort()
            raise Unreached(f"line to the bus broke: {type(error).__name__}") from error
        except BaseException:
            # a reply may still be on its way: the next command must not take it for its own
            self.abort()
            raise

    async def hear(self, within: float) -> Any:
        """Return the next message of a subscribed line, or None after `within` seconds of silence.

        Raises BusDown.
        """
        try:
            async with asyncio.timeout(within):
                return await self._connection.read_response(timeout=math.inf, disconnect_on_error=False)
        except TimeoutError:
            return None
        except (RedisError, OSError) as error:
            self.abort()
            raise Unreached(f"line to the bus broke: {type(error).__name__}") from error

    async def say(self, *command: str | bytes | int, within: float) -> None:
        """Send a command whose reply `hear` will bring; never opens the line. Raises BusDown."""
        if not self._connection.is_connected:
            raise Unreached("line to the bus is not open")
        try:
            async with asyncio.timeout(within):
                await self._connection.send_packed_command(self._connection.pack_command(*command), check_health=False)
        except (TimeoutError, RedisError, OSError) as error:
            self.abort()
            raise Unreached(f"line to the bus broke: {type(error).__name__}") from error

    def abort(self) -> None:
        """Cut the line at once, unsent bytes included; a peer that does not read would hold a polite close."""
        connection = self._connection
        writer = connection._writer
        connection._parser.on_disconnect()  # type: ignore[no-untyped-call]
        connection._reader = connection._writer = None
        if writer is not None:
            writer.transport.abort()

    def close(self) -> None:
        """Cut the line for good: every later command raises BusDown."""
        self._closed = True
        self.abort()

    async def _open(self) -> None:
        if self._closed:
            raise BusDown("the bus was closed")
        reader, writer = self._connection._reader, self._connection._writer
        if reader is not None and writer is not None and (reader.at_eof() or writer.is_closing()):
            self.abort()  # the server went while the line was idle: nothing is lost by opening it again
        if not self._connection.is_connected:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._connection.connect()  # type: ignore[no-untyped-call]

    async def _reply(self) -> Any:
        try:
            return await self._connection.read_response(timeout=math.inf, disconnect_on_error=False)
        except ResponseError as refusal:
            return refusal


def accepted(replies: Sequence[Any]) -> Sequence[Any]:
    """Return the replies. Raises BusDown at the first that is an error, with the server's own code word."""
    for reply in replies:
        if isinstance(reply, ResponseError):
            word = reply.status_code or str(reply).partition(" ")[0]
            raise BusDown(f"the bus refused a command: {word}")
    return replies
