"""What was known, step by step: as the hub's ticks took it, and where none is on record as it was journaled."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.replay.cuts import Cut
from feeds.replay.journal_pages import JournalPages, journaled_at
from feeds.replay.recording import Recording

WITHOUT_CUTS_S = 2.0
"""Ticks further apart than this are a hub that was not there, seconds."""
_ENTRIES = 30


class Step(NamedTuple):
    """What comes into the picture at one moment."""

    at: float
    deliveries: list[Delivery]
    is_tick: bool
    """A tick of the hub, as it was."""


class Ahead(NamedTuple):
    """The next step."""

    at: float
    is_tick: bool


class Source(Protocol):
    """Steps in order."""

    policy: bytes
    """The newest policy told on the way; b"": none was."""

    async def peek(self, until: float) -> Ahead | None:
        """Return what the next step is; None: there is none at or before `until`, which is within the record."""
        ...

    async def next(self, until: float) -> Step | None:
        """Return the next step, or None as `peek`."""
        ...


def on_grid(t: float, tick_s: float) -> float:
    """Return the first multiple of `tick_s` that is not before `t`."""
    n = int(t / tick_s)
    return (n if n * tick_s >= t else n + 1) * tick_s


class KnownSource:
    """Steps from `at` on, where the batches up to `after` were in the picture; -inf: from the beginning.

    A tick is a step with what it applied, in that order. Where ticks are missing there is a step on each multiple of
    `tick_s` by which something was journaled. Which it is depends on the record alone, not on who stops where.
    """

    def __init__(self, recording: Recording, after: Mapping[AgencyId, BatchId], at: float, tick_s: float) -> None:
        self._recording = recording
        self._tick_s = tick_s
        self._pages = JournalPages(recording, after)
        self.given = self._pages.given
        self.policy = b""
        """The newest policy told on the way; b"": none was."""
        self._begin = at
        self._tick_at = float("-inf")
        """The last tick given out, or before the beginning."""
        self._asked_after = at - WITHOUT_CUTS_S
        self._cuts: deque[tuple[Cut, bytes]] = deque()
        """Ticks ahead, and the policy where it is told again."""
        self._cuts_until = float("-inf")

    async def peek(self, until: float) -> Ahead | None:
        """Return what the next step is, or None: there is none until `until`."""
        cut = await self._cut(until)
        absent_from = self._tick_at + WITHOUT_CUTS_S
        if cut is None and until <= absent_from:
            return None
        if cut is not None and cut.at <= absent_from:
            return Ahead(cut.at, True) if cut.at <= until else None
        head = await self._pages.head(until if cut is None else min(until, cut.at))
        if head is not None:
            known_at = max(journaled_at(head.id), absent_from)
            at = on_grid(known_at, self._tick_s)
            if cut is None or at < cut.at:
                return Ahead(min(at, until), False) if known_at <= until else None
        return Ahead(cut.at, True) if cut is not None and cut.at <= until else None

    async def next(self, until: float) -> Step | None:
        """Return the next step, or None: there is none until `until`."""
        ahead = await self.peek(until)
        if ahead is None:
            return None
        at = ahead.at
        deliveries: list[Delivery] = []
        if ahead.is_tick:
            cut, policy = self._cuts.popleft()
            self._tick_at = at
            self.policy = policy or self.policy
            for agency, id_ in cut.runs:
                deliveries += await self._pages.up_to(agency, id_)
        else:
            while (head := await self._pages.head(at)) is not None:
                self._pages.take(head)
                deliveries.append(head)
        return Step(at, deliveries, ahead.is_tick)

    async def _cut(self, until: float) -> Cut | None:
        """Return the next tick, wherever it is; None: there is none on record by now."""
        while not self._cuts and self._cuts_until < until:
            entries = await self._recording.cuts(self._asked_after, _ENTRIES)
            if not entries:
                self._cuts_until = until
            for entry in entries:
                for i, cut in enumerate(entry.cuts):
                    if cut.at > self._begin and cut.at > self._asked_after:
                        self._cuts.append((cut, b"" if i else entry.policy))
                    elif cut.at <= self._begin:
                        self._tick_at = max(self._tick_at, cut.at)
                self._asked_after = max(self._asked_after, entry.cuts[-1].at)
        return self._cuts[0][0] if self._cuts else None
