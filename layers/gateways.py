"""What the gateways of a site say of its sources, side by side, as one.

Two gateways of one agency both tell of all its sources, each of what it took itself. Counts add up; a source was heard
when either heard it; a gap is one that neither filled. A gateway that was not heard for a while counts no more (it
starts again from nothing), but what it heard was heard. Pure: time is an argument.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from feeds.bus import SourceHealth

GONE_S = 5.0
"""A gateway silent for longer than this behind the newest word on a source is gone, seconds."""


class Gateways:
    """The newest word of each gateway on each source."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, tuple[float, SourceHealth]]] = {}
        self.sources: dict[str, SourceHealth] = {}
        """By source id, as one."""

    def hear(self, sources: Iterable[SourceHealth], at: float) -> None:
        """Take in the sources of one heartbeat, heard at `at` (Unix seconds; a clock may have stepped)."""
        for health in sources:
            said = self._said.setdefault(health.source, {})
            said[health.gateway] = (at, health)
            for gateway, (heard_at, _) in list(said.items()):
                if abs(at - heard_at) > GONE_S:
                    del said[gateway]
            self.sources[health.source] = _one([h for _, h in said.values()], self.sources.get(health.source))

    @property
    def journal(self) -> str:
        """Why a journal takes nothing from a gateway now (`disk full`); empty: all take."""
        return next((health.journal for health in self.sources.values() if health.journal), "")


def _one(said: list[SourceHealth], before: SourceHealth | None) -> SourceHealth:
    newest = max(said, key=lambda health: health.received_at or 0.0)
    refuser = newest if newest.last_reason else next((h for h in said if h.last_reason), newest)
    heard = said if before is None else [*said, before]
    return replace(
        newest,
        accepted=sum(health.accepted for health in said),
        duplicate=sum(health.duplicate for health in said),
        rejected=sum(health.rejected for health in said),
        gaps=max(health.gaps for health in said),
        connections=sum(health.connections for health in said),
        received_at=max((h.received_at for h in heard if h.received_at is not None), default=None),
        observed_at=max((h.observed_at for h in heard if h.observed_at is not None), default=None),
        reasons=_sum(health.reasons for health in said),
        closed=_sum(health.closed for health in said),
        last_reason=refuser.last_reason,
        last_sample=refuser.last_sample,
        held_s=sum(health.held_s for health in said),
        journal=next((health.journal for health in said if health.journal), ""),
    )


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, counts), Counter()))
