"""A file in memory that is emptied as it fills: writers that want a file become iterators of bytes."""

PIECE = 65_536
"""Bytes from which what was written is handed on."""


class Sink:
    """Takes what a writer writes, until `take`."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._taken = 0

    def write(self, data: bytes) -> int:
        """Keep a copy."""
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how much was written in all, bytes."""
        return self._taken + self._size

    def flush(self) -> None:
        """Do nothing: there is nothing beneath."""

    def close(self) -> None:
        """Do nothing: what was written can be taken still."""

    @property
    def full(self) -> bool:
        """Whether there is enough to hand on."""
        return self._size >= PIECE

    def take(self) -> bytes:
        """Return what was written since the last time."""
        said = b"".join(self._parts)
        self._taken += self._size
        self._parts, self._size = [], 0
        return said
