"""What one reviewer looks at, into the site's audit: before it is shown, and not every step of a finger.

Rules
- A review is opened, and a track, neighbours or a timeline are asked for, only once that is written.
- The first seek of several is written before it is gone; those that follow within `SETTLE_S` are written as one, from
  the earliest to the latest moment, when the finger rests.
- What played is written with its end when it is left (`seen`).
- A review whose audit cannot be written ends.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dashboard.review_area import area_of
from dashboard.review_asks import Chronology, Near, Said, Seek, SetView, StepTo, Track, Within
from dashboard.viewer import Viewer
from feeds.clock import Clock
from feeds.recording.audit import Act, Audit, Entry

SETTLE_S = 2.0
SEEN_MIN_S = 1.0
"""Shorter than this nothing was played."""


class Standing(NamedTuple):
    """Where a review stands, Unix seconds."""

    began: float
    """Where it was gone to last."""
    at: float
    """What is shown."""
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

    async def opened(self, at: float, view: str) -> None:
        """Write that it opens at `at`. Raises NotAudited."""
        await self._write(self._entry("open", view, at, at))

    async def heard(self, said: Said, now: Standing) -> None:
        """Write what is asked for, before it is answered. Raises NotAudited."""
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
            await self._write(*self._seen(now), self._entry("seek", said.view, now.at, now.at))
        elif isinstance(said, Seek | StepTo):
            to = said.at if isinstance(said, Seek) else now.at
            self._went.set()
            if self._moved is not None:
                self._moved.append(to)
                return
            self._moved = [to]
            await self._write(*self._seen(now), self._entry("seek", now.view, to, to))

    async def run(self, where: Callable[[], Standing]) -> None:
        """Write what was gone to when it rests, until cancelled. Raises NotAudited."""
        while True:
            await self._went.wait()
            self._went.clear()
            try:
                async with asyncio.timeout(SETTLE_S):
                    await self._went.wait()
            except TimeoutError:
                await self._settle(where())

    async def _settle(self, now: Standing) -> None:
        moved, self._moved = self._moved, None
        if moved and moved != [now.began]:  # a step leads to where nobody knew before
            await self._write(self._entry("seek", now.view, min(*moved, now.began), max(*moved, now.began)))

    async def closed(self, now: Standing) -> None:
        """Write what was seen until the end. Raises NotAudited."""
        await self._settle(now)
        await self._write(*self._seen(now))

    def _seen(self, now: Standing) -> list[Entry]:
        return [self._entry("seen", now.view, now.began, now.at)] if now.at - now.began >= SEEN_MIN_S else []

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
        if entries:
            await asyncio.to_thread(self._audit.write, entries)
