"""The hub's cuts on the bus: noted at each tick, appended each second, so that a review steps as the hub did."""

import asyncio
import logging
from collections.abc import Mapping

from dashboard.audience import Audience
from feeds.bus import BatchId, Bus
from feeds.errors import BusDown
from feeds.names import CUTS
from feeds.replay.cuts import ClassAt, CutLog, encode_cuts
from layers.policy import ViewerClass

log = logging.getLogger(__name__)

APPEND_EVERY_S = 1.0
KEPT_S = 12 * 3600.0
"""Where nobody records logs of the site are kept this long, seconds, or as long as the journal: they are small."""
_BUS_S = 5.0


class HubCuts:
    """One hub's. `policy` is what `layers.policy_record` made of its shares and its roster."""

    def __init__(self, bus: Bus, policy: bytes) -> None:
        self._bus = bus
        self._log = CutLog(policy)
        self.start = self._log.start
        self.heard = self._log.heard

    def tick(self, t: float, audiences: Mapping[ViewerClass, Audience]) -> None:
        """Note a tick at `t`, after which the audiences stand at their revisions."""
        self._log.tick(t, [ClassAt(*of, audience.epoch, audience.view.rev) for of, audience in audiences.items()])

    async def follow(self) -> None:
        """Append what was noted, for ever."""
        while True:
            await asyncio.sleep(APPEND_EVERY_S)
            try:
                await self.append()
            except (BusDown, TimeoutError) as error:
                log.warning("hub.cuts_not_kept reason=%s", error)

    async def append(self) -> None:
        """Append what was noted. Raises BusDown, TimeoutError; it is kept for the next time then, up to a bound."""
        entry = self._log.entry()
        if entry is not None:
            await asyncio.wait_for(self._bus.append_log(CUTS, encode_cuts(entry), entry.cuts[0].at), _BUS_S)
            self._log.kept(entry)

    async def trim(self, t: float, journal_s: float, limit: BatchId | None) -> None:
        """Drop what is `too_old` at `t` (Unix seconds). Raises BusDown, TimeoutError."""
        await asyncio.wait_for(self._bus.trim_log(CUTS, too_old(t, journal_s, limit)), _BUS_S)


def too_old(t: float, journal_s: float, limit: BatchId | None) -> BatchId:
    """Return before which id a log of the site is trimmed on the bus at `t` (Unix seconds).

    `limit`: before which it is recorded; None: nobody records.
    """
    kept_s = max(KEPT_S, journal_s) if limit is None else journal_s
    before = BatchId(int((t - kept_s) * 1000), 0)
    return before if limit is None else min(before, limit)
