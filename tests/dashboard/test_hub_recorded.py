"""What the recorder's word changes at the hub: how far it trims, and what health says."""

import pytest
from msgspec.structs import replace

from dashboard.recorder import logs_of
from feeds.bus import BEGINNING
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, SCREENS, AgencyId
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import unit
from tests.support.live import hub_on, record_to, site, wait_for, watching


async def test_the_journal_is_never_trimmed_of_what_is_not_recorded() -> None:
    bus, cpd = MemoryBus(), AgencyId("cpd")
    async with hub_on(bus) as hub, watching(hub) as viewer:
        for name in ("a", "b"):
            await say(bus, unit(name, at=now()))
        await wait_for(lambda: units(viewer) == {"a", "b"})
        await hub._save()
        hub._settings = replace(hub._settings, site=replace(hub._settings.site, journal_s=-60.0))
        await hub._trim()
        assert len(await bus.read(cpd, BEGINNING, 10)) == 2  # no recorder has said anything
        await record_to(bus, BEGINNING, "fire")
        await hub._trim()
        assert len(await bus.read(cpd, BEGINNING, 10)) == 2  # nor of this agency
        await record_to(bus, hub.picture.last[cpd])
        await hub._trim()
        (left,) = await bus.read(cpd, BEGINNING, 10)
        assert left.id == hub.picture.last[cpd]


async def test_where_nobody_records_the_journal_is_trimmed_as_ever_and_that_is_said_on_the_bus() -> None:
    bus, settings = MemoryBus(), site()
    settings = replace(settings, site=replace(settings.site, record=False))
    async with hub_on(bus, settings=settings) as hub, watching(hub) as viewer:
        await record_to(bus, BEGINNING)
        await say(bus, unit("a", at=now()))
        await wait_for(lambda: units(viewer) == {"a"})
        await hub._save()
        hub._settings = replace(hub._settings, site=replace(hub._settings.site, journal_s=-60.0))
        await hub._trim()
        assert await bus.read(AgencyId("cpd"), BEGINNING, 10) == []
        assert not await bus.load_recorder()
        await wait_for(lambda: viewer.said("health"))
        assert viewer.said("health")[-1]["recorder"] == {"state": "off", "since": None, "sealed_to": None}


async def test_health_says_how_the_recorder_is() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await record_to(bus, BEGINNING, state="disk full")
        await wait_for(lambda: viewer.said("health") and viewer.said("health")[-1]["recorder"]["state"] == "disk full")
        assert viewer.said("health")[-1]["recorder"] == {"state": "disk full", "since": 5.0, "sealed_to": 6.0}


@pytest.mark.parametrize("log", [CUTS, SCREENS])
async def test_a_log_of_the_site_is_never_trimmed_of_what_is_not_recorded(log: AgencyId) -> None:
    bus = MemoryBus()
    (read,) = (one.read for one in logs_of(bus) if one.name == log)
    async with hub_on(bus) as hub:
        await wait_for(lambda: bus._logs[CUTS] and bus._logs[SCREENS])
        hub._settings = replace(hub._settings, site=replace(hub._settings.site, journal_s=-60.0))
        first, _ = (await read(BEGINNING, 1))[0]
        await hub._trim()
        await record_to(bus, first, log)
        await hub._trim()
        assert (await read(BEGINNING, 1))[0][0] == first
        await record_to(bus, first.next(), log)
        await hub._trim()
        left = await read(BEGINNING, 1)
        assert not left or left[0][0] > first
