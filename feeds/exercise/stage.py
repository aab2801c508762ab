"""What the parts of the day share: the time, the agenda, the units with their jobs, and the one way to say something.

Rules
- Time here is exercise seconds since the start; `wall` is the only way to a time that leaves the exercise.
- What shall happen later goes on the agenda; what was meant for a unit's earlier job is dropped when it comes due.
- Chance is one seeded generator, used in the order of ticks: the same seed gives the same day.
"""

import heapq
from collections import deque
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from feeds.exercise.city import City
from feeds.exercise.fleet import Fleet
from feeds.exercise.incidents import Incident
from feeds.exercise.roster import Member, Role
from feeds.report import AnyReport

ROUTES_PER_TICK = 6
"""Routes searched in one tick; the rest wait for the next, so that a busy minute never stalls the day."""


class Saying(NamedTuple):
    """One report on its way out, with who says it."""

    agency: str
    source: str
    report: AnyReport


class Job(Enum):
    """What a unit is doing: EIDO primary and secondary status, the agency's own words, and whether it can be sent."""

    PATROL = ("Available", ("OnPatrol",), "In service", True)
    STANDBY = ("Available", ("Standby",), "Standing by", True)
    QUARTERS = ("Available", ("InQuarters",), "In quarters", True)
    RETURNING = ("Available", ("Returning",), "Returning", True)
    STOP = ("ConditionallyAvailable", ("TrafficStop",), "Traffic stop", True)
    PAPER = ("ConditionallyAvailable", ("ReportWriting",), "Report writing", True)
    STAKEOUT = ("ConditionallyAvailable", ("Investigation",), "Detail", True)
    MEAL = ("NotAvailable", ("MealBreak",), "Meal", False)
    FUEL = ("NotAvailable", ("Fueling",), "Fuel", False)
    DISPATCHED = ("NotAvailable", ("Dispatched",), "Dispatched", False)
    EN_ROUTE = ("NotAvailable", ("EnRoute",), "En route", False)
    ON_SCENE = ("NotAvailable", ("OnScene",), "On scene", False)
    TRANSPORT = ("NotAvailable", ("Transporting",), "Transporting", False)
    HOSPITAL = ("NotAvailable", ("AtHospital",), "At hospital", False)

    @property
    def primary(self) -> str:
        """EIDO primary status."""
        return self.value[0]

    @property
    def secondary(self) -> tuple[str, ...]:
        """EIDO secondary status."""
        return self.value[1]

    @property
    def words(self) -> str:
        """The agency's own words for it."""
        return self.value[2]

    @property
    def free(self) -> bool:
        """Whether a dispatcher may send it."""
        return self.value[3]


class Stage:
    """The shared state of a day."""

    def __init__(self, city: City, fleet: Fleet, members: list[Member], chance: Random, start_at: float, rate: float):
        self.city, self.fleet, self.members, self.chance = city, fleet, members, chance
        self.start_at, self.rate = start_at, rate
        self.now = 0.0
        self.job = [Job.STANDBY] * len(members)
        self.incident: list[Incident | None] = [None] * len(members)
        self.emergency: list[str | None] = [None] * len(members)
        """What the unit's next reports say of an emergency; None: nothing to say."""
        self.free = np.ones(len(members), np.bool_)
        self.full_due = np.zeros(len(members))
        """When the unit next says all about itself, exercise seconds; 0: at once."""
        self.due = np.zeros(len(members))
        self.on_job: list[Callable[[int], None]] = []
        """Told after a unit's job changed."""
        self.slots: dict[Role, npt.NDArray[np.int64]] = {
            role: np.array([i for i, m in enumerate(members) if m.kind.role is role], np.int64) for role in Role
        }
        self._turn = [0] * len(members)
        self._said: list[Saying] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._routes: deque[tuple[int, int, int, Callable[[int, list[int] | None], None]]] = deque()

    def wall(self, at: float | None = None) -> float:
        """Return Unix seconds for an exercise time (now, when left out), milliseconds exact."""
        return round(self.start_at + (self.now if at is None else at) / self.rate, 3)

    def say(self, agency: str, source: str, report: AnyReport) -> None:
        """Put a report among those of this step."""
        self._said.append(Saying(agency, source, report))

    def take(self) -> list[Saying]:
        """Return what was said since the last call, in order."""
        said, self._said = self._said, []
        return said

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` that many exercise seconds from now."""
        self._count += 1
        heapq.heappush(self._agenda, (self.now + seconds, self._count, act))

    def after_unless_busy(self, i: int, seconds: float, act: Callable[[int], None]) -> None:
        """Do `act(i)` then, if the unit still has the job it has now."""
        turn = self._turn[i]
        self.after(seconds, lambda: act(i) if self._turn[i] == turn else None)

    def set_job(self, i: int, job: Job, incident: Incident | None = None) -> None:
        """Give the unit a job; it says so at once."""
        self.job[i], self.incident[i] = job, incident
        self.free[i] = job.free and self.emergency[i] in (None, "none")
        self._turn[i] += 1
        self.speak_up(i)
        for tell in self.on_job:
            tell(i)

    def speak_up(self, i: int) -> None:
        """Have the unit report everything at its next tick."""
        self.full_due[i] = self.due[i] = 0.0

    def send(self, i: int, goal: int, then: Callable[[int, list[int] | None], None]) -> None:
        """Search a route for the unit when there is time, then call `then(i, path)`; dropped if its job changes."""
        self._routes.append((i, goal, self._turn[i], then))

    def run_due(self) -> None:
        """Do what the agenda holds up to now, then search some of the routes asked for."""
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()
        self.run_routes(ROUTES_PER_TICK)

    def run_routes(self, most: int) -> None:
        """Search up to `most` of the routes asked for."""
        while self._routes and most > 0:
            i, goal, turn, then = self._routes.popleft()
            if turn == self._turn[i]:
                most -= 1
                then(i, self.city.route(self.fleet.node(i), goal))
