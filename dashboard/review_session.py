"""One review: a picture of its own, a clock of its own, one seat. The frames are those of the live stream.

    hear(said) -> what is wanted -> run: go there (a new epoch) | play a frame | stand
Of several places wanted the newest counts; a way that is under way is given up for it.
"""

import asyncio
import contextlib
import logging
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dashboard.audience import Audience, Seat
from dashboard.config import Site
from dashboard.labels_today import LabelsToday
from dashboard.rerun import Overtaken, Rerun, within
from dashboard.review_answers import Answers, Scene
from dashboard.review_asks import (
    Chronology,
    Enough,
    Near,
    Open,
    Pause,
    Play,
    Said,
    Screens,
    Seek,
    SetView,
    StepTo,
    Track,
    Within,
)
from dashboard.review_keyframes import Keyframes
from dashboard.review_screens import OnScreen, ScreenReader, told
from dashboard.review_shares import PolicyTimes
from dashboard.review_steps import Search
from dashboard.review_told import CLOCK_EVERY_S, STANDING_CLOCK_EVERY_S, Pace, Progress, Standing, Told, cannot_read
from dashboard.review_views import SCREEN, TRUTH, Policy, RulesOf, Views, screen_of
from dashboard.stream import Ask
from dashboard.subscription import Subscription
from feeds.clock_offset import SLOT_S
from feeds.errors import JointOpsError
from feeds.names import AgencyId
from feeds.replay.clock import ReplayClock
from feeds.replay.known import WITHOUT_CUTS_S, on_grid
from feeds.replay.recording import Gap, Recording, Span
from layers.delta import LINE_UP
from layers.policy import ViewerClass
from layers.review_rules import ReviewRules

log = logging.getLogger(__name__)

BEHIND_S = 0.3
"""Who is this far behind the clock, real seconds, goes slower instead."""
SCREEN_STRIDE_S = 0.25
"""A screen is followed in steps of this: its log is written once a second."""
AGAIN_S = 2.0
"""After so long what could not be read is tried again."""
_SPAN_EVERY_S = 0.5
_BEHIND_WAIT_S = 0.1


class Place(NamedTuple):
    """What all reviews of a process share."""

    recording: Recording
    times: PolicyTimes
    keyframes: Keyframes
    views: Views
    labels: LabelsToday
    site: Site

    @property
    def tick_s(self) -> float:
        """The grid of what has no ticks on record, seconds."""
        return self.site.tick_ms / 1000.0


class _Goal(NamedTuple):
    """Where somebody wants to be."""

    at: float
    step: StepTo | None = None


class _Sought(NamedTuple):
    """A step that led nowhere: which, in which view, from where, and up to where was looked."""

    step: StepTo
    view: str
    at: float
    until: float


class Session:
    """One review. `run` until the connection ends; `hear` what its viewer says meanwhile."""

    def __init__(self, place: Place, seat: Seat, span: Span, begin: Open) -> None:
        """Raises PermissionError when the viewer may not have the view."""
        self.told = Told(seat)
        self._place = place
        self._seat = seat
        self._span = span
        self._span_at = float("-inf")
        self.view = self._entitled(begin.view)
        at = span.until if begin.at is None else within(begin.at, span)
        self._clock = ReplayClock(at)
        self._goal: _Goal | None = _Goal(at)
        self._on_way: _Goal | None = None
        """Where it is going to just now."""
        self._sought: _Sought | None = None
        self._policy_data = b""
        self._policy: Policy = place.views.policy(b"")
        self._unread = ""
        """Why the hub's ticks where it stands cannot be read."""
        self._rerun: Rerun | None = None
        self._scene: Scene | None = None
        self._moment = at
        """Where it is shown; in the view of a screen the picture may be older than that."""
        self._screens = ScreenReader(place.recording)
        self._screen: OnScreen | None = None
        """What there is to show of the screen whose view it is."""
        self._news = asyncio.Event()
        self._pace = Pace()
        self._zone = ZoneInfo(place.site.timezone)
        self._answers = Answers(
            place.recording, place.times, seat, self.told, self._zone, lambda: self._scene,
            partial(place.views.may_see_screens_of, seat.viewer), partial(place.views.through, seat.viewer),
        )  # fmt: skip
        self._damage_told: set[Gap] = set()
        self.began = at
        """Where it was gone to last, Unix seconds."""
        self._still = False
        """What is shown is what the picture holds: nothing is on the way."""
        self._failed = ""
        """Why the record could not be read when it was tried last."""
        if begin.speed:
            self._clock.play(begin.speed, _real())

    # --- what the viewer says ---------------------------------------------------------------

    def check(self, said: Said) -> None:
        """Raise PermissionError when the viewer may not have that, or not now, ValueError when it is nonsense."""
        match said:
            case SetView():
                self._entitled(said.view)
            case Track() | Near() | Within() | Chronology() | Screens():
                self._answers.check(said)
            case Open():
                raise PermissionError("it is open; send seek, view or play")

    def hear(self, said: Said) -> None:
        """Take note of what the viewer wants. Raises as `check`."""
        self.check(said)
        match said:
            case Seek():
                self._go(_Goal(within(said.at, self._span)))
            case SetView():
                self.view = said.view
                self._go(_Goal(self._bound_for))
            case StepTo():
                self._clock.pause(self.at)
                self._go(_Goal(self._bound_for, said))
            case Play():
                self._clock.play(said.speed, _real())
                self._pace.clear()
                self._tell_clock(now=True)
                self._news.set()
            case Pause():
                self._clock.pause(self.at)
                self._tell_clock(now=True)
                self._news.set()
            case Ask() | Track() | Near() | Within() | Chronology() | Screens():
                self._answers.hear(said)
                if self._still:
                    self._answers.cards()
            case Enough():
                self._answers.call_off(said.ask)

    def _entitled(self, view: str) -> str:
        if not self._place.views.may(self._seat.viewer, view):
            raise PermissionError(f"there is no view {view[:40]!r} for you")
        return view

    def _go(self, goal: _Goal) -> None:
        self._goal = goal
        self._news.set()

    def _overtaken(self) -> bool:
        return self._goal is not None

    @property
    def _bound_for(self) -> float:
        """Where it will be: a view or a step asked for on the way does not lead back."""
        goal = self._goal or self._on_way
        return self.at if goal is None else goal.at

    @property
    def at(self) -> float:
        """What is shown, Unix seconds."""
        return self._clock.now(0.0) if self._scene is None else self._moment

    @property
    def epoch(self) -> str:
        """The life of what is shown, "" before anything is."""
        return "" if self._scene is None else self._scene.audience.epoch

    # --- the work ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until cancelled."""
        answering = asyncio.create_task(
            self._answers.run(knows_all=lambda: self.view == TRUTH, is_still=lambda: self._still)
        )
        try:
            while True:
                try:
                    await self._turn()
                except Overtaken:
                    continue
                except (JointOpsError, OSError) as error:
                    await self._go_back(error)
        finally:
            answering.cancel()

    async def _go_back(self, error: Exception) -> None:
        """Say that the record cannot be read, and go again to what is shown: the picture stands anywhere by now."""
        log.warning("review.cannot_read reason=%s", error)
        self._still = False
        self._rerun = None
        self._on_way = None
        self._clock.pause(self.at)
        if (why := cannot_read(error)) != self._failed:
            self._failed = why
            self.told.notice(f"This part of the record cannot be read: {why}.")
        self._tell_clock(now=True)
        if self._goal is None:
            self._goal = _Goal(self.at)
            await self._wait(AGAIN_S)

    async def _turn(self) -> None:
        goal, self._goal = self._goal, None
        self._news.clear()
        self._on_way = goal
        if goal is not None:
            self._still = False
            await self._look_at_span()
            await (self._seek(goal.at) if goal.step is None else self._step(goal.step, goal.at))
            self._still = True
            self._failed = ""
            self._on_way = None
            self._answers.cards()
            self._send()
        elif self._clock.playing and self._scene is not None:
            await self._play(self._scene)
        else:
            self._tell_clock()
            await self._wait(_BEHIND_WAIT_S if self._send() else STANDING_CLOCK_EVERY_S)

    async def _seek(self, t: float) -> None:
        async with Progress(self.told, t) as progress:
            await self._stand(t, progress)
        self._begin_epoch(t)

    async def _stand(self, t: float, progress: Progress) -> None:
        """Bring the picture to what is shown at `t`. What is shown stays what it was."""
        self._screen = await self._on_screen(t)
        if self._screen is not None:
            t = self._screen.picture_at
        data = await self._place.recording.policy(t)
        if self._rerun is None or data != self._policy_data:
            self._policy_data, self._policy = data, self._place.views.policy(data)
            self._rerun = self._new_rerun()
        rerun = self._rerun
        rerun.labels = await self._place.labels.now()

        def overtaken() -> bool:
            progress.passing(rerun.at)
            return self._overtaken()

        await rerun.reach(t, truth=self.view == TRUTH, overtaken=overtaken)
        unread = self._place.recording.ticks_unread(t)
        if unread not in ("", self._unread):
            self.told.unread(unread)
        self._unread = unread

    async def _on_screen(self, t: float) -> OnScreen | None:
        return await self._screens.at(self.view, t) if self.view.startswith(SCREEN) else None

    def _new_rerun(self) -> Rerun:
        place = self._place
        return Rerun(place.recording, place.keyframes, self._policy.roster, place.tick_s)

    async def _step(self, step: StepTo, t: float) -> None:
        """Go to the next of a kind; where there is none, stay. The same step again goes on from where that looked."""
        sought, self._sought = self._sought, None
        begin = sought.until if sought is not None and sought[:3] == (step, self.view, t) else None
        async with Progress(self.told, None) as progress:

            def overtaken() -> bool:
                progress.searched = search.done
                return self._overtaken()

            rerun = self._new_rerun()
            rerun.labels = await self._place.labels.now()
            search = Search(self._place.recording, rerun, self._rules_of_steps, overtaken)
            found = await search.find(step.to, step.by, t, self._span, truth=self.view == TRUTH, begin=begin)
            await self._stand(t if found is None else found.at, progress)
        self._begin_epoch(t if found is None else found.at)
        if search.until is not None:
            self._sought = _Sought(step, self.view, t, search.until)
        self.told.stepped(step, found, t, search.until, self._zone)

    def _rules(self) -> ReviewRules:
        seen_by = None if self._screen is None else self._screen.seen_by
        return self._place.views.rules(self._seat.viewer, self.view, self._policy, seen_by)

    def _rules_of(self) -> RulesOf:
        """Return by which rules what was of another policy's time is told, to whom sees what is shown now."""
        seen_by = None if self._screen is None else self._screen.seen_by
        return self._place.views.rules_of(self._seat.viewer, self.view, seen_by)

    def _rules_of_steps(self, data: bytes) -> ReviewRules:
        """Return what there may be to step to where this policy stands: before a screen, all its people could see."""
        views = self._place.views
        before = ViewerClass(AgencyId(screen_of(self.view)[0])) if self.view.startswith(SCREEN) else None
        return views.rules(self._seat.viewer, self.view, views.policy(data), before)

    def _begin_epoch(self, t: float) -> None:
        """Make the view anew where the picture stands, and tell the clock; the keyframe comes with the next frame."""
        rerun = self._rerun
        assert rerun is not None
        picture_at = t if self._screen is None else self._screen.picture_at
        rerun.flush(picture_at)
        rules, rules_of = self._rules(), self._rules_of()
        if self._scene is not None:
            self._scene.audience.seats.clear()
        audience = Audience(rerun.picture, rules, rules.viewer, picture_at)
        self._seat.subscription = Subscription()
        audience.seats.add(self._seat)
        self._scene = Scene(rerun, rules, audience, rules_of)
        self.began = self._moment = t
        self._clock.stand(t, _real())
        self._pace.clear()
        self._tell_clock(now=True)
        self._tell_screen()
        self._answers.look(t)
        self._damage_told.clear()
        self._tell_damage(t)

    async def _play(self, scene: Scene) -> None:
        """Play one frame, when its time has come."""
        await self._look_at_span()
        rerun = scene.rerun
        target = await self._next_stop(rerun)
        if target is None:
            self._clock.pause(self._moment)
            self._tell_clock(now=True)
            self.told.notice("The end of the recording.")
            return
        self._tell_clock()
        early = self._clock.until(target, _real())
        if early > 0:
            await self._wait(min(early, CLOCK_EVERY_S))
            return
        if await self._place.labels.now() is not rerun.labels:
            self._go(_Goal(self._moment))
            return
        if target // SLOT_S != self._moment // SLOT_S:
            self._answers.look(target)
        before, was = rerun.source.policy, self._screen
        on = self._screen = await self._on_screen(target)
        if on is not None and was is not None and not on.continues(was):
            self._go(_Goal(target))
            return
        picture_at = target if on is None else on.picture_at
        await rerun.forward(picture_at, self._overtaken)
        # In what cannot be read the policy may have been another, and behind it may be another.
        unread = self._place.recording.ticks_unread(picture_at) != self._unread
        if unread or rerun.source.policy not in (before, self._policy_data):
            self._go(_Goal(target))
            return
        # Only for who knows of the damage: to others a new epoch would tell of it.
        if rerun.is_past_damage and self._damage_told:
            self._go(_Goal(target))
            return
        self._moment = target
        if on is None or on.picture_at > scene.audience.view.at:
            scene.audience.step(*rerun.flush(picture_at), picture_at)
            scene.audience.send(picture_at, LINE_UP)
        if on is not None and was is not None and (on.shown, on.why) != (was.shown, was.why):
            self._tell_screen()
        self._tell_damage(target)
        real = _real()
        self._pace.note(real, target)
        if self._clock.until(target, real) < -BEHIND_S:
            self._clock.stand(target, real)
        await asyncio.sleep(0)

    async def _next_stop(self, rerun: Rerun) -> float | None:
        """Return the time of the next frame; None: the recording ends before it."""
        until, stride = self._span.until, self._place.tick_s * max(1.0, self._clock.speed)
        if self.view.startswith(SCREEN):
            stride = max(stride, SCREEN_STRIDE_S)
        elif self._clock.speed <= 1.0:
            ahead = await rerun.source.peek(until)
            if ahead is not None and ahead.is_tick and ahead.at - rerun.at <= WITHOUT_CUTS_S:
                return ahead.at
        target = on_grid(self._moment + stride * 0.5, stride)
        return target if target <= until else None

    # --- what is told -----------------------------------------------------------------------

    def _send(self) -> bool:
        """Send what the viewer has not; return whether it is behind."""
        if self._scene is None:
            return False
        audience, subscription = self._scene.audience, self._seat.subscription
        if subscription.rev != audience.view.rev:
            audience.send(audience.view.at, LINE_UP)
        return subscription.rev != audience.view.rev

    def _tell_clock(self, *, now: bool = False) -> None:
        if self._scene is None:
            return
        clock, epoch = self._clock, self._scene.audience.epoch
        standing = Standing(self.at, clock.playing, clock.speed, self._pace.now(), self.view, epoch, self._span)
        self.told.clock(standing, _real(), now=now)

    def _tell_damage(self, t: float) -> None:
        """Tell, once on the way, of what is missing at `t` of agencies that the viewer may see anything of."""
        scene = self._scene
        assert scene is not None
        for gap in self._place.recording.damaged(t):
            if gap.agency and gap not in self._damage_told and scene.rules.sees_of(scene.rules.viewer, gap.agency):
                self._damage_told.add(gap)
                agency = scene.rerun.roster.agencies.get(gap.agency)
                self.told.damaged(gap, gap.agency if agency is None else agency.name, self._zone)

    def _tell_screen(self) -> None:
        if self._screen is not None and self._scene is not None:
            self.told.say(told(self._screen, self._scene.audience.view, self._scene.rules))
            if self._screen.why:
                self.told.notice(f"What this screen showed cannot be told: {self._screen.why}")

    async def _look_at_span(self) -> None:
        real = _real()
        if real - self._span_at > _SPAN_EVERY_S:
            self._span = await self._place.recording.span() or self._span
            self._span_at = real

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)


def _real() -> float:
    """Return real time, seconds, of a clock that only goes forward."""
    return asyncio.get_running_loop().time()
