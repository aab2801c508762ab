"""The way to the hub's reads."""

import pytest
from starlette.datastructures import Headers

from dashboard.free_ports import free_port
from dashboard.hub_reads import HubDown, HubReads
from tests.support.pages import ReadsOnly, settings


async def test_the_hub_is_asked_whether_it_is_there_at_most_once_a_second_however_many_ask() -> None:
    async with ReadsOnly() as hub:
        reads = HubReads(settings(live_port=hub.port))
        assert all([await reads.alive(1.0) for _ in range(20)])
        assert len(hub.heard) == 1
        await reads.close()


async def test_a_hub_that_hangs_or_is_gone_is_down_in_time() -> None:
    async with ReadsOnly() as hub:
        hub.hang = True
        reads = HubReads(settings(live_port=hub.port))
        with pytest.raises(HubDown, match=r"0\.2 s"):
            await reads.read("health", Headers({"authorization": "Bearer x"}), 0.2)
        await reads.close()
    reads = HubReads(settings(live_port=free_port()))
    with pytest.raises(HubDown):
        await reads.read("health", Headers())
    assert not await reads.alive(0.5)
    await reads.close()


def test_a_hub_that_listens_everywhere_is_asked_on_this_machine() -> None:
    assert str(HubReads(settings(live_port=1, bind="0.0.0.0"))._client.base_url) == "http://127.0.0.1:1"
    assert str(HubReads(settings(live_port=1, bind="::"))._client.base_url) == "http://[::1]:1"
