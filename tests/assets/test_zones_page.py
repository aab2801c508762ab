"""Zones and notes on the real wall page, in a real browser, fed by the made-up city."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.support.fake_hub import FakeHub
from tests.support.wall_page import Tab, chromium, wall, web

pytestmark = pytest.mark.browser

MAP = "document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map"
PAGE = "window.jointops.page"
SHOWN = f"{MAP}.querySourceFeatures('jointops-zones')"


@contextlib.asynccontextmanager
async def opened(zones: int, notes: int = 3, units: int = 60) -> AsyncIterator[tuple[FakeHub, Tab]]:
    """The wall with its zones drawn and the map at rest."""
    async with (
        FakeHub(units, 4, 4, events_every_s=0, zones=zones, notes=notes) as hub,
        web(hub.port) as site,
        chromium() as browser,
        wall(browser, site, 1280, 800) as tab,
    ):
        drawn = units + 8 + zones + notes
        await tab.until(f"window.jointops?.stats && window.jointops.stats().drawn === {drawn}", 60)
        await tab.until(f"{MAP}.getSource('jointops-zones') && {SHOWN}.length > 0 && {MAP}.loaded()", 30)
        yield hub, tab


async def on_page(tab: Tab, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the page, CSS pixels."""
    x, y = await tab.eval(
        f"(() => {{ const p = {MAP}.project([{lon}, {lat}]), b = {MAP}.getContainer().getBoundingClientRect();"
        " return [p.x + b.x, p.y + b.y] })()"
    )
    return x, y


async def test_a_zone_and_a_note_are_on_the_map_and_a_tap_opens_their_cards() -> None:
    async with opened(zones=9, units=2) as (hub, tab):
        hub.frozen = True
        lon, lat = hub.city.zones.place[0].tolist()
        await tab.eval(f"{PAGE}.flyTo({lon}, {lat}, 15)")
        await tab.until(f"{MAP}.getZoom() > 14.99 && !{MAP}.isMoving() && {MAP}.loaded()")
        x, y = await on_page(tab, lon + 0.004, lat + 0.003)
        await tab.page.mouse.click(x, y)
        await tab.until(f"{PAGE}.selected?.layer === 'zones' && {PAGE}.selected.id === 'Z000'")
        await tab.until("document.querySelector('.card:not([hidden]) .card-title')?.textContent === 'Zone 0'")
        await tab.page.mouse.click(x, y)
        await tab.until(f"{PAGE}.selected === null")
        lon, lat = hub.city.zones.note[0].tolist()
        await tab.eval(f"{PAGE}.flyTo({lon}, {lat}, 16)")
        await tab.until(f"Math.abs({MAP}.getCenter().lng - {lon}) < 1e-4 && !{MAP}.isMoving()")
        x, y = await on_page(tab, lon, lat)
        await tab.page.mouse.click(x + 3, y - 8)
        await tab.until(f"{PAGE}.selected?.layer === 'log' && {PAGE}.selected.id === 'E000'")
        await tab.until("document.querySelector('.card:not([hidden]) .card-title')?.textContent === 'Entry 0'")
        assert [p for p in tab.problems if "off origin" in p or "pageerror" in p or "Content Security" in p] == []


async def test_a_line_of_the_log_stands_among_the_events_and_what_corrects_it_strikes_it_out() -> None:
    async with opened(zones=1) as (hub, tab):
        said = {"at": 1.0, "received_at": 1.0, "agency": "cpd", "kind": "log_entry", "event": "note"}
        hub.announce({**said, "id": "E000", "text": "North gate closed", "author_position": "StagingAreaManager"})
        hub.announce({**said, "id": "E001", "text": "South gate closed", "supersedes": "E000"})
        row = (
            "[...document.querySelectorAll('.event-row:not([hidden])')]"
            ".map(r => [r.querySelector('.row-title').textContent, r.dataset.corrected])"
        )
        await tab.until(f"{row}.length === 2")
        assert await tab.eval(row) == [["South gate closed", "false"], ["North gate closed", "true"]]
        await tab.page.click(".event-row >> nth=1")
        await tab.until(f"{PAGE}.selected?.layer === 'log' && {PAGE}.selected.id === 'E000'")


async def still_for(tab: Tab, hub: FakeHub, ticks: int) -> bool:
    """Say whether the map was not painted while units moved for so many ticks."""
    before = await tab.eval("window.renders")
    revision = hub.rev + ticks
    await tab.until(f"window.jointops.stats().revision > {revision}")
    still: bool = await tab.eval("window.renders") == before
    return still


async def test_two_hundred_zones_do_not_make_a_moving_unit_repaint_the_basemap_and_a_change_of_one_does() -> None:
    async with opened(zones=200) as (hub, tab):
        await tab.eval(f"(() => {{ window.renders = 0; {MAP}.on('render', () => window.renders++) }})()")
        # Its last tiles may still fade in; were units to repaint it, no span would be still.
        spans = [await still_for(tab, hub, 20) for _ in range(4)]
        assert any(spans), "units moved, and the map was painted again"
        before = await tab.eval("window.renders")
        count = await tab.eval(f"{PAGE}.store.zones.count")
        hub.city.zones.lift(3)
        await tab.until(f"{PAGE}.store.zones.count === {count - 1} && window.renders > {before}")


async def test_a_new_theme_repaints_the_zones_in_place() -> None:
    async with opened(zones=9) as (_, tab):
        line = f"JSON.stringify({MAP}.getPaintProperty('zones-long', 'line-color'))"
        dark = await tab.eval(line)
        await tab.eval("document.documentElement.dataset.theme = 'light'")
        await tab.until(f"{line} !== {dark!r}")
        assert await tab.eval(f"{SHOWN}.length > 0")
