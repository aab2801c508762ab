"""Answers a review's asks: cards of what is shown; tracks, neighbours and timelines out of the record, one by one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dashboard.audience import Audience, Seat
from dashboard.messages import card_answer
from dashboard.rerun import Rerun
from dashboard.review_asks import Near, Question, Track
from dashboard.review_chronology import chronology_answer
from dashboard.review_history import Asker, near_answer, track_answer
from dashboard.review_told import Told
from dashboard.stream import Ask
from feeds.errors import JointOpsError
from feeds.replay.recording import Recording
from layers.review_rules import ReviewRules

ASKS_MAX = 4
"""Asks that may wait for an answer; of cards the newest wait, more of the others are refused."""


class Scene(NamedTuple):
    """What is shown: the picture, by whose rules, to whom."""

    rerun: Rerun
    rules: ReviewRules
    audience: Audience


class Answers:
    """One viewer's. `scene` gives what is shown, None before anything is."""

    def __init__(
        self, recording: Recording, seat: Seat, told: Told, zone: ZoneInfo, scene: Callable[[], Scene | None]
    ) -> None:
        self._recording = recording
        self._seat = seat
        self._told = told
        self._zone = zone
        self._scene = scene
        self._cards: deque[Ask] = deque(maxlen=ASKS_MAX)
        self._waiting: deque[Question] = deque()
        self._asked = asyncio.Event()

    def hear(self, ask: Ask | Question) -> None:
        """Take an ask. Raises PermissionError when too many wait."""
        if isinstance(ask, Ask):
            self._cards.append(ask)
        elif len(self._waiting) >= ASKS_MAX:
            raise PermissionError(f"{ASKS_MAX} asks wait already; wait for an answer")
        else:
            self._waiting.append(ask)
            self._asked.set()

    def cards(self) -> None:
        """Answer the cards that wait: while what is shown is what the picture holds."""
        scene, seat = self._scene(), self._seat
        while self._cards and scene is not None:
            ask = self._cards.popleft()
            # One who does not read gets no answers piled up either.
            if seat.cards.take(asyncio.get_running_loop().time()) and seat.subscription.ready(seat.unsent()):
                rerun, rules, audience = scene
                answer = card_answer(audience, ask, rerun.roster, rules, audience.view.at, self._zone)
                audience.whisper(seat, answer)

    async def run(self, *, knows_all: Callable[[], bool]) -> None:
        """Answer the others until cancelled. `knows_all`: the view is of truth, so what came later is told too."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._waiting:
                ask, scene = self._waiting.popleft(), self._scene()
                if scene is None:
                    continue
                rerun, rules, audience = scene
                known_by = None if knows_all() else audience.view.at
                asker = Asker(self._recording, rerun.picture, rules, rerun.labels, known_by)
                try:
                    said = await _answer(ask, asker)
                except (JointOpsError, OSError) as error:
                    self._told.notice(f"This part of the record cannot be read: {error}")
                else:
                    self._told.say(said)


def _answer(ask: Question, asker: Asker) -> Awaitable[dict[str, Any]]:
    match ask:
        case Track():
            return track_answer(ask, asker)
        case Near():
            return near_answer(ask, asker)
        case _:
            return chronology_answer(ask, asker)
