"""What the feed port does with peers that misbehave, and with agencies that bring too much."""

import asyncio
import contextlib
from itertools import pairwise

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feeds import feed_port
from feeds.feed_port import NO_PONG, NOT_READ, NOT_WHOLE
from feeds.memory_bus import MemoryBus
from feeds.plausible import IMPLAUSIBLE
from feeds.turns import TURN_BYTES
from tests.support.gateway import (
    CPD,
    ISP,
    NOW,
    HandClock,
    ask,
    ask_raw,
    gateway,
    health,
    journaled,
    sender,
    source,
    unit,
)
from tests.support.redis import until

FAR = {"lat": 42.88}
"""A degree north of where `unit` is."""


async def test_a_unit_that_jumps_is_refused_until_a_second_report_agrees():
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock(NOW + 60)) as door, sender(door, "cpd-avl", "a") as line:
        assert await ask(line, unit(1, at=NOW)) == {"ack": [1]}
        jump = unit(2, at=NOW + 5, **FAR)
        refused = {"refused": [{"seq": 2, "index": 0, "reason": IMPLAUSIBLE}]}
        assert await ask(line, jump) == refused
        assert await ask(line, jump) == refused, "the same observation confirms nothing"
        assert await ask(line, unit(3, at=NOW + 10, **FAR)) == {"ack": [3]}
        assert await ask(line, unit(1, at=NOW)) == {"duplicate": [1]}, "what is journaled is never refused"
        assert [row[2] for row in await journaled(bus, CPD)] == [1, 3]
        told = health(door, "cpd-avl")
        assert (told.accepted, told.duplicate, told.rejected) == (2, 1, 2) and told.gaps == 0


async def test_one_jump_in_a_frame_of_many_costs_itself_alone():
    async with gateway(MemoryBus(), clock=HandClock(NOW + 600)) as door, sender(door, "cpd-avl", "a") as line:
        reports = [unit(n, f"U{n % 50}", at=NOW + n) for n in range(100)]
        reports[70] |= FAR
        answer = await ask(line, *reports)
        assert [r["seq"] for r in answer["refused"]] == [70] and len(answer["ack"]) == 99


async def test_a_site_may_believe_everything():
    fast = [source("cpd-avl", CPD, speed_max_mps=0)]
    async with gateway(MemoryBus(), fast) as door, sender(door, "cpd-avl", "a") as line:
        assert await ask(line, unit(1), unit(2, at=NOW + 1, **FAR)) == {"ack": [1, 2]}


async def test_the_shape_of_what_was_refused_is_kept_and_nothing_of_what_it_says():
    async with gateway(MemoryBus()) as door, sender(door, "cpd-avl", "a") as line:
        await ask_raw(line, b'{"kind":"unit","unit_id":"Smith 12"')
        told = health(door, "cpd-avl")
        assert told.last_reason == "not JSON" and told.last_sample == '{"kind":"xxxx","unit_id":"xxxxx 99"'


async def test_who_brings_more_than_its_rate_is_held_back_and_loses_nothing():
    slow = [source("cpd-avl", CPD, rate_max=20), source("isp-avl", ISP)]
    async with (
        gateway(MemoryBus(), slow) as door,
        sender(door, "cpd-avl", "a") as line,
        sender(door, "isp-avl") as other,
    ):
        for start in range(0, 100, 25):
            assert len((await ask(line, *(unit(start + n, f"U{n}") for n in range(25))))["ack"]) == 25
        # The bucket is overdrawn by one frame: this one waits a second, and another agency does not.
        waiting = asyncio.create_task(ask(line, unit(500)))
        await until(lambda: health(door, "cpd-avl").held_s > 0)
        assert await ask(other, unit(1)) == {"ack": [1]}
        assert not waiting.done()
        assert await waiting == {"ack": [500]}
        assert health(door, "cpd-avl").rejected == 0


async def test_one_agencys_flood_leaves_the_others_their_turn(monkeypatch: pytest.MonkeyPatch):
    """Counted in frames: while a flood of 30 connections runs, another agency's frame waits for few of the flood's."""
    taken: list[str] = []
    original = feed_port.Door.take

    def take(door, ledger, *args):
        taken.append(ledger.settings.id)
        return original(door, ledger, *args)

    monkeypatch.setattr(feed_port.Door, "take", take)
    sources = [source("cpd-avl", CPD, rate_max=0), source("isp-avl", ISP)]
    async with contextlib.AsyncExitStack() as held, gateway(MemoryBus(), sources) as door:
        flood = [await held.enter_async_context(sender(door, "cpd-avl", f"run-{n}")) for n in range(30)]
        quiet = await held.enter_async_context(sender(door, "isp-avl", "q"))
        frame = b"[" + b",".join(
            b'{"kind":"unit","seq":%d,"observed_at":1,"unit_id":"U%d"}' % (n, n) for n in range(50)
        )
        over = False

        async def pour(line) -> None:
            for n in range(100):
                await line.send(frame.replace(b'"seq":', b'"seq":%d' % (n + 1)) + b"]")
            while not over:
                await line.answer()

        pouring = [asyncio.create_task(pour(line)) for line in flood]
        await until(lambda: len(taken) > 100)
        for n in range(20):
            await ask(quiet, unit(n))
        over = True
        at = [i for i, name in enumerate(taken) if name == "isp-avl"]
        flooded = len(taken) - 20
        for task in pouring:
            task.cancel()
        await asyncio.gather(*pouring, return_exceptions=True)
    assert len(at) == 20 and 50 < flooded < 30 * 100, "the flood was over before the end"
    # One round trip of the quiet one spans a handful of passes of the loop, each with one turn of the flood.
    turn = TURN_BYTES // len(frame) + 1
    between = [later - earlier for earlier, later in pairwise(at)]
    assert max(between) <= 6 * turn, between


async def test_a_message_that_does_not_get_whole_ends_its_connection_with_a_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "SWEEP_S", 0.05)
    monkeypatch.setattr(feed_port, "SWEEPS_MAX", 4)
    async with gateway(MemoryBus()) as door:
        headers = {"Authorization": "Bearer token-cpd-avl"}
        async with connect(f"ws://127.0.0.1:{door.feed_port}/feed/cpd-avl", additional_headers=headers) as line:
            await line.send(b'{"kind":"unit"}')
            await line.recv()
            line.transport.write(b"\x82\xfe\x10\x00half a frame")
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(line.recv(), 5)
            assert closed.value.rcvd is not None and closed.value.rcvd.reason == NOT_WHOLE
        await until(lambda: health(door, "cpd-avl").closed == {NOT_WHOLE: 1})


async def test_a_message_in_fragments_that_never_end_ends_its_connection_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "SWEEP_S", 0.05)
    monkeypatch.setattr(feed_port, "SWEEPS_MAX", 4)
    async with gateway(MemoryBus()) as door:
        headers = {"Authorization": "Bearer token-cpd-avl"}
        async with connect(f"ws://127.0.0.1:{door.feed_port}/feed/cpd-avl", additional_headers=headers) as line:
            line.transport.write(b"\x02\x81\0\0\0\0[")  # a whole fragment, and not the last
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(line.recv(), 5)
            assert closed.value.rcvd is not None and closed.value.rcvd.reason == NOT_WHOLE


async def test_a_half_open_connection_is_found_by_pings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "PING_S", 0.1)
    async with gateway(MemoryBus()) as door, sender(door, "cpd-avl", "a") as line:
        await ask(line, unit(1))
        line._connection.transport.pause_reading()  # alive for TCP, dead for us
        await until(lambda: health(door, "cpd-avl").closed == {NO_PONG: 1})
        await until(lambda: health(door, "cpd-avl").connections == 0)


async def test_who_does_not_read_his_answers_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "SEND_WITHIN_S", 0.2)
    async with gateway(MemoryBus()) as door, sender(door, "cpd-avl", "a") as line:
        line._connection.transport.pause_reading()
        frame = b"[" + b",".join([b"{}"] * 1000) + b"]"  # a thousand refusals a frame
        with contextlib.suppress(Exception):
            async with asyncio.timeout(10):
                while not health(door, "cpd-avl").closed:
                    await line.send(frame)
        await until(lambda: health(door, "cpd-avl").closed == {NOT_READ: 1})
