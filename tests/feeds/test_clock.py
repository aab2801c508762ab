from feeds.clock import WAITED_OUT_S, OnwardClock
from tests.support.gateway import HandClock


def test_a_small_step_back_is_waited_out_and_a_large_one_followed() -> None:
    machine = HandClock(1000.0)
    clock = OnwardClock(machine)
    seen = [clock.now()]
    for at in (990.0, 995.0, 1001.0, 1001.0 - WAITED_OUT_S - 1, 1001.0 - WAITED_OUT_S):
        machine.at = at
        seen.append(clock.now())
    assert seen == [1000.0, 1000.0, 1000.0, 1001.0, 1001.0 - WAITED_OUT_S - 1, 1001.0 - WAITED_OUT_S]
