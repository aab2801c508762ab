"""What a source has said and the door has not answered for: the contract, and a spool in memory.

Rules
- No number is ever used for two reports of a run: `next_seq` only grows, whatever is forgotten.
- Parcels are read back in order, from any number that begins one.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from feeds.unit_columns import are_columns


class Parcel(NamedTuple):
    """Reports with consecutive numbers, as they go into a message."""

    first: int
    """The number of the first."""
    reports: int
    run: str
    """The run they were numbered in."""
    body: bytes
    """The reports as JSON, with commas between; or as columns (`feeds/unit_columns.py`)."""

    @property
    def is_columns(self) -> bool:
        """Whether the reports are columns, which go alone into a message."""
        return are_columns(self.body)

    @property
    def message(self) -> bytes:
        """The message of this parcel alone."""
        return self.body if self.is_columns else b"[%b]" % self.body

    @property
    def size(self) -> int:
        """Bytes in a message, with the comma behind it: parcels joined have the size of all of them."""
        return len(self.body) + 1

    @property
    def after(self) -> int:
        """The number that comes after the last."""
        return self.first + self.reports


class Spool(Protocol):
    """Where parcels wait."""

    run: str
    """The run of what comes."""
    next_seq: int
    """The first number that nobody used, when it was opened."""
    answered: int
    """Every smaller number was answered for."""

    def held(self) -> tuple[int, int]:
        """Return how many reports waited when it was opened, and their bytes."""
        ...

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Keep the parcels, of which there is one at least, all or none. Raises SpoolFull: its disk takes no more."""
        ...

    def read(self, seq: int, most_bytes: int) -> tuple[list[Parcel], bool]:
        """Return the parcels from number `seq` on, in order, about `most_bytes` of them, and whether more follow."""
        ...

    def forget(self, before: int) -> None:
        """Let go of the parcels whose numbers are smaller than `before`."""
        ...

    def sync(self) -> None:
        """Make what was added and forgotten so far outlive a power loss. From any thread. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of it, with a note that nothing is missing."""
        ...


class MemorySpool:
    """A spool that dies with the process."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.next_seq = 1
        self.answered = 0
        self._parcels: deque[Parcel] = deque()

    def held(self) -> tuple[int, int]:
        """Return nothing: it begins empty."""
        return 0, 0

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Keep the parcels."""
        self._parcels.extend(parcels)

    def read(self, seq: int, most_bytes: int) -> tuple[list[Parcel], bool]:
        """Return the parcels from number `seq` on."""
        found: list[Parcel] = []
        size = 0
        for parcel in self._parcels:
            if parcel.first >= seq:
                if size >= most_bytes:
                    return found, True
                found.append(parcel)
                size += parcel.size
        return found, False

    def forget(self, before: int) -> None:
        """Let go of the parcels whose numbers are smaller than `before`."""
        self.answered = before
        while self._parcels and self._parcels[0].first < before:
            self._parcels.popleft()

    def sync(self) -> None:
        """Do nothing: there is no disk."""

    def close(self) -> None:
        """Let go of everything."""
        self._parcels.clear()
