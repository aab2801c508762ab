"""What a hub takes of a screen's words, what it refuses, and what of it is on the bus."""

import json
from typing import Any

import httpx
import pytest

from dashboard import hub_screens
from dashboard.hub import Hub
from dashboard.hub_cuts import KEPT_S
from dashboard.hub_screens import HubScreens
from feeds.bus import BEGINNING, BatchId
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import BusDown
from feeds.memory_bus import MemoryBus
from feeds.names import SCREENS, AgencyId
from feeds.redis_bus import RedisBus
from feeds.replay.screens import Look, ScreensEntry, decode_screens
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import unit
from tests.support.live import Watcher, hub_on, wait_for, watching

SCREEN: dict[str, Any] = {
    "type": "screen", "box": [-87.8, 41.8, -87.6, 42.0], "zoom": 12.5, "width": 1168, "height": 860,
    "layers": ["units", "incidents", "cameras", "zones", "log"], "rev": 0, "ago_ms": 0,
}  # fmt: skip


async def entries_of(bus: MemoryBus | RedisBus) -> list[ScreensEntry]:
    return [decode_screens(data) for _, data in await bus.read_log(SCREENS, BEGINNING, 10_000)]


async def tell(watcher: Watcher, **fields: Any) -> None:
    await watcher.socket.send(json.dumps(SCREEN | fields))


async def health(hub: Hub, token: str = "jcc-token") -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as visitor:
        url = f"http://127.0.0.1:{hub.port}/read/health"
        said: dict[str, Any] = (await visitor.get(url, headers={"Authorization": f"Bearer {token}"})).json()
        return said


async def test_what_a_screen_tells_is_on_the_bus_with_its_class_and_no_name(fresh_redis: EmbeddedRedis) -> None:
    bus = RedisBus(fresh_redis.url)
    try:
        async with hub_on(bus) as hub:
            began = now()
            async with watching(hub) as viewer:
                await say(bus, unit(at=now()))
                await wait_for(lambda: units(viewer))
                rev = viewer.client.rev
                await tell(viewer, rev=rev, ago_ms=250)
                chosen = {"layer": "units", "agency": "cpd", "id": "u1"}
                await tell(viewer, rev=rev, layers=["units"], without=["fire"], chosen=chosen, theme="night", away=True)
                await say(bus, unit(at=now(), lat=41.9))
                await wait_for(lambda: viewer.client.rev > rev)
                await viewer.socket.send(json.dumps({"type": "drawn", "rev": viewer.client.rev, "ago_ms": 0}))
                await wait_for(lambda: len(hub.screens) == 1)
                assert (await health(hub))["screens"] == {"open": 1, "refused": {}}
                last, epoch = viewer.client.rev, viewer.hello["epoch"]
            await wait_for(lambda: len(hub.screens) == 0)
        entries = await entries_of(bus)
    finally:
        await bus.close()
    assert entries[0].began
    (session,) = {one for entry in entries for one in entry.sessions}
    assert (session.agency, session.kind, session.epoch) == ("jcc", "api", epoch)
    assert session.id == f"jcc-api-{session.number}"
    assert began <= session.since <= now()
    told = [one.look for entry in entries for one in entry.told]
    assert told[-1] == Look(
        (-87.8, 41.8, -87.6, 42.0), 12.5, 1168, 860, ("units",), ("fire",), "night", ("units", "cpd", "u1"), True
    )
    drawn = [one for entry in entries for one in entry.drawn]
    assert drawn[-1].rev == last
    assert all(session.since <= one.at <= now() for one in drawn)
    assert [gone.number for entry in entries for gone in entry.gone] == [session.number]


@pytest.mark.parametrize(
    ("reason", "fields", "words"),
    [
        ("not understood", {"box": [-87.6, 41.8, -87.8, 42.0]}, "west, south, east, north"),
        ("not understood", {"box": [-87.8, 41.8, -87.6]}, "$.box"),
        ("not understood", {"layers": ["units", "secrets"]}, "$.layers"),
        ("not understood", {"theme": "<script>"}, "$.theme"),
        ("not understood", {"width": 0}, "$.width"),
        ("not understood", {"zoom": "near"}, "$.zoom"),
        ("not understood", {"person": "somebody"}, "person"),
        ("not understood", {"type": "drawn"}, "unknown field"),
        ("revision not sent", {"rev": 1_000_000}, "was not sent to you"),
        ("unknown agency", {"without": ["nobody"]}, "of your hello"),
        ("unknown agency", {"without": ["cpd", "cpd"]}, "at most once"),
    ],
)
async def test_junk_is_refused_with_a_reason_counted_and_not_logged(
    reason: str, fields: dict[str, Any], words: str
) -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await tell(viewer, **fields)
        await wait_for(lambda: viewer.said("refused"))
        (refused,) = viewer.said("refused")
        assert refused["what"] == fields.get("type", "screen")
        assert words in refused["text"]
        assert hub.screens.refused == {reason: 1}
        assert (await health(hub))["screens"] == {"open": 0, "refused": {reason: 1}}
    assert not any(entry.sessions or entry.told for entry in await entries_of(bus))


async def test_health_counts_the_screens_and_viewers_of_the_callers_own_agency_alone() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as jcc, watching(hub, "fire-token") as fire:
        await tell(jcc)
        await tell(jcc, theme="<script>")
        await wait_for(lambda: jcc.said("refused") and len(hub.screens) == 1)
        own, other, none = [await health(hub, f"{who}-token") for who in ("jcc", "fire", "fbi")]
        assert (own["viewers"], own["screens"]) == (1, {"open": 1, "refused": {"not understood": 1}})
        assert (other["viewers"], other["screens"]) == (1, {"open": 0, "refused": {}})
        assert (none["viewers"], none["screens"]) == (0, {"open": 0, "refused": {}})
        await tell(fire)
        await wait_for(lambda: len(hub.screens) == 2)
        assert (await health(hub))["screens"]["open"] == 1
        await jcc.socket.close()
        await wait_for(lambda: len(hub.screens) == 1)
        assert (await health(hub))["screens"]["open"] == 0
        assert (await health(hub, "fire-token"))["screens"] == {"open": 1, "refused": {}}


async def test_an_agency_that_a_viewer_sees_nothing_of_is_refused_as_one_that_there_is_not() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub, "fbi-token") as viewer:
        for name in ("cpd", "nobody"):
            await tell(viewer, without=[name])
        await wait_for(lambda: len(viewer.said("refused")) == 2)
        known, unknown = viewer.said("refused")
        assert known == unknown


async def test_drawn_alone_is_refused_while_nobody_knows_how_the_screen_looks() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(viewer))
        await viewer.socket.send(json.dumps({"type": "drawn", "rev": viewer.client.rev, "ago_ms": 0}))
        await wait_for(lambda: viewer.said("refused"))
        assert "say screen before drawn" in viewer.said("refused")[0]["text"]


async def test_who_says_too_much_is_counted_and_not_answered() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as viewer:
        for n in range(60):
            await tell(viewer, zoom=n / 10, theme="<")
        await wait_for(lambda: sum(hub.screens.refused.values()) == 60)
        told = len(viewer.said("refused"))
        assert hub.screens.refused["too often"] >= 40
        assert told <= hub.screens.refused["not understood"]
        # The picture goes on all the same.
        assert (await viewer.card("units", "u1"))["found"] is False


async def test_more_screens_than_are_logged_are_refused_and_see_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_screens, "OPEN_MAX", 1)
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as first, watching(hub) as second:
        await tell(first)
        await wait_for(lambda: len(hub.screens) == 1)
        await tell(second)
        await wait_for(lambda: second.said("refused"))
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(second))
        assert len(hub.screens) == 1


async def test_while_the_bus_takes_nothing_the_entries_wait() -> None:
    class Down(MemoryBus):
        down = True

        async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
            if self.down:
                raise BusDown("no line")
            return await super().append_log(log, data, at)

    bus = Down()
    screens = HubScreens(bus, lambda *_: True)
    with pytest.raises(BusDown):
        await screens.append(1.0)
    bus.down = False
    await screens.append(2.0)
    assert [entry.at for entry in await entries_of(bus)] == [1.0]
    await screens.trim(1.0 + KEPT_S, 60.0, None)
    await screens.trim(1e9, 60.0, BEGINNING)
    assert await entries_of(bus) != [], "the recorder has nothing yet"
    await screens.trim(1.1 + KEPT_S, 60.0, None)
    assert await entries_of(bus) == []


async def test_what_was_lost_of_the_log_while_the_bus_was_away_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away(MemoryBus):
        async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
            raise BusDown("no line")

    monkeypatch.setattr(hub_screens, "ENTRIES_MAX", 2)
    screens = HubScreens(Away(), lambda *_: True)
    for second in range(4):
        screens._log.begin("jcc", (), "wall", "epoch", float(second))
        with pytest.raises(BusDown):
            await screens.append(float(second))
        assert screens.of("jcc").get("lost_s", 0) == max(0, second - 1)
