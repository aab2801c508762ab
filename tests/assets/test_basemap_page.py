"""The street map on a Plotly map in a real browser: it comes, it repaints, and its failures cost nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import plotly
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright
from starlette.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from dashboard.basemap_routes import router
from layers.basemap_source import open_source
from layers.basemap_style import themes
from tests.support.tiles import helsinki
from tests.support.wall_page import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PAGE = """<!doctype html><link rel="icon" href="data:,"><body style="margin:0"><div id="g" style="height:100vh"></div>
<script src="/plotly.js"></script><script type="module">
const bare = { version: 8, sources: { none: { type: "geojson", data: { type: "FeatureCollection", features: [] } } },
               layers: [{ id: "ground", type: "background", paint: { "background-color": "#000" } }] };
await Plotly.newPlot("g", [{ type: "scattermap", lon: [24.945], lat: [60.17], mode: "markers" }],
  { map: { style: bare, center: { lon: 24.945, lat: 60.17 }, zoom: 14 }, margin: { l: 0, r: 0, t: 0, b: 0 } });
globalThis.map = document.getElementById("g")._fullLayout.map._subplot.map;
globalThis.errors = [];
map.on("error", (e) => errors.push(String(e.error?.message)));
const streets = await import("/assets/map/basemap.mjs");
globalThis.repaint = streets.repaint;
globalThis.outcome = await streets.addBasemap(map, "/basemap/style.json", "dark").then(() => "added", (e) => String(e));
</script>"""
TRACES = "() => map.getStyle().layers.filter((l) => l.id.startsWith('plotly-trace')).length"


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(router(open_source("", helsinki().archive.parent)))
    app.mount("/assets", StaticFiles(directory=ROOT / "assets"))
    app.add_api_route("/plotly.js", lambda: FileResponse(PLOTLY))
    app.add_api_route("/", lambda: HTMLResponse(PAGE))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await asyncio.wait_for(serving, 10)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield await browser.new_page(viewport={"width": 640, "height": 400})
        await browser.close()


async def _outcome(page: Page, origin: str) -> str:
    """Open the page and return how adding the streets ended."""
    await page.goto(origin)
    return await _eventually(page, "() => globalThis.outcome ?? ''")


async def _eventually(page: Page, question: str) -> str:
    """Return the first answer that is not empty."""
    async with asyncio.timeout(60):
        while True:
            answer = await page.evaluate(question)
            if answer:
                return str(answer)
            await asyncio.sleep(0.05)


async def test_the_streets_come_under_the_traces_and_nothing_is_asked_off_origin(page: Page, origin: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert await _outcome(page, origin) == "added"
    await _eventually(page, "() => map.queryRenderedFeatures({ layers: ['basemap-minor'] }).length")
    assert [url for url in asked if not url.startswith((origin, "blob:", "data:"))] == []
    assert any("/basemap/14/" in url for url in asked)
    order = await page.evaluate("() => map.getStyle().layers.map((l) => l.id)")
    first_trace = next(i for i, name in enumerate(order) if name.startswith("plotly-trace"))
    last_street = max(i for i, name in enumerate(order) if name.startswith("basemap-"))
    assert last_street < first_trace
    assert await page.evaluate("() => errors") == []


async def test_a_theme_repaints_streets_and_ground_in_place(page: Page, origin: str) -> None:
    assert await _outcome(page, origin) == "added"
    before = await page.evaluate("() => map.getStyle().layers.length")
    await page.evaluate("() => repaint(map, 'night')")
    ground = await page.evaluate("() => map.getPaintProperty('ground', 'background-color')")
    earth = await page.evaluate("() => map.getPaintProperty('basemap-earth', 'fill-color')")
    assert (ground, earth) == (themes()["night"]["void"], themes()["night"]["earth"])
    assert await page.evaluate("() => map.getStyle().layers.length") == before
    await page.evaluate("() => document.documentElement.style.setProperty('--map-earth', 'rgb(1, 2, 3)')")
    await page.evaluate("() => repaint(map, 'dark')")
    assert await page.evaluate("() => map.getPaintProperty('basemap-earth', 'fill-color')") == "rgb(1, 2, 3)"


async def test_a_theme_chosen_while_the_style_is_on_its_way_is_the_one_that_is_painted(page: Page, origin: str) -> None:
    assert await _outcome(page, origin) == "added"
    await page.evaluate(
        "async () => { const { addBasemap } = await import('/assets/map/basemap.mjs');"
        " const adding = addBasemap(map, '/basemap/style.json', 'dark'); repaint(map, 'light'); await adding; }"
    )
    earth = await page.evaluate("() => map.getPaintProperty('basemap-earth', 'fill-color')")
    assert earth == themes()["light"]["earth"]


async def test_adding_the_streets_twice_changes_nothing(page: Page, origin: str) -> None:
    assert await _outcome(page, origin) == "added"
    before = await page.evaluate("() => map.getStyle().layers.map((l) => l.id)")
    await page.evaluate(
        "async () => (await import('/assets/map/basemap.mjs')).addBasemap(map, '/basemap/style.json', 'dark')"
    )
    assert await page.evaluate("() => map.getStyle().layers.map((l) => l.id)") == before


@pytest.mark.parametrize("how", ["500", "404", "abort"])
async def test_tiles_that_fail_cost_no_trace(page: Page, origin: str, how: str) -> None:
    asked = asyncio.Event()

    async def fail(route) -> None:  # type: ignore[no-untyped-def]
        asked.set()
        await (route.abort() if how == "abort" else route.fulfill(status=int(how)))

    await page.route("**/basemap/*/*/*.mvt*", fail)
    assert await _outcome(page, origin) == "added"
    await asyncio.wait_for(asked.wait(), 30)
    assert await page.evaluate(TRACES) > 0
    moved = "() => Plotly.restyle('g', { lon: [[24.95]] }).then(() => 'moved', () => 'moved')"
    assert await page.evaluate(moved) == "moved"
    assert await page.evaluate("() => document.getElementById('g').data[0].lon[0]") == 24.95
    assert await page.evaluate(TRACES) > 0


async def test_without_a_style_the_map_stays_as_it_was(page: Page, origin: str) -> None:
    await page.route("**/basemap/style.json", lambda route: route.fulfill(status=503))
    outcome = await _outcome(page, origin)
    assert "expected 200, got 503" in outcome
    assert await page.evaluate(TRACES) > 0
    assert await page.evaluate("() => map.getStyle().layers.some((l) => l.id.startsWith('basemap-'))") is False


async def test_a_style_that_cannot_be_had_at_first_is_tried_again_until_it_is_there(page: Page, origin: str) -> None:
    answers = iter(["503", "abort"])

    async def restarting(route) -> None:  # type: ignore[no-untyped-def]
        how = next(answers, "")
        await (route.abort() if how == "abort" else route.fulfill(status=503) if how else route.continue_())

    await page.route("**/basemap/style.json", restarting)
    assert "503" in await _outcome(page, origin)
    await page.evaluate(
        "async () => { const { awaitBasemap } = await import('/assets/map/basemap.mjs');"
        " globalThis.told = await awaitBasemap(map, '/basemap/style.json', () => 'light', () => true); }"
    )
    earth = await page.evaluate("() => map.getPaintProperty('basemap-earth', 'fill-color')")
    assert earth == themes()["light"]["earth"]
    assert "Helsinki" in await page.evaluate("() => told")
    gone = "async () => (await import('/assets/map/basemap.mjs')).awaitBasemap(map, '/none', () => 'dark', () => false)"
    assert await page.evaluate(gone) == ""  # another map has taken its place: no try at all
