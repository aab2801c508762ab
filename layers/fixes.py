"""Where units are, as numbers: a row for each unit, of what its newest report with a position said in numbers.

A unit that moves says the same words again and again. So its track keeps the report that said them first, and of
the later ones their numbers are put here and they are let go at once, while they are in the processor's cache: kept,
each costs a row of cache misses when the next one takes its place. `reports` gives the later report back, whole.

Pure.
"""

import struct
from collections.abc import Sequence

import msgspec
import numpy as np

from feeds.report import UnitReport

LAT, LON, COURSE, SPEED, H_ERR, OBSERVED, SEQ, RECEIVED, HAE, V_ERR, STALE, SENT = range(12)
"""What a row holds, f8, NaN for what was not said: as `UnitReport` has it, and when we received it (Unix seconds)."""

_OFTEN = HAE
"""Numbers below are said by most; those from here on by few, or by some sources always."""
_HELD_MAX = 256
"""Units held before they are written: they share what a call into numpy costs, and are still in the cache."""


class Fixes:
    """n rows by slot. What was held is in them after `settle`, which every reader calls."""

    def __init__(self) -> None:
        self._rows = np.full((64, SENT + 1), np.nan)
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
        top = int(slots.max())
        if top >= len(self._rows):
            self._grow(top)
        self._rows[slots] = rows
        flat.clear()
        self._seldom.clear()

    def _grow(self, top: int) -> None:
        grown = np.full((max(2 * len(self._rows), top + 1), SENT + 1), np.nan)
        grown[: len(self._rows)] = self._rows
        self._rows = grown

    def take(self, slots: np.ndarray) -> np.ndarray:
        """Return the n rows of these slots, a copy; a slot without a position has no `OBSERVED`."""
        self.settle()
        top = int(slots.max(initial=-1))
        if top >= len(self._rows):
            self._grow(top)
        rows: np.ndarray = self._rows[slots]
        return rows

    def blank(self, slot: int) -> None:
        """Let a slot hold nothing: its unit is forgotten."""
        self.settle()
        if slot < len(self._rows):
            self._rows[slot] = np.nan

    def report(self, words: UnitReport, slot: int) -> UnitReport:
        """Return the report whose numbers stand at a slot; `words` says the same in every other field."""
        self.settle()
        return _numbered(words, [None if n != n else n for n in self._rows[slot].tolist()])

    def reports(self, words: list[UnitReport], slots: list[int]) -> list[UnitReport]:
        """Return the same for n."""
        rows = self.take(np.array(slots, np.intp))
        numbers = rows.T.tolist()
        for at in np.flatnonzero(np.isnan(rows).any(axis=0)).tolist():
            numbers[at] = [None if n != n else n for n in numbers[at]]
        return [_numbered(one, row) for one, row in zip(words, zip(*numbers, strict=True), strict=True)]


def _numbered(words: UnitReport, row: Sequence[float | None]) -> UnitReport:
    lat, lon, course, speed, h_err, observed_at, seq, _, hae, v_err, stale_at, sent_at = row
    assert observed_at is not None
    return msgspec.structs.replace(
        words,
        lat=lat,
        lon=lon,
        course_deg=course,
        speed_mps=speed,
        h_err_m=h_err,
        observed_at=observed_at,
        seq=None if seq is None else int(seq),
        hae_m=hae,
        v_err_m=v_err,
        stale_at=stale_at,
        sent_at=sent_at,
    )
