"""A UDP port on which a dialect is spoken in datagrams, as many vehicles' modems do: each `listen = "udp:PORT"`.

Whoever can reach it can pretend to be anybody: open it to networks you trust. A datagram cannot be held back, so
what comes faster than its source may send is refused, and counted.
"""

import asyncio
import logging
from collections import OrderedDict
from typing import Any

from feeds.byte_feed import ByteFeed, Peer

log = logging.getLogger(__name__)

PEERS_MAX = 2000
"""Addresses remembered with what their dialect holds of them; the one unheard longest goes first."""


class DatagramPort(asyncio.DatagramProtocol):
    """See the head."""

    def __init__(self, feed: ByteFeed) -> None:
        self.port = 0
        """The port it listens on, once started."""
        self._feed = feed
        self._transport: asyncio.DatagramTransport | None = None
        self._peers: OrderedDict[tuple[Any, ...], Peer] = OrderedDict()

    async def start(self, bind: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(bind, port))
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Listen no more; what was taken stays with the lanes."""
        if self._transport is not None:
            self._transport.abort()
        while self._peers:
            self._peers.popitem()[1].forget()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take one datagram."""
        peer = self._peers.get(addr)
        if peer is None:
            peer = self._peers[addr] = self._feed.peer(str(addr[0]), lambda reply: self._send(reply, addr), lambda: 0)
            if len(self._peers) > PEERS_MAX:
                self._peers.popitem(last=False)[1].forget()
        self._peers.move_to_end(addr)
        peer.datagram(data)

    def error_received(self, exc: Exception) -> None:
        """Ignore that a reply reached nobody: the next datagram says that its sender is there."""

    def _send(self, reply: bytes, addr: tuple[Any, ...]) -> None:
        assert self._transport is not None
        unsent = self._transport.get_write_buffer_size()  # type: ignore[attr-defined]  # it has it, its stub has not
        if not self._transport.is_closing() and not unsent:
            self._transport.sendto(reply, addr)
