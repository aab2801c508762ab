"""A wall pans and turns layers off; a reviewer sees later what was on it: real pages, hub, review and journal."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from playwright.async_api import Browser

from dashboard.config import Settings
from dashboard.config_file import parse
from dashboard.viewer import Viewer
from feeds.bus import BEGINNING
from feeds.clock import SystemClock
from feeds.embedded_redis import EmbeddedRedis
from feeds.names import SCREENS, AgencyId
from feeds.redis_bus import RedisBus
from feeds.replay.journal import JournalRecording
from feeds.replay.screens import Look, ScreensEntry, Told, decode_screens
from tests.support.heard import camera, delivery, incident, unit
from tests.support.live import SITE, LogIns, hub_on
from tests.support.reviewing import review_on
from tests.support.wall_page import Tab, Web, chromium, wall, web

pytestmark = pytest.mark.browser

UNITS, EVERY_S = 12, 0.4
READY = "window.jointops?.page?.store.units.count > 0 && window.jointops.stats().drawn > 0"
WORDS = "(document.querySelector('#watermark')?.innerText ?? '').replaceAll('\\n', ' · ')"
FRAME = """(() => { const f = document.querySelector(".screen-frame"); if (!f || f.hidden) return null;
  const [a, b] = [f.getBoundingClientRect(), f.parentElement.getBoundingClientRect()];
  return { left: a.left - b.left, right: b.right - a.right, top: a.top - b.top, bottom: b.bottom - a.bottom,
           ratio: a.width / a.height }; })()"""
SHOWN = "document.querySelector('.viewswitch-choice option[value^=\"screen:\"]')?.value"


def settings() -> Settings:
    """The test site, whose wall may look back."""
    return parse(SITE.replace('name = "wall"\n', 'name = "wall"\nroles = ["wall", "reviewer"]\n'))


class Scene(NamedTuple):
    site: Web
    bus: RedisBus
    browser: Browser

    async def entries(self) -> list[ScreensEntry]:
        return [decode_screens(data) for _, data in await self.bus.read_log(SCREENS, BEGINNING, 10_000)]

    async def looks(self) -> list[Told]:
        return [told for entry in await self.entries() for told in entry.told]

    async def drew_at(self, look: Told) -> float:
        """Wait until the screen has drawn something while it looked so; return when that was."""
        async with asyncio.timeout(60):
            while True:
                for drawn in [drawn for entry in await self.entries() for drawn in entry.drawn]:
                    if drawn.rev and drawn.at >= look.at:
                        return drawn.at
                await asyncio.sleep(0.1)

    async def look(self, shows: str) -> Told:
        """Wait for a look on record that `shows`; return the first."""
        async with asyncio.timeout(60):
            while True:
                for told in await self.looks():
                    if eval(shows, {"look": told.look}):
                        return told
                await asyncio.sleep(0.1)


async def drive(bus: RedisBus) -> None:
    """Let units go round, for ever."""
    cpd, began = AgencyId("cpd"), time.time()
    await bus.append(
        delivery(
            1, incident(at=began, type_common="FIRE", priority_common=1), camera(at=began), received_at=began
        ).batch
    )
    while True:
        now = time.time()
        places = [(now / 8 + n / 2, 0.01 + n / 400) for n in range(UNITS)]
        reports = [
            unit(f"u{n}", at=now, lon=-87.65 + r * math.cos(a), lat=41.88 + r * math.sin(a), call_sign=f"B{n}")
            for n, (a, r) in enumerate(places)
        ]
        await bus.append(delivery(1, *reports, agency=cpd, received_at=now).batch)
        await asyncio.sleep(EVERY_S)


@contextlib.asynccontextmanager
async def scene(redis: EmbeddedRedis) -> AsyncIterator[Scene]:
    bus, log_ins, of = RedisBus(redis.url), LogIns(), settings()
    recording = JournalRecording(bus, of.agency_ids(), SystemClock())
    driving = asyncio.create_task(drive(bus))
    try:
        async with (
            hub_on(bus, log_ins, of) as hub,
            review_on(recording, of, log_ins=log_ins) as review,
            web(hub.port, review_port=review.port) as site,
            chromium() as browser,
        ):
            roles = ("wall", "reviewer")
            log_ins.people[site.cookie] = Viewer(name="wall", agency=AgencyId("jcc"), roles=roles, kind="wall")
            yield Scene(site, bus, browser)
    finally:
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
        await bus.close()


def address(view: str, at: float) -> str:
    return f"/review?at={time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at % 1 * 1000):03}Z&view={view}"


@pytest.mark.timeout(300)  # two pages, one after the other, and seconds of a record
async def test_what_the_wall_showed_is_shown_with_its_frame_layers_and_words(fresh_redis: EmbeddedRedis) -> None:
    async with scene(fresh_redis) as on:
        async with wall(on.browser, on.site, 1600, 1000) as tab:
            await tab.until(READY, 60)
            first = await on.look("len(look.layers) == 5")
            drawn = await on.drew_at(first)
            first = (await on.looks())[-1]  # the page may have found its size meanwhile
            await tab.page.click("#layerswitch summary")
            await tab.page.click('[data-name="cameras"]')
            await tab.page.click('[data-name="fire"]')
            assert await tab.eval("document.querySelector('.layerswitch-off').innerText") == "off: cameras, FD"
            off = await on.look("'cameras' not in look.layers and look.without == ('fire',)")
            await tab.eval("jointops.page.flyTo(-87.62, 41.9, 14)")
            moved = await on.look("abs(look.zoom - 14) < 0.01")
            assert tab.problems == []
        looks = await on.looks()
        assert moved.look.zoom > first.look.zoom + 1
        await until_recorded(looks[-1].at)
        await see(on, first, drawn, off, moved)


async def until_recorded(at: float) -> None:
    """Wait until a review may look there: the newest seconds are not read."""
    await asyncio.sleep(max(0.0, at + 5 - time.time()))


async def see(on: Scene, first: Told, drawn: float, off: Told, moved: Told) -> None:
    at = moved.at + 0.005  # soon after that the wall was closed
    async with wall(on.browser, on.site, 1440, 900, address("known", at)) as tab:
        await tab.until(READY, 60)
        view = await tab.until(SHOWN, 60)
        await tab.page.select_option(".viewswitch-choice select", view)
        said = await tab.until("jointops.page.review.screen", 30)
        assert said["look"] is not None, said["text"]
        assert said["look"]["box"] == list(moved.look.box)
        assert said["is_tick"] is True
        words = await tab.until(f"{WORDS}.includes('off: cameras, FD') && {WORDS}")
        assert "screen of JCC wall" in words
        assert f"revision {said['rev']}, drawn " in words
        await framed(tab, moved.look)
        assert await tab.eval("jointops.page.hides('cameras', { agency: 'cpd' })")
        assert await tab.eval("jointops.page.hides('units', { agency: 'fire' })")
        assert not await tab.eval("jointops.page.hides('units', { agency: 'cpd' })")
        # It comes back after a reload, and follows the screen when it goes on.
        await tab.until("location.search.includes('view=screen:')")
        await tab.page.reload()
        await tab.until(f"{WORDS}.includes('off: cameras, FD')", 60)
        await framed(tab, moved.look)
        await tab.eval(f"jointops.page.review.seek({max(drawn, first.at) + 0.05})")
        await tab.until(f"!{WORDS}.includes('off:') && jointops.page.off.layers.size === 0")
        await framed(tab, first.look)
        await tab.eval(f"jointops.page.review.seek({off.at - 2})")
        await tab.until(f"Math.abs(jointops.page.review.screen.at - {off.at - 2}) < 0.01")
        await tab.eval("jointops.page.review.play()")
        await tab.until(f"{WORDS}.includes('off: cameras, FD')", 60)
        await tab.eval("jointops.page.review.setView('known')")
        await tab.until("document.querySelector('.screen-frame').hidden && jointops.page.off.layers.size === 0")
        await tab.until(f"{WORDS}.includes('as known then')")
        # Before the wall was there nothing is on record of it.
        before = (await on.looks())[0].at - 5
        await tab.eval(f"jointops.page.review.seek({before}), jointops.page.review.setView({view!r})")
        await tab.until(f"{WORDS}.includes('Nothing is on record of this screen')")
        assert await tab.eval("jointops.page.store.units.count") == 0
        assert tab.problems == []


async def framed(tab: Tab, look: Look) -> None:
    """Wait until the frame of the screen lies within the map as large as can be."""
    within = "Math.min(f.left, f.right, f.top, f.bottom) > 5 && Math.min(f.left, f.top) < 120"
    fits = f"(() => {{ const f = {FRAME}; return f && {within} && f; }})()"
    frame = await tab.until(fits, 60)
    assert abs(frame["ratio"] / (look.width / look.height) - 1) < 0.02
