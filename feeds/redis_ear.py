"""The reading end of a subscription: one life of its line, from connecting to losing it.

Rules
- A message is taken as it is only when the id before it is the last one seen; an id up to the last is
  dropped (a refused append is published all the same); anything else (something was missed, or a second
  gateway of the agency wrote in between) is read from the journal, in the journal's order.
- A heartbeat that knows of more than was seen sends us to the journal first, and is given after it.
- Silence is probed with a PING on the same line: a dead gateway is not a lost bus, a stopped server is.
- Nothing is queued here. A consumer that is slow leaves messages in the socket; a server that cuts such
  a line (32 MB) costs a reconnect and a read from the journal, never a batch.
"""

import logging
from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from feeds.bus import BatchId, Beat, BusEvent, Delivery, Pace
from feeds.envelope import decode_batch
from feeds.errors import BusDown, DecodeError
from feeds.names import AgencyId, live_channel
from feeds.redis_journal import PAGE, decode_message, deliveries, info_command, last_id, page_command
from feeds.redis_line import Line, accepted

log = logging.getLogger(__name__)

REPLY_WITHIN_S = 2.0
"""Longest wait for one reply, seconds."""
SILENCE_S = 1.2
"""A subscribed line silent for this long is probed, seconds; heartbeats come each second."""
PROBE_WITHIN_S = 1.0
"""A probe without an answer for this long means that the line is lost, seconds."""


class Ear:
    """See the head. `last` (agency -> last id given) belongs to the subscription and outlives the ear."""

    def __init__(
        self, url: str, agencies: Sequence[AgencyId], last: dict[AgencyId, BatchId], pace: Pace | None = None
    ) -> None:
        self._live = Line(url)
        self._journal = Line(url)
        self.lines = {self._live, self._journal}
        self._channels = {live_channel(agency).encode(): agency for agency in agencies}
        self._last = last
        self._pace = pace
        self._subscribed = False
        self._beat: Beat | None = None
        self.behind = set(agencies)
        """Agencies whose journal has to be read on before listening goes on."""

    async def open(self) -> None:
        """Connect. Raises BusDown."""
        for agency, last in self._last.items():
            (info,) = await self._journal.ask(info_command(agency), within=REPLY_WITHIN_S)
            # A journal that was emptied or lost its newest second counts on from its own last id: what is
            # appended now may be smaller than what we saw, and is new all the same.
            self._last[agency] = min(last, last_id(info))

    async def backlog(self) -> list[Delivery]:
        """Return the next page of a journal that is behind; empty when there was none. Raises BusDown."""
        if not self.behind:
            return []
        agency = next(iter(self.behind))
        command = page_command(agency, self._last[agency], PAGE)
        (entries,) = accepted(await self._journal.ask(command, within=REPLY_WITHIN_S))
        if len(entries) < PAGE:
            self.behind.discard(agency)
        if entries:
            self._last[agency] = BatchId.parse(entries[-1][0])
        if not self.behind and not self._subscribed:
            # Subscribed only now, or a long backlog would fill the server's output buffer; what was
            # appended since is read once more, and from there on every message comes to us.
            await self._subscribe()
            self.behind = set(self._channels.values())
        return deliveries(agency, entries)

    async def hear(self) -> BusEvent | None:
        """Return the next event, or None: nothing to give, or journals to read first. Raises BusDown."""
        if self._beat is not None:
            beat, self._beat = self._beat, None
            return beat
        if self._pace is not None and not self._live.waiting:
            await self._pace()
        message = await self._live.hear(SILENCE_S)
        if message is None:
            self._live.say(b"PING")
            message = await self._live.hear(PROBE_WITHIN_S)
            if message is None:
                raise BusDown(f"the bus was silent for {SILENCE_S + PROBE_WITHIN_S:g} s")
        return self._take(message)

    def close(self) -> None:
        """Cut both connections."""
        for line in self.lines:
            line.abort()

    async def _subscribe(self) -> None:
        await self._live.ask((b"PING",), within=REPLY_WITHIN_S)
        self._live.say(b"SUBSCRIBE", *self._channels)
        awaited = len(self._channels)
        while awaited:
            message = await self._live.hear(REPLY_WITHIN_S)
            if message is None:
                raise BusDown("the bus did not confirm a subscription")
            # a batch that came in between is in the journal, which is read once more; a beat comes again
            awaited -= message[0] == b"subscribe"
        self._subscribed = True

    def _take(self, message: Any) -> BusEvent | None:
        # A server whose disk is full answers a probe by an error: an answer all the same.
        if isinstance(message, ResponseError) or message[0] != b"message":
            return None
        agency = self._channels[message[1]]
        last = self._last[agency]
        try:
            heard = decode_message(agency, message[2])
            if isinstance(heard, Beat):
                if heard.last_id <= last:
                    return heard
                self._beat = heard
            elif heard.id <= last:
                return None
            elif heard.previous == last:
                delivery = Delivery(agency, heard.id, decode_batch(heard.data))
                self._last[agency] = heard.id
                return delivery
        except DecodeError as error:
            log.error("message_unreadable agency=%s reason=%s", agency, error)
        self.behind.add(agency)
        return None
