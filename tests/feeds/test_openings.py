import pytest

from feeds.memory_bus import MemoryBus
from feeds.openings import COT, Address, Listen
from tests.support.devices import device, event
from tests.support.gateway import CPD, GUEST, ISP, gateway, health, source
from tests.support.redis import until


@pytest.mark.parametrize("text", ["9001", "tcp:", "tcp:70000", "tls:9001", "tcp:9001 ", "udp:-1", "tcp://x:1"])
def test_what_is_no_port_is_refused(text: str):
    with pytest.raises(ValueError, match="tcp:9001"):
        Listen.parse(text)


@pytest.mark.parametrize("text", ["host:1", "tcp://host", "tcp://host:0", "tcp://host:99999", "tcp://:1", "udp://h:1"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError, match="tcp://"):
        Address.parse(text)


def test_ports_and_addresses_are_read():
    assert Listen.parse("udp:9001") == Listen("udp", "", 9001)
    assert Listen.parse("tcp:10.0.0.4:9001") == Listen("tcp", "10.0.0.4", 9001)
    assert Listen.parse("tcp:[::1]:9001") == Listen("tcp", "::1", 9001)
    assert Address.parse("tcp://radar.local:30003") == Address("radar.local", 30003)
    assert Address.parse("tcp://[2001:db8::7]:30003") == Address("2001:db8::7", 30003)


async def test_sources_that_share_a_port_are_told_apart_and_others_have_their_own():
    sources = [
        source("isp-cot", ISP, "cot", uid_prefixes=("ISP-",)),
        source("cpd-cot", CPD, "cot", listen="tcp:0", uid_prefixes=("CPD-",)),
        source("guest-cot", GUEST, "cot", listen="tcp:0", catch_all=True),
    ]
    async with gateway(MemoryBus(), sources) as door:
        assert set(door.listening) == {COT, "tcp:0"} and door.listening[COT] == door.cot_port
        async with device(door.listening["tcp:0"]) as (_, own), device(door.cot_port) as (_, site):
            own.write(event("CPD-1") + event("ISP-1"))
            site.write(event("ISP-2") + event("CPD-2"))
            await until(lambda: health(door, "cpd-cot").accepted == health(door, "guest-cot").accepted == 1)
            await until(lambda: health(door, "isp-cot").accepted == 1)
            await until(lambda: sum(door.refused.values()) == 1)
