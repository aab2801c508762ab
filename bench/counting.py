"""Viewers that count and look no further: a WebSocket client of the least CPU, for the many beside the few that decode.

A harness that shares its two cores with what it measures must not spend them on parsing fifty copies of a frame:
bytes are read into one buffer for all, and of a frame only its head is looked at. The server sees what it sees of
any viewer: a handshake, a `resume`, a peer that reads at once.
"""

import asyncio
import base64
import os
import struct
from urllib.parse import urlsplit

_BUFFER = memoryview(bytearray(1 << 18))
_BINARY = 2
_FIN = 0x80


class Counting(asyncio.BufferedProtocol):
    """One connection. `frames` and `bytes` are of binary messages that ended while `counts` was set."""

    def __init__(self, path: str, host: str, token: str, counts: asyncio.Event) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        self.frames = 0
        self.bytes = 0
        self.seated = asyncio.Event()
        """It has had a binary frame."""
        self.lost = asyncio.Event()
        self._counts = counts
        self._held = bytearray()
        self._upgraded = False
        self._payload = 0
        """Bytes still to come of the frame being read."""
        self._size = 0
        self._opcode = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read to: what is read is looked at before anything else is."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Look at what came."""
        at = 0
        if self._payload and not self._held:
            at = min(self._payload, nbytes)
            self._payload -= at
            if not self._payload:
                self._frame()
        if at == nbytes:
            return
        self._held += _BUFFER[at:nbytes]
        if self._upgraded or self._upgrade():
            self._heads()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self.lost.set()

    def _upgrade(self) -> bool:
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"bench: the stream refused a viewer: {head[:80]!r}")
        self._held = rest
        self._upgraded = True
        said = b'{"type":"resume"}'
        # Masked, as a client must, with a key of zeros.
        self.transport.write(bytes((_FIN | 1, 0x80 | len(said), 0, 0, 0, 0)) + said)
        return True

    def _heads(self) -> None:
        """Take frames out of what is held; of one that is not all there only its length is kept."""
        held = self._held
        while len(held) >= 2:
            size, start = held[1] & 0x7F, 2
            if size >= 126:
                start = 4 if size == 126 else 10
                if len(held) < start:
                    return
                (size,) = struct.unpack_from(">H" if start == 4 else ">Q", held, 2)
            self._opcode, self._size = held[0] & 0x0F, size
            here = min(size, len(held) - start)
            del held[: start + here]
            self._payload = size - here
            if self._payload:
                return
            self._frame()

    def _frame(self) -> None:
        if self._opcode != _BINARY:
            return
        self.seated.set()
        if self._counts.is_set():
            self.frames += 1
            self.bytes += self._size


async def connect(url: str, token: str, counts: asyncio.Event) -> Counting:
    """Return a viewer of `url` (`ws://HOST:PORT/PATH`) that has asked to be let in."""
    address = urlsplit(url)
    made = Counting(address.path, address.netloc, token, counts)
    await asyncio.get_running_loop().create_connection(lambda: made, address.hostname, address.port)
    return made
