"""What the page of recordings says where it cannot show what was asked for, in a real browser."""

import time

import pytest

from tests.journeys.test_reviewer_goes_back import drawn, reviewing
from tests.support.fake_city import AGENCIES
from tests.support.fake_recording import Recording
from tests.support.fake_review import FakeReview
from tests.support.wall_page import Tab

pytestmark = pytest.mark.browser


def text(selector: str) -> str:
    """Return the expression for what an element says, nothing when it is not there or hidden."""
    return f"(e => e?.checkVisibility() ? e.textContent : '')(document.querySelector({selector!r}))"


async def says(tab: Tab, selector: str, words: str) -> None:
    """Wait until an element says these words."""
    await tab.until(f"{text(selector)}.includes({words!r})", 15)


async def test_a_second_map_and_a_comparison_that_are_refused_say_so_and_wear_no_stamp_of_a_moment() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        review.most = 1
        await tab.page.click("#second button")
        await says(tab, ".second-lost", "Too many reviews are open")
        assert await tab.eval(text(".second-room .watermark-time")) == ""
        assert await tab.eval(text(".second-room .watermark-view")) == "not connected"
        await tab.page.click(".compare-toggle")
        await says(tab, ".compare .panel-empty", "Too many reviews are open")
        assert await tab.eval(text("#watermark .watermark-view")) == "as known then"
        review.most = 16
        await tab.until(f"{text('.second-lost')} === '' && {text('.second-room .watermark-time')} !== ''", 15)
        await tab.until(f"!{text('.compare .panel-empty')}.includes('Not connected')", 15)


async def test_a_page_that_is_refused_says_why_in_its_banner() -> None:
    async with reviewing() as (review, tab):
        review.most = 0
        review.drop()
        await says(tab, ".frozen-what", "Too many reviews are open")


def hidden_from(review: FakeReview, view: str) -> tuple[str, str]:
    """Return agency and id of a unit that a view does not hold."""
    seen = set(review.recording.seen(view).tolist())
    row = next(row for row in range(review.recording.n) if row not in seen)
    return AGENCIES[review.recording.agency[row]][0], f"U{row:05d}"


async def test_a_view_that_has_not_what_is_chosen_leaves_nothing_of_it_on_the_card() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        agency, unit = hidden_from(review, "agency:cfd")
        await tab.eval(f"window.jointops.page.select('units', {agency!r}, {unit!r})")
        await tab.until("document.querySelectorAll('.card-history li').length > 0", 15)
        left = await tab.eval(
            "(window.jointops.page.review.setView('agency:cfd'), document.querySelector('.card').textContent)"
        )
        assert unit in left and "En route" not in left, left
        await says(tab, ".card-note", "Not on the picture in this view.")
        assert (
            await tab.eval("document.querySelectorAll('.card-body > *, .card-acts .button:not([hidden])').length") == 0
        )
        await tab.eval("window.jointops.page.review.setView('truth')")
        await tab.until("document.querySelectorAll('.card-history li').length > 0", 5)


async def test_the_card_names_a_thing_by_what_is_its_own_in_its_id_and_says_that_the_page_is_not_connected() -> None:
    async with reviewing(more="&chosen=incidents~cpd~urn:emergency:uid:incident:C26-0078:cpd") as (review, tab):
        review.most = 0
        review.drop()
        await says(tab, ".card-note", "Too many reviews are open")
        assert await tab.eval(text(".card-title")) == "C26-0078"


async def test_a_moment_that_is_not_on_record_is_said_to_be_moved() -> None:
    async with reviewing(-7200) as (_, tab):
        await says(tab, ".notices", "this is its beginning")
        await says(tab, "#watermark .watermark-rest", "the record begins here")


async def test_a_recording_that_goes_on_with_nothing_in_it_ends_with_what_it_has() -> None:
    hour = time.time() // 3600 * 3600
    recording = Recording(hour - 4 * 3600)
    full_until = recording.end - 3600
    counted = recording.counted()
    counted["minutes"] = [minute for minute in counted["minutes"] if minute["at"] < full_until]
    recording.counted = lambda: counted  # type: ignore[method-assign]
    async with reviewing(7200, recording=recording, path="/review") as (_, tab):
        await drawn(tab)
        assert await tab.eval("window.jointops.page.review.range.to") == full_until
        assert full_until - 301 <= await tab.eval("window.jointops.page.review.at()") < full_until
        await says(tab, ".timeline-note", "Nothing recorded since")


async def test_a_reload_comes_back_to_the_second_moment_a_comparison_and_an_area() -> None:
    async with reviewing() as (_, tab):
        await drawn(tab)
        await tab.page.click("#second button")
        await tab.until("document.querySelector('.second-bar')")
        await tab.page.click("text=−1 min")
        await tab.page.click(".compare-toggle")
        await tab.page.click(".near-toggle")
        await tab.page.click(".map-hand", position={"x": 80, "y": 320})
        await tab.until("['second=', 'compare=on', 'near='].every((part) => location.search.includes(part))", 10)
        second = await tab.eval("window.jointops.page.review.also.second.at")
        await tab.page.reload()
        await drawn(tab)
        await tab.until("document.querySelector('.second-room')")
        await says(tab, ".near-toggle", "Clear")
        await says(tab, ".compare-toggle", "Stop")
        await tab.until(f"Math.abs(window.jointops.page.review.also.second.at - {second}) < 0.2")


async def test_the_timeline_is_a_slider_by_its_keys_too() -> None:
    async with reviewing() as (_, tab):
        await drawn(tab)
        await tab.page.focus(".timeline-track")
        at, range_ = "window.jointops.page.review.at()", "window.jointops.page.review.range"
        for key, where in (
            ("Home", f"{range_}.from"),
            ("PageUp", f"{range_}.from + ({range_}.to - {range_}.from) / 10"),
            ("PageDown", f"{range_}.from"),
            ("End", f"{range_}.to"),
        ):
            await tab.page.keyboard.press(key)
            await tab.until(f"Math.abs({at} - ({where})) < 2", 5)


async def test_what_an_incidents_timeline_lies_over_is_not_reached_by_key() -> None:
    async with reviewing() as (_, tab):
        await drawn(tab)
        await tab.page.click(".board-row .row-button")
        await tab.page.click(".card-acts >> text=Timeline")
        await tab.until("document.querySelector('.near').inert && document.querySelector('.board').inert")
        await tab.page.set_viewport_size({"width": 1024, "height": 768})
        await tab.until("!document.querySelector('.near').inert")
        await tab.page.set_viewport_size({"width": 1440, "height": 900})
        await tab.until("document.querySelector('.near').inert")
        await tab.page.click(".chronology-close")
        await tab.until("!document.querySelector('.near').inert")
