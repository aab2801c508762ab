"""Who gets a place on a port without a token."""

import asyncio
import contextlib

import pytest

from feeds import stream_port
from feeds.memory_bus import MemoryBus
from feeds.stream_port import CROWDED_OUT, TOO_MANY, TOO_MANY_OF_ONE
from tests.support.devices import device, event
from tests.support.gateway import gateway, health
from tests.support.redis import until


async def hung_up(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 5) == b""
    return True


async def test_silent_devices_do_not_keep_one_out_that_speaks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_port, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(stream_port, "SILENT_MAX", 5)
    async with contextlib.AsyncExitStack() as held, gateway(MemoryBus()) as door:
        silent = [await held.enter_async_context(device(door.cot_port)) for _ in range(12)]
        await until(lambda: door.refused[CROWDED_OUT] == 7)
        assert await hung_up(silent[0][0])
        for n in range(3):
            _, writer = await held.enter_async_context(device(door.cot_port))
            writer.write(event(f"ISP-{n}"))
            await until(lambda n=n: health(door, "isp-cot").accepted == n + 1)
        reader, late = await held.enter_async_context(device(door.cot_port))
        late.write(event("ISP-9"))
        assert await hung_up(reader) and door.refused[TOO_MANY] == 1
        writer.close()  # gives its place back
        await until(lambda: health(door, "isp-cot").connections == 2)
        _, writer = await held.enter_async_context(device(door.cot_port))
        writer.write(event("ISP-10"))
        await until(lambda: health(door, "isp-cot").accepted == 4)


async def test_one_address_has_a_share_of_the_port(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_port, "PLACE_MAX", 2)
    async with gateway(MemoryBus()) as door:
        async with device(door.cot_port), device(door.cot_port), device(door.cot_port) as (third, _):
            assert await hung_up(third) and door.refused == {TOO_MANY_OF_ONE: 1}
        async with device(door.cot_port) as (_, writer):
            writer.write(event("ISP-1"))
            await until(lambda: health(door, "isp-cot").accepted == 1)


async def test_two_hundred_devices_behind_one_address_are_served():
    async with contextlib.AsyncExitStack() as held, gateway(MemoryBus()) as door:
        for n in range(200):
            _, writer = await held.enter_async_context(device(door.cot_port))
            writer.write(event(f"ISP-{n}"))
        await until(lambda: health(door, "isp-cot").accepted == 200)
        assert health(door, "isp-cot").connections == 200 and not door.refused
