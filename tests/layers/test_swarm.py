import numpy as np

from layers.fixes import Fixes
from layers.swarm import UNKNOWN_I4, UNKNOWN_U2, Swarm, course, deci, degrees
from layers.unit_track import UnitTrack
from tests.support.heard import ROSTER, T0, delivery, heard, unit


def test_values_are_rounded_to_the_wires_steps_and_none_is_a_sentinel() -> None:
    assert deci([None, 0.04, 12.36, 99999.0], 65534).tolist() == [UNKNOWN_U2, 0, 124, 65534]
    assert course([None, 0.0, 359.94, 359.96, 360.0]).tolist() == [UNKNOWN_U2, 0, 3599, 0, 0]
    assert degrees(np.array([-87.63, 0.0]), np.array([True, False])).tolist() == [-876300000, UNKNOWN_I4]


def test_columns_grow_with_the_slots() -> None:
    picture = heard(delivery(1, *[unit(f"u{n}", lat=n / 10) for n in range(300)]))
    picture.flush()
    assert picture.swarm.columns["lat"][:300].tolist() == [n * 1_000_000 for n in range(300)]


def test_a_unit_that_reported_three_times_in_a_tick_is_written_once_with_the_newest() -> None:
    picture = heard(*[delivery(n, unit(at=T0 + n, lat=40.0 + n)) for n in (1, 2, 3)])
    touched, _ = picture.flush()
    assert touched["units"].slots.tolist() == [0]
    assert picture.swarm.columns["lat"][0] == 430000000


def test_taking_nothing_changes_nothing() -> None:
    swarm = Swarm(ROSTER, Fixes())
    swarm.take([], np.zeros(0, np.intp), np.zeros(0, np.uint32), np.zeros(0, np.uint32))
    assert not swarm.columns["known"].any()
    assert UnitTrack.__slots__


def test_what_some_of_a_tick_do_not_say_is_unknown_for_them_alone() -> None:
    full = {"course_deg": 90.0, "speed_mps": 1.0, "h_err_m": 5.0}
    reports = [
        unit("whole", lat=40.0, **full),
        unit("bare", lat=40.0),
        unit("brief", lat=40.0, stale_at=T0 + 2, **full),
    ]
    picture = heard(delivery(1, *reports))
    picture.flush()
    columns = picture.swarm.columns
    assert columns["course"][:3].tolist() == [900, UNKNOWN_U2, 900]
    assert columns["err"][:3].tolist() == [5, UNKNOWN_U2, 5]
    assert columns["stale"][2] == T0 + 2 < columns["stale"][0] == columns["stale"][1]


def test_a_drill_shows_and_ends() -> None:
    picture = heard(delivery(1, unit("u", at=T0, lat=40.0, status="exercise")))
    picture.flush()
    assert picture.swarm.columns["drill"][0] == 1
    picture.apply(delivery(2, unit("u", at=T0 + 1, lat=40.0)))
    picture.flush()
    assert picture.swarm.columns["drill"][0] == 0
