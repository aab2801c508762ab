"""The units' columns: one slot per unit, one array per drawn value, so that ten thousand cost what ten do.

Filled once per tick from the tracks that changed, a column at a time: a value at a time into numpy
costs about twice as much, and a unit that reported three times in a tick is written once.
"""

import numpy as np

from feeds.envelope import SKEW_S
from feeds.report import Category
from layers.fixes import COURSE, H_ERR, LAT, LON, OBSERVED, RECEIVED, SPEED, STALE, Fixes
from layers.roster import Roster
from layers.symbol import unit_status
from layers.track import BIT, EMERGENCY, POSITION, STATUS, lost_after, stale_after
from layers.unit_track import UnitTrack, unit_states

UNKNOWN_I4 = 2147483647
UNKNOWN_U2 = 65535

_SLOW = BIT[Category.UNIT_STATUS] | BIT[Category.UNIT_EMERGENCY]

_COLUMNS: dict[str, type[np.generic]] = {
    "lon": np.int32,
    "lat": np.int32,
    "course": np.uint16,
    "speed": np.uint16,
    "err": np.uint16,
    "status": np.uint8,
    "emergency": np.uint8,
    "drill": np.uint8,
    "skew": np.uint8,
    "placed": np.uint8,
    "known": np.uint32,
    "heard": np.float64,
    "received": np.float64,
    "stale": np.float64,
    "lost": np.float64,
    "stale_by_state": np.float64,
    "lost_by_state": np.float64,
    "cadence": np.float64,
    "cadence_by_state": np.float64,
}
"""`placed`: the position group was ever said; `drill`: not `actual`. The `_by_state` deadlines know the unit's
status and are for those who may; the plain ones go by the source alone."""

_WORDS = ("known", "status", "emergency", "drill", "cadence", "cadence_by_state")
"""Of these what a unit said in words; the others are numbers."""


def deci(values: list[float | None] | np.ndarray, top: int, scale: float = 10.0) -> np.ndarray:
    """Return n values times `scale` as u2, at most `top`; `UNKNOWN_U2` for None."""
    raw = np.array(values, np.float64)
    return np.where(np.isnan(raw), UNKNOWN_U2, np.minimum(np.rint(raw * scale), top)).astype(np.uint16)


def course(values: list[float | None] | np.ndarray) -> np.ndarray:
    """Return n courses (degrees) as u2 decidegrees 0..3599; `UNKNOWN_U2` for None."""
    raw = np.array(values, np.float64)
    return np.where(np.isnan(raw), UNKNOWN_U2, np.rint(raw * 10.0) % 3600).astype(np.uint16)


def degrees(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return n degrees as i4 times 1e7; `UNKNOWN_I4` where not known."""
    return np.where(known, np.rint(values * 1e7), UNKNOWN_I4).astype(np.int32)


class Swarm:
    """Columns of n slots; `take` brings in what changed."""

    def __init__(self, roster: Roster, fixes: Fixes) -> None:
        self._roster = roster
        self._fixes = fixes
        self.columns: dict[str, np.ndarray] = {name: np.zeros(64, dtype) for name, dtype in _COLUMNS.items()}

    def _grow(self, slots: int) -> None:
        size = len(self.columns["lon"])
        while size < slots:
            size *= 2
        for name, values in self.columns.items():
            grown = np.zeros(size, values.dtype)
            grown[: len(values)] = values
            self.columns[name] = grown

    def take(self, tracks: list[UnitTrack], slots: np.ndarray, moved: np.ndarray, reworded: np.ndarray) -> None:
        """Bring in n changed units; `tracks` are all by slot, `moved` and `reworded` the n's category bits."""
        if not len(slots):
            return
        top = int(slots.max()) + 1
        if top > len(self.columns["lon"]):
            self._grow(top)
        fixes = self._fixes.take(slots)
        placed = ~np.isnan(fixes[:, OBSERVED])
        slow = (reworded != 0) | ((moved & _SLOW) != 0)
        if slow.any():
            self._take_words(tracks, slots[slow], placed[slow])
        self._take_fixes(slots[placed], fixes[placed])

    def blank(self, slot: int) -> None:
        """Let a slot hold nothing that may be shown."""
        self.columns["known"][slot] = self.columns["placed"][slot] = 0

    def _take_words(self, tracks: list[UnitTrack], slots: np.ndarray, placed: np.ndarray) -> None:
        rows = [self._words(tracks[slot]) for slot in slots.tolist()]
        for name, values in zip(_WORDS, zip(*rows, strict=True), strict=True):
            self.columns[name][slots] = values
        self.columns["placed"][slots] = placed

    def _words(self, track: UnitTrack) -> tuple[float, ...]:
        """Return what the columns `_WORDS` hold of a unit."""
        status = 5
        report = track.words(STATUS)
        if report is not None:
            status = unit_status(report.primary_status, report.secondary_status, report.incident_id is not None)
        report = track.words(EMERGENCY)
        emergency = report is not None and report.emergency != "none"
        report = track.words(POSITION)
        drill = report is not None and report.status != "actual"
        source = track.source()
        if source is None:
            return track.known, status, emergency, drill, 0.0, 0.0
        cadence = self._roster.cadence(source)
        return track.known, status, emergency, drill, cadence, self._roster.cadence(source, unit_states(track))

    def _take_fixes(self, slots: np.ndarray, fixes: np.ndarray) -> None:
        """Write the columns of n units' positions; `fixes` are their rows."""
        columns = self.columns
        lat, lon, observed, received = fixes[:, LAT], fixes[:, LON], fixes[:, OBSERVED], fixes[:, RECEIVED]
        known = ~(np.isnan(lat) | np.isnan(lon))
        columns["lat"][slots] = degrees(lat, known)
        columns["lon"][slots] = degrees(lon, known)
        columns["course"][slots] = course(fixes[:, COURSE])
        columns["speed"][slots] = deci(fixes[:, SPEED], 65534)
        columns["err"][slots] = deci(fixes[:, H_ERR], 65534, 1.0)
        heard = np.minimum(observed, received)
        columns["heard"][slots] = heard
        columns["received"][slots] = received
        columns["skew"][slots] = observed - received > SKEW_S
        told = fixes[:, STALE] - observed  # as of `good_for`
        for name in ("", "_by_state"):
            cadence = columns["cadence" + name][slots]
            columns["stale" + name][slots] = heard + stale_after(cadence, told)
            columns["lost" + name][slots] = heard + lost_after(cadence)
