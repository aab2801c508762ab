"""One life of a subscription's line, on a real server."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from feeds.bus import BEGINNING, BatchId, Beat, LineBack, LineLost
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import BusDown
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus
from feeds.redis_ear import PROBE_WITHIN_S, SILENCE_S, Ear
from tests.support.faults import limit_files
from tests.support.redis import batch, command, listening, seqs, until

pytestmark = pytest.mark.redis

CPD = AgencyId("cpd")


@pytest.fixture
async def bus(fresh_redis: EmbeddedRedis) -> AsyncIterator[RedisBus]:
    made = RedisBus(fresh_redis.url)
    yield made
    await made.close()
    await asyncio.sleep(0)


def test_a_stopped_server_is_given_up_within_three_seconds():
    assert SILENCE_S > 1.0, "heartbeats come each second"
    assert SILENCE_S + PROBE_WITHIN_S < 3.0


async def test_it_subscribes_only_when_the_backlog_is_through(fresh_redis: EmbeddedRedis, bus: RedisBus):
    for n in range(50):
        await bus.append(batch(CPD, n))
    last = {CPD: BEGINNING}
    ear = Ear(fresh_redis.url, [CPD], last)
    await ear.open()
    found = seqs(await ear.backlog())
    assert await subscribers(fresh_redis) == 0
    while ear.behind:
        found += seqs(await ear.backlog())
    assert found == list(range(50))
    assert await subscribers(fresh_redis) == 1
    assert last[CPD] > BatchId(1, 0)
    ear.close()
    await asyncio.sleep(0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process by prlimit")
async def test_a_probe_answered_by_an_error_is_answered(fresh_redis: EmbeddedRedis, bus: RedisBus):
    async with listening(bus, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        limit = max(path.stat().st_size for path in fresh_redis._data_dir.rglob("*.incr.aof"))
        limit_files(fresh_redis.pid, limit)
        with pytest.raises(BusDown, match="MISCONF"):
            await bus.append(batch(CPD, 1))
        # nobody beats here: silence is probed, and the probe refused
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=SILENCE_S + PROBE_WITHIN_S + 0.3)
        limit_files(fresh_redis.pid, None)
        await until(lambda: bool(heard.seqs))
        assert heard.count(LineLost) == 0


async def test_a_beat_that_knows_more_is_given_after_the_journal(fresh_redis: EmbeddedRedis, bus: RedisBus):
    last = {CPD: BEGINNING}
    ear = Ear(fresh_redis.url, [CPD], last)
    await ear.open()
    while ear.behind:
        await ear.backlog()
    id_ = await bus.append(batch(CPD, 1))
    # its message comes first and is dropped here, as if the line had lost it
    assert await ear.hear() is not None
    last[CPD] = BEGINNING
    await bus.beat(CPD, [], 1.0)
    assert await ear.hear() is None
    assert ear.behind == {CPD}
    assert seqs(await ear.backlog()) == [1]
    beat = await ear.hear()
    assert isinstance(beat, Beat)
    assert beat.last_id == id_
    ear.close()
    await asyncio.sleep(0)


async def test_a_stalled_subscriber_that_the_server_cuts_loses_nothing(fresh_redis: EmbeddedRedis, bus: RedisBus):
    await command(fresh_redis.url, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 64kb 0 0")
    stalled = asyncio.Event()
    heard: list[int | None] = []
    lost = back = 0

    async def listen() -> None:
        nonlocal lost, back
        async for event in bus.subscribe([CPD], {}):
            if isinstance(event, LineLost):
                lost += 1
            elif isinstance(event, LineBack):
                back += 1
                await stalled.wait()
            elif not isinstance(event, Beat):
                heard.extend(seqs([event]))

    task = asyncio.create_task(listen())
    sent = 0
    try:
        await until(lambda: back == 1)
        while await subscribers(fresh_redis) == 1:
            assert sent < 300_000, "the server should have cut it by now"
            for _ in range(50):
                await bus.append(batch(CPD, *range(sent, sent + 300)))
                sent += 300
        stalled.set()
        await until(lambda: len(heard) >= sent)
        assert heard == list(range(sent))
        assert lost == 1
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_slow_subscriber_hears_the_beat_after_all_it_counts(fresh_redis: EmbeddedRedis, bus: RedisBus):
    async with listening(bus, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        for n in range(100):
            await bus.append(batch(CPD, n))
            await bus.beat(CPD, [], float(n))
        await until(lambda: heard.count(Beat) == 100)
    last = BEGINNING
    for event in heard.events[1:]:
        if isinstance(event, Beat):
            assert event.last_id == last
        else:
            last = event.id


async def subscribers(server: EmbeddedRedis) -> int:
    reply = await command(server.url, "CLIENT", "LIST", "TYPE", "pubsub")
    return len(reply.splitlines())
