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
