"""Where units are, as numbers: a row for each unit, of what its newest report with a position said in numbers.

While a unit's newest report says all that is known of it, its words have a code here, and whoever says them again moves
it on in its row alone (`again`, or hundreds at once: `all_again`).

A unit that moves says the same words again and again. So its track keeps the report that said them first, and of
the later ones their numbers are put here and they are let go at once, while they are in the processor's cache: kept,
each costs a row of cache misses when the next one takes its place. `reports` gives the later report back, whole.

Pure.
"""

import struct
from operator import eq
from typing import Any, cast

import numpy as np

from feeds.names import SourceId
from feeds.report import UnitReport
from feeds.unit_columns import NUMBERS, UnitColumns, numbered

LAT, LON, COURSE, SPEED, H_ERR, OBSERVED, SEQ, RECEIVED, HAE, V_ERR, STALE, SENT = range(12)
"""What a row holds, f8, NaN for what was not said: as `UnitReport` has it, and when we received it (Unix seconds)."""

_OFTEN = HAE
"""Numbers below are said by most; those from here on by few, or by some sources always."""
_HELD_MAX = 256
"""Units held before they are written: they share what a call into numpy costs, and are still in the cache."""


Words = tuple[Any, ...]
"""All that a unit's report says besides numbers and its call sign, and its source before that."""
_WORDS_MAX = 16384
_HUSHED, _UNHEARD = -1, -2
_IN_ROW = {
    "lat": LAT, "lon": LON, "course_deg": COURSE, "speed_mps": SPEED, "h_err_m": H_ERR, "observed_at": OBSERVED,
    "seq": SEQ, "hae_m": HAE, "v_err_m": V_ERR, "stale_at": STALE, "sent_at": SENT,
}  # fmt: skip
_PLACES = [_IN_ROW[name] for name in NUMBERS]
"""Where a row has what `UnitColumns` says, column by column."""
_LAT, _OBSERVED = NUMBERS.index("lat"), NUMBERS.index("observed_at")


class Fixes:
    """n rows by slot. What was held is in them after `settle`, which every reader calls."""

    def __init__(self) -> None:
        self._rows = np.full((64, SENT + 1), np.nan)
        self._spoken = np.full(64, _HUSHED, np.int64)
        """Code of the words that a unit says again and again; `_HUSHED` while there are none."""
        self._times = np.full((2, 64), -np.inf)
        self._repeated = np.zeros(64, np.uint8)
        self.call_signs: list[str | None] = [None] * 64
        """Said with those words, by slot."""
        self._codes: dict[Words, tuple[int, Words]] = {}
        """Words by themselves: thousands of units say the same few, and share them."""
        self._next_code = 0
        self._view()
        self._flat: list[float | None] = []
        """Held, in order, of one unit the last counts: its slot, then what its row has up to `_OFTEN`."""
        self._seldom: list[tuple[int, float | None, float | None, float | None, float | None]] = []
        """And from `_OFTEN` on, where any of it was said: where in `_flat` the next one begins, then the numbers."""

    def hold(self, slot: int, report: UnitReport, received_at: float) -> None:
        """Take the numbers of a report with a position, to be written at the next `settle`."""
        flat = self._flat
        flat += (
            slot, report.lat, report.lon, report.course_deg, report.speed_mps, report.h_err_m, report.observed_at,
            report.seq, received_at,
        )  # fmt: skip
        if (
            report.hae_m is not None
            or report.stale_at is not None
            or report.sent_at is not None
            or report.v_err_m is not None
        ):
            self._seldom.append((len(flat), report.hae_m, report.v_err_m, report.stale_at, report.sent_at))

    def _view(self) -> None:
        """Look at single numbers: through numpy each takes three times as long."""
        self.at = cast("memoryview[float]", self._times[0].data)
        """Effective time of the newest report of a unit that has words here, Unix seconds, by slot..."""
        self.received = cast("memoryview[float]", self._times[1].data)
        """...when we received it..."""
        self.repeated = self._repeated.data
        """...and whether the report that said the words first is an older one."""

    def fit(self, slot: int) -> None:
        """Have room for a slot."""
        if slot >= len(self._rows):
            self._grow(slot)

    def speak(self, slot: int, words: Words, call_sign: str | None, eff: float, received_at: float) -> Words:
        """Let the newest report's words stand for a unit; return them, the same object for all that say the same."""
        known = self._codes.get(words)
        if known is None:
            if len(self._codes) >= _WORDS_MAX:
                self._codes.clear()  # whoever has such words keeps them
            known = self._codes[words] = self._next_code, words
            self._next_code += 1
        self._spoken[slot] = known[0]
        self.call_signs[slot] = call_sign
        self.at[slot], self.received[slot], self.repeated[slot] = eff, received_at, 0
        return known[1]

    def hush(self, slot: int) -> None:
        """Let no words stand for a unit: its next report is to be heard word by word."""
        self._spoken[slot] = _HUSHED

    def again(self, slot: int, report: UnitReport, eff: float, received_at: float) -> None:
        """Move a unit on whose report says its words again."""
        self.at[slot], self.received[slot], self.repeated[slot] = eff, received_at, 1
        self.hold(slot, report, received_at)

    def all_again(self, slots: np.ndarray, said: UnitColumns, source: SourceId, received_at: float) -> np.ndarray:
        """Move on those of n units whose reports say their words again; return n booleans, where that was so.

        `slots`: of each, -1 for one that is not known yet.
        """
        rows = said.rows()
        code_of = [self._codes.get((source, *words), (_UNHEARD,))[0] for words in said.words]
        eff = np.minimum(rows[:, _OBSERVED], received_at)
        fits: np.ndarray = (slots >= 0) & (self._spoken[slots] == np.array(code_of)[said.codes()])
        fits &= (eff >= self._times[0][slots]) & ~np.isnan(rows[:, _LAT])
        if not fits.any():
            return fits
        at = slots.tolist()
        known = [self.call_signs[slot] for slot in at]
        call_signs = list(said.call_signs) or [None] * len(known)
        if known != call_signs:
            fits &= np.fromiter(map(eq, known, call_signs), np.bool_, len(known))
        if len(set(at)) < len(at):  # one after the other, then
            _, which, times = np.unique(slots, return_inverse=True, return_counts=True)
            fits &= times[which] == 1
        self.settle()
        if not fits.all():
            slots, rows, eff = slots[fits], rows[fits], eff[fits]
        new = np.empty((len(slots), SENT + 1))
        new[:, _PLACES] = rows
        new[:, RECEIVED] = received_at
        self._rows[slots] = new
        self._times[0][slots] = eff
        self._times[1][slots] = received_at
        self._repeated[slots] = 1
        return fits

    def settle_when_full(self) -> None:
        """Write what is held if it is much."""
        if len(self._flat) >= _HELD_MAX * (1 + _OFTEN):
            self.settle()

    def settle(self) -> None:
        """Write what is held."""
        flat = self._flat
        if not flat:
            return
        try:
            held = np.frombuffer(struct.pack(f"{len(flat)}d", *flat))  # half of what numpy takes to look at each
        except struct.error:  # None among them
            held = np.array(flat, np.float64)
        held = held.reshape(-1, 1 + _OFTEN)
        rows = np.full((len(held), SENT + 1), np.nan)
        rows[:, :_OFTEN] = held[:, 1:]
        for end, *numbers in self._seldom:
            rows[end // (1 + _OFTEN) - 1, _OFTEN:] = numbers
        slots = held[:, 0].astype(np.intp)
        self._rows[slots] = rows
        flat.clear()
        self._seldom.clear()

    def _grow(self, top: int) -> None:
        had, size = len(self._rows), max(2 * len(self._rows), top + 1)
        rows, spoken = np.full((size, SENT + 1), np.nan), np.full(size, _HUSHED, np.int64)
        times, repeated = np.full((2, size), -np.inf), np.zeros(size, np.uint8)
        rows[:had], spoken[:had], times[:, :had], repeated[:had] = self._rows, self._spoken, self._times, self._repeated
        self._rows, self._spoken, self._times, self._repeated = rows, spoken, times, repeated
        self.call_signs += [None] * (size - had)
        self._view()

    def take(self, slots: np.ndarray) -> np.ndarray:
        """Return the n rows of these slots, a copy; a slot without a position has no `OBSERVED`."""
        self.settle()
        rows: np.ndarray = self._rows[slots]
        return rows

    def blank(self, slot: int) -> None:
        """Let a slot hold nothing: its unit is forgotten."""
        self.settle()
        self._rows[slot] = np.nan
        self.hush(slot)

    def report(self, words: UnitReport, slot: int) -> UnitReport:
        """Return the report whose numbers stand at a slot; `words` says the same in every other field."""
        self.settle()
        return numbered(words, [None if n != n else n for n in self._rows[slot][_PLACES].tolist()])

    def reports(self, words: list[UnitReport], slots: list[int]) -> list[UnitReport]:
        """Return the same for n."""
        rows = self.take(np.array(slots, np.intp))[:, _PLACES]
        numbers = rows.T.tolist()
        for at in np.flatnonzero(np.isnan(rows).any(axis=0)).tolist():
            numbers[at] = [None if n != n else n for n in numbers[at]]
        return [numbered(one, row) for one, row in zip(words, zip(*numbers, strict=True), strict=True)]
