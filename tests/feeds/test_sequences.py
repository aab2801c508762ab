from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from feeds.names import SourceId
from feeds.sequences import RANGES_MAX, Runs, Seen

SMALL = st.integers(0, 60)


def test_numbers_in_order_stay_one_range():
    seen = Seen()
    assert all(seen.add(n) for n in range(1000))
    assert seen.ranges == [(0, 999)]
    assert seen.gaps == 0
    assert seen.last == 999
    assert len(seen) == 1000


def test_a_smaller_number_that_was_never_seen_is_new():
    seen = Seen([(10, 20)])
    assert seen.add(3)
    assert not seen.add(3)
    assert seen.ranges == [(3, 3), (10, 20)]
    assert seen.gaps == 6


def test_a_number_that_fills_a_gap_joins_its_neighbours():
    seen = Seen([(1, 4), (6, 9)])
    assert seen.gaps == 1
    assert seen.add(5)
    assert seen.ranges == [(1, 9)]
    assert seen.gaps == 0


def test_nothing_seen_has_no_gaps():
    assert Seen().gaps == 0
    assert Seen().last is None
    assert 0 not in Seen()


def test_a_hole_after_every_number_does_not_grow_a_run_for_ever():
    runs, source = Runs(), SourceId("avl")
    for n in range(0, 6 * RANGES_MAX, 2):
        assert runs.add(source, "a", n)
    kept = runs.ranges()[source, "a"]
    assert RANGES_MAX // 2 <= len(kept) <= RANGES_MAX
    assert kept[-1] == (6 * RANGES_MAX - 2,) * 2, "the newest stay"
    read = Runs()
    read.merge(source, "a", [(n, n) for n in range(0, 6 * RANGES_MAX, 2)])
    assert len(read.ranges()[source, "a"]) <= RANGES_MAX


def test_many_runs_with_holes_are_bounded_together_and_the_longest_unheard_go():
    runs, source = Runs(), SourceId("avl")
    for run in "abcde":
        runs.merge(source, run, [(n, n) for n in range(0, 20, 2)])
    runs.add(source, "b", 100)
    runs.forget(ranges=25)
    assert [run for _, run in runs.ranges()] == ["e", "b"]
    runs.forget(ranges=1)
    assert [run for _, run in runs.ranges()] == ["b"], "the newest always stays"
    runs.forget(keep=0)
    assert not runs.ranges()


@given(st.lists(SMALL))
def test_it_says_new_exactly_once_for_each_number(numbers: list[int]):
    seen, told = Seen(), []
    for n in numbers:
        if seen.add(n):
            told.append(n)
    assert sorted(told) == sorted(set(numbers))
    assert_same(seen, set(numbers))


@given(st.lists(st.tuples(SMALL, SMALL)))
def test_merging_ranges_is_the_union_of_their_numbers(ranges: list[tuple[int, int]]):
    numbers = {n for first, last in ranges for n in range(first, last + 1)}
    assert_same(Seen(ranges), numbers)


def assert_same(seen: Seen, numbers: set[int]) -> None:
    assert {n for first, last in seen.ranges for n in range(first, last + 1)} == numbers
    assert {n for n in range(70) if n in seen} == numbers
    assert len(seen) == len(numbers)
    spans = seen.ranges
    assert all(b[0] > a[1] + 1 for a, b in pairwise(spans))
    if numbers:
        assert seen.gaps == max(numbers) - min(numbers) + 1 - len(numbers)
