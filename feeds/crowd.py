"""Who is connected to a port: those let in, those who have not said yet what they want, and how many from one place.

Rules
- Only who was let in takes one of the port's places: sockets that say nothing cannot fill it.
- Silent ones have few places of their own. When these are full, the longest silent of the place with most of them
  goes: a device that speaks is let in within a moment, whoever else holds sockets open.
- One address has a share of the port. Pure: hanging up is the port's.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

Guest = TypeVar("Guest")


def place_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, a /64 of IPv6 (one network), else the text itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


class Crowd(Generic[Guest]):
    """Guests by identity; each is silent first, and let in later or never."""

    def __init__(self, *, admitted_max: int, silent_max: int, place_max: int) -> None:
        """Take how many may be let in, how many may be silent, and how many of both one place may have."""
        self._admitted_max = admitted_max
        self._silent_max = silent_max
        self._place_max = place_max
        self._silent: dict[Guest, str] = {}
        self._admitted: dict[Guest, str] = {}
        self._places: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Guest]:
        """Yield everybody, the silent ones first."""
        return iter([*self._silent, *self._admitted])

    def __len__(self) -> int:
        """Return how many are connected."""
        return len(self._silent) + len(self._admitted)

    def enter(self, guest: Guest, address: str) -> bool:
        """Note a silent guest; return False, noting nothing, when his place has its share."""
        place = place_of(address)
        if self._places.get(place, 0) >= self._place_max:
            return False
        self._places[place] += 1
        self._silent[guest] = place
        return True

    def too_silent(self) -> Guest | None:
        """Return the one to hang up on because there are too many silent ones; None when there are not."""
        if len(self._silent) <= self._silent_max:
            return None
        (most, _), *_ = Counter(self._silent.values()).most_common(1)
        return next(guest for guest, place in self._silent.items() if place == most)

    def admit(self, guest: Guest) -> bool:
        """Let a silent guest in; return False when the port is full. Harmless for one who is in."""
        if guest in self._admitted:
            return True
        if guest not in self._silent or len(self._admitted) >= self._admitted_max:
            return False
        self._admitted[guest] = self._silent.pop(guest)
        return True

    def leave(self, guest: Guest) -> None:
        """Forget a guest; harmless when he is not here."""
        home = self._silent if guest in self._silent else self._admitted
        if (place := home.pop(guest, None)) is not None:
            self._places[place] -= 1
            if not self._places[place]:
                del self._places[place]
