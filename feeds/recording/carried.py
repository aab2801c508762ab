"""Which derived files know of what was journaled before their segment began, and since when. Pure.

Rules
- A picture goes on from the one before, and chunks and overviews begin with it. How long it remembers a thing has no
  bound in time: a unit's words stand while it is heard, an incident's while it is open, a zone as long as it says, of
  what happened the last thousand of each category. So all that counts is when it began to know anything.
- Whoever makes such files says that in one of them. Where it is missing they may know everything.
"""

from collections.abc import Iterable

KNOWN_SINCE = "known.since"
"""Derived file: nothing journaled before this is in the segment's other derived files, Unix ms in decimal digits."""
SURVEY = "survey.bin"
"""Derived file: what a walk through the segment found. Of before it knows labels alone, of no thing by its id."""


def encode_since(ms: int) -> bytes:
    """Return the file."""
    return b"%d\n" % ms


def decode_since(data: bytes) -> int:
    """Return what the file says; 0 when it cannot be read: everything may be known."""
    try:
        return max(0, int(data))
    except ValueError:
        return 0


def carrying(names: Iterable[str]) -> list[str]:
    """Return those of the derived files that may hold something of before, the one that says since when last."""
    return sorted((name for name in names if name != SURVEY), key=lambda name: (name == KNOWN_SINCE, name))
