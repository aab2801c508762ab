"""Two gateways on one bus, and what each knows of the other's journaling."""

import asyncio
import json

import pytest

from feeds.bus import BEGINNING
from feeds.errors import BusDown
from feeds.lane import Lane
from feeds.memory_bus import MemoryBus
from feeds.side_by_side import SideBySide
from tests.support.gateway import CPD, LooseBus, ask, gateway, health, journaled, sender, unit


async def test_a_sender_that_comes_from_the_other_gateway_finds_its_reports_known():
    bus = MemoryBus()
    async with gateway(bus) as one, gateway(bus) as other:
        async with sender(one, "cpd-avl", "r1") as line:
            assert await ask(line, unit(1), unit(2)) == {"ack": [1, 2]}
        async with sender(other, "cpd-avl", "r1") as line:
            assert await ask(line, unit(1), unit(2), unit(3)) == {"ack": [3], "duplicate": [1, 2]}
        async with sender(one, "cpd-avl", "r1") as line:
            assert await ask(line, unit(3), unit(4)) == {"ack": [4], "duplicate": [3]}
        assert [seq for _, _, seq, _ in await journaled(bus, CPD)] == [1, 2, 3, 4]
        assert [health(door, "cpd-avl").gaps for door in (one, other)] == [0, 0], "the other's are no gaps"
        assert [health(door, "cpd-avl").accepted for door in (one, other)] == [3, 1], "each counts its own"


async def test_what_was_appended_here_is_not_read_again_and_is_forgotten_once_passed():
    class Counting(MemoryBus):
        given = 0

        async def others(self, agency, after, own):
            found, at, through = await super().others(agency, after, own)
            self.given += len(found)
            return found, at, through

    bus = Counting()
    async with gateway(bus) as door, sender(door, "cpd-avl", "r1") as line:
        for n in range(20):
            await ask(line, unit(n))
        await door._beside.catch_up(CPD)
        assert bus.given == 0
        assert door._lanes[CPD].own == set()


async def test_a_connection_is_not_read_before_the_journal_is():
    class Unreadable(LooseBus):
        readable = True

        async def others(self, agency, after, own):
            if not self.readable:
                raise BusDown("unplugged by the test")
            return await super().others(agency, after, own)

    bus = Unreadable()
    async with gateway(bus) as door:
        bus.readable = False
        async with sender(door, "cpd-avl", "r1") as line:
            await line.send(json.dumps(unit(1)).encode())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line._connection.recv(), 0.3)
            assert health(door, "cpd-avl").accepted == 0
            bus.readable = True
            assert (await line.answer(5.0)).ack == (1,)


async def test_senders_that_come_at_once_share_a_reading():
    class Counting(MemoryBus):
        readings = 0

        async def others(self, agency, after, own):
            self.readings += 1
            await asyncio.sleep(0)
            return await super().others(agency, after, own)

    bus = Counting()
    beside = SideBySide(bus, {CPD: Lane(CPD, bus)}, {})
    await asyncio.gather(*(beside.catch_up(CPD) for _ in range(100)))
    assert bus.readings == 2, "the first one's, and one that began after all others had asked"
    await beside.catch_up(CPD)
    assert bus.readings == 3


async def test_it_begins_where_the_journal_ends():
    bus = MemoryBus()
    async with gateway(bus) as door, sender(door, "cpd-avl", "r1") as line:
        await ask(line, unit(1))
        beside = SideBySide(bus, door._lanes, {})
        await beside.begin(CPD)
        assert beside._known[CPD] == (await bus.read(CPD, BEGINNING, 10))[-1].id
