"""Tiles kept in memory, within a bound of bytes."""

import threading
from collections import OrderedDict

_BYTES = 48 * 1024 * 1024


class TileCache:
    """Tiles by place, the least used forgotten first; at most `limit` bytes. Safe between threads."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._held: OrderedDict[tuple[int, int, int], bytes | None] = OrderedDict()
        self._bytes = 0
        self._limit = limit
        self._lock = threading.Lock()

    def get(self, place: tuple[int, int, int]) -> tuple[bool, bytes | None]:
        """Return whether the place is known, and its tile (None: there is none)."""
        with self._lock:
            if place not in self._held:
                return False, None
            self._held.move_to_end(place)
            return True, self._held[place]

    def put(self, place: tuple[int, int, int], tile: bytes | None) -> None:
        """Remember a tile, or that there is none."""
        with self._lock:
            self._bytes += len(tile or b"") + 64 - self._forget(place)
            self._held[place] = tile
            while self._bytes > self._limit:
                self._bytes -= self._forget(next(iter(self._held)))

    def _forget(self, place: tuple[int, int, int]) -> int:
        if place not in self._held:
            return 0
        return len(self._held.pop(place) or b"") + 64
