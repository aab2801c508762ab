"""THE VIEW: the picture as one viewer class sees it, moved on tick by tick. Every door is a function of it.

Stages of a step, each after policy (`Door`):
  1. what went, what became hidden, what came, what moved      columns, by the class's own rows
  2. what time did: fresh, stale, lost; alerts that ended; closed incidents that leave
  3. records of what is new or reworded, and of whatever names a thing that came or went
  4. events, numbered from 1 for this class
The revision moves only when this class would see a difference, so two worlds that differ in hidden things
give the same frames, byte for byte. Time is an argument.
"""

from collections.abc import Iterable

import numpy as np

from layers.event_memory import Event, EventMemory
from layers.happenings import event_record
from layers.layer import Layer
from layers.picture import Happening, Picture, Shelf, Touched
from layers.policy import BASE, Door, Rules, ViewerClass
from layers.seen import Seen
from layers.table import Table
from layers.track import EVERYTHING, GROUP_BIT, POSITION, lives

_POSITION_BIT = np.uint32(GROUP_BIT[POSITION])


class View:
    """What one viewer class sees. `step` after each `Picture.flush`; `rev` grows by one with each difference.

    `whole=False`: made without records, which `word_some` makes; it is no view to show before that says so.
    """

    def __init__(
        self,
        picture: Picture,
        rules: Rules,
        viewer: ViewerClass,
        layers: Iterable[Layer],
        t: float,
        *,
        whole: bool = True,
    ) -> None:
        self.viewer = viewer
        self.door = Door(picture, rules, viewer, self.sees)
        self.tables: dict[str, Table] = {layer.name: Table(layer) for layer in layers}
        self.rev = 0
        self.at = t
        self.events = EventMemory()
        self.new_events: list[Event] = []
        """Of the last step."""
        self.oldest_receipt = float("inf")
        """Of what changed in the last step, Unix seconds; inf when nothing that was received changed."""
        self._picture = picture
        self._rules = rules
        self._came: set[tuple[str, str]] = set()
        self._went: set[tuple[str, str]] = set()
        self._to_word: dict[str, dict[int, Seen | None]] = {}
        self._differs = False
        self._unworded: list[tuple[str, int]] = []
        """`(layer, row)` that have no record yet, last first."""
        everything = {
            name: _all(picture.shelves[name], table.layer.swarm_rows is not None) for name, table in self.tables.items()
        }
        past = sorted((e for kept in picture.events.values() for e in kept), key=lambda e: e.serial)
        self._begin(t)
        for name, table in self.tables.items():
            self._project(table, picture.shelves[name], everything[name], 1, t)
            self._age(table, 1, t)
        self._unworded = [(name, row) for name, rows in self._to_word.items() for row in rows][::-1]
        self.rev = 1
        self.new_events = self._happen(past)
        if whole:
            self.word_some(len(self._unworded))

    def word_some(self, most: int) -> bool:
        """Make the records of up to so many things that have none yet; return whether every thing has one now.

        In a step's place for a first view: 80,000 records take seconds. Between two slices the view may be stepped,
        and who is shown it after the last sees what a view made at once would show. Slices go by what the class
        sees, so that they tell of nothing else.
        """
        for _ in range(min(most, len(self._unworded))):
            name, row = self._unworded.pop()
            if self.tables[name].present[row]:
                self._word_one(name, row, None, self.rev)
        return not self._unworded

    def step(self, touched: dict[str, Touched], happenings: list[Happening], t: float) -> bool:
        """Move on to `t` with what changed in the picture; return whether this class sees a difference."""
        self._begin(t)
        rev = self.rev + 1
        for name, table in self.tables.items():
            table.release()
            self._project(table, self._picture.shelves[name], touched[name], rev, t)
            self._age(table, rev, t)
        self._word(rev)
        self.new_events = self._happen(happenings)
        if self._differs or self.new_events:
            self.rev = rev
            return True
        return False

    def _begin(self, t: float) -> None:
        self.at = t
        self._differs = False
        self.oldest_receipt = float("inf")
        self._came.clear()
        self._went.clear()
        self._to_word = {name: {} for name in self.tables}

    def sees(self, layer: str, entity_id: str) -> bool:
        """Say whether the class sees a thing of that id now."""
        table = self.tables.get(layer)
        return table is not None and entity_id in table.ids

    def shows(self, layer: str, agency: str, entity_id: str) -> bool:
        """Say whether the class sees this agency's thing of that id now."""
        table = self.tables.get(layer)
        if table is None:
            return False
        track = self._picture.shelves[layer].find(agency, entity_id)
        return track is not None and track.slot < len(table.row_of) and int(table.row_of[track.slot]) >= 0

    def counts(self) -> dict[str, int]:
        """Return how many things the class sees, per layer."""
        return {name: table.count for name, table in self.tables.items()}

    def _project(self, table: Table, shelf: Shelf, touched: Touched, rev: int, t: float) -> None:
        table.fit(len(shelf.tracks))
        for slot in touched.forgotten:
            if table.row_of[slot] >= 0:
                self._remove(table, int(table.row_of[slot]), rev)
        slots = touched.slots
        if not len(slots):
            return
        layer = table.layer
        granted = self.door.grants()[shelf.origin[slots]]
        known = self._known(layer, shelf, slots)
        exists = ((granted & BASE[layer.name]) != 0) & ((granted & known) != 0)
        rows = table.row_of[slots]
        for row in rows[~exists & (rows >= 0)].tolist():
            self._remove(table, row, rev)
        news = exists & ((((touched.moved | touched.reworded) & granted) != 0) | (rows < 0))
        came = touched.moved & granted
        if layer.swarm_rows is not None:
            swarm = news & (self._picture.swarm.columns["placed"][slots] == 1)
            if swarm.any() and self._swarm(
                table, shelf, slots[swarm], granted[swarm], touched.reworded[swarm], came[swarm], rev
            ):
                news &= ~swarm
        for slot, bits in zip(slots[news].tolist(), came[news].tolist(), strict=True):
            self._one(table, shelf, slot, bits, rev, t)

    def _known(self, layer: Layer, shelf: Shelf, slots: np.ndarray) -> np.ndarray:
        if layer.swarm_rows is not None:
            known: np.ndarray = self._picture.swarm.columns["known"][slots]
            return known
        return np.array([shelf.tracks[slot].known for slot in slots.tolist()], np.uint32)

    def _swarm(
        self,
        table: Table,
        shelf: Shelf,
        slots: np.ndarray,
        granted: np.ndarray,
        reworded: np.ndarray,
        came: np.ndarray,
        rev: int,
    ) -> bool:
        """Write n things a column at a time; return False when that failed, nothing written: then one by one.

        `came`: the n category bits of what was received since the last step and may be seen.
        """
        layer = table.layer
        assert layer.swarm_rows is not None
        try:
            values = layer.swarm_rows(self._picture.swarm, slots, granted, self.door)
        except Exception as error:
            self._rules.alarm(layer.name, error)
            return False
        rows = table.row_of[slots]
        to_word = self._to_word[layer.name]
        new = rows < 0
        if new.any():
            rows[new] = added = self._add_all(table, shelf, slots[new])
            to_word.update(dict.fromkeys(added.tolist()))
        for row in rows[(reworded & granted) != 0].tolist():
            to_word[row] = None
        for name, column in values.items():
            target = table.columns.get(name)
            (target if target is not None else table.times[name])[rows] = column
        table.changed[rows] = rev
        positions = (came & _POSITION_BIT) != 0
        table.arrived[rows[positions]] = rev
        receipts = values["received"][positions]
        if len(receipts):
            self.oldest_receipt = min(self.oldest_receipt, float(receipts.min()))
        others = came & ~_POSITION_BIT
        for i in np.flatnonzero(others).tolist():
            receipt = shelf.tracks[slots[i]].receipt(int(others[i]))
            self.oldest_receipt = min(self.oldest_receipt, receipt)
        self._differs = True
        return True

    def _one(self, table: Table, shelf: Shelf, slot: int, came: int, rev: int, t: float) -> None:
        row = int(table.row_of[slot])
        seen = self.door.look(table.layer.name, shelf.tracks[slot])
        if seen is None or seen.leave_at <= t:
            if row >= 0:
                self._remove(table, row, rev)
            return
        try:
            if row < 0:
                row = self._add(table, shelf, slot)
            if table.put(row, seen, rev):
                self._differs = True
                if came:
                    table.arrived[row] = rev
                    self.oldest_receipt = min(self.oldest_receipt, shelf.tracks[slot].receipt(came))
            self._to_word[table.layer.name][row] = seen
        except Exception as error:
            self._withhold(table, row, rev, error)

    def _add(self, table: Table, shelf: Shelf, slot: int) -> int:
        entity_id = shelf.tracks[slot].id
        row, new = table.add(slot, entity_id)
        if new:
            self._came.add((table.layer.name, entity_id))
        self._differs = True
        return row

    def _add_all(self, table: Table, shelf: Shelf, slots: np.ndarray) -> np.ndarray:
        rows, new_ids = table.add_all(slots, [shelf.tracks[slot].id for slot in slots.tolist()])
        if self.rev:  # in a first view nothing was worded before
            self._came.update((table.layer.name, entity_id) for entity_id in new_ids)
        return rows

    def _remove(self, table: Table, row: int, rev: int) -> None:
        entity_id, last = table.remove(row, rev)
        if last:
            self._went.add((table.layer.name, entity_id))
        self._to_word[table.layer.name].pop(row, None)
        self._differs = True

    def _withhold(self, table: Table, row: int, rev: int, error: Exception) -> None:
        self._rules.alarm(table.layer.name, error)
        if row >= 0 and table.present[row]:
            self._remove(table, row, rev)

    def _age(self, table: Table, rev: int, t: float) -> None:
        end = table.end
        if not end:
            return
        present = table.present[:end]
        times = table.times
        for row in np.flatnonzero(present & (times["leave"][:end] <= t)).tolist():
            self._remove(table, row, rev)
        life = lives(t, times["stale"][:end], times["lost"][:end])
        alerting = times["alert"][:end] > t
        differs = present & ((life != table.life[:end]) | (alerting != table.alerting[:end]))
        if differs.any():
            table.changed[:end][differs] = rev
            self._differs = True
        table.life[:end] = life
        table.alerting[:end] = alerting

    def _word(self, rev: int) -> None:
        turned = self._came ^ self._went
        for name, table in self.tables.items():
            to_word = self._to_word[name]
            if table.named_by:
                for reference in turned:
                    for row in table.named_by.get(reference, ()):
                        to_word.setdefault(row, None)
            for row, seen in list(to_word.items()):
                # Looked at again even where stage 1 did: by now it is known what came and went.
                self._word_one(name, row, None if seen is None or seen.references else seen, rev)

    def _word_one(self, name: str, row: int, seen: Seen | None, rev: int) -> None:
        table = self.tables[name]
        try:
            if seen is None:
                seen = self.door.look(name, self._picture.shelves[name].tracks[table.slots[row]])
            if seen is None:
                self._remove(table, row, rev)
                return
            record = table.layer.record(seen, self._picture.roster)
            if table.word(row, record, seen.references, rev):
                self._differs = True
            if table.layer.swarm_rows is None and table.put(row, seen, rev):
                self._differs = True
        except Exception as error:
            self._withhold(table, row, rev, error)

    def _happen(self, happenings: list[Happening]) -> list[Event]:
        new = []
        for happening in happenings:
            seen = self.door.event(happening)
            if seen is None:
                continue
            try:
                record = event_record(seen)
            except Exception as error:
                self._rules.alarm("events", error)
                continue
            new.append(self.events.keep(seen.agency, record))
        return new


def _all(shelf: Shelf, swarm: bool) -> Touched:
    """Return everything as changed, by agency and id: slots are the picture's own and their order tells of others."""
    slots = [shelf.by_id[agency][name].slot for agency in sorted(shelf.by_id) for name in sorted(shelf.by_id[agency])]
    reworded = np.full(len(slots), EVERYTHING, np.uint32)
    # Of a unit the position is what its row tells the age of; to look up when each word came is work for nothing.
    moved = np.full(len(slots), _POSITION_BIT, np.uint32) if swarm else reworded
    return Touched(np.array(slots, np.intp), moved, reworded, ())
