"""What the shares of each moment of a stretch let a review tell: no report of a time at which it was not shared.

Rules
- A report counts by every policy that was in force when it was effective and when it was received, by today's, and by
  that of what is shown. Which was in force is known to the second: of one in which it changed all count.
- What cannot be read permitted nothing. The viewer's own agency is whole.
"""

import math
from bisect import bisect_right
from operator import attrgetter
from typing import NamedTuple

import msgspec

from dashboard.review_views import RulesOf
from feeds.names import AgencyId
from feeds.replay.recording import Recording
from feeds.report import (
    CATEGORIES,
    AnyReport,
    CameraReport,
    Category,
    IncidentReport,
    LogReport,
    Report,
    UnitReport,
    ZoneReport,
)
from feeds.subjects import subject
from layers.picture import CAMERAS, INCIDENTS, LOG, UNITS, ZONES, Origin
from layers.policy import BASE
from layers.review_rules import ReviewRules, granted_by_all
from layers.track import BIT, EVERYTHING, occurrence_bit

_READ_S = 3600.0
"""Policies are read by the hour: so many of the hub's files are kept when they are looked at again."""
_EXACT_S = 1.0
_HOURS_MAX = 24 * 366
_HEALTH = BIT[Category.FEED_HEALTH]
_LAYERS: dict[type[Report], str] = {
    UnitReport: UNITS, IncidentReport: INCIDENTS, CameraReport: CAMERAS, ZoneReport: ZONES, LogReport: LOG,
}  # fmt: skip


class _Since(NamedTuple):
    at: float
    rules: tuple[ReviewRules, ...]


_at = attrgetter("at")


class PolicyTimes:
    """Which policies counted when, for all answers about a recording: bounded, what is over is read once."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._hours: dict[int, list[tuple[float, tuple[bytes, ...]]]] = {}

    async def of_hour(self, n: int) -> list[tuple[float, tuple[bytes, ...]]]:
        """Return from when on which counted in hour `n` (Unix hours). Raises as the recording."""
        found = self._hours.get(n)
        if found is None:
            found = await self._between(n * _READ_S, (n + 1) * _READ_S)
            if (n + 1) * _READ_S < self._recording.settled():
                self._hours[n] = found
                if len(self._hours) > _HOURS_MAX:
                    del self._hours[next(iter(self._hours))]
        return found

    async def _between(self, since: float, until: float) -> list[tuple[float, tuple[bytes, ...]]]:
        told = dict.fromkeys(await self._recording.policies(since, until))
        if len(told) > 1 and until - since > _EXACT_S:
            middle = (since + until) / 2
            return [*await self._between(since, middle), *await self._between(middle, until)]
        return [(since, tuple(told))]


class Shares:
    """The policies of a recording as one viewer is held to them, for one answer."""

    def __init__(self, times: PolicyTimes, rules_of: RulesOf) -> None:
        self._times = times
        self._rules_of = rules_of
        self._rules: dict[bytes, ReviewRules] = {}
        self._hours: dict[int, list[_Since]] = {}
        self._granted: dict[tuple[tuple[ReviewRules, ...], Origin], int] = {}
        self.origins: dict[tuple[str, AgencyId, str, tuple[str, ...]], Origin] = {}
        """By layer, agency, id and labels of a report, for whoever makes the answer."""

    async def granted(self, t: float, origin: Origin) -> int:
        """Return the category bits granted at `t`, Unix seconds, of things of this origin. Raises as the recording."""
        n = int(t // _READ_S)
        hour = self._hours.get(n) or await self._hour(n)
        return self._bits(hour[bisect_right(hour, t, key=_at) - 1].rules, origin)

    async def ever(self, since: float, until: float, origin: Origin) -> list[int]:
        """Return the category bits of each time of a stretch in which they were others. Raises as the recording."""
        return [self._bits(one.rules, origin) for one in await self._during(since, until)]

    async def first(self, since: float, until: float, wanted: int, origin: Origin) -> float | None:
        """Return from when on in a stretch the bits `wanted` were granted of things of this origin; None: never."""
        for one in await self._during(since, until):
            if self._bits(one.rules, origin) & wanted == wanted:
                return max(since, one.at)
        return None

    async def steady(self, since: float, until: float) -> bool:
        """Say whether the same policies count at all times of a stretch. Raises as the recording."""
        return len({one.rules for one in await self._during(since, until)}) == 1

    async def _during(self, since: float, until: float) -> list[_Since]:
        """Return what counted at some time of the stretch."""
        found: list[_Since] = []
        for n in range(int(since // _READ_S), int(until // _READ_S) + 1):
            hour = await self._hour(n)
            ends = [*(one.at for one in hour[1:]), math.inf]
            found += [one for one, end in zip(hour, ends, strict=True) if one.at <= until and end > since]
        return found

    def _bits(self, rules: tuple[ReviewRules, ...], origin: Origin) -> int:
        bits = self._granted.get((rules, origin))
        if bits is None:
            bits = granted_by_all(rules, origin, "stretch")
            # How a source's clock was is its agency's, whatever the thing is labelled.
            if granted_by_all(rules, Origin(origin.agency, frozenset()), "stretch") & _HEALTH:
                bits |= _HEALTH
            self._granted[rules, origin] = bits
        return bits

    async def _hour(self, n: int) -> list[_Since]:
        if n not in self._hours:
            times = await self._times.of_hour(n)
            self._hours[n] = [_Since(at, tuple(self._by(data) for data in told)) for at, told in times]
        return self._hours[n]

    def _by(self, data: bytes) -> ReviewRules:
        if data not in self._rules:
            self._rules[data] = self._rules_of(data)
        return self._rules[data]


def of(report: AnyReport) -> tuple[str, str]:
    """Return layer and id of what a report is of."""
    return _LAYERS[type(report)], subject(report)


def told(report: AnyReport, granted: int) -> tuple[AnyReport, int]:
    """Return what of a report may be told, its labels always, and by which bits; 0: nothing of it may."""
    happened = occurrence_bit(report) if isinstance(report, CameraReport) else 0
    if not granted & (happened or BASE[of(report)[0]]):
        granted = 0
    if granted == EVERYTHING:
        return report, granted
    hidden = {
        name: None for name, bit in _FIELDS[type(report)] if not granted & bit and getattr(report, name) is not None
    }
    return (msgspec.structs.replace(report, **hidden) if hidden else report), granted


def _fields(kind: type[Report]) -> tuple[tuple[str, int], ...]:
    """Return the fields that a report need not have, and the bit of each."""
    own = [one for one in msgspec.structs.fields(kind) if one.name not in Report.__struct_fields__]
    return tuple((one.name, BIT[CATEGORIES[kind][one.name]]) for one in own if one.default is None)


_FIELDS = {kind: _fields(kind) for kind in CATEGORIES}
