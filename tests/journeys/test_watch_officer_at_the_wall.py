"""A watch officer logs in and looks at the wall, in a real browser; the stream is the made-up city's."""

import base64
import re
import time

import pytest
from playwright.async_api import Page

from tests.support.fake_hub import FakeHub
from tests.support.pages import PASSWORD, serving
from tests.support.wall_page import Tab, chromium, wall, web

pytestmark = pytest.mark.browser

SMALL_TEXT = """() => {
  const scale = Number(getComputedStyle(document.documentElement).getPropertyValue("--scale"));
  return [...document.querySelectorAll(".wall *")]
    .filter((e) => !e.closest("svg") && e.checkVisibility())
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => parseFloat(getComputedStyle(e).fontSize) < 14 * scale - 0.01)
    .map((e) => `${e.tagName} ${e.className} ${getComputedStyle(e).fontSize}: ${e.textContent.slice(0, 40)}`);
}"""
CUT_OFF = """() => [...document.querySelectorAll(".bar *, .legend *, .feed-line > *, .board-row .row-title, .frozen *")]
    .filter((e) => e.checkVisibility() && !e.closest("svg") && e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
    .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`)"""
SCROLL_BARS = """() => [...document.querySelectorAll("html, body, .wall, .wall *")]
    .filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight + 1)
    .map((e) => e.className || e.tagName)"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, a")]
    .filter((e) => e.checkVisibility())
    .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
    .filter(([, box]) => box.height < 47.5 || box.width < 47.5)
    .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""
OVER_THE_MAP = """() => {
  const room = document.querySelector(".map-room").getBoundingClientRect();
  const shown = [...document.querySelectorAll(".maplibregl-ctrl-attrib, .outside, .ground-notice")]
    .filter((e) => e.checkVisibility()).map((e) => [e.className, e.getBoundingClientRect()]);
  const cut = shown.filter(([, b]) => b.bottom > room.bottom + 1 || b.right > room.right + 1 || b.left < room.left - 1);
  const met = shown.filter(([, a], i) => shown.slice(i + 1).some(([, b]) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
  return [...cut, ...met].map(([name]) => name);
}"""
BANNER = '(() => { const b = document.querySelector("#frozen"); return b && !b.hidden ? b.textContent : ""; })()'
ROWS = 'document.querySelectorAll(".board-row:not([hidden])").length'
READY = "window.jointops?.page?.store.rev > 0 && document.querySelectorAll('.board-row:not([hidden])').length > 0"


async def drawn(tab: Tab) -> None:
    await tab.until(READY, 30)
    await tab.until("window.jointops.stats().drawn > 0", 30)


async def test_the_officer_logs_in_sees_the_picture_and_logs_out(redis_url: str) -> None:
    async with FakeHub(units=200) as hub, serving(redis_url, hub.port, demo=True) as visitor, chromium() as browser:
        page: Page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        tab = Tab(page, page.context)
        page.on("console", lambda m: m.type in ("error", "warning") and tab.problems.append(m.text))
        page.on("request", lambda r: "//127.0.0.1:" not in r.url and not r.url.startswith(("data:", "blob:")) and
                tab.problems.append(r.url))  # fmt: skip
        await page.goto(str(visitor.base_url))
        assert page.url.endswith("/login")
        await page.fill("[name=name]", "wall")
        await page.fill("[name=password]", PASSWORD)
        await page.press("[name=password]", "Enter")
        await drawn(tab)
        assert page.url.endswith("/wall")
        assert await page.inner_text(".bar .badge-demo") == "DEMO DATA · EXERCISE"
        assert await page.inner_text(".count-units .count-n") == "200"
        assert re.fullmatch(r"\d\d:\d\d:\d\d", await page.inner_text(".clock-utc .clock-time"))
        assert tab.problems == []
        await page.click("text=Log out")
        await page.wait_for_url("**/login")
        await page.goto(f"{visitor.base_url}/wall")
        assert page.url.endswith("/login?next=/wall")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (1680, 1050), (1440, 900), (1280, 720)])
async def test_the_wall_can_be_read_whole_without_scrolling(width: int, height: int) -> None:
    async with (
        FakeHub() as hub,
        web(hub.port) as site,
        chromium() as browser,
        wall(browser, site, width, height) as tab,
    ):
        await tab.until(READY, 60)
        await tab.until("document.querySelectorAll('.feed:not([hidden])').length > 0", 30)
        assert await tab.eval(SMALL_TEXT) == []
        assert await tab.eval(SCROLL_BARS) == []
        assert [cut for cut in await tab.eval(CUT_OFF) if "feed-agency" not in cut] == []
        more = await tab.eval('document.querySelector(".more").textContent')
        assert await tab.eval(ROWS) + int(re.match(r"\+(\d+) more", more)[1]) == 40  # type: ignore[index]
        last = '[...document.querySelectorAll(".board-row:not([hidden])")].at(-1).getBoundingClientRect().bottom'
        assert await tab.eval(last) <= await tab.eval('document.querySelector(".more").getBoundingClientRect().top') + 1
        assert tab.problems == []


async def test_every_incident_of_the_board_can_be_reached_a_page_at_a_time() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1440, 900) as tab:
        await drawn(tab)
        words, press = 'document.querySelector(".more").textContent', 'document.querySelector(".more").click()'
        seen = await tab.eval(ROWS)
        while True:
            await tab.eval(press)
            shown = re.match(r"(\d+)-(\d+) of 40", await tab.eval(words))
            if shown is None:
                break
            assert int(shown[1]) == seen + 1
            seen = int(shown[2])
        assert seen == 40
        assert (await tab.eval(words)).startswith("+")
        assert await tab.eval(SCROLL_BARS) == []


async def test_a_frozen_screen_says_so_whether_hub_or_web_is_gone_and_heals() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1280, 720) as tab:
        await drawn(tab)
        assert await tab.eval(BANNER) == ""
        for stop, go in (
            (lambda: setattr(hub, "stalled", True), lambda: setattr(hub, "stalled", False)),
            (site.freeze, site.thaw),
        ):
            stop()
            begun = time.monotonic()
            words = await tab.until(BANNER, 10)
            took = time.monotonic() - begun
            assert re.match(r"DATA FROZEN since \d\d:\d\d:\d\d", words)
            assert took < 5, "3 s on a machine of its own"
            width = await tab.eval('document.querySelector("#frozen").getBoundingClientRect().width')
            assert width == 1280
            go()
            await tab.until(f"{BANNER} === ''", 10)


async def test_a_hub_that_cannot_hear_the_agencies_says_so() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1280, 720) as tab:
        await drawn(tab)
        hub.lose_bus()
        assert "FEEDS NOT HEARD since" in await tab.until(BANNER, 10)
        hub.find_bus()
        await tab.until(f"{BANNER} === ''", 10)


async def test_choosing_an_incident_shows_its_card_and_closing_it_takes_it_away() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1280, 720) as tab:
        await drawn(tab)
        await tab.page.click(".board-row .row-button")
        await tab.until('document.querySelectorAll("#card .card-rows dt").length > 0', 10)
        assert await tab.eval("window.jointops.page.selected.layer") == "incidents"
        await tab.page.click("#card .card-close")
        assert await tab.eval('document.querySelector("#card").hidden')


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
async def test_a_tablet_shows_the_map_and_one_panel_at_a_time_with_targets_for_fingers(width: int, height: int) -> None:
    async with (
        FakeHub() as hub,
        web(hub.port) as site,
        chromium() as browser,
        wall(browser, site, width, height, has_touch=True) as tab,
    ):
        await tab.until(READY, 30)
        visible = (
            '[...document.querySelectorAll(".rooms > .panel")].filter((p) => p.checkVisibility()).map((p) => p.id)'
        )
        for name in ("board", "events", "feeds", "legend"):
            await tab.page.tap(f'[data-tab="{name}"]') if name != "board" else None
            assert await tab.eval(visible) == [name]
            assert await tab.eval(SMALL_TARGETS) == []
            assert await tab.eval('document.querySelector(".map-room").clientHeight') >= height / 2
            # Plotly fits the map to its room in its own time; until then the old size hangs over.
            await tab.until(f"({OVER_THE_MAP})().length === 0", 10)
        await tab.page.tap('[data-tab="legend"]')
        assert await tab.eval(visible) == []
        assert await tab.eval('document.querySelector(".map-room").clientHeight') > height / 2
        assert tab.problems == []


async def test_a_click_on_the_theme_changes_it_and_it_is_remembered() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1280, 720) as tab:
        await tab.until(READY, 30)
        theme = "document.documentElement.dataset.theme"
        assert await tab.eval(theme) == "dark"
        await tab.page.click("#topbar-theme")
        assert await tab.eval(theme) == "light"
        await tab.page.reload()
        await tab.until(READY, 30)
        assert await tab.eval(theme) == "light"


async def test_a_wall_whose_log_in_ended_goes_to_the_log_in_by_itself() -> None:
    async with FakeHub() as hub, web(hub.port) as site, chromium() as browser, wall(browser, site, 1280, 720) as tab:
        await tab.until(READY, 30)
        await tab.context.clear_cookies()
        hub.refusing = True
        hub.drop()
        await tab.page.wait_for_url("**/login?next=%2Fwall", timeout=30_000)


SATURATED = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = canvas.getImageData(0, 0, image.width, image.height).data;
  let n = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const rgb = pixels.slice(i, i + 3), high = Math.max(...rgb), low = Math.min(...rgb);
    if (high > 0.4 * 255 && high - low > 0.5 * high) n++;
  }
  return n / (pixels.length / 4);
}"""


async def test_a_calm_wall_is_grey() -> None:
    hub = FakeHub(events_every_s=0)
    hub.city.flags[:] &= 0b110
    hub.city.priority[:] = 3
    async with hub, web(hub.port) as site, chromium() as browser, wall(browser, site) as tab:
        await drawn(tab)
        await tab.until("[...document.querySelectorAll('.board-row')].every((r) => r.dataset.priority === '3')")
        png = base64.b64encode(await tab.page.screenshot()).decode()
        blank = await browser.new_page()
        assert await blank.evaluate(SATURATED, png) <= 0.03
