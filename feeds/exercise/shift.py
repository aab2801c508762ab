"""What units do when nobody sends them: patrol with stops and breaks, wait in quarters, sit on a detail.

The places units belong to (districts, fire houses, hospitals) are chosen here, from the streets alone, by taking
again and again the corner that is farthest from those chosen so far.
"""

from random import Random

import numpy as np

from feeds.exercise.city import MOTORWAY, City, metres
from feeds.exercise.roster import AIR_ROLES, DISTRICTS, FIRE_ROLES, Member, Role
from feeds.exercise.stage import Job, Stage

_HOSPITALS = ((-87.6215, 41.8955), (-87.6690, 41.8745), (-87.6045, 41.7890), (-87.6935, 41.8605), (-87.6475, 41.9365),
              (-87.7075, 41.9140), (-87.7700, 41.8710), (-87.6980, 41.9670))  # fmt: skip
"""About where the area's large hospitals are, degrees."""
_PAUSES = ((Job.STOP, 34, (200, 700)), (Job.PAPER, 26, (300, 900)), (Job.STANDBY, 26, (120, 600)),
           (Job.MEAL, 9, (900, 1800)), (Job.FUEL, 5, (240, 480)))  # fmt: skip
"""Pauses of a patrol: job, weight, how long (seconds)."""
_ROLLS = frozenset({Role.PATROL, Role.SERGEANT, Role.TRAFFIC, Role.BIKE, Role.K9, Role.SHERIFF, Role.STATE,
                    Role.TRANSIT})  # fmt: skip
"""Roles that patrol; the others wait where they belong."""


def spread(city: City, count: int, chance: Random) -> list[int]:
    """Return `count` nodes far from one another."""
    count = min(count, len(city))
    chosen = [chance.randrange(len(city))]
    gap = np.hypot(city.x - city.x[chosen[0]], city.y - city.y[chosen[0]])
    while len(chosen) < count:
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.hypot(city.x - city.x[chosen[-1]], city.y - city.y[chosen[-1]]))
    return chosen


def homes(city: City, members: list[Member], chance: Random) -> list[int]:
    """Return the node each member belongs to."""
    districts = spread(city, DISTRICTS, chance)
    fire = sum(m.kind.role in FIRE_ROLES for m in members)
    houses = spread(city, max(1, min(400, fire // 3)), chance)
    highways = [n for n, links in enumerate(city.links) if any(city.kinds[a.edge] == MOTORWAY for a in links)]
    # Details gather at a few places, each a handful of cars within some blocks.
    details = [chance.randrange(len(city)) for _ in range(4)]
    near: dict[tuple[int, float], list[int]] = {}

    def about(centre: int, radius: float) -> int:
        key = (centre, radius)
        if key not in near:
            d = np.hypot(city.x - city.x[centre], city.y - city.y[centre])
            near[key] = np.flatnonzero(d < radius).tolist()
        return chance.choice(near[key])

    places = []
    for k, m in enumerate(members):
        role = m.kind.role
        if role in FIRE_ROLES:
            places.append(houses[k % len(houses)])
        elif role is Role.STATE and highways:
            places.append(chance.choice(highways))
        elif role in (Role.TRANSIT, Role.BIKE):
            places.append(about(city.nearest(0, 0), 5500.0 if role is Role.TRANSIT else 3500.0))
        elif role is Role.FEDERAL:
            places.append(about(details[k % 4], 700.0))
        else:
            places.append(about(districts[m.district % len(districts)], 2400.0))
    return places


class Shift:
    """The units' own round, between incidents."""

    def __init__(self, stage: Stage) -> None:
        self._s = stage
        self._home = [0] * len(stage.members)
        self._pause: dict[int, tuple[Job, float]] = {}
        self.hospitals = sorted({stage.city.nearest(*metres(lon, lat)) for lon, lat in _HOSPITALS})

    def begin(self, places: list[int]) -> None:
        """Put every unit where it belongs, some under way and some paused, as in the middle of a shift."""
        stage = self._s
        self._home = places
        for i, member in enumerate(stage.members):
            role = member.kind.role
            stage.fleet.highway[i] = role is Role.STATE
            stage.fleet.radius[i] = 4000.0 if role is Role.STATE else 1600.0
            stage.fleet.pace[i] = 0.9 if role is Role.STATE else 0.72
            stage.fleet.cap[i] = 5.0 if role is Role.BIKE else 45.0
            stage.fleet.short_m[i] = stage.chance.uniform(5, 45)
            stage.fleet.put(i, places[i])
            if role in _ROLLS and stage.chance.random() < 0.25:
                self._halt(i, *self._choose())
            else:
                self.resume(i)

    def resume(self, i: int) -> None:
        """Send the unit back to its own round, from wherever it is."""
        stage, role = self._s, self._s.members[i].kind.role
        stage.fleet.pace[i] = 0.9 if role is Role.STATE else 0.72
        if role in AIR_ROLES:
            stage.set_job(i, Job.STANDBY)
        elif role in _ROLLS:
            stage.set_job(i, Job.PATROL)
            stage.fleet.patrol(i)
            stage.after_unless_busy(i, stage.chance.uniform(240, 1500), self._wind_down)
        elif stage.fleet.node(i) == self._home[i]:
            self._at_home(i)
        else:
            stage.set_job(i, Job.RETURNING)
            stage.fleet.pace[i] = 0.9
            stage.send(i, self._home[i], self._drive)

    def arrived(self, i: int) -> None:
        """Take up what the unit drove for: its pause, or its place."""
        if i in self._pause:
            self._halt(i, *self._pause.pop(i))
        elif self._s.job[i] is Job.RETURNING:
            self._at_home(i)

    def stop_at(self, i: int, node: int, seconds: float) -> None:
        """Have a unit that is free drive to a corner and make a traffic stop there for so long."""
        self._s.set_job(i, Job.PATROL)
        self._pause[i] = Job.STOP, seconds
        self._s.send(i, node, self._drive)

    def _drive(self, i: int, path: list[int] | None) -> None:
        if path is None:
            self._at_home(i)
        else:
            self._s.fleet.follow(i, path)

    def _at_home(self, i: int) -> None:
        role = self._s.members[i].kind.role
        job = Job.STAKEOUT if role is Role.FEDERAL else Job.QUARTERS if role in FIRE_ROLES else Job.STANDBY
        self._s.set_job(i, job)
        if role is Role.FEDERAL:
            self._s.after_unless_busy(i, self._s.chance.uniform(400, 2400), self._move_on)

    def _move_on(self, i: int) -> None:
        """Take a detail some blocks further, as surveillance does."""
        x, y = self._s.city.place(self._home[i])
        self._home[i] = self._s.city.nearest(x + self._s.chance.gauss(0, 500), y + self._s.chance.gauss(0, 500))
        self.resume(i)

    def _choose(self) -> tuple[Job, float]:
        job, _, (least, most) = self._s.chance.choices(_PAUSES, [w for _, w, _ in _PAUSES])[0]
        return job, self._s.chance.uniform(least, most)

    def _wind_down(self, i: int) -> None:
        """End a stretch of patrol at the coming corner."""
        self._pause[i] = self._choose()
        self._s.fleet.follow(i, [self._s.fleet.node(i)])

    def _halt(self, i: int, job: Job, seconds: float) -> None:
        self._s.fleet.halt(i)
        self._s.set_job(i, job)
        self._s.after_unless_busy(i, seconds, self.resume)

    def called_away(self, i: int) -> None:
        """Forget a pause that was planned: the unit was sent somewhere."""
        self._pause.pop(i, None)
