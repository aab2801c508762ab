"""The door as a whole, over real sockets: `feeds.gateway` and `feeds.feed_port`."""

import asyncio
import contextlib
import json
import os
import time
from pathlib import Path

import pytest

from feeds import feed_port, lane
from feeds.bus import Beat
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import ConfigError, FeedLost, FeedRefused
from feeds.feed_line import open_line
from feeds.feed_port import CROWDED_OUT, HUNG_UP, MESSAGE_MAX, TOO_MANY_OF_ONE, WINDOW
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from feeds.redis_bus import RedisBus
from tests.support.gateway import (
    CPD,
    GUEST,
    NOW,
    SOURCES,
    HandClock,
    LooseBus,
    ask,
    ask_raw,
    gateway,
    health,
    journal,
    journaled,
    raw_answer,
    sender,
    source,
    unit,
)
from tests.support.redis import listening, until


async def closed(bus: RedisBus) -> None:
    await bus.close()
    await asyncio.sleep(0)  # the sockets go in the next turn of the loop


async def request(door: Gateway, head: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.feed_port)
    writer.write(head)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def upgrade(path: str, *headers: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


# ---- who gets in


async def test_a_message_is_answered_when_the_journal_has_it():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock()) as door, sender(door, "cpd-avl", "r1") as line:
        assert await ask(line, unit(1), unit(2, "1214")) == {"ack": [1, 2]}
        assert await journaled(bus, CPD) == [("cpd-avl", "r1", 1, "1213R"), ("cpd-avl", "r1", 2, "1214")]
        assert {p.received_at for d in await journal(bus, CPD) for p in d.batch.parcels} == {NOW}


@pytest.mark.parametrize("header", [(), ("Authorization: Bearer wrong",), ("Authorization: Basic token-cpd-avl",)])
async def test_a_missing_or_wrong_token_is_told_what_to_do(header: tuple[str, ...]):
    async with gateway(MemoryBus()) as door:
        reply = await request(door, upgrade("/feed/cpd-avl", *header))
        assert reply.startswith(b"HTTP/1.1 401 ") and b"WWW-Authenticate: Bearer" in reply
        assert b"Authorization: Bearer TOKEN" in reply
        assert door.refused == {"wrong token": 1}


async def test_another_sources_token_or_two_tokens_do_not_open():
    async with gateway(MemoryBus()) as door:
        right, wrong = "Authorization: Bearer token-cpd-avl", "Authorization: Bearer token-cpd-cad"
        assert b" 401 " in await request(door, upgrade("/feed/cpd-avl", wrong))
        assert b" 401 " in await request(door, upgrade("/feed/cpd-avl", right, wrong))


async def test_a_source_without_a_token_has_no_log_in():
    bare = source("cpd-avl", CPD)
    bare = type(bare)(id=bare.id, agency=bare.agency, adapter="native")
    async with gateway(MemoryBus(), [bare]) as door:
        for header in ("Authorization: Bearer ", "Authorization: Bearer " + "-" * 64):
            assert b" 401 " in await request(door, upgrade("/feed/cpd-avl", header))


@pytest.mark.parametrize("path", ["/feed/nobody", "/feed/", "/", "/feed/cpd-avl/x", "/feeds/cpd-avl", "/..%2f", "//x["])
async def test_an_unknown_source_is_not_found(path: str):
    async with gateway(MemoryBus()) as door:
        reply = await request(door, upgrade(path, "Authorization: Bearer token-cpd-avl"))
        assert b" 404 " in reply[:16] or b" 400 " in reply[:16]
        assert door.refused.total() == 1


async def test_a_run_id_has_a_grammar():
    async with gateway(MemoryBus()) as door:
        token = "Authorization: Bearer token-cpd-avl"
        for run in ("x" * 65, "a%20b", "%0a"):
            assert b" 400 " in await request(door, upgrade(f"/feed/cpd-avl?run={run}", token))


@pytest.mark.parametrize(
    "junk", [b"\x00\xff" * 100 + b"\r\n\r\n", b"HELO\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"A" * 20_000 + b"\r\n"]
)
async def test_junk_is_refused_and_counted_and_the_door_goes_on(junk: bytes):
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        await request(door, junk)
        await until(lambda: door.refused.total() == 1)
        async with sender(door, "cpd-avl") as line:
            assert await ask(line, unit(1)) == {"ack": [1]}


async def test_a_probe_that_only_looks_is_counted_apart():
    async with gateway(MemoryBus()) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.feed_port)
        writer.close()
        await writer.wait_closed()
        await until(lambda: door.refused == {HUNG_UP: 1})


async def test_the_client_tells_refused_from_lost():
    async with gateway(MemoryBus()) as door:
        url = f"ws://127.0.0.1:{door.feed_port}"
        with pytest.raises(FeedRefused, match="401 Missing or wrong token"):
            await open_line(url, "cpd-avl", "no")
        with pytest.raises(FeedRefused, match="404 No such source"):
            await open_line(url, "nobody", "no")
    with pytest.raises(FeedLost, match="no door at"):
        await open_line(url, "cpd-avl", "no")


# ---- what is answered


async def test_one_bad_message_never_costs_the_good_ones_beside_it():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock()) as door, sender(door, "cpd-avl") as line:
        answer = await ask(line, unit(1), unit(2, lat=100), "what", unit(4))
        assert answer["ack"] == [1, 4]
        assert [(r.get("seq"), r["index"], r["reason"]) for r in answer["refused"]] == [
            (2, 1, "lat out of range"),
            (None, 2, "not an object"),
        ]
        assert (await ask_raw(line, b"\xff\xfe"))["refused"][0]["reason"] == "not JSON"
        assert (await ask_raw(line, b""))["refused"][0]["reason"] == "empty message"
        assert (await ask_raw(line, b"x" * 70_000))["refused"][0]["reason"] == "larger than 64 kB"
        assert await ask(line, unit(5)) == {"ack": [5]}
        book = health(door, "cpd-avl")
        assert (book.accepted, book.duplicate, book.rejected) == (3, 0, 5)


async def test_a_message_beyond_all_bounds_ends_the_connection_and_is_counted():
    async with gateway(MemoryBus()) as door:
        async with sender(door, "cpd-avl") as line:
            with pytest.raises(FeedLost):
                await line.send(b"x" * (MESSAGE_MAX + 1))
                await line.answer()
        await until(lambda: health(door, "cpd-avl").reasons == {"larger than 64 kB": 1})


async def test_what_is_journaled_is_a_duplicate_on_any_connection_of_its_run():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock()) as door:
        async with sender(door, "cpd-avl", "r1") as line:
            assert await ask(line, unit(7)) == {"ack": [7]}
        async with sender(door, "cpd-avl", "r1") as line:
            assert await ask(line, unit(7), unit(3)) == {"ack": [3], "duplicate": [7]}
        async with sender(door, "cpd-avl", "r2") as line:
            assert await ask(line, unit(7)) == {"ack": [7]}
        assert len(await journaled(bus, CPD)) == 3


async def test_answers_come_in_the_order_of_the_messages():
    async with gateway(MemoryBus(), clock=HandClock()) as door, sender(door, "cpd-avl") as line:
        for n in range(3 * WINDOW):
            await line.send(json.dumps(unit(n)).encode() if n % 3 else b"junk")
        for n in range(3 * WINDOW):
            answer = await raw_answer(line)
            assert answer == {"ack": [n]} if n % 3 else answer["refused"][0]["reason"] == "not JSON"


async def test_cot_by_websocket_is_acknowledged_by_ordinal():
    from feeds.adapters.cot import ADAPTER

    bus = MemoryBus()
    async with gateway(bus) as door, sender(door, "guest-cot", "ignored") as line:
        assert await ask_raw(line, ADAPTER.samples[0].frame) == {"ack": [1]}
        assert (await ask_raw(line, ADAPTER.samples[2].frame))["refused"][0]["seq"] == 2
        assert await ask_raw(line, ADAPTER.samples[0].frame) == {"duplicate": [3]}
        assert await journaled(bus, GUEST) == [("guest-cot", "", None, "ISP-31")]


# ---- when the bus is not there


async def test_while_the_bus_is_down_nothing_is_acknowledged_and_the_answer_comes_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(lane, "PAUSES_S", (0.01,))
    bus = LooseBus()
    async with gateway(bus, clock=HandClock()) as door, sender(door, "cpd-avl") as line:
        bus.plugged = False
        await line.send(json.dumps(unit(1)).encode())
        await until(lambda: bus.tried >= 3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line._connection.recv(), 0.05)
        assert health(door, "cpd-avl").accepted == 0
        bus.plugged = True
        assert await raw_answer(line) == {"ack": [1]}


async def test_a_sender_is_held_back_and_memory_bounded_while_the_bus_is_down():
    bus = LooseBus()
    async with gateway(bus, clock=HandClock()) as door, sender(door, "cpd-avl") as line:
        bus.flow.clear()
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while True:
                first = sent * 300
                await line.send(json.dumps([unit(first + i) for i in range(300)]).encode())
                sent += 1

        flooding = asyncio.create_task(flood())
        quiet_since, last = time.monotonic(), -1
        while time.monotonic() - quiet_since < 0.5:
            if sent != last:
                quiet_since, last = time.monotonic(), sent
            await asyncio.sleep(0.02)
        assert door._lanes[CPD].queued <= lane.QUEUED_MAX + 300
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flooding
        bus.flow.set()


async def test_the_door_does_not_open_before_it_knows_what_is_journaled():
    class SlowBus(MemoryBus):
        def __init__(self) -> None:
            super().__init__()
            self.may = asyncio.Event()

        async def sequences(self, agency):
            await self.may.wait()
            return await super().sequences(agency)

    bus = SlowBus()
    door = Gateway(bus, SOURCES, (CPD, GUEST, SOURCES[2].agency), HandClock(), feed_port=0, cot_port=0)
    stop = asyncio.Event()
    running = asyncio.create_task(door.run(stop))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(door.ready.wait(), 0.05)
    bus.may.set()
    await asyncio.wait_for(door.ready.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 1.5)


@pytest.mark.redis
async def test_a_resend_after_the_gateways_crash_is_a_duplicate(fresh_redis: EmbeddedRedis):
    clock = HandClock(time.time())
    from feeds.adapters.cot import ADAPTER

    for expected in ("ack", "duplicate"):
        bus = RedisBus(fresh_redis.url)
        async with gateway(bus, clock=clock) as door:
            async with sender(door, "cpd-avl", "r1") as line:
                assert await ask(line, unit(1), unit(5)) == {expected: [1, 5]}
            async with sender(door, "guest-cot") as line:
                assert await ask_raw(line, ADAPTER.samples[0].frame) == {expected: [1]}
        await closed(bus)


@pytest.mark.redis
async def test_redis_killed_and_started_again_loses_and_doubles_nothing(fresh_redis: EmbeddedRedis):
    bus = RedisBus(fresh_redis.url)
    async with gateway(bus) as door, sender(door, "cpd-avl", "r1") as line:
        assert await ask(line, unit(1)) == {"ack": [1]}
        os.kill(fresh_redis.pid, 9)
        await until(lambda: fresh_redis.poll() is not None)
        for n in range(2, 12):
            await line.send(json.dumps(unit(n)).encode())
        fresh_redis.restart()
        for n in range(2, 12):
            assert json.loads(await asyncio.wait_for(line._connection.recv(), 20)) == {"ack": [n]}
        assert [seq for _, _, seq, _ in await journaled(bus, CPD)] == list(range(1, 12))
    await closed(bus)


# ---- who fills the port


async def test_silent_connections_do_not_keep_a_sender_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(feed_port, "HALF_OPEN_MAX", 5)
    async with contextlib.AsyncExitStack() as held, gateway(MemoryBus(), clock=HandClock()) as door:
        silent = [await asyncio.open_connection("127.0.0.1", door.feed_port) for _ in range(12)]
        await until(lambda: door.refused[CROWDED_OUT] == 7)
        assert await asyncio.wait_for(silent[0][0].read(), 5) == b"", "the longest silent was hung up on"
        lines = [await held.enter_async_context(sender(door, "cpd-avl")) for _ in range(3)]
        assert await ask(lines[-1], unit(1)) == {"ack": [1]}
        reply = await request(door, upgrade("/feed/cpd-avl", "Authorization: Bearer token-cpd-avl"))
        assert b" 503 " in reply[:16] and door.refused["too many connections"] == 1
        await lines.pop().close()
        async with sender(door, "cpd-cad") as line:  # a place was given back
            assert await ask(line, unit(1)) == {"ack": [1]}
        for _, writer in silent:
            writer.close()


async def test_one_address_has_a_share_of_the_port(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "PLACE_MAX", 2)
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        async with sender(door, "cpd-avl") as line, sender(door, "cpd-cad"):
            with contextlib.suppress(ConnectionError):
                assert await request(door, upgrade("/feed/cpd-avl")) == b""
            await until(lambda: door.refused[TOO_MANY_OF_ONE] == 1)
            assert await ask(line, unit(1)) == {"ack": [1]}
        async with sender(door, "cpd-avl") as line:
            assert await ask(line, unit(2)) == {"ack": [2]}


# ---- health


async def test_every_source_of_the_agency_is_in_its_heartbeat_idle_ones_too():
    bus = MemoryBus()
    async with (
        gateway(bus, clock=HandClock()) as door,
        listening(bus, CPD) as heard,
        sender(door, "cpd-avl") as line,
    ):
        await ask(line, unit(1), unit(2, lat=99))
        await until(
            lambda: any(isinstance(e, Beat) and e.sources[0].accepted == 1 for e in heard.events), what="a beat"
        )
    beat = next(e for e in reversed(heard.events) if isinstance(e, Beat))
    assert [s.source for s in beat.sources] == ["cpd-avl", "cpd-cad"]
    avl, cad = beat.sources
    assert (avl.accepted, avl.rejected, avl.connections, avl.received_at) == (1, 1, 1, NOW)
    assert avl.reasons == {"lat out of range": 1}
    assert (cad.accepted, cad.received_at, cad.connections) == (0, None, 0)


async def test_heartbeats_go_on_after_the_bus_was_away():
    bus = LooseBus()
    async with gateway(bus) as door, listening(bus, CPD) as heard:
        await until(lambda: heard.count(Beat) >= 1)
        bus.plugged = False
        await until(lambda: bus.beats_refused >= 1)
        seen = heard.count(Beat)
        bus.plugged = True
        await until(lambda: heard.count(Beat) > seen)
        assert door.ready.is_set()


# ---- leaving


async def test_a_stop_finishes_the_append_in_flight_and_answers_it():
    bus = LooseBus()
    stop = asyncio.Event()
    door = Gateway(bus, SOURCES, (CPD, GUEST, SOURCES[2].agency), HandClock(), feed_port=0, cot_port=0)
    running = asyncio.create_task(door.run(stop))
    await asyncio.wait_for(door.ready.wait(), 5)
    async with sender(door, "cpd-avl") as line:
        bus.flow.clear()
        await line.send(json.dumps(unit(1)).encode())
        await until(lambda: bus.tried == 1)
        stop.set()
        await asyncio.sleep(0)
        bus.flow.set()
        assert await raw_answer(line) == {"ack": [1]}
        await asyncio.wait_for(running, 1.5)


async def test_a_stop_takes_less_than_a_second_whatever_hangs():
    bus = LooseBus()
    stop = asyncio.Event()
    door = Gateway(bus, SOURCES, (CPD, GUEST, SOURCES[2].agency), HandClock(), feed_port=0, cot_port=0)
    running = asyncio.create_task(door.run(stop))
    await asyncio.wait_for(door.ready.wait(), 5)
    _, half = await asyncio.open_connection("127.0.0.1", door.feed_port)  # never asks
    _, device = await asyncio.open_connection("127.0.0.1", door.cot_port)
    async with sender(door, "cpd-avl") as line:
        bus.flow.clear()
        await line.send(json.dumps(unit(1)).encode())
        await until(lambda: bus.tried == 1)
        started = time.monotonic()
        stop.set()
        await asyncio.wait_for(running, 3)
        assert time.monotonic() - started < 1.2
        with pytest.raises(FeedLost):
            await line.answer()
    for writer in (half, device):
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_port_that_is_taken_is_an_error_not_a_silence():
    async with gateway(MemoryBus()) as door:
        other = Gateway(MemoryBus(), (), (), HandClock(), feed_port=door.feed_port, cot_port=0)
        with pytest.raises(OSError, match="address already in use"):
            await asyncio.wait_for(other.run(asyncio.Event()), 5)


def test_a_source_of_no_agency_or_no_adapter_is_a_fault_of_the_configuration():
    with pytest.raises(ConfigError, match="no agency"):
        Gateway(MemoryBus(), SOURCES, (CPD,), HandClock())
    with pytest.raises(ConfigError, match="no adapter"):
        Gateway(MemoryBus(), [source("x", CPD, "morse")], (CPD,), HandClock())
    with pytest.raises(ConfigError, match="not an address"):
        Gateway(MemoryBus(), [source("x", CPD, "cot", peers=("nowhere",))], (CPD,), HandClock())


async def test_the_log_holds_no_payload_and_no_token(caplog: pytest.LogCaptureFixture, tmp_path: Path):
    caplog.set_level(0)
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        async with sender(door, "cpd-avl") as line:
            await ask(line, unit(1, "SECRET-UNIT"), unit(2, "SECRET-UNIT", lat=99))
        await request(door, upgrade("/feed/cpd-avl", "Authorization: Bearer SECRET-TOKEN"))
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("feeds")]
    assert ours and not [m for m in ours if "SECRET" in m or "token-cpd-avl" in m]
