"""A reviewer drags over an hour of the record, in a real browser: a real archive, the real review, the real pages."""

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.free_ports import free_port
from dashboard.viewer import Viewer
from feeds.names import AgencyId
from tests.support.archived import M0, archived, at
from tests.support.heard import incident
from tests.support.live import LogIns
from tests.support.patrol import driven
from tests.support.wall_page import Tab, chromium, wall, web

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

UNITS = 8
EACH = 4
"""Of what they say each so many is recorded."""
TRACK = ".timeline-track"
SEEKS = "window.said.filter((text) => text.includes('\"seek\"')).length"
READY = f"window.jointops?.page?.store.units.count === {UNITS} && jointops.page.review.coarse === null"
MARK = 'document.querySelector(".watermark").textContent'
NOTE_WHAT_IS_SAID = """window.said = []; const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) { window.said.push(String(text)); return send.call(this, text); };"""
NOTE_INSTANTS = """window.instants = new Set(); window.places = new Set();
  jointops.page.on("frame", () => { if (!jointops.page.review.coarse) return;
    window.instants.add(jointops.page.store.units.at[[...jointops.page.store.units.rows.values()][0]]);
    window.places.add([...jointops.page.store.units.columns.lon].join()); });"""


@contextlib.asynccontextmanager
async def reviewing(
    folder: Path, width: int = 1440, height: int = 900, view: str = "known", **options: Any
) -> AsyncIterator[Tab]:
    log_ins = LogIns()
    said = driven(UNITS, 3600, M0, seed=6, before=0)[::EACH]
    said = sorted([*said, at(1000, incident("i1", at=M0 + 1000, lat=41.9, lon=-87.65))], key=lambda d: d.id)
    async with (
        archived(folder, said, minutes=60, sealed_to=M0 + 3600, log_ins=log_ins) as made,
        web(free_port(), review_port=made.review.port) as site,
        chromium() as browser,
    ):
        log_ins.people[site.cookie] = Viewer(name="reviewer", agency=AgencyId("jcc"), roles=("reviewer",), kind="desk")
        path = f"/review?at={stamp(1800)}&range={stamp(0)}~{stamp(4500)}&view={view}"
        async with wall(browser, site, width, height, path, **options) as tab:
            await tab.until(READY, 60)
            await tab.eval(f"(() => {{ {NOTE_WHAT_IS_SAID} }})()")
            yield tab


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(M0 + seconds))


async def loaded(tab: Tab) -> None:
    """Wait until the overview is there: the hour, and each ten minutes of it."""
    await tab.until("(({ loaded, coming }) => loaded >= 7 && !coming)(jointops.overview())", 100)


async def x_of(tab: Tab, seconds: float) -> tuple[float, float]:
    box: Any = await tab.page.locator(TRACK).bounding_box()
    range_ = await tab.eval("jointops.page.review.range")
    return box["x"] + (M0 + seconds - range_["from"]) / (range_["to"] - range_["from"]) * box["width"], box["y"] + 40


async def test_a_mouse_drags_over_an_hour_and_every_ten_seconds_are_drawn_without_a_seek(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as tab:
        await loaded(tab)
        assert await tab.eval("jointops.page.store.incidents.count") == 1
        await tab.eval(f"(() => {{ {NOTE_INSTANTS} }})()")
        before = await tab.eval(SEEKS)
        await tab.page.mouse.move(*await x_of(tab, 1800))
        await tab.page.mouse.down()
        await tab.until("jointops.page.review.coarse !== null")
        for s in range(1800, 600, -15):
            await tab.page.mouse.move(*await x_of(tab, s))
        await tab.until(f"jointops.page.review.coarse.at === {M0 + 610}")
        assert await tab.eval(SEEKS) == before, "no seek while dragging"
        instants, places = await tab.eval("[window.instants.size, window.places.size]")
        assert instants >= 25 and places >= 25, "the seeks of a second would have shown ten"
        await tab.until(f"/units each 10 s.*all else as at/.test({MARK})")
        assert await tab.eval("jointops.page.store.units.count") == UNITS
        # An incident of a later moment is faint, and not taken away from under the eyes.
        assert await tab.eval("document.documentElement.hasAttribute('data-coarse')")
        assert await tab.eval("jointops.page.store.incidents.count") == 1
        coarse = await tab.eval("[...jointops.page.store.units.columns.lon.slice(0, 8)].sort()")
        await tab.page.mouse.up()
        await tab.until("jointops.page.review.coarse === null", 30)
        await tab.until(READY)
        assert await tab.eval(SEEKS) == before + 1
        await tab.until(f"!{MARK}.includes('each')")
        assert await tab.eval("jointops.page.store.incidents.count") == 0
        assert not await tab.eval("document.documentElement.hasAttribute('data-coarse')")
        exact = await tab.eval("[...jointops.page.store.units.columns.lon.slice(0, 8)].sort()")
        assert all(abs(a - b) < 25_000 for a, b in zip(coarse, exact, strict=True)), "within ten seconds' way"
        assert abs(await tab.eval("jointops.page.review.at()") - (M0 + 615)) < 15
        assert tab.problems == []


async def test_a_finger_on_a_tablet_drags_and_eight_blocks_are_kept(tmp_path: Path) -> None:
    async with reviewing(tmp_path, 1024, 768, has_touch=True, is_mobile=True) as tab:
        await loaded(tab)
        await tab.eval(f"(() => {{ {NOTE_INSTANTS} }})()")
        before = await tab.eval(SEEKS)
        fingers = await tab.context.new_cdp_session(tab.page)

        async def touch(kind: str, *seconds: float) -> None:
            points = [dict(zip("xy", await x_of(tab, s), strict=True)) for s in seconds]
            await fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

        await touch("Start", 300)
        for s in range(300, 3500, 40):
            await touch("Move", s)
        await tab.until(f"jointops.page.review.coarse?.at >= {M0 + 3400}")
        assert await tab.eval(SEEKS) == before
        assert await tab.eval("window.instants.size") >= 25
        kept = await tab.eval("jointops.overview()")
        assert 2 <= kept["blocks"] <= 8
        assert kept["bytes"] <= 48 * 2**20
        await touch("End")
        await tab.until("jointops.page.review.coarse === null", 30)
        assert tab.problems == []


async def test_where_nothing_is_sealed_yet_and_in_truth_a_drag_is_seeks_as_before(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as tab:
        await loaded(tab)
        before = await tab.eval(SEEKS)
        await tab.page.mouse.move(*await x_of(tab, 3000))
        await tab.page.mouse.down()
        await tab.until("jointops.page.review.coarse !== null")
        await tab.page.mouse.move(*await x_of(tab, 4200))
        await tab.until(f"{SEEKS} > {before}")
        await tab.until("jointops.page.review.coarse === null", 30)
        await tab.page.mouse.move(*await x_of(tab, 3100))
        await tab.until("jointops.page.review.coarse !== null")
        await tab.page.mouse.up()
        await tab.until("jointops.page.review.coarse === null", 30)
        await tab.eval("jointops.page.review.setView('truth')")
        await tab.until(f"{MARK}.includes('truth as known today')")
        seeks = await tab.eval(SEEKS)
        await tab.page.mouse.move(*await x_of(tab, 1000))
        await tab.page.mouse.down()
        await tab.page.mouse.move(*await x_of(tab, 1200))
        await tab.until(f"{SEEKS} > {seeks}")
        assert await tab.eval("jointops.page.review.coarse") is None
        await tab.page.mouse.up()
        assert tab.problems == []
