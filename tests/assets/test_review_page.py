"""What the page of recordings says where it cannot show what was asked for, in a real browser."""

import pytest

from tests.journeys.test_reviewer_goes_back import drawn, reviewing
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
