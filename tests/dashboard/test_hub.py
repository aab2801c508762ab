import asyncio

import httpx
import pytest
from msgspec.structs import replace

from dashboard import hub as hub_module
from dashboard.config_file import parse
from dashboard.hub import TRIM_EVERY_S
from feeds.bus import BEGINNING, SourceHealth
from feeds.clock import SystemClock
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId, SourceId
from layers.frame import FrameType, decode
from tests.support.heard import camera, delivery, incident, unit
from tests.support.live import SITE, hub_on, record_to, wait_for, watching


def now() -> float:
    return SystemClock().now()


async def say(bus, *reports, agency: str = "cpd") -> None:
    await bus.append(delivery(1, *reports, agency=agency, received_at=now()).batch)


def units(watcher) -> set[str]:
    return {record_id for _, record_id in watcher.client.by_id("units")}


async def test_a_report_reaches_a_viewer_and_the_next_one_moves_it() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        assert viewer.hello["site"] == {"name": "Test site", "timezone": "UTC", "demo": False}
        await say(bus, unit(at=now(), lat=41.8, call_sign="3A12"))
        await wait_for(lambda: units(viewer) == {"u1"})
        await say(bus, unit(at=now(), lat=41.9))
        await wait_for(lambda: viewer.client.by_id("units")[("cpd", "u1")]["lat"] == 419000000)
        assert viewer.client.by_id("units")[("cpd", "u1")]["record"]["call_sign"] == "3A12"


async def test_each_class_gets_its_own_view_and_hello_names_only_agencies_it_may_see() -> None:
    bus = MemoryBus()
    async with (
        hub_on(bus) as hub,
        watching(hub) as jcc,
        watching(hub, "fire-token") as fire,
        watching(hub, "fbi-token") as fbi,
    ):
        await say(bus, unit(at=now(), call_sign="3A12"), incident(at=now(), type_common="FIRE"))
        await wait_for(lambda: units(jcc) and units(fire))
        assert jcc.client.by_id("incidents")
        assert "call_sign" not in fire.client.by_id("units")[("cpd", "u1")]["record"]
        assert not fire.client.by_id("incidents")
        await wait_for(lambda: fbi.said("health"))
        assert fbi.client.rows == {}
        assert [a["id"] for a in fire.hello["agencies"]] == ["cpd", "fire"]
        assert [a["id"] for a in fbi.hello["agencies"]] == ["fbi"]
        assert "units" in fire.hello["sees"] and fbi.hello["sees"] == []


async def test_viewers_of_one_class_get_the_same_bytes() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as one, watching(hub) as two:
        await wait_for(lambda: one.client.frames and two.client.frames)
        for n in range(5):
            await say(bus, unit(f"u{n}", at=now()))
            await wait_for(lambda n=n: f"u{n}" in units(one) and f"u{n}" in units(two))
        assert one.client.frames[1:][-5:] == two.client.frames[1:][-5:]


async def test_when_nothing_happens_a_heartbeat_comes_each_second() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as viewer:
        await wait_for(lambda: len(viewer.client.frames) >= 3)
        assert decode(viewer.client.frames[-1]).type is FrameType.HEARTBEAT


async def test_one_who_comes_back_goes_on_from_its_revision() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub:
        async with watching(hub) as viewer:
            await say(bus, unit("a", at=now()), camera(at=now(), event_type="recording_started"))
            await wait_for(lambda: units(viewer) == {"a"} and viewer.client.events)
        await say(bus, unit("b", at=now()), camera(at=now(), event_type="recording_stopped"))
        client = viewer.client
        resume = {"epoch": viewer.hello["epoch"], "rev": client.rev, "events": max(client.events)}
        async with watching(hub, resume=resume, client=client) as again:
            await wait_for(lambda: units(again) == {"a", "b"})
            assert decode(client.frames[-1]).type is FrameType.DELTA
            assert [e["event"] for e in client.events.values()] == ["recording_started", "recording_stopped"]


async def test_a_revision_of_another_epoch_gets_a_keyframe() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub:
        await say(bus, unit(at=now()))
        async with watching(hub, resume={"epoch": "of-another-life", "rev": 77, "events": 5}) as viewer:
            await wait_for(lambda: units(viewer) == {"u1"})


async def test_a_restarted_hub_shows_the_same_picture() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, *[unit(f"u{n}", at=now(), call_sign=f"A{n}") for n in range(20)], incident(at=now()))
        await wait_for(lambda: len(units(viewer)) == 20)
        before = {layer: viewer.client.by_id(layer) for layer in ("units", "incidents")}
    await say(bus, unit("while-down", at=now()))
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await wait_for(lambda: len(units(viewer)) == 21)
        after = viewer.client.by_id("units")
        del after[("cpd", "while-down")]
        assert after == before["units"]
        assert viewer.client.by_id("incidents") == before["incidents"]


async def test_a_card_says_it_in_words_and_of_hidden_things_what_it_says_of_none() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as jcc, watching(hub, "fbi-token") as fbi:
        await say(bus, unit(at=now(), call_sign="3A12", unit_type="PatrolUnit", primary_status="Available",
                            speed_mps=13.9, course_deg=44.0))  # fmt: skip
        await wait_for(lambda: units(jcc))
        card = await jcc.card("units", "u1")
        rows = dict(card["rows"])
        assert card["found"]
        assert card["title"] == "3A12"
        assert rows["Status"] == "Available"
        assert rows["Moving"] == "31 mph NE (44°)"
        hidden, absent = await fbi.card("units", "u1"), await fbi.card("units", "nothing")
        assert {k: v for k, v in hidden.items() if k not in ("ask", "id")} == {
            k: v for k, v in absent.items() if k not in ("ask", "id")
        }


async def test_two_agencies_may_use_one_id_and_each_has_its_own_card() -> None:
    bus = MemoryBus()
    settings = parse(SITE.replace('"incident.location"', '"incident.location", "incident.detail"'))
    async with hub_on(bus, settings=settings) as hub, watching(hub) as jcc:
        await say(bus, unit(at=now(), call_sign="POLICE 1"), incident(at=now(), assigned_units=("u1", "only-fire")))
        fire = (unit(at=now(), call_sign="ENGINE 1"), unit("only-fire", at=now(), call_sign="ENGINE 2"))
        await say(bus, *fire, incident(at=now(), assigned_units=("u1",)), agency="fire")
        await wait_for(lambda: len(jcc.client.by_id("units")) == 3 and len(jcc.client.by_id("incidents")) == 2)
        police, engine = await jcc.card("units", "u1", "cpd"), await jcc.card("units", "u1", "fire")
        assert (police["agency"], police["title"]) == ("cpd", "POLICE 1")
        assert (engine["agency"], engine["title"]) == ("fire", "ENGINE 1")
        assert not (await jcc.card("units", "only-fire", "cpd"))["found"]
        theirs = dict((await jcc.card("incidents", "i1", "cpd"))["rows"])["Units"]
        assert theirs == "POLICE 1, ENGINE 2"
        assert dict((await jcc.card("incidents", "i1", "fire"))["rows"])["Units"] == "ENGINE 1"


async def test_feed_health_is_told_each_second_to_those_who_may_know_it() -> None:
    bus = MemoryBus()
    health = SourceHealth(SourceId("cpd-avl"), "native", 10.0, accepted=5, rejected=1, received_at=now(),
                          last_reason="lat out of range")  # fmt: skip
    async with hub_on(bus) as hub, watching(hub) as jcc, watching(hub, "fbi-token") as fbi:
        await bus.beat(AgencyId("cpd"), [health], now())
        await wait_for(lambda: jcc.said("health") and jcc.said("health")[-1]["feeds"][0]["state"] == "live")
        feeds = {f["source"]: f for f in jcc.said("health")[-1]["feeds"]}
        assert feeds["cpd-avl"]["accepted"] == 5
        assert feeds["cpd-avl"]["last_reason"] == ""
        assert feeds["fire-avl"]["state"] == "idle"
        await wait_for(lambda: fbi.said("health"))
        assert fbi.said("health")[-1]["feeds"] == []


async def test_health_says_why_the_journal_takes_nothing_to_everybody() -> None:
    bus = MemoryBus()
    full, idle = (SourceHealth(SourceId("cpd-avl"), "native", 10.0, journal=why) for why in ("disk full", ""))
    async with hub_on(bus) as hub, watching(hub, "fbi-token") as fbi:
        for health in (full, idle):
            await bus.beat(AgencyId("cpd"), [health], now())
            await wait_for(lambda h=health: fbi.said("health") and fbi.said("health")[-1]["journal"] == h.journal)


@pytest.mark.parametrize("name", ["units", "incidents", "cameras"])
async def test_geojson_holds_what_the_caller_sees(name: str) -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.port}", trust_env=False) as http:
        await say(bus, unit(at=now()), incident(at=now(), lat=41.8, lon=-87.6), camera(at=now()))
        jcc = {"Authorization": "Bearer jcc-token"}

        async def features(headers) -> list:
            answer = await http.get(f"/read/{name}.geojson", headers=headers)
            assert answer.status_code == 200
            return answer.json()["features"]

        async with asyncio.timeout(5):
            while not (found := await features(jcc)):  # noqa: ASYNC110 - bounded above
                await asyncio.sleep(0.05)
        assert found[0]["geometry"]["type"] == "Point"
        assert await features({"Authorization": "Bearer fbi-token"}) == []


async def test_health_counts_the_callers_own_view() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit(at=now()), incident(at=now()))
        await wait_for(lambda: units(viewer))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.port}", trust_env=False) as http:
            answers = [
                (await http.get("/read/health", headers={"Authorization": f"Bearer {who}-token"})).json()
                for who in ("jcc", "fire", "fbi")
            ]
        assert [a["picture"]["units"] for a in answers] == [1, 1, 0]
        assert [a["picture"]["incidents"] for a in answers] == [1, 0, 0]
        assert answers[0]["viewers"] == 1


async def test_a_class_that_fails_is_thrown_away_and_the_others_go_on(monkeypatch) -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as jcc, watching(hub, "fire-token") as fire:
        await wait_for(lambda: len(hub.audiences) == 2 and jcc.client.frames and fire.client.frames)
        broken = next(a for c, a in hub.audiences.items() if c.agency == "fire")
        monkeypatch.setattr(broken, "step", lambda *a: 1 / 0)
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(jcc) == {"u1"})
        await wait_for(lambda: hub.rules.alarms)
        assert units(fire) == set()
        async with watching(hub, "fire-token") as again:
            assert again.hello["epoch"] != fire.hello["epoch"]
            await wait_for(lambda: units(again) == {"u1"})


def failing_once(monkeypatch, where, name: str) -> None:
    """Let the next call of `where.name` fail."""
    real = getattr(where, name)

    def fails(*a, **k):
        monkeypatch.setattr(where, name, real)
        raise ZeroDivisionError

    monkeypatch.setattr(where, name, fails)


async def test_a_flush_that_fails_costs_every_class_its_view_and_the_hub_goes_on(monkeypatch) -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(viewer) == {"u1"})
        failing_once(monkeypatch, hub.picture, "flush")
        await wait_for(lambda: viewer.reading.done())
        assert hub.rules.alarms == 1
        async with watching(hub) as again:
            await say(bus, unit("u2", at=now()))
            await wait_for(lambda: units(again) == {"u1", "u2"})


async def test_a_view_that_cannot_be_made_is_refused_and_the_hub_goes_on(monkeypatch) -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as jcc:
        failing_once(monkeypatch, hub_module, "Audience")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.port}", trust_env=False) as http:
            fire = {"Authorization": "Bearer fire-token"}
            assert (await http.get("/read/health", headers=fire)).status_code == 500
            assert (await http.get("/read/health", headers=fire)).status_code == 200
        frames = len(jcc.client.frames)
        await wait_for(lambda: len(jcc.client.frames) > frames)


async def test_health_that_cannot_be_told_costs_nobody_the_picture(monkeypatch) -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as jcc:
        await wait_for(lambda: jcc.said("health"))
        failing_once(monkeypatch, hub, "feeds")
        await wait_for(lambda: hub.rules.alarms)
        told = len(jcc.said("health"))
        await wait_for(lambda: len(jcc.said("health")) > told)


async def test_the_journal_is_never_trimmed_of_what_the_kept_keyframe_does_not_hold() -> None:
    bus = MemoryBus()
    cpd = AgencyId("cpd")
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit("kept", at=now()))
        await wait_for(lambda: units(viewer) == {"kept"})
        await hub._save()
        await say(bus, unit("later", at=now()))
        await wait_for(lambda: units(viewer) == {"kept", "later"})
        hub._settings = replace(hub._settings, site=replace(hub._settings.site, journal_s=-60.0))
        await record_to(bus, hub.picture.last[cpd].next())
        await hub._trim()
        (left,) = await bus.read(cpd, BEGINNING, 10)
        assert left.id == hub.picture.last[cpd]


async def test_the_journal_is_trimmed_while_the_clock_is_behind_where_it_was(monkeypatch) -> None:
    trimmed = []

    async with hub_on(MemoryBus()) as hub:

        async def trim() -> None:
            trimmed.append(hub._trimmed_at)

        monkeypatch.setattr(hub, "_trim", trim)
        back = now() - 3600
        for t in (now(), now() + TRIM_EVERY_S - 1, back, back + 1, back + TRIM_EVERY_S):
            await hub._trim_now_and_then(t)
    assert [round(at - back, 0) for at in trimmed] == [3600, 0, TRIM_EVERY_S]


async def test_a_feed_nobody_speaks_of_ages_after_the_clock_was_set_back_though_nobody_looks() -> None:
    async with hub_on(MemoryBus()) as hub:
        told = SourceHealth(SourceId("cpd-avl"), "native", 10.0, gateway="a", received_at=now(), journal="disk full")
        hub._gateways.hear([told], now())
        back = now() - 3600
        hub._each_second(back)
        assert hub._gateways.sources["cpd-avl"].received_at == back
