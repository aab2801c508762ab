"""Several gateways of one agency side by side: each knows what the others journaled.

A sender whose gateway died goes to the other one within milliseconds, and sends again what was not answered. Part of
that is journaled: by the first gateway, and after the second one had read the journal at its own start.

Rules
- Before the first frame of a connection is taken, the journal is read on from where this gateway knows it, to its end.
- Each heartbeat reads it on too, so that there is little to read when a sender comes. Our own appends are known by
  their ids and are not decoded again: a gateway that is alone pays three short commands a second.
- What another gateway journaled is known as journaled and as heard: it is a duplicate here, and no gap.
- A gateway that lost a sender but not its life may still journal what it had queued. The sender's copy by way of the
  other gateway is then journaled as well, and changes nothing on the map.
"""

import asyncio
from collections.abc import Mapping, Sequence

from feeds.bus import BEGINNING, BatchId, Bus, Delivery
from feeds.lane import Lane
from feeds.ledger import Ledger
from feeds.names import AgencyId

_END = BatchId(2**63 - 1, 0)


class SideBySide:
    """How far a gateway knows the journals of its agencies."""

    def __init__(self, bus: Bus, lanes: Mapping[AgencyId, Lane], ledgers: Mapping[str, Ledger]) -> None:
        self._bus = bus
        self._lanes = lanes
        self._ledgers = ledgers
        self._known: dict[AgencyId, BatchId] = {}
        self._reading = {agency: asyncio.Lock() for agency in lanes}
        self._asked = dict.fromkeys(lanes, 0)
        self._answered = dict.fromkeys(lanes, 0)
        """Number of the newest call that the last reading began after: those who waited for it share it."""

    async def begin(self, agency: AgencyId) -> None:
        """Note where the journal ends now: what is before is recovered otherwise, from here on. Raises BusDown."""
        _, self._known[agency], _ = await self._bus.others(agency, _END, ())

    async def catch_up(self, agency: AgencyId) -> None:
        """Return when all that the agency's journal held at the call is known. Raises BusDown."""
        lane = self._lanes[agency]
        self._asked[agency] = mine = self._asked[agency] + 1
        async with self._reading[agency]:
            if self._answered[agency] >= mine:
                return
            newest, through = self._asked[agency], False
            while not through:
                found, at, through = await self._bus.others(agency, self._known.get(agency, BEGINNING), lane.own)
                self._note(found)
                self._known[agency] = at
                lane.own = {id_ for id_ in lane.own if id_ > at}
            self._answered[agency] = newest

    def _note(self, found: Sequence[Delivery]) -> None:
        for delivery in found:
            for parcel in delivery.batch.parcels:
                ledger = self._ledgers.get(parcel.source)
                if ledger is not None and ledger.settings.agency == delivery.agency:
                    ledger.overhear(parcel.run, parcel.reports, parcel.received_at)
