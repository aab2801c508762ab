"""What the gateways of a site say of its sources, side by side, as one.

Two gateways of one agency both tell of all its sources, each of what it took itself. Counts add up; a source was heard
when either heard it; a gap is one that neither filled. A gateway that was not heard for a while counts no more (it
starts again from nothing), but what it heard was heard.

A receipt is never later than when we were told of it: after a clock was set back, what was heard before counts as
heard at that moment and ages from there, or a dead feed would look live until the clock is back where it was.

Pure: time is an argument.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from feeds.bus import SourceHealth

GONE_S = 5.0
"""A gateway silent for longer than this behind the newest word on a source is gone, seconds."""


class _Word(NamedTuple):
    at: float
    """When it was heard, Unix seconds."""
    health: SourceHealth
    """As it was said, but for `received_at`: no later than we were told of it."""
    receipt: float | None
    """`received_at` as it was said."""


class Gateways:
    """The newest word of each gateway on each source."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, _Word]] = {}
        self._gone: dict[str, SourceHealth] = {}
        """By source id: when gateways heard it that count no more."""
        self.sources: dict[str, SourceHealth] = {}
        """By source id, as one."""

    def hear(self, sources: Iterable[SourceHealth], at: float) -> None:
        """Take in the sources of one heartbeat, heard at `at` (Unix seconds; a clock may have stepped)."""
        for health in sources:
            said = self._said.setdefault(health.source, {})
            old = said.get(health.gateway)
            told = health
            if old is not None and health.received_at is None:
                self._leave(old)  # it started again
            elif old is not None and health.received_at == old.receipt:
                told = replace(health, received_at=old.health.received_at)
            said[health.gateway] = _Word(at, _told_at(told, at), health.received_at)
            for gateway, word in list(said.items()):
                if not _speaks(word, at):
                    self._leave(said.pop(gateway))
            self._settle(health.source, at)

    def settle(self, at: float) -> None:
        """Let receipts be no later than `at`: also of a source of which no gateway speaks any more."""
        for source, health in list(self.sources.items()):
            if health.received_at is not None and health.received_at > at:
                said = self._said[source]
                for gateway, word in said.items():
                    said[gateway] = word._replace(health=_told_at(word.health, at))
                self._settle(source, at)

    def journal(self, at: float) -> str:
        """Return why a journal takes nothing from a gateway at `at` (`disk full`); empty: all that still speak take."""
        words = (word for said in self._said.values() for word in said.values())
        return next((word.health.journal for word in words if word.health.journal and _speaks(word, at)), "")

    def _leave(self, word: _Word) -> None:
        health = word.health
        before = self._gone.get(health.source, health)
        self._gone[health.source] = replace(
            health,
            received_at=_newest(health.received_at, before.received_at),
            observed_at=_newest(health.observed_at, before.observed_at),
        )

    def _settle(self, source: str, at: float) -> None:
        gone = self._gone.get(source)
        if gone is not None:
            gone = self._gone[source] = _told_at(gone, at)
        self.sources[source] = _one([word.health for word in self._said[source].values()], gone)


def _speaks(word: _Word, at: float) -> bool:
    return abs(at - word.at) <= GONE_S  # abs: a clock may be set back


def _told_at(health: SourceHealth, at: float) -> SourceHealth:
    received_at = health.received_at
    return health if received_at is None or received_at <= at else replace(health, received_at=at)


def _newest(*times: float | None) -> float | None:
    return max((at for at in times if at is not None), default=None)


def _one(said: list[SourceHealth], gone: SourceHealth | None) -> SourceHealth:
    newest = max(said, key=lambda health: health.received_at or 0.0)
    timed = next((h for h in (newest, *said) if h.clock_offset_s is not None), newest)
    refuser = newest if newest.last_reason else next((h for h in said if h.last_reason), newest)
    heard = said if gone is None else [*said, gone]
    return replace(
        newest,
        accepted=sum(health.accepted for health in said),
        duplicate=sum(health.duplicate for health in said),
        rejected=sum(health.rejected for health in said),
        gaps=max(health.gaps for health in said),
        connections=sum(health.connections for health in said),
        received_at=_newest(*(h.received_at for h in heard)),
        observed_at=_newest(*(h.observed_at for h in heard)),
        reasons=_sum(health.reasons for health in said),
        closed=_sum(health.closed for health in said),
        last_reason=refuser.last_reason,
        last_sample=refuser.last_sample,
        held_s=sum(health.held_s for health in said),
        clock_offset_s=timed.clock_offset_s,
        clock_error_s=timed.clock_error_s,
        journal=next((health.journal for health in said if health.journal), ""),
    )


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, counts), Counter()))
