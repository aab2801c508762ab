"""One layer's rows as one viewer class sees them: columns, times, records, and what changed at which revision.

Row numbers, and the order in which they are given out, are the class's own: lowest free first, in the
order things appeared to this class. Nothing here knows what the class may not see.
"""

import heapq
from collections import deque
from typing import Any

import msgspec
import numpy as np

from layers.frame import DTYPES
from layers.layer import TIMES, Layer, Row
from layers.seen import Seen

GONE_MAX = 20_000
"""Rows that went, kept for viewers who resume; older resumes get a keyframe."""

_encode = msgspec.json.Encoder().encode


class Table:
    """n rows of one layer. `present` says which row numbers hold a thing; everything else is indexed by row."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.row_of = np.full(64, -1, np.int32)
        """slot -> row, -1 when the thing does not exist for this class."""
        self.end = 0
        """Row numbers in use are below this."""
        self.count = 0
        self.present = np.zeros(64, np.bool_)
        self.columns = {name: np.zeros(64, DTYPES[dtype]) for name, dtype in layer.drawn()}
        self.times = {name: np.zeros(64, np.float64) for name in TIMES}
        self.age_from = self.times["heard"] if layer.swarm_rows else np.zeros(64, np.float64)
        self.life = np.zeros(64, np.uint8)
        self.alerting = np.zeros(64, np.bool_)
        self.changed = np.zeros(64, np.uint32)
        """Revision at which the row's drawn values changed."""
        self.reworded = np.zeros(64, np.uint32)
        """Revision at which the row's record changed."""
        self.arrived = np.zeros(64, np.uint32)
        """Revision at which what `received` tells of was news."""
        self.slots: list[int] = []
        self.names: list[str] = []
        """The things' ids."""
        self.records: list[dict[str, Any] | None] = []
        self.raw: list[bytes] = []
        """The records, encoded once."""
        self.references: list[tuple[tuple[str, str], ...]] = []
        self.ids: dict[str, int] = {}
        """id -> how many things (of several agencies) carry it."""
        self.named_by: dict[tuple[str, str], set[int]] = {}
        """`(layer, id)` -> rows whose records may name it."""
        self.gone: deque[tuple[int, int]] = deque()
        """`(revision, row)`, oldest first."""
        self.gone_floor = 0
        """Removals up to this revision are no longer in `gone`."""
        self._free: list[int] = []
        self._freed: list[int] = []
        self._drawn: list[tuple[Row, float] | None] = []

    def fit(self, slots: int) -> None:
        """Make room for slot numbers below `slots`."""
        if slots > len(self.row_of):
            grown = np.full(max(slots, 2 * len(self.row_of)), -1, np.int32)
            grown[: len(self.row_of)] = self.row_of
            self.row_of = grown

    def release(self) -> None:
        """Let rows freed in the last revision be given out again: a frame never says gone and new of one row."""
        for row in self._freed:
            heapq.heappush(self._free, row)
        self._freed.clear()

    def add(self, slot: int, entity_id: str) -> tuple[int, bool]:
        """Give a thing a row; return it and whether its id is new to the class."""
        rows, new = self.add_all(np.array([slot]), [entity_id])
        return int(rows[0]), bool(new)

    def add_all(self, slots: np.ndarray, ids: list[str]) -> tuple[np.ndarray, list[str]]:
        """Give n things a row each, in their order; return the rows and the ids new to the class."""
        again = [heapq.heappop(self._free) for _ in range(min(len(self._free), len(ids)))]
        for row, slot, entity_id in zip(again, slots.tolist(), ids, strict=False):
            self.slots[row] = slot
            self.names[row] = entity_id
            self._drawn[row] = None
        more = len(ids) - len(again)
        rows = np.array([*again, *range(self.end, self.end + more)], np.int32)
        self.end += more
        self.slots += slots[len(again) :].tolist()
        self.names += ids[len(again) :]
        self.records += [None] * more
        self.raw += [b""] * more
        self.references += [()] * more
        self._drawn += [None] * more
        if self.end > len(self.present):
            self._grow()
        self.row_of[slots] = rows
        self.present[rows] = True
        self.life[rows] = 0
        self.arrived[rows] = 0
        self.alerting[rows] = False
        self.times["leave"][rows] = np.inf
        self.times["alert"][rows] = -np.inf
        self.count += len(ids)
        known, new = self.ids, []
        for entity_id in ids:
            if entity_id in known:
                known[entity_id] += 1
            else:
                known[entity_id] = 1
                new.append(entity_id)
        return rows, new

    def _grow(self) -> None:
        size = max(self.end, 2 * len(self.present))

        def grown(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.zeros(size - len(values), values.dtype)])

        shared = self.age_from is self.times["heard"]
        self.present, self.life, self.alerting = grown(self.present), grown(self.life), grown(self.alerting)
        self.changed, self.reworded = grown(self.changed), grown(self.reworded)
        self.arrived = grown(self.arrived)
        self.columns = {name: grown(values) for name, values in self.columns.items()}
        self.times = {name: grown(values) for name, values in self.times.items()}
        self.age_from = self.times["heard"] if shared else grown(self.age_from)

    def remove(self, row: int, rev: int) -> tuple[str, bool]:
        """Take a thing away at revision `rev`; return its id and whether the class now knows none of that id."""
        entity_id = self.names[row]
        self.row_of[self.slots[row]] = -1
        self.slots[row] = -1
        self.present[row] = False
        self.records[row] = None
        self.raw[row] = b""
        self._refer(row, ())
        self.count -= 1
        self._freed.append(row)
        self.gone.append((rev, row))
        if len(self.gone) > GONE_MAX:
            self.gone_floor = self.gone.popleft()[0]
        left = self.ids[entity_id] - 1
        if left:
            self.ids[entity_id] = left
        else:
            del self.ids[entity_id]
        return entity_id, left == 0

    def put(self, row: int, seen: Seen, rev: int) -> bool:
        """Write one thing's drawn values and times; return whether a viewer would see a difference."""
        values = self.layer.row(seen)
        age_from = self.layer.age_from(seen)
        times = self.times
        times["heard"][row] = seen.effective_at
        times["received"][row] = seen.received_at
        times["stale"][row] = seen.stale_at
        times["lost"][row] = seen.lost_at
        times["leave"][row] = seen.leave_at
        times["alert"][row] = self.layer.alert_until(seen)
        # A swarm's rows are mostly written a column at a time: what stands here may be older than the columns.
        if self.layer.swarm_rows is None and self._drawn[row] == (values, age_from):
            return False
        self._drawn[row] = (values, age_from)
        self.age_from[row] = age_from
        for (name, _), value in zip(self.layer.drawn(), values, strict=True):
            self.columns[name][row] = value
        self.changed[row] = rev
        return True

    def word(self, row: int, record: dict[str, Any], references: tuple[tuple[str, str], ...], rev: int) -> bool:
        """Set the row's record; return whether it differs from the one before."""
        raw = _encode(record)
        self._refer(row, references)
        if raw == self.raw[row]:
            return False
        self.records[row] = record
        self.raw[row] = raw
        self.reworded[row] = rev
        return True

    def _refer(self, row: int, references: tuple[tuple[str, str], ...]) -> None:
        old = self.references[row]
        if old == references:
            return
        for reference in old:
            rows = self.named_by.get(reference, set())
            rows.discard(row)
            if not rows:
                self.named_by.pop(reference, None)
        for reference in references:
            self.named_by.setdefault(reference, set()).add(row)
        self.references[row] = references
