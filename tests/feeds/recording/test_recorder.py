"""Journals into sealed segments: closed ones, whole, once, and the mark only behind what is committed."""

import asyncio
import contextlib
import errno
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.errors import ArchiveDamaged, BusDown
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.recording import recorder as recorder_module
from feeds.recording import segment
from feeds.recording import word as words
from feeds.recording.archive import Archive
from feeds.recording.recorder import LENGTH_S, QUIET_S, Recorder
from feeds.recording.word import BEHIND_S, Word
from feeds.redis_bus import RedisBus
from tests.support.recording import CPD, T0, TEN, flip, on_record
from tests.support.redis import batch, seqs, until

ISP = AgencyId("isp")


class Hands:
    """A clock that is set by hand, Unix ms."""

    def __init__(self, ms: int = T0) -> None:
        self.ms = ms

    def now(self) -> float:
        return self.ms / 1000


class Scene:
    """A bus, an archive and a recorder; every append at the time it is told."""

    def __init__(self, folder: Path, agencies: Sequence[AgencyId] = (CPD,), **how: object) -> None:
        self.clock = Hands()
        self.bus = MemoryBus(self.clock)
        self.folder = folder
        self.agencies = agencies
        self.begin(**how)

    def begin(self, **how: object) -> None:
        """Start a recorder, as after a restart."""
        self.archive = Archive(self.folder)
        self.recorder = Recorder(self.bus, self.archive, self.agencies, self.clock, **how)  # type: ignore[arg-type]

    async def say(self, ms: int, *numbers: int, agency: AgencyId = CPD) -> BatchId:
        self.clock.ms = T0 + ms
        return await self.bus.append(batch(agency, *numbers))

    async def look(self, ms: int | None = None) -> None:
        """Let the recorder do all that there is to do at this time."""
        if ms is not None:
            self.clock.ms = T0 + ms
        for agency in self.agencies:
            await self.recorder._follow(agency)

    @property
    def recorded(self) -> list[int | None]:
        return seqs(on_record(Archive(self.folder)))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@contextlib.asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(scene.recorder.run(stop))
    try:
        yield
        assert not task.done() or task.result()
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def said(scene: Scene) -> Word:
    word = words.decode(await scene.bus.load_recorder())
    assert word is not None
    return word


async def test_a_segment_is_sealed_when_the_journal_has_passed_its_end_and_not_before(scene: Scene):
    await scene.say(0, 1)
    await scene.say(TEN - 1, 2)
    await scene.look()
    assert scene.recorded == []
    await scene.say(TEN, 3)
    await scene.look()
    assert scene.recorded == [1, 2]
    (segment,) = scene.archive.segments(CPD)
    assert (segment.manifest.t0, segment.manifest.t1) == (T0, T0 + TEN)


async def test_the_mark_is_told_behind_what_is_committed_and_nothing_is_trimmed_here(scene: Scene):
    first = await scene.say(0, 1)
    third = [await scene.say(TEN - 1, 2), await scene.say(TEN, 3)][1]
    assert scene.recorder.word().mark(CPD) <= first
    await scene.look()
    mark = (await said(scene)).mark(CPD)
    assert first < mark <= third
    assert len(await scene.bus.read(CPD, BEGINNING, 9)) == 3
    assert scene.recorder.word().mark(ISP) == BEGINNING


async def test_an_agency_that_falls_silent_is_closed_by_an_entry_of_our_own_which_is_not_recorded(scene: Scene):
    await scene.say(5, 1)
    await scene.look(TEN + round(QUIET_S * 1000) - 1)
    assert scene.recorded == []
    await scene.look(TEN + round(QUIET_S * 1000))
    assert scene.recorded == [1]
    for k in range(2, 9):
        await scene.look(k * TEN + 31_000)
    assert len(await scene.bus.read(CPD, BEGINNING, 9)) == 2, "one such entry, however long it is silent"
    await scene.say(9 * TEN, 2)
    await scene.say(10 * TEN, 3)
    await scene.look()
    assert scene.recorded == [1, 2]
    assert len(scene.archive.segments(CPD)) == 2, "empty ten minutes have no segment"


async def test_a_restarted_recorder_goes_on_where_the_archive_ends(scene: Scene):
    for k in range(3):
        await scene.say(k * TEN, k)
    await scene.look()
    scene.begin()
    for k in range(3, 6):
        await scene.say(k * TEN, k)
    await scene.look()
    assert scene.recorded == [0, 1, 2, 3, 4]
    assert [s.manifest.number for s in scene.archive.segments(CPD)] == [1, 2, 3, 4, 5]
    assert all(s.manifest.lost is None for s in scene.archive.segments(CPD))


async def test_a_batch_sent_again_under_an_old_id_after_its_segment_was_closed_is_recorded_in_the_next(
    tmp_path: Path, redis_url: str, agency: AgencyId
):
    slow, clock = Hands(T0 + TEN - 500), Hands(T0)
    gateway, bus = RedisBus(redis_url, slow), RedisBus(redis_url, clock)
    archive = Archive(tmp_path)
    recorder = Recorder(bus, archive, [agency], clock)
    try:
        await gateway.append(batch(agency, 1))
        clock.ms = T0 + TEN + 60_000
        while await recorder.step(agency):
            pass
        assert seqs(on_record(archive, agency)) == [1]
        # its clock is still before the segment's end, as the id of a batch that could not be sent for minutes is
        await gateway.append(batch(agency, 2))
        clock.ms += TEN + 60_000
        while await recorder.step(agency):
            pass
        assert seqs(on_record(archive, agency)) == [1, 2]
    finally:
        await gateway.close()
        await bus.close()


async def test_a_segment_of_too_many_reports_ends_early_between_two_journal_times(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorder_module, "REPORTS_MAX", 4)
    for k in range(6):
        await scene.say(k // 2, 2 * k, 2 * k + 1)  # two batches of two reports each millisecond
    await scene.say(TEN, 99)
    await scene.look()
    spans = [(s.manifest.t0 - T0, s.manifest.t1 - T0) for s in scene.archive.segments(CPD)]
    assert spans == [(0, 2), (2, TEN)]
    assert scene.recorded == list(range(12))


async def test_where_the_journal_may_have_been_trimmed_of_what_is_not_recorded_the_next_manifest_says_so(scene: Scene):
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    await scene.look()
    await scene.bus.save_recorder(b"")  # a site that did not record for a while
    for _ in range(2):
        scene.begin()
        await scene.recorder._begin()
        await scene.recorder._tell()  # killed before it sealed anything: it is still known
    await scene.say(5 * TEN + 7, 3)
    await scene.bus.trim(CPD, (await scene.bus.read(CPD, BEGINNING, 9))[-1].id)
    await scene.say(6 * TEN, 4)
    await scene.look()
    assert [s.manifest.lost for s in scene.archive.segments(CPD)] == [None, (T0 + TEN, T0 + 5 * TEN + 7)]
    assert (await said(scene)).lost == {}


async def test_the_journal_of_a_first_start_is_recorded_from_its_beginning_and_nothing_is_lost(scene: Scene):
    await scene.recorder._begin()
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    await scene.look()
    assert scene.archive.segments(CPD)[0].manifest.lost is None


async def test_a_word_that_cannot_be_read_is_none(scene: Scene):
    await scene.bus.save_recorder(b"\xc1")
    await scene.recorder._begin()


async def test_it_tells_on_while_a_segment_is_being_encoded(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder_module, "TELL_S", 0.01)
    go, files = threading.Event(), segment.Walk.files

    def slow(walk: segment.Walk) -> dict[str, bytes]:
        assert go.wait(10)
        return files(walk)

    monkeypatch.setattr(segment.Walk, "files", slow)
    told = []

    async def save(data: bytes) -> None:
        told.append(words.decode(data))

    await scene.say(0, 1)
    await scene.say(TEN, 2)
    monkeypatch.setattr(scene.bus, "save_recorder", save)
    async with running(scene):
        await until(lambda: len(told) > 5)
        assert all(word.mark(CPD) <= BatchId(T0, 0) for word in told)
        go.set()
        await until(lambda: told[-1].mark(CPD) > BatchId(T0, 0))
    assert scene.recorded == [1]


async def test_a_full_disk_is_told_nothing_is_marked_and_the_other_agencies_and_later_all_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scene = Scene(tmp_path, (CPD, ISP))
    for agency in (CPD, ISP):
        await scene.say(0, 1, agency=agency)
        await scene.say(TEN, 2, agency=agency)
    seal = scene.archive.seal

    def full(agency: AgencyId, *rest: object) -> object:
        if agency == CPD:
            raise OSError(errno.ENOSPC, "No space left on device")
        return seal(agency, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(scene.archive, "seal", full)
    await scene.look()
    word = scene.recorder.word()
    assert word.state == "disk full" and word.since == scene.clock.now() and word.sealed_to == T0 / 1000
    assert word.mark(CPD) <= BatchId(T0, 0) < word.mark(ISP)
    monkeypatch.setattr(scene.archive, "seal", seal)
    await scene.look(TEN + 1)
    assert (scene.recorder.word().state, scene.recorder.word().since) == ("recording", (T0 + TEN + 1) / 1000)
    assert scene.recorded == [1]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EACCES, "Permission denied"), "archive: Permission denied"),
        (ArchiveDamaged("x", "y"), "archive damaged"),
        (ValueError("no such column"), "a segment cannot be sealed"),
    ],
)
async def test_whatever_stops_it_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str):
    await scene.say(0, 1)
    await scene.say(TEN, 2)

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(scene.archive, "seal", fails)
    await scene.look()
    assert scene.recorder.word().state == why
    assert scene.recorder.word().mark(CPD) <= BatchId(T0, 0)


async def test_a_damaged_chain_is_not_recorded_over(scene: Scene):
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    await scene.look()
    flip(scene.archive.segments(CPD)[0].folder / "manifest.json", 50)
    scene.begin()
    await scene.say(2 * TEN, 3)
    await scene.look()
    assert scene.recorder.word().state == "archive damaged"


async def test_a_journal_that_gives_nothing_though_it_goes_on_is_not_passed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    read = scene.bus.read

    async def unreadable(agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        return [] if count > 1 else await read(agency, after, count)

    monkeypatch.setattr(scene.bus, "read", unreadable)
    await scene.look()
    assert scene.recorder.word().state == "journal cannot be read"
    assert scene.recorded == []


async def test_what_the_server_has_not_written_to_its_file_is_not_sealed(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    async def refused() -> None:
        raise BusDown("not written", "disk full")

    await scene.say(0, 1)
    await scene.say(TEN, 2)
    ping = scene.bus.ping
    monkeypatch.setattr(scene.bus, "ping", refused)
    await scene.look()
    assert scene.recorded == []
    monkeypatch.setattr(scene.bus, "ping", ping)
    await scene.look()
    assert scene.recorded == [1]


async def test_a_new_journal_under_a_clock_set_back_is_told_and_kept_until_the_clock_is_where_it_was(scene: Scene):
    for k in range(3):
        await scene.say(k * TEN, k)
    await scene.look()
    scene.bus = MemoryBus(scene.clock)  # its server lost its data
    scene.begin()
    await scene.recorder._begin()
    await scene.look(TEN)
    assert scene.recorder.word().state == "recording", "an empty journal is not older than anything"
    old = await scene.say(TEN, 7)
    await scene.look()
    assert scene.recorder.word().state == "journal is older than the record"
    assert scene.recorder.word().mark(CPD) <= old
    await scene.say(2 * TEN, 8)
    await scene.look()
    await scene.say(3 * TEN, 9)
    await scene.look()
    assert scene.recorder.word().state == "recording"
    assert scene.recorded == [0, 1, 8]
    assert scene.archive.segments(CPD)[-1].manifest.lost is not None


async def test_a_server_that_lost_its_data_while_the_recorder_lived_is_told_in_the_next_manifest(scene: Scene):
    await scene.recorder._begin()
    for k in range(2):
        await scene.say(k * TEN, k)
    await scene.say(TEN + 60_000, 2)
    await scene.look()
    scene.recorder._bus = scene.bus = MemoryBus(scene.clock)  # 1 and 2 are gone
    await scene.say(TEN + 120_000, 3)
    await scene.say(2 * TEN, 4)
    await scene.look()  # before it said another word
    assert [s.manifest.lost for s in scene.archive.segments(CPD)] == [None, (T0 + TEN, T0 + TEN + 120_000)]
    await scene.say(3 * TEN, 5)
    await scene.look()
    assert scene.archive.segments(CPD)[-1].manifest.lost is None, "it is told once"
    assert (await said(scene)).lost == {}


async def test_data_lost_before_anything_was_sealed_is_told_too(scene: Scene):
    await scene.recorder._begin()
    await scene.say(5, 1)
    await scene.recorder._tell()
    scene.recorder._bus = scene.bus = MemoryBus(scene.clock)
    await scene.recorder._tell()
    assert (await said(scene)).lost == {CPD: T0}
    await scene.say(60_000, 2)
    await scene.say(TEN, 3)
    await scene.look()
    assert scene.archive.segments(CPD)[0].manifest.lost == (T0, T0 + 60_000)


@pytest.mark.parametrize(("older", "is_lost"), [(2, False), (3600, True)], ids=["the last second", "a back-up"])
async def test_a_server_with_its_data_of_before_lost_some_when_its_recorders_word_is_old(
    scene: Scene, older: int, is_lost: bool
):
    await scene.recorder._begin()
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    await scene.look()
    old = await scene.bus.load_recorder()
    assert old is not None
    scene.clock.ms += older * 1000
    await scene.recorder._tell()
    await scene.bus.save_recorder(old)
    await scene.recorder._tell()
    assert (await said(scene)).lost == ({CPD: T0 + TEN} if is_lost else {})


async def test_what_is_lost_while_a_segment_is_sealed_is_lost_behind_it(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    await scene.recorder._begin()
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    to_thread = asyncio.to_thread

    async def losing(*args: object) -> object:
        scene.recorder._bus = scene.bus = MemoryBus(scene.clock)
        await scene.recorder._tell()
        return await to_thread(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "to_thread", losing)
    await scene.recorder.step(CPD)
    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    await scene.say(TEN + 9, 3)
    await scene.say(2 * TEN, 4)
    await scene.look()
    assert [s.manifest.lost for s in scene.archive.segments(CPD)] == [None, (T0 + TEN, T0 + TEN + 9)]


async def test_a_clock_set_back_under_a_journal_that_goes_on_changes_nothing(scene: Scene):
    for k in range(3):
        await scene.say(k * TEN, k)
    await scene.look()
    await scene.say(TEN, 3)
    await scene.look(TEN)
    assert scene.recorder.word().state == "recording"
    await scene.say(3 * TEN, 4)
    await scene.look()
    assert scene.recorded == [0, 1, 2, 3]


async def test_a_bus_that_is_down_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder_module, "RETRY_S", 0.01)
    down, load, read = True, scene.bus.load_recorder, scene.bus.read

    async def loading() -> bytes | None:
        if down:
            raise BusDown("not there")
        return await load()

    async def reading(agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        if down:
            raise BusDown("not there")
        return await read(agency, after, count)

    monkeypatch.setattr(scene.bus, "load_recorder", loading)
    monkeypatch.setattr(scene.bus, "read", reading)
    await scene.say(0, 1)
    await scene.say(TEN, 2)
    await scene.look()
    assert scene.recorder.word().state == "recording", "that the bus is down is said by whoever hears it"
    async with running(scene):
        await asyncio.sleep(0.05)
        down = False
        await until(lambda: scene.archive.sealed_to(CPD) is not None)


async def test_it_is_behind_when_what_is_sealed_ends_more_than_half_an_hour_ago(scene: Scene):
    await scene.say(0, 1)
    await scene.look()
    assert scene.recorder.word().sealed_to == T0 / 1000
    scene.clock.ms = T0 + round(BEHIND_S * 1000)
    assert scene.recorder.word().state == "recording"
    scene.clock.ms += 1
    assert scene.recorder.word().state == "behind"
    await scene.look()
    assert scene.recorder.word().state == "recording"
    assert scene.recorder.word().sealed_to == (T0 + 3 * TEN) / 1000, "nothing to record is recorded"
    assert LENGTH_S * 1000 == TEN


async def test_told_to_stop_before_the_bus_is_there_it_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    async def down() -> bytes | None:
        raise BusDown("not there")

    monkeypatch.setattr(scene.bus, "load_recorder", down)
    async with running(scene):
        await asyncio.sleep(0)
