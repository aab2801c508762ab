"""Whether a unit can be where it says it is: nothing jumps faster than it can move. Pure: time is an argument.

Rules
- From the last place believed, a unit may have moved at `speed_max` (an aircraft at four times that) since, and
  `SLACK_M` and both errors more. What is further is an implausible jump, and is refused.
- Since is by its own times or by when it came, whichever is longer: a clock that stands still, theirs or ours, makes
  nobody jump.
- A second report that agrees with the first is believed: a receiver that was wrong for a while, a unit that was
  carried, a corrected clock. It must be another observation: the same report sent again proves nothing.
- Each source by itself: who reports a unit twice a minute says nothing about another source's fix.
"""

import struct
from collections.abc import Sequence
from math import cos, hypot, isnan, radians

import numpy as np

from feeds.report import AnyReport, UnitReport
from feeds.unit_columns import UnitTable, unit_type_of

IMPLAUSIBLE = "implausible jump"
"""The reason of the refusal."""

AIR_FACTOR = 4.0
"""Aircraft move so many times faster than what drives: 400 m/s for 100."""
SLACK_M = 250.0
"""What two fixes may differ by whatever the time between them, metres."""
DOUBT_S = 300.0
"""For how long a place that was refused is remembered as one that a second report may confirm, seconds."""
ERROR_MAX_M = 1000.0
"""More than this a fix is not forgiven for its own error, metres."""
NEAR_DEG2 = 4e-6
"""Square of a distance in degrees within `SLACK_M` at any latitude: most fixes lie so near, and need no cosine."""
_METRE_DEG = 111_195.0
"""Metres a degree on a sphere of 6371 km."""

AIRCRAFT = frozenset({"Aircraft", "RotaryWingAircraft", "UnmannedAerialVehicle", "FixedWingAircraft"})

_Fix = tuple[float, float, float, float, float]
"""Longitude, latitude, time, error (degrees, Unix seconds, metres), and when it came, by a clock never set back."""

_ROW = struct.Struct("6d")
"""A fix, and 1 for an aircraft; NaN where nothing is known. Rows in one block, and no objects: those of thousands of
units would lie all over the memory, and every look at one would wait for it."""
_ROWS_FIRST = 64


class Plausible:
    """The last believed place of each unit of one source, by its row (`feeds.subjects.Subjects`).

    `speed_max`: metres a second; 0: everything is believed.
    """

    def __init__(self, speed_max: float) -> None:
        self._speed_max = speed_max
        self._block = bytearray()
        self._doubts: dict[int, _Fix] = {}
        self._make_room(_ROWS_FIRST)

    def forget(self, rows: Sequence[int]) -> None:
        """Forget whose rows these were: the next who has one is believed once without a question."""
        for row in rows:
            self._doubts.pop(row, None)
            if row < len(self._known):
                self._known[row] = np.nan

    def all_plain(
        self, table: UnitTable, reports: Sequence[AnyReport], rows: np.ndarray, received_at: float, now: float
    ) -> bool:
        """Say whether all reports can be believed without a doubt, and note those that can, up to one that cannot.

        `table`, `rows`: of the same reports. `now`: seconds by a clock that never goes back.
        """
        lon, lat = table.column("lon"), table.column("lat")
        if not self._speed_max or lon is None or lat is None:
            return True
        self._make_room(int(rows.max()) + 1)
        ascending = (rows[1:] > rows[:-1]).all()
        if not ascending and len({*table.ids}) < len(rows):
            # One after the other: the second of a unit is measured from its first.
            return all(
                self._plain(report, row, received_at, now) for report, row in zip(reports, rows.tolist(), strict=True)
            )
        # The usual case at once, a fifth of the time of `_plain`: known units a few steps on, or back.
        said = self._known[rows]
        near = (lon - said[:, 0]) ** 2 + (lat - said[:, 1]) ** 2 < NEAR_DEG2
        observed_at, error = table.column("observed_at"), table.column("h_err_m")
        assert observed_at is not None
        at = np.minimum(observed_at, received_at)
        newer = near & (at >= said[:, 2])
        said[:, 0], said[:, 1], said[:, 2], said[:, 4] = lon, lat, at, now
        said[:, 3] = 0.0 if error is None else np.fmax(error, 0.0)  # NaN: it is not said
        air = [_air(unit_type_of(words)) for words in table.words]
        if len({*air}) == 1 and not isnan(air[0]):
            said[:, 5] = air[0]
        else:
            each = np.array(air)[table.which]
            said[:, 5] = np.where(np.isnan(each), said[:, 5], each)
        if newer.all():
            self._known[rows] = said
        else:
            self._known[rows[newer]] = said[newer]
            self._known[rows[near], 5] = said[near, 5]
        if self._doubts:
            for row in rows[newer].tolist():
                self._doubts.pop(row, None)
        if near.all():
            return True
        far = np.flatnonzero(~near).tolist()
        return all(self._plain(reports[i], int(rows[i]), received_at, now) for i in far)

    def believes(self, report: AnyReport, row: int, received_at: float, now: float) -> bool:
        """Say whether a report of this row can be believed, and note it: as the last place, or as one in doubt."""
        if not self._speed_max:
            return True
        self._make_room(row + 1)
        if self._plain(report, row, received_at, now):
            return True
        assert isinstance(report, UnitReport)
        fix = _fix(report, received_at, now)
        doubt = self._doubts.get(row)
        another = doubt is None or fix[:3] != doubt[:3]
        *_, air = _ROW.unpack_from(self._block, row * _ROW.size)
        if doubt is not None and another and _since(doubt, fix) <= DOUBT_S and self._reaches(doubt, fix, air == 1.0):
            self._note(row, fix, air)
            return True
        if another:
            self._doubts[row] = fix
        return False

    def _plain(self, report: AnyReport, row: int, received_at: float, now: float) -> bool:
        if type(report) is not UnitReport or report.lat is None or report.lon is None:
            return True
        fix = _fix(report, received_at, now)
        lon, lat, at, error, came, air = _ROW.unpack_from(self._block, row * _ROW.size)
        if report.unit_type is not None and air != (said := _air(report.unit_type)):
            air = self._known[row, 5] = said
        if isnan(lon):
            self._note(row, fix, air)
            return True
        if not self._reaches((lon, lat, at, error, came), fix, air == 1.0):
            return False
        if fix[2] >= at:
            self._note(row, fix, air)
        return True

    def _note(self, row: int, fix: _Fix, air: float) -> None:
        _ROW.pack_into(self._block, row * _ROW.size, *fix, air)
        self._doubts.pop(row, None)

    def _make_room(self, rows: int) -> None:
        """Have at least so many rows."""
        have = len(self._block) // _ROW.size
        if have < rows:
            more = max(rows, 2 * have) - have
            self._block = self._block + _ROW.pack(*[np.nan] * 6) * more  # anew: numpy holds on to the old one
            self._known = np.frombuffer(self._block).reshape(-1, 6)

    def _reaches(self, a: _Fix, b: _Fix, air: bool) -> bool:
        dlat = b[1] - a[1]
        dlon = abs(b[0] - a[0])
        if dlat * dlat + dlon * dlon < NEAR_DEG2:
            return True
        if dlon > 180.0:
            dlon = 360.0 - dlon
        metres = _METRE_DEG * hypot(dlat, dlon * cos(radians((a[1] + b[1]) / 2)))
        speed = self._speed_max * (AIR_FACTOR if air else 1.0)
        return metres <= speed * _since(a, b) + SLACK_M + min(a[3], ERROR_MAX_M) + min(b[3], ERROR_MAX_M)


def _since(a: _Fix, b: _Fix) -> float:
    return max(abs(b[2] - a[2]), b[4] - a[4])


def _fix(report: UnitReport, received_at: float, now: float) -> _Fix:
    assert report.lon is not None and report.lat is not None
    at = report.observed_at
    return report.lon, report.lat, at if at < received_at else received_at, report.h_err_m or 0.0, now


def _air(unit_type: str | None) -> float:
    """Return 1 for an aircraft, 0 for what drives, NaN where it is not said."""
    if unit_type is None:
        return float("nan")
    return float(unit_type in AIRCRAFT or unit_type[3:5] == "-A")
