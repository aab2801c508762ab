import itertools
import time
from collections import Counter, defaultdict

import pytest

from feeds.exercise.city import City
from feeds.exercise.day import MOVING_S, STANDING_S, Day
from feeds.exercise.site import SOURCES
from feeds.exercise.stage import Saying
from feeds.report import IncidentReport, UnitReport, ZoneReport, unregistered
from tests.feeds.exercise.conftest import START_AT


def test_the_same_seed_gives_the_same_day_however_the_steps_are_cut(grid: City) -> None:
    one, two = Day(5, 120, grid, START_AT), Day(5, 120, grid, START_AT)
    coarse = one.step(START_AT + 90)
    fine = [s for quarter in range(361) for s in two.step(START_AT + quarter / 4)]
    assert coarse == fine
    assert len(coarse) > 1000


def test_another_seed_gives_another_day(grid: City) -> None:
    assert Day(5, 20, grid, START_AT).step(START_AT) != Day(6, 20, grid, START_AT).step(START_AT)


def test_everything_is_an_exercise_in_registered_words_and_said_by_its_own_source(
    spoken: tuple[Day, list[Saying]],
) -> None:
    agencies = {s.id: s.agency for s in SOURCES}
    for saying in spoken[1]:
        assert saying.report.status == "exercise"
        assert agencies[saying.source] == saying.agency
    for saying in spoken[1][::50]:
        assert unregistered(saying.report) == ()


def test_every_unit_is_heard_in_the_first_second_and_then_by_its_cadence(spoken: tuple[Day, list[Saying]]) -> None:
    heard: dict[str, list[float]] = defaultdict(list)
    for saying in spoken[1]:
        if isinstance(saying.report, UnitReport):
            heard[saying.report.unit_id].append(saying.report.observed_at)
    assert len(heard) == 300
    for times in heard.values():
        assert times[0] < START_AT + 1
        assert max(b - a for a, b in itertools.pairwise(times)) <= STANDING_S + 0.01


def test_reports_flow_evenly(spoken: tuple[Day, list[Saying]]) -> None:
    quarters = Counter(
        s.report.observed_at
        for s in spoken[1]
        if isinstance(s.report, UnitReport) and START_AT + 60 < s.report.observed_at < START_AT + 120
    )
    mean = sum(quarters.values()) / 240
    assert max(quarters.values()) < 3 * mean
    assert len(quarters) > 230


def test_a_fast_exercise_keeps_the_wall_cadence(grid: City) -> None:
    day = Day(5, 60, grid, START_AT, rate=10.0)
    said = [s.report for second in range(30) for s in day.step(START_AT + second)]
    units = [r for r in said if isinstance(r, UnitReport)]
    assert max(r.observed_at for r in units) <= START_AT + 30
    assert len(units) < 60 * 30 / MOVING_S * 1.5


def test_a_slow_exercise_still_reports_by_its_cadence(grid: City) -> None:
    day = Day(5, 60, grid, START_AT, rate=0.1)
    said = [s.report for second in range(30) for s in day.step(START_AT + second)]
    counts = Counter(r.unit_id for r in said if isinstance(r, UnitReport))
    assert min(counts.values()) >= 30 / STANDING_S - 1


def test_a_sleep_is_not_made_up_for(grid: City) -> None:
    day = Day(5, 60, grid, START_AT)
    day.step(START_AT + 10)
    assert day.lag_s(START_AT + 3600) > 3500
    day.skip_to(START_AT + 3600)
    said = day.step(START_AT + 3601)
    assert {r.report.observed_at >= START_AT + 3600 for r in said if isinstance(r.report, UnitReport)} == {True}
    assert len(said) < 200


@pytest.mark.parametrize("units", [1, 2, 7])
def test_a_handful_of_units_runs(grid: City, units: int) -> None:
    day = Day(5, units, grid, START_AT)
    said = day.step(START_AT + 600)
    assert len({s.report.unit_id for s in said if isinstance(s.report, UnitReport)}) == units


def test_ten_thousand_units_start_and_run(grid: City) -> None:
    day = Day(5, 10_000, grid, START_AT)
    said = day.step(START_AT + 3)
    assert len({s.report.unit_id for s in said if isinstance(s.report, UnitReport)}) == 10_000


def test_a_day_of_three_hundred_units_costs_a_small_part_of_a_core(grid: City) -> None:
    day = Day(5, 300, grid, START_AT)
    began = time.process_time()
    day.step(START_AT + 120)
    # A tenth of a core would still run; measured is a five-hundredth. No bar of speed, only of order.
    assert time.process_time() - began < 12


@pytest.mark.parametrize(("units", "rate"), [(0, 1.0), (10, 0.0), (10, -1.0)])
def test_a_day_that_cannot_be_is_refused(grid: City, units: int, rate: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        Day(5, units, grid, START_AT, rate)


def test_an_exercise_that_ends_leaves_no_incident_open_and_no_zone_standing(grid: City) -> None:
    day = Day(5, 60, grid, START_AT)
    said = [s.report for s in day.step(START_AT + 5)]
    open_before = {r.incident_id for r in said if isinstance(r, IncidentReport)}
    standing = {r.zone_id for r in said if isinstance(r, ZoneReport)}
    last = [s.report for s in day.end()]
    assert {r.incident_id for r in last if isinstance(r, IncidentReport)} == open_before
    assert {r.zone_id for r in last if isinstance(r, ZoneReport)} == standing
    for r in last:
        if isinstance(r, ZoneReport):
            assert r.valid_to == r.observed_at
        else:
            assert isinstance(r, IncidentReport) and r.status_common == ("Closed",)
