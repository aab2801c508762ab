"""The live map in the real wall page, in a real browser, fed by the made-up city (`tests.support.fake_hub`)."""

import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from dashboard import map as map_view
from tests.support.fake_hub import FakeHub
from tests.support.redis import until
from tests.support.wall_page import Tab, Web, chromium, stats, wall, web

pytestmark = pytest.mark.browser

UNITS, INCIDENTS, CAMERAS = 60, 8, 6
MAP = "document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map"
CAMERA = f"[{MAP}.getCenter().lng, {MAP}.getCenter().lat, {MAP}.getZoom()]"
LINE = "window.jointops.page.line"


@contextlib.asynccontextmanager
async def opened(width: int = 1280, height: int = 800, **options: bool) -> AsyncIterator[tuple[FakeHub, Web, Tab]]:
    """The wall, live, with the whole picture drawn."""
    async with (
        FakeHub(UNITS, INCIDENTS, CAMERAS, events_every_s=0) as hub,
        web(hub.port) as site,
        chromium() as browser,
        wall(browser, site, width, height, **options) as tab,
    ):
        drawn = UNITS + INCIDENTS + CAMERAS
        await tab.until(f"window.jointops?.stats && window.jointops.stats().drawn === {drawn}", 60)
        await tab.until(f"{LINE}.state === 'live'")
        yield hub, site, tab


async def place_of(tab: Tab, layer: str, row: int) -> tuple[float, float]:
    """Where the mark is on the page, CSS pixels."""
    x, y = await tab.eval(
        f"(() => {{ const t = window.jointops.page.store.{layer}; const m = {MAP};"
        f" const p = m.project([t.columns.lon[{row}] / 1e7, t.columns.lat[{row}] / 1e7]);"
        " const b = m.getContainer().getBoundingClientRect(); return [p.x + b.x, p.y + b.y] })()"
    )
    return x, y


def test_the_figure_is_bare_and_keeps_one_empty_trace() -> None:
    figure = map_view.figure((-87.66, 41.868, 11.6))
    assert [t["type"] for t in figure["data"]] == ["scattermap"]
    style = figure["layout"]["map"]["style"]
    assert "glyphs" not in style and "sprite" not in style
    assert len(style["sources"]) == 1, "an empty sources object makes Plotly's next update fail"
    assert "http" not in str(figure)


async def test_the_map_is_found_where_plotly_keeps_it_and_has_all_that_we_call() -> None:
    async with opened() as (hub, _, tab):
        methods = await tab.eval(
            f"['on', 'off', 'getCenter', 'getZoom', 'getBearing', 'getContainer', 'getCanvas', 'isMoving', 'jumpTo',"
            f" 'isStyleLoaded', 'flyTo', 'fitBounds', 'setMaxPitch'].filter(m => typeof {MAP}[m] !== 'function')"
        )
        assert methods == []
        assert await tab.eval(f"!!{MAP}.getContainer().querySelector('canvas.map-overlay')")
        assert await tab.eval(f"{MAP}.getMaxPitch()") == 0
        revision = hub.rev
        await tab.until(f"window.jointops.stats().revision > {revision}")
        found = await stats(tab)
        assert found["drawn"] == UNITS + INCIDENTS + CAMERAS
        assert found["frame_ms_p95"] > 0
        assert set(found) >= {"drawn", "fps", "frame_ms_p95", "latency_ms_p95", "revision"}
        assert [p for p in tab.problems if "off origin" in p or "pageerror" in p or "Content Security" in p] == []


async def test_live_updates_never_move_the_view_and_a_person_does() -> None:
    async with opened() as (hub, _, tab):
        box = await tab.eval("(() => { const b = document.querySelector('#map-graph').getBoundingClientRect();"
                             " return [b.x + b.width / 2, b.y + b.height / 2] })()")  # fmt: skip
        before = await tab.eval(CAMERA)
        await tab.page.mouse.move(*box)
        await tab.page.mouse.down()
        await tab.page.mouse.move(box[0] + 80, box[1] + 40, steps=4)
        await tab.page.mouse.up()
        await tab.until(f"!{MAP}.isMoving()")
        dragged = await tab.eval(CAMERA)
        assert dragged[:2] != before[:2] and dragged[2] == before[2]
        revision = hub.rev
        await tab.until(f"window.jointops.stats().revision > {revision + 10}")
        assert await tab.eval(CAMERA) == dragged
        await tab.eval("window.jointops.page.flyTo(-87.63, 41.88, 13)")
        await tab.until(f"{MAP}.getZoom() > 12.99 && !{MAP}.isMoving()")
        flown = await tab.eval(CAMERA)
        width = await tab.eval(f"{MAP}.getContainer().clientWidth")
        await tab.page.set_viewport_size({"width": 1360, "height": 860})
        await tab.until(f"{MAP}.getContainer().clientWidth > {width}")
        revision = hub.rev
        await tab.until(f"window.jointops.stats().revision > {revision + 5}")
        assert await tab.eval(CAMERA) == pytest.approx(flown, abs=1e-6), "a new window size moved the view"
        await tab.eval("window.jointops.page.fitAll()")
        await tab.until("window.jointops.page.outside() === 0")


async def test_a_click_chooses_the_nearest_thing_and_escape_lets_it_go() -> None:
    async with opened() as (hub, _, tab):
        hub.frozen = True
        x, y = await place_of(tab, "cameras", 2)
        await tab.page.mouse.click(x + 2, y + 2)
        chosen = await tab.until("window.jointops.page.selected")
        card = await tab.eval(f"window.jointops.page.card(...{list(chosen.values())})")
        assert card["found"] and card["id"] == chosen["id"]
        await tab.page.keyboard.press("Escape")
        await tab.until("window.jointops.page.selected === null")


async def test_a_tap_chooses_on_a_tablet() -> None:
    async with opened(1024, 768, has_touch=True) as (hub, _, tab):
        hub.frozen = True
        await tab.eval("window.jointops.page.flyTo(window.jointops.page.store.units.columns.lon[5] / 1e7,"
                       " window.jointops.page.store.units.columns.lat[5] / 1e7, 16)")  # fmt: skip
        await tab.until(f"{MAP}.getZoom() > 15.99 && !{MAP}.isMoving()")
        x, y = await place_of(tab, "units", 5)
        await tab.page.touchscreen.tap(x + 14, y)
        assert await tab.until("window.jointops.page.selected") == await tab.eval(
            "({ layer: 'units', agency: window.jointops.page.store.units.records[5].agency, id: 'U00005' })"
        )


async def test_a_silent_hub_freezes_the_screen_within_three_seconds_and_its_return_frees_it() -> None:
    async with opened() as (hub, _, tab):
        hub.stalled = True
        began = time.monotonic()
        await tab.until(f"{LINE}.state === 'frozen'", 8)
        assert time.monotonic() - began < 4  # three, and the time to ask
        assert await tab.eval(f"{LINE}.what") == "live stream"
        hub.stalled = False
        await tab.until(f"{LINE}.state === 'live'", 8)


async def test_a_journal_that_takes_nothing_is_said_on_the_screen_and_why() -> None:
    async with opened() as (hub, _, tab):
        hub.journal = "disk full"
        await tab.until("document.querySelector('.frozen-head')?.textContent === 'REPORTS NOT TAKEN'", 8)
        assert "disk full" in await tab.eval("document.querySelector('.frozen-what').textContent")
        hub.journal = ""
        await tab.until("document.querySelector('.frozen-head').closest('[hidden]') !== null", 8)


async def test_a_record_that_is_not_kept_is_said_on_the_strip_where_it_fits() -> None:
    async with opened() as (hub, _, tab):
        hub.recorder = "disk full"
        record = "document.querySelector('.feeds-record')"
        await tab.until(f"{record}?.textContent.startsWith('not recorded: disk full since ')", 8)
        inside = "a.height > 0 && a.bottom <= b.bottom && a.right <= b.right"
        boxes = f"{record}, {record}.closest('.feeds')"
        assert await tab.eval(f"(([a, b]) => {inside})([{boxes}].map((node) => node.getBoundingClientRect()))")
        hub.recorder = "recording"
        await tab.until(f"{record}.textContent === ''", 8)


async def test_a_stopped_web_server_freezes_the_screen_too() -> None:
    async with opened() as (_, site, tab):
        site.freeze()
        await tab.until(f"{LINE}.state === 'frozen' && {LINE}.what === 'web server'", 8)
        site.thaw()
        await tab.until(f"{LINE}.state === 'live'", 8)


async def test_a_cut_line_is_resumed_where_it_was_and_a_new_hub_gives_a_new_picture() -> None:
    async with opened() as (hub, _, tab):
        hub.drop()
        revision = hub.rev
        await tab.until(f"window.jointops.stats().revision > {revision + 2}")
        assert hub.resumed >= 1
        resume = [said for said in hub.heard if said["type"] == "resume"][-1]
        assert resume["epoch"] == "epoch-1" and resume["rev"] > 1
        hub.restart()
        await tab.until("window.jointops.page.hello.epoch === 'epoch-2' && window.jointops.page.store.rev > 1")
        assert await tab.eval("window.jointops.page.store.units.count") == UNITS


async def test_a_lost_graphics_context_is_said_and_everything_comes_back() -> None:
    async with opened() as (_, _, tab):
        await tab.eval(
            "(() => { window.cut = document.querySelector('canvas.map-overlay').getContext('webgl2')"
            ".getExtension('WEBGL_lose_context'); window.cut.loseContext() })()"
        )
        await tab.until(f"{LINE}.state === 'frozen' && {LINE}.what.includes('map graphics')", 5)
        await tab.eval("window.cut.restoreContext()")
        await tab.until(f"{LINE}.state === 'live'", 8)
        seen = "document.querySelector('canvas.map-overlay').getContext('webgl2').isContextLost() === false"
        await tab.until(seen)
        assert await marks(tab) > 20


async def test_a_tab_that_slept_is_right_again_when_it_is_looked_at() -> None:
    async with opened() as (hub, _, tab):
        session = await tab.context.new_cdp_session(tab.page)
        await session.send("Page.setWebLifecycleState", {"state": "frozen"})
        revision = hub.rev
        await until(lambda: hub.rev >= revision + 15)
        await session.send("Page.setWebLifecycleState", {"state": "active"})
        await tab.until(f"window.jointops.stats().revision >= {revision + 15}")
        await tab.until(f"{LINE}.state === 'live'")
        assert await tab.eval("window.jointops.page.store.units.count") == UNITS


async def marks(tab: Tab) -> int:
    """How many pixels of an even sample of the overlay are painted, read in a frame that it draws."""
    count: int = await tab.eval(
        "new Promise(done => { const c = document.querySelector('canvas.map-overlay');"
        f" const gl = c.getContext('webgl2'); {MAP}.once('render', () => {{"
        " const a = new Uint8Array(c.width * c.height * 4);"
        " gl.readPixels(0, 0, c.width, c.height, gl.RGBA, gl.UNSIGNED_BYTE, a);"
        " let n = 0; for (let i = 3; i < a.length; i += 64) n += a[i] > 0 ? 1 : 0; done(n) }); "
        f"{MAP}.triggerRepaint() }})"
    )
    return count
