"""Pictures that reviews made on their way, kept for whoever comes by again: bytes by recorded time, bounded. Pure."""

from bisect import bisect_right, insort

EVERY_S = 30.0
"""One is made when there is none within so many recorded seconds before."""
BYTES_MAX = 64 * 1024 * 1024


class Keyframes:
    """All of a review process. They hold everything: nobody is given one."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._size = 0
        self._deletions = 0
        self._times: list[float] = []
        self._kept: dict[float, bytes] = {}
        """Least recently used first."""

    def mind(self, deletions: int) -> None:
        """Drop them all where something was lawfully deleted since: they may show it."""
        if deletions != self._deletions:
            self._deletions = deletions
            self._size = 0
            self._times.clear()
            self._kept.clear()

    def before(self, t: float) -> tuple[float, bytes] | None:
        """Return the newest at or before `t`: its time and the picture."""
        index = bisect_right(self._times, t)
        if not index:
            return None
        at = self._times[index - 1]
        data = self._kept[at] = self._kept.pop(at)
        return at, data

    def wanted(self, t: float) -> bool:
        """Say whether one made at `t` would be of use."""
        index = bisect_right(self._times, t)
        return not index or t - self._times[index - 1] >= EVERY_S

    def keep(self, t: float, data: bytes) -> None:
        """Keep the picture as it stood at `t`; the least used go for it."""
        if t not in self._kept:
            insort(self._times, t)
        self._size += len(data) - len(self._kept.pop(t, b""))
        self._kept[t] = data
        while self._size > self._bytes_max and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            self._size -= len(self._kept.pop(oldest))
            self._times.remove(oldest)
