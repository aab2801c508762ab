"""The hub's cuts and the shares of then out of the archive and off the bus read as if the bus had them all."""

from pathlib import Path

import pytest

from dashboard.hub import grants_of, roster_of
from feeds.bus import BatchId
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.site_log import ENTRIES
from feeds.replay import sealed_log
from feeds.replay.archived import ArchivedRecording
from feeds.replay.cuts import UNREADABLE, CutsEntry
from feeds.replay.journal import JournalRecording
from feeds.replay.known import KnownSource
from feeds.replay.sealed import Sealed
from feeds.replay.sealed_cuts import SealedCuts
from layers.policy_record import encode_policy
from tests.feeds.replay.test_archived import sealed
from tests.feeds.replay.test_sources import NEVER, TICK_S
from tests.support.heard import unit
from tests.support.live import wait_for
from tests.support.recorded import HandClock, Record
from tests.support.recording import T0, TEN, flip
from tests.support.reviewing import review_on, review_site, reviewing
from tests.support.site_cuts import note, recorder_of

AT = T0 / 1000
POLICIES = {0: b"a", 1300: b"b", 2000: b"c", 2450: b"a"}
"""By seconds after AT."""
END = 2700
"""The cuts go so far; four parts are sealed of them."""
GONE = "the hub's ticks and the shares of then are not on record any more"


async def noted(*buses: MemoryBus) -> None:
    for bus in buses:
        for second in range(0, END, 10):
            await note(bus, AT + second, POLICIES.get(second, b""))


async def seal(bus: MemoryBus, folder: Path, trimmed: bool = True) -> Archive:
    clock = HandClock(AT + END)
    recorder = recorder_of(bus, folder, clock)
    await recorder._follow(CUTS)
    if trimmed:
        await bus.trim_log(CUTS, recorder.word().mark(CUTS))
    return Archive(folder)


def recording(archive: Archive, bus: MemoryBus) -> ArchivedRecording:
    return ArchivedRecording(Sealed(archive), JournalRecording(bus, [AgencyId("cpd")], HandClock(AT + END)))


async def all_cuts(of: ArchivedRecording | JournalRecording, after: float, page: int) -> list[CutsEntry]:
    found: list[CutsEntry] = []
    while more := await of.cuts(found[-1].cuts[-1].at if found else after, page):
        found += more
    return found


@pytest.mark.parametrize("trimmed", [True, False])
async def test_across_the_seam_they_are_those_of_the_bus(tmp_path: Path, trimmed: bool):
    bus, whole = MemoryBus(), MemoryBus()
    await noted(bus, whole)
    archive = await seal(bus, tmp_path, trimmed)
    assert len(archive.segments(CUTS)) == 4
    assert SealedCuts(archive).until == AT + 2400
    archived, journal = recording(archive, bus), JournalRecording(whole, [AgencyId("cpd")], HandClock(AT + END))
    for after, page in ((NEVER, 7), (AT - 1, 1000), (AT + 599.5, 30), (AT + 2395, 3), (AT + END, 5)):
        assert await all_cuts(archived, after, page) == await all_cuts(journal, after, page)
    for second in (-1, 0, 599, 600, 1299, 1300, 1999, 2000, 2399, 2401, 2449, 2450, END):
        assert await archived.policy(AT + second) == await journal.policy(AT + second), second
    for a, b in ((-1, 0), (0, 600), (0, 1300), (1250, 1299), (1310, 2450), (0, END), (2000, END), (2460, END)):
        there = await archived.policies(AT + a, AT + b)
        assert set(there) == set(await journal.policies(AT + a, AT + b)), (a, b)


async def test_a_seek_reads_the_files_of_where_it_goes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bus = MemoryBus()
    await noted(bus)
    archive = await seal(bus, tmp_path)
    read: list[str] = []
    file = archive.file
    monkeypatch.setattr(archive, "file", lambda one, name: [read.append(one.name), file(one, name)][1])
    archived = recording(archive, bus)
    for _ in range(3):
        assert await archived.policy(AT + 1350) == b"b"
        assert (await archived.cuts(AT + 1350, 30))[0].cuts[0].at == AT + 1360
    assert read == [archive.segments(CUTS)[2].name]
    monkeypatch.setattr(sealed_log, "KEPT", 1)
    for second in (10, 700, 10):
        await archived.cuts(AT + second, 1)
    assert len(read) == 4, "of what is kept the oldest goes"


def part(archive: Archive, k: int) -> Segment:
    return archive.segments(CUTS)[k]


async def test_a_damaged_part_is_passed_over_named_and_its_shares_are_not_guessed(tmp_path: Path):
    bus = MemoryBus()
    await noted(bus)
    archive = await seal(bus, tmp_path)
    flip(part(archive, 2).folder / ENTRIES, 50)
    archived = recording(archive, bus)
    assert archived.ticks_unread(AT + 1300) == ""
    found = [entry.cuts[0].at - AT for entry in await all_cuts(archived, NEVER, 50)]
    assert found == [*range(0, 1200, 10), *range(1800, END, 10)]
    policies = {second: await archived.policy(AT + second) for second in (1199, 1200, 1300, 1799, 1800, 2000)}
    assert policies == {
        1199: b"a", 1200: UNREADABLE, 1300: UNREADABLE, 1799: UNREADABLE, 1800: b"b", 2000: b"c"
    }  # fmt: skip
    # Whoever asks of a stretch hears that part of it cannot be told.
    assert await archived.policies(AT, AT + 1199) == [b"a"]
    assert UNREADABLE in await archived.policies(AT, AT + 3600 - 1)
    assert UNREADABLE in await archived.policies(AT + 1000, AT + 1210)
    assert UNREADABLE not in await archived.policies(AT + 1810, AT + 2100)
    (gap,) = await archived.gaps()
    assert (gap.since, gap.until, gap.agency) == (AT + 1200, AT + 1800, "")
    assert "damaged: _cuts/2026-09-21/1440/entries.bin: it was altered" in gap.text
    assert archived.ticks_unread(AT + 1300) == gap.text
    assert archived.ticks_unread(AT + 1800) == archived.ticks_unread(AT + 1199) == ""


async def test_a_damaged_part_of_which_the_bus_still_has_the_shares_takes_those(tmp_path: Path):
    bus = MemoryBus()
    await noted(bus)
    archive = await seal(bus, tmp_path, trimmed=False)
    flip(part(archive, 2).folder / ENTRIES, 50)
    assert await recording(archive, bus).policy(AT + 1310) == b"b"


async def test_a_manifest_that_cannot_be_read_hides_what_was_said_there(tmp_path: Path):
    bus = MemoryBus()
    await noted(bus)
    archive = await seal(bus, tmp_path)
    flip(part(archive, 2).folder / "manifest.json", 50)
    archived = recording(Archive(tmp_path), bus)
    policies = {second: await archived.policy(AT + second) for second in (1199, 1200, 1300, 1799, 1800)}
    assert policies == {1199: b"a", 1200: UNREADABLE, 1300: UNREADABLE, 1799: UNREADABLE, 1800: b"b"}
    (gap,) = await archived.gaps()
    assert (gap.since, gap.until) == (AT + 1200, AT + 1800)
    assert "manifest" in archived.ticks_unread(AT + 1300)


async def test_what_was_lost_or_deleted_may_have_said_otherwise(tmp_path: Path):
    bus, clock = MemoryBus(), HandClock(AT)
    await note(bus, AT, b"a")
    await note(bus, AT + 600)
    await seal(bus, tmp_path)
    await bus.save_recorder(b"")  # nobody records for an hour
    await bus.trim_log(CUTS, BatchId(2**60, 0))
    recorder = recorder_of(bus, tmp_path, clock)
    await recorder._begin()
    for second in (4000, 4010, 4300):
        await note(bus, AT + second, b"b" if second == 4010 else b"")
    await recorder._follow(CUTS)
    archive = Archive(tmp_path)
    archived = recording(archive, bus)
    policies = {second: await archived.policy(AT + second) for second in (599, 600, 2000, 4005, 4011)}
    assert policies == {599: b"a", 600: UNREADABLE, 2000: UNREADABLE, 4005: UNREADABLE, 4011: b"b"}
    assert [archived.ticks_unread(AT + second) for second in (599, 2000, 4300)] == ["", GONE, ""]
    archive.bury(part(archive, 0), "not needed", "clerk", 1.0)
    assert archived.ticks_unread(AT + 10) == GONE
    assert await archived.policy(AT + 10) == UNREADABLE
    assert (await archived.cuts(NEVER, 1))[0].cuts[0].at == AT + 4000


async def three_parts(folder: Path) -> tuple[Record, Archive]:
    """A unit that moves each minute for thirty-five; what was granted to others was less in the first ten minutes."""
    record, settings = Record(), review_site()
    roster = roster_of(settings)
    for minute in range(35):
        at = AT + 60 * minute
        await record.say(at, unit(at=at, lon=-87.6 + minute / 1e3))
        policy = {0: encode_policy((), roster), 10: encode_policy(grants_of(settings), roster)}.get(minute, b"")
        await note(record.bus, at + 0.25, policy, cpd=int(at * 1000))
    record.end(AT + 35 * 60)
    await sealed(record, folder, AT + 1800)
    recorder = recorder_of(record.bus, folder, record.clock)
    await recorder._follow(CUTS)
    await record.bus.trim_log(CUTS, BatchId(T0 + 3 * TEN, 0))
    return record, Archive(folder)


async def test_where_the_cuts_are_damaged_it_goes_by_receipt_shows_the_least_and_says_so(tmp_path: Path):
    record, archive = await three_parts(tmp_path)
    flip(part(archive, 1).folder / ENTRIES, 50)
    archived = ArchivedRecording(Sealed(archive), record.recording)
    source, steps = KnownSource(archived, {}, NEVER, TICK_S), []
    while (step := await source.next(AT + 2100)) is not None:
        steps.append(step)
    assert [len(step.deliveries) for step in steps if step.deliveries] == [1] * 35
    by_receipt = [step for step in steps if step.deliveries and 600 <= step.at - AT < 1200]
    assert [round(step.at - AT, 3) for step in by_receipt] == [60.0 * m for m in range(10, 20)]
    assert not any(step.is_tick for step in by_receipt)
    async with review_on(archived) as review, reviewing(review, at=AT + 700) as reviewer:
        assert reviewer.ids() == set(), "what was shared then cannot be read"
        (notice,) = [said["text"] for said in reviewer.said("notice")]
        assert "goes by what was journaled" in notice and ENTRIES in notice
        await reviewer.epoch("seek", at=AT + 1300)
        assert reviewer.ids() == {"u1"}
        await reviewer.epoch("seek", at=AT + 1190)
        await reviewer.say("play", speed=64)
        await wait_for(lambda: reviewer.clock["at"] > AT + 1210 and reviewer.ids() == {"u1"})
        assert len(reviewer.said("notice")) == 2
        async with reviewing(review, "cpd-token", at=AT + 700) as own:
            assert own.ids() == {"u1"}, "its own is its own"


async def test_the_shares_of_an_older_hour_hold_when_only_the_archive_knows_them(tmp_path: Path):
    record, archive = await three_parts(tmp_path)
    archived = ArchivedRecording(Sealed(archive), record.recording)
    async with review_on(archived) as review, reviewing(review, at=AT + 300) as reviewer:
        assert reviewer.ids() == set()
        await reviewer.epoch("seek", at=AT + 700)
        assert reviewer.ids() == {"u1"}
        assert reviewer.said("notice") == []
