"""The door: agencies' feeds by WebSocket (`/feed/<source>`) and by CoT over TCP, into the journal and onto the bus.

Rules
- One answer per WebSocket message, in the order of the messages: acknowledged, duplicate, refused.
- The sequences already journaled are read back before any port opens.
- At most `WINDOW` messages of a connection are unanswered, and a lane holds a bounded number of reports: whoever
  sends faster than the journal takes is held back by his own line.
- Told to stop, it reads no more, finishes the appends in flight, answers them, and is gone within a second.
"""

import asyncio
import contextlib
import hashlib
import hmac
import http
import logging
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN

from feeds import adapters
from feeds.bus import BatchId, Bus
from feeds.clock import Clock
from feeds.door import TOO_LARGE, Door, Pending, decode
from feeds.errors import BusDown, ConfigError
from feeds.lane import Lane
from feeds.ledger import Ledger
from feeds.names import RUN_MAX, AgencyId
from feeds.source import SourceSettings
from feeds.transport import CotPort

log = logging.getLogger(__name__)

WINDOW = 64
"""Messages of one connection that may wait for their answer."""
MESSAGE_MAX = 1024 * 1024
"""Up to here a frame that is too large gets an answer; a larger one ends the connection (1009), bytes."""
CONNECTIONS_MAX = 1000
BEAT_S = 1.0
BUS_WITHIN_S = 5.0
SEND_WITHIN_S = 30.0
"""A peer that does not read its answers for this long is cut off, seconds."""
FINISH_S = 0.5
"""What a stop leaves to appends in flight and their answers, seconds."""
CLOSE_S = 0.2
REMEMBER_S = 600.0
"""How far back reports of dialects without sequences are read at start, seconds."""

_RUN = re.compile(rf"[!-~]{{1,{RUN_MAX}}}")
_quiet = logging.getLogger("feeds.gateway.websockets")
_quiet.setLevel(logging.CRITICAL)
"""The library's own words, with tracebacks for every junk request; we count and say it in our own."""


class _Connection(ServerConnection):
    """A WebSocket connection that knows its source."""

    gateway: "Gateway"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ledger: Ledger | None = None
        self.run = ""
        self.refused_as = ""

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Perform the opening handshake, and count one that failed."""
        self.gateway.connections.add(self)
        try:
            await super().handshake(*args, **kwargs)
        finally:
            if self.protocol.state is not OPEN:
                self.gateway.refused[self.refused_as or "not a WebSocket request"] += 1
                self.gateway.connections.discard(self)


class Gateway:
    """Runs both doors of a site. Ports given as 0 are chosen by the system; read them once `ready` is set."""

    def __init__(
        self,
        bus: Bus,
        sources: Sequence[SourceSettings],
        agencies: Sequence[AgencyId],
        clock: Clock,
        bind: str = "127.0.0.1",
        feed_port: int = 8052,
        cot_port: int = 8087,
    ) -> None:
        """Prepare the doors. Raises ConfigError for a source whose agency or adapter does not exist."""
        self.feed_port = feed_port
        self.cot_port = cot_port
        self.ready = asyncio.Event()
        self.refused: Counter[str] = Counter()
        """Connections, and events on the CoT port, that belong to no source: counted by reason."""
        self.connections: set[_Connection] = set()
        self._bus = bus
        self._clock = clock
        self._bind = bind
        self._lanes = {agency: Lane(agency, bus) for agency in agencies}
        self._door = Door(self._lanes)
        self._ledgers: dict[str, Ledger] = {}
        self._adapters = {}
        for i, source in enumerate(sources):
            if source.agency not in self._lanes:
                raise ConfigError(f"source[{i}].agency", f"no agency {source.agency!r}")
            try:
                adapter = adapters.load(source.adapter)
            except KeyError:
                raise ConfigError(f"source[{i}].adapter", f"no adapter {source.adapter!r}") from None
            self._adapters[source.id] = adapter
            self._ledgers[source.id] = Ledger(source, sequenced=adapter.sequenced)
        try:
            self._cot = CotPort(
                self._door, [x for x in self._ledgers.values() if x.settings.adapter == "cot"], clock, self.refused
            )
        except ValueError as error:
            raise ConfigError("source.peers", f"not an address: {error}") from error
        self._readers: set[asyncio.Task[None]] = set()
        self._told: Counter[str] = Counter()
        self._beating = True

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. Raises OSError when a port is taken."""
        stopping = asyncio.create_task(stop.wait())
        tasks = [asyncio.create_task(lane.run()) for lane in self._lanes.values()]
        server: Server | None = None
        try:
            recovering = asyncio.create_task(self._recover())
            tasks.append(recovering)
            await asyncio.wait({stopping, recovering}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            recovering.result()
            tasks.remove(recovering)
            server = await self._open()
            tasks.append(asyncio.create_task(self._beat()))
            log.info("gateway_open feed_port=%d cot_port=%d", self.feed_port, self.cot_port)
            self.ready.set()
            done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # a lane or the heartbeat ended: a fault, and the process ends with it
        finally:
            await self._close(server)
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    async def _open(self) -> Server:
        connection = type("_Connection", (_Connection,), {"gateway": self})
        server = await serve(
            self._connected,
            self._bind,
            self.feed_port,
            process_request=self._admit,
            create_connection=connection,
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
        self.feed_port = server.sockets[0].getsockname()[1]
        try:
            await self._cot.start(self._bind, self.cot_port)
        except OSError:
            server.close()
            raise
        self.cot_port = self._cot.port
        return server

    async def _close(self, server: Server | None) -> None:
        for reader in self._readers:
            reader.cancel()
        if server is None:
            return
        server.close(close_connections=False)
        self._abort([c for c in self.connections if c.protocol.state is CONNECTING])
        await self._cot.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S + CLOSE_S / 2):
                await asyncio.gather(*(lane.idle() for lane in self._lanes.values()))
                await server.wait_closed()
        self._abort(list(self.connections))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await server.wait_closed()
        log.info("gateway_closed unfinished=%d", sum(lane.queued for lane in self._lanes.values()))

    def _abort(self, connections: Sequence[_Connection]) -> None:
        for connection in connections:
            connection.transport.abort()

    # ---- before the door opens

    async def _recover(self) -> None:
        """Read back what is journaled, so that a sender that resends after our restart gets duplicates."""
        for agency in self._lanes:
            while True:
                try:
                    await self._recover_agency(agency)
                    break
                except BusDown as error:
                    log.warning("recover_waits agency=%s error=%s", agency, error)
                    await asyncio.sleep(0.2)

    async def _recover_agency(self, agency: AgencyId) -> None:
        for (source, run), ranges in (await self._bus.sequences(agency)).items():
            if (ledger := self._ledgers.get(source)) is not None and ledger.sequenced:
                ledger.recover(run, ranges)
        plain = {x.settings.id: x for x in self._of(agency) if not x.sequenced}
        at = BatchId(max(0, int((self._clock.now() - REMEMBER_S) * 1000)), 0)
        while plain and (page := await self._bus.read(agency, at, 50)):
            at = page[-1].id
            for delivery in page:
                for parcel in delivery.batch.parcels:
                    if (ledger := plain.get(parcel.source)) is not None:
                        for report in parcel.reports:
                            ledger.remember(report)

    def _of(self, agency: AgencyId) -> list[Ledger]:
        return [ledger for ledger in self._ledgers.values() if ledger.settings.agency == agency]

    # ---- heartbeat

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await asyncio.gather(*(self._beat_agency(agency) for agency in self._lanes))
            self._tell()
            due = max(due + BEAT_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _beat_agency(self, agency: AgencyId) -> None:
        try:
            async with asyncio.timeout(BUS_WITHIN_S):
                await self._bus.beat(agency, [x.health() for x in self._of(agency)], self._clock.now())
        except (BusDown, TimeoutError) as error:
            if self._beating:
                log.warning("beat_failed agency=%s error=%s", agency, error)
            self._beating = False
        else:
            self._beating = True

    def _tell(self) -> None:
        """Say once a second what was refused since, not once per refusal: a scanner must not fill the log."""
        for reason, count in (self.refused - self._told).items():
            log.warning("refused reason=%r count=%d", reason, count)
        self._told = Counter(self.refused)

    # ---- one connection

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a request in words its sender can use, or let it in."""
        assert isinstance(connection, _Connection)

        def refuse(status: http.HTTPStatus, reason: str, text: str) -> Response:
            connection.refused_as = reason
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
        if len(self.connections) > CONNECTIONS_MAX:
            return refuse(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", "Too many connections.")
        run = query.get("run", [""])[-1]
        if run and not _RUN.fullmatch(run):
            return refuse(
                http.HTTPStatus.BAD_REQUEST, "bad run", f"run must be 1 to {RUN_MAX} printable ASCII characters."
            )
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
            self.connections.discard(connection)
            log.info("feed_closed source=%s", ledger.settings.id)
            for fault in ended:
                if isinstance(fault, Exception) and not isinstance(fault, ConnectionClosed):
                    log.error("feed_failed source=%s error=%r", ledger.settings.id, type(fault).__name__)

    async def _read(self, connection: _Connection, ledger: Ledger, answers: asyncio.Queue[Pending]) -> None:
        decoder = self._adapters[ledger.settings.id].open()
        ordinal = 0
        while True:
            try:
                frame = await connection.recv(decode=False)
            except ConnectionClosed as closed:
                if closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
                    ledger.refuse(connection.run, TOO_LARGE)
                return
            ordinal += 1
            await self._room(connection, ledger)
            now = self._clock.now()
            pending = self._door.take(ledger, connection.run, decode(decoder, frame, now), now, ordinal)
            await answers.put(pending)

    async def _room(self, connection: _Connection, ledger: Ledger) -> None:
        """Wait for room in the lane, but not for a peer that has left. Raises ConnectionClosed."""
        while True:
            try:
                async with asyncio.timeout(1.0):
                    return await self._door.room(ledger)
            except TimeoutError:
                if connection.protocol.state is not OPEN:
                    raise connection.protocol.close_exc from None

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
