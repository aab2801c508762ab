import random
from collections.abc import Sequence

import numpy as np
import pytest

from feeds import plausible as rules
from feeds.plausible import AIR_FACTOR, SLACK_M
from feeds.report import AnyReport, IncidentReport, UnitReport
from feeds.subjects import FORGET_S, Subjects
from feeds.unit_columns import FEWEST, table_of

DEG = 111_195.0


class Plausible(rules.Plausible):
    """With the rows of its own subjects."""

    def __init__(self, speed_max: float, most: int = 1000) -> None:
        super().__init__(speed_max)
        self.subjects = Subjects(most, self.forget)

    def believes(self, report: AnyReport, received_at: float, now: float) -> bool:  # type: ignore[override]
        row = self.subjects.hear(report, received_at)
        assert row is not None
        return super().believes(report, row, received_at, now)

    def all_plain(self, reports: Sequence[UnitReport], received_at: float, now: float) -> bool:  # type: ignore[override]
        table = table_of(reports)
        assert table is not None
        rows = self.subjects.hear_all(table.ids, received_at)
        assert rows is not None
        return super().all_plain(table, reports, rows, received_at, now)


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


def others(at: float, now: float = 0.0) -> list[UnitReport]:
    """Return reports of so many others that a frame is taken as a table."""
    return [fix(at, now, f"other{n}") for n in range(FEWEST)]


def test_a_frame_is_plain_or_looked_at_one_by_one_with_the_same_outcome():
    plausible = Plausible(100)
    reports = [fix(1000, 0), fix(1001, 50), fix(1002, 90_000), fix(1003, 120)]
    assert not plausible.all_plain([*reports, *others(1000)], 2000, 0.0)
    assert [plausible.believes(report, 2000, 0.0) for report in reports] == [True, True, False, True]
    assert Plausible(100).all_plain([*reports[:2], *others(1000)], 2000, 0.0)


def test_one_that_jumps_in_a_frame_is_told_from_the_others():
    plausible = Plausible(100)
    assert plausible.all_plain([fix(1000, 0), *others(1000)], 2000, 0.0)
    frame = [fix(1001, 90_000), *others(1001, 20.0)]
    assert not plausible.all_plain(frame, 2000, 1.0)
    assert [plausible.believes(report, 2000, 1.0) for report in frame] == [False] + [True] * FEWEST
    assert plausible.all_plain([fix(1002, 30), *others(1002, 40.0)], 2000, 2.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_frame_is_remembered_like_its_reports_one_by_one(seed: int):
    chance = random.Random(seed)
    framed, single = Plausible(100), Plausible(100)
    for second in range(100):
        reports = [
            fix(
                1000 + second + chance.choice([0, 0, 0, 0, 0, 0, -5, 40]),
                chance.choice([10, 10, 10, 10, 10, 100, 200, 5_000]) * chance.random(),
                unit=f"U{n}",
                unit_type=chance.choice([None, "PatrolUnit", "PatrolUnit", "RotaryWingAircraft"]),
                h_err_m=chance.choice([None, 5.0, 5_000.0]),
            )
            for n in chance.sample(range(40), FEWEST)
        ]
        now = 1000.5 + second
        believed = framed.all_plain(reports, now, 0.0) or [framed.believes(report, now, 0.0) for report in reports]
        alone = [single.believes(report, now, 0.0) for report in reports]
        assert (believed is True and all(alone)) or believed == alone
        known = min(map(len, (framed._known, single._known)))
        rows = {name: (framed.subjects._rows[name], row) for name, row in single.subjects._rows.items()}
        assert known >= len(rows)
        for mine, others_ in rows.values():
            assert np.array_equal(framed._known[mine], single._known[others_], equal_nan=True)


def test_without_a_limit_everything_is_believed():
    plausible = Plausible(0)
    assert plausible.believes(fix(1000, 0), 2000, 0.0) and plausible.believes(fix(1000, 9e6), 2000, 0.0)
    assert plausible.all_plain([fix(1000, 0), fix(1000, 9e6), *others(1000)], 2000, 0.0)


def test_reports_of_a_frame_that_say_no_place_are_plain():
    plausible = Plausible(100)
    assert plausible.all_plain([fix(1000, 0), *others(1000)], 2000, 0.0)
    silent = [UnitReport(observed_at=1001, unit_id=f"other{n}") for n in range(FEWEST)]
    assert plausible.all_plain(silent, 2000, 1.0)
    assert plausible.all_plain([fix(1002, 20), *silent], 2000, 2.0)
    assert not plausible.believes(fix(1003, 90_000, "other1"), 2000, 3.0)


def test_a_unit_that_is_forgotten_is_believed_once_and_who_has_its_row_too():
    plausible = Plausible(100, most=2)
    assert plausible.believes(fix(1000, 0, "A"), 2000, 0.0) and plausible.believes(fix(1000, 0, "B"), 2000, 0.0)
    assert not plausible.believes(fix(1001, 90_000, "A"), 2000, 1.0), "in doubt"
    later = 2000 + FORGET_S + 60
    assert plausible.believes(fix(later, 500_000, "C"), later, 0.0)
    assert plausible.subjects._rows["C"] in (0, 1) and len(plausible.subjects) == 1 and not plausible._doubts


def test_while_a_clock_stands_still_the_time_since_it_came_counts():
    plausible = Plausible(100)
    # Ours was set back and waits; or theirs is stuck: by their times no time passes, and the car drives on.
    for second in range(0, 100, 10):
        assert plausible.believes(fix(1000, 30.0 * second), 1000, 50.0 + second)
    assert not plausible.believes(fix(1000, 50_000), 1000, 160.0)
    assert plausible.believes(fix(1000, 50_300), 1000, 170.0), "another place is another observation"
