"""How far a source's clock is from ours, and how well that is known, from nothing but when its reports come.

Rules
- A sample is the *lead* of the newest report of a message: observed by the source's clock, less received by ours.
- Nothing is received before it is observed: a lead is the clock's offset less a delay. So the offset is the upper edge
  of the leads of about five minutes; what was stored through an outage, or is an old observation, lies far below it.
- An edge is where `SHARE` of the samples lie within `AGREE_S`: one wrong clock among a hundred is not the source's.
  Where none agree so, nothing is said.
- The shortest delay is in no sample. It is taken to be no longer than what the other delays add to it in the median:
  that, or how closely the edge lies if that is more, is the error. Of few samples the median tells little: it counts
  the more the fewer there are.
- The five minutes are those in which the source spoke: after an outage what comes first is old, and only what was known
  before tells so.
- What can not be told: a delay that is never shorter. A relay that holds every report for ten seconds looks like a
  clock ten seconds behind.

Pure: time is an argument.
"""

from collections import Counter, deque
from math import ceil
from typing import NamedTuple

import numpy as np

SLOT_S = 20.0
"""Samples are counted by so many seconds of receipt."""
SLOTS = 15
"""Slots kept, of those in which the source spoke: five minutes."""
SLOTS_MIN = 3
"""In fewer nothing is said: what comes first may have been stored for long."""
SHARE = 0.05
"""Of all samples, so many make an edge."""
SAMPLES_MIN = 4
"""At least so many make one."""
AGREE_S = 1.0
"""They lie within so many seconds."""
FEW = 5
"""Of so few samples the spread of the delays counts twice."""
CELLS_S = 10
"""Leads are counted in tenths of a second."""
CELLS_MAX = 256
"""Different leads counted in a slot; of more the smaller half is forgotten."""


class ClockOffset(NamedTuple):
    """What is known of a source's clock, seconds."""

    offset_s: float
    """By how much it is ahead of ours; negative: behind."""
    error_s: float
    """How far the true offset may be from that."""

    @property
    def is_off(self) -> bool:
        """Say whether the clock is off by more than its error, and than what may as well be the delay of its line."""
        return abs(self.offset_s) > max(self.error_s, AGREE_S)

    def aligned(self, observed_at: float) -> float:
        """Return when by our clock it was what the source's clock says, Unix seconds."""
        return observed_at - self.offset_s


class _Slot:
    __slots__ = ("cells", "count", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.cells: dict[int, int] = {}
        """Samples by lead, in tenths of a second."""


class ClockWatch:
    """The samples of one source, counted: at most 15 slots of 256 numbers."""

    __slots__ = ("_last", "_slots")

    def __init__(self) -> None:
        self._slots: deque[_Slot] = deque(maxlen=SLOTS)
        self._last = _Slot(-1)

    def hear(self, observed_at: float, received_at: float) -> None:
        """Take the newest observation of a message and when it came, Unix seconds."""
        number = int(received_at // SLOT_S)
        slot = self._last
        if number != slot.number:
            slot = self._turn(number)
        cell = round((observed_at - received_at) * CELLS_S)
        cells = slot.cells
        cells[cell] = cells.get(cell, 0) + 1
        slot.count += 1
        if len(cells) > CELLS_MAX:
            slot.cells = {lead: cells[lead] for lead in sorted(cells)[CELLS_MAX // 2 :]}

    def hear_more(self, observed_at: np.ndarray, received_at: np.ndarray) -> None:
        """Take what else came in the slot of the message heard last, n each: as `hear` would, one by one."""
        leads, counts = np.unique(np.rint((observed_at - received_at) * CELLS_S).astype(np.int64), return_counts=True)
        new, cells = dict(zip(leads.tolist(), counts.tolist(), strict=True)), self._last.cells
        if len(cells.keys() | new.keys()) > CELLS_MAX:  # some are let go on the way: which, depends on the order
            for observed, received in zip(observed_at.tolist(), received_at.tolist(), strict=True):
                self.hear(observed, received)
            return
        for lead, count in new.items():
            cells[lead] = cells.get(lead, 0) + count
        self._last.count += len(observed_at)

    def _turn(self, number: int) -> _Slot:
        if number == self._last.number - 1:
            return self._last  # heard by two lines at the turn
        if number < self._last.number:
            self._slots.clear()  # our own clock was set back: what was measured by it before is worth nothing
        self._last = _Slot(number)
        self._slots.append(self._last)
        return self._last

    def offset(self) -> ClockOffset | None:
        """Return what is known now; None: not enough, or nothing that agrees."""
        if len(self._slots) < SLOTS_MIN:
            return None
        counts: Counter[int] = Counter()
        for slot in self._slots:
            counts.update(slot.cells)
        total = sum(slot.count for slot in self._slots)
        cells = sorted(counts.items(), reverse=True)
        edge = _edge(cells, max(SAMPLES_MIN, round(SHARE * total)))
        if edge is None:
            return None
        top, bottom = edge
        spread = min(_spread(cells, top) + 1, round(AGREE_S * CELLS_S))
        return ClockOffset(top / CELLS_S, max(top - bottom + 1, spread) / CELLS_S)


def _edge(cells: list[tuple[int, int]], enough: int) -> tuple[int, int] | None:
    """Return the highest lead that has `enough` samples within `AGREE_S` below, and the lowest of so many.

    `cells`: leads in tenths of a second, highest first, with how many there are.
    """
    first = held = 0
    for lead, count in cells:
        held += count
        while cells[first][0] - lead > AGREE_S * CELLS_S:
            held -= cells[first][1]
            first += 1
        if held >= enough:
            return cells[first][0], lead
    return None


def _spread(cells: list[tuple[int, int]], top: int) -> int:
    """Return how far below `top` the median lies of what is within twice `AGREE_S`: what lies lower was stored.

    In tenths of a second, more by `FEW` samples in as many as there are.
    """
    near = [(lead, count) for lead, count in cells if 0 <= top - lead <= 2 * AGREE_S * CELLS_S]
    total, held = sum(count for _, count in near), 0
    for lead, count in near:
        held += count
        if held >= total / 2:
            return ceil((top - lead) * (1 + FEW / total))
    return 0
