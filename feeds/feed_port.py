"""Feeds by WebSocket: `/feed/<source>?run=ID` with a bearer token; one answer per message.

Rules
- Answers come in the order of the messages: acknowledged, duplicate, refused.
- At most `WINDOW` messages of a connection are unanswered; whoever sends more is held back by his own line.
- A place is taken by who was let in; who has not asked yet waits in a small crowd of its own (`feeds/crowd.py`).
- Tokens are compared as digests in constant time; a refused connection is told what to do, and counted.
"""

import asyncio
import contextlib
import hashlib
import hmac
import http
import logging
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN

from feeds import adapters
from feeds.clock import Clock
from feeds.crowd import Crowd
from feeds.door import TOO_LARGE, Door, Pending, decode
from feeds.ledger import Ledger
from feeds.names import RUN_MAX

log = logging.getLogger(__name__)

WINDOW = 64
"""Messages of one connection that may wait for their answer."""
MESSAGE_MAX = 1024 * 1024
"""Up to here a frame that is too large gets an answer; a larger one ends the connection (1009), bytes."""
CONNECTIONS_MAX = 1000
"""Connections let in."""
HALF_OPEN_MAX = 200
"""Connections that have not asked for a source yet."""
PLACE_MAX = 500
"""Connections from one address: a proxy in front of us makes all senders one address."""
SEND_WITHIN_S = 30.0
"""A peer that does not read its answers for this long is cut off, seconds."""
FINISH_S = 0.5
"""What a stop leaves to appends in flight and their answers, seconds."""
CLOSE_S = 0.2
HUNG_UP = "hung up before a request"
"""Probes that look whether the port is open end so."""
CROWDED_OUT = "crowded out before a request"
TOO_MANY_OF_ONE = "too many connections of one address"

_RUN = re.compile(rf"[!-~]{{1,{RUN_MAX}}}")
_quiet = logging.getLogger("feeds.feed_port.websockets")
_quiet.setLevel(logging.CRITICAL)
"""The library's own words, with tracebacks for every junk request; we count and say it in our own."""


class _Connection(ServerConnection):
    """A WebSocket connection that knows its source."""

    port: "FeedPort"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ledger: Ledger | None = None
        self.run = ""
        self.refused_in_words = False

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Perform the opening handshake, and count one that failed."""
        if not self.port.enter(self):
            self.refused_in_words = True
            self.transport.abort()
        try:
            await super().handshake(*args, **kwargs)
        finally:
            if self.protocol.state is not OPEN:
                if not self.refused_in_words:
                    self.port.refused[self._what_came()] += 1
                self.port.crowd.leave(self)

    def _what_came(self) -> str:
        fault = self.protocol.handshake_exc
        said_nothing = self.request is None and (fault is None or isinstance(fault.__cause__, EOFError))
        return HUNG_UP if said_nothing else "not a WebSocket request"


class FeedPort:
    """The WebSocket port. `ledgers` by source id; `refused` counts connections that were not let in, by reason."""

    def __init__(self, door: Door, ledgers: Mapping[str, Ledger], clock: Clock, refused: Counter[str]) -> None:
        self.port = 0
        """The port it listens on, once started."""
        self.refused = refused
        self.crowd: Crowd[_Connection] = Crowd(
            admitted_max=CONNECTIONS_MAX, silent_max=HALF_OPEN_MAX, place_max=PLACE_MAX
        )
        """Open ones, and those whose opening handshake is not through."""
        self._door = door
        self._ledgers = ledgers
        self._clock = clock
        self._adapters = {x.settings.adapter: adapters.load(x.settings.adapter) for x in ledgers.values()}
        self._readers: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    async def start(self, bind: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await serve(
            self._connected,
            bind,
            port,
            process_request=self._admit,
            create_connection=type("_Connection", (_Connection,), {"port": self}),
            compression=None,
            server_header=None,
            max_size=MESSAGE_MAX,
            max_queue=4,
            open_timeout=10,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=CLOSE_S,
            logger=_quiet,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, read no more, answer what lands within `FINISH_S`, hang up. Returns within a second."""
        if self._server is None:
            return
        for reader in self._readers:
            reader.cancel()
        self._server.close(close_connections=False)
        for connection in [c for c in self.crowd if c.protocol.state is CONNECTING]:
            connection.transport.abort()
        try:
            async with asyncio.timeout(FINISH_S + CLOSE_S / 2):
                await self._server.wait_closed()
        except TimeoutError:
            for connection in self.crowd:
                connection.transport.abort()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._server.wait_closed()

    def enter(self, connection: _Connection) -> bool:
        """Note a connection that has asked for nothing yet; return False when its address has too many."""
        address = connection.remote_address
        if not self.crowd.enter(connection, str(address[0]) if address else ""):
            self.refused[TOO_MANY_OF_ONE] += 1
            return False
        if (out := self.crowd.too_silent()) is not None:
            self.refused[CROWDED_OUT] += 1
            out.refused_in_words = True
            self.crowd.leave(out)
            out.transport.abort()
        return True

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a request in words its sender can use, or let it in."""
        assert isinstance(connection, _Connection)

        def refuse(status: http.HTTPStatus, reason: str, text: str) -> Response:
            connection.refused_in_words = True
            self.refused[reason] += 1
            response = connection.respond(status, text + "\n")
            if status is http.HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = 'Bearer realm="feed"'
            return response

        try:
            url = urlsplit(request.path)
            query = parse_qs(url.query, keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return refuse(http.HTTPStatus.BAD_REQUEST, "bad path", "Expected /feed/SOURCE?run=ID.")
        top, _, name = unquote(url.path).removeprefix("/").partition("/")
        ledger = self._ledgers.get(name) if top == "feed" else None
        if ledger is None:
            return refuse(
                http.HTTPStatus.NOT_FOUND,
                "unknown source",
                "No such source. Expected /feed/SOURCE with a source that the site's file declares.",
            )
        if not _token_fits(request, ledger.settings.token_sha256):
            return refuse(
                http.HTTPStatus.UNAUTHORIZED,
                "wrong token",
                "Missing or wrong token. Send the header 'Authorization: Bearer TOKEN' with this source's token "
                "(the site's file, [[source]] token or token_env).",
            )
        run = query.get("run", [""])[-1]
        if run and not _RUN.fullmatch(run):
            return refuse(
                http.HTTPStatus.BAD_REQUEST, "bad run", f"run must be 1 to {RUN_MAX} printable ASCII characters."
            )
        if not self.crowd.admit(connection):
            return refuse(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", "Too many connections.")
        connection.ledger = ledger
        connection.run = run if ledger.sequenced else ""
        return None

    async def _connected(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Connection) and connection.ledger is not None
        ledger = connection.ledger
        answers: asyncio.Queue[Pending] = asyncio.Queue(WINDOW)  # full: nothing more is read
        reader = asyncio.create_task(self._read(connection, ledger, answers))
        sender = asyncio.create_task(self._answer(connection, answers))
        self._readers.add(reader)
        ledger.connections += 1
        log.info("feed_open source=%s", ledger.settings.id)
        try:
            await asyncio.wait({reader, sender}, return_when=asyncio.FIRST_COMPLETED)
            if reader.cancelled():  # the gateway stops: what lands in time is still answered
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FINISH_S):
                        await answers.join()
                await connection.close(CloseCode.GOING_AWAY, "the gateway stops")
        finally:
            self._readers.discard(reader)
            reader.cancel()
            sender.cancel()
            ended = await asyncio.gather(reader, sender, return_exceptions=True)
            ledger.connections -= 1
            self.crowd.leave(connection)
            log.info("feed_closed source=%s", ledger.settings.id)
            for fault in ended:
                if isinstance(fault, Exception) and not isinstance(fault, ConnectionClosed):
                    log.error("feed_failed source=%s error=%r", ledger.settings.id, type(fault).__name__)

    async def _read(self, connection: _Connection, ledger: Ledger, answers: asyncio.Queue[Pending]) -> None:
        decoder = self._adapters[ledger.settings.adapter].open()
        ordinal = 0
        while True:
            try:
                frame = await connection.recv(decode=False)
            except ConnectionClosed as closed:
                if closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
                    ledger.refuse(connection.run, TOO_LARGE)
                return
            ordinal += 1
            if not self._door.has_room(ledger) and not await self._room(connection, ledger):
                return
            now = self._clock.now()
            pending = self._door.take(ledger, connection.run, decode(decoder, frame, now), now, ordinal)
            await answers.put(pending)

    async def _room(self, connection: _Connection, ledger: Ledger) -> bool:
        """Wait for room in the lane, but not for a peer that has left; return whether he is still there."""
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await self._door.room(ledger)
                    return True
            except TimeoutError:
                if connection.protocol.state is not OPEN:
                    return False

    async def _answer(self, connection: _Connection, answers: asyncio.Queue[Pending]) -> None:
        while True:
            pending = await answers.get()
            await pending.done
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    await connection.send(pending.answer(), text=True)
            except TimeoutError:
                log.warning("feed_cut reason='answers not read'")
                connection.transport.abort()
                return
            answers.task_done()


def _token_fits(request: Request, sha256: str) -> bool:
    try:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    except MultipleValuesError:
        return False
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    # Compared also where the source has no token, so that the time taken does not tell.
    return hmac.compare_digest(digest, sha256 or "-" * 64) and scheme.lower() == "bearer" and bool(sha256)
