import math

from feeds.rate import BURST_S, Rate


def test_a_burst_goes_through_and_a_flood_is_held_to_its_rate():
    rate = Rate(100)
    rate.spend(int(100 * BURST_S), 10.0)
    assert rate.wait_s(10.0) == 0
    rate.spend(50, 10.0)
    assert rate.wait_s(10.0) == 0.5
    assert rate.wait_s(10.25) == 0.25 and rate.left(10.25) == -25
    assert rate.wait_s(10.5) == 0


def test_one_frame_may_overdraw_and_is_paid_for_after():
    rate = Rate(10)
    rate.spend(1000, 0.0)
    assert rate.wait_s(0.0) == (1000 - 10 * BURST_S) / 10


def test_over_a_long_time_no_more_than_the_rate_and_one_burst_comes_through():
    rate, taken, at = Rate(100), 0, 0.0
    while at < 60:
        rate.spend(7, at)
        taken += 7
        at += max(rate.wait_s(at), 0.001)
    assert 100 * 60 <= taken <= 100 * (60 + BURST_S) + 7


def test_without_a_rate_nothing_is_held():
    rate = Rate(0)
    rate.spend(10**9, 0.0)
    assert rate.wait_s(0.0) == 0 and rate.left(0.0) == math.inf
