"""Feeds that come as a byte stream: the TCP port for Cursor on Target.

This port has no token and no answer. Which source an event belongs to is decided by the site's file: the prefix of
its uid, else the address it came from, else the source that takes what nobody claims; else it is refused.

Rules
- An event is at most 64 kB. Junk without an end is dropped and counted at 64 kB; after 8 such in a row we hang up.
- A connection that says nothing for ten minutes is closed: half-open ones would stay for ever.
- A place is taken by who has sent an event; silent connections wait in a small crowd of their own (`feeds/crowd.py`).
- A ping is answered, or ATAK hangs up; nothing else is ever sent.
- While the journal does not take, we do not read: the sender's own line holds it back.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections import Counter
from collections.abc import Sequence

from feeds import adapters, cot_xml
from feeds.adapter import FRAME_MAX, Decoded, Decoder
from feeds.clock import Clock
from feeds.crowd import Crowd
from feeds.door import TOO_LARGE, Door, decode, refused
from feeds.ledger import Ledger

log = logging.getLogger(__name__)

IDLE_S = 600.0
"""Longest silence of a connection, seconds."""
OVERFLOWS_MAX = 8
"""Frames without an end, one after the other, before we hang up."""
CONNECTIONS_MAX = 1000
"""Connections that have sent an event."""
SILENT_MAX = 200
"""Connections that have not."""
PLACE_MAX = 300
"""Connections from one address: behind one may be a whole operation's devices."""
_CHUNK = 64 * 1024
_PONG_BUFFER = 16 * 1024
"""A peer that asks and does not read gets no more pongs than fit in here, bytes."""

CROWDED_OUT = "silent CoT connection crowded out"
TOO_MANY = "too many CoT connections"
TOO_MANY_OF_ONE = "too many CoT connections of one address"
UNCLAIMED = "no source claims this uid or address"

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Claims:
    """Which source an event belongs to."""

    def __init__(self, ledgers: Sequence[Ledger]) -> None:
        self._prefixes = sorted(
            ((prefix, ledger) for ledger in ledgers for prefix in ledger.settings.uid_prefixes),
            key=lambda claim: -len(claim[0]),
        )
        self._networks: list[tuple[_Network, Ledger]] = []
        for ledger in ledgers:
            for peer in ledger.settings.peers:
                self._networks.append((ipaddress.ip_network(peer, strict=False), ledger))
        self._rest = next((ledger for ledger in ledgers if ledger.settings.catch_all), None)

    def source(self, uid: str, peer: str) -> Ledger | None:
        """Return the source by the longest uid prefix, else by the peer's address, else the one for the rest."""
        for prefix, ledger in self._prefixes:
            if uid.startswith(prefix):
                return ledger
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(peer)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            for network, ledger in self._networks:
                if (mapped or address) in network:
                    return ledger
        return self._rest


class CotPort:
    """The TCP port. `ledgers` are the sources that speak CoT; `refused` counts what belongs to no source."""

    def __init__(
        self, door: Door, ledgers: Sequence[Ledger], clock: Clock, refused: Counter[str], *, idle_s: float = IDLE_S
    ) -> None:
        self.port = 0
        """The port it listens on, once started."""
        self._door = door
        self._claims = Claims(ledgers)
        self._clock = clock
        self._refused = refused
        self._idle_s = idle_s
        self._adapter = adapters.load("cot")
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._crowd: Crowd[asyncio.StreamWriter] = Crowd(
            admitted_max=CONNECTIONS_MAX, silent_max=SILENT_MAX, place_max=PLACE_MAX
        )

    async def start(self, bind: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._connected, bind, port, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more and read no more; what was read stays with the lanes."""
        if self._server is not None:
            self._server.close()
        for task, writer in self._tasks.items():
            task.cancel()
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.3)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = _address(writer)
        if not self._crowd.enter(writer, peer):
            self._refused[TOO_MANY_OF_ONE] += 1
            writer.transport.abort()
            return
        if (out := self._crowd.too_silent()) is not None:
            self._refused[CROWDED_OUT] += 1
            self._crowd.leave(out)
            out.transport.abort()
        self._tasks[task] = writer
        connection = _Connection(self, writer, peer)
        try:
            await connection.read(reader)
        except TimeoutError:
            log.info("cot_idle_closed idle_s=%g", self._idle_s)
        except (ConnectionError, asyncio.CancelledError):
            pass  # gone, or the gateway stops
        finally:
            connection.forget()
            self._crowd.leave(writer)
            del self._tasks[task]
            writer.transport.abort()

    @property
    def idle_s(self) -> float:
        """Longest silence of a connection, seconds."""
        return self._idle_s

    def opened(self) -> Decoder:
        """Return a decoder for one connection."""
        return self._adapter.open()

    def admit(self, writer: asyncio.StreamWriter) -> bool:
        """Give a connection that has sent an event its place; return False, and count, when the port is full."""
        if self._crowd.admit(writer):
            return True
        self._refused[TOO_MANY] += 1
        return False

    async def take(self, uid: str, peer: str, decoded: Decoded, received_at: float, ordinal: int) -> Ledger | None:
        """Hand one decoded frame to the door as the source that claims it; None when none does."""
        ledger = self._claims.source(uid, peer)
        if ledger is None:
            for _ in range(len(decoded.reports) + len(decoded.refusals)):
                self._refused[UNCLAIMED] += 1
            return None
        await self._door.room(ledger)
        self._door.take(ledger, "", decoded, received_at, ordinal)
        return ledger

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock.now()


def _address(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return str(name[0]) if name else ""


class _Connection:
    """One peer: its decoder, its unfinished event, and the sources it has spoken as."""

    def __init__(self, port: CotPort, writer: asyncio.StreamWriter, peer: str) -> None:
        self._port = port
        self._writer = writer
        self._peer = peer
        self._decoder = port.opened()
        self._sources: dict[int, Ledger] = {}
        self._ordinal = 0

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read until the peer leaves. Raises TimeoutError after the idle limit."""
        stream = cot_xml.Stream()
        overflows = 0
        while True:
            async with asyncio.timeout(self._port.idle_s):
                chunk = await reader.read(_CHUNK)
            if not chunk:
                if held := stream.drop():
                    await self._take(held, refused("cut short"))
                return
            frames = stream.feed(chunk)
            if frames and not self._port.admit(self._writer):
                return
            for frame in frames:
                overflows = 0
                await self._frame(frame)
            if len(stream) > FRAME_MAX:
                await self._take(stream.drop(), refused(TOO_LARGE))
                overflows += 1
                if overflows >= OVERFLOWS_MAX:
                    log.warning("cot_junk_closed frames=%d", overflows)
                    return

    def forget(self) -> None:
        """Count this connection no more."""
        for ledger in self._sources.values():
            ledger.connections -= 1

    async def _frame(self, frame: bytes) -> None:
        now = self._port.now()
        if cot_xml.is_ping(frame) and self._writer.transport.get_write_buffer_size() < _PONG_BUFFER:
            self._writer.write(cot_xml.pong(now))
        await self._take(frame, decode(self._decoder, frame, now))

    async def _take(self, frame: bytes, decoded: Decoded) -> None:
        # An emergency has a uid of its own and belongs to the source of the unit that it is about.
        subject = getattr(decoded.reports[0], "unit_id", "") if decoded.reports else ""
        self._ordinal += 1
        uid = subject or cot_xml.head(frame[:FRAME_MAX]).uid
        ledger = await self._port.take(uid, self._peer, decoded, self._port.now(), self._ordinal)
        if ledger is not None and id(ledger) not in self._sources:
            self._sources[id(ledger)] = ledger
            ledger.connections += 1
