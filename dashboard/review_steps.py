"""To the next of a kind, or the one before: marks in the record are tried until the viewer sees something there.

What is hidden must not be told by how the search goes. It is bounded by recorded time, whatever lies in it; how far it
is, is told in tenths of that; and agencies that show the viewer nothing of the kind are not looked at. What is left: of
agencies that do, what is hidden for its labels takes time like what is seen.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from dashboard.rerun import Rerun
from feeds.bus import BEGINNING
from feeds.names import AgencyId
from feeds.replay.journal_pages import journaled_at
from feeds.replay.recording import Mark, Recording, Span, What
from feeds.report import Category
from layers import kinds
from layers.kinds.units import EMERGENCY_FLAG
from layers.picture import LAYERS, UNITS, Origin
from layers.review_rules import ReviewRules
from layers.track import BIT
from layers.view import View

_KIND: dict[What, str] = {"incident": "incident", "camera": "camera_event", "log": "log_entry"}
_SHOWN_BY: dict[What, tuple[Category, ...]] = {
    "incident": (Category.INCIDENT_SUMMARY,),
    "camera": (Category.CAMERA_STATE, Category.LPR_HIT, Category.ACOUSTIC_ALERT),
    "alarm": (Category.UNIT_EMERGENCY,),
    "log": (Category.LOG_ENTRY,),
}
"""Who holds none of them sees none of that kind."""
LOOK_S = 3600.0
"""One search looks so far, seconds of recorded time."""
_TOLD_IN = 10
_JUST_BEFORE_S = 0.001
BACK_S = 5.0
"""Forward, marks from so long before are tried too: what was journaled then may not have been applied yet, seconds."""


class Found(NamedTuple):
    """Where it happened, and what the viewer saw of it."""

    at: float
    events: list[dict[str, Any]]
    units: list[tuple[str, str]]
    """(agency, id) whose emergency began."""


class Search:
    """One search, with a picture that stands wherever it leads."""

    def __init__(
        self, recording: Recording, rerun: Rerun, rules: Callable[[bytes], ReviewRules], overtaken: Callable[[], bool]
    ) -> None:
        """`rules`: those by which the viewer sees the picture where this policy was in force."""
        self._recording = recording
        self._rerun = rerun
        self._rules = rules
        self._overtaken = overtaken
        self.done = 0.0
        """How much of its way is gone, 0 to 1, in tenths."""
        self.until: float | None = None
        """Up to where nothing was found, Unix seconds; None: up to the end of the record, or something was."""
        self._looking = 0.0

    async def find(
        self, what: What, by: Literal[1, -1], t: float, span: Span, *, truth: bool, begin: float | None = None
    ) -> Found | None:
        """Return the nearest beyond `t` that the viewer sees, or None: then `until` says whether to look on.

        `begin`: up to where was looked before. Raises Overtaken, and as the recording does.
        """
        begin = t if begin is None else begin
        bound = begin + by * LOOK_S
        told = await self._recording.policies(min(begin, bound), max(begin, bound))
        every = [self._rules(policy) for policy in told]
        of = [agency for agency in self._recording.agencies if any(_shows(rules, agency, what) for rules in every)]
        self._looking = begin - BACK_S if by > 0 and not truth else begin
        while marks := await self._recording.marks(what, self._looking, by, truth=truth, until=bound, of=of):
            self._looking = marks[0].effective_at if truth else journaled_at(marks[0].id)
            if not span.since <= self._looking <= span.until:
                break
            self.done = max(0, int(_TOLD_IN * abs(self._looking - begin) / LOOK_S)) / _TOLD_IN
            found = await self._try(marks, what, truth=truth)
            if found is not None and (found.at - t) * by > 0:
                return found
        self.until = bound if span.since < bound < span.until else None
        return None

    async def _try(self, marks: list[Mark], what: What, *, truth: bool) -> Found | None:
        rerun, before_it = self._rerun, self._looking - _JUST_BEFORE_S
        if truth and rerun.truth and rerun.at <= before_it:
            await rerun.forward(before_it, self._overtaken)
        else:
            await rerun.reach(before_it, truth=truth, overtaken=self._overtaken)
        picture = rerun.picture
        rerun.flush(rerun.at)
        rules = self._rules(await self._recording.policy(self._looking))
        view = View(picture, rules, rules.viewer, [kinds.load(name) for name in LAYERS], rerun.at)
        while (step := await rerun.source.next(self._looking + BACK_S)) is not None:
            before = _emergencies(view)
            await rerun.take(step, self._overtaken)
            view.step(*rerun.flush(step.at), step.at)
            events = [event.record for event in view.new_events if event.record["kind"] == _KIND.get(what)]
            units = sorted(_emergencies(view) - before) if what == "alarm" else []
            if events or units:
                return Found(step.at, events, units)
            if step.at >= self._looking if truth else all(picture.last.get(m.agency, BEGINNING) >= m.id for m in marks):
                break
        return None


def _shows(rules: ReviewRules, agency: AgencyId, what: What) -> bool:
    """Say whether the agency may show the viewer anything of the kind: labels only take away from that."""
    granted = rules.granted(rules.viewer, Origin(agency, frozenset()))
    return any(granted & BIT[category] for category in _SHOWN_BY[what])


def _emergencies(view: View) -> set[tuple[str, str]]:
    """Return agency and id of the units in an emergency that the class sees."""
    table = view.tables[UNITS]
    rows = np.flatnonzero(table.present[: table.end] & (table.columns["flags"][: table.end] & EMERGENCY_FLAG != 0))
    records = (table.records[row] for row in rows.tolist())
    return {(record["agency"], record["id"]) for record in records if record is not None}
