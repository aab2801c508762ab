"""A recording that is a journal alone: what the bus still holds. Reads; nothing of it can write."""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, Protocol, TypeVar

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.clock import Clock
from feeds.errors import DecodeError
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.replay.clocks import Clocks
from feeds.replay.cuts import LOOK_BACK_S, UNREADABLE, CutsEntry, decode_cuts, told
from feeds.replay.journal_pages import PAGE, journaled_at, journaled_before
from feeds.replay.recording import Counts, Gap, Mark, Pictures, Sieve, Span, What
from feeds.replay.screens import ScreensEntry, decode_screens
from feeds.replay.survey import Labels, Survey

log = logging.getLogger(__name__)

E = TypeVar("E")

_CUTS_PAGE = 256
EDGE_S = 3.0
"""The newest seconds are not read: batches and ticks of that time may still be on their way to the journal."""


class JournalReader(Protocol):
    """The reading half of a bus (`feeds.bus.Bus`)."""

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` journaled batches after `after`, oldest first."""
        ...

    async def read_log(self, log: AgencyId, after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
        """Return up to `count` entries of a log of the site after `after`, encoded, oldest first."""
        ...


class JournalRecording:
    """The journal of `agencies`, from its oldest entry to a moment ago."""

    def __init__(self, reader: JournalReader, agencies: Sequence[AgencyId], clock: Clock) -> None:
        self.agencies = tuple(agencies)
        self._reader = reader
        self._clock = clock
        self._surveys = {agency: Survey(agency) for agency in self.agencies}
        self._surveyed = dict.fromkeys(self.agencies, BEGINNING)
        self._surveying = asyncio.Lock()
        self._policies: list[tuple[float, bytes]] = []
        """From when on which was in force."""
        self._cuts_walked = BEGINNING

    def settled(self) -> float:
        """Return until when, Unix seconds, nothing that is not there yet can have been journaled."""
        return self._clock.now() - EDGE_S

    async def span(self) -> Span | None:
        """Return from when to when; all that was journaled until the end can be read. None: nothing is recorded."""
        until = self.settled()
        firsts = [page[0].id for a in self.agencies if (page := await self.read(a, BEGINNING, 1))]
        since = min(map(journaled_at, firsts), default=until)
        for survey in self._surveys.values():
            survey.forget(since)
        return Span(since, until) if since < until else None

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` batches after `after`, oldest first; empty at the end. Raises BusDown."""
        return await self._reader.read(agency, after, count)

    async def sifted(self, agency: AgencyId, sieve: Sieve, after: BatchId = BEGINNING) -> AsyncIterator[list[Delivery]]:
        """Yield the batches after `after` that may hold what the sieve wants, oldest first. Raises BusDown."""
        after = max(after, journaled_before(sieve.since))
        while page := await self.read(agency, after, PAGE):
            after = page[-1].id
            yield [delivery for delivery in page if journaled_at(delivery.id) <= sieve.ends]
            if len(page) < PAGE or journaled_at(after) > sieve.ends:
                break

    async def late(self, agency: AgencyId, since: float, until: float, after: BatchId = BEGINNING) -> list[Delivery]:
        """Return what of batches after `after` became effective in that time and was late. Raises BusDown."""
        await self.survey()
        return [delivery for delivery in self._surveys[agency].late(since, until) if delivery.id > after]

    async def marks(
        self, what: What, t: float, by: Literal[1, -1], *, truth: bool, until: float, of: Collection[AgencyId]
    ) -> list[Mark]:
        """Return the marks of the nearest time after (1) or before (-1) `t`, as a recording does. Raises BusDown."""
        surveys = [survey for agency, survey in (await self.survey()).items() if agency in of]
        return nearest((m for s in surveys if (m := s.mark(what, t, by, truth=truth)) is not None), t, until, truth)

    def know(self, agency: AgencyId, labels: Labels) -> None:
        """Take in the labels that were said of the agency's things before the journal begins."""
        self._surveys[agency].know(labels)

    async def cuts(self, after: float, count: int) -> list[CutsEntry]:
        """Return up to `count` entries whose last tick is after `after`, oldest first. Raises BusDown."""
        # An entry's id is the time of its first tick; it holds about a second, or what came while the bus was away.
        at, found = _id_at(after - LOOK_BACK_S), list[CutsEntry]()
        while True:
            page = await self._reader.read_log(CUTS, at, _CUTS_PAGE)
            ahead = [one for one in page if (said := told(one[1])) is None or said.until > after]
            found += islice(readable_cuts(ahead, after), count - len(found))
            if len(page) < _CUTS_PAGE or len(found) >= count:
                return found
            at = page[-1][0]

    async def screens(self, after: float, count: int) -> list[ScreensEntry]:
        """Return up to `count` entries of what the screens showed, made after `after`. Raises BusDown."""
        at, found = id_after(after), list[ScreensEntry]()
        while page := await self._reader.read_log(SCREENS, at, count):
            found += readable_screens(page, after)
            if found or len(page) < count:
                break
            at = page[-1][0]
        return found

    def screens_missing(self, since: float, until: float) -> Gap | None:
        """Return None: a journal has no file that could be damaged."""
        return None

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when it is not on record. Raises BusDown."""
        return (await self.policies(t, t))[0]

    async def policies(self, since: float, until: float) -> list[bytes]:
        """Return each policy that was in force at some time from `since` to `until`, oldest first. Raises BusDown."""
        async with self._surveying:
            while page := await self._reader.read_log(CUTS, self._cuts_walked, PAGE):
                for policy in policies_told(page):
                    if not self._policies or self._policies[-1][1] != policy[1]:
                        self._policies.append(policy)
                self._cuts_walked = page[-1][0]
        at = bisect_right(self._policies, since, key=lambda policy: policy[0])
        end = bisect_right(self._policies, until, key=lambda policy: policy[0])
        begun = self._policies[at - 1][1] if at else b""
        return [begun, *(data for _, data in self._policies[at:end])]

    def ticks_unread(self, t: float) -> str:
        """Return "": a journal has no file that could be damaged."""
        return ""

    async def pictures(self, t: float) -> Pictures | None:
        """Return None: a journal keeps none but the newest."""
        return None

    async def counts(self, agency: AgencyId) -> Counts:
        """Return how much of the agency's was journaled when. Raises BusDown."""
        await self.survey()
        return self._surveys[agency].counts

    async def clocks(self, agency: AgencyId, since: float, until: float) -> Clocks:
        """Return what was known of the clocks of the agency's sources from `since` to `until`. Raises BusDown."""
        await self.survey()
        return self._surveys[agency].clocks

    async def gaps(self) -> Sequence[Gap]:
        """Return nothing: a journal has none."""
        return ()

    def damage(self, agency: AgencyId, since: float, until: float) -> Sequence[Gap]:
        """Return nothing: a journal has no part that is damaged."""
        return ()

    def deletions(self) -> int:
        """Return 0: of a journal nothing is deleted but what was recorded."""
        return 0

    def damaged(self, t: float) -> Sequence[Gap]:
        """Return nothing: a journal has no part that is."""
        return ()

    async def survey(self) -> dict[AgencyId, Survey]:
        """Return what was found on a walk through all of the journal, which goes on where the last one ended."""
        async with self._surveying:
            for agency, survey in self._surveys.items():
                while page := await self.read(agency, self._surveyed[agency], PAGE):
                    for delivery in page:
                        survey.hear(delivery)
                        await asyncio.sleep(0)
                    self._surveyed[agency] = page[-1].id
        return self._surveys


def nearest(marks: Iterable[Mark], t: float, until: float, truth: bool) -> list[Mark]:
    """Return those of the time nearest to `t`, unless that is beyond `until`."""
    away = {mark: abs((mark.effective_at if truth else journaled_at(mark.id)) - t) for mark in marks}
    least = min(away.values(), default=float("inf"))
    return sorted(mark for mark, far in away.items() if far == least <= abs(until - t))


def _id_at(t: float) -> BatchId:
    return BatchId(max(0, int(t * 1000)) if t > 0 else 0, 0)


def id_after(after: float) -> BatchId:
    """Return the id beyond which the entries of screens are that were made after `after`, Unix seconds.

    An entry's id is the time at which it was made, unless a clock was set back.
    """
    return BatchId(int(after * 1000), 1 << 62) if after > 0 else BEGINNING


def readable_screens(page: Sequence[tuple[BatchId, bytes]], after: float) -> Iterator[ScreensEntry]:
    """Yield the entries made after `after` that can be read."""
    return (entry for entry in _readable(SCREENS, page, decode_screens) if entry.at > after)


def readable_cuts(page: Sequence[tuple[BatchId, bytes]], after: float) -> Iterator[CutsEntry]:
    """Yield the entries that can be read and whose last tick is after `after`."""
    return (entry for entry in _readable(CUTS, page, decode_cuts) if entry.cuts and entry.cuts[-1].at > after)


def policies_told(page: Sequence[tuple[BatchId, bytes]]) -> Iterator[tuple[float, bytes]]:
    """Yield the policies that entries tell, and from when on each was in force, Unix seconds.

    One that cannot be read may have told another: from there on nobody knows (UNREADABLE), until one is told.
    """
    for id_, data in page:
        said = told(data)
        if said is None:
            yield journaled_at(id_), UNREADABLE
        elif said.stands:
            yield said.since, said.stands


def _readable(name: AgencyId, page: Sequence[tuple[BatchId, bytes]], decode: Callable[[bytes], E]) -> Iterator[E]:
    """Yield a log's entries; one that cannot be read is logged, and what it told is missing."""
    for id_, data in page:
        try:
            yield decode(data)
        except DecodeError as error:
            log.error("%s_unreadable id=%s reason=%s", name.removeprefix("_"), id_, error)
