from dashboard.subscription import HIGH_WATER, LOW_WATER, Allowance, Next, Subscription


def following(rev: int = 7) -> Subscription:
    return Subscription(rev)


def test_a_newcomer_catches_up_and_then_follows() -> None:
    viewer = Subscription()
    assert viewer.next(0, 4, 5) is Next.CATCH_UP
    viewer.sent(5, 0)
    assert viewer.next(0, 5, 6) is Next.FOLLOW


def test_nothing_is_sent_when_nothing_differs() -> None:
    assert following(7).next(0, 7, 7) is Next.NOTHING


def test_a_viewer_above_the_high_mark_gets_nothing_until_below_the_low_one() -> None:
    viewer = following(7)
    assert viewer.next(HIGH_WATER + 1, 7, 8) is Next.NOTHING
    assert viewer.next(LOW_WATER + 1, 8, 9) is Next.NOTHING
    assert viewer.next(LOW_WATER, 9, 10) is Next.CATCH_UP
    assert viewer.times_slow == 1


def test_between_the_marks_a_viewer_who_keeps_up_is_not_held_back() -> None:
    assert following(7).next(HIGH_WATER, 7, 8) is Next.FOLLOW


def test_one_who_comes_back_at_an_older_revision_catches_up_from_there() -> None:
    assert following(3).next(0, 7, 8) is Next.CATCH_UP


def test_asks_are_bounded_by_rate_and_burst() -> None:
    asks = Allowance(rate=2.0, burst=3.0)
    assert [asks.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert asks.take(100.5)
    assert not asks.take(100.6)
