"""The TCP port for Cursor on Target."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from feeds import transport
from feeds.adapters.cot import ADAPTER
from feeds.bus import BatchId
from feeds.cot_xml import head
from feeds.door import Door
from feeds.lane import Lane
from feeds.ledger import Ledger
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.transport import CROWDED_OUT, OVERFLOWS_MAX, TOO_MANY, TOO_MANY_OF_ONE, UNCLAIMED, Claims, CotPort
from tests.support.gateway import GUEST, ISP, NOW, HandClock, LooseBus, gateway, health, journaled, source
from tests.support.redis import until

FTF = AgencyId("ftf")


def event(uid: str, kind: str = "a-f-G-U-C", detail: str = "") -> bytes:
    when = 'time="2026-05-04T19:00:00Z" start="2026-05-04T19:00:00Z" stale="2026-05-04T19:00:30Z" how="m-g"'
    point = '<point lat="41.5" lon="-87.5" hae="9999999.0" ce="9" le="9999999.0"/>'
    return f'<event version="2.0" uid="{uid}" type="{kind}" {when}>{point}<detail>{detail}</detail></event>'.encode()


@contextlib.asynccontextmanager
async def device(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_stream_of_events_goes_to_the_sources_that_claim_them():
    bus = MemoryBus()
    async with gateway(bus) as door, device(door.cot_port) as (_, writer):
        writer.write(b'<?xml version="1.0"?>\n' + event("ISP-1") + event("ANDROID-9") + b"\r\n" + event("ISP-2"))
        await until(lambda: health(door, "isp-cot").accepted == 2 and health(door, "guest-cot").accepted == 1)
        assert [row[0::3] for row in await journaled(bus, ISP)] == [("isp-cot", "ISP-1"), ("isp-cot", "ISP-2")]
        assert [row[0::3] for row in await journaled(bus, GUEST)] == [("guest-cot", "ANDROID-9")]
        assert health(door, "isp-cot").connections == health(door, "guest-cot").connections == 1
        writer.close()
        await until(lambda: health(door, "isp-cot").connections == 0)


async def test_events_may_come_a_byte_at_a_time():
    bus = MemoryBus()
    async with gateway(bus) as door, device(door.cot_port) as (_, writer):
        for byte in event("ISP-1").replace(b"><", b">\n  <") + event("ISP-2"):
            writer.write(bytes([byte]))
            await writer.drain()
        await until(lambda: health(door, "isp-cot").accepted == 2)


async def test_a_bad_event_costs_itself_alone_and_is_counted_where_it_belongs():
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (_, writer):
        writer.write(
            event("ISP-1", "u-d-f")
            + b"<event uid='ISP-2'><x></event>"
            + b"GET /"
            + event("ISP-3")
            + event("G", "b-t-f")
        )
        await until(lambda: health(door, "isp-cot").accepted == 1 and health(door, "guest-cot").rejected == 2)
        assert health(door, "isp-cot").reasons == {"unsupported type": 1, "not XML": 1}
        assert health(door, "guest-cot").reasons == {"not a CoT event": 1, "unsupported type": 1}


async def test_an_emergency_belongs_to_the_source_of_the_unit_it_is_about():
    bus = MemoryBus()
    link = '<link uid="ISP-7" type="a-f-G-U-C" relation="p-p"/><emergency type="911 Alert">ISP-7</emergency>'
    async with gateway(bus) as door, device(door.cot_port) as (_, writer):
        writer.write(event("17eaa1c4", "b-a-o-tbl", link))
        await until(lambda: health(door, "isp-cot").accepted == 1)
        assert [row[3] for row in await journaled(bus, ISP)] == ["ISP-7"]


async def test_the_same_event_again_is_a_duplicate():
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (_, writer):
        writer.write(event("ISP-1") * 3)
        await until(lambda: health(door, "isp-cot").duplicate == 2)
        assert health(door, "isp-cot").accepted == 1


async def test_a_ping_is_answered_and_is_no_report():
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (reader, writer):
        writer.write(event("ANDROID-1-ping", "t-x-c-t"))
        answer = await asyncio.wait_for(reader.readuntil(b"</event>"), 5)
        assert head(answer).type == "t-x-c-t-r"
        book = health(door, "guest-cot")
        assert (book.accepted, book.duplicate, book.rejected) == (0, 0, 0) and book.received_at is not None


async def test_junk_without_an_end_is_dropped_at_64_kb_and_the_connection_goes_on():
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (_, writer):
        writer.write(b"z" * 100_000)
        await until(lambda: health(door, "guest-cot").reasons.get("larger than 64 kB", 0) >= 1)
        writer.write(event("ISP-1"))
        await until(lambda: health(door, "isp-cot").accepted == 1)


async def test_who_sends_nothing_but_junk_is_hung_up_on():
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (reader, writer):
        writer.write(b"z" * (OVERFLOWS_MAX + 2) * 140_000)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert health(door, "guest-cot").reasons == {"larger than 64 kB": OVERFLOWS_MAX}


async def test_an_event_that_is_cut_short_is_counted():
    async with gateway(MemoryBus()) as door:
        async with device(door.cot_port) as (_, writer):
            writer.write(event("ISP-1")[:-4])
        await until(lambda: health(door, "isp-cot").reasons == {"cut short": 1})


async def test_without_a_catch_all_what_nobody_claims_is_refused_and_counted():
    bus = MemoryBus()
    async with (
        gateway(bus, [source("isp-cot", ISP, "cot", uid_prefixes=("ISP-",))]) as door,
        device(door.cot_port) as (_, writer),
    ):
        writer.write(event("OTHER-1") + event("ISP-1"))
        await until(lambda: health(door, "isp-cot").accepted == 1)
        assert door.refused == {UNCLAIMED: 1}


async def test_a_silent_connection_is_closed_after_its_limit():
    lane = Lane(GUEST, MemoryBus())
    book = Ledger(source("guest-cot", GUEST, "cot", catch_all=True), sequenced=False)
    port = CotPort(Door({GUEST: lane}), [book], HandClock(), Counter(), idle_s=0.05)
    await port.start("127.0.0.1", 0)
    async with device(port.port) as (reader, _):
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
    await port.stop()


async def hung_up(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 5) == b""
    return True


async def test_silent_devices_do_not_keep_one_out_that_speaks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(transport, "SILENT_MAX", 5)
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
    monkeypatch.setattr(transport, "PLACE_MAX", 2)
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


async def test_while_the_journal_does_not_take_we_do_not_read():
    bus = LooseBus()
    async with gateway(bus) as door, device(door.cot_port) as (_, writer):
        bus.flow.clear()
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 200_000:
                writer.write(b"".join(event(f"ISP-{sent + i}") for i in range(500)))
                sent += 500
                async with asyncio.timeout(1):
                    await writer.drain()
        assert sent < 200_000, "the sender was never held back"
        assert door._lanes[ISP].queued <= 5001
        writer.transport.abort()
        bus.flow.set()


def test_the_longest_prefix_claims_then_the_address_then_the_catch_all():
    books = [
        Ledger(settings, sequenced=False)
        for settings in (
            source("isp", ISP, "cot", uid_prefixes=("ISP-",)),
            source("isp-air", ISP, "cot", uid_prefixes=("ISP-AIR-",)),
            source("ftf", FTF, "cot", peers=("10.1.2.3", "192.168.7.0/24", "2001:db8::/32")),
            source("rest", GUEST, "cot", catch_all=True),
        )
    ]
    claims = Claims(books)

    def who(uid: str, peer: str) -> str:
        found = claims.source(uid, peer)
        return found.settings.id if found else ""

    assert who("ISP-AIR-1", "10.1.2.3") == "isp-air"
    assert who("ISP-1", "10.1.2.3") == "isp"
    assert (
        who("X", "10.1.2.3")
        == who("X", "192.168.7.200")
        == who("X", "::ffff:10.1.2.3")
        == who("X", "2001:db8::1")
        == "ftf"
    )
    assert who("X", "10.1.2.4") == who("X", "not an address") == who("", "") == "rest"
    assert Claims(books[:3]).source("X", "10.9.9.9") is None


async def test_the_samples_come_through_the_stream_whole():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock(NOW)) as door, device(door.cot_port) as (_, writer):
        writer.write(b"\n".join(s.frame for s in ADAPTER.samples))
        expected = sum(s.reports for s in ADAPTER.samples) - 1  # one alert is there twice
        await until(lambda: sum(x.health().accepted for x in door.ledgers) == expected)
        await until(lambda: sum(x.health().rejected for x in door.ledgers) == 2)
        assert {d.agency for a in (ISP, GUEST) for d in await bus.read(a, BatchId(0, 0), 100)} == {ISP, GUEST}
