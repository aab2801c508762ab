"""Which sequence numbers have been journaled, as sets of ranges, by source and run. Pure.

Kept as ranges because a run is nearly always one: a day at 10 reports a second is one pair of numbers.
A number is a duplicate only when it is in here, never merely because a larger one was seen.
"""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from feeds.errors import DecodeError
from feeds.names import SourceId

Range = tuple[int, int]
"""Inclusive: first and last."""

RUNS_MAX = 10_000
"""Runs remembered of what was trimmed; the longest unheard go first."""
RANGES_MAX = 10_000
"""Ranges remembered of one run: a counter shared with another receiver leaves a hole after every report."""
ALL_RANGES_MAX = 100_000
"""Ranges remembered of all runs; the runs longest unheard go first, the newest always stays."""


class Seen:
    """The numbers seen, as sorted, disjoint, non-touching inclusive ranges. Adding in order is O(1)."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self.merge(ranges)

    def __contains__(self, seq: int) -> bool:
        """Say whether `seq` was seen."""
        at = bisect_right(self._firsts, seq) - 1
        return at >= 0 and seq <= self._lasts[at]

    def __len__(self) -> int:
        """Return how many numbers were seen."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def add(self, seq: int) -> bool:
        """Note `seq`; return whether it is new."""
        if self._lasts and seq == self._lasts[-1] + 1:
            self._lasts[-1] = seq
            return True
        if seq in self:
            return False
        self._join(seq, seq)
        return True

    def meets(self, first: int, last: int) -> bool:
        """Say whether any number of `first`..`last` was seen."""
        at = bisect_right(self._firsts, last) - 1
        return at >= 0 and first <= self._lasts[at]

    def merge(self, ranges: Iterable[Range]) -> None:
        """Note every number of `ranges`, in any order, overlapping or not."""
        for first, last in ranges:
            if first <= last:
                self._join(first, last)

    def bound(self, most: int = RANGES_MAX) -> None:
        """Forget the smallest numbers when there are more than `most` ranges: half of them, so that it is rare."""
        if len(self._firsts) > most:
            gone = len(self._firsts) - most // 2
            del self._firsts[:gone], self._lasts[:gone]

    @property
    def count(self) -> int:
        """How many ranges there are."""
        return len(self._firsts)

    @property
    def ranges(self) -> list[Range]:
        """The numbers seen, smallest range first."""
        return list(zip(self._firsts, self._lasts, strict=True))

    @property
    def gaps(self) -> int:
        """How many numbers are missing between the smallest and the largest seen."""
        return self._lasts[-1] - self._firsts[0] + 1 - len(self) if self._firsts else 0

    @property
    def last(self) -> int | None:
        """The largest number seen; None when none was."""
        return self._lasts[-1] if self._lasts else None

    def _join(self, first: int, last: int) -> None:
        """Put `first`..`last` in, swallowing what it overlaps or touches."""
        left = bisect_right(self._firsts, first) - 1
        if left < 0 or self._lasts[left] + 1 < first:
            left += 1
        right = bisect_right(self._firsts, last + 1)
        if left < right:
            first = min(first, self._firsts[left])
            last = max(last, self._lasts[right - 1])
        self._firsts[left:right] = [first]
        self._lasts[left:right] = [last]


class Runs:
    """The numbers seen of many runs, at most `RANGES_MAX` ranges each; the run heard longest ago comes first."""

    def __init__(self) -> None:
        self._runs: dict[tuple[SourceId, str], Seen] = {}

    def add(self, source: SourceId, run: str, seq: int) -> bool:
        """Note `seq`; return whether it is new. The run becomes the newest."""
        seen = self._touch(source, run)
        new = seen.add(seq)
        seen.bound()
        return new

    def merge(self, source: SourceId, run: str, ranges: Iterable[Range]) -> None:
        """Note `ranges`. The run becomes the newest."""
        seen = self._touch(source, run)
        seen.merge(ranges)
        seen.bound()

    def ranges(self) -> dict[tuple[SourceId, str], list[Range]]:
        """Return the ranges by source and run, longest unheard first."""
        return {key: seen.ranges for key, seen in self._runs.items()}

    def forget(self, keep: int = RUNS_MAX, ranges: int = ALL_RANGES_MAX) -> None:
        """Keep only the `keep` newest runs, and of these the newest that have `ranges` ranges together."""
        total = 0
        for kept, (key, seen) in enumerate(reversed(list(self._runs.items()))):
            total += seen.count
            if kept >= keep or (total > ranges and kept):
                del self._runs[key]

    def encode(self) -> bytes:
        """Return them as bytes, for the record that is written before a trim."""
        return _encode([(source, run, seen.ranges) for (source, run), seen in self._runs.items()])

    def merge_encoded(self, data: bytes) -> None:
        """Note what `encode` wrote. Raises DecodeError."""
        try:
            record = _decode(data)
        except msgspec.DecodeError as error:
            raise DecodeError(f"record of trimmed sequences cannot be read: {error}") from error
        for source, run, ranges in record:
            self.merge(source, run, ranges)

    def _touch(self, source: SourceId, run: str) -> Seen:
        seen = self._runs.pop((source, run), None)
        if seen is None:
            seen = Seen()
        self._runs[source, run] = seen
        return seen


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[SourceId, str, list[Range]]]).decode
