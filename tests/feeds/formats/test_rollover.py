"""Which turn of a clock that starts again was meant."""

import pytest

from feeds.formats.rollover import DAY_S, GPS_EPOCH, GPS_TURN_S, GPS_WEEK_S, nearest, newest

MIDNIGHT = 1_777_939_200.0  # 2026-05-05T00:00:00Z


@pytest.mark.parametrize(
    ("time_of_day", "received", "meant"),
    [
        (86_390, MIDNIGHT + 5, MIDNIGHT - 10),  # said before midnight, heard after it
        (3, MIDNIGHT - 2, MIDNIGHT + 3),  # a clock that is five seconds fast
        (43_000, MIDNIGHT + 43_010, MIDNIGHT + 43_000),
        (43_000, MIDNIGHT + 86_000, MIDNIGHT + 43_000),
    ],
)
def test_a_time_of_day_is_dated_on_both_sides_of_midnight(time_of_day: float, received: float, meant: float):
    assert nearest(time_of_day, DAY_S, received) == meant


def test_nothing_is_dated_before_1970():
    assert nearest(86_000, DAY_S, 0.0) == 86_000
    assert newest(100.0, DAY_S, 0.0) == 100.0


def test_a_week_counted_in_ten_bits_is_the_newest_that_can_be_meant():
    this_week = GPS_EPOCH + 2417 * GPS_WEEK_S
    for counted in (2417, 2417 - 1024, 2417 - 2048):
        assert newest(GPS_EPOCH + counted * GPS_WEEK_S, GPS_TURN_S, this_week + DAY_S) == this_week


def test_an_old_week_stays_where_a_turn_more_would_be_in_the_future():
    old = GPS_EPOCH + 1615 * GPS_WEEK_S
    assert newest(old, GPS_TURN_S, GPS_EPOCH + 2417 * GPS_WEEK_S) == old
