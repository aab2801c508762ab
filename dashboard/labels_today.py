"""The labels that things have today, as the hub's kept picture says."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from layers import keyframe
from layers.labels_now import LabelsNow, labels_of
from layers.roster import Roster

LOOK_EVERY_S = 30.0
"""The hub keeps its picture every ten seconds; a label that is new counts in reviews after this at the latest."""


class LabelsToday:
    """Looked up now and then. `load` gives the hub's kept picture."""

    def __init__(self, load: Callable[[], Awaitable[bytes | None]], roster: Roster) -> None:
        self._load = load
        self._roster = roster
        self._labels: LabelsNow = {}
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def now(self) -> LabelsNow:
        """Return them; the same object while they are the same. Raises BusDown, DecodeError: nothing is shown then."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
                data = await self._load()
                if data is not None:
                    labels = labels_of(await asyncio.to_thread(keyframe.restore, data, self._roster))
                    if labels != self._labels:
                        self._labels = labels
                self._looked_at = time.monotonic()
        return self._labels
