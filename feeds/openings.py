"""The ways in that ask for no token: the site's CoT port, each source's `listen`, and the lines of each `connect`.

Sources of one dialect may share a port; `feeds/claims.py` tells them apart.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from feeds import adapters
from feeds.byte_feed import ByteFeed
from feeds.clock import Clock
from feeds.datagram_port import DatagramPort
from feeds.dialled_feed import DialledFeed
from feeds.door import Door
from feeds.ledger import Ledger
from feeds.stream_port import StreamPort

COT = "cot"
"""What the site's CoT port is called here."""

_LISTEN = re.compile(r"(tcp|udp):(?:(\[[0-9a-fA-F:.]+\]|[0-9.]+):)?([0-9]{1,5})")
_CONNECT = re.compile(r"tcp://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})")


class Listen(NamedTuple):
    """A port as the site's file writes it."""

    kind: str
    """`tcp` or `udp`."""
    address: str
    """Of this machine; empty: the site's `bind`."""
    port: int

    @classmethod
    def parse(cls, text: str) -> "Listen":
        """Return what `tcp:9001` or `udp:10.0.0.4:9001` says. Raises ValueError."""
        found = _LISTEN.fullmatch(text)
        if found is None or int(found[3]) > 65535:
            raise ValueError(f"{text!r} is not a port like tcp:9001 or udp:10.0.0.4:9001")
        return cls(found[1], (found[2] or "").strip("[]"), int(found[3]))


class Address(NamedTuple):
    """Where a byte stream is fetched, as the site's file writes it."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Return what `tcp://HOST:PORT` says. Raises ValueError."""
        found = _CONNECT.fullmatch(text)
        if found is None or not 0 < int(found[2]) <= 65535:
            raise ValueError(f"{text!r} is not an address like tcp://192.0.2.7:30003")
        return cls(found[1].strip("[]"), int(found[2]))


class Openings:
    """See the head."""

    def __init__(self, ledgers: Iterable[Ledger], door: Door, clock: Clock, refused: Counter[str]) -> None:
        """Prepare them. Raises ValueError for what is no address."""
        shared: dict[str, list[Ledger]] = {COT: []}
        self.dialled: list[DialledFeed] = []

        def feed(speakers: list[Ledger], dialect: str) -> ByteFeed:
            return ByteFeed(door, adapters.load(dialect), speakers, clock, refused)

        for ledger in ledgers:
            settings = ledger.settings
            if settings.listen:
                shared.setdefault(settings.listen, []).append(ledger)
            elif settings.connect:
                dialled = feed([ledger], settings.adapter)
                self.dialled.append(DialledFeed(dialled, ledger, *Address.parse(settings.connect)))
            elif settings.adapter == COT:
                shared[COT].append(ledger)
        self._ports: dict[str, StreamPort | DatagramPort] = {}
        for name, speakers in shared.items():
            byte_feed = feed(speakers, speakers[0].settings.adapter if speakers else COT)
            udp = name != COT and Listen.parse(name).kind == "udp"
            self._ports[name] = DatagramPort(byte_feed) if udp else StreamPort(byte_feed)

    async def open(self, bind: str, cot_port: int) -> dict[str, int]:
        """Listen; return the ports, by name. Raises OSError when one is taken."""
        for name, port in self._ports.items():
            listen = Listen("tcp", "", cot_port) if name == COT else Listen.parse(name)
            await port.start(listen.address or bind, listen.port)
        return {name: port.port for name, port in self._ports.items()}

    async def close(self) -> None:
        """Listen no more."""
        for port in self._ports.values():
            await port.stop()
