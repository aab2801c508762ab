"""A reviewer goes back to a moment of an exercise, in a real browser; the recording is made up."""

import asyncio
import base64
import contextlib
import math
import re
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest

from dashboard.free_ports import free_port
from tests.journeys.test_watch_officer_at_the_wall import SATURATED, SMALL_TARGETS, SMALL_TEXT
from tests.support.fake_hub import FakeHub
from tests.support.fake_recording import LATE_S, Recording
from tests.support.fake_review import FakeReview
from tests.support.live import wait_for
from tests.support.wall_page import Tab, chromium, wall, web

pytestmark = pytest.mark.browser

READY = "window.jointops?.page?.store.rev > 0 && document.querySelectorAll('.board-row:not([hidden])').length > 0"
AT = "window.jointops.page.review.at()"
TRACK = ".timeline-track"
PLAYHEAD = """(() => { const head = document.querySelector(".playhead").getBoundingClientRect();
  const track = document.querySelector(".timeline-track").getBoundingClientRect();
  return head.left + head.width / 2 - track.left; })()"""
OUT_OF_ROOM = """() => [".review-bar", ".transport", ".viewswitch", ".timeline-head", ".track-acts"]
    .map((name) => document.querySelector(name))
    .flatMap((e) => [...e.querySelectorAll("*")])
    .filter((e) => e.checkVisibility() && !e.closest("svg, select, .clock-tenths") && e.clientWidth)
    .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`)"""


def link(recording: Recording, seconds: float, more: str = "") -> str:
    """Return the address of a moment so many seconds after the recording's beginning."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(recording.begin + seconds))
    return f"/review?at={at}{more}"


async def drawn(tab: Tab) -> None:
    await tab.until(READY, 60)
    await tab.until("document.querySelectorAll('#timeline-graph .fills path').length > 3", 20)


async def box(tab: Tab, selector: str) -> dict[str, float]:
    found: Any = await tab.page.locator(selector).bounding_box()
    return dict(found)


async def circle(tab: Tab) -> None:
    """Draw a circle on the map: who was near there?"""
    await tab.page.click(".near-toggle")
    hand = await box(tab, ".map-hand")
    x, y = hand["x"] + hand["width"] * 0.7, hand["y"] + hand["height"] * 0.6
    await tab.page.mouse.move(x, y)
    await tab.page.mouse.down()
    await tab.page.mouse.move(x + 90, y, steps=3)
    await tab.page.mouse.up()


@contextlib.asynccontextmanager
async def reviewing(
    seconds: float = 5400.0,
    more: str = "",
    width: int = 1440,
    height: int = 900,
    *,
    recording: Recording | None = None,
    denied: bool = False,
    path: str = "",
    kind: Literal["wall", "desk"] = "wall",
    **options: Any,
) -> AsyncIterator[tuple[FakeReview, Tab]]:
    """Open the page at a moment, `more` of its address behind it, or at `path`; `options` go to the context."""
    async with (
        FakeReview(recording) as review,
        web(free_port(), review_port=review.port, kind=kind) as site,
        chromium() as browser,
    ):
        review.denying = denied
        there = path or link(review.recording, seconds, more)
        async with wall(browser, site, width, height, there, **options) as tab:
            yield review, tab


async def test_a_link_leads_to_its_moment_and_a_reload_comes_back_to_it() -> None:
    async with reviewing(more="&view=truth&map=41.87,-87.65,12.5") as (review, tab):
        await drawn(tab)
        assert review.said("open")[0] == {
            "type": "open", "at": review.recording.begin + 5400, "view": "truth", "speed": 0,
        }  # fmt: skip
        assert "REPLAY " in await tab.eval('document.querySelector(".watermark").textContent')
        assert "truth as known today" in await tab.eval('document.querySelector(".watermark").textContent')
        await tab.page.click(".board-row .row-button")
        await tab.until('document.querySelectorAll("#card .card-rows dt").length > 0')
        chosen = await tab.eval("window.jointops.page.selected.id")
        await tab.page.keyboard.press("Shift+ArrowRight")
        await tab.page.keyboard.press("ArrowLeft")
        await tab.until(f"Math.abs({AT} - {review.recording.begin + 5459}) < 0.2")
        await tab.until("location.search.includes('chosen=') && location.search.includes(':59Z')")
        await tab.until("window.jointops.page.camera().zoom > 13.9")
        await tab.page.reload()
        await drawn(tab)
        assert abs(await tab.eval(AT) - (review.recording.begin + 5459)) < 0.2
        assert await tab.eval("window.jointops.page.selected.id") == chosen
        assert await tab.eval("window.jointops.page.review.view") == "truth"
        # A press on the board flew there.
        assert abs(await tab.eval("window.jointops.page.camera().zoom") - 14) < 1.6
        assert tab.problems == []


async def test_the_playhead_goes_with_the_finger_and_few_seeks_go_out() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        track = await box(tab, TRACK)
        await tab.page.mouse.move(track["x"] + 100, track["y"] + 30)
        await tab.page.mouse.down()
        begun = time.monotonic()
        for i in range(60):
            x = 100 + i * 10
            await tab.page.mouse.move(track["x"] + x, track["y"] + 30)
            if i % 20 == 10:
                shown = await tab.eval(f"new Promise((y) => requestAnimationFrame(() => y({PLAYHEAD})))")
                assert abs(shown - x) <= 2
        dragged = time.monotonic() - begun
        assert len(review.said("seek")) <= dragged * 10 + 2
        await tab.page.mouse.up()
        wanted = review.recording.begin + 690 / track["width"] * 3 * 3600
        await tab.until(f"Math.abs({AT} - {wanted}) < 20")
        await tab.until(f"Math.abs(jointops.page.store.units.at[0] - {AT}) < 1")
        assert abs(review.said("seek")[-1]["at"] - wanted) < 20
        # A wheel zooms about the pointer; the playhead stays at its moment.
        await tab.page.mouse.move(track["x"] + 690, track["y"] + 30)
        await tab.page.mouse.wheel(0, -800)
        await tab.until("jointops.page.review.range.to - jointops.page.review.range.from < 5400")
        shown = await tab.eval(f"new Promise((y) => requestAnimationFrame(() => y({PLAYHEAD})))")
        assert abs(shown - 690) < 3
        assert tab.problems == []


async def test_a_drag_that_the_browser_takes_away_ends_where_it_was() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        track = await box(tab, TRACK)
        await tab.page.mouse.move(track["x"] + 100, track["y"] + 30)
        await tab.page.mouse.down()
        await tab.page.mouse.move(track["x"] + 690, track["y"] + 30, steps=3)
        # Browsers need not say where; what they leave out is 0.
        cancel = 'new PointerEvent("pointercancel", { pointerId: 1, bubbles: true })'
        await tab.eval(f'document.querySelector("{TRACK}").dispatchEvent({cancel})')
        await tab.page.mouse.up()
        wanted = review.recording.begin + 690 / track["width"] * 3 * 3600
        await tab.until(f"Math.abs({AT} - {wanted}) < 20")
        await wait_for(lambda: abs(review.said("seek")[-1]["at"] - wanted) < 20)
        await asyncio.sleep(0.5)
        assert abs(await tab.eval(AT) - wanted) < 20
        assert tab.problems == []


async def test_it_plays_at_the_speed_asked_for_and_says_the_speed_it_reaches() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        for _ in range(4):
            await tab.page.click('[data-act="faster"]')
        await tab.page.keyboard.press("Space")
        await tab.until(f"{AT} > {review.recording.begin + 5400 + 20}")
        assert review.said("play")[-1]["speed"] == 16
        moved = await tab.eval("jointops.page.store.rev")
        assert moved > 3
        review.pace = 4.0
        await tab.until("document.querySelector('.transport-pace').textContent === '4× reached'")
        await tab.page.keyboard.press("Space")
        await tab.until("document.querySelector('.transport-pace').textContent === 'paused'")
        await tab.until(f"jointops.page.review.reached === 0 && {AT} < {review.recording.end}")
        await asyncio.sleep(1.1)  # the server says each second where it stands
        stood = await tab.eval(AT)
        await asyncio.sleep(0.5)
        assert await tab.eval(AT) == stood
        # Paused is not frozen.
        assert await tab.eval('document.querySelector("#frozen").hidden')


async def test_steps_lead_from_event_to_event_and_say_where_there_is_none() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        await tab.page.click('[data-step="alarm"]')
        await tab.page.keyboard.press(",")
        await tab.until("document.querySelector('.notices').textContent.includes('no earlier emergency')")
        await tab.page.click('[data-step="camera"]')
        await tab.page.keyboard.press(".")
        await tab.until("jointops.page.selected?.layer === 'cameras'")
        following = min(e["at"] for _, e in review.recording.events
                        if e["kind"] == "camera_event" and e["at"] > review.recording.begin + 5400)  # fmt: skip
        await tab.until(f"Math.abs({AT} - {following}) < 0.1")
        await tab.until("document.querySelector('.events-rows .event-time').textContent !== ''")
        # A press on an event of the list goes to its moment.
        await tab.page.click(".event-row:nth-child(3) .row-button")
        third = sorted(
            e["received_at"] for _, e in review.recording.events if e["kind"] != "incident" and e["at"] <= following
        )[-3]
        await tab.until(f"{AT} >= {third} && {AT} < {third + 1}")
        await tab.until(f"jointops.page.store.events.every((e) => e.at <= {AT})")


async def test_views_switch_at_the_same_moment_and_who_differs_is_marked() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        units = await tab.eval("jointops.page.store.units.count")
        await tab.page.click(".compare-toggle")
        await tab.until("document.querySelectorAll('.compare-row:not([hidden])').length > 2")
        far = await tab.eval("document.querySelector('.compare-row .row-age').textContent")
        assert 50 < float(re.sub(r"\D", "", far)) < 20 * LATE_S
        assert [m["view"] for m in review.said("open")] == ["known", "truth"]
        await tab.page.click(".compare-toggle")
        await tab.page.select_option(".viewswitch-choice select", "agency:cfd")
        await tab.until(f"jointops.page.store.units.count < {units}")
        assert abs(await tab.eval(AT) - (review.recording.begin + 5400)) < 0.1
        await tab.until('document.querySelector(".watermark").textContent.includes("as available to CFD")')


async def test_a_unit_is_followed_its_way_shown_and_who_was_near_listed() -> None:
    async with reviewing(more="&chosen=units~cpd~U0010&map=41.87,-87.7,12") as (review, tab):
        await drawn(tab)
        assert review.recording.unit(10)["agency"] == "cpd"
        await tab.until("document.querySelectorAll('#track .scatterlayer path').length > 0")
        await circle(tab)
        await tab.until("document.querySelectorAll('.near-row:not([hidden])').length > 0")
        asked = review.said("near")[-1]
        assert 200 < asked["metres"] < 5000
        assert asked["to"] - asked["from"] == 600
        await tab.page.click(".near-row .row-button")
        nearest = review.recording.near(*(asked[k] for k in ("lon", "lat", "metres", "from", "to")))[0]
        await tab.until(f"Math.abs({AT} - {nearest['nearest_at']}) < 0.1")
        assert await tab.eval("jointops.page.selected.id") == nearest["id"]
        await tab.page.click('[data-act="follow"]')
        await tab.page.keyboard.press("ArrowUp")
        off = """(() => { const { store: { units }, selected } = jointops.page;
          const row = units.rows.get(`${selected.agency}/${selected.id}`);
          const c = jointops.page.camera(); // as far beside the middle as the card covers
          const [lon, lat] = [units.columns.lon[row] / 1e7, units.columns.lat[row] / 1e7];
          return Math.abs(lat - c.lat) + Number(lon < c.lon - 1e-9); })()"""
        await tab.until(f"{off} < 1e-5")


CURVE = "((graph) => graph.checkVisibility() && graph.data?.[0].x)(document.querySelector('#track-graph'))"


async def test_the_way_of_a_unit_is_what_was_known_of_it_at_the_moment_that_is_shown() -> None:
    async with reviewing(more="&chosen=units~cpd~U0010&speed=16") as (review, tab):
        await drawn(tab)
        newest = f"({CURVE} || [0]).at(-1)"
        begun = review.recording.begin + 5400
        await tab.until(f"Math.abs({newest} - {begun}) <= 11")
        before = len(review.said("track"))
        # While it plays the way goes on, and is asked for now and then.
        started = time.monotonic()
        await tab.page.keyboard.press("Space")
        await tab.until(f"{newest} > {begun + 60}", 30)
        await tab.until(f"{AT} > {begun + 120}", 30)
        await tab.page.keyboard.press("Space")
        played = time.monotonic() - started
        assert 1 <= len(review.said("track")) - before <= played / 3 + 2
        await tab.until(f"{AT} - {newest} <= 11")
        # Going back takes away what was not known yet.
        await tab.page.evaluate("""() => { window.ahead = [];
          const look = () => { const { review } = jointops.page;
            const graph = document.querySelector("#track-graph");
            if (graph.checkVisibility() && graph.data?.[0].x.at(-1) > review.at() + 0.3) window.ahead.push(review.at());
            requestAnimationFrame(look); }; look(); }""")
        await tab.page.keyboard.press("Shift+ArrowLeft")
        await tab.until(f"{AT} < {begun + 120} && {CURVE} && {AT} - {newest} <= 11")
        assert await tab.eval("window.ahead") == []
        # In truth it goes on beyond the moment.
        await tab.page.click('[data-view="truth"]')
        await tab.until(f"{newest} > {AT} + 1000")
        assert tab.problems == []


async def test_a_way_that_cannot_be_had_is_asked_for_again_after_a_while() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        review.failing = True
        began = time.monotonic()
        await tab.eval("jointops.page.select('units', 'cpd', 'U0010')")
        await tab.until("document.querySelector('.track-note').textContent === 'No answer just now'")
        await tab.page.keyboard.press("Space")
        await tab.until(f"{AT} > {review.recording.begin + 5400 + 4}")
        assert len(review.said("track")) <= 1 + (time.monotonic() - began) / 10, "not with each word of the clock"
        review.failing = False
        await tab.until(f"{CURVE} && document.querySelector('.track-note').textContent.includes('mph')", 15)
        assert tab.problems == []


async def test_who_was_near_is_told_of_the_view_and_moment_that_are_shown() -> None:
    async with reviewing(more="&map=41.87,-87.7,12&view=truth") as (review, tab):
        await drawn(tab)
        await circle(tab)
        rows = "[...document.querySelectorAll('.near-row:not([hidden])')].map((row) => row.textContent).join()"
        note = "document.querySelector('.near .panel-note').textContent"
        asked = lambda: tuple(review.said("near")[-1][k] for k in ("lon", "lat", "metres", "from", "to"))  # noqa: E731
        begun = review.recording.begin + 5400

        async def lists(known_by: float) -> None:
            """Wait until the list is what was known by then."""
            found = review.recording.near(*asked(), known_by)
            last = max(unit["last"] for unit in found)
            clock = time.strftime("%M:%S", time.gmtime(last))
            await tab.until(f"parseInt({note}) === {len(found)} && ({rows}).includes('{clock}')")

        await lists(math.inf)
        # The truth is the same at every moment.
        await tab.page.keyboard.press("Shift+ArrowLeft")
        await tab.until(f"Math.abs({AT} - {begun - 60}) < 0.2")
        await asyncio.sleep(1)
        assert len(review.said("near")) == 1
        # What was known then is less, and more a minute later.
        await tab.page.click('[data-view="known"]')
        await tab.until(f"{rows} === ''")
        await lists(begun - 60)
        await tab.page.keyboard.press("Shift+ArrowRight")
        await tab.until(f"Math.abs({AT} - {begun}) < 0.2")
        await lists(begun)
        # Its rows lead to their moments; it stays meanwhile and says of which moment it is.
        count, stood = len(review.said("near")), await tab.eval(rows)
        await tab.page.click(".near-row .row-button")
        await tab.until(f"{AT} < {begun} - 1 && {note}.includes('as of')")
        await asyncio.sleep(2.5)
        assert (len(review.said("near")), await tab.eval(rows)) == (count, stood)
        # While it plays on nothing is asked; where it stands, it is.
        await tab.page.keyboard.press("Shift+ArrowLeft")
        await wait_for(lambda: len(review.said("near")) > count)
        await tab.page.keyboard.press("Space")
        await asyncio.sleep(2.5)
        count = len(review.said("near"))
        await asyncio.sleep(2.5)
        assert len(review.said("near")) == count
        await tab.page.keyboard.press("Space")
        await wait_for(lambda: len(review.said("near")) > count)
        assert tab.problems == []


async def test_two_moments_stand_side_by_side_and_look_at_the_same_place() -> None:
    async with reviewing(width=1920, height=1080) as (review, tab):
        await drawn(tab)
        await tab.page.click("#second button")
        await tab.until("document.querySelectorAll('.second-bar button').length === 6")
        await tab.until("document.querySelector('.second-room .watermark-time').textContent !== ''", 60)
        for _ in range(60):
            if len(review.said("open")) == 2:
                break
            await asyncio.sleep(0.5)
        await tab.page.click(".second-bar button:nth-child(2)")
        first, second = "#watermark .watermark-time", ".second-room .watermark-time"
        shown = (
            f"(document.querySelector({first!r}).textContent + ' ' + document.querySelector({second!r}).textContent)"
        )
        local = [time.strftime("%M:%S", time.gmtime(review.recording.begin + s)) for s in (5400, 5340)]
        await tab.until(f"/{local[0]} .*{local[1]}$/.test({shown})")
        await tab.eval("jointops.page.flyTo(-87.7, 41.9, 13)")
        zoom = "document.querySelector('#second-graph')._fullLayout.map._subplot.map.getZoom()"
        await tab.until(f"Math.abs({zoom} - 13) < 0.01")
        await tab.page.click("#second button")
        assert await tab.eval("document.querySelector('.second-room')") is None
        await tab.page.keyboard.press("ArrowRight")
        await tab.until(f"Math.abs({AT} - {review.recording.begin + 5401}) < 0.1")
        assert tab.problems == []


async def test_a_lost_line_is_told_and_comes_back_at_the_same_moment() -> None:
    async with reviewing() as (review, tab):
        await drawn(tab)
        await tab.page.keyboard.press("Shift+ArrowLeft")
        review.refusing = True
        review.drop()
        banner = 'document.querySelector("#frozen:not([hidden])")?.textContent ?? ""'
        assert "REPLAY STOPPED since" in await tab.until(banner, 15)
        review.refusing = False
        await tab.until(f"({banner}) === ''", 15)
        assert abs(review.said("open")[-1]["at"] - (review.recording.begin + 5340)) < 0.1


async def test_who_may_not_review_is_told_so() -> None:
    async with reviewing(denied=True) as (_, tab):
        await tab.until('document.querySelector(".notices")?.textContent.includes("role reviewer")', 60)


async def test_the_wall_leads_back_in_time_and_the_recording_back_to_the_wall_at_the_same_place() -> None:
    async with (
        FakeHub(roles=("wall", "reviewer")) as hub,
        FakeReview(Recording(time.time() // 60 * 60 - 7200, hours=2)) as review,
        web(hub.port, review_port=review.port) as site,
        chromium() as browser,
        wall(browser, site, 1440, 900) as tab,
    ):
        await tab.until(READY, 60)
        await tab.page.click("#topbar-back summary")
        await tab.page.click('#topbar-back [data-back="300"]')
        await drawn(tab)
        assert abs(review.said("open")[0]["at"] - (time.time() - 300)) < 90
        zoom = await tab.eval("jointops.page.camera().zoom")
        assert abs(zoom - float(re.search(r"map=[\d.]+,-[\d.]+,([\d.]+)", tab.page.url)[1])) < 0.02  # type: ignore[index]
        await tab.page.click(".back-to-live")
        await tab.page.wait_for_url("**/wall?*")
        await tab.until(READY, 60)
        assert abs(await tab.eval("jointops.page.camera().zoom") - zoom) < 0.02


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
async def test_a_tablet_has_targets_for_fingers_and_a_finger_scrubs(width: int, height: int) -> None:
    async with reviewing(width=width, height=height, has_touch=True) as (review, tab):
        await drawn(tab)
        assert await tab.eval(SMALL_TARGETS) == []
        assert await tab.eval(SMALL_TEXT) == []
        assert await tab.eval(OUT_OF_ROOM) == []
        track = await box(tab, TRACK)
        await tab.page.touchscreen.tap(track["x"] + track["width"] / 4, track["y"] + 40)
        await tab.until(f"Math.abs({AT} - {review.recording.begin + 2700}) < 60")
        fingers = await tab.context.new_cdp_session(tab.page)

        async def touch(kind: str, *places: float) -> None:
            points = [{"x": track["x"] + x * track["width"], "y": track["y"] + 40} for x in places]
            await fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

        # One finger drags the playhead, two widen the range under them.
        await touch("Start", 0.3)
        for i in range(1, 9):
            await touch("Move", 0.3 + i * 0.05)
        await touch("End")
        await tab.until(f"Math.abs({AT} - {review.recording.begin + 0.7 * 10800}) < 60")
        await touch("Start", 0.4, 0.6)
        await touch("Move", 0.3, 0.7)
        await touch("Move", 0.2, 0.8)
        await touch("End")
        await tab.until("jointops.page.review.range.to - jointops.page.review.range.from < 4000")
        middle = "(jointops.page.review.range.from + jointops.page.review.range.to) / 2"
        assert abs(await tab.eval(middle) - (review.recording.begin + 5400)) < 120
        for name in ("events", "compare", "near"):
            await tab.page.tap(f'[data-tab="{name}"]')
            assert await tab.eval(f'document.querySelector("#{name}").checkVisibility()')
            assert await tab.eval(SMALL_TARGETS) == []
        assert tab.problems == []


async def test_what_an_address_chose_comes_out_from_under_its_own_card() -> None:
    recording = Recording(1_790_000_000 // 3600 * 3600)
    incident = next(i for i, opened in enumerate(recording.opened) if opened > recording.begin + 3600)
    opened = float(recording.opened[incident])
    lon, lat = recording.place[incident]
    agency = recording.incident(incident, opened)["agency"]
    more = f"&chosen=incidents~{agency}~I{incident:03d}&map={lat:.5f},{lon:.5f},14"
    async with reviewing(round(opened - recording.begin) + 900, more, recording=recording) as (_, tab):
        await drawn(tab)
        await tab.until("document.querySelectorAll('#card .card-rows dt').length > 0")
        await tab.until(f"Math.abs(jointops.page.camera().lon - ({lon:.5f})) > 1e-3")
        card, room = await box(tab, ".card"), await box(tab, ".map-room")
        moved = await tab.eval("jointops.page.camera()")
        assert moved["lon"] < lon and abs(moved["lat"] - lat) < 1e-3 and moved["zoom"] == 14
        # 512 pixels are the world at zoom 0.
        x = room["x"] + room["width"] / 2 + (lon - moved["lon"]) / 360 * 512 * 2**14
        assert card["x"] + card["width"] + 48 < x < room["x"] + room["width"] - 48


@pytest.mark.parametrize(
    ("width", "height", "theme"), [(1920, 1080, "dark"), (1440, 900, "light"), (1180, 820, "dark")]
)
async def test_it_is_grey_where_nothing_is_urgent_and_all_words_are_readable(
    width: int, height: int, theme: str
) -> None:
    calm = Recording(time.time() // 3600 * 3600 - 4 * 3600)
    calm.priority[:] = 3
    async with reviewing(3000, more=f"&theme={theme}", width=width, height=height, recording=calm) as (_, tab):
        await drawn(tab)
        await asyncio.sleep(1)
        assert await tab.eval(SMALL_TEXT) == []
        assert await tab.eval(OUT_OF_ROOM) == []
        png = base64.b64encode(await tab.page.screenshot()).decode()
        assert tab.context.browser
        blank = await tab.context.browser.new_page()
        assert await blank.evaluate(SATURATED, png) <= 0.03


async def test_the_page_shows_only_what_was_in_a_box_and_everything_again() -> None:
    async with reviewing(more="&map=41.87,-87.7,12") as (review, tab):
        await drawn(tab)
        all_units = await tab.eval("jointops.page.store.units.count")
        counted = "document.querySelector('.count-units .count-n').textContent"
        await tab.until(f"{counted} === '{all_units}'")
        await tab.page.click(".near-box")
        hand = await box(tab, ".map-hand")
        x, y = hand["x"] + hand["width"] * 0.4, hand["y"] + hand["height"] * 0.3
        await tab.page.mouse.move(x, y)
        await tab.page.mouse.down()
        await tab.page.mouse.move(x + 160, y + 120, steps=3)
        await tab.page.mouse.up()
        await tab.until("document.querySelectorAll('.near-row:not([hidden])').length > 0")
        asked = review.said("within")[-1]
        west, south, east, north = asked["box"]
        assert west < east and south < north and asked["to"] - asked["from"] == 600
        await tab.page.click(".near-only")
        await tab.until("jointops.page.only !== null")
        found = review.recording.within(None, asked["box"], asked["from"], asked["to"])
        assert 0 < len(found["units"]) < all_units
        await tab.until(f"{counted} === '{len(found['units'])}'")
        shown = "[...document.querySelectorAll('.board-row:not([hidden])')].length"
        assert await tab.eval(shown) <= len(found["incidents"])
        assert await tab.eval("document.querySelector('.only-sign').checkVisibility()")
        await tab.until("document.querySelectorAll('.timeline-lane').length < 5")
        assert await tab.eval(OUT_OF_ROOM) == []
        # It stays so while time goes on, and is asked anew when the view is another.
        await tab.page.keyboard.press("ArrowRight")
        await tab.until(f"Math.abs({AT} - {review.recording.begin + 5401}) < 0.2")
        assert await tab.eval(counted) == str(len(found["units"]))
        before = len(review.said("within"))
        await tab.page.click('[data-view="truth"]')
        await tab.until("jointops.page.review.view === 'truth'")
        await wait_for(lambda: len(review.said("within")) > before)
        # And so it does in the address: whoever opens it sees the same.
        await tab.until("location.search.includes('only=')")
        await tab.page.reload()
        await tab.until("Boolean(window.jointops?.page?.only)", 60)
        await tab.until(f"{counted} === '{len(found['units'])}' && location.search.includes('only=')")
        assert review.said("within")[-1]["to"] - review.said("within")[-1]["from"] == 600
        await tab.page.click(".only-sign .button")
        await tab.until(f"{counted} === '{all_units}' && document.querySelector('.only-sign').hidden")
        await tab.until("!location.search.includes('only=')")
        assert tab.problems == []
