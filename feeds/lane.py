"""One agency's way into the journal: one append in flight, and whatever came in meanwhile goes with the next.

Rules
- Natural batching: no window and no timer. A batch holds up to 1,000 reports.
- While the bus is down nothing is acknowledged: the same batch is tried again, under the bus's rule that it lands once.
- What came of messages that are not journaled (duplicates, refusals, gaps) is journaled as tallies, each second.
- At most `QUEUED_MAX` reports wait. Whoever brings more waits for room first, so that the sender is held back.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from feeds.adapter import MESSAGES_MAX
from feeds.bus import BatchId, Bus
from feeds.envelope import WIRE_VERSION, Packed, PackedBatch, Tally
from feeds.errors import BusDown
from feeds.names import AgencyId

log = logging.getLogger(__name__)

BATCH_MAX = MESSAGES_MAX
"""Reports in one append: as many as a frame may hold."""
QUEUED_MAX = 5000
"""Reports waiting; a frame that is being taken may go over it by its own reports."""
APPEND_WITHIN_S = 15.0
"""An append that has not returned by then counts as failed and is tried again, seconds."""
PAUSES_S = (0.1, 0.2, 0.5, 1.0)
"""Waits between tries while the bus is down, seconds; the last goes on."""


class _Waiting(NamedTuple):
    parcel: Packed
    landed: Callable[[], None]


class Lane:
    """Appends an agency's parcels in order of receipt."""

    def __init__(self, agency: AgencyId, bus: Bus) -> None:
        self.agency = agency
        self._bus = bus
        self._waiting: deque[_Waiting] = deque()
        self._queued = 0
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.why = ""
        """Why the journal takes nothing now, in a word for people; empty: it takes, or is not reached."""
        self.tallies: tuple[Tally, ...] = ()
        """To go with the next append, or on their own; empty once they have landed."""
        self.own: set[BatchId] = set()
        """Ids of what was appended here, until `feeds/side_by_side.py` has read past them."""

    @property
    def queued(self) -> int:
        """Reports that wait or are being appended."""
        return self._queued

    @property
    def has_room(self) -> bool:
        """Whether the lane takes more now."""
        return self._queued < QUEUED_MAX

    @property
    def left(self) -> int:
        """How many reports fit in now."""
        return QUEUED_MAX - self._queued

    async def room(self) -> None:
        """Return when the lane takes more; what is put in right after, without an await, fits."""
        while not self.has_room:
            self._room.clear()
            await self._room.wait()

    def put(self, parcel: Packed, landed: Callable[[], None]) -> None:
        """Queue a parcel of at most `BATCH_MAX` reports; `landed` is called once, when the journal has it."""
        self._waiting.append(_Waiting(parcel, landed))
        self._queued += parcel.reports
        self._idle.clear()
        self._work.set()

    def tell(self, tallies: tuple[Tally, ...]) -> None:
        """Journal these tallies. The ones before must have landed (`tallies` is empty)."""
        if tallies:
            self.tallies = tallies
            self._idle.clear()
            self._work.set()

    async def idle(self) -> None:
        """Return when nothing waits."""
        await self._idle.wait()

    async def run(self) -> None:
        """Append for ever."""
        while True:
            await self._work.wait()
            batch = self._next()
            tallies = self.tallies
            if not batch and not tallies:
                self._work.clear()
                self._idle.set()
                continue
            await self._append(PackedBatch(WIRE_VERSION, self.agency, tuple(w.parcel.body for w in batch), tallies))
            if tallies:
                self.tallies = ()
            self._queued -= sum(w.parcel.reports for w in batch)
            for waiting in batch:
                waiting.landed()
            if self.has_room:
                self._room.set()

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        count = 0
        while self._waiting and (not batch or count + self._waiting[0].parcel.reports <= BATCH_MAX):
            batch.append(self._waiting.popleft())
            count += batch[-1].parcel.reports
        return batch

    async def _append(self, batch: PackedBatch) -> None:
        tries = 0
        while True:
            try:
                async with asyncio.timeout(APPEND_WITHIN_S):
                    id_ = await self._bus.append(batch)
            except (BusDown, TimeoutError) as error:
                self.why = getattr(error, "why", "")
                if tries == 0:
                    log.warning("append_failed agency=%s error=%s", self.agency, error)
                await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1
            else:
                self.why = ""
                self.own.add(id_)
                if tries:
                    log.info("append_recovered agency=%s tries=%d", self.agency, tries)
                return
