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

from collections.abc import Iterable
from math import cos, hypot, radians

from feeds.report import AnyReport, UnitReport

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
KNOWN_MAX = 100_000
"""Units remembered; then the longest known are forgotten, and believed once without a question."""

NEAR_DEG2 = 4e-6
"""Square of a distance in degrees within `SLACK_M` at any latitude: most fixes lie so near, and need no cosine."""
_METRE_DEG = 111_195.0
"""Metres a degree on a sphere of 6371 km."""

AIRCRAFT = frozenset({"Aircraft", "RotaryWingAircraft", "UnmannedAerialVehicle", "FixedWingAircraft"})

_Fix = tuple[float, float, float, float, float]
"""Longitude, latitude, time, error (degrees, Unix seconds, metres), and when it came, by a clock never set back."""


class _Known:
    __slots__ = ("air", "doubt", "fix", "unit_type")

    def __init__(self, fix: _Fix) -> None:
        self.fix = fix
        self.doubt: _Fix | None = None
        self.air = False
        self.unit_type: str | None = None
        """As it was last said."""


class Plausible:
    """The last believed place of each unit of one source. `speed_max`: metres a second; 0: everything is believed."""

    def __init__(self, speed_max: float) -> None:
        self._speed_max = speed_max
        self._known: dict[str, _Known] = {}

    def all_plain(self, reports: Iterable[AnyReport], received_at: float, now: float) -> bool:
        """Say whether all reports can be believed without a doubt, and note those before the first that cannot.

        `now`: seconds by a clock that never goes back.
        """
        if not self._speed_max:
            return True
        known_of = self._known
        for report in reports:
            # The usual case in one piece, a third of the time of `_plain`: a known unit a few steps on, or back.
            if type(report) is UnitReport and (lat := report.lat) is not None and (lon := report.lon) is not None:
                known = known_of.get(report.unit_id)
                if known is not None and known.unit_type == report.unit_type:
                    fix = known.fix
                    dlon, dlat = lon - fix[0], lat - fix[1]
                    at = report.observed_at
                    if at > received_at:
                        at = received_at
                    if dlat * dlat + dlon * dlon < NEAR_DEG2:
                        if at >= fix[2]:
                            known.fix = (lon, lat, at, report.h_err_m or 0.0, now)
                            known.doubt = None
                        continue
            if not self._plain(report, received_at, now):
                return False
        return True

    def believes(self, report: AnyReport, received_at: float, now: float) -> bool:
        """Say whether a report can be believed, and note it: as the last place, or as one in doubt."""
        if not self._speed_max or self._plain(report, received_at, now):
            return True
        assert isinstance(report, UnitReport)
        known = self._known[report.unit_id]
        fix = _fix(report, received_at, now)
        doubt = known.doubt
        another = doubt is None or fix[:3] != doubt[:3]
        if doubt is not None and another and _since(doubt, fix) <= DOUBT_S and self._reaches(doubt, fix, known.air):
            known.fix, known.doubt = fix, None
            return True
        if another:
            known.doubt = fix
        return False

    def _plain(self, report: AnyReport, received_at: float, now: float) -> bool:
        if type(report) is not UnitReport or report.lat is None or report.lon is None:
            return True
        known = self._known.get(report.unit_id)
        fix = _fix(report, received_at, now)
        if known is None:
            known = self._new(report.unit_id, fix)
        if report.unit_type is not None:
            known.unit_type = report.unit_type
            known.air = report.unit_type in AIRCRAFT or report.unit_type[3:5] == "-A"
        if not self._reaches(known.fix, fix, known.air):
            return False
        if fix[2] >= known.fix[2]:
            known.fix, known.doubt = fix, None
        return True

    def _new(self, unit_id: str, fix: _Fix) -> _Known:
        if len(self._known) >= KNOWN_MAX:
            for name in list(self._known)[: KNOWN_MAX // 10]:
                del self._known[name]
        known = self._known[unit_id] = _Known(fix)
        return known

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
