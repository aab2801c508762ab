"""One viewer's place in the stream, without I/O: what to send next, given how much it has not taken yet.

Rules
- A viewer who keeps up gets the class's own frame of the tick, the same bytes as everybody.
- Above the high water mark nothing more is written to it: positions are `latest`, what it misses in between
  need not be told. It is slow, not gone: it is never disconnected for that.
- Only below the low water mark is it served again, with one frame from the revision it has to now, and every
  event it missed. One mark instead of two would switch it on and off with every frame.
- So what waits for one viewer is bounded: the high mark and one frame.
"""

from enum import Enum, auto

HIGH_WATER = 256 * 1024
"""Unsent bytes above which a viewer is slow."""
LOW_WATER = 32 * 1024
"""Unsent bytes below which it is served again."""


class Next(Enum):
    """What a viewer gets at a tick."""

    NOTHING = auto()
    """It has all, or it is slow."""
    FOLLOW = auto()
    """The frame of this tick."""
    CATCH_UP = auto()
    """One frame from its own revision and event to now."""


class Subscription:
    """Where one viewer is: the revision and the last event it was sent. 0: nothing yet."""

    def __init__(self, rev: int = 0, event: int = 0) -> None:
        self.rev = rev
        self.event = event
        self.slow = False
        self.times_slow = 0

    def next(self, unsent: int, before: int, now: int) -> Next:
        """Return what to send: `unsent` bytes wait; the class went from revision `before` to `now` in this tick."""
        if not self.ready(unsent):
            return Next.NOTHING
        if self.rev == now:
            return Next.NOTHING
        return Next.FOLLOW if self.rev == before and self.rev else Next.CATCH_UP

    def ready(self, unsent: int) -> bool:
        """Say whether anything may be written to the viewer now."""
        if self.slow:
            self.slow = unsent > LOW_WATER
        elif unsent > HIGH_WATER:
            self.slow = True
            self.times_slow += 1
        return not self.slow

    def sent(self, rev: int, event: int) -> None:
        """Note what was sent: it is at revision `rev` and has all events up to `event`."""
        self.rev = rev
        self.event = event


class Allowance:
    """How many asks a viewer may make: `rate` a second, `burst` at once. Time is an argument."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = 0.0

    def take(self, t: float) -> bool:
        """Use one; return whether there was one."""
        self._left = min(self._burst, self._left + max(0.0, t - self._at) * self._rate)
        self._at = t
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
