"""The batches of several agencies, read a page at a time and given out by journal time."""

from collections import deque
from collections.abc import Mapping

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.replay.recording import Recording

PAGE = 50
"""Batches read at a time; one holds up to 500 reports."""


def journaled_at(id_: BatchId) -> float:
    """Return when a batch was journaled, Unix seconds."""
    return id_.ms / 1000.0


def journaled_before(t: float) -> BatchId:
    """Return an id after all that was journaled before `t`, Unix seconds, and before all that was then or later."""
    return BatchId(max(0, int(t * 1000) - 1), 1 << 62)


class _Pages:
    """One agency's."""

    def __init__(self, agency: AgencyId, after: BatchId) -> None:
        self.agency = agency
        self.after = after
        self.waiting: deque[Delivery] = deque()
        self.whole_until = float("-inf")
        """All that was journaled until then has been read."""


class JournalPages:
    """What was journaled after `given`: the last id given out of each agency."""

    def __init__(self, recording: Recording, after: Mapping[AgencyId, BatchId]) -> None:
        self._recording = recording
        self._pages = {a: _Pages(a, after.get(a, BEGINNING)) for a in sorted(recording.agencies)}
        self.given: dict[AgencyId, BatchId] = dict(after)

    async def head(self, until: float) -> Delivery | None:
        """Return the next batch journaled until `until`, which is not beyond the record's end; it stays."""
        first: Delivery | None = None
        for pages in self._pages.values():
            if not pages.waiting and pages.whole_until < until:
                await self._read(pages)
            if pages.waiting:
                found = pages.waiting[0]
                if first is None or found.id.ms < first.id.ms:
                    first = found
        return first if first is not None and journaled_at(first.id) <= until else None

    def take(self, delivery: Delivery) -> None:
        """Give out what `head` returned."""
        self._pages[delivery.agency].waiting.popleft()
        self.given[delivery.agency] = delivery.id

    async def up_to(self, agency: AgencyId, id_: BatchId) -> list[Delivery]:
        """Give out the agency's batches up to this id."""
        found: list[Delivery] = []
        pages = self._pages.get(agency)
        if pages is None:
            return found
        while True:
            waiting = pages.waiting
            while waiting and waiting[0].id <= id_:
                found.append(waiting.popleft())
            if waiting or pages.after >= id_ or not await self._read(pages):
                break
        if found:
            self.given[agency] = found[-1].id
        return found

    async def _read(self, pages: _Pages) -> bool:
        settled = self._recording.settled()
        page = await self._recording.read(pages.agency, pages.after, PAGE)
        if len(page) < PAGE:
            pages.whole_until = max(pages.whole_until, settled)
        if page:
            pages.after = page[-1].id
            pages.waiting.extend(page)
        return bool(page)
