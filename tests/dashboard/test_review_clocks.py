"""A source whose clock is 37 s ahead, looked back at: both times are told to whom its feed's health is shared."""

from collections.abc import AsyncIterator

import pytest

from dashboard.review import Review
from dashboard.review_clocks import CELL_S, ReviewClocks
from tests.support.heard import T0, unit
from tests.support.live import wait_for
from tests.support.recorded import Record
from tests.support.recording import CPD
from tests.support.reviewing import review_on, reviewing

SKEW = 37.0
LAST = T0 + 595


@pytest.fixture
async def review() -> AsyncIterator[Review]:
    """Ten minutes of a police feed that is 37 s ahead, and a fire feed whose clock is right."""
    record = Record(["cpd", "fire"])
    for n in range(120):
        at = T0 + n * 5
        await record.say(at + 0.2, unit("p1", at=at + SKEW), unit("p2", at=at + SKEW))
        await record.say(at + 0.3, unit("f1", at=at), agency="fire")
    record.end(T0 + 700)
    async with review_on(record.recording, clock=record.clock) as opened:
        yield opened


@pytest.mark.parametrize(("token", "told"), [("jcc-token", True), ("cpd-token", True), ("fire-token", False)])
async def test_card_track_and_list_tell_both_times_to_whom_the_feeds_health_is_shared(
    review: Review, token: str, told: bool
) -> None:
    async with reviewing(review, token, at=LAST + 2) as reviewer:
        assert ("cpd", "p1") in reviewer.client.by_id("units")
        if told:
            await wait_for(lambda: reviewer.said("clocks"))
            (off,) = reviewer.said("clocks")[-1]["off"]
            assert (off["agency"], off["source"]) == ("cpd", "cpd-avl")
            assert off["offset_s"] == pytest.approx(SKEW, abs=1) and off["error_s"] <= 1
        card = await reviewer.answer("card", ask=1, layer="units", agency="cpd", id="p1")
        rows = dict(card["rows"])
        assert card["observed_at"] == LAST + SKEW, "what it said stays what it said"
        track = await reviewer.answer("track", ask=2, agency="cpd", id="p1", **{"from": T0, "to": LAST + 2})
        observed, aligned, error = track["points"][-1][6:]
        assert observed == LAST + SKEW
        if told:
            assert card["aligned_at"] == pytest.approx(LAST, abs=1) and card["aligned_error_s"] <= 1
            assert "by its own clock" in rows["Observed"] and "±" in rows["Aligned"]
            assert rows["Clock"].startswith("36.") or rows["Clock"].startswith("37.")
            assert aligned == pytest.approx(LAST, abs=1) and error <= 1
            assert track["clocks"][0]["source"] == "cpd-avl"
            assert track["points"][0][7:] == [None, None], "nobody knew yet"
        else:
            assert card["aligned_at"] is None and "Aligned" not in rows
            assert [aligned, error] == [None, None] and track["clocks"] == []
            assert reviewer.said("clocks") == []


async def test_a_right_clock_is_not_talked_of_and_before_it_was_known_nothing_is(review: Review) -> None:
    async with reviewing(review, at=LAST + 2) as reviewer:
        await wait_for(lambda: reviewer.said("clocks"))
        card = await reviewer.answer("card", ask=1, layer="units", agency="fire", id="f1")
        assert card["found"] and card["aligned_at"] is None
        await reviewer.epoch("seek", at=T0 + 20)
        await wait_for(lambda: reviewer.said("clocks")[-1]["off"] == [])
        card = await reviewer.answer("card", ask=2, layer="units", agency="cpd", id="p1")
        assert card["found"] and card["aligned_at"] is None


async def test_what_can_grow_is_read_again_and_what_is_settled_is_kept() -> None:
    record = Record(["cpd"])
    begin = T0 - T0 % CELL_S + CELL_S
    for n in range(60):
        await record.say(begin + n * 5 + 0.2, unit("p1", at=begin + n * 5 + SKEW))
    clocks = ReviewClocks(record.recording)
    record.end(begin + 300)
    assert (await clocks.read(CPD, begin)).at("cpd-avl", begin + 290) is not None
    assert clocks.kept(CPD, begin) is None
    record.end(begin + CELL_S + 1)
    kept = await clocks.read(CPD, begin + 1)
    assert clocks.kept(CPD, begin + 599) is kept is await clocks.read(CPD, begin + 2)
