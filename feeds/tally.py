"""Turns the counts of a gateway's beats into tallies: what came since the last one. Pure."""

from collections.abc import Iterable

from feeds.bus import SourceHealth
from feeds.envelope import Tally
from feeds.names import SourceId


class Tallies:
    """What was tallied of each source so far."""

    def __init__(self) -> None:
        self._told: dict[SourceId, SourceHealth] = {}

    def since(self, sources: Iterable[SourceHealth]) -> tuple[Tally, ...]:
        """Return a tally of each source whose counts changed since the last call, accepted reports aside."""
        tallies = (self._since(health) for health in sources)
        return tuple(tally for tally in tallies if tally.duplicate or tally.rejected or tally.gaps)

    def _since(self, health: SourceHealth) -> Tally:
        told = self._told.get(health.source)
        self._told[health.source] = health
        if told is None:
            return Tally(health.source, health.duplicate, dict(health.reasons), health.gaps)
        rejected = {reason: count - told.reasons.get(reason, 0) for reason, count in health.reasons.items()}
        return Tally(
            health.source,
            health.duplicate - told.duplicate,
            {reason: count for reason, count in rejected.items() if count},
            health.gaps - told.gaps,
        )
