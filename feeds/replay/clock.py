"""Recorded time as a function of real time: it plays at a speed, stands, jumps. Pure: real time is an argument."""

SPEED_MIN, SPEED_MAX = 0.25, 64.0
"""Recorded seconds a second."""


class ReplayClock:
    """Stands at `at` to begin with. Real time is seconds of any clock that only goes forward."""

    def __init__(self, at: float) -> None:
        self.speed = 1.0
        self.playing = False
        self._at = at
        self._since = 0.0

    def now(self, real: float) -> float:
        """Return the recorded time, Unix seconds."""
        return self._at + (real - self._since) * self.speed if self.playing else self._at

    def play(self, speed: float, real: float) -> None:
        """Go on at `speed`, brought within its bounds."""
        self.stand(self.now(real), real)
        self.speed = min(max(speed, SPEED_MIN), SPEED_MAX)
        self.playing = True

    def pause(self, at: float) -> None:
        """Stand at `at`."""
        self._at = at
        self.playing = False

    def stand(self, at: float, real: float) -> None:
        """Be at `at` now: after a jump, or where one stands who could not keep up, who skips nothing for it."""
        self._at = at
        self._since = real

    def until(self, at: float, real: float) -> float:
        """Return in how many real seconds it is `at`; negative: since when; inf while it stands."""
        return (at - self.now(real)) / self.speed if self.playing else float("inf")
