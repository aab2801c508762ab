"""What the screens showed, out of the archive and off the bus, reads as if the bus had it all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashboard.review_screens import OnScreen, ScreenReader
from feeds.bus import BatchId, Bus
from feeds.embedded_redis import EmbeddedRedis
from feeds.memory_bus import MemoryBus
from feeds.names import SCREENS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.site_log import ENTRIES, Told
from feeds.redis_bus import RedisBus
from feeds.replay.archived import ArchivedRecording
from feeds.replay.journal import JournalRecording
from feeds.replay.screens import (
    HEARD_WITHIN_S,
    Look,
    ScreenLog,
    ScreensEntry,
    ScreenSession,
    encode_screens,
    outline,
)
from feeds.replay.sealed import Sealed
from feeds.replay.sealed_screens import SealedScreens
from tests.support.heard import unit
from tests.support.live import wait_for
from tests.support.recorded import HandClock, Record
from tests.support.recording import T0, flip
from tests.support.reviewing import review_on, reviewing
from tests.support.site_cuts import recorder_of, screens_entry

AT = T0 / 1000
BEGIN, END = 20, 2700
"""From when to when, seconds after AT; four parts are sealed of it."""
DESK_AT = 2402
"""A desk is opened then, just behind the fourth part."""
GONE = "the words of screens are not on record any more"
LOOK = Look((-87.8, 41.8, -87.6, 42.0), 12.0, 800, 600, ("units",), (), "dark", None, False)


def zoom_at(second: float) -> float:
    return float(int(second // 10) % 19)


async def noted(*buses: Bus) -> ScreenSession:
    """A wall of the command centre that draws each second, and looks otherwise each ten; at the end a desk."""
    log = ScreenLog()
    session = log.begin("jcc", (), "wall", "e1", AT + BEGIN)
    for second in range(BEGIN, END):
        if second == DESK_AT:
            log.look(log.begin("jcc", (), "desk", "e1", AT + second), LOOK, AT + second)
        log.look(session, LOOK._replace(zoom=zoom_at(second)), AT + second)
        log.drew(session, second + 1, AT + second)
        entry = log.entry(AT + second + 0.5)
        assert entry is not None
        for bus in buses:
            await bus.append_log(SCREENS, encode_screens(entry), entry.at)
    return session


async def seal(bus: Bus, folder: Path, trimmed: bool = True) -> Archive:
    recorder = recorder_of(bus, folder, HandClock(AT + END))
    await recorder._follow(SCREENS)
    if trimmed:
        await bus.trim_log(SCREENS, recorder.word().mark(SCREENS))
    return Archive(folder)


def on_bus(bus: Bus) -> JournalRecording:
    return JournalRecording(bus, [AgencyId("cpd"), AgencyId("jcc")], HandClock(AT + END))


def recording(archive: Archive, bus: Bus) -> ArchivedRecording:
    return ArchivedRecording(Sealed(archive), on_bus(bus))


def part(archive: Archive, k: int) -> Segment:
    return archive.segments(SCREENS)[k]


async def seen(of: ArchivedRecording | JournalRecording, session: ScreenSession, *seconds: float) -> list[OnScreen]:
    """What a reader that goes from one to the next finds of the screen at these seconds."""
    reader = ScreenReader(of)
    return [await reader.at(f"screen:{session.id}", AT + second) for second in seconds]


async def every(of: ArchivedRecording | JournalRecording, after: float, page: int) -> list[ScreensEntry]:
    found: list[ScreensEntry] = []
    while more := await of.screens(found[-1].at if found else after, page):
        found += more
    return found


@pytest.fixture
async def bus(fresh_redis: EmbeddedRedis) -> AsyncIterator[RedisBus]:
    bus = RedisBus(fresh_redis.url)
    yield bus
    await bus.close()


@pytest.mark.parametrize("trimmed", [True, False])
async def test_across_the_seam_they_are_those_of_the_bus(bus: RedisBus, tmp_path: Path, trimmed: bool):
    whole = MemoryBus()
    session = await noted(bus, whole)
    archive = await seal(bus, tmp_path, trimmed)
    assert len(archive.segments(SCREENS)) == 4
    archived, journal = recording(archive, bus), on_bus(whole)
    for after, page in ((-1.0, 7), (AT - 1, 1000), (AT + 590.5, 30), (AT + 2680, 1), (AT + 2395, 70), (AT + END, 5)):
        assert await every(archived, after, page) == await every(journal, after, page), (after, page)
    # Just behind a seam what was said last is in the part before, and so is the last time that all was told.
    moments = (BEGIN - 1, 30, 599.9, 600.2, 605, 659, 1201, 2399.5, 2401, 2412, 2470, END - 5, 602, 40)
    found = await seen(archived, session, *moments)
    assert found == await seen(journal, session, *moments)
    for second, on in zip(moments[1:], found[1:], strict=True):
        assert on.shown is not None and on.shown.look is not None
        assert on.shown.look.zoom == zoom_at(second), second
        assert on.shown.rev == int(second) + 1, second


async def test_a_reader_opens_the_files_of_where_it_goes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bus = MemoryBus()
    session = await noted(bus)
    archive = await seal(bus, tmp_path)
    read: list[str] = []
    file = archive.file
    monkeypatch.setattr(archive, "file", lambda one, name: [read.append(one.name), file(one, name)][1])
    archived = recording(archive, bus)
    for _ in range(2):
        await seen(archived, session, 700)
        assert read == [part(archive, 1).name]
    await seen(archived, session, 1230)
    assert read == [part(archive, 1).name, part(archive, 2).name], "what was said before it is kept"


async def test_where_a_part_is_damaged_nothing_is_on_record_and_the_file_is_named(tmp_path: Path):
    bus = MemoryBus()
    session = await noted(bus)
    archive = await seal(bus, tmp_path)
    flip(part(archive, 2).folder / ENTRIES, 70)
    archived = recording(archive, bus)
    moments = (1190, 1200 - HEARD_WITHIN_S + 0.1, 1201, 1230, 1500, 1799, 1800.2, 1818, 1820, 1821, 1870, 1190)
    found = await seen(archived, session, *moments)
    # What stood last before it may have changed in it, and behind it until 1820.5 nobody tells all again.
    assert [on.shown is not None for on in found] == [True, *[False] * 8, True, True, True]
    assert found[-2].shown is not None and found[-2].shown.look is not None
    assert found[-2].shown.look.zoom == zoom_at(1870)
    damage = "_screens/2026-09-21/1440/entries.bin: it was altered"
    for on in found[1:9]:
        assert on.missing == "Nothing is on record of this screen at this moment." and damage in on.why
    (gap,) = await archived.gaps()
    assert (gap.since, gap.until, gap.agency) == (AT + 1200, AT + 1800, "")
    assert damage in gap.text and str(tmp_path) not in gap.text


async def test_the_newest_of_what_is_missing_is_told_and_no_other_stretch(tmp_path: Path):
    bus = MemoryBus()
    await noted(bus)
    archive = await seal(bus, tmp_path)
    screens = SealedScreens(archive)
    flip(part(archive, 1).folder / ENTRIES, 70)
    assert screens.missing(AT, AT + END) is None, "nobody has looked yet"
    assert [round(entry.at - AT, 1) for entry in await screens.screens(AT + 598.9, 3)] == [599.5, 1200.5, 1201.5]
    archive.bury(part(archive, 0), "not needed", "clerk", 1.0)
    stretches = {
        (since, until): None if (gap := screens.missing(AT + since, AT + until)) is None else gap.since - AT
        for since, until in ((0, 600), (0, 601), (599, 600), (1199, 1300), (1200, 1300))
    }
    assert stretches == {(0, 600): 0, (0, 601): 600, (599, 600): 0, (1199, 1300): 600, (1200, 1300): None}


async def test_a_screen_that_came_behind_a_damaged_part_is_known_at_once(tmp_path: Path):
    bus = MemoryBus()
    session = await noted(bus)
    archive = await seal(bus, tmp_path)
    flip(part(archive, 3).folder / ENTRIES, 70)
    archived = recording(archive, bus)
    number = int(AT) + DESK_AT
    (on,) = await seen(archived, session._replace(number=number, kind="desk"), DESK_AT + 4)
    assert on.shown is not None and (on.shown.session.number, on.shown.look) == (number, LOOK)
    assert (await seen(archived, session, DESK_AT + 4))[0].shown is None


async def test_a_manifest_that_cannot_be_read_hides_its_ten_minutes(tmp_path: Path):
    bus = MemoryBus()
    session = await noted(bus)
    flip(part(await seal(bus, tmp_path), 2).folder / "manifest.json", 50)
    found = await seen(recording(Archive(tmp_path), bus), session, 1190, 1201, 1799, 1870)
    assert [on.shown is not None for on in found] == [True, False, False, True]
    assert "manifest cannot be read" in found[1].why


async def test_what_was_deleted_or_lost_is_not_on_record_any_more(tmp_path: Path):
    bus = MemoryBus()
    session = await noted(bus)
    archive = await seal(bus, tmp_path)
    archive.bury(part(archive, 1), "not needed", "clerk", 1.0)
    await bus.trim_log(SCREENS, BatchId(2**60, 0))
    await bus.save_recorder(b"")  # nobody records for a while
    recorder = recorder_of(bus, tmp_path, HandClock(AT + 4000))
    await recorder._begin()
    for second in (3700.0, 4300.0):
        await bus.append_log(SCREENS, screens_entry(AT + second), AT + second)
    await recorder._follow(SCREENS)
    found = await seen(recording(Archive(tmp_path), bus), session, 590, 601, 1199, 1270, 2410, 3699, 3800)
    assert [on.shown is not None for on in found] == [True, False, False, True, False, False, False]
    assert [GONE in on.why for on in found] == [False, True, True, False, True, True, False]


async def test_the_reviewer_is_told_and_playing_on_shows_the_screen_again(tmp_path: Path):
    record = Record(("cpd", "jcc"))
    await record.say(AT, unit(at=AT))
    session = await noted(record.bus)
    record.end(AT + END)
    archive = await seal(record.bus, tmp_path)
    flip(part(archive, 2).folder / ENTRIES, 70)
    async with (
        review_on(ArchivedRecording(Sealed(archive), record.recording)) as review,
        reviewing(review, at=AT + 1780, view=f"screen:{session.id}") as reviewer,
    ):
        (said,) = reviewer.said("screen")
        assert said["session"] is None
        (notice,) = reviewer.said("notice")
        assert notice["text"].startswith("What this screen showed cannot be told: the words of screens are damaged")
        assert f"_screens/{part(archive, 2).name}/{ENTRIES}" in notice["text"]
        assert reviewer.ids() == set()
        epochs = len(reviewer.epochs)
        await reviewer.say("play", speed=64)
        await wait_for(lambda: reviewer.said("screen")[-1]["look"])
        assert reviewer.said("screen")[-1]["session"] == session.id
        assert len([said for said in reviewer.said("screen") if not said["look"]]) == 1, "told once, not at each step"
        assert len(reviewer.epochs) - epochs <= 2
        assert len(reviewer.said("notice")) == 1


def test_an_entry_tells_the_archive_when_it_was_made() -> None:
    assert outline(encode_screens(ScreensEntry(AT + 0.25))) == Told(AT + 0.25, AT + 0.25)
    assert outline(b"junk") is None
