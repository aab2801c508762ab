"""What a viewer class may know of an agency's units through a block of the time pyramid, which has no reports.

Rules
- Of a unit's labels all count that were said of it until the block's end or stand today, for all of the block: to take
  a unit away in the middle of one is not in the wire's words, and to show it longer would be wrong.
- Who is not the agency itself is told of units that have a place, and not to which incident they are assigned: whether
  the incident may be seen changes from moment to moment.
- Columns go through the door's own mask. Fails closed: what goes wrong shows nothing, and counts among the alarms.

Pure, like the policy it asks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from feeds.names import AgencyId
from feeds.report import Category
from layers.picture import Origin
from layers.policy import BASE, Door
from layers.review_rules import ReviewRules, granted_by_all
from layers.stretch import SourceTold
from layers.swarm import UNKNOWN_I4, UNKNOWN_U2
from layers.track import BIT, EVERYTHING, GROUP_BIT
from layers.unit_rows import UNKNOWN_U4
from layers.unit_words import GROUP_INDEX

_UNITS = "units"
_STATUS = BIT[Category.UNIT_STATUS]
_POSITION: dict[str, int] = {
    "lon": UNKNOWN_I4, "lat": UNKNOWN_I4, "course": UNKNOWN_U2, "speed": UNKNOWN_U2, "err": UNKNOWN_U2, "flags": 0,
    "report_status": 0, "good": UNKNOWN_U4,
}  # fmt: skip
"""Columns of a row that are of the position, and what each is where that may not be known."""
_REFERENCES = ("incident_id",)

Word = tuple[int, int, dict[str, Any]]
"""Group, code, fields."""


class Sight:
    """All of an agency's units, as its own people see them."""

    whole = True

    def __init__(self, agency: AgencyId, family: str) -> None:
        """`family`: what a unit is that does not say its type."""
        self.agency = agency
        self.family = family

    def shows(self, unit_id: str) -> bool:
        """Say whether the unit may be known of at all."""
        return True

    def granted(self, ids: Sequence[str]) -> np.ndarray:
        """Return the category bits granted of each unit (u4)."""
        return np.full(len(ids), EVERYTHING, np.uint32)

    def tells(self, ids: Sequence[str]) -> np.ndarray:
        """Say of each unit and group of words whether it may be known (units, groups)."""
        granted = self.granted(ids)
        return np.stack([(granted & GROUP_BIT[index]) != 0 for index in GROUP_INDEX], 1)

    def mask(self, columns: dict[str, np.ndarray], granted: np.ndarray) -> dict[str, np.ndarray]:
        """Return what may be known of n rows; `granted` are their units' bits."""
        return columns

    def word(self, word: Word) -> Word:
        """Return what may be known of a word whose group may be."""
        return word

    def source(self, told: SourceTold) -> SourceTold:
        """Return what may be known of how often a source speaks."""
        return told


class SharedSight(Sight):
    """Of an agency's units, what others may know by `rules`: those in force at any time of the block, all of them."""

    whole = False

    def __init__(
        self,
        agency: AgencyId,
        family: str,
        rules: Sequence[ReviewRules],
        door: Door,
        labels: Mapping[str, frozenset[str]],
    ) -> None:
        """`labels`: of the units that have any; as policy knows them (`layers.track.known_labels`)."""
        super().__init__(agency, family)
        self._door = door
        self._plain = granted_by_all(rules, Origin(agency, frozenset()), _UNITS)
        self._labelled = {
            unit_id: granted_by_all(rules, Origin(agency, said), _UNITS) for unit_id, said in labels.items()
        }

    @property
    def key(self) -> tuple[object, ...]:
        """What two classes have in common that may know the same."""
        return self._plain, frozenset(self._labelled.items())

    def _bits(self, unit_id: str) -> int:
        return self._labelled.get(unit_id, self._plain)

    def shows(self, unit_id: str) -> bool:
        """Say whether the unit may be known of at all."""
        return bool(self._bits(unit_id) & BASE[_UNITS])

    def granted(self, ids: Sequence[str]) -> np.ndarray:
        """Return the category bits granted of each unit (u4)."""
        return np.array([self._bits(unit_id) for unit_id in ids], np.uint32)

    def mask(self, columns: dict[str, np.ndarray], granted: np.ndarray) -> dict[str, np.ndarray]:
        """Return what may be known of n rows; `granted` are their units' bits."""
        masked = {
            name: self._door.mask(columns[name], granted, Category.UNIT_POSITION, absent).astype(columns[name].dtype)
            for name, absent in _POSITION.items()
        }
        return {**columns, **masked}

    def word(self, word: Word) -> Word:
        """Return what may be known of a word whose group may be."""
        group, code, fields = word
        if not any(name in fields for name in _REFERENCES):
            return word
        return group, code, {name: value for name, value in fields.items() if name not in _REFERENCES}

    def source(self, told: SourceTold) -> SourceTold:
        """Return what may be known of how often a source speaks: not how a status that nobody may know changes it."""
        every = [self._plain, *self._labelled.values()]
        return told if any(bits & _STATUS for bits in every) else SourceTold(told.id, told.cadence_s)
