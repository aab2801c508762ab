"""The units' columns: one slot per unit, one array per drawn value, so that ten thousand cost what ten do.

Filled once per tick from the tracks that changed, a column at a time: a value at a time into numpy
costs about twice as much, and a unit that reported three times in a tick is written once.
"""

from typing import Any

import numpy as np

from feeds.envelope import SKEW_S
from feeds.report import Category
from layers.roster import Roster
from layers.symbol import unit_status
from layers.track import BIT, POSITION, UnitTrack, good_for, lost_after, stale_after, unit_states

UNKNOWN_I4 = 2147483647
UNKNOWN_U2 = 65535

_POSITION = BIT[Category.UNIT_POSITION]
_STATUS = BIT[Category.UNIT_STATUS]
_EMERGENCY = BIT[Category.UNIT_EMERGENCY]
_SLOW = _STATUS | _EMERGENCY

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


def measured(reports: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return lat, lon, course, speed, error and observed time of n reports (6 rows), and their `stale_at` (f8).

    NaN for None. Where nothing is None, as in most ticks, numbers go in without being looked at first.
    """
    flat: list[float | None] = []
    for r in reports:
        flat += (r.lat, r.lon, r.course_deg, r.speed_mps, r.h_err_m, r.observed_at)
    try:
        values = np.fromiter(flat, np.float64, len(flat))
    except TypeError:
        values = np.array(flat, np.float64)
    stale_at = [r.stale_at for r in reports]
    told = np.array(stale_at, np.float64) if any(s is not None for s in stale_at) else np.full(len(reports), np.nan)
    return values.reshape(-1, 6).T, told


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

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
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
        """Bring in n changed tracks; `slots` are theirs, `moved` and `reworded` their category bits."""
        if not tracks:
            return
        top = int(slots.max()) + 1
        if top > len(self.columns["lon"]):
            self._grow(top)
        for i in np.flatnonzero((reworded & (_SLOW | _POSITION)) | (moved & _SLOW)).tolist():
            self._take_slow(tracks[i])
        placed = [i for i in np.flatnonzero(moved & _POSITION).tolist() if tracks[i].said[0] is not None]
        if len(placed) == len(tracks):
            self._take_positions(tracks, slots)
        elif placed:
            self._take_positions([tracks[i] for i in placed], slots[placed])
        columns = self.columns
        for i in np.flatnonzero(reworded).tolist():
            track = tracks[i]
            columns["known"][track.slot] = track.known
            columns["placed"][track.slot] = track.said[0] is not None

    def blank(self, slot: int) -> None:
        """Let a slot hold nothing that may be shown."""
        self.columns["known"][slot] = self.columns["placed"][slot] = 0

    def _take_slow(self, track: UnitTrack) -> None:
        columns, slot = self.columns, track.slot
        report = track.said[1]
        if report is not None:
            secondary = report.secondary_status
            columns["status"][slot] = unit_status(report.primary_status, secondary, report.incident_id is not None)
        else:
            columns["status"][slot] = 5
        report = track.said[2]
        columns["emergency"][slot] = report is not None and report.emergency != "none"
        report = track.said[0]
        columns["drill"][slot] = report is not None and report.status != "actual"
        stamp = track.stamps[0]
        if stamp is None:
            return
        columns["cadence"][slot] = self._roster.cadence(stamp.source)
        columns["cadence_by_state"][slot] = self._roster.cadence(stamp.source, unit_states(track))
        self._deadlines(np.array([slot]), np.array([good_for(track.said[POSITION])]))

    def _take_positions(self, tracks: list[UnitTrack], slots: np.ndarray) -> None:
        columns = self.columns
        (lat, lon, bearing, speed, err, observed), stale_at = measured([track.said[0] for track in tracks])
        known = ~(np.isnan(lat) | np.isnan(lon))
        columns["lat"][slots] = degrees(lat, known)
        columns["lon"][slots] = degrees(lon, known)
        columns["course"][slots] = course(bearing)
        columns["speed"][slots] = deci(speed, 65534)
        columns["err"][slots] = deci(err, 65534, 1.0)
        received = np.array([track.stamps[0].received_at for track in tracks])
        columns["heard"][slots] = np.minimum(observed, received)
        columns["received"][slots] = received
        columns["skew"][slots] = observed - received > SKEW_S
        self._deadlines(slots, stale_at - observed)

    def _deadlines(self, slots: np.ndarray, told: np.ndarray) -> None:
        """Set the deadlines of n slots; `told`: for how long each said it is good, seconds, NaN for not said."""
        columns = self.columns
        heard = columns["heard"][slots]
        for name in ("", "_by_state"):
            cadence = columns["cadence" + name][slots]
            columns["stale" + name][slots] = heard + stale_after(cadence, told)
            columns["lost" + name][slots] = heard + lost_after(cadence)
