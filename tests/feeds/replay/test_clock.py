from feeds.replay.clock import ReplayClock


def test_it_stands_until_it_plays_and_goes_on_from_there() -> None:
    clock = ReplayClock(1000.0)
    assert clock.now(5.0) == clock.now(50.0) == 1000.0
    assert clock.until(1001.0, 5.0) == float("inf")
    clock.play(4.0, 50.0)
    assert clock.now(52.0) == 1008.0
    assert clock.until(1010.0, 52.0) == 0.5


def test_a_change_of_speed_changes_nothing_of_where_it_is() -> None:
    clock = ReplayClock(0.0)
    clock.play(64.0, 0.0)
    clock.play(0.25, 1.0)
    assert clock.now(1.0) == 64.0
    assert clock.now(5.0) == 65.0


def test_speeds_beyond_the_bounds_are_brought_within() -> None:
    clock = ReplayClock(0.0)
    clock.play(1000.0, 0.0)
    assert clock.speed == 64.0
    clock.play(0.01, 0.0)
    assert clock.speed == 0.25


def test_who_cannot_keep_up_stands_where_it_is_and_goes_on() -> None:
    clock = ReplayClock(0.0)
    clock.play(10.0, 0.0)
    clock.stand(3.0, 1.0)
    assert clock.playing
    assert clock.now(2.0) == 13.0


def test_a_pause_is_at_the_place_that_is_shown() -> None:
    clock = ReplayClock(0.0)
    clock.play(1.0, 0.0)
    clock.pause(2.5)
    assert clock.now(99.0) == 2.5
    assert not clock.playing
