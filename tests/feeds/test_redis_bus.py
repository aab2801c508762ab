"""What Redis can do to us, done to a real one: killed, stopped, cut off, refusing, emptied, written to by two."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from feeds import redis_bus, redis_tail
from feeds.bus import BEGINNING, BatchId, Beat, LineBack, LineLost
from feeds.embedded_redis import EmbeddedRedis
from feeds.envelope import encode_batch
from feeds.errors import BusDown, ConfigError
from feeds.names import AgencyId, SourceId, journal_key, live_channel, trimmed_key
from feeds.redis_bus import RedisBus
from feeds.redis_journal import Entry, append_commands
from feeds.sequences import RANGES_MAX, Runs
from tests.support.redis import Cable, batch, command, listening, seqs, until

pytestmark = pytest.mark.redis

CPD = AgencyId("cpd")
Open = Callable[..., RedisBus]


class FixedClock:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


@pytest.fixture
async def open_bus() -> AsyncIterator[Open]:
    opened: list[RedisBus] = []

    def make(url: str, clock: FixedClock | None = None) -> RedisBus:
        opened.append(RedisBus(url, clock))
        return opened[-1]

    yield make
    for bus in opened:
        await bus.close()
    await asyncio.sleep(0)  # lets the cut connections end


async def journaled(bus: RedisBus, agency: AgencyId) -> list[int | None]:
    return seqs(await bus.read(agency, BEGINNING, 100_000))


# -- two gateways ------------------------------------------------------------------------------


async def test_two_gateways_of_one_agency_are_heard_exactly_once_in_journal_order(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    async def write(bus: RedisBus, first: int) -> None:
        for n in range(first, first + 150):
            await bus.append(batch(agency, n))

    reader = open_bus(redis_url)
    async with listening(reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await asyncio.gather(write(open_bus(redis_url), 0), write(open_bus(redis_url), 1000))
        await until(lambda: len(heard.deliveries) >= 300)
    assert heard.seqs == await journaled(reader, agency)
    assert sorted(heard.seqs) == [*range(150), *range(1000, 1150)]


async def test_a_refused_append_gets_a_new_id_and_is_heard_once(redis_url: str, agency: AgencyId, open_bus: Open):
    slow, ahead = open_bus(redis_url, FixedClock(1000.0)), open_bus(redis_url, FixedClock(5000.0))
    reader = open_bus(redis_url)
    async with listening(reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await slow.append(batch(agency, 1))
        await ahead.append(batch(agency, 2))
        # `slow` still believes its own batch to be the last: Redis refuses, and publishes all the same
        id_ = await slow.append(batch(agency, 3))
        await ahead.beat(agency, [], 1.0)
        await until(lambda: heard.count(Beat) == 1)
    assert id_ == BatchId(5_000_000, 1)
    assert heard.seqs == [1, 2, 3] == await journaled(reader, agency)


# -- lost replies ------------------------------------------------------------------------------


async def test_an_append_whose_reply_was_lost_is_found_and_not_stored_twice(
    redis_url: str, agency: AgencyId, open_bus: Open, tmp_path: Path
):
    reader = open_bus(redis_url)
    async with Cable(redis_url, tmp_path / "cable") as cable, listening(reader, agency) as heard:
        writer = open_bus(cable.url)
        await writer.append(batch(agency, 1))
        cable.lose_replies = True
        id_ = await writer.append(batch(agency, 2))
        await writer.append(batch(agency, 3))
        await until(lambda: len(heard.deliveries) == 3)
        assert [d.id for d in heard.deliveries][1] == id_
        assert heard.seqs == [1, 2, 3] == await journaled(reader, agency)
        await writer.close()


async def test_a_request_that_the_server_does_late_is_not_stored_a_second_time(
    redis_url: str, agency: AgencyId, open_bus: Open, tmp_path: Path
):
    reader = open_bus(redis_url)
    async with Cable(redis_url, tmp_path / "cable") as cable, listening(reader, agency) as heard:
        writer = open_bus(cable.url)
        await writer.append(batch(agency, 1))
        cable.hold_requests = True
        await writer.append(batch(agency, 2))
        assert len(cable.held) == 1
        await cable.deliver_held()
        await writer.append(batch(agency, 3))
        await until(lambda: len(heard.deliveries) == 3)
        assert heard.seqs == [1, 2, 3] == await journaled(reader, agency)
        await writer.close()


async def test_an_append_given_up_goes_on_where_it_was_left(
    redis_url: str, agency: AgencyId, open_bus: Open, tmp_path: Path
):
    async with Cable(redis_url, tmp_path / "cable") as cable:
        writer = open_bus(cable.url)
        await writer.append(batch(agency, 1))
        cable.lose_replies = True
        task = asyncio.create_task(writer.append(batch(agency, 2)))
        await until(lambda: not cable.lose_replies, what="the lost reply")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.append(batch(agency, 2))
        assert await journaled(writer, agency) == [1, 2]
        await writer.close()


async def test_an_append_given_up_does_not_stop_another_batch(
    redis_url: str, agency: AgencyId, open_bus: Open, tmp_path: Path
):
    reader = open_bus(redis_url)
    async with Cable(redis_url, tmp_path / "cable") as cable, listening(reader, agency) as heard:
        writer = open_bus(cable.url)
        await writer.append(batch(agency, 1))
        cable.hold_requests = True
        task = asyncio.create_task(writer.append(batch(agency, 2)))
        await until(lambda: bool(cable.held), what="the held request")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.append(batch(agency, 3))
        await cable.deliver_held()
        await writer.append(batch(agency, 4))
        await until(lambda: len(heard.deliveries) == 3)
        assert heard.seqs == [1, 3, 4] == await journaled(reader, agency)
        await writer.close()


# -- the server goes ---------------------------------------------------------------------------


async def test_a_server_killed_under_load_costs_no_acknowledged_batch(fresh_redis: EmbeddedRedis, open_bus: Open):
    writer, reader = open_bus(fresh_redis.url), open_bus(fresh_redis.url)
    acknowledged: list[int] = []
    stop = False

    async def write() -> None:
        n = 0
        while not stop:
            try:
                await writer.append(batch(CPD, n))
            except BusDown:
                continue
            acknowledged.append(n)
            n += 1

    async with listening(reader, CPD) as heard:
        load = asyncio.create_task(write())
        for kill in (1, 2):
            goal = len(acknowledged) + 200
            await until(lambda goal=goal: len(acknowledged) >= goal, what="load")
            os.kill(fresh_redis.pid, signal.SIGKILL)
            await until(lambda kill=kill: heard.count(LineLost) == kill, 3.0, "LineLost")
            await until(lambda: fresh_redis.poll() is not None)
            fresh_redis.restart()
            await until(lambda kill=kill: heard.count(LineBack) == kill + 1, 3.0, "LineBack")
        goal = len(acknowledged) + 100
        await until(lambda: len(acknowledged) >= goal, what="load after the restart")
        stop = True
        await load
        await until(lambda: len(heard.seqs) >= len(acknowledged))
    assert heard.seqs == acknowledged == await journaled(reader, CPD)


async def test_a_stopped_server_is_noticed_within_three_seconds(fresh_redis: EmbeddedRedis, open_bus: Open):
    writer, reader = open_bus(fresh_redis.url), open_bus(fresh_redis.url)
    async with listening(reader, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await writer.append(batch(CPD, 1))
        await until(lambda: heard.seqs == [1])
        os.kill(fresh_redis.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            late = asyncio.create_task(writer.append(batch(CPD, 2)))
            with pytest.raises(BusDown):
                await reader.ping()
            await until(lambda: heard.count(LineLost) == 1, 3.0, "LineLost")
            assert time.monotonic() - began < 3.0
        finally:
            os.kill(fresh_redis.pid, signal.SIGCONT)
        await late
        await writer.append(batch(CPD, 3))
        await until(lambda: len(heard.deliveries) == 3)
        await until(lambda: heard.count(LineBack) == 2)
    assert heard.seqs == [1, 2, 3] == await journaled(reader, CPD)


async def test_a_subscriber_that_starts_before_the_server_says_so_and_waits(fresh_redis: EmbeddedRedis, open_bus: Open):
    os.kill(fresh_redis.pid, signal.SIGKILL)
    await until(lambda: fresh_redis.poll() is not None)
    bus = open_bus(fresh_redis.url)
    async with listening(bus, CPD) as heard:
        await until(lambda: heard.count(LineLost) == 1)
        fresh_redis.restart()
        await bus.append(batch(CPD, 1))
        await until(lambda: heard.seqs == [1])
        await until(lambda: heard.count(LineBack) == 1)
    assert heard.count(LineLost) == 1


async def test_a_quiet_line_is_not_a_lost_line(redis_url: str, agency: AgencyId, open_bus: Open):
    bus = open_bus(redis_url)
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        # no gateway beats here: longer than silence and probe together
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=2.6)
        await bus.append(batch(agency, 1))
        await until(lambda: heard.seqs == [1])
    assert heard.count(LineLost) == 0


async def test_a_cut_subscriber_reads_back_what_it_missed(fresh_redis: EmbeddedRedis, open_bus: Open):
    writer, reader = open_bus(fresh_redis.url), open_bus(fresh_redis.url)
    async with listening(reader, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        for n in range(300):
            if n % 100 == 50:
                await command(fresh_redis.url, "CLIENT", "KILL", "TYPE", "pubsub")
            await writer.append(batch(CPD, n))
        await until(lambda: len(heard.deliveries) >= 300)
    assert heard.seqs == list(range(300))
    assert heard.count(LineLost) == heard.count(LineBack) - 1 >= 1


async def test_nothing_there_is_bus_down_and_never_an_error_of_redis(
    tmp_path: Path, open_bus: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redis_tail, "APPEND_WITHIN_S", 0.4)
    bus = open_bus(f"unix://{tmp_path}/nothing")
    for call in (
        bus.append(batch(CPD, 1)),
        bus.beat(CPD, [], 1.0),
        bus.read(CPD, BEGINNING, 1),
        bus.trim(CPD, BEGINNING),
        bus.sequences(CPD),
        bus.save_keyframe(b""),
        bus.load_keyframe(),
        bus.ping(),
    ):
        with pytest.raises(BusDown):
            await call


def test_an_address_that_is_none_is_a_configuration_error():
    with pytest.raises(ConfigError, match="redis://"):
        RedisBus("http://example.test/")


async def test_it_works_over_tcp_as_well(fresh_redis: EmbeddedRedis, open_bus: Open):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert await command(fresh_redis.url, "CONFIG", "SET", "port", port) == b"OK"
    bus = open_bus(f"redis://127.0.0.1:{port}/0")
    async with listening(bus, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await bus.append(batch(CPD, 1))
        await until(lambda: heard.seqs == [1])


async def test_a_server_that_is_full_refuses_with_its_own_word(fresh_redis: EmbeddedRedis, open_bus: Open):
    bus = open_bus(fresh_redis.url)
    await bus.append(batch(CPD, 1))
    await command(fresh_redis.url, "CONFIG", "SET", "maxmemory", 1)
    with pytest.raises(BusDown, match="OOM"):
        await bus.append(batch(CPD, 2))
    await command(fresh_redis.url, "CONFIG", "SET", "maxmemory", 0)
    await bus.append(batch(CPD, 2))
    assert await journaled(bus, CPD) == [1, 2]


# -- what a subscriber is told that is not so ---------------------------------------------------


async def test_a_batch_whose_message_was_lost_is_found_by_the_next_beat(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    bus = open_bus(redis_url)
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await bus.append(batch(agency, 1))
        await command(redis_url, "XADD", journal_key(agency), "*", "d", encode_batch(batch(agency, 2)))
        await bus.beat(agency, [], 1.0)
        await until(lambda: heard.count(Beat) == 1)
        assert heard.seqs == [1, 2]


async def test_a_batch_whose_message_was_lost_comes_before_the_next_one(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    lost, bus = open_bus(redis_url, FixedClock(10.0)), open_bus(redis_url, FixedClock(20.0))
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await lost.append(batch(agency, 1))
        await command(redis_url, "XADD", journal_key(agency), "15000-0", "d", encode_batch(batch(agency, 2)))
        await bus.append(batch(agency, 3))
        await until(lambda: len(heard.deliveries) == 3)
        assert heard.seqs == [1, 2, 3]


async def test_a_published_batch_that_the_journal_refused_is_not_given(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    bus = open_bus(redis_url)
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        id_ = await bus.append(batch(agency, 1))
        for phantom in (
            Entry(BatchId(id_.ms - 1, 0), BEGINNING, encode_batch(batch(agency, 66))),
            Entry(BatchId(id_.ms + 1000, 0), BatchId(id_.ms + 999, 0), encode_batch(batch(agency, 67))),
        ):
            await command(redis_url, *append_commands(agency, phantom)[2])
        await command(redis_url, "PUBLISH", live_channel(agency), b"Bjunk")
        await command(redis_url, "PUBLISH", live_channel(agency), b"?")
        await bus.append(batch(agency, 2))
        await until(lambda: len(heard.deliveries) == 2)
        assert heard.seqs == [1, 2]


async def test_an_entry_that_cannot_be_read_costs_only_itself(redis_url: str, agency: AgencyId, open_bus: Open):
    bus = open_bus(redis_url)
    await bus.append(batch(agency, 1))
    await command(redis_url, "XADD", journal_key(agency), "*", "d", b"\0junk")
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await bus.append(batch(agency, 2))
        await until(lambda: len(heard.deliveries) == 2)
        assert heard.seqs == [1, 2]
    assert await bus.sequences(agency) == {(SourceId("src"), "r1"): [(1, 2)]}


async def test_a_journal_that_was_emptied_is_followed_from_its_new_beginning(
    fresh_redis: EmbeddedRedis, open_bus: Open
):
    await open_bus(fresh_redis.url, FixedClock(9000.0)).append(batch(CPD, 1))
    reader = open_bus(fresh_redis.url)
    async with listening(reader, CPD) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await command(fresh_redis.url, "FLUSHALL")
        await command(fresh_redis.url, "CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: heard.count(LineBack) == 2)
        await open_bus(fresh_redis.url, FixedClock(100.0)).append(batch(CPD, 2))
        await until(lambda: heard.seqs == [1, 2])


async def test_a_long_backlog_gives_way_to_others(redis_url: str, agency: AgencyId, open_bus: Open):
    bus = open_bus(redis_url)
    for n in range(200):
        await bus.append(batch(agency, n))
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(count_turns())
    async with listening(bus, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
    other.cancel()
    assert turns >= 200


# -- trims -------------------------------------------------------------------------------------


async def test_two_trimmers_at_once_lose_no_sequence(redis_url: str, agency: AgencyId, open_bus: Open):
    one, two = open_bus(redis_url), open_bus(redis_url)
    ids = [await one.append(batch(agency, n)) for n in range(400)]
    await asyncio.gather(*(bus.trim(agency, id_) for id_ in ids[50::50] for bus in (one, two)))
    assert await one.sequences(agency) == {(SourceId("src"), "r1"): [(0, 399)]}


async def test_a_long_trim_goes_in_steps(
    redis_url: str, agency: AgencyId, open_bus: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redis_bus, "TRIM_STEP", 7)
    bus = open_bus(redis_url)
    ids = [await bus.append(batch(agency, n)) for n in range(50)]
    assert await bus.trim(agency, ids[35]) == 35
    assert await bus.trim(agency, ids[40]) == 5
    assert await journaled(bus, agency) == list(range(40, 50))
    assert await bus.sequences(agency) == {(SourceId("src"), "r1"): [(0, 49)]}


async def test_a_trim_in_the_future_drops_only_what_it_noted(redis_url: str, agency: AgencyId, open_bus: Open):
    bus = open_bus(redis_url)
    await bus.append(batch(agency, 1))
    far = BatchId(2**47, 0)
    stop = False

    async def write() -> int:
        n = 2
        while not stop:
            await bus.append(batch(agency, n))
            n += 1
        return n

    load = asyncio.create_task(write())
    for _ in range(20):
        await bus.trim(agency, far)
    stop = True
    last = await load
    assert await bus.sequences(agency) == {(SourceId("src"), "r1"): [(1, last - 1)]}


async def test_a_counter_with_holes_does_not_grow_the_record_for_ever(redis_url: str, agency: AgencyId, open_bus: Open):
    bus = open_bus(redis_url)
    sizes = []
    for round_ in range(4):
        first = round_ * 12_000
        ids = [await bus.append(batch(agency, *range(first + n, first + n + 1000, 2))) for n in range(0, 12_000, 1000)]
        assert await bus.trim(agency, ids[-1].next()) == 12
        sizes.append(await command(redis_url, "STRLEN", trimmed_key(agency)))
    kept = (await bus.sequences(agency))[SourceId("src"), "r1"]
    assert RANGES_MAX // 2 <= len(kept) <= RANGES_MAX and kept[-1] == (47_998, 47_998)
    assert max(sizes) < RANGES_MAX * 12


async def test_a_long_record_does_not_hold_the_loop_while_it_is_merged(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    record = msgspec.msgpack.encode([("src", "r1", [(n, n) for n in range(0, 1_000_000, 2)])])
    started = time.perf_counter()
    Runs().merge_encoded(record)
    by_itself = time.perf_counter() - started
    bus = open_bus(redis_url)
    held = []
    for round_ in range(5):  # a noisy machine may hold the loop by itself
        await command(redis_url, "SET", trimmed_key(agency), record)
        ids = [await bus.append(batch(agency, 2_000_000 + round_))]
        longest, last = 0.0, time.perf_counter()
        trim = asyncio.create_task(bus.trim(agency, ids[0].next()))
        while not trim.done():
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        assert await trim == 1
        held.append(longest / by_itself)
        if longest < by_itself / 2:
            return
    raise AssertionError(f"the loop was held for {held} of what merging takes by itself")


async def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(
    redis_url: str, agency: AgencyId, open_bus: Open
):
    await command(redis_url, "SET", trimmed_key(agency), b"junk")
    with pytest.raises(BusDown, match="trimmed"):
        await open_bus(redis_url).sequences(agency)
