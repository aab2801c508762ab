"""A reviewer writes down what should go otherwise, and reads an incident's timeline, in a real browser."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route

from tests.journeys.test_reviewer_goes_back import AT, box, drawn, reviewing
from tests.journeys.test_watch_officer_at_the_wall import SMALL_TARGETS, SMALL_TEXT
from tests.support.fake_recording import Recording
from tests.support.fake_review import FakeReview
from tests.support.wall_page import Tab

pytestmark = pytest.mark.browser

FORM, READ = (
    f"document.querySelector('{name}')?.checkVisibility() === true" for name in (".finding-form", ".finding-read")
)
ROWS = "[...document.querySelectorAll('.chronology-row:not([hidden])')].map((row) => row.textContent)"
FINDINGS = "fetch('/api/findings').then((answer) => answer.json()).then(({ findings }) => findings)"
SIDEWAYS = """() => [...document.querySelectorAll(".findings, .findings *, .chronology, .chronology *, .card-acts")]
    .filter((e) => e.checkVisibility() && !e.closest("svg, select, input") && e.clientWidth)
    .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`)"""
LONG = "The nearest car stood four streets away and was not asked: its last report was seven minutes old. " * 8


class Case:
    """An incident of the made-up recording, and the page at a moment a quarter of an hour into it."""

    def __init__(self, review: FakeReview, tab: Tab, incident: int) -> None:
        self.review, self.tab, self.page = review, tab, tab.page
        self.opened = float(review.recording.opened[incident])
        self.at = self.opened + 900

    async def typed(self, **words: str) -> None:
        for name, text in words.items():
            await self.page.fill(f"[name={name}]", text)

    async def saved(self) -> dict[str, Any]:
        await self.page.click(".finding-form .button-main")
        await self.tab.until(READ)
        return (await self.findings())[-1]

    async def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.tab.eval(FINDINGS)
        return found

    async def change(self, finding: dict[str, Any], **more: Any) -> None:
        """Somebody else writes the next version."""
        path = f"/api/findings/{finding['id']}?version={finding['version']}"
        site = await self.tab.eval("location.origin")
        answer = await self.page.request.post(site + path, data=finding["said"] | more)
        assert answer.status == 200


@contextlib.asynccontextmanager
async def case(width: int = 1440, height: int = 900, kind: Any = "desk", **options: Any) -> AsyncIterator[Case]:
    recording = Recording(1_790_000_000 // 3600 * 3600)
    incident = next(i for i, opened in enumerate(recording.opened) if opened > recording.begin + 3600)
    seconds = round(float(recording.opened[incident]) - recording.begin) + 900
    lon, lat = recording.place[incident]
    agency = recording.incident(incident, float(recording.opened[incident]))["agency"]
    more = f"&chosen=incidents~{agency}~I{incident:03d}&map={lat:.5f},{lon:.5f},14"
    async with reviewing(seconds, more, width, height, recording=recording, kind=kind, **options) as (review, tab):
        await drawn(tab)
        await tab.until("document.querySelectorAll('#card .card-rows dt').length > 0")
        yield Case(review, tab, incident)
        assert tab.problems == []


async def test_a_finding_is_pinned_written_found_again_and_changed() -> None:
    async with case() as c:
        await c.page.click(".card-acts .button:nth-child(2)")
        await c.tab.until(FORM)
        await c.page.click('.finding-pins .button:has-text("Mark it")')
        room = await box(c.tab, ".map-hand")
        await c.page.mouse.click(room["x"] + room["width"] * 0.75, room["y"] + room["height"] * 0.7)
        await c.typed(title="Nearest car was not asked", happened=LONG, owner="Watch commander", due="2026-12-24")
        written = await c.saved()
        said = written["said"]
        assert (written["version"], said["owner"], said["due"], said["state"]) == (
            1,
            "Watch commander",
            "2026-12-24",
            "open",
        )
        assert abs(said["at"] - c.at) < 1 and said["view"] == "known"
        assert [ref["id"] for ref in said["refs"]] == [await c.tab.eval("jointops.page.selected.id")]
        placed = await c.tab.eval("jointops.page.review.placeAt(0, 0)")
        assert said["lon"] > placed[0] and said["lat"] < placed[1]

        # From another moment and view the list leads back to it; it has a tick on the timeline there.
        await c.page.click(".finding-back")
        await c.page.click('.viewswitch .segment:has-text("Truth")')
        for _ in range(3):
            await c.page.keyboard.press("Shift+ArrowRight")
        await c.tab.until(f"{AT} > {c.at + 150}")
        ticks = "[...document.querySelectorAll('.timeline-finding')].map((tick) => tick.dataset.words)"
        assert await c.tab.eval(ticks) == ["Nearest car was not asked"]
        await c.page.click(".findings-row .row-button")
        await c.tab.until(f"Math.abs({AT} - {said['at']}) < 0.2 && jointops.page.review.view === 'known'")

        # Its pin on the map opens it too.
        await c.page.click(".finding-back")
        await c.tab.until(f"!({READ})")
        await c.page.click(".findings-toggle")
        live = 'document.querySelector("#map-graph .js-plotly-plot")._fullLayout.map._subplot.map'
        await c.tab.until(f"!({live}).isMoving()")
        pinned = f"""(() => {{ const map = {live};
          const at = map.project([{said["lon"]}, {said["lat"]}]);
          const room = map.getContainer().getBoundingClientRect();
          return [room.left + at.x - 26, room.top + at.y - 44]; }})()"""
        await c.page.mouse.click(*await c.tab.eval(pinned))
        await c.tab.until(READ)

        await c.page.click(".finding-edit")
        await c.tab.until(FORM)
        await c.page.select_option("[name=state]", "done")
        await c.page.check("[name=shared]")
        changed = await c.saved()
        assert (changed["version"], changed["said"]["state"], changed["said"]["shared"]) == (2, "done", True)
        assert changed["said"]["happened"] == LONG
        await c.page.click(".finding-versions summary")
        history = await c.tab.until("document.querySelectorAll('.finding-history li').length === 2 && "
                                    "document.querySelector('.finding-history').textContent")  # fmt: skip
        assert "Changed: state, who may read it" in history and history.endswith("Written")
        await c.page.click(".finding-back")
        options = "[...document.querySelector('.findings-acts select').options].map((o) => o.textContent)"
        assert (await c.tab.eval(options))[:2] == ["Not closed (0)", "All (1)"]
        assert "None in this state." in await c.tab.eval("document.querySelector('.findings-list').textContent")
        async with c.page.expect_download() as download:
            await c.page.select_option(".findings-acts select", "done")
            await c.page.click('.findings-acts a:has-text("HTML")')
        assert (await download.value).suggested_filename.endswith(".html")
        assert await c.tab.eval(SIDEWAYS) == []


async def test_who_was_slower_is_told_so_and_loses_nothing() -> None:
    async with case() as c:
        await c.page.click(".findings-write")
        await c.typed(title="Nearest car", response="The desk asked by radio.")
        first = await c.saved()
        await c.page.click(".finding-edit")
        await c.typed(response="The desk asked twice.")
        await c.change(first, owner="Fire captain", response="Nobody asked.")
        await c.page.click(".finding-form .button-main")
        words = await c.tab.until("document.querySelector('.finding-problem').textContent")
        assert "version 2 was written" in words and "Nobody asked." in words and "Fire captain" in words
        assert await c.page.input_value("[name=response]") == "The desk asked twice."
        # A reload loses nothing either.
        await c.page.reload()
        await c.tab.until(FORM, 60)
        assert await c.page.input_value("[name=response]") == "The desk asked twice."
        await c.change(first | {"version": 2}, owner="Battalion chief", response="Nobody asked.")
        await c.page.click(".finding-form .button-main")
        await c.tab.until("document.querySelector('.finding-problem').textContent.includes('version 3')")
        await c.page.click('.finding-theirs:has-text("Owner") .button')
        assert await c.page.input_value("[name=owner]") == "Battalion chief"
        last = await c.saved()
        assert (last["version"], last["said"]["owner"], last["said"]["response"]) == (
            4, "Battalion chief", "The desk asked twice.",
        )  # fmt: skip
        c.tab.problems[:] = [p for p in c.tab.problems if "409" not in p]  # the browser's own words on the refusal


async def test_what_is_typed_stays_when_it_cannot_be_saved_and_is_thrown_away_only_twice_asked() -> None:
    async with case() as c:
        await c.page.click(".findings-write")
        await c.page.click(".finding-form .button-main")
        assert "needs a title" in await c.tab.eval("document.querySelector('.finding-problem').textContent")
        await c.typed(title="Nearest car", differently=LONG)
        await c.page.context.clear_cookies()
        await c.page.click(".finding-form .button-main")
        words = await c.tab.until("document.querySelector('.finding-problem').textContent.includes('logged out') && "
                                  "document.querySelector('.finding-problem').textContent")  # fmt: skip
        assert "what you typed is still here" in words
        assert await c.page.input_value("[name=differently]") == LONG
        await c.page.click('.finding-form .button:has-text("Cancel")')
        assert await c.tab.eval(FORM)
        await c.page.click('.finding-form .button:has-text("Throw away")')
        await c.tab.until(f"!({FORM})")
        c.tab.problems[:] = [p for p in c.tab.problems if "401" not in p]


async def test_a_finding_whose_answer_was_lost_is_saved_again_and_is_there_once() -> None:
    async with case() as c:
        await c.page.click(".findings-write")
        await c.typed(title="Nearest car was not asked")

        async def lost(route: Route) -> None:
            if route.request.method != "POST":
                return await route.fallback()
            await route.fetch()  # the site writes it
            await route.abort()

        await c.page.route("**/api/findings/**", lost)
        await c.page.click(".finding-form .button-main")
        problem = "document.querySelector('.finding-problem').textContent"
        await c.tab.until(f"{problem}.includes('Whether it is saved is not known')")
        assert len(await c.findings()) == 1
        await c.page.unroute("**/api/findings/**")
        await c.page.reload()
        await c.tab.until(FORM, 60)
        assert (await c.saved())["version"] == 1
        assert len(await c.findings()) == 1
        c.tab.problems[:] = [p for p in c.tab.problems if "ERR_FAILED" not in p]


async def test_keys_alone_write_and_read_a_finding() -> None:
    async with case() as c:
        await c.page.focus(".findings-write")
        await c.page.keyboard.press("Enter")
        await c.tab.until("document.activeElement.name === 'title'")
        await c.page.keyboard.type("Two cars, one call , and a space")
        assert await c.tab.eval("jointops.page.review.playing") is False
        await c.page.keyboard.press("Enter")
        await c.tab.until(READ)
        assert "space" in (await c.findings())[0]["said"]["title"]
        await c.tab.until("document.activeElement.className.includes('finding-back')")
        await c.page.keyboard.press("Enter")
        await c.page.focus(".findings-row .row-button")
        await c.page.keyboard.press("Enter")
        await c.tab.until(READ)


async def test_the_timeline_of_an_incident_tells_what_was_known_then_with_both_times(tmp_path: Path) -> None:
    async with case(1920, 1080) as c:
        await c.page.click(".card-acts .button:nth-child(1)")
        rows = await c.tab.until(f"({ROWS}).length > 6 && {ROWS}")
        assert "Gunshot detected" in rows[0] and "140 m away" in rows[0]
        late = next(row for row in rows if "A witness says" in row)
        assert "came 7 min later" in late and "Incident commander" in late
        assert not any("available" in row for row in rows), "what comes later is not known yet"
        assert c.review.said("chronology")[-1]["metres"] == 300

        # A press on a line goes to its moment, when it was known; what was not known then goes from the list.
        await c.page.click('.chronology-row:has-text("Units en route") .row-button')
        await c.tab.until(f"Math.abs({AT} - {c.opened + 120.8}) < 0.2")
        await c.tab.until(f"!({ROWS}).some((row) => row.includes('on scene') || row.includes('A witness'))")
        here = "document.querySelector('.chronology-row[data-here=\"true\"]').textContent"
        assert "Units en route" in await c.tab.until(here)

        # A finding about it is one of its lines.
        await c.page.click(".card-acts .button:nth-child(2)")
        await c.typed(title="Sent too late")
        await c.saved()
        await c.tab.until(f"({ROWS}).some((row) => row.includes('Finding: Sent too late'))")
        await c.page.click('.viewswitch .segment:has-text("Truth")')
        await c.tab.until(f"({ROWS}).some((row) => row.includes('available'))")
        await c.page.select_option(".chronology-acts select", "1000")
        await c.tab.until(f"({ROWS}).length > 9")
        assert c.review.said("chronology")[-1]["metres"] == 1000
        kept = {}
        for kind in ("HTML", "JSON"):
            async with c.page.expect_download() as download:
                await c.page.click(f'.chronology-acts .button:has-text("{kind}")')
            await (await download.value).save_as(tmp_path / kind)
            kept[kind] = (tmp_path / kind).read_text()
        assert (
            "Sent too late" in kept["HTML"]
            and "A witness says" in kept["HTML"]
            and "truth as known today" in kept["HTML"]
        )
        assert [f["said"]["title"] for f in json.loads(kept["JSON"])["findings"]] == ["Sent too late"]
        assert await c.tab.eval(SIDEWAYS) == [] and await c.tab.eval(SMALL_TEXT) == []
        await c.page.click(".chronology-close")
        assert await c.tab.eval("document.querySelector('.board').checkVisibility()")


async def test_a_wall_reads_findings_and_writes_none() -> None:
    async with case(1920, 1080, kind="wall") as c:
        assert not await c.tab.eval("document.querySelector('.findings-write').checkVisibility()")
        assert (
            await c.tab.eval(
                "[...document.querySelectorAll('.card-acts .button')].filter((b) => b.checkVisibility()).length"
            )
            == 1
        )
        await c.page.click(".findings-toggle")
        assert "written at a desk" in await c.tab.eval("document.querySelector('.findings-list').textContent")


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
async def test_fingers_write_a_finding_and_read_a_timeline_on_a_tablet(width: int, height: int) -> None:
    async with case(width, height, has_touch=True) as c:
        await c.page.tap(".card-acts .button:nth-child(2)")
        await c.tab.until(FORM)
        await c.page.tap('.finding-pins .button:has-text("Mark it")')
        await c.page.touchscreen.tap(width * 0.6, 240)
        await c.typed(title="Nearest car was not asked", happened=LONG)
        assert await c.tab.eval(SMALL_TARGETS) == []
        assert await c.tab.eval(SIDEWAYS) == []
        await c.page.tap(".finding-form .button-main")
        await c.tab.until(READ)
        for open_ in (".card-acts .button:nth-child(1)", '[data-tab="findings"]', '[data-tab="chronology"]'):
            await c.page.tap(open_)
            await c.tab.until("document.querySelectorAll('.chronology-row:not([hidden])').length > 6")
            assert await c.tab.eval(SMALL_TARGETS) == []
            assert await c.tab.eval(SIDEWAYS) == [] and await c.tab.eval(SMALL_TEXT) == []
        deck = (await box(c.tab, ".transport"))["y"]
        sheet = await box(c.tab, ".chronology")
        assert sheet["y"] + sheet["height"] <= deck + 1
        await c.page.tap('.chronology-row:has-text("Units assigned") .row-button')
        await c.tab.until(f"Math.abs({AT} - {c.opened + 60.8}) < 0.2")
