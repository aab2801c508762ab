"""How far a source's clock is from ours."""

import random
from collections.abc import Iterator
from math import log

import pytest

from feeds.clock_offset import CELLS_MAX, SLOT_S, SLOTS, ClockWatch

T0 = 1_750_000_000.0
WINDOW_S = SLOTS * SLOT_S

Sample = tuple[float, float]
"""Observed, received."""


def live(
    chance: random.Random,
    skew: float,
    seconds: float,
    every_s: float = 1.0,
    start: float = T0,
    sigma: float = 0.8,
    median: float = 0.15,
) -> Iterator[Sample]:
    """Yield what a source with a clock `skew` ahead sends over a mobile network, `median` seconds late."""
    for n in range(int(seconds / every_s)):
        at = start + n * every_s
        yield at + skew, at + chance.lognormvariate(log(median), sigma)


def heard(samples: Iterator[Sample] | list[Sample], watch: ClockWatch | None = None) -> ClockWatch:
    watch = watch or ClockWatch()
    for observed_at, received_at in sorted(samples, key=lambda sample: sample[1]):
        watch.hear(observed_at, received_at)
    return watch


@pytest.mark.parametrize("skew", [37.0, -37.0, 0.0, 3600.0])
@pytest.mark.parametrize("every_s", [0.05, 1.0, 10.0, 60.0])
def test_a_skewed_clock_is_told_to_a_second_within_five_minutes(skew: float, every_s: float) -> None:
    clock = heard(live(random.Random(1), skew, WINDOW_S, every_s)).offset()
    assert clock is not None
    assert abs(clock.offset_s - skew) < 1 and clock.error_s <= 1


@pytest.mark.parametrize("sigma", [0.4, 0.8, 1.2])
@pytest.mark.parametrize(("median", "every_s"), [(0.15, 10.0), (0.15, 60.0), (0.3, 10.0), (0.6, 10.0)])
def test_the_true_offset_lies_within_the_told_error(median: float, sigma: float, every_s: float) -> None:
    told = [
        clock
        for seed in range(100)
        if (clock := heard(live(random.Random(seed), 37.0, WINDOW_S, every_s, sigma=sigma, median=median)).offset())
    ]
    within = [abs(clock.offset_s - 37.0) <= clock.error_s + 1e-9 for clock in told]
    assert len(told) >= 75 and sum(within) >= 0.95 * len(told)
    assert max(clock.error_s for clock in told) <= 1.1


@pytest.mark.parametrize("skew", [37.0, -37.0])
def test_what_was_stored_through_an_outage_and_what_is_old_moves_nothing(skew: float) -> None:
    chance = random.Random(2)
    samples: list[Sample] = []
    for observed_at, received_at in live(chance, skew, WINDOW_S):
        since = received_at - T0
        if 60 <= since < 180:  # two minutes without a line, then all of it within two seconds
            samples.append((observed_at, T0 + 180 + (since - 60) / 60))
        elif chance.random() < 0.3:
            samples.append((observed_at - chance.uniform(5, 4000), received_at))
        else:
            samples.append((observed_at, received_at))
    clock = heard(samples).offset()
    assert clock is not None
    assert abs(clock.offset_s - skew) < 1 and clock.error_s <= 1


def test_after_a_long_outage_old_reports_do_not_make_the_clock_late() -> None:
    chance = random.Random(3)
    watch = heard(live(chance, 0.0, WINDOW_S))
    outage = 1800.0
    back = T0 + WINDOW_S + outage
    for n in range(1800):  # a report a second, sent again at 60 a second
        watch.hear(T0 + WINDOW_S + n, back + n / 60)
        if n % 60 == 0 and (clock := watch.offset()) is not None:
            assert abs(clock.offset_s) < 1
    heard(live(chance, 0.0, WINDOW_S, start=back + 30), watch)
    clock = watch.offset()
    assert clock is not None and abs(clock.offset_s) < 1


def test_a_source_that_begins_with_what_it_had_stored_is_not_told_to_be_late() -> None:
    watch = ClockWatch()
    told = []
    for n in range(6000):  # an hour and forty minutes, sent within two
        watch.hear(T0 + n, T0 + 6000 + n / 50)
        told.append(watch.offset() if n % 50 == 0 else None)
    assert set(told) == {None}


@pytest.mark.parametrize(("before", "after"), [(37.0, 0.0), (0.0, 37.0), (37.0, -37.0)])
def test_a_clock_that_was_set_is_followed_within_the_window(before: float, after: float) -> None:
    chance = random.Random(4)
    watch = heard(live(chance, before, WINDOW_S))
    heard(live(chance, after, WINDOW_S, start=T0 + WINDOW_S + 1), watch)
    clock = watch.offset()
    assert clock is not None and abs(clock.offset_s - after) < 1


def test_a_clock_put_forward_is_followed_within_twenty_seconds() -> None:
    chance = random.Random(5)
    watch = heard(live(chance, 0.0, WINDOW_S))
    heard(live(chance, 37.0, 20, start=T0 + WINDOW_S + 1), watch)
    clock = watch.offset()
    assert clock is not None and abs(clock.offset_s - 37) < 1


def test_a_source_without_a_clock_of_its_own_is_right() -> None:
    clock = heard([(T0 + n + 0.123, T0 + n + 0.123) for n in range(300)]).offset()
    assert clock is not None and clock.offset_s == 0 and clock.error_s <= 0.1


def test_one_wrong_clock_among_fifty_units_is_not_the_source_s() -> None:
    chance = random.Random(6)
    samples = [
        (observed_at + (3600.0 if n % 50 == 0 else 0.0), received_at)
        for n, (observed_at, received_at) in enumerate(live(chance, 0.0, WINDOW_S, every_s=0.1))
    ]
    clock = heard(samples).offset()
    assert clock is not None and abs(clock.offset_s) < 1


def test_nothing_is_said_before_there_is_enough() -> None:
    assert ClockWatch().offset() is None
    assert heard(live(random.Random(7), 37.0, 2 * SLOT_S - 1, every_s=0.1)).offset() is None, "less than three slots"
    assert heard([(T0 + n * SLOT_S, T0 + n * SLOT_S) for n in range(3)]).offset() is None, "three samples"


def test_where_nothing_agrees_nothing_is_said() -> None:
    ages = (3.0, 55.0, 21.0, 40.0, 11.0)
    assert heard([(T0 + n * 60 - age, T0 + n * 60) for n, age in enumerate(ages)]).offset() is None


def test_our_own_clock_set_back_begins_anew() -> None:
    watch = heard(live(random.Random(8), 0.0, WINDOW_S))
    watch.hear(T0, T0 - 3600)
    assert watch.offset() is None
    heard(live(random.Random(8), 3600.0, WINDOW_S, start=T0 - 3590), watch)
    clock = watch.offset()
    assert clock is not None and abs(clock.offset_s - 3600) < 1


def test_memory_is_bounded_whatever_is_said() -> None:
    watch = ClockWatch()
    for n in range(40_000):
        watch.hear(T0 - 2.0 * n, T0 + n / 100)
    assert sum(len(slot.cells) for slot in watch._slots) <= SLOTS * (CELLS_MAX + 1)
    assert len(watch._slots) == SLOTS
