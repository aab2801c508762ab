"""How far the sources' clocks were off, for one review: what was known then, read aside and kept by ten minutes.

Rules
- An agency's clocks are its feeds' health: whoever is not granted that of it (`feed.health`) is told of none.
- What a source said stays what it said; the aligned time stands beside it.
"""

from collections import OrderedDict
from typing import Any

from feeds.names import AgencyId
from feeds.replay.clocks import Clocks
from feeds.replay.recording import Recording
from feeds.report import Category
from layers.review_rules import ReviewRules

CELL_S = 600.0
KEPT = 256
"""Tens of minutes of an agency kept."""


class ReviewClocks:
    """What was known of the clocks in a recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._kept: OrderedDict[tuple[str, int], Clocks] = OrderedDict()

    def kept(self, agency: str, t: float) -> Clocks | None:
        """Return what was known of an agency's clocks around `t` (Unix seconds); None: it is to be read."""
        return self._kept.get((agency, int(t // CELL_S)))

    async def read(self, agency: AgencyId, t: float) -> Clocks:
        """Return the same, read if need be. Raises as the recording does."""
        cell = int(t // CELL_S)
        clocks = self.kept(agency, t)
        if clocks is None:
            clocks = await self._recording.clocks(agency, cell * CELL_S, (cell + 1) * CELL_S)
            if (cell + 1) * CELL_S <= self._recording.settled():  # else it grows
                self._kept[agency, cell] = clocks
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return clocks

    async def off(self, rules: ReviewRules, t: float) -> list[dict[str, Any]]:
        """Return the sources whose clock was known at `t` to be off, of those whose health may be told."""
        found = []
        for agency in self._recording.agencies:
            if not may_know(rules, agency):
                continue
            clocks = await self.read(agency, t)
            for source in sorted(clocks.entries):
                clock = clocks.at(source, t)
                if clock is not None and clock.is_off:
                    found.append({"agency": agency, "source": source, **clock._asdict()})
        return found


def may_know(rules: ReviewRules, agency: str) -> bool:
    """Say whether the reviewer may know of an agency's clocks."""
    return rules.may(rules.viewer, AgencyId(agency), Category.FEED_HEALTH)
