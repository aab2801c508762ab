from msgspec.structs import replace

from dashboard.hub import grants_of, roster_of
from dashboard.hub_cuts import KEPT_S, HubCuts
from feeds.bus import BEGINNING, BatchId
from feeds.errors import BusDown
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.replay.cuts import Cut, decode_cuts
from layers.policy_record import decode_policy, encode_policy
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import unit
from tests.support.live import hub_on, site, wait_for, watching


async def cuts_of(bus: MemoryBus) -> list[Cut]:
    return [cut for _, data in await bus.read_log(CUTS, BEGINNING, 10_000) for cut in decode_cuts(data).cuts]


async def test_the_hub_puts_on_record_which_tick_applied_what_and_which_revision_a_class_had() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        for n in range(3):
            await say(bus, unit(f"u{n}", at=now()))
            await wait_for(lambda n=n: f"u{n}" in units(viewer))
        rev, epoch = viewer.client.rev, viewer.hello["epoch"]
    cuts = await cuts_of(bus)
    journal = await bus.read(AgencyId("cpd"), BEGINNING, 10)
    assert [run for cut in cuts for run in cut.runs] == [("cpd", d.id) for d in journal]
    assert cuts == sorted(cuts, key=lambda cut: cut.at)
    (last,) = cuts[-1].classes
    assert (last.agency, last.epoch) == ("jcc", epoch)
    assert last.rev >= rev > 1


async def test_a_restarted_hub_says_what_its_picture_held_and_which_policy_is_in_force() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(viewer))
    (told,) = await bus.read(AgencyId("cpd"), BEGINNING, 10)
    before = len(await cuts_of(bus))
    settings = replace(site(), share=site().share[:1])
    async with hub_on(bus, settings=settings) as hub, watching(hub) as viewer:
        await wait_for(lambda: units(viewer))
    entries = [decode_cuts(data) for _, data in await bus.read_log(CUTS, BEGINNING, 10_000)]
    began = [entry for entry in entries if entry.began]
    assert [decode_policy(entry.policy)[0] for entry in began] == [grants_of(site()), grants_of(settings)]
    held = [run for cut in (await cuts_of(bus))[before:] for run in cut.runs]
    assert held == [("cpd", told.id)]


async def test_while_the_bus_takes_nothing_the_ticks_wait() -> None:
    class Down(MemoryBus):
        down = True

        async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
            if self.down:
                raise BusDown("no line")
            return await super().append_log(log, data, at)

    bus = Down()
    cuts = HubCuts(bus, encode_policy(grants_of(site()), roster_of(site())))
    for at in (1.0, 2.0):
        cuts.heard(AgencyId("cpd"), BatchId(int(at), 0))
        cuts.tick(at, {})
        try:
            await cuts.append()
        except BusDown:
            bus.down = False
    assert [cut.at for cut in await cuts_of(bus)] == [1.0, 2.0]
    await cuts.append()
    assert [cut.at for cut in await cuts_of(bus)] == [1.0, 2.0]


async def test_where_nobody_records_cuts_are_kept_half_a_day_and_else_until_they_are_recorded() -> None:
    bus, policy = MemoryBus(), encode_policy(grants_of(site()), roster_of(site()))
    cuts = HubCuts(bus, policy)
    for at in (1.0, 2.0, 3.0):
        cuts.tick(at, {})
        await cuts.append()

    async def left() -> list[float]:
        return [cut.at for cut in await cuts_of(bus)]

    await cuts.trim(1.0 + KEPT_S, 60.0, None)
    await cuts.trim(1e9, 60.0, BEGINNING)
    assert await left() == [1.0, 2.0, 3.0], "the recorder has nothing yet"
    await cuts.trim(1.1 + KEPT_S, 60.0, None)
    assert await left() == [2.0, 3.0]
    await cuts.trim(62.0, 60.0, BatchId(10**9, 0))
    assert await left() == [2.0, 3.0], "recorded, and a review may not know it yet"
    await cuts.trim(1e9, 60.0, BatchId(3000, 0))
    assert await left() == [3.0]
