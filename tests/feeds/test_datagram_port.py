import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from feeds import datagram_port
from feeds.door import NO_ROOM, TOO_FAST
from feeds.exercise.taip_line import acknowledged, line
from feeds.gateway import Gateway
from feeds.lane import QUEUED_MAX
from feeds.memory_bus import MemoryBus
from feeds.report import UnitReport
from tests.support.devices import event
from tests.support.gateway import GUEST, LooseBus, gateway, health, journaled, source
from tests.support.redis import until


class Modem(asyncio.DatagramProtocol):
    """A device that sends datagrams and keeps what comes back."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(data)

    def say(self, *frames: bytes) -> None:
        for frame in frames:
            self.transport.sendto(frame)


@contextlib.asynccontextmanager
async def modem(door: Gateway) -> AsyncIterator[Modem]:
    port = door.listening["udp:0"]
    transport, device = await asyncio.get_running_loop().create_datagram_endpoint(
        Modem, remote_addr=("127.0.0.1", port)
    )
    try:
        yield device
    finally:
        transport.close()


def udp(**more: object):
    return [source("guest-udp", GUEST, "cot", listen="udp:0", **more)]


async def test_each_datagram_is_taken_and_may_hold_several_messages():
    bus = MemoryBus()
    async with gateway(bus, udp()) as door, modem(door) as device:
        device.say(event("A"), event("B") + b"\n" + event("C"), event("D")[:-5])
        await until(lambda: health(door, "guest-udp").accepted == 3)
        await until(lambda: health(door, "guest-udp").rejected == 1)
        assert [row[3] for row in await journaled(bus, GUEST)] == ["A", "B", "C"]
        assert health(door, "guest-udp").connections == 1


async def test_a_ping_is_answered_where_it_came_from():
    async with gateway(MemoryBus(), udp()) as door, modem(door) as device:
        device.say(event("A-ping", "t-x-c-t"))
        await until(lambda: device.heard and b"t-x-c-t-r" in device.heard[0])


async def test_what_comes_faster_than_the_source_may_send_is_refused_and_counted():
    async with gateway(MemoryBus(), udp(rate_max=2.0)) as door, modem(door) as device:
        for n in range(40):
            device.say(event(f"U{n}"))
        await until(lambda: health(door, "guest-udp").accepted + health(door, "guest-udp").rejected == 40)
        told = health(door, "guest-udp")
        assert told.reasons == {TOO_FAST: told.rejected} and 8 <= told.accepted <= 12


async def test_while_the_journal_does_not_take_datagrams_are_refused_not_piled_up():
    bus = LooseBus()
    async with gateway(bus, udp(rate_max=0)) as door, modem(door) as device:
        bus.flow.clear()
        sent = 0
        while not health(door, "guest-udp").rejected and sent < 40_000:
            device.say(b"".join(event(f"U{sent + i}") for i in range(100)))
            sent += 100
            await asyncio.sleep(0)
        assert set(health(door, "guest-udp").reasons) == {NO_ROOM}
        assert door._lanes[GUEST].queued <= QUEUED_MAX + 100
        bus.flow.set()


async def test_addresses_that_come_and_go_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(datagram_port, "PEERS_MAX", 3)
    async with gateway(MemoryBus(), udp()) as door:
        for n in range(6):
            async with modem(door) as device:
                device.say(event(f"U{n}"))
                await until(lambda n=n: health(door, "guest-udp").accepted == n + 1)
        assert health(door, "guest-udp").connections == 3


async def test_a_modem_is_not_told_that_what_was_thrown_away_was_taken():
    bus = LooseBus()
    taip = [source("guest-udp", GUEST, "taip", listen="udp:0", rate_max=2.0)]
    async with gateway(bus, taip) as door, modem(door) as device:
        at = time.time()
        for n in range(40):
            car = UnitReport(observed_at=at, unit_id=f"U{n}", lat=41.88, lon=-87.63)
            device.say(line(car, n))
        await until(lambda: health(door, "guest-udp").accepted + health(door, "guest-udp").rejected == 40)
        told = health(door, "guest-udp")
        assert told.rejected and set(told.reasons) == {TOO_FAST}
        await until(lambda: len(device.heard) == told.accepted)
        taken = {row[3] for row in await journaled(bus, GUEST)}
        assert {f"U{acknowledged(reply)}" for reply in device.heard} == taken
