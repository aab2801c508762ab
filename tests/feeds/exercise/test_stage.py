from random import Random

from feeds.exercise.city import City
from feeds.exercise.fleet import Fleet
from feeds.exercise.roster import muster
from feeds.exercise.stage import ROUTES_PER_TICK, Job, Stage


def _stage(grid: City, units: int = 10, rate: float = 1.0) -> Stage:
    members = muster(units, Random(1))
    return Stage(grid, Fleet(grid, list(range(units)), Random(1), 1), members, Random(1), 1000.0, rate)


def test_the_agenda_runs_in_order_of_time_and_of_entry(grid: City) -> None:
    stage = _stage(grid)
    done: list[str] = []
    stage.after(2, lambda: done.append("c"))
    stage.after(1, lambda: done.append("a"))
    stage.after(1, lambda: done.append("b"))
    stage.now = 1.0
    stage.run_due()
    assert done == ["a", "b"]
    stage.now = 2.0
    stage.run_due()
    assert done == ["a", "b", "c"]


def test_what_was_meant_for_an_earlier_job_is_dropped(grid: City) -> None:
    stage = _stage(grid)
    done: list[int] = []
    stage.after_unless_busy(3, 1, done.append)
    stage.set_job(3, Job.DISPATCHED)
    stage.now = 5.0
    stage.run_due()
    assert done == []


def test_only_so_many_routes_are_searched_in_a_tick(grid: City) -> None:
    stage = _stage(grid)
    found: list[int] = []
    for i in range(10):
        stage.send(i, 50, lambda i, path: found.append(i))
    stage.run_due()
    assert found == list(range(ROUTES_PER_TICK))
    stage.run_due()
    assert found == list(range(10))


def test_wall_time_runs_slower_than_a_fast_exercise(grid: City) -> None:
    assert _stage(grid, rate=10.0).wall(50.0) == 1005.0


def test_a_unit_with_an_emergency_is_not_free_whatever_it_does(grid: City) -> None:
    stage = _stage(grid)
    stage.emergency[2] = "manual"
    stage.set_job(2, Job.PATROL)
    assert not stage.free[2]
    stage.emergency[2] = "none"
    stage.set_job(2, Job.PATROL)
    assert stage.free[2]


def test_jobs_are_said_in_registered_words() -> None:
    from feeds import registry

    for job in Job:
        assert job.primary in registry.PRIMARY_STATUS
        assert set(job.secondary) <= registry.SECONDARY_STATUS
