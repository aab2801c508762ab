"""What units said of their slow fields, as words: each once, and when each began to stand.

A word is what one report said of one group (status, emergency, identity, capability); a group is replaced whole, as
layers/track.py has it. Of reports in a row, by effective time, that said the same word the earliest times are kept:
at no instant does that change what stands, neither by receipt nor by effective time. Pure.
"""

from collections.abc import Mapping
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import astuple

from feeds.recording.sheets import Book
from feeds.report import UnitReport
from layers.symbol import unit_family, unit_status
from layers.track import CAPABILITY, EMERGENCY, IDENTITY, STATUS
from layers.unit_track import UnitTrack

GROUPS = ("status", "emergency", "identity", "capability")
"""A word's group counts into it."""
LONG_AGO = -(2**31)
"""Before everything, ms: what stood when the stretch began."""

GROUP_INDEX = (STATUS, EMERGENCY, IDENTITY, CAPABILITY)
"""Which group of a unit's fields each group of words is (`layers.track.GROUP_BIT` counts alike)."""
_FIELDS = (
    ("primary_status", "secondary_status", "status_internal", "incident_id"),
    ("emergency",),
    ("call_sign", "unit_type"),
    ("capabilities", "crew"),
)
_ENDS = list(pairwise(np.cumsum([0, *(len(names) for names in _FIELDS)]).tolist()))
_NAMES = UnitReport.__struct_fields__
SLOW = tuple(name for names in _FIELDS for name in names)
"""Fields that are told as words."""
_slow = itemgetter(*map(_NAMES.index, SLOW))
_DENSE = 8
"""Numbers may be so many times more than rows before they are counted anew: to sort takes longer than to look up."""


class Said(NamedTuple):
    """k changes of slow fields, sorted by unit, group and time; k values each."""

    row: np.ndarray
    effective: np.ndarray
    """i4 ms after `at`, LONG_AGO for what stood; `received` alike."""
    received: np.ndarray
    word: np.ndarray


class Words:
    """Every word by its number; number 0 is nothing said."""

    def __init__(self, family: str) -> None:
        self.groups = [0]
        self.codes = [0]
        """Of a status what is drawn (layers/symbol.py), of an emergency whether it is one."""
        self.fields: list[dict[str, Any]] = [{}]
        self._family = family
        self._numbers: dict[Any, int] = {}

    def of_reports(self, codes: Mapping[str, np.ndarray], books: Mapping[str, Book]) -> np.ndarray:
        """Return the word of each group of m reports, 0 for none (m, groups): of each slow field its codes, by book."""
        of_groups = [
            _together([codes[name] for name in names], [len(books[name]) for name in names]) for names in _FIELDS
        ]
        words = {name: list(books[name]) for name in SLOW}
        numbers = [np.zeros(len(first), np.uint32) for _, first in of_groups]
        met = [(first[key], g, key) for g, (_, first) in enumerate(of_groups) for key in np.flatnonzero(first >= 0)]
        for i, g, key in sorted(met):  # as reports that are looked at one after the other would number them
            numbers[g][key] = self._number(g, tuple(words[name][codes[name][i]] for name in _FIELDS[g]))
        return np.stack([number[keys] for number, (keys, _) in zip(numbers, of_groups, strict=True)], 1)

    def of_track(self, track: UnitTrack) -> tuple[list[int], list[float]]:
        """Return the word that stands for each group of a unit, and its effective time (Unix seconds)."""
        numbers, times = [0] * len(GROUPS), [float("-inf")] * len(GROUPS)
        for g, index in enumerate(GROUP_INDEX):
            said = track.group(index)
            if said is not None:
                begin, end = _ENDS[g]
                numbers[g], times[g] = self._number(g, _slow(astuple(said.report))[begin:end]), said.effective_at
        return numbers, times

    def adopt(self, group: int, code: int, fields: dict[str, Any]) -> int:
        """Return the number of a word of another span."""
        return self._keep((group, code, msgspec.json.encode(fields)), group, code, fields)

    def _number(self, group: int, values: tuple[Any, ...]) -> int:
        if all(value is None for value in values):
            return 0
        key = (group, values)
        number = self._numbers.get(key)
        if number is not None:
            return number
        fields = {n: v for n, v in zip(_FIELDS[group], values, strict=True) if v is not None and v not in ((), "")}
        if GROUPS[group] == "identity":
            fields["family"] = unit_family(values[1], self._family)
        return self._keep(key, group, _code(group, values), fields)

    def _keep(self, key: Any, group: int, code: int, fields: dict[str, Any]) -> int:
        number = self._numbers.setdefault(key, len(self.fields))
        if number == len(self.fields):
            self.groups.append(group)
            self.codes.append(code)
            self.fields.append(fields)
        return number


def _code(group: int, values: tuple[Any, ...]) -> int:
    if GROUPS[group] == "status":
        return int(unit_status(values[0], values[1], values[3] is not None))
    return int(GROUPS[group] == "emergency" and values[0] != "none")


def _together(columns: list[np.ndarray], sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return one number for what m rows say in all columns, and where each number comes first, -1 for nowhere."""
    keys, size = columns[0].astype(np.int64), sizes[0]
    for codes, more in zip(columns[1:], sizes[1:], strict=True):
        if size > len(keys):
            keys, size = np.unique(keys, return_inverse=True)[1], len(keys)
        keys, size = keys * more + codes, size * more
    if size > _DENSE * len(keys):
        keys, size = np.unique(keys, return_inverse=True)[1], len(keys)
    first = np.full(size, -1)
    first[keys[::-1]] = np.arange(len(keys))[::-1]  # of several the last is written last
    return keys, first


class Spoken(NamedTuple):
    """m reports sorted by unit, then by effective time and arrival; m values each, `word` (m, groups)."""

    unit: np.ndarray
    eff: np.ndarray
    """Unix seconds."""
    effective: np.ndarray
    """ms after `at`; `received` alike."""
    received: np.ndarray
    word: np.ndarray


def changes(stood: np.ndarray, since: np.ndarray, came: Spoken) -> Said:
    """Return when each word began to stand: `stood` and `since` (Unix seconds) are (n, groups), of the beginning."""
    row, group = np.nonzero(stood)
    ago = np.full(len(row), LONG_AGO, np.int32)
    parts = [(row, group, ago, ago, stood[row, group])]
    for g in range(len(GROUPS)):
        at = np.flatnonzero((came.word[:, g] > 0) & (came.eff >= since[came.unit, g]))
        parts.append((came.unit[at], np.full(len(at), g), came.effective[at], came.received[at], came.word[at, g]))
    row, group, told, known, word = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Each part is in the order of its unit and time, and what stood comes first.
    slot = row * len(GROUPS) + group
    order = np.argsort(slot, kind="stable")
    row, slot, told, known, word = row[order], slot[order], told[order], known[order], word[order]
    if not len(row):
        return Said(row, told, known, word)
    new = np.ones(len(row), np.bool_)
    new[1:] = (slot[1:] != slot[:-1]) | (word[1:] != word[:-1])
    first = np.flatnonzero(new)
    return Said(row[first], told[first], np.minimum.reduceat(known, first), word[first])
