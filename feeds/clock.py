"""The clock as a value: cores take time as an argument, shells take it from one of these."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a shell reads the time."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        return time.time()


WAITED_OUT_S = 60.0
"""A step back of up to this is waited out, seconds."""


class OnwardClock:
    """A clock that does not run back when the machine's is set back a little: it stands until that has caught up.

    So what is received later is never stamped earlier, and the picture, which goes by the earlier of observed and
    received, does not take a minute's reports for old ones. A larger step is followed: times that are far off for
    long would make silence look like calm.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = float("-inf")

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        now = self._clock.now()
        if not 0.0 < self._last - now <= WAITED_OUT_S:
            self._last = now
        return self._last
