"""What one reviewer looks at, into the site's audit: before it is shown, and not every step of a finger.

Rules
- A review is opened, and a track, neighbours or a timeline are asked for, only once that is written.
- What is refused is not written: it is looked at first (`Session.check`). Of asks and views only so many a second are
  taken (`LINES_A_SECOND`); more are refused, so that nobody fills the disk.
- The first seek of several is written before it is gone; those that follow within `SETTLE_S` are written as one, from
  the earliest to the latest moment, when the finger rests, or after `MOVING_MAX_S`.
- What played is written with its end when it is left (`seen`); between the seeks of a finger, when that rests.
- A review whose audit cannot be written ends.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dashboard.review_area import area_of
from dashboard.review_asks import Chronology, Near, Question, Said, Seek, SetView, StepTo, Track, Within
from dashboard.subscription import Allowance
from dashboard.viewer import Viewer
from feeds.clock import Clock
from feeds.recording.audit import Act, Audit, Entry, NotAudited

SETTLE_S = 2.0
MOVING_MAX_S = 10.0
SEEN_MIN_S = 1.0
"""Shorter than this nothing was played."""
SEEN_AT_ONCE = 8
"""Stretches that are told of one movement of a finger; of more the nearest become one."""
LINES_A_SECOND, LINES_AT_ONCE = 5, 20
TOO_OFTEN = "Refused: each ask is audited, and these come faster than that is done. Wait a second and ask again."
NOT_AUDITED = (
    "The record is not shown: what is looked at cannot be written into the site's audit. "
    "The log of the site says why; there may be no room on its disk."
)


class Standing(NamedTuple):
    """Where a review stands, Unix seconds."""

    began: float
    """Where it was gone to last."""
    at: float
    """What is shown."""
    view: str
    epoch: str = ""
    """Which going there it was."""


class _Watched(NamedTuple):
    since: float
    until: float
    view: str


class ReviewAudit:
    """One review's. `agencies`: whose record the viewer may see anything of; `record`: which, "" the site's own."""

    def __init__(self, audit: Audit, clock: Clock, viewer: Viewer, agencies: Sequence[str], record: str) -> None:
        self._audit = audit
        self._clock = clock
        self._viewer = viewer
        self._record = record
        self._agencies = tuple(agencies)
        self._moved: list[float] | None = None
        """Where it went since the seek that was written; None: it rests."""
        self._went = asyncio.Event()
        self._watched: list[_Watched] = []
        """What played and is not written yet."""
        self._told = ("", float("-inf"))
        """Of which epoch it was noted, up to where."""
        self._lines = Allowance(LINES_A_SECOND, LINES_AT_ONCE)

    async def opened(self, at: float, view: str) -> None:
        """Write that it opens at `at`. Raises NotAudited."""
        await self._write(self._entry("open", view, at, at))

    async def heard(self, said: Said, now: Standing) -> None:
        """Write what is asked for and may be, before it is answered. Raises NotAudited; PermissionError: too often."""
        if isinstance(said, Question | SetView) and not self._lines.take(asyncio.get_running_loop().time()):
            raise PermissionError(TOO_OFTEN)
        if isinstance(said, Track):
            await self._write(self._entry("track", now.view, said.since, said.until, unit=f"{said.agency}/{said.id}"))
        elif isinstance(said, Near):
            place = (said.lon, said.lat, said.metres)
            await self._write(self._entry("near", now.view, said.since, said.until, place=place))
        elif isinstance(said, Within):
            area = area_of(said)
            place = (*area.centre, round(area.reach_m, 1))
            await self._write(self._entry("near", now.view, said.since, said.until, place=place))
        elif isinstance(said, Chronology):
            await self._write(self._entry("timeline", now.view, now.at, now.at, unit=f"{said.agency}/{said.id}"))
        elif isinstance(said, SetView):
            self._note_seen(now)
            await self._write(self._entry("seek", said.view, now.at, now.at))
        elif isinstance(said, Seek | StepTo):
            to = said.at if isinstance(said, Seek) else now.at
            self._note_seen(now)
            self._went.set()
            if self._moved is not None:
                self._moved.append(to)
                return
            self._moved = [to]
            await self._write(self._entry("seek", now.view, to, to))

    async def run(self, where: Callable[[], Standing]) -> None:
        """Write what was gone to when it rests, until cancelled. Raises NotAudited."""
        time = asyncio.get_running_loop().time
        while True:
            await self._went.wait()
            began = time()
            while self._went.is_set() and time() - began < MOVING_MAX_S:
                self._went.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SETTLE_S):
                        await self._went.wait()
            self._went.clear()
            await self._settle(where())

    async def _settle(self, now: Standing) -> None:
        moved, self._moved = self._moved, None
        rest = []
        if moved and moved != [now.began]:  # a step leads to where nobody knew before
            rest = [self._entry("seek", now.view, min(*moved, now.began), max(*moved, now.began))]
        try:
            await self._write(*rest)
        except NotAudited:
            self._moved = [*(moved or []), *(self._moved or [])] or None
            raise

    async def closed(self, now: Standing) -> None:
        """Write what was seen until the end. Raises NotAudited."""
        await self._settle(now)
        self._note_seen(now)
        await self._write()

    def _note_seen(self, now: Standing) -> None:
        """Note what played since it was noted last."""
        epoch, until = self._told
        since = max(now.began, until) if epoch == now.epoch else now.began
        if now.at - since < SEEN_MIN_S:
            return
        self._told = (now.epoch, now.at)
        self._watched = _fewer([*self._watched, _Watched(since, now.at, now.view)])

    def _entry(
        self,
        act: Act,
        view: str,
        since: float,
        until: float,
        unit: str = "",
        place: tuple[float, float, float] | None = None,
    ) -> Entry:
        return Entry(
            act=act,
            who=self._viewer.name,
            agency=self._viewer.agency,
            via="review",
            at=self._clock.now(),
            since=since,
            until=until,
            view=view,
            agencies=self._agencies,
            unit=unit,
            place=place,
            what=self._record,
        )

    async def _write(self, *entries: Entry) -> None:
        """Write these, and before them what played."""
        watched, self._watched = self._watched, []
        seen = [self._entry("seen", one.view, one.since, one.until) for one in watched]
        try:
            if seen or entries:
                await asyncio.to_thread(self._audit.write, [*seen, *entries])
        except NotAudited:
            self._watched = [*watched, *self._watched]
            raise


def _fewer(watched: list[_Watched]) -> list[_Watched]:
    """Return no more stretches of a view than may be told: the two with the least between them become one."""
    if len(watched) <= SEEN_AT_ONCE:
        return watched
    ones = sorted(watched, key=lambda one: (one.view, one.since))
    near = [i for i in range(len(ones) - 1) if ones[i].view == ones[i + 1].view]
    if near:
        i = min(near, key=lambda i: ones[i + 1].since - ones[i].until)
        until = max(ones[i].until, ones[i + 1].until)
        ones[i : i + 2] = [_Watched(ones[i].since, until, ones[i].view)]
    return ones
