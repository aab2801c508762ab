"""Byte streams, by the site's CoT port."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from feeds import byte_feed
from feeds.adapters.cot import ADAPTER
from feeds.bus import BatchId
from feeds.byte_feed import HANGS_UP, NOT_WHOLE, OVERFLOWS_MAX, SILENT, TOGETHER, ByteFeed
from feeds.claims import UNCLAIMED
from feeds.door import Door
from feeds.formats.cot_xml import head
from feeds.lane import Lane
from feeds.ledger import Ledger
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.source import SourceSettings
from feeds.stream_port import StreamPort
from feeds.subjects import subject
from tests.support.devices import device, event
from tests.support.gateway import GUEST, ISP, NOW, HandClock, LooseBus, gateway, health, journaled, source
from tests.support.redis import until


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
            event("ISP-1", "b-m-r")
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
        assert health(door, "guest-cot").closed == {HANGS_UP: 1}


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
    port = StreamPort(ByteFeed(Door({GUEST: lane}), ADAPTER, [book], HandClock(), Counter(), idle_s=0.2))
    await port.start("127.0.0.1", 0)
    async with device(port.port) as (reader, writer):
        writer.write(event("ANDROID-1", "t-x-c-t"))
        with contextlib.suppress(ConnectionError):
            assert b"t-x-c-t-r" in await asyncio.wait_for(reader.read(), 5)
    await port.stop()
    assert book.health().closed == {SILENT: 1} and book.health().last_reason == SILENT


async def test_an_event_that_does_not_get_whole_is_dropped_and_the_next_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(byte_feed, "WHOLE_WITHIN_S", 0.2)
    async with gateway(MemoryBus()) as door, device(door.cot_port) as (_, writer):
        writer.write(event("ISP-1")[:-9])
        await until(lambda: health(door, "isp-cot").reasons == {NOT_WHOLE: 1})
        writer.write(event("ISP-2"))
        await until(lambda: health(door, "isp-cot").accepted == 1)


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


async def test_the_samples_come_through_the_stream_whole():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock(NOW)) as door, device(door.cot_port) as (_, writer):
        writer.write(b"\n".join(s.frame for s in ADAPTER.samples))
        expected = sum(s.reports for s in ADAPTER.samples) - 1  # one alert is there twice
        await until(lambda: sum(x.health().accepted for x in door.ledgers) == expected)
        await until(lambda: sum(x.health().rejected for x in door.ledgers) == 2)
        assert {d.agency for a in (ISP, GUEST) for d in await bus.read(a, BatchId(0, 0), 100)} == {ISP, GUEST}


@contextlib.asynccontextmanager
async def reading(*sources: SourceSettings, chunk: bytes) -> AsyncIterator[tuple[MemoryBus, list[Ledger], list[bytes]]]:
    """Give what one read brings to a peer; yield the bus, the books and what was written to the peer."""
    bus, written = MemoryBus(), list[bytes]()
    lanes = {s.agency: Lane(s.agency, bus) for s in sources}
    books = [Ledger(s, sequenced=False) for s in sources]
    running = [asyncio.create_task(lane.run()) for lane in lanes.values()]
    peer = ByteFeed(Door(lanes), ADAPTER, books, HandClock(), Counter()).peer("10.1.1.1", written.append, lambda: 0)
    reader = asyncio.StreamReader()
    reader.feed_data(chunk)
    reading_ = asyncio.create_task(peer.read(reader))
    try:
        yield bus, books, written
    finally:
        for task in (reading_, *running):
            task.cancel()
        await asyncio.wait((reading_, *running))


async def parcels(bus: MemoryBus, agency: AgencyId) -> list[tuple[str, list[str]]]:
    """Return the journal's parcels: source, and subjects."""
    found = await bus.read(agency, BatchId(0, 0), 100)
    return [(p.source, [subject(r) for r in p.reports]) for d in found for p in d.batch.parcels]


async def test_what_one_read_brings_of_one_source_is_one_parcel_and_each_event_is_counted_by_itself():
    chunk = event("A") + event("B", "b-m-r") + event("P", "t-x-c-t") + event("A") + event("C") + b"<event><x></event>"
    async with reading(source("rest", GUEST, "cot", catch_all=True), chunk=chunk) as (bus, (book,), written):
        await until(lambda: book.heard == 5)
        assert await parcels(bus, GUEST) == [("rest", ["A", "C"])]
        found = book.health()
        assert (found.accepted, found.duplicate, found.rejected) == (2, 1, 2)
        assert found.reasons == {"unsupported type": 1, "not XML": 1}
        assert found.last_sample == "<event><x></event>", "its own shape, not that of another event of the read"
        await until(lambda: len(written) == 1)
        assert head(written[0]).type == "t-x-c-t-r"


async def test_events_of_several_sources_in_one_read_keep_their_order():
    link = '<link uid="ISP-7" type="a-f-G-U-C" relation="p-p"/><emergency type="911 Alert">x</emergency>'
    mixed = [event("G-1"), event("G-2"), event("ISP-1"), event("17ea", "b-a-o-tbl", link), event("G-3")]
    isp = source("isp", GUEST, "cot", uid_prefixes=("ISP-",))
    async with reading(isp, source("rest", GUEST, "cot", catch_all=True), chunk=b"".join(mixed)) as (bus, books, _):
        await until(lambda: sum(book.heard for book in books) == 5)
        assert await parcels(bus, GUEST) == [
            ("rest", ["G-1", "G-2"]), ("isp", ["ISP-1"]), ("isp", ["ISP-7"]), ("rest", ["G-3"]),
        ]  # fmt: skip


async def test_one_read_brings_no_more_than_the_rate_lets_through_at_once():
    chunk = b"".join(event(f"A-{i}") for i in range(10))
    slow = source("rest", GUEST, "cot", catch_all=True, rate_max=0.5)
    async with reading(slow, chunk=chunk) as (bus, (book,), _):
        await until(lambda: book.health().held_s > 0)
        await until(lambda: book.heard == 3)  # four seconds' worth, and one that overdraws
        assert await parcels(bus, GUEST) == [("rest", ["A-0", "A-1"]), ("rest", ["A-2"])]


async def test_what_is_taken_together_is_a_turns_worth_at_most():
    one = event("A-000")
    most = TOGETHER // len(one)
    chunk = b"".join(event(f"A-{i:03}") for i in range(most + 1))
    async with reading(source("rest", GUEST, "cot", catch_all=True), chunk=chunk) as (bus, (book,), _):
        await until(lambda: book.heard == most + 1)
        assert [len(names) for _, names in await parcels(bus, GUEST)] == [most, 1]
