"""The bus killed and restarted, the hub killed and restarted: the wall says so, comes back, shows the same."""

import asyncio
import contextlib
import os
import signal

import pytest

from feeds.clock import SystemClock
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import BusDown
from feeds.redis_bus import RedisBus
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import camera, incident, unit
from tests.support.live import hub_on, record_to, wait_for, watching

pytestmark = pytest.mark.redis


async def test_a_lost_bus_is_said_and_after_its_return_the_picture_is_whole(fresh_redis: EmbeddedRedis) -> None:
    bus = RedisBus(fresh_redis.url, SystemClock())
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, *[unit(f"u{n}", at=now(), call_sign=f"A{n}") for n in range(50)])
        await wait_for(lambda: len(units(viewer)) == 50)
        os.kill(fresh_redis.pid, signal.SIGKILL)
        await wait_for(lambda: hub.line.bus == "lost")
        await wait_for(lambda: any(h["bus"] == "lost" for h in viewer.said("health")))
        assert len(units(viewer)) == 50
        fresh_redis.restart()
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(BusDown):
                    await say(bus, unit("after", at=now()))
                    break
                await asyncio.sleep(0.05)
        await wait_for(lambda: len(units(viewer)) == 51)
        await wait_for(lambda: viewer.said("health")[-1]["bus"] == "live")
    await bus.close()


async def test_a_hub_that_died_without_a_word_comes_back_with_the_same_picture(fresh_redis: EmbeddedRedis) -> None:
    bus = RedisBus(fresh_redis.url, SystemClock())
    async with hub_on(bus) as hub, watching(hub) as viewer:
        for n in range(30):
            await say(bus, unit(f"u{n}", at=now(), call_sign=f"A{n}"), camera("c", at=now(), event_type="tamper"))
        await wait_for(lambda: len(units(viewer)) == 30)
        await hub._save()
        # What comes after the keyframe is in the journal alone.
        await say(bus, incident(at=now(), status_common=("Active",)), unit("u1", at=now(), lat=41.7))
        await wait_for(lambda: viewer.client.by_id("incidents"))
        before = {layer: viewer.client.by_id(layer) for layer in ("units", "incidents", "cameras")}
        events = viewer.client.events
        hub._kept = dict(hub.picture.last)  # it dies here: nothing more is saved
    other = RedisBus(fresh_redis.url, SystemClock())
    async with hub_on(other) as hub, watching(hub) as viewer:
        await wait_for(lambda: len(units(viewer)) == 30 and viewer.client.by_id("incidents"))
        assert {layer: viewer.client.by_id(layer) for layer in before} == before
        assert sorted(e["at"] for e in viewer.client.events.values()) == sorted(e["at"] for e in events.values())
    await bus.close()
    await other.close()


async def test_a_hub_that_starts_without_a_bus_opens_its_door_and_says_so(fresh_redis: EmbeddedRedis) -> None:
    bus = RedisBus(fresh_redis.url, SystemClock())
    async with hub_on(bus) as hub:
        await say(bus, unit("kept", at=now()))
        await wait_for(lambda: hub.picture.counts()["units"] == 1)
    assert await bus.load_keyframe()
    os.kill(fresh_redis.pid, signal.SIGKILL)
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await wait_for(lambda: viewer.said("health") and viewer.said("health")[-1]["bus"] == "lost")
        assert units(viewer) == set()
        fresh_redis.restart()
        await wait_for(lambda: hub.line.bus == "")
        async with watching(hub) as again:
            await wait_for(lambda: units(again) == {"kept"})
        # Its class was renewed for the restored picture, not because the old view stumbled over it.
        assert hub.rules.alarms == 0
    await bus.close()


async def test_the_journal_is_trimmed_only_behind_the_kept_keyframe(fresh_redis: EmbeddedRedis) -> None:
    from feeds.bus import BEGINNING
    from feeds.names import AgencyId

    bus = RedisBus(fresh_redis.url, SystemClock())
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit("a", at=now()))
        await wait_for(lambda: units(viewer) == {"a"})
        hub._settings = _keeping(hub._settings, 60.0)
        await record_to(bus, hub.picture.last[AgencyId("cpd")].next())
        await hub._trim()
        assert len(await bus.read(AgencyId("cpd"), BEGINNING, 10)) == 1  # no keyframe holds it yet
        await hub._save()
        await hub._trim()
        assert len(await bus.read(AgencyId("cpd"), BEGINNING, 10)) == 1  # younger than the site keeps
    await bus.close()


def _keeping(settings, seconds: float):
    from msgspec.structs import replace

    return replace(settings, site=replace(settings.site, journal_s=seconds))
