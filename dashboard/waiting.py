"""Connections of a port that wait for a whole request: so many at most, and the one that waited longest goes first.

A browser asks within milliseconds, so whoever floods a port with silent connections pushes out its own.
"""

import asyncio


class Waiting:
    """Those of one port; never more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._transports: dict[asyncio.Transport, None] = {}

    def __len__(self) -> int:
        return len(self._transports)

    def add(self, transport: asyncio.Transport) -> None:
        """Note one that begins to wait; cut the oldest when there are too many."""
        self._transports[transport] = None
        if len(self._transports) > self._most:
            oldest = next(iter(self._transports))
            del self._transports[oldest]
            oldest.abort()

    def remove(self, transport: asyncio.Transport) -> None:
        """Let go of one that asked, or ended."""
        self._transports.pop(transport, None)
