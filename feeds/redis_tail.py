"""The writing end of one agency's journal: exactly one entry per append, whatever the line does.

Rules
- One append in flight. Its id is max(clock, last id + 1), so ids of two writers only grow as well.
- An append whose reply was lost is sent again UNDER THE SAME ID: it lands once, or is refused. Refused,
  the journal is asked for that id: with the same bytes it had landed; without, it can never land any
  more (ids only grow), so a new id is safe. Asking first would not be: a server that was stopped may
  still do what lies in its socket, after we asked.
- Appended is not yet written: a server whose disk is full answers one append as if it were, and says so only to the
  next command. So that is asked for, and acknowledged is what its answer covers.
- What is not known is kept over BusDown: the same batch appended again goes on where it was left.
"""

import asyncio
import logging
import time

from feeds.bus import BatchId
from feeds.clock import Clock
from feeds.errors import BusDown
from feeds.names import AgencyId, journal_key
from feeds.redis_journal import WRITTEN, Entry, append_commands, entry_data, info_command, last_id, was_appended
from feeds.redis_line import Line, Unreached, accepted

log = logging.getLogger(__name__)

APPEND_WITHIN_S = 5.0
"""An append that failed is tried no more after this, seconds; a try takes up to 2 `REPLY_WITHIN_S` more."""
REPLY_WITHIN_S = 2.0
"""Longest wait for one reply, seconds."""
BACKOFF_S = 0.1
"""Between two tries, seconds."""


class Tail:
    """See the head."""

    def __init__(self, line: Line, agency: AgencyId, clock: Clock) -> None:
        self.line = line
        self._agency = agency
        self._clock = clock
        self._lock = asyncio.Lock()
        self._top: BatchId | None = None
        self._doubt: Entry | None = None

    async def append(self, data: bytes) -> BatchId:
        """Append and publish `data`; return its id. Raises BusDown after `APPEND_WITHIN_S`, or when refused."""
        async with self._lock:
            until = time.monotonic() + APPEND_WITHIN_S
            while True:
                try:
                    if (id_ := await self._try(data)) is not None:
                        return id_
                except Unreached as error:
                    if time.monotonic() > until:
                        raise BusDown(f"the bus did not take a batch within {APPEND_WITHIN_S:g} s") from error
                    log.warning("append_again agency=%s reason=%s", self._agency, error)
                    await asyncio.sleep(BACKOFF_S)

    async def _try(self, data: bytes) -> BatchId | None:
        """Return the id under which the journal has `data`; None: it has not, try under a new one."""
        entry = await self._entry(data)
        # told before it is sent: if this call is cancelled or fails, the next one still knows
        self._doubt, self._top = entry, None
        appended = was_appended(await self.line.ask(*append_commands(self._agency, entry), within=REPLY_WITHIN_S))
        if not appended and not await self._has(entry):
            self._doubt = None
            return None
        accepted(await self.line.ask(WRITTEN, within=REPLY_WITHIN_S))
        self._top = entry.id if appended else None
        self._doubt = None
        return entry.id

    async def _entry(self, data: bytes) -> Entry:
        """Return the entry to send: the doubtful one if it has these bytes, else one past everything known."""
        doubt = self._doubt
        if doubt is not None and doubt.data == data:
            return doubt
        top = self._top
        if top is None:
            (info,) = await self.line.ask(info_command(self._agency), within=REPLY_WITHIN_S)
            top = last_id(info)
        floor = top if doubt is None else max(top, doubt.id)
        return Entry(max(BatchId(int(self._clock.now() * 1000), 0), floor.next()), top, data)

    async def _has(self, entry: Entry) -> bool:
        """Say whether the journal holds exactly these bytes under this id."""
        command = (b"XRANGE", journal_key(self._agency), str(entry.id), str(entry.id))
        (found,) = accepted(await self.line.ask(command, within=REPLY_WITHIN_S))
        return any(entry_data(fields) == entry.data for _, fields in found)
