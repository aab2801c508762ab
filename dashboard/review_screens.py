"""What a review shows of a screen: what its session last drew at or before a moment, and how that looked.

The log is the hub's (`feeds.replay.screens`); the picture is the record's own, brought to the tick that made the
revision. Where the log tells nothing, nothing is shown: a picture that nobody saw would pass for one that was seen.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from dashboard.review_asks import Screens
from dashboard.review_views import screen_of
from feeds.names import AgencyId
from feeds.replay.recording import Gap, Recording
from feeds.replay.screens import HEARD_WITHIN_S, WHOLE_EVERY_S, ScreensEntry, ScreenSession, Shown, sessions, shown
from layers.policy import ViewerClass
from layers.review_rules import ReviewRules
from layers.view import View

AROUND_S = 300.0
"""Screens that were open within this of a moment are offered, seconds."""
OFFERED_MAX = 200
_LOOK_BACK_S = WHOLE_EVERY_S + 5.0
_TICK_BACK_S = (3.0, 30.0)
"""A revision is drawn within this of the tick that made it, seconds, or stood since before; mostly within the first."""
_STOOD_S = 1.5
_PAGE = 100


class OnScreen(NamedTuple):
    """What there is to show of a screen at a moment."""

    at: float
    shown: Shown | None
    """None: nothing is on record."""
    picture_at: float
    """Where the picture has to stand for it."""
    is_tick: bool
    """That is the very tick that made the revision."""
    why: str = ""
    """Why nothing is on record, as far as that is known."""

    @property
    def seen_by(self) -> ViewerClass | None:
        """Return the class whose picture it is; None: there is nothing to show."""
        if self.shown is None or self.shown.until is not None or not self.shown.rev:
            return None
        session = self.shown.session
        return ViewerClass(AgencyId(session.agency), session.roles)

    def continues(self, before: "OnScreen") -> bool:
        """Say whether the picture of `before` can be moved on to this one."""
        return (
            self._session == before._session and self.seen_by == before.seen_by and self.picture_at >= before.picture_at
        )

    @property
    def _session(self) -> ScreenSession | None:
        return None if self.shown is None else self.shown.session

    @property
    def missing(self) -> str:
        """Return why nothing is shown, in words; "" when something is."""
        if self.shown is None:
            return "Nothing is on record of this screen at this moment."
        if self.shown.until is not None:
            return "This screen was closed by then."
        return "" if self.shown.rev else "This screen had drawn nothing yet."


class ScreenReader:
    """Reads the log of one screen after the other, on the way with one who looks. Raises as the recording does."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._entries: deque[ScreensEntry] = deque()
        self._since = self._until = float("-inf")
        """The entries are all that were made between these."""
        self._tick: tuple[tuple[str, int], float | None] = (("", 0), None)
        """The revision looked for last, and when it was made."""

    async def at(self, view: str, t: float) -> OnScreen:
        """Return what there is to show at `t` in the view `screen:...`."""
        await self._reach(t)
        agency, number = screen_of(view)
        missing = self._recording.screens_missing(t - _LOOK_BACK_S, t + HEARD_WITHIN_S)
        found = shown(self._entries, number, t) if missing is None else self._behind(missing, number, t)
        if found is None or found.session.agency != agency or view != f"screen:{found.session.id}":
            return OnScreen(t, None, t, False, "" if missing is None else missing.text)
        if not found.rev:
            return OnScreen(t, found, t, False)
        tick = await self._tick_of(found)
        return OnScreen(t, found, found.drawn_at if tick is None else tick, tick is not None)

    async def _reach(self, t: float) -> None:
        """Bring the entries to what is needed at `t`."""
        since = t - _LOOK_BACK_S
        if not self._since <= since <= self._until:
            self._entries.clear()
            self._since = self._until = since
        entries = self._entries
        while self._until <= t + HEARD_WITHIN_S:
            page = await self._recording.screens(self._until, _PAGE)
            if not page:
                break
            until = _newest(page)
            if until <= self._until:
                break  # a clock was set back: the same would come again
            entries.extend(page)
            self._until = until
        while entries and entries[0].at < since:
            self._since = entries.popleft().at

    def _behind(self, missing: Gap, number: int, t: float) -> Shown | None:
        """Return what `shown` does by what was said behind a stretch that is missing: before, it may be untrue now."""
        if missing.until > t:
            return None
        entries = [entry for entry in self._entries if entry.at >= missing.until]
        found = shown(entries, number, t)
        is_told = any(entry.whole and entry.at <= t for entry in entries)
        return found if is_told or found is None or found.session.since >= missing.until else None

    async def _tick_of(self, found: Shown) -> float | None:
        """Return the time of the first tick on record, near the drawing, at which its class had that revision."""
        session = found.session
        key = (session.epoch, found.rev)
        if self._tick[0] != key:
            near, far = _TICK_BACK_S
            tick = await self._look_for(found, found.drawn_at - near)
            # One that stood when that began may have been made before.
            if tick is None or tick < found.drawn_at - near + _STOOD_S:
                tick = await self._look_for(found, found.drawn_at - far)
            self._tick = (key, tick)
        return self._tick[1]

    async def _look_for(self, found: Shown, after: float) -> float | None:
        session = found.session
        while after < found.drawn_at and (page := await self._recording.cuts(after, _PAGE)):
            for cut in (cut for entry in page for cut in entry.cuts):
                if any(of.epoch == session.epoch and of.rev == found.rev for of in cut.classes):
                    return cut.at
            after = page[-1].cuts[-1].at
        return None


def _newest(page: list[ScreensEntry]) -> float:
    return max(entry.at for entry in page)


def told(on: OnScreen, view: View | None, rules: ReviewRules) -> dict[str, Any]:
    """Return the message that tells it to a reviewer who sees `view` by `rules`: only of what is in there."""
    message: dict[str, Any] = {"type": "screen", "at": on.at, "session": None, "look": None, "text": on.missing}
    if on.shown is None:
        return message
    session, look = on.shown.session, on.shown.look
    message |= {
        "session": session.id,
        "agency": session.agency,
        "page": session.kind,
        "since": session.since,
        "until": on.shown.until,
        "rev": on.shown.rev,
        "drawn_at": on.shown.drawn_at,
        "is_tick": on.is_tick,
    }
    if look is not None and on.seen_by is not None:
        chosen = look.chosen if look.chosen and view is not None and view.shows(*look.chosen) else None
        message["look"] = {
            **look._asdict(),
            "without": [a for a in look.without if rules.sees_of(rules.viewer, AgencyId(a))],
            "chosen": None if chosen is None else dict(zip(("layer", "agency", "id"), chosen, strict=True)),
        }
        message["look_at"] = on.shown.look_at
    return message


async def screens_answer(ask: Screens, recording: Recording, may: Callable[[AgencyId], bool]) -> dict[str, Any]:
    """Return the screens that were open around a moment, of agencies whose screens one `may` see.

    Raises as `Recording`.
    """
    entries: list[ScreensEntry] = []
    after = ask.at - AROUND_S - _LOOK_BACK_S
    while page := await recording.screens(after, _PAGE):
        entries += [entry for entry in page if entry.at <= ask.at + AROUND_S]
        if (until := _newest(page)) <= after or until > ask.at + AROUND_S:
            break
        after = until
    found = [
        (one, until)
        for one, until in sessions(entries)
        if may(AgencyId(one.agency)) and (until is None or until >= ask.at - AROUND_S)
    ]
    found.sort(key=lambda each: (max(each[0].since - ask.at, ask.at - (each[1] or ask.at), 0.0), each[0].number))
    said = [
        {"id": one.id, "agency": one.agency, "page": one.kind, "since": one.since, "until": until}
        for one, until in found[:OFFERED_MAX]
    ]
    return {"type": "screens", "ask": ask.ask, "at": ask.at, "screens": said}
