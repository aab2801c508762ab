"""The bus contract, on both buses. `writer` and `reader` are two ends; on MemoryBus they are one object."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from feeds.bus import BEGINNING, BatchId, Beat, Bus, BusEvent, Delivery, LineBack, LineLost, SourceHealth
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, SCREENS, AgencyId, SourceId
from feeds.redis_bus import RedisBus
from tests.support.redis import batch, listening, seqs, until


class HandClock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def now(self) -> float:
        return self.at


class Ends(NamedTuple):
    writer: Bus
    reader: Bus
    clock: HandClock


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    clock = HandClock()
    if request.param == "memory":
        bus = MemoryBus(clock)
        yield Ends(bus, bus, clock)
        await bus.close()
        return
    url = request.getfixturevalue("redis_url")
    writer, reader = RedisBus(url, clock), RedisBus(url, clock)
    yield Ends(writer, reader, clock)
    await writer.close()
    await reader.close()
    await asyncio.sleep(0)


async def test_what_was_appended_is_read_in_order(ends: Ends, agency: AgencyId):
    ids = [await ends.writer.append(batch(agency, n)) for n in range(5)]
    first = await ends.reader.read(agency, BatchId(0, 0), 3)
    rest = await ends.reader.read(agency, first[-1].id, 3)
    assert [d.id for d in first + rest] == ids
    assert seqs(first + rest) == [0, 1, 2, 3, 4]
    assert await ends.reader.read(agency, ids[-1], 3) == []


async def test_what_others_appended_is_given_without_our_own(ends: Ends, agency: AgencyId):
    ids = [await ends.writer.append(batch(agency, n)) for n in range(250)]
    own, at, found, through = set(ids[::2]), ids[9], [], False
    while not through:
        page, at, through = await ends.reader.others(agency, at, own)
        found += page
    assert [d.id for d in found] == ids[11::2]
    assert at == ids[-1]
    assert await ends.reader.others(agency, at, own) == ([], ids[-1], True)
    assert await ends.reader.others(agency, BatchId(2**62, 0), ()) == ([], ids[-1], True), "an end that is no more"


async def test_a_subscriber_gets_the_backlog_then_line_back_then_what_comes(ends: Ends, agency: AgencyId):
    for n in range(60):
        await ends.writer.append(batch(agency, n))
    async with listening(ends.reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        assert heard.seqs == list(range(60))
        await ends.writer.append(batch(agency, 60, 61))
        await until(lambda: len(heard.seqs) == 62)
    assert heard.seqs == list(range(62))
    assert isinstance(heard.events[60], LineBack)
    assert heard.count(LineLost) == 0


async def test_a_subscriber_starts_after_the_id_it_names(ends: Ends, agency: AgencyId):
    ids = [await ends.writer.append(batch(agency, n)) for n in range(4)]
    async with listening(ends.reader, agency, after={agency: ids[1]}) as heard:
        await until(lambda: heard.count(LineBack) == 1)
    assert heard.seqs == [2, 3]


async def test_a_subscriber_to_nothing_yet_hears_the_first_batch(ends: Ends, agency: AgencyId):
    async with listening(ends.reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await ends.writer.append(batch(agency, 7))
        await until(lambda: heard.seqs == [7])


async def test_an_agency_that_was_not_asked_for_is_not_heard(ends: Ends, agency: AgencyId):
    other = AgencyId(f"{agency}-other")
    async with listening(ends.reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        await ends.writer.append(batch(other, 1))
        await ends.writer.append(batch(agency, 2))
        await until(lambda: heard.seqs == [2])


async def test_two_subscribers_both_hear_all_of_two_agencies(ends: Ends, agency: AgencyId):
    other = AgencyId(f"{agency}-other")
    async with listening(ends.reader, agency, other) as one, listening(ends.reader, other, agency) as two:
        for n in range(20):
            await ends.writer.append(batch(agency, n))
            await ends.writer.append(batch(other, 100 + n))
        for heard in (one, two):
            await until(lambda heard=heard: len(heard.deliveries) == 40)
            for name, start in ((agency, 0), (other, 100)):
                mine = [d for d in heard.deliveries if d.agency == name]
                assert seqs(mine) == list(range(start, start + 20))


async def test_ids_only_grow_when_the_clock_steps_back(ends: Ends, agency: AgencyId):
    ids = [await ends.writer.append(batch(agency, 0))]
    ends.clock.at -= 3600
    ids += [await ends.writer.append(batch(agency, n)) for n in (1, 2)]
    ends.clock.at += 7200
    ids.append(await ends.writer.append(batch(agency, 3)))
    assert ids == sorted(set(ids))
    assert ids[-1].ms == int(ends.clock.at * 1000)


async def test_appends_of_one_agency_at_once_all_land_once(ends: Ends, agency: AgencyId):
    async with listening(ends.reader, agency) as heard:
        ids = await asyncio.gather(*(ends.writer.append(batch(agency, n)) for n in range(30)))
        await until(lambda: len(heard.deliveries) == 30)
    assert len(set(ids)) == 30
    assert [d.id for d in heard.deliveries] == sorted(ids)
    assert sorted(heard.seqs) == list(range(30))


async def test_a_beat_carries_the_last_id_and_comes_after_the_batches_it_counts(ends: Ends, agency: AgencyId):
    health = SourceHealth(SourceId("src"), "native", 5.0, accepted=3, received_at=9.5, reasons={"lat out of range": 2})
    async with listening(ends.reader, agency) as heard:
        await until(lambda: heard.count(LineBack) == 1)
        id_ = await ends.writer.append(batch(agency, 1))
        await ends.writer.beat(agency, [health], 12.25)
        await until(lambda: heard.count(Beat) == 1)
    assert heard.events[-1] == Beat(agency, id_, 12.25, (health,))
    assert heard.seqs == [1]


async def test_trim_drops_what_is_older_and_keeps_its_sequences(ends: Ends, agency: AgencyId):
    ids = [await ends.writer.append(batch(agency, 2 * n, 2 * n + 1)) for n in range(5)]
    await ends.writer.append(batch(agency, 40, run="r2"))
    assert await ends.writer.trim(agency, ids[2]) == 2
    assert await ends.writer.trim(agency, ids[2]) == 0
    assert await ends.writer.trim(agency, ids[3]) == 1
    assert [d.id for d in await ends.reader.read(agency, BatchId(0, 0), 2)] == ids[3:]
    src = SourceId("src")
    assert await ends.reader.sequences(agency) == {(src, "r1"): [(0, 9)], (src, "r2"): [(40, 40)]}


async def test_sequences_are_kept_per_source_and_run_with_their_holes(ends: Ends, agency: AgencyId):
    assert await ends.reader.sequences(agency) == {}
    await ends.writer.append(batch(agency, 5, 6, 9))
    await ends.writer.append(batch(agency, 1, source="other"))
    await ends.writer.append(batch(agency, 7))
    found = await ends.reader.sequences(agency)
    assert found == {(SourceId("src"), "r1"): [(5, 7), (9, 9)], (SourceId("other"), "r1"): [(1, 1)]}


async def test_ids_still_grow_after_the_whole_journal_was_trimmed(ends: Ends, agency: AgencyId):
    id_ = await ends.writer.append(batch(agency, 1))
    assert await ends.writer.trim(agency, id_.next()) == 1
    ends.clock.at -= 10
    assert await ends.writer.append(batch(agency, 2)) > id_


async def test_the_latest_keyframe_is_kept(ends: Ends):
    await ends.writer.save_keyframe(b"one")
    await ends.writer.save_keyframe(b"two\0\xff")
    assert await ends.reader.load_keyframe() == b"two\0\xff"


async def test_the_recorders_latest_word_is_kept(ends: Ends):
    await ends.writer.save_recorder(b"one")
    await ends.writer.save_recorder(b"two")
    assert await ends.reader.load_recorder() == b"two"


async def test_closing_the_bus_ends_its_subscriptions(ends: Ends, agency: AgencyId):
    async def listen() -> None:
        async for _ in ends.reader.subscribe([agency], {}):
            pass

    task = asyncio.create_task(listen())
    await ends.reader.ping()
    await ends.reader.close()
    await asyncio.wait_for(task, 3.0)


async def test_a_subscriber_who_looks_now_and_then_hears_all_that_came_meanwhile_when_it_looks(
    ends: Ends, agency: AgencyId
):
    heard: list[BusEvent] = []
    asked, turn = asyncio.Event(), asyncio.Event()

    async def pace() -> None:
        asked.set()
        await turn.wait()

    async def hear() -> None:
        async with contextlib.aclosing(ends.reader.subscribe([agency], {}, pace)) as events:  # type: ignore[type-var]
            async for event in events:
                heard.append(event)

    await ends.writer.append(batch(agency, 0))
    task = asyncio.create_task(hear())
    await asyncio.wait_for(asked.wait(), 5)
    assert [type(event) for event in heard] == [Delivery, LineBack], "the backlog waits for no turn"
    for n in range(1, 6):
        await ends.writer.append(batch(agency, n))
    assert len(heard) == 2
    turn.set()
    await until(lambda: seqs([e for e in heard if isinstance(e, Delivery)]) == list(range(6)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("log", [CUTS, SCREENS])
async def test_a_hubs_log_is_kept_in_order_though_the_clock_is_set_back_and_goes_from_the_front(
    ends: Ends, log: AgencyId
):
    before = await ends.reader.read_log(log, BEGINNING, 1000)
    at = 1_800_000_000.0 if not before else before[-1][0].ms / 1000 + 1
    ids = [
        await ends.writer.append_log(log, f"entry {n}".encode(), at + second) for n, second in enumerate((0, 1, 1, -60))
    ]
    assert ids == sorted(ids)
    assert [id_.ms for id_ in ids[:3]] == [int(at * 1000), int((at + 1) * 1000), int((at + 1) * 1000)]
    first = await ends.reader.read_log(log, BatchId(ids[0].ms - 1, 0), 3)
    rest = await ends.reader.read_log(log, first[-1][0], 3)
    assert [data for _, data in first + rest] == [b"entry 0", b"entry 1", b"entry 2", b"entry 3"]
    await ends.writer.trim_log(log, ids[2])
    assert [id_ for id_, _ in await ends.reader.read_log(log, BEGINNING, 1000)] == ids[2:]
