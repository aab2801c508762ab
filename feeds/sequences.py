"""Which sequence numbers of one run of a source have been journaled: a set of ranges. Pure.

Kept as ranges because a run is nearly always one: a day at 10 reports a second is one pair of numbers.
A number is a duplicate only when it is in here, never merely because a larger one was seen.
"""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]
"""Inclusive: first and last."""


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

    def merge(self, ranges: Iterable[Range]) -> None:
        """Note every number of `ranges`, in any order, overlapping or not."""
        for first, last in ranges:
            if first <= last:
                self._join(first, last)

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
