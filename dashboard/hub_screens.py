"""What the screens show, on the bus: heard from each page, checked, appended each second beside the hub's cuts.

Rules
- A page tells how it looks when that changes and which revision it drew last, each about once a second.
- Nothing is believed that cannot be: a revision that was never sent, a layer there is not, an agency nobody told it of.
- What is refused is counted by reason, and said to who said it; what comes too often is only counted.
- Of a session no more is told than agency, kind of page and when it began (`feeds.replay.screens`): no name.
"""

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

from dashboard.audience import Audience, Seat
from dashboard.hub_cuts import too_old
from dashboard.screen_words import DrawnWord, ScreenWord
from feeds.bus import BatchId, Bus
from feeds.errors import BusDown
from feeds.names import SCREENS, AgencyId
from feeds.replay.screens import Look, ScreenLog, encode_screens
from layers.policy import ViewerClass

log = logging.getLogger(__name__)

APPEND_EVERY_S = 1.0
ENTRIES_MAX = 600
"""Entries that wait for the bus; beyond it the oldest go, counted."""
OPEN_MAX = 500
"""Sessions that are logged at once."""
_BUS_S = 5.0

NOT_UNDERSTOOD = "not understood"
TOO_OFTEN = "too often"
TOO_MANY = "too many screens"
NOT_SENT = "revision not sent"
UNKNOWN_AGENCY = "unknown agency"


class HubScreens:
    """One hub's. `sees_of` says whether a class may see anything of an agency."""

    def __init__(self, bus: Bus, sees_of: Callable[[ViewerClass, AgencyId], bool]) -> None:
        self._bus = bus
        self._sees_of = sees_of
        self._log = ScreenLog()
        self._waiting: deque[tuple[float, bytes]] = deque(maxlen=ENTRIES_MAX)
        self._lost = 0
        self._open: Counter[str] = Counter()
        self._refused: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By the agency whose screen it is."""

    def hear(self, seat: Seat, audience: Audience, said: ScreenWord | DrawnWord, t: float) -> str:
        """Take a word at `t` (Unix seconds); return why it is refused, "" when it is not or need not be said."""
        if not seat.words.take(t):
            self._refused[seat.viewer.agency][TOO_OFTEN] += 1
            return ""
        if not 0 <= said.rev <= seat.subscription.rev:
            return self._refuse(
                seat, NOT_SENT, f"revision {said.rev} was not sent to you; the last was {seat.subscription.rev}"
            )
        if isinstance(said, ScreenWord):
            foreign = [a for a in said.without if not self._sees_of(audience.viewer, AgencyId(a))]
            if foreign or len(set(said.without)) < len(said.without):
                return self._refuse(
                    seat, UNKNOWN_AGENCY, "without names each agency of your hello at most once, and no other"
                )
        if seat.screen is None:
            if len(self._log) >= OPEN_MAX:
                return self._refuse(seat, TOO_MANY, f"{OPEN_MAX} screens are logged already; this one is not")
            if isinstance(said, DrawnWord):
                return self._refuse(seat, NOT_UNDERSTOOD, "say screen before drawn: nobody knows yet how yours looks")
            viewer = audience.viewer
            seat.screen = self._log.begin(viewer.agency, viewer.roles, seat.viewer.kind, audience.epoch, t)
            self._open[seat.viewer.agency] += 1
        if isinstance(said, ScreenWord):
            self._log.look(seat.screen, _look(said), t)
        if said.rev:
            self._log.drew(seat.screen, said.rev, max(t - said.ago_ms / 1000, seat.screen.since))
        return ""

    def misheard(self, seat: Seat, words: str, t: float) -> str:
        """Count a word that was not understood; return what to say, "" when they come too often."""
        if not seat.words.take(t):
            self._refused[seat.viewer.agency][TOO_OFTEN] += 1
            return ""
        return self._refuse(seat, NOT_UNDERSTOOD, words)

    def leave(self, seat: Seat, t: float) -> None:
        """Note that a viewer went."""
        if seat.screen is not None:
            self._log.end(seat.screen, t)
            seat.screen = None
            self._open[seat.viewer.agency] -= 1

    def _refuse(self, seat: Seat, reason: str, words: str) -> str:
        self._refused[seat.viewer.agency][reason] += 1
        return words

    @property
    def refused(self) -> Counter[str]:
        """Words of all screens that were refused since the hub's start, by reason."""
        return sum(self._refused.values(), Counter[str]())

    def of(self, agency: str) -> dict[str, Any]:
        """Return what an agency may know of this: how many of its own are logged, what of theirs was refused.

        And of how many seconds the site's log was lost while the bus was away, if of any.
        """
        lost = {"lost_s": self._lost * APPEND_EVERY_S} if self._lost else {}
        return {"open": self._open[agency], "refused": dict(self._refused.get(agency, {})), **lost}

    def __len__(self) -> int:
        """Return how many screens are logged now."""
        return len(self._log)

    async def follow(self, now: Callable[[], float]) -> None:
        """Append what was noted, for ever."""
        while True:
            await asyncio.sleep(APPEND_EVERY_S)
            try:
                await self.append(now())
            except (BusDown, TimeoutError) as error:
                log.warning("hub.screens_not_kept reason=%s", error)

    async def append(self, t: float) -> None:
        """Append what was noted until `t`. Raises BusDown, TimeoutError; it waits for the next time then."""
        entry = self._log.entry(t)
        waiting = self._waiting
        if entry is not None:
            self._lost += len(waiting) == ENTRIES_MAX
            waiting.append((t, encode_screens(entry)))
        while waiting:
            at, data = oldest = waiting[0]
            await asyncio.wait_for(self._bus.append_log(SCREENS, data, at), _BUS_S)
            if waiting and waiting[0] is oldest:
                waiting.popleft()

    async def trim(self, t: float, journal_s: float, limit: BatchId | None) -> None:
        """Drop what is `too_old` at `t` (Unix seconds). Raises BusDown, TimeoutError."""
        await asyncio.wait_for(self._bus.trim_log(SCREENS, too_old(t, journal_s, limit)), _BUS_S)


def _look(said: ScreenWord) -> Look:
    chosen = None if said.chosen is None else (said.chosen.layer, said.chosen.agency, said.chosen.id)
    shown = (said.box, said.zoom, said.width, said.height)
    return Look(*shown, tuple(sorted(said.layers)), tuple(sorted(said.without)), said.theme, chosen, said.away)
