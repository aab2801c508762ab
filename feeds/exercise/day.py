"""The day: six agencies at work over the city, second by second, as reports that fall due.

Rules
- Pure: no clock, no socket; time is an argument. The same seed, units, streets and start give the same reports in
  the same order, however the steps are cut: inside, the day always runs by its own ticks.
- Four ticks a second; each moves a quarter of the units by one second, so that reports flow evenly
  and a wall never jumps.
- A unit says where it is every 2 s when it moves and every 5 s when it stands, all about itself every 30 s and
  whenever its job changes. Cadences are wall seconds, at any rate of the exercise.
- Everything has status `exercise`.
"""

import math
from random import Random

import numpy as np

from feeds.exercise.air import Air
from feeds.exercise.city import City, lonlat
from feeds.exercise.dispatch import Dispatch
from feeds.exercise.fleet import Fleet
from feeds.exercise.roster import AIR_ROLES, muster
from feeds.exercise.scene import Command
from feeds.exercise.shift import Shift, homes
from feeds.exercise.stage import Job, Saying, Stage
from feeds.exercise.watch import Watch
from feeds.report import UnitReport

PHASES = 4
"""Groups of units; each tick moves one."""
MOVING_S, STANDING_S, FULL_S = 2.0, 5.0, 30.0
"""Cadences of units, wall seconds."""


def open_incidents(units: int) -> int:
    """Return how many incidents are open at any time with `units` units: 40 with 300, growing by the root."""
    return max(3, min(round(40 * math.sqrt(units / 300)), max(3, units // 2)))


class Day:
    """One exercise.

    `start_at` is Unix seconds; `rate` is exercise seconds per wall second; below 1 the ticks are
    shorter, so that units still report by their cadence.
    """

    def __init__(self, seed: int, units: int, city: City, start_at: float, rate: float = 1.0) -> None:
        if units < 1:
            raise ValueError(f"units must be 1 or more, got {units}")
        if not rate > 0:
            raise ValueError(f"rate must be above 0, got {rate}")
        chance = Random(seed)  # noqa: S311 - the exercise is repeatable, not secret
        members = muster(units, chance)
        places = homes(city, members, chance)
        fleet = Fleet(city, places, chance, seed)
        self.stage = Stage(city, fleet, members, chance, start_at, rate)
        self.shift = Shift(self.stage)
        self.dispatch = Dispatch(self.stage, self.shift, open_incidents(units))
        self.watch = Watch(self.stage, self.dispatch, units)
        self.command = Command(self.stage, self.dispatch, seed)
        self.shift.begin(places)
        self.air = Air(self.stage, self.dispatch, self.watch)
        self.dispatch.begin()
        self.watch.begin()
        self.stage.after(chance.uniform(200, 400), self.dispatch.cry_for_help)
        self._groups = [np.arange(p, units, PHASES, dtype=np.int64) for p in range(PHASES)]
        self._flying = [np.isin(g, self.air.slots) for g in self._groups]
        self._dt = min(1.0, rate)
        """By how much a tick moves its group, exercise seconds."""
        self._tick_s = self._dt / PHASES
        self._tick = 0

    def step(self, at: float) -> list[Saying]:
        """Return what has been said since the last step up to `at` (Unix seconds), in order."""
        ticks = int((at - self.stage.start_at) * self.stage.rate / self._tick_s + 1e-6) + 1
        while self._tick < ticks:
            self._run_tick()
        return self.stage.take()

    def end(self) -> list[Saying]:
        """Return the last that is said: incidents close, zones are lifted. The day must not be stepped after."""
        self.dispatch.end()
        self.command.end()
        return self.stage.take()

    def skip_to(self, at: float) -> None:
        """Let the day stand still up to `at` (Unix seconds): the machine slept, and nothing is made up for that time.

        What has been simulated stays; the wall clock of what follows moves.
        """
        self.stage.start_at = at - self._tick * self._tick_s / self.stage.rate

    def lag_s(self, at: float) -> float:
        """Return how far the day is behind `at`, wall seconds."""
        return at - self.stage.wall(self._tick * self._tick_s)

    def _run_tick(self) -> None:
        stage = self.stage
        stage.now = self._tick * self._tick_s
        phase = self._tick % PHASES
        stage.run_due()
        group = self._groups[phase]
        for i in stage.fleet.advance(group, stage.now, self._dt):
            if stage.job[i] in (Job.EN_ROUTE, Job.TRANSPORT):
                self.dispatch.arrived(i)
            else:
                self.shift.arrived(i)
        for i in group[self._flying[phase]].tolist():
            self.air.advance(i, self._dt)
        self._report(phase)
        self.dispatch.keep_up()
        self._tick += 1

    def _report(self, phase: int) -> None:
        """Let the units of a group speak whose time has come."""
        stage, fleet, group = self.stage, self.stage.fleet, self._groups[phase]
        # Half a tick of tolerance: a cadence is met by the tick nearest to it.
        due = group[stage.due[group] <= stage.now + self._tick_s / 2]
        if not len(due):
            return
        speeds = fleet.speed[due]
        cadence = np.where(speeds > 0.1, MOVING_S, STANDING_S) * stage.rate
        # The first report comes at once, the next ones spread over the cadence.
        first = stage.due[due] == 0.0
        spread = np.modf(due * 0.381966)[0] * cadence if self._tick < PHASES else 0.0
        stage.due[due] = stage.now + np.where(first, np.maximum(cadence - spread, self._dt), cadence)
        xs = (fleet.x[due] + fleet.noise[0, due]).tolist()
        ys = (fleet.y[due] + fleet.noise[1, due]).tolist()
        errors = (3.0 + np.abs(fleet.noise[0, due])).round(1).tolist()
        rows = zip(due.tolist(), xs, ys, speeds.round(1).tolist(), fleet.course[due].round(1).tolist(), errors,
                   strict=True)  # fmt: skip
        at = stage.wall()
        for i, x, y, speed, course, err in rows:
            lon, lat = lonlat(x, y)
            member = stage.members[i]
            report = UnitReport(
                observed_at=at, status="exercise", unit_id=member.unit_id, lat=lat, lon=lon, course_deg=course,
                speed_mps=speed, h_err_m=err, fix_method="gps",
                hae_m=self._height(i, speed),
            )  # fmt: skip
            if stage.now >= stage.full_due[i]:
                report = self._whole(i, report)
                stage.full_due[i] = stage.now + FULL_S * stage.rate
            stage.say(member.kind.agency, member.kind.source, report)

    def _height(self, i: int, speed: float) -> float | None:
        role = self.stage.members[i].kind.role
        if role not in AIR_ROLES:
            return None
        return 180.0 if speed == 0 and self.stage.incident[i] is None else 300.0 if role == "drone" else 460.0

    def _whole(self, i: int, report: UnitReport) -> UnitReport:
        """Return the report with everything else the unit says of itself."""
        stage, member = self.stage, self.stage.members[i]
        job, incident = stage.job[i], stage.incident[i]
        return UnitReport(
            observed_at=report.observed_at, status="exercise", unit_id=report.unit_id, lat=report.lat, lon=report.lon,
            course_deg=report.course_deg, speed_mps=report.speed_mps, h_err_m=report.h_err_m,
            fix_method=report.fix_method, hae_m=report.hae_m, call_sign=member.call_sign,
            unit_type=member.kind.unit_type, capabilities=member.kind.capabilities or None, crew=member.kind.crew,
            primary_status=job.primary, secondary_status=job.secondary, status_internal=job.words,
            incident_id=incident.id if incident else None, emergency=stage.emergency[i],
        )  # fmt: skip
