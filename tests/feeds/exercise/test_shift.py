import math
from random import Random

from feeds.exercise.city import City
from feeds.exercise.day import Day
from feeds.exercise.roster import FIRE_ROLES, Role, muster
from feeds.exercise.shift import homes, spread
from feeds.exercise.stage import Job, Saying


def test_places_chosen_to_be_spread_are_far_from_one_another(grid: City) -> None:
    chosen = spread(grid, 25, Random(1))
    gaps = [math.dist(grid.place(a), grid.place(b)) for a in chosen for b in chosen if a < b]
    assert min(gaps) > 2000


def test_fire_units_share_houses_and_state_police_begin_on_the_expressway(grid: City) -> None:
    members = muster(300, Random(1))
    places = homes(grid, members, Random(1))
    fire = [p for m, p in zip(members, places, strict=True) if m.kind.role in FIRE_ROLES]
    assert len(set(fire)) <= 20
    state = {p for m, p in zip(members, places, strict=True) if m.kind.role is Role.STATE}
    assert all(any(grid.kinds[a.edge] == 0 for a in grid.links[p]) for p in state)


def test_a_shift_has_units_on_patrol_on_breaks_and_in_quarters(spoken: tuple[Day, list[Saying]]) -> None:
    jobs = spoken[0].stage.job
    assert jobs.count(Job.PATROL) > 80
    assert jobs.count(Job.QUARTERS) > 15
    assert sum(j in (Job.STOP, Job.PAPER, Job.MEAL, Job.FUEL, Job.STANDBY) for j in jobs) > 20
