"""What was known of each source's clock, and from when on: the estimate of `feeds/clock_offset.py`, over a record.

The gateway estimates while it hears, and journals nothing of it. Its samples are the observed and received times of
what is journaled, so the same estimate is made of them again, at each turn of a slot: it holds nothing that came later.
Pure.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

import numpy as np

from feeds.clock_offset import SLOT_S, ClockOffset, ClockWatch
from feeds.names import SourceId

Entry = tuple[float, float | None, float | None]
"""From when on (Unix seconds, received), offset, error (seconds); None: from then on not known any more."""


class _Heard:
    __slots__ = ("slot", "watch")

    def __init__(self, slot: int) -> None:
        self.watch = ClockWatch()
        self.slot = slot
        """The newest that it was heard in."""


class Clocks:
    """Of one agency's sources. Parcels are heard in order of the journal."""

    def __init__(self, entries: Mapping[SourceId, list[Entry]] | None = None) -> None:
        self.entries: dict[SourceId, list[Entry]] = {source: list(told) for source, told in (entries or {}).items()}
        """By source, oldest first; only what changed."""
        self._watches: dict[SourceId, _Heard] = {}

    def hear(self, source: SourceId, observed_at: float, received_at: float) -> None:
        """Take in the newest observation of a parcel, and when it came, Unix seconds."""
        slot = int(received_at // SLOT_S)
        heard = self._watches.get(source)
        if heard is None:
            heard = self._watches[source] = _Heard(slot)
        elif slot > heard.slot:
            self._note(source, slot * SLOT_S, heard.watch.offset())
            heard.slot = slot
        heard.watch.hear(observed_at, received_at)

    def hear_all(self, source: SourceId, observed_at: np.ndarray, received_at: np.ndarray) -> None:
        """Take in n parcels of a source, as `hear` would, one by one."""
        slots = received_at // SLOT_S
        begins = np.flatnonzero(np.diff(slots, prepend=np.nan))
        for begin, end in itertools.pairwise([*begins.tolist(), len(slots)]):
            self.hear(source, float(observed_at[begin]), float(received_at[begin]))
            if end - begin > 1:
                self._watches[source].watch.hear_more(observed_at[begin + 1 : end], received_at[begin + 1 : end])

    def _note(self, source: SourceId, since: float, clock: ClockOffset | None) -> None:
        told = self.entries.get(source)
        now = (None, None) if clock is None else (clock.offset_s, clock.error_s)
        if told is None and clock is None:
            return
        if told is None or told[-1][1:] != now:
            self.entries.setdefault(source, []).append((since, *now))

    def at(self, source: str, t: float) -> ClockOffset | None:
        """Return what was known of a source's clock at `t` (Unix seconds, received); None: nothing."""
        told = self.entries.get(SourceId(source), ())
        place = bisect_right(told, t, key=_since)
        offset, error = told[place - 1][1:] if place else (None, None)
        return None if offset is None or error is None else ClockOffset(offset, error)

    def follow(self, later: "Clocks") -> None:
        """Add what was found in what came after: until it knows anything, what was known before stands."""
        for source, told in later.entries.items():
            self.entries.setdefault(source, []).extend(told)

    def since(self, t: float) -> "Clocks":
        """Return what was found from `t` on."""
        found = {source: told[bisect_left(told, t, key=_since) :] for source, told in self.entries.items()}
        return Clocks({source: told for source, told in found.items() if told})

    def forget(self, before: float) -> None:
        """Drop what was not known any more at this time."""
        for told in self.entries.values():
            del told[: max(0, bisect_right(told, before, key=_since) - 1)]


def _since(entry: Entry) -> float:
    return entry[0]
