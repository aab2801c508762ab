"""A screen is recorded live and shown again: what it drew, where it looked, what was on; to whom that may be shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from dashboard.hub import roster_of, rules_of
from dashboard.review_screens import OnScreen, ScreenReader
from dashboard.review_views import Views, screen_of
from feeds.bus import BEGINNING, Bus
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.replay.cuts import decode_cuts
from feeds.replay.journal import EDGE_S, JournalRecording
from feeds.replay.screens import Look, ScreenLog, decode_screens, encode_screens
from layers.frame import decode
from tests.dashboard.test_hub import now, say, units
from tests.dashboard.test_hub_screens import SCREEN, tell
from tests.dashboard.test_review_parts import viewer
from tests.support.heard import T0, unit
from tests.support.live import Watcher, hub_on, wait_for, watching
from tests.support.recorded import HandClock, Record
from tests.support.reviewing import Reviewer, review_on, review_site, reviewing

CITY, CLOSER = [-87.8, 41.8, -87.6, 42.0], [-87.7, 41.85, -87.65, 41.9]


class Live(NamedTuple):
    """What was live on one screen of the command centre, and the record of it."""

    bus: Bus
    id: str
    lats: dict[int, int]
    """revision -> where unit u1 stood in it."""
    first: tuple[int, float]
    """A revision that the screen drew, and when it said so; then it lost sight of what came."""
    second: tuple[int, float]
    closed: float

    @property
    def recording(self) -> JournalRecording:
        return JournalRecording(self.bus, review_site().agency_ids(), HandClock(now() + EDGE_S))


async def drew(watcher: Watcher) -> int:
    await watcher.socket.send(json.dumps({"type": "drawn", "rev": watcher.client.rev, "ago_ms": 0}))
    return watcher.client.rev


async def move(bus: Bus, watcher: Watcher, lats: dict[int, int], lat: float) -> None:
    """Move the unit and wait until the screen got it."""
    await say(bus, unit(at=now(), lat=lat, call_sign="3A12"))
    await wait_for(lambda: units(watcher) and watcher.client.by_id("units")["cpd", "u1"]["lat"] == round(lat * 1e7))
    lats[watcher.client.rev] = round(lat * 1e7)


async def live(bus: Bus) -> Live:
    lats: dict[int, int] = {}
    async with hub_on(bus) as hub:
        async with watching(hub) as screen:
            await move(bus, screen, lats, 41.81)
            await tell(screen, box=CITY, rev=screen.client.rev)
            await move(bus, screen, lats, 41.82)
            first = (await drew(screen), now())
            # It draws no more, as a tab in the background does, while its hub and its link go on.
            for n in range(3, 6):
                await asyncio.sleep(0.3)  # recorded time passes
                await move(bus, screen, lats, 41.8 + n / 100)
            chosen = {"layer": "units", "agency": "cpd", "id": "u1"}
            await tell(screen, box=CLOSER, zoom=14.5, layers=["units"], rev=screen.client.rev, chosen=chosen)
            second = (screen.client.rev, now())
            await asyncio.sleep(1.2)
            entries = [one for _, data in await bus.read_log(SCREENS, BEGINNING, 100) for one in _sessions(data)]
        await wait_for(lambda: len(hub.screens) == 0)
        closed = now()
        await asyncio.sleep(1.2)
    return Live(bus, entries[0], lats, first, second, closed)


def _sessions(data: bytes) -> list[str]:
    return [one.id for one in decode_screens(data).sessions]


@pytest.fixture(scope="module")
def recorded() -> Live:
    return asyncio.run(live(MemoryBus()))


@asynccontextmanager
async def at_screen(of: Live, at: float, token: str = "jcc-token", **more: Any) -> AsyncIterator[Reviewer]:
    async with (
        review_on(of.recording) as review,
        reviewing(review, token, at=at, view=f"screen:{of.id}", **more) as reviewer,
    ):
        yield reviewer


async def test_it_shows_the_revision_last_drawn_where_it_looked_and_what_was_on(recorded: Live) -> None:
    rev, at = recorded.first
    async with at_screen(recorded, recorded.second[1] - 0.1) as reviewer:
        (said,) = reviewer.said("screen")
        assert (said["session"], said["rev"], said["is_tick"], said["text"]) == (recorded.id, rev, True, "")
        assert abs(said["drawn_at"] - at) < 0.2
        assert said["look"]["box"] == CITY
        assert said["look"]["layers"] == sorted(SCREEN["layers"])
        # The hub's own picture is three places further by then.
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] == recorded.lats[rev]
        assert reviewer.client.by_id("units")["cpd", "u1"]["record"]["call_sign"] == "3A12"
        await reviewer.epoch("seek", at=recorded.second[1] + 0.5)
        said = reviewer.said("screen")[-1]
        assert (said["rev"], said["look"]["box"], said["look"]["layers"]) == (recorded.second[0], CLOSER, ["units"])
        assert said["look"]["chosen"] == {"layer": "units", "agency": "cpd", "id": "u1"}
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] == recorded.lats[recorded.second[0]]
        known = await reviewer.epoch("view", view="known")
        assert abs(known["at"] - (recorded.second[1] + 0.5)) < 0.01


async def test_its_picture_is_the_very_frame_that_was_live(recorded: Live) -> None:
    cuts = [cut for _, data in await recorded.bus.read_log(CUTS, BEGINNING, 1000) for cut in decode_cuts(data).cuts]
    made_at = min(cut.at for cut in cuts if any(of.rev == recorded.first[0] for of in cut.classes))
    async with at_screen(recorded, recorded.second[1] - 0.1) as reviewer:
        assert decode(reviewer.epochs[-1][1][0]).header.at == made_at


async def test_playing_follows_the_screen_and_not_the_picture(recorded: Live) -> None:
    async with at_screen(recorded, recorded.second[1] - 0.6, speed=0.5) as reviewer:
        await wait_for(lambda: len(reviewer.said("screen")) > 1)
        assert [said["look"]["box"] for said in reviewer.said("screen")] == [CITY, CLOSER]
        await wait_for(lambda: reviewer.client.by_id("units")["cpd", "u1"]["lat"] == recorded.lats[recorded.second[0]])
        # What came in between was never drawn, and is not shown.
        places = [frame for _, frames in reviewer.epochs for frame in frames]
        assert len(places) == 2
        await wait_for(lambda: reviewer.clock["at"] > recorded.second[1])


async def test_where_nothing_is_on_record_nothing_is_shown_and_it_says_so(recorded: Live) -> None:
    async with at_screen(recorded, recorded.closed + 0.5) as reviewer:
        (said,) = reviewer.said("screen")
        assert said["text"] == "This screen was closed by then."
        assert (said["look"], reviewer.ids()) == (None, set())
        assert abs(said["until"] - recorded.closed) < 0.2
    number = int(recorded.id.rsplit("-", 1)[1])
    for other in (f"jcc-api-{number + 1}", f"jcc-wall-{number}"):
        async with at_screen(recorded._replace(id=other), recorded.second[1]) as reviewer:
            (said,) = reviewer.said("screen")
            assert "Nothing is on record of this screen" in said["text"]
            assert (said["session"], said["look"], reviewer.ids()) == (None, None, set())
            assert reviewer.clock["view"] == f"screen:{other}"


async def test_who_may_not_see_as_its_agency_gets_neither_the_screen_nor_its_name(recorded: Live) -> None:
    async with (
        review_on(recorded.recording) as review,
        reviewing(review, "cpd-token", at=recorded.second[1]) as other,
        reviewing(review, "jcc-token", at=recorded.second[1]) as own,
    ):
        refused = await other.answer_refused("view", view=f"screen:{recorded.id}")
        nobody = await other.answer_refused("view", view="screen:nobody-wall-1800000000")
        assert refused["text"].replace(recorded.id[:30], "") == nobody["text"].replace("nobody-wall-1800000000", "")
        assert other.clock["view"] == "known"
        assert (await other.answer("screens", ask=1, at=recorded.second[1]))["screens"] == []
        (offered,) = (await own.answer("screens", ask=2, at=recorded.second[1]))["screens"]
        assert offered["id"] == recorded.id
        assert (offered["agency"], offered["page"]) == ("jcc", "api")
        assert offered["since"] < recorded.first[1] < offered["until"] < recorded.closed + 0.2
    async with at_screen(recorded, recorded.second[1], "cpd-token") as reviewer:
        assert reviewer.said("refused")[0]["what"] == "open"
        assert reviewer.said("screen") == []


async def test_a_step_stands_where_the_screen_stood_then(recorded: Live) -> None:
    async with at_screen(recorded, recorded.second[1] - 0.1) as reviewer:
        step = await reviewer.stepped("incident")
        assert step["found"] is False
        assert reviewer.said("screen")[-1]["rev"] == recorded.first[0]


def test_whose_screen_it_is_stands_in_its_name() -> None:
    assert screen_of("screen:cpd-wall-17") == ("cpd", 17)
    assert screen_of("screen:state-police-desk-17") == ("state-police", 17)
    for junk in ("screen:", "screen:cpd", "screen:cpd-wall-", "screen:cpd-wall-x", "screen:cpd-wall-¹", "screen:-"):
        assert screen_of(junk) == ("", 0)


def test_screens_are_for_the_people_of_their_agency() -> None:
    settings = review_site()
    views = Views(roster_of(settings), rules_of(settings))
    three = ("cpd", "jcc", "fbi")
    may = [(a, b) for a in three for b in (*three, "none") if views.may(viewer(a), f"screen:{b}-wall-1")]
    assert may == [("cpd", "cpd"), ("jcc", "jcc"), ("fbi", "fbi")]
    assert [views.may_see_screens_of(viewer("jcc"), AgencyId(a)) for a in ("jcc", "cpd", "none")] == [
        True,
        False,
        False,
    ]


LOOK = Look((-87.8, 41.8, -87.6, 42.0), 12.0, 800, 600, ("units",), (), "dark", None, False)


async def test_a_reader_goes_on_and_back_and_reads_little(monkeypatch: pytest.MonkeyPatch) -> None:
    record, log = Record(("cpd", "jcc")), ScreenLog()
    session = log.begin("jcc", (), "wall", "e1", T0)
    for n in range(600):
        log.look(session, LOOK._replace(zoom=float(n % 20)), T0 + n)
        entry = log.entry(T0 + n + 0.5)
        assert entry is not None
        await record.bus.append_log(SCREENS, encode_screens(entry), entry.at)
    record.end(T0 + 600)
    read = 0
    screens = record.recording.screens

    async def counted(after: float, count: int) -> Any:
        nonlocal read
        page = await screens(after, count)
        read += len(page)
        return page

    monkeypatch.setattr(record.recording, "screens", counted)
    reader = ScreenReader(record.recording)

    async def zoom(t: float) -> float:
        on = await reader.at(f"screen:{session.id}", T0 + t)
        assert on.shown is not None and on.shown.look is not None
        return on.shown.look.zoom

    assert await zoom(300.2) == 300 % 20
    first = read
    assert first <= 200
    assert [await zoom(300.2 + n) for n in range(1, 100)] == [(300 + n) % 20 for n in range(1, 100)]
    assert read - first <= 200
    assert await zoom(10.2) == 10
    assert await zoom(590.2) == 590 % 20


async def test_a_revision_without_a_tick_on_record_stands_where_it_was_drawn() -> None:
    record, log = Record(("cpd", "jcc")), ScreenLog()
    await record.say(T0, unit(at=T0))
    session = log.begin("jcc", (), "wall", "e1", T0)
    log.look(session, LOOK, T0)
    log.drew(session, 7, T0 + 1)
    entry = log.entry(T0 + 1.5)
    assert entry is not None
    await record.bus.append_log(SCREENS, encode_screens(entry), entry.at)
    record.end(T0 + 60)
    on = await ScreenReader(record.recording).at(f"screen:{session.id}", T0 + 20)
    assert isinstance(on, OnScreen)
    assert (on.picture_at, on.is_tick, on.missing) == (T0 + 1, False, "")
    async with (
        review_on(record.recording) as review,
        reviewing(review, at=T0 + 20, view=f"screen:{session.id}") as reviewer,
    ):
        assert reviewer.said("screen")[0]["is_tick"] is False
        assert reviewer.ids() == {"u1"}
