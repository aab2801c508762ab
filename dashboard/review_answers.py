"""Answers a review's asks: cards of what is shown; tracks, neighbours and timelines out of the record, one by one."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dashboard.audience import Audience, Seat
from dashboard.messages import card_answer
from dashboard.rerun import Rerun
from dashboard.review_area import area_of
from dashboard.review_asks import Near, Question, Screens, Track, Within
from dashboard.review_chronology import chronology_answer
from dashboard.review_clocks import ReviewClocks, may_know
from dashboard.review_history import Asker, near_answer, track_answer
from dashboard.review_screens import screens_answer
from dashboard.review_shares import PolicyTimes, Shares
from dashboard.review_told import Told, cannot_read
from dashboard.review_views import RulesOf
from dashboard.review_within import within_answer
from dashboard.stream import Ask
from feeds.clock_offset import ClockOffset
from feeds.errors import JointOpsError
from feeds.names import AgencyId
from feeds.replay.clocks import Clocks
from feeds.replay.recording import Recording
from layers.cards import find
from layers.review_rules import ReviewRules
from layers.seen import Seen
from layers.view import View

log = logging.getLogger(__name__)

ASKS_MAX = 4
"""Asks that may wait for an answer; of cards the newest wait, more of the others are refused."""

TRIES = 2
"""So often an answer is begun while what is shown changes."""
STANDS_WITHIN_S = 10.0
"""So long an ask waits for a seek that is under way."""
WENT_ON = "What is shown changed while this was looked up. Pause, and ask again."


class Scene(NamedTuple):
    """What is shown: the picture, by whose rules, to whom."""

    rerun: Rerun
    rules: ReviewRules
    audience: Audience
    rules_of: RulesOf
    """By which rules what is of the time of another policy."""


class Answers:
    """One viewer's. `scene` gives what is shown, None before anything is."""

    def __init__(
        self,
        recording: Recording,
        times: PolicyTimes,
        seat: Seat,
        told: Told,
        zone: ZoneInfo,
        scene: Callable[[], Scene | None],
        may_see_screens_of: Callable[[AgencyId], bool],
        through: Callable[[], Mapping[AgencyId, RulesOf]],
    ) -> None:
        self._recording = recording
        self._times = times
        self._seat = seat
        self._told = told
        self._zone = zone
        self._scene = scene
        self._through = through
        """Through whose eyes it may look, and by which rules those see."""
        self._may_see_screens_of = may_see_screens_of
        self._cards: deque[Ask] = deque(maxlen=ASKS_MAX)
        self._under_way: tuple[int, asyncio.Task[dict[str, Any]]] | None = None
        """The ask of the record that is being answered, by its number."""
        self._waiting: deque[Question | Screens | Ask] = deque()
        """Of cards those of which the clock is to be read first."""
        self._look: float | None = None
        self._told_clocks: list[dict[str, Any]] = []
        self._clocks = ReviewClocks(recording)
        self._asked = asyncio.Event()
        self._stands = asyncio.Event()
        """What is shown is what the picture holds again."""

    def check(self, ask: Question | Screens) -> None:
        """Raise PermissionError when too many wait, ValueError when it is of no area."""
        if isinstance(ask, Within):
            area_of(ask)
        if len(self._waiting) >= ASKS_MAX:
            raise PermissionError(f"{ASKS_MAX} asks wait already; wait for an answer")

    def hear(self, ask: Ask | Question | Screens) -> None:
        """Take an ask that was checked."""
        if isinstance(ask, Ask):
            self._cards.append(ask)
        else:
            self._waiting.append(ask)
            self._asked.set()

    def call_off(self, ask: int) -> None:
        """Let an ask go without an answer: nobody waits for it."""
        for waits in [one for one in self._waiting if one.ask == ask and not isinstance(one, Ask)]:
            self._waiting.remove(waits)
        if self._under_way is not None and self._under_way[0] == ask:
            self._under_way[1].cancel()

    def look(self, t: float) -> None:
        """Tell which clocks were off at `t`, if they are others than those told last."""
        self._look = t
        self._asked.set()

    def cards(self) -> None:
        """Answer the cards that wait: while what is shown is what the picture holds."""
        self._stands.set()
        scene, seat = self._scene(), self._seat
        while self._cards and scene is not None:
            ask = self._cards.popleft()
            # One who does not read gets no answers piled up either.
            if not seat.cards.take(asyncio.get_running_loop().time()) or not seat.subscription.ready(seat.unsent()):
                continue
            heard = self._heard(scene, ask)
            clocks = None if heard is None else self._clocks.kept(ask.agency, heard.received_at)
            if heard is None or clocks is not None:
                self._card(scene, ask, _clock(clocks, heard))
            elif len(self._waiting) < 2 * ASKS_MAX:
                self._waiting.append(ask)
                self._asked.set()

    def _heard(self, scene: Scene, ask: Ask) -> Seen | None:
        """Return what is asked for, when the clock that its time is by may be told of."""
        seen = find(scene.audience.view, ask.layer, ask.agency, ask.id) if may_know(scene.rules, ask.agency) else None
        return seen if seen is not None and seen.source else None

    def _card(self, scene: Scene, ask: Ask, clock: ClockOffset | None) -> None:
        rerun, rules, audience, _ = scene
        answer = card_answer(audience, ask, rerun.roster, rules, audience.view.at, self._zone, clock)
        audience.whisper(self._seat, answer)

    async def run(self, *, knows_all: Callable[[], bool], is_still: Callable[[], bool]) -> None:
        """Answer the others until cancelled. `knows_all`: the view is of truth, so what came later is told too.

        `is_still`: what is shown is what the picture holds.
        """
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._tell_clocks()
            except (JointOpsError, OSError) as error:
                log.warning("review.clocks_unread reason=%s", error)
            except Exception:
                log.exception("review.clocks_failed")
            while self._waiting:
                ask = self._waiting.popleft()
                try:
                    if isinstance(ask, Ask):
                        await self._late_card(ask, is_still)
                        continue
                    if isinstance(ask, Screens):
                        await self._told.answer(await screens_answer(ask, self._recording, self._may_see_screens_of))
                        continue
                    said = await self._while_wanted(ask, self._told_of(ask, knows_all, is_still))
                except (JointOpsError, OSError) as error:
                    await self._fail(ask, f"This part of the record cannot be read: {cannot_read(error)}.")
                except Exception:
                    log.exception("review.answer_failed ask=%s", type(ask).__name__)
                    await self._fail(ask, "What was asked cannot be answered; the log of the site says why.")
                else:
                    if said is not None:
                        await self._told.answer(said)

    async def _fail(self, ask: Question | Screens | Ask, why: str) -> None:
        """Say at once that there is no answer: whoever asked waits for one."""
        if isinstance(ask, Ask):
            self._told.notice(why)
        else:
            await self._told.answer(_failed(ask, why))

    async def _while_wanted(self, ask: Question, answer: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
        """Return the answer; None when it was called off. Raises as it does."""
        task = asyncio.create_task(answer)
        self._under_way = ask.ask, task
        try:
            await asyncio.wait({task})
            return None if task.cancelled() else task.result()
        finally:
            self._under_way = None
            task.cancel()

    async def _told_of(
        self, ask: Question, knows_all: Callable[[], bool], is_still: Callable[[], bool]
    ) -> dict[str, Any]:
        """Return the answer, all of it by one scene: made again where it went elsewhere meanwhile. Raises as these."""
        for _ in range(TRIES):
            if not is_still():
                self._stands.clear()
                try:
                    await asyncio.wait_for(self._stands.wait(), STANDS_WITHIN_S)
                except TimeoutError:
                    break
            scene = self._scene()
            if scene is None or not is_still():
                continue
            rerun, rules, audience, rules_of = scene
            known_by = None if knows_all() else audience.view.at
            shares = Shares(self._times, rules_of)
            others = {agency: Shares(self._times, by) for agency, by in self._through().items()}
            asker = Asker(self._recording, rerun.picture, rules, rerun.labels, known_by, shares, others)
            said = await _answer(ask, asker, audience.view)
            if self._scene() is scene and is_still():
                return said
        return _failed(ask, WENT_ON)

    async def _late_card(self, ask: Ask, is_still: Callable[[], bool]) -> None:
        """Answer once the clock is read; where it went on meanwhile, of what is shown now."""
        scene = self._scene()
        heard = self._heard(scene, ask) if scene is not None and is_still() else None
        clocks = None if heard is None else await self._clocks.read(AgencyId(ask.agency), heard.received_at)
        now = self._scene()
        if now is None or not is_still():
            self._cards.append(ask)
            return
        self._card(now, ask, _clock(clocks, self._heard(now, ask)))

    async def _tell_clocks(self) -> None:
        t, self._look = self._look, None
        scene = self._scene()
        if t is None or scene is None:
            return
        off = await self._clocks.off(scene.rules, t)
        if off != self._told_clocks:
            self._told_clocks = off
            self._told.say({"type": "clocks", "at": t, "off": off})


def _failed(ask: Question | Screens, why: str) -> dict[str, Any]:
    return {"type": ask.__struct_config__.tag, "ask": ask.ask, "error": why}


def _answer(ask: Question, asker: Asker, view: View) -> Awaitable[dict[str, Any]]:
    match ask:
        case Track():
            return track_answer(ask, asker)
        case Near():
            return near_answer(ask, asker)
        case Within():
            return within_answer(ask, asker, view)
        case _:
            return chronology_answer(ask, asker)


def _clock(clocks: Clocks | None, heard: Seen | None) -> ClockOffset | None:
    """Return what was known of a thing's clock when its newest report came."""
    return None if clocks is None or heard is None else clocks.at(heard.source, heard.received_at)
