"""A picture on its way through the record: brought to a moment, then moved on step by step.

The picture is the live one and hears the same batches. Long ways are gone in slices, so that the loop serves others,
and are given up as soon as somebody wants to be elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from dashboard.review_keyframes import EVERY_S, Keyframes
from feeds.errors import DecodeError, JointOpsError
from feeds.replay.known import KnownSource, Source, Step
from feeds.replay.recording import Recording, Span
from feeds.replay.truth import TruthSource
from layers import keyframe
from layers.labels_now import LabelsNow, add_labels, labelled
from layers.picture import Happening, Picture, Touched
from layers.roster import Roster

log = logging.getLogger(__name__)

SLICE_S = 0.005
"""The loop is let go after so long, seconds."""


class Overtaken(JointOpsError):
    """Somebody wants to be elsewhere by now."""


class Rerun:
    """One picture and where it stands: `at`, every step until then taken."""

    def __init__(self, recording: Recording, keyframes: Keyframes, roster: Roster, tick_s: float) -> None:
        self.picture = Picture(roster)
        self.at = float("-inf")
        self.truth = False
        self.labels: LabelsNow = {}
        """Labels of today, which count as well."""
        self._recording = recording
        self._keyframes = keyframes
        self._tick_s = tick_s
        self._source: Source = KnownSource(recording, {}, self.at, tick_s)
        self._let_go_at = 0.0
        self._whole_from = self.at
        self._deletions = recording.deletions()
        self._holed = False
        """It passed a stretch that cannot be read: labels may have been said there that it does not know."""

    @property
    def is_past_damage(self) -> bool:
        """Whether something before where it stands could not be read, and is over: it has to begin anew."""
        return self._holed and not self._recording.damaged(self.at)

    @property
    def source(self) -> Source:
        """Where its steps come from."""
        return self._source

    @property
    def roster(self) -> Roster:
        """The roster that the picture goes by."""
        return self.picture.roster

    def flush(self, t: float) -> tuple[dict[str, Touched], list[Happening]]:
        """Return what changed since the last flush, as `Picture.flush` does, for views that are to be at `t`."""
        picture = self.picture
        picture.expire(t)
        touched, happenings = picture.flush()
        add_labels(picture, self.labels)
        return touched, labelled(picture, happenings, self.labels)

    async def reach(self, t: float, *, truth: bool, overtaken: Callable[[], bool]) -> None:
        """Bring the picture to `t`, whether it lies ahead or behind. Raises Overtaken, and as the recording does."""
        deletions = self._recording.deletions()
        self._keyframes.mind(deletions)
        if self.truth or t < self.at or self._holed or deletions != self._deletions:
            self._deletions = deletions
            self._begin(Picture(self.roster), float("-inf"), float("-inf"))
        await self._jump(t)
        await self.forward(t, overtaken)
        if truth:
            self.truth = True
            self._source = TruthSource(self._recording, self.picture.last, t, self._tick_s)
            await self.forward(t, overtaken)

    async def forward(self, t: float, overtaken: Callable[[], bool]) -> None:
        """Take every step until `t`. Raises Overtaken, and as the recording does."""
        while (step := await self._source.next(t)) is not None:
            await self.take(step, overtaken)
        self.at = max(self.at, t)
        self._look_for_damage()

    def _look_for_damage(self) -> None:
        self._holed = self._holed or bool(self._recording.damaged(self.at))

    async def take(self, step: Step, overtaken: Callable[[], bool]) -> None:
        """Take in one step. Raises Overtaken after it."""
        picture = self.picture
        for delivery in step.deliveries:
            try:
                picture.apply(delivery)
            except Exception:  # as the hub does
                log.exception("review.batch_failed agency=%s id=%s", delivery.agency, delivery.id)
                picture.last[delivery.agency] = delivery.id
            await self._let_go()
        picture.expire(step.at)
        self.at = step.at
        self._look_for_damage()
        if overtaken():
            raise Overtaken
        if not self.truth and not self._holed and step.at >= self._whole_from and self._keyframes.wanted(step.at):
            await self._keep(step.at)

    async def _let_go(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._let_go_at > SLICE_S:
            await asyncio.sleep(0)
            self._let_go_at = loop.time()

    def _begin(self, picture: Picture, at: float, whole_from: float) -> None:
        """Go on with a picture that stands at `at`; some agencies' part of it at later times until `whole_from`."""
        self.picture = picture
        self.at = at
        self.truth = False
        self._whole_from = whole_from
        self._holed = False
        self._source = KnownSource(self._recording, picture.last, at, self._tick_s)

    async def _jump(self, t: float) -> None:
        """Begin with the newest pictures until `t`, if they are nearer than where we stand."""
        own = self._keyframes.before(t)
        if own is not None and own[0] > self.at:
            await self._restore((own[1],), own[0], own[0])
        recorded = await self._recording.pictures(t) if t - self.at > EVERY_S else None
        if recorded is not None and recorded.since > self.at:
            await self._restore(recorded.data, recorded.since, recorded.until)

    async def _restore(self, data: Sequence[bytes], at: float, whole_from: float) -> None:
        try:
            picture = await asyncio.to_thread(keyframe.restore_all, data, self.roster)
        except DecodeError as error:
            log.error("review.keyframe_refused reason=%s", error)
        else:
            self._begin(picture, at, whole_from)

    async def _keep(self, at: float) -> None:
        cut, taking = keyframe.begin(self.picture)
        for _ in taking:
            await asyncio.sleep(0)
        self._keyframes.keep(at, await asyncio.to_thread(keyframe.encode, cut))


def within(t: float, span: Span) -> float:
    """Return `t`, or the end of the recording that is nearer."""
    return min(max(t, span.since), span.until)
