"""How many reports a second a source may bring: a bucket that fills with time. Pure: time is an argument.

The bucket may be overdrawn by one frame, and then nothing more is read until it is full enough again: a sender that
is too fast is held back by its own line, and loses nothing.
"""

import math

BURST_S = 4.0
"""Of silence are saved up, seconds: feeds come in bursts, and after a cut with everything that waited."""


class Rate:
    """`most` reports a second; 0: as many as come."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._left = most * BURST_S
        self._at: float | None = None

    def spend(self, reports: int, at: float) -> None:
        """Note what was brought at `at`, seconds by a clock that never goes back."""
        if self._most:
            self._fill(at)
            self._left -= reports

    def left(self, at: float) -> float:
        """Return how many reports the source may bring at once now."""
        if not self._most:
            return math.inf
        self._fill(at)
        return self._left

    def wait_s(self, at: float) -> float:
        """Return after how many seconds the source may bring more; 0: now."""
        if not self._most:
            return 0.0
        self._fill(at)
        return max(0.0, -self._left / self._most)

    def _fill(self, at: float) -> None:
        if self._at is not None:
            self._left = min(self._most * BURST_S, self._left + (at - self._at) * self._most)
        self._at = at
