"""What a review tells its viewer in words: the clock, how far a way is gone, notices and refusals."""

import asyncio
from collections import deque
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from dashboard.audience import Seat, write
from dashboard.review_asks import StepTo
from dashboard.review_steps import Found
from feeds.errors import ArchiveDamaged
from feeds.replay.recording import Gap, Span

CLOCK_EVERY_S = 0.25
STANDING_CLOCK_EVERY_S = 1.0
PACE_OVER_S = 1.0
ANSWER_WITHIN_S = 20.0
"""So long an answer waits for who does not read: nobody waits longer for it."""
_LOOK_S = 0.05

_encode = msgspec.json.Encoder().encode
_NAMED = {"incident": "incident", "camera": "camera event", "alarm": "emergency", "log": "log entry"}


def cannot_read(error: Exception) -> str:
    """Return why the record cannot be read, without where it lies: that is nobody's business but the log's."""
    if isinstance(error, ArchiveDamaged):
        return "a file of it is damaged; `jointops verify` says which"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


class Pace:
    """How fast it really plays. Pure: real time is an argument."""

    def __init__(self) -> None:
        self._passed: deque[tuple[float, float]] = deque()

    def note(self, real: float, at: float) -> None:
        """Take note that it was `at` at `real`."""
        passed = self._passed
        passed.append((real, at))
        while passed[0][0] < real - PACE_OVER_S:
            passed.popleft()

    def clear(self) -> None:
        """Begin anew: it has stood, or jumped."""
        self._passed.clear()

    def now(self) -> float:
        """Return recorded seconds a second, over about the last second; 0 before there is anything to go by."""
        if len(self._passed) < 2:
            return 0.0
        (real0, at0), (real1, at1) = self._passed[0], self._passed[-1]
        return round((at1 - at0) / (real1 - real0), 2) if real1 > real0 else 0.0


class Standing(NamedTuple):
    """What the clock tells."""

    at: float
    playing: bool
    speed: float
    pace: float
    view: str
    epoch: str
    span: Span


class Told:
    """One viewer's."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._clock_at = float("-inf")

    def say(self, message: dict[str, Any]) -> None:
        """Send a message, unless the viewer does not read: then it would find it stale."""
        seat = self._seat
        if seat.subscription.ready(seat.unsent()):
            write([seat.connection], _encode(message), text=True)

    async def answer(self, message: dict[str, Any]) -> None:
        """Send what somebody waits for, as soon as the viewer reads."""
        seat, loop = self._seat, asyncio.get_running_loop()
        given_up_at = loop.time() + ANSWER_WITHIN_S
        while not seat.subscription.ready(seat.unsent()) and loop.time() < given_up_at:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        self.say(message)

    def clock(self, standing: Standing, real: float, *, now: bool = False) -> None:
        """Tell the clock when it is time to, or `now`."""
        every = CLOCK_EVERY_S if standing.playing else STANDING_CLOCK_EVERY_S
        if not now and real - self._clock_at < every * 0.99:
            return
        self._clock_at = real
        self.say(
            {
                "type": "clock",
                "at": standing.at,
                "playing": standing.playing,
                "speed": standing.speed,
                "pace": standing.pace if standing.playing else 0.0,
                "view": standing.view,
                "epoch": standing.epoch,
                "from": standing.span.since,
                "to": standing.span.until,
            }
        )

    def stepped(self, step: StepTo, found: Found | None, t: float, until: float | None, zone: ZoneInfo) -> None:
        """Tell where a step led; None: nowhere, it stands at `t` as before, and was looked for until `until` only."""
        if found is None:
            name = _NAMED[step.to]
            if until is None:
                self.notice(f"There is no {'later' if step.by > 0 else 'earlier'} {name} that this view shows.")
            else:
                way = "until" if step.by > 0 else "back to"
                at = datetime.fromtimestamp(until, zone)
                self.notice(f"No {name} that you may see {way} {at:%H:%M}. Step again to go on from there.")
        self.say(
            {
                "type": "stepped",
                "to": step.to,
                "by": step.by,
                "found": found is not None,
                "at": found.at if found else t,
                "until": until,
                "events": found.events if found else [],
                "units": found.units if found else [],
            }
        )

    def damaged(self, gap: Gap, name: str, zone: ZoneInfo) -> None:
        """Tell that a stretch of an agency's record is missing; `name` is the agency's."""
        since, until = (datetime.fromtimestamp(at, zone) for at in (gap.since, gap.until))
        self.notice(
            f"The record of {name} from {since:%H:%M} to {until:%H:%M} is damaged: what was reported is missing."
        )

    def notice(self, text: str) -> None:
        """Tell something in words for people."""
        self.say({"type": "notice", "text": text})

    def unread(self, why: str) -> None:
        """Tell that there are no ticks of the hub to go by, and why."""
        self.notice(f"Here it goes by what was journaled, and shows what was surely shared then: {why}")

    def refused(self, what: str, text: str, ask: int | None = None) -> None:
        """Tell that a message of type `what` cannot be followed; to an ask by its number, which waits for an answer."""
        answer = {} if ask is None else {"ask": ask, "error": text}
        self.say({"type": "refused", "what": what, "text": text} | answer)


class Progress:
    """Tells how far the way to `to` is gone, four times a second while the block runs. `to` None: a search."""

    def __init__(self, told: Told, to: float | None) -> None:
        self._told = told
        self._to = to
        self._from: float | None = None
        self._at = 0.0 if to is None else to
        """Where it is."""
        self.searched = 0.0
        """How much of the search is done, 0 to 1."""

    async def __aenter__(self) -> "Progress":
        self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._telling.cancel()

    def passing(self, at: float) -> None:
        """Take note of where the way is."""
        self._at = at
        if self._from is None:
            self._from = at

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_EVERY_S)
            done = self.searched
            if self._to is not None:
                whole = self._to - (self._to if self._from is None else self._from)
                done = round(max(0.0, 1.0 - (self._to - self._at) / whole), 3) if whole > 0 and self._from else 0.0
            self._told.say({"type": "seeking", "at": self._to, "done": done})
