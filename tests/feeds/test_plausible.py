import random

import pytest

from feeds.plausible import AIR_FACTOR, KNOWN_MAX, SLACK_M, Plausible
from feeds.report import IncidentReport, UnitReport

DEG = 111_195.0


def fix(at: float, north_m: float, unit: str = "3A12", **more: object) -> UnitReport:
    return UnitReport(observed_at=at, unit_id=unit, lat=41.0 + north_m / DEG, lon=-87.6, **more)


def test_what_a_car_can_drive_is_believed():
    plausible = Plausible(100)
    for second in range(100):
        assert plausible.believes(fix(1000 + second, 60.0 * second), 2000, 0.0)


def test_a_jump_is_refused_and_what_comes_from_the_old_place_goes_on():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    assert not plausible.believes(fix(1010, 50_000), 2000, 0.0)
    assert plausible.believes(fix(1011, 100), 2000, 0.0)
    assert not plausible.believes(fix(1012, 50_000), 2000, 0.0), "the doubt was settled"


def test_a_second_report_that_agrees_with_the_first_is_believed():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    assert not plausible.believes(fix(1010, 50_000), 2000, 0.0)
    assert plausible.believes(fix(1020, 50_300), 2000, 0.0)
    assert plausible.believes(fix(1030, 50_600), 2000, 0.0)
    assert not plausible.believes(fix(1040, 0), 2000, 0.0)


def test_the_same_report_sent_again_confirms_nothing():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    for _ in range(5):
        assert not plausible.believes(fix(1010, 50_000), 2000, 0.0)


def test_two_places_that_do_not_agree_are_both_refused():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    assert not plausible.believes(fix(1010, 50_000), 2000, 0.0)
    assert not plausible.believes(fix(1011, -50_000), 2000, 0.0)


@pytest.mark.parametrize("unit_type", ["RotaryWingAircraft", "Aircraft"])
def test_aircraft_may_be_four_times_as_fast(unit_type: str):
    plausible = Plausible(100)
    far = 10 * 100 * AIR_FACTOR
    assert plausible.believes(fix(1000, 0, unit_type=unit_type), 2000, 0.0)
    assert plausible.believes(fix(1010, far), 2000, 0.0)
    assert plausible.believes(fix(1000, 0, "COT", unit_type="a-f-A-M-F"), 2000, 0.0)
    assert plausible.believes(fix(1010, far, "COT"), 2000, 0.0)
    assert plausible.believes(fix(1000, 0, "CAR"), 2000, 0.0)
    assert not plausible.believes(fix(1010, far, "CAR"), 2000, 0.0)


def test_the_error_that_a_fix_owns_up_to_is_forgiven_up_to_a_kilometre():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    assert plausible.believes(fix(1001, SLACK_M + 900, h_err_m=900), 2000, 0.0)
    assert not plausible.believes(fix(1002, 500_000, h_err_m=1e6), 2000, 0.0)


def test_a_clock_that_is_ahead_makes_no_time_to_travel():
    plausible = Plausible(100)
    assert plausible.believes(fix(1000, 0), 1000, 0.0)
    assert not plausible.believes(fix(9000, 50_000), 1001, 0.0)


def test_over_the_date_line_is_no_jump():
    plausible = Plausible(100)
    west = UnitReport(observed_at=1000, unit_id="B", lat=10, lon=179.9995)
    east = UnitReport(observed_at=1001, unit_id="B", lat=10, lon=-179.9995)
    assert plausible.believes(west, 2000, 0.0) and plausible.believes(east, 2000, 0.0)


def test_a_late_report_is_measured_the_same_way_and_moves_nothing_back():
    plausible = Plausible(100)
    assert plausible.believes(fix(1100, 5000), 2000, 0.0)
    assert plausible.believes(fix(1000, 0), 2000, 0.0)
    assert not plausible.believes(fix(1101, -9000), 2000, 0.0)


def test_reports_without_a_place_are_nobodys_jump():
    plausible = Plausible(100)
    assert plausible.believes(UnitReport(observed_at=1, unit_id="3A12", primary_status="Available"), 2, 0.0)
    assert plausible.believes(IncidentReport(observed_at=1, incident_id="I", lat=1, lon=1), 2, 0.0)
    assert plausible.believes(IncidentReport(observed_at=2, incident_id="I", lat=60, lon=60), 2, 0.0)


def test_a_frame_is_plain_or_looked_at_one_by_one_with_the_same_outcome():
    plausible = Plausible(100)
    reports = [fix(1000, 0), fix(1001, 50), fix(1002, 90_000), fix(1003, 120)]
    assert not plausible.all_plain(reports, 2000, 0.0)
    assert [plausible.believes(report, 2000, 0.0) for report in reports] == [True, True, False, True]
    assert Plausible(100).all_plain(reports[:2], 2000, 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_report_that_is_seen_to_be_plain_is_remembered_like_any_other(seed: int):
    chance = random.Random(seed)
    framed, single = Plausible(100), Plausible(100)
    for second in range(200):
        report = fix(
            1000 + second + chance.choice([0, 0, 0, -5, 40]),
            chance.choice([10, 10, 100, 200, 5_000]) * chance.random(),
            unit=chance.choice("ABC"),
            unit_type=chance.choice([None, "PatrolUnit", "PatrolUnit", "RotaryWingAircraft"]),
            h_err_m=chance.choice([None, 5.0, 5_000.0]),
        )
        now = 1000.5 + second
        believed = framed.all_plain([report], now, 0.0) or framed.believes(report, now, 0.0)
        assert believed == single.believes(report, now, 0.0)


def test_without_a_limit_everything_is_believed():
    plausible = Plausible(0)
    assert plausible.believes(fix(1000, 0), 2000, 0.0) and plausible.believes(fix(1000, 9e6), 2000, 0.0)
    assert plausible.all_plain([fix(1000, 0), fix(1000, 9e6)], 2000, 0.0)


def test_what_is_remembered_is_bounded():
    plausible = Plausible(100)
    for n in range(KNOWN_MAX + 10):
        assert plausible.believes(fix(1000, 0, f"U{n}"), 2000, 0.0)
    assert len(plausible._known) <= KNOWN_MAX
    assert plausible.believes(fix(1001, 80_000, "U0"), 2000, 0.0), "forgotten, so believed once"
    with pytest.raises(KeyError):
        plausible._known["U1"]


def test_while_a_clock_stands_still_the_time_since_it_came_counts():
    plausible = Plausible(100)
    # Ours was set back and waits; or theirs is stuck: by their times no time passes, and the car drives on.
    for second in range(0, 100, 10):
        assert plausible.believes(fix(1000, 30.0 * second), 1000, 50.0 + second)
    assert not plausible.believes(fix(1000, 50_000), 1000, 160.0)
    assert plausible.believes(fix(1000, 50_300), 1000, 170.0), "another place is another observation"
