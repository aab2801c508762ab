"""A recording that is an archive, and after it what only the journal holds yet."""

import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.catalogue import Segment
from feeds.recording.manifest import Contents
from feeds.recording.summary import SEGMENT_MS
from feeds.replay.clocks import Clocks
from feeds.replay.cuts import UNREADABLE, CutsEntry
from feeds.replay.journal import JournalRecording, nearest
from feeds.replay.journal_pages import journaled_at, journaled_before
from feeds.replay.recording import LATE_S, Counts, Gap, Mark, Pictures, Sieve, Sort, Span, What
from feeds.replay.screens import ScreensEntry
from feeds.replay.sealed import Sealed
from feeds.replay.sealed_cuts import SealedCuts
from feeds.replay.sealed_screens import SealedScreens

_FILE_S = SEGMENT_MS / 1000
"""Of the hub's cuts."""
REFRESH_EVERY_S = 5.0
"""The journal keeps what was sealed for a minute at least, so that nothing is missed meanwhile."""


class ArchivedRecording:
    """The record of the agencies of `tail`, the journal."""

    def __init__(self, sealed: Sealed, tail: JournalRecording) -> None:
        self.agencies = tail.agencies
        self._sealed = sealed
        self._cuts = SealedCuts(sealed.archive)
        self._screens = SealedScreens(sealed.archive)
        self._tail = tail
        self._refreshed_at = float("-inf")
        self._known: set[AgencyId] = set()
        """Whose labels the tail was told: those sealed before it was looked at first. What is later it hears itself."""

    def settled(self) -> float:
        """Return until when, Unix seconds, nothing that is not there yet can have been journaled."""
        return self._tail.settled()

    async def span(self) -> Span | None:
        """Return from when to when. Raises BusDown, OSError."""
        await self._refresh()
        span = await self._tail.span()
        firsts = [s[0].manifest.t0 / 1000 for a in self.agencies if (s := self._sealed.segments(a))]
        if not firsts:
            return span
        return Span(min(firsts) if span is None else min(*firsts, span.since), self.settled())

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` batches after `after`, oldest first; empty at the end. Raises BusDown, OSError."""
        await self._refresh()
        found = await self._sealed.read(agency, after, count)
        if len(found) < count:
            found += await self._tail.read(agency, found[-1].id if found else after, count - len(found))
        return found

    async def sifted(self, agency: AgencyId, sieve: Sieve) -> AsyncIterator[list[Delivery]]:
        """Yield the batches that hold what the sieve wants, oldest first. Raises BusDown, OSError."""
        after = journaled_before(sieve.since)
        await self._refresh()
        while ahead := [s for s in self._sealed.segments(agency, after.ms / 1000) if _last(s) > after]:
            async for found in self._sealed.sifted(ahead[0], after, sieve):
                yield found
            after = _last(ahead[0])
            await self._refresh()
            if journaled_at(after) > sieve.ends:
                return
        async for found in self._tail.sifted(agency, sieve, after):
            yield found

    async def late(self, agency: AgencyId, since: float, until: float, after: BatchId = BEGINNING) -> list[Delivery]:
        """Return what of batches after `after` became effective from `since` to `until` and was late. As `read`."""
        await self._refresh()
        found: list[Delivery] = []
        for one in self._sealed.segments(agency, max(since + LATE_S, after.ms / 1000)):
            observed = one.manifest.contents.observed
            if observed is not None and observed[0] <= until:
                found += (await self._sealed.survey(one)).late(since, until)
        found += [d for d in await self._tail.late(agency, since, until) if self._is_tail(d.agency, d.id)]
        return [delivery for delivery in found if delivery.id > after]

    async def marks(
        self, what: What, t: float, by: Literal[1, -1], *, truth: bool, until: float, of: Collection[AgencyId]
    ) -> list[Mark]:
        """Return the marks of the nearest time after (1) or before (-1) `t`, as a recording does.

        Looks at no more segments than it must. Raises BusDown, OSError.
        """
        await self._refresh()
        newest = await self._tail.marks(what, t, by, truth=truth, until=until, of=of)
        found = {mark for mark in newest if self._is_tail(mark.agency, mark.id)}
        for agency in self.agencies:
            best = until
            for one in self._towards(agency, t, by, until, truth=truth) if agency in of else ():
                if truth and not _reaches(one.manifest.contents, t, best):
                    continue
                mark = (await self._sealed.survey(one)).mark(what, t, by, truth=truth)
                if mark is not None:
                    found.add(mark)
                    if not truth:
                        break  # those beyond were journaled later
                    best = min(best, mark.effective_at) if by > 0 else max(best, mark.effective_at)
        return nearest(found, t, until, truth)

    async def cuts(self, after: float, count: int) -> list[CutsEntry]:
        """Return up to `count` entries whose last tick is after `after`, oldest first. Raises BusDown, OSError."""
        await self._refresh()
        found = await self._cuts.cuts(after, count)
        if len(found) < count:
            found += await self._tail.cuts(found[-1].cuts[-1].at if found else after, count - len(found))
        return found

    async def screens(self, after: float, count: int) -> list[ScreensEntry]:
        """Return up to `count` entries of what the screens showed, made after `after`. Raises BusDown, OSError."""
        await self._refresh()
        found = await self._screens.screens(after, count)
        if len(found) < count:
            found += await self._tail.screens(found[-1].at if found else after, count - len(found))
        return found

    def screens_missing(self, since: float, until: float) -> Gap | None:
        """Return the newest stretch of `since` to `until` in which nobody can tell what the screens showed, or None."""
        return self._screens.missing(since, until)

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when it is not on record. Raises BusDown, OSError."""
        await self._refresh()
        sealed = await self._cuts.policy(t)
        if t < self._cuts.until and sealed not in (b"", UNREADABLE):
            return sealed
        # What the bus holds is the newest: where it says what stood at `t`, nothing came between.
        return await self._tail.policy(t) or sealed

    def ticks_unread(self, t: float) -> str:
        """Return why neither the hub's ticks at `t` nor the policy of then can be read, in words; "": they can be."""
        return self._cuts.unread(t)

    async def policies(self, since: float, until: float) -> list[bytes]:
        """Return each policy that was in force at some time from `since` to `until`. Raises BusDown, OSError."""
        # What was told on the way, and what stood at either end of each file: one that cannot be read tells nothing.
        first, last = int(since // _FILE_S) + 1, int(until // _FILE_S)
        ends = [t for n in range(first, last + 1) for t in (n * _FILE_S - 1.0, n * _FILE_S)]
        found = [await self.policy(t) for t in (since, *(max(since, t) for t in ends), until)]
        found += await self._cuts.told(since, until)
        found += (await self._tail.policies(since, until))[1:]
        return list(dict.fromkeys(found))

    async def pictures(self, t: float) -> Pictures | None:
        """Return the pictures with which the newest segments until `t` begin, or None. Raises OSError."""
        await self._refresh()
        found = [p for a in self.agencies if (p := await self._sealed.picture(a, t)) is not None]
        if not found:
            return None
        return Pictures(min(at for at, _ in found), max(at for at, _ in found), tuple(data for _, data in found))

    async def counts(self, agency: AgencyId) -> Counts:
        """Return how much of the agency's was journaled when. Raises BusDown, OSError."""
        await self._refresh()
        counts: dict[int, dict[Sort, int]] = {}
        sealed = self._sealed.segments(agency)
        for one in sealed:
            for minute, sorts in (await self._sealed.survey(one)).counts.items():
                _add(counts.setdefault(minute, {}), sorts.items())
        until = sealed[-1].manifest.t1 if sealed else 0
        for minute, newest in (await self._tail.counts(agency)).items():
            if minute * 60_000 >= until:
                _add(counts.setdefault(minute, {}), newest.items())
        return counts

    async def clocks(self, agency: AgencyId, since: float, until: float) -> Clocks:
        """Return what was known of the clocks of the agency's sources from `since` to `until`. Raises as `read`."""
        await self._refresh()
        clocks = Clocks()
        sealed = self._sealed.segments(agency)
        first = bisect_right(sealed, since, key=lambda one: one.manifest.t0 / 1000) - 1
        for one in sealed[max(0, first - 1) :]:  # the one before too: each begins to estimate anew
            if one.manifest.t0 / 1000 > until:
                break
            clocks.follow((await self._sealed.survey(one)).clocks)
        if not sealed or until * 1000 >= sealed[-1].manifest.t1:
            newest = await self._tail.clocks(agency, since, until)
            clocks.follow(newest.since(sealed[-1].manifest.t1 / 1000 if sealed else 0.0))
        return clocks

    async def gaps(self) -> Sequence[Gap]:
        """Return what is missing: lawfully deleted, lost, damaged."""
        found = [*self._cuts.gaps(), *self._screens.gaps()]
        for agency in self.agencies:
            for one in self._sealed.archive.segments(agency):
                since, until = one.manifest.t0 / 1000, one.manifest.t1 / 1000
                if one.tombstone is not None:
                    day = datetime.fromtimestamp(one.tombstone.at, UTC)
                    under = f"{day:%Y-%m-%d} under {one.tombstone.clause}"
                    found.append(Gap(since, until, agency, "lawfully deleted", under))
                elif one.folder in self._sealed.damaged:
                    found.append(self._damage(*self._sealed.damaged[one.folder]))
                elif (revised := one.manifest.revised) is not None:
                    day, count = datetime.fromtimestamp(revised.at, UTC), sum(revised.removed.values())
                    under = f"{count} reports, {day:%Y-%m-%d} under {revised.clause}"
                    found.append(Gap(since, until, agency, "lawfully removed", under, own=True))
                if one.manifest.lost is not None:
                    first, last = one.manifest.lost
                    found.append(Gap(first / 1000, last / 1000, agency, "trimmed before it was recorded"))
        return found

    def damaged(self, t: float) -> Sequence[Gap]:
        """Return what was found damaged where `t` lies, by now."""
        found = (self._damage(*damaged) for damaged in self._sealed.damaged.values())
        return [gap for gap in found if gap.since <= t < gap.until]

    def damage(self, agency: AgencyId, since: float, until: float) -> Sequence[Gap]:
        """Return what of the agency's was found damaged in a stretch, by now."""
        found = (self._damage(*damaged) for damaged in self._sealed.damaged.values())
        return [gap for gap in found if gap.agency == agency and gap.since <= until and since < gap.until]

    def deletions(self) -> int:
        """Return how often something was lawfully deleted by now."""
        segments = [one for agency in self.agencies for one in self._sealed.archive.segments(agency)]
        return sum(one.manifest.revision + (one.tombstone is not None) for one in segments)

    def _damage(self, one: Segment, text: str) -> Gap:
        where = text.replace(f"{self._sealed.archive.folder}/", "")
        return Gap(one.manifest.t0 / 1000, one.manifest.t1 / 1000, one.manifest.agency, "damaged", where)

    def _is_tail(self, agency: AgencyId, id_: BatchId) -> bool:
        sealed = self._sealed.segments(agency)
        return not sealed or id_.ms >= sealed[-1].manifest.t1

    def _towards(self, agency: AgencyId, t: float, by: int, until: float, *, truth: bool) -> Iterable[Segment]:
        """Return the segments that may hold the nearest mark, nearest first."""
        if by > 0:
            return [s for s in self._sealed.segments(agency, t) if truth or s.manifest.t0 <= until * 1000]
        sealed = self._sealed.segments(agency, max(0.0, until))
        return [s for s in reversed(sealed) if truth or s.manifest.t0 < t * 1000]

    async def _refresh(self) -> None:
        if time.monotonic() - self._refreshed_at >= REFRESH_EVERY_S:
            await self._sealed.refresh()
            self._refreshed_at = time.monotonic()
            for agency in self.agencies:
                sealed = self._sealed.segments(agency)
                if sealed and agency not in self._known:
                    self._known.add(agency)
                    self._tail.know(agency, (await self._sealed.survey(sealed[-1])).labels)


def _last(one: Segment) -> BatchId:
    return BatchId.parse(one.manifest.contents.last)


def _reaches(told: Contents, t: float, until: float) -> bool:
    """Say whether any of a segment may have become effective between these times, whichever is the later."""
    if told.observed is None or told.received is None:
        return False
    first, last = (min(ends) for ends in zip(told.observed, told.received, strict=True))
    return first <= max(t, until) and last >= min(t, until)


def _add(counts: dict[Sort, int], more: Iterable[tuple[Sort, int]]) -> None:
    for sort, count in more:
        counts[sort] = counts.get(sort, 0) + count
