"""To the next of a kind, or the one before: marks in the record are tried until the viewer sees something there."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from dashboard.rerun import Rerun
from feeds.bus import BEGINNING
from feeds.replay.journal_pages import journaled_at
from feeds.replay.recording import Mark, Recording, Span, What
from layers import kinds
from layers.kinds.units import EMERGENCY_FLAG
from layers.picture import LAYERS, UNITS
from layers.review_rules import ReviewRules
from layers.view import View

_KIND: dict[What, str] = {"incident": "incident", "camera": "camera_event", "log": "log_entry"}
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
    """One search from `t`, with a picture that stands wherever it leads."""

    def __init__(
        self, recording: Recording, rerun: Rerun, rules: Callable[[], ReviewRules], overtaken: Callable[[], bool]
    ) -> None:
        """`rules`: those by which the viewer sees the picture where it stands."""
        self._recording = recording
        self._rerun = rerun
        self._rules = rules
        self._overtaken = overtaken
        self.looking = 0.0
        """Where it looks, Unix seconds."""

    async def find(self, what: What, by: Literal[1, -1], t: float, span: Span, *, truth: bool) -> Found | None:
        """Return the nearest that the viewer sees, or None. Raises Overtaken, and as the recording does."""
        self.looking = t - BACK_S if by > 0 and not truth else t
        while True:
            marks = await self._recording.marks(what, self.looking, by, truth=truth)
            if not marks:
                return None
            self.looking = marks[0].effective_at if truth else journaled_at(marks[0].id)
            if not span.since <= self.looking <= span.until:
                return None
            found = await self._try(marks, what, truth=truth)
            if found is not None and (found.at - t) * by > 0:
                return found

    async def _try(self, marks: list[Mark], what: What, *, truth: bool) -> Found | None:
        rerun, before_it = self._rerun, self.looking - _JUST_BEFORE_S
        if truth and rerun.truth and rerun.at <= before_it:
            await rerun.forward(before_it, self._overtaken)
        else:
            await rerun.reach(before_it, truth=truth, overtaken=self._overtaken)
        picture = rerun.picture
        rerun.flush(rerun.at)
        rules = self._rules()
        view = View(picture, rules, rules.viewer, [kinds.load(name) for name in LAYERS], rerun.at)
        while (step := await rerun.source.next(self.looking + BACK_S)) is not None:
            before = _emergencies(view)
            await rerun.take(step, self._overtaken)
            view.step(*rerun.flush(step.at), step.at)
            events = [event.record for event in view.new_events if event.record["kind"] == _KIND.get(what)]
            units = sorted(_emergencies(view) - before) if what == "alarm" else []
            if events or units:
                return Found(step.at, events, units)
            if step.at >= self.looking if truth else all(picture.last.get(m.agency, BEGINNING) >= m.id for m in marks):
                break
        return None


def _emergencies(view: View) -> set[tuple[str, str]]:
    """Return agency and id of the units in an emergency that the class sees."""
    table = view.tables[UNITS]
    rows = np.flatnonzero(table.present[: table.end] & (table.columns["flags"][: table.end] & EMERGENCY_FLAG != 0))
    records = (table.records[row] for row in rows.tolist())
    return {(record["agency"], record["id"]) for record in records if record is not None}
