"""The feed port: `/feed/<source>?run=ID` with a token, by WebSocket (one answer per message) or by HTTP POST.

Rules
- Answers come in the order of the messages: acknowledged, duplicate, refused.
- At most `WINDOW` messages of a connection are unanswered; whoever sends more is held back by his own line.
- A place is taken by who was let in; who has not asked yet waits in a small crowd of its own (`feeds/crowd.py`).
- Who is refused or cut is told why and what to do (`feeds/admission.py`), and is counted.
- A peer that answers no ping, reads no answers, or takes a minute for one message is cut.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN, Event
from websockets.typing import Subprotocol

from feeds import adapters
from feeds.adapter import Decoder
from feeds.admission import Admitted, Turned, admit
from feeds.answers import Answers
from feeds.clock import Clock
from feeds.crowd import Crowd
from feeds.door import TOO_LARGE, Door, decode
from feeds.http_feed import RETRY_S, HttpFeed, Reply, is_http
from feeds.ledger import Ledger

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
OPEN_WITHIN_S = 10.0
"""By when a connection must have asked for something, seconds."""
PING_S = 20.0
"""Between two pings, and how long the answer may take, seconds."""
SEND_WITHIN_S = 30.0
"""A peer that does not read its answers for this long is cut off, seconds."""
DECODERS_MAX = 100
"""Decoders of one connection that posts, one for each source and unit; the oldest goes first."""
JOURNALED_WITHIN_S = 20.0
"""A POST whose message is not journaled by then is told to come again, seconds."""
FINISH_S = 0.5
"""What a stop leaves to appends in flight and their answers, seconds."""
CLOSE_S = 0.2
SWEEP_S = 5.0
"""Between two looks for messages that do not get whole, seconds."""
SWEEPS_MAX = 12
"""So many looks in a row at the same unfinished message end its connection."""
HUNG_UP = "hung up before a request"
"""Probes that look whether the port is open end so."""
CROWDED_OUT = "crowded out before a request"
TOO_MANY_OF_ONE = "too many connections of one address"
FULL = "too many connections"
NO_PONG = "no answer to pings"
NOT_READ = "answers not read"
NOT_WHOLE = f"a message was not whole within {SWEEP_S * SWEEPS_MAX:.0f} s"

_quiet = logging.getLogger("feeds.feed_port.websockets")
_quiet.setLevel(logging.CRITICAL)
"""The library's own words, with tracebacks for every junk request; we count and say it in our own."""
_CHALLENGE = 'Bearer realm="feed"'


class _Connection(ServerConnection):
    """A connection that knows its source; one that begins as a POST is handed to `HttpFeed` instead."""

    port: "FeedPort"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.admitted: Admitted | None = None
        self.refused_in_words = False
        self.http: HttpFeed | None = None
        self.posts = 0
        """Messages posted over it."""
        self.decoders: dict[tuple[str, str], Decoder] = {}
        """Of its POSTs, by source and unit: dialects may hold state."""
        self.fragments = False
        """Whether a message has begun of which more fragments must come."""
        self.waits = False
        """Whether its next message is waited for."""
        self.unfinished = 0
        """Looks in a row at a message that does not get whole."""
        self._posting: asyncio.Future[None] = self.loop.create_future()
        self._head: bytes | None = b""
        """What came before it was clear what this is; None: it is clear."""

    def data_received(self, data: bytes) -> None:
        """Take bytes, for the library or for `HttpFeed`."""
        if self._head is not None:
            data = self._head + data
            wanted = is_http(data)
            self._head = data if wanted is None else None
            if wanted is None:
                return
            if wanted:
                self.http = HttpFeed(
                    self.transport,
                    lambda path, authorization: self.port.admit_post(self, path, authorization),
                    lambda admitted, body: self.port.post(self, admitted, body),
                    self.drain,
                )
                self._posting.set_result(None)
        if self.http is not None:
            self.http.data(data)
        else:
            super().data_received(data)

    def process_event(self, event: Event) -> None:
        """Note whether a message has begun that is not whole."""
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self.fragments = not event.fin
        super().process_event(event)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio takes True for: keep it open to answer
        """Note that no more comes; a POST may still be answered."""
        if self.http is not None:
            self.http.end()
            return True
        if self._head:
            head, self._head = self._head, None
            super().data_received(head)
        super().eof_received()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the line is gone."""
        if self.http is not None:
            self.http.end()
        super().connection_lost(exc)

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Perform the opening handshake, and count one that failed; or answer POSTs until their line ends."""
        if not self.port.enter(self):
            self.refused_in_words = True
            self.transport.abort()
        try:
            asked = {self.request_rcvd, self.connection_lost_waiter, self._posting}
            await asyncio.wait(asked, timeout=OPEN_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
            if self.http is not None:
                self.refused_in_words = True
                await self._serve_posts(self.http)
            else:
                async with asyncio.timeout(OPEN_WITHIN_S if self.request is not None else 0):
                    await super().handshake(*args, **kwargs)
        finally:
            if self.protocol.state is not OPEN:
                if not self.refused_in_words:
                    self.port.refused[self._what_came()] += 1
                self.port.crowd.leave(self)

    async def _serve_posts(self, http: HttpFeed) -> None:
        try:
            await http.serve()
        finally:
            if self.admitted is not None:
                self.admitted.ledger.connections -= 1
            # Closed at once, what he is still sending would make his side throw our last answer away.
            if not self.transport.is_closing():
                self.transport.write_eof()
            await asyncio.wait({self.connection_lost_waiter}, timeout=CLOSE_S)
            self.transport.close()

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
        self._closing: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None
        self._server: Server | None = None

    async def start(self, bind: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await serve(
            self._connected,
            bind,
            port,
            process_request=self._admit,
            select_subprotocol=self._subprotocol,
            create_connection=type("_Connection", (_Connection,), {"port": self}),
            compression=None,
            server_header=None,
            max_size=MESSAGE_MAX,
            max_queue=4,
            open_timeout=None,  # a POST may take longer: `_Connection.handshake` has its own
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=CLOSE_S,
            logger=_quiet,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Listen no more, read no more, answer what lands within `FINISH_S`, hang up. Returns within a second."""
        if self._server is None:
            return
        assert self._sweeping is not None
        self._sweeping.cancel()
        for reader in self._readers:
            reader.cancel()
        self._server.close(close_connections=False)
        for connection in [c for c in self.crowd if c.protocol.state is CONNECTING]:
            if connection.http is not None and connection.http.answering:
                connection.http.end()
            else:
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
        try:
            authorization = request.headers.get("Authorization", "")
        except MultipleValuesError:
            authorization = ""
        found = self._let_in(connection, request.path, authorization)
        if isinstance(found, Admitted):
            connection.admitted = found
            return None
        response = connection.respond(found.status, found.text + "\n")
        if found.status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = _CHALLENGE
        return response

    def _subprotocol(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Return the first that its dialect knows of what a sender offers; None is no refusal."""
        assert isinstance(connection, _Connection) and connection.admitted is not None
        known = self._adapters[connection.admitted.ledger.settings.adapter].subprotocols
        return next((name for name in offered if name in known), None)

    def _let_in(self, connection: _Connection, path: str, authorization: str) -> Admitted | Turned:
        """Return who sends, with his place in the port, or why he may not, counted."""
        found = admit(path, authorization, self._ledgers)
        if isinstance(found, Admitted) and not self.crowd.admit(connection):
            found = Turned(HTTPStatus.SERVICE_UNAVAILABLE, FULL, "Too many connections.")
        if isinstance(found, Turned):
            connection.refused_in_words = True
            self.refused[found.reason] += 1
        return found

    def admit_post(self, connection: _Connection, path: str, authorization: str) -> Admitted | Reply:
        """Return who posts, or why he may not."""
        found = self._let_in(connection, path, authorization)
        if isinstance(found, Admitted):
            if connection.admitted is None:
                connection.admitted = found
                found.ledger.connections += 1
            return found
        headers: tuple[tuple[str, str], ...] = ()
        if found.status is HTTPStatus.UNAUTHORIZED:
            headers = (("WWW-Authenticate", _CHALLENGE),)
        elif found.status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers = (("Retry-After", str(RETRY_S)),)
        return Reply(found.status, found.text.encode() + b"\n", json=False, headers=headers)

    async def post(self, connection: _Connection, admitted: Admitted, body: bytes) -> Reply:
        """Take one POST and return its answer once it is journaled."""
        ledger = admitted.ledger
        adapter = self._adapters[ledger.settings.adapter]
        again = Reply(
            HTTPStatus.SERVICE_UNAVAILABLE,
            b"Not journaled yet: send it again.\n",
            False,
            (("Retry-After", str(RETRY_S)),),
        )
        key = (ledger.settings.id, admitted.unit)
        decoder = connection.decoders.get(key)
        try:
            async with asyncio.timeout(JOURNALED_WITHIN_S):
                if decoder is None:
                    await self._door.catch_up(ledger)
                if not await self._door.enter(ledger, len(body), lambda: not connection.transport.is_closing()):
                    return again
        except TimeoutError:
            return again
        if decoder is None:
            decoder = connection.decoders[key] = adapter.open(ledger.settings.opening(admitted.unit))
            if len(connection.decoders) > DECODERS_MAX:
                del connection.decoders[next(iter(connection.decoders))]
        now = self._clock.now()
        connection.posts += 1
        pending = self._door.take(ledger, admitted.run, decode(decoder, body, now), now, connection.posts)
        await asyncio.wait({pending.done}, timeout=JOURNALED_WITHIN_S)
        if not pending.done.done():
            return again
        if adapter.http_answer is not None:
            # Its senders read no reasons, and send again for ever what is not answered by a 200.
            return Reply(HTTPStatus.OK, adapter.http_answer)
        return Reply(HTTPStatus.UNPROCESSABLE_ENTITY if pending.nothing_taken else HTTPStatus.OK, pending.answer())

    async def _sweep(self) -> None:
        """Cut, for ever, connections whose message does not get whole."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for connection in list(self.crowd):
                if connection.admitted is None or connection.http is not None or not connection.waits:
                    continue
                begun = bool(connection.protocol.reader.buffer) or connection.fragments
                connection.unfinished = connection.unfinished + 1 if begun else 0
                if connection.unfinished >= SWEEPS_MAX:
                    connection.admitted.ledger.cut(NOT_WHOLE)
                    connection.waits = False  # to hang up takes a moment: it counts once
                    self._closing.add(closing := asyncio.create_task(_hang_up(connection, NOT_WHOLE)))
                    closing.add_done_callback(self._closing.discard)

    async def _connected(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Connection) and connection.admitted is not None
        ledger = connection.admitted.ledger
        answers = Answers(connection, WINDOW)  # full: nothing more is read
        reader = asyncio.create_task(self._read(connection, connection.admitted, answers))
        watch = asyncio.create_task(self._cut_unread(connection, ledger, answers))
        self._readers.add(reader)
        ledger.connections += 1
        log.info("feed_open source=%s", ledger.settings.id)
        try:
            await asyncio.wait({reader, watch}, return_when=asyncio.FIRST_COMPLETED)
            if reader.cancelled():  # the gateway stops: what lands in time is still answered
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FINISH_S):
                        await answers.all_written()
                await connection.close(CloseCode.GOING_AWAY, "the gateway stops")
        finally:
            self._readers.discard(reader)
            reader.cancel()
            watch.cancel()
            ended = await asyncio.gather(reader, watch, return_exceptions=True)
            ledger.connections -= 1
            self.crowd.leave(connection)
            log.info("feed_closed source=%s", ledger.settings.id)
            for fault in ended:
                if isinstance(fault, Exception) and not isinstance(fault, ConnectionClosed):
                    log.error("feed_failed source=%s error=%r", ledger.settings.id, type(fault).__name__)

    async def _read(self, connection: _Connection, admitted: Admitted, answers: Answers) -> None:
        ledger, run, unit = admitted
        decoder = self._adapters[ledger.settings.adapter].open(ledger.settings.opening(unit))
        ordinal = 0
        if not await self._door.catch_up(ledger, lambda: connection.protocol.state is OPEN):
            return
        while True:
            connection.waits = True
            try:
                frame = await connection.recv(decode=False)
            except ConnectionClosed as closed:
                sent = closed.sent
                if sent is not None and sent.code == CloseCode.MESSAGE_TOO_BIG:
                    ledger.refuse(run, TOO_LARGE)
                elif sent is not None and sent.code == CloseCode.INTERNAL_ERROR and "ping" in sent.reason:
                    ledger.cut(NO_PONG)
                return
            connection.waits, connection.unfinished = False, 0
            ordinal += 1
            if not await self._door.enter(ledger, len(frame), lambda: connection.protocol.state is OPEN):
                return
            now = self._clock.now()
            await answers.add(self._door.take(ledger, run, decode(decoder, frame, now), now, ordinal))

    async def _cut_unread(self, connection: _Connection, ledger: Ledger, answers: Answers) -> None:
        while True:
            await answers.stuck.wait()
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    if not await answers.until_taken():
                        return
            except TimeoutError:
                ledger.cut(NOT_READ)
                connection.transport.abort()
                return


async def _hang_up(connection: _Connection, reason: str) -> None:
    """Say why, and cut a peer that does not hang up in turn."""
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(1.0):
            await connection.close(CloseCode.POLICY_VIOLATION, reason)
    connection.transport.abort()
