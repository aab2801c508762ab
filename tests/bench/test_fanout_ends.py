"""What arrived is told by unit and number, and what did not arrive is not forgiven."""

import numpy as np
import pytest

from bench.fanout_ends import _EVENT, judge, stamp, told_by_tcp

JOB = {"units": 2, "first": 5, "rate": 2, "warm_s": 1}


def event(unit: int, number: int) -> bytes:
    return (_EVENT % (unit, stamp(1e9), stamp(1e9), stamp(1e9 + 60), 41 + number / 1e6, unit)).encode()


def test_an_event_arrives_with_its_last_byte_and_one_cut_short_does_not():
    whole = event(1, 5) + event(0, 6)
    kept = [(1.0, whole[:100]), (2.0, whole[100:-3]), (3.0, whole[-3:] + event(1, 6)[:-1])]
    assert told_by_tcp(kept) == [(2.0, 1, 5), (3.0, 0, 6)]


def test_only_what_reached_every_receiver_after_the_warm_up_is_delivered():
    sent = np.array([10.0, 10.0, 11.0, 11.0])
    both = [(11.5, 0, 6), (11.25, 1, 6)]
    assert judge([both, both], JOB, sent, 20.0)["delivered"] == 1.0
    found = judge([both, both[:1]], JOB, sent, 20.0)
    assert found["delivered"] == 0.5 and found["of_each"] == 0.75
    assert found["p99_ms"] == pytest.approx(9000, rel=0.05), "what did not arrive took until the end"
