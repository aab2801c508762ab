"""Counted in passes of the loop, not in time."""

import asyncio
from itertools import pairwise

import pytest

from feeds.turns import TURN_BYTES, Turns


async def test_who_comes_when_nobody_waits_goes_through_at_once():
    turns = Turns()
    for agency in ("cpd", "cfd", "isp"):
        taking = turns.take(agency, 100)
        try:
            taking.send(None)
        except StopIteration:
            continue
        raise AssertionError("had to wait")
    # The next pass begins anew.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert turns.waiting("cpd") == 0


async def test_a_flood_keeps_nobody_else_waiting():
    turns, order = Turns(), []

    async def frame(agency: str) -> None:
        await turns.take(agency, TURN_BYTES)
        order.append(agency)

    flood = [asyncio.create_task(frame("flood")) for _ in range(500)]
    await asyncio.sleep(0)
    assert turns.waiting("flood") > 400
    quiet = []
    for _ in range(5):
        quiet.append(asyncio.create_task(frame("quiet")))
        await quiet[-1]
    at = [i for i, agency in enumerate(order) if agency == "quiet"]
    assert all(later - earlier <= 4 for earlier, later in pairwise(at)), at
    await asyncio.gather(*flood, *quiet)
    assert order.count("flood") == 500


async def test_agencies_that_all_have_more_are_served_in_turn():
    turns, order = Turns(), []

    async def feed(agency: str) -> None:
        for _ in range(50):
            await turns.take(agency, TURN_BYTES)
            order.append(agency)

    # `a` has ten connections, `b` one: they are served alike while both have something.
    await asyncio.gather(*(feed("a") for _ in range(10)), feed("b"))
    last = max(i for i, agency in enumerate(order) if agency == "b")
    assert 40 <= order[:last].count("a") <= 110


async def test_one_that_gives_up_waiting_costs_the_next_nothing():
    turns = Turns()
    await turns.take("cpd", TURN_BYTES)
    gone = asyncio.create_task(turns.take("cpd", TURN_BYTES))
    next_ = asyncio.create_task(turns.take("cpd", TURN_BYTES))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(next_, 1)


async def test_small_frames_share_a_turn_and_a_large_one_is_a_turn_of_its_own():
    turns = Turns()
    for _ in range(TURN_BYTES // 1024):
        taking = turns.take("cpd", 1024)
        with pytest.raises(StopIteration):
            taking.send(None)
    one_more = turns.take("cpd", 1024)
    one_more.send(None)  # has to wait: no StopIteration
    assert turns.waiting("cpd") == 1 and turns.waiting("cfd") == 0
    one_more.close()
