"""The events that a viewer class is kept in mind of, fairly by agency.

Rules
- Events are numbered from 1 for the class, as it sees them.
- When there are too many the oldest goes of the agency that has most: a flood of one pushes out only its own.
- The same for those who see them for the first time: of few an agency's are all shown, of many its share.

Pure.
"""

from collections import deque
from typing import Any

import msgspec

EVENTS_KEPT = 2000
"""Events a class keeps for viewers who come back."""

_encode = msgspec.json.Encoder().encode


class Event(msgspec.Struct, frozen=True):
    """One numbered event, encoded once."""

    number: int
    record: dict[str, Any]
    raw: bytes


class EventMemory:
    """What a class is kept in mind of. `number` is that of the newest event, 0 before the first."""

    def __init__(self) -> None:
        self.number = 0
        self.complete_from = 1
        """No event of this number or above was dropped."""
        self._by_agency: dict[str, deque[Event]] = {}
        self._count = 0

    def keep(self, agency: str, record: dict[str, Any]) -> Event:
        """Number an event that happened at an agency, and keep it."""
        self.number += 1
        event = Event(self.number, record, _encode(record))
        self._by_agency.setdefault(agency, deque()).append(event)
        self._count += 1
        if self._count > EVENTS_KEPT:
            most = max(self._by_agency.values(), key=len)
            self.complete_from = max(self.complete_from, most.popleft().number + 1)
            self._count -= 1
        return event

    def after(self, number: int) -> list[Event]:
        """Return the events kept of those after `number`, in order."""
        return _ordered([event for kept in self._by_agency.values() for event in kept if event.number > number])

    def newest(self, most: int) -> list[Event]:
        """Return at most so many, newest of each agency, in order."""
        found: list[Event] = []
        queues = sorted(self._by_agency.values(), key=len)
        for n, kept in enumerate(queues):
            share = (most - len(found)) // (len(queues) - n)
            found += list(kept)[max(0, len(kept) - share) :]
        return _ordered(found)


def _ordered(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.number)
