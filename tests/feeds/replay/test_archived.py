"""A record in an archive and a journal reads like one journal."""

from pathlib import Path

import pytest

from dashboard.archive_past import ArchivePast
from dashboard.rerun import Rerun
from dashboard.review_keyframes import Keyframes
from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.removal import Removal
from feeds.replay.archived import ArchivedRecording
from feeds.replay.journal import JournalRecording
from feeds.replay.sealed import Sealed, survey_file
from layers import kinds
from layers.derived import Deriver
from layers.picture import LAYERS, Picture
from layers.policy import ViewerClass
from layers.review_rules import ReviewRules
from layers.view import View
from tests.dashboard.test_review import ten_minutes
from tests.feeds.replay.test_sources import NEVER, TICK_S, KnownSource, a_day, take_all
from tests.support.heard import ROSTER, T0
from tests.support.live import wait_for
from tests.support.recorded import Record, known_by_brute_force, told
from tests.support.recording import flip
from tests.support.reviewing import Reviewer, review_on, reviewing

TWO_MINUTES = 120_000
END = float("inf")


async def sealed(record: Record, folder: Path, until: float, *, derived: bool = True) -> Archive:
    """Seal what was journaled before `until`, two minutes a segment, and trim the journal behind it."""
    archive = Archive(folder)
    for agency in record.recording.agencies:
        parts: dict[int, list[Delivery]] = {}
        for one in await record.bus.read(agency, BEGINNING, 1_000_000):
            if one.id.ms < until * 1000:
                parts.setdefault(one.id.ms // TWO_MINUTES, []).append(one)
        for part, entries in parts.items():
            archive.seal(
                agency, part * TWO_MINUTES, (part + 1) * TWO_MINUTES, entries, derive=survey_file if derived else None
            )
        await record.bus.trim(agency, BatchId(int(until * 1000), 0))
    return archive


async def whole(record: Record, agency: str) -> list[Delivery]:
    return [d for d in await record.deliveries() if d.agency == agency]


@pytest.mark.parametrize("derived", [True, False])
async def test_batches_late_reports_counts_and_marks_are_those_of_the_journal(tmp_path: Path, derived: bool) -> None:
    record = await a_day(7)
    cpd, fire, _ = record.recording.agencies
    middle = (T0 + 500) // 120 * 120
    batches = {a: await whole(record, a) for a in (cpd, fire)}
    journal = record.recording
    late = {a: await journal.late(a, NEVER, END) for a in (cpd, fire)}
    counts = {a: dict(await journal.counts(a)) for a in (cpd, fire)}
    places = [T0 - 1, *(T0 + 41.3 * n for n in range(1, 20))]
    asks = [(what, t, by, truth, far) for what in ("incident", "camera", "log", "alarm") for t in places
            for by in (1, -1) for truth in (False, True) for far in (END, 40.0)]  # fmt: skip
    of = record.recording.agencies
    marks = [await journal.marks(w, t, by, truth=truth, until=t + by * far, of=of) for w, t, by, truth, far in asks]
    archive = await sealed(record, tmp_path, middle, derived=derived)
    tail = JournalRecording(record.bus, record.recording.agencies, record.clock)
    recording = ArchivedRecording(Sealed(archive), tail)
    for agency in (cpd, fire):
        found: list[Delivery] = []
        while page := await recording.read(agency, found[-1].id if found else BEGINNING, 7):
            found += page
        assert found == batches[agency]
        got = await recording.late(agency, NEVER, END)
        assert [(d.id, [p.reports for p in d.batch.parcels]) for d in got] == [
            (d.id, [p.reports for p in d.batch.parcels]) for d in late[agency]
        ]
        assert {m: sum(s.values()) for m, s in (await recording.counts(agency)).items()} == {
            m: sum(s.values()) for m, s in counts[agency].items()
        }
    nearest = [await recording.marks(w, t, by, truth=truth, until=t + by * far, of=of) for w, t, by, truth, far in asks]
    assert nearest == marks
    assert [] in marks and any(marks)
    span = await recording.span()
    assert span is not None
    assert span.since <= batches[cpd][0].id.ms / 1000


async def test_what_is_known_is_the_same_out_of_the_archive(tmp_path: Path) -> None:
    record = await a_day(8)
    span = await record.recording.span()
    assert span is not None
    expected = told(await known_by_brute_force(record, span.until))
    archive = await sealed(record, tmp_path, (T0 + 400) // 120 * 120)
    picture = Picture(ROSTER)
    recording = ArchivedRecording(Sealed(archive), record.recording)
    await take_all(KnownSource(recording, {}, NEVER, TICK_S), picture, span.until)
    assert told(picture) == expected


async def test_a_seek_begins_with_the_pictures_of_the_segments_and_unseals_nothing_older(tmp_path: Path) -> None:
    record = await a_day(9)
    archive = Archive(tmp_path)
    derive = Deriver(ROSTER, ArchivePast(archive))
    middle = (T0 + 500) // 120 * 120
    for agency in record.recording.agencies:
        for part in sorted({d.id.ms // TWO_MINUTES for d in await whole(record, agency)}):
            entries = [d for d in await whole(record, agency) if d.id.ms // TWO_MINUTES == part]
            if part * 120 < middle:
                archive.seal(agency, part * TWO_MINUTES, (part + 1) * TWO_MINUTES, entries, derive=derive)
    t = middle - 17.0
    straight = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
    await straight.reach(t, truth=False, overtaken=lambda: False)
    read: list[Delivery] = []

    class Watched(Sealed):
        async def read(self, agency, after, count):
            read.extend(page := await super().read(agency, after, count))
            return page

    rerun = Rerun(ArchivedRecording(Watched(archive), record.recording), Keyframes(), ROSTER, TICK_S)
    await rerun.reach(t, truth=False, overtaken=lambda: False)
    assert told(rerun.picture) == told(straight.picture)
    events = [[event.record for event in view_of(r).events.after(0)] for r in (rerun, straight)]
    assert sorted(map(str, events[0])) == sorted(map(str, events[1]))
    assert read
    assert min(d.id.ms for d in read) >= (middle - 120) * 1000


def view_of(rerun: Rerun) -> View:
    rerun.flush(rerun.at)
    return View(rerun.picture, ReviewRules([]), ViewerClass(AgencyId("cpd")), [kinds.load(n) for n in LAYERS], rerun.at)


async def test_a_review_goes_back_beyond_the_journal_and_a_damaged_segment_is_a_gap(tmp_path: Path) -> None:
    record = await ten_minutes()
    archive = await sealed(record, tmp_path, T0 + 400)
    cpd = record.recording.agencies[0]
    broken = archive.segments(cpd)[1]
    flip(broken.folder / "reports.parquet", 500)
    recording = ArchivedRecording(Sealed(archive), record.recording)
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        assert reviewer.hello["replay"]["from"] <= T0
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] > 0
        await reviewer.epoch("seek", at=T0 + 590)
        await wait_for(lambda: reviewer.client.by_id("units")["cpd", "u1"]["lat"] == 415900000)
    (gap,) = await recording.gaps()
    assert (gap.since, gap.agency) == (broken.manifest.t0 / 1000, cpd)
    assert gap.text.startswith("damaged")


async def test_who_plays_into_a_damaged_segment_is_told_once_and_the_minutes_beside_it_play(tmp_path: Path) -> None:
    record = await ten_minutes()
    archive = await sealed(record, tmp_path, T0 + 400)
    broken = archive.segments(record.recording.agencies[0])[1]
    since, until = broken.manifest.t0 / 1000, broken.manifest.t1 / 1000
    flip(broken.folder / "reports.parquet", 500)
    recording = ArchivedRecording(Sealed(archive), record.recording)

    def of_damage(reviewer: Reviewer) -> list[str]:
        return [said["text"] for said in reviewer.said("notice") if "damaged" in said["text"]]

    async with (
        review_on(recording) as review,
        reviewing(review, at=since - 30) as jcc,
        reviewing(review, token="fbi-token", at=since - 30) as fbi,
    ):
        for reviewer in (jcc, fbi):
            await reviewer.say("play", speed=64)
        await wait_for(lambda: since - 15 < jcc.clock["at"])
        assert jcc.client.by_id("units")["cpd", "u1"]["lat"] >= 410000000 + (since - 30 - T0) // 10 * 100000
        assert recording.damaged(since - 1) == []
        await wait_for(lambda: min(jcc.clock["at"], fbi.clock["at"]) > until + 40, 60)
        assert jcc.client.by_id("units")["cpd", "u1"]["lat"] >= 410000000 + (until + 20 - T0) // 10 * 100000
        (text,) = of_damage(jcc)
        assert text.startswith("The record of City Police from ")
        assert of_damage(fbi) == [], "who sees nothing of the agency is not told"
        await jcc.epoch("seek", at=since + 30)
        await wait_for(lambda: len(of_damage(jcc)) == 2)


async def test_what_was_deleted_is_a_gap_that_names_its_clause(tmp_path: Path) -> None:
    record = await ten_minutes()
    archive = await sealed(record, tmp_path, T0 + 400)
    cpd = record.recording.agencies[0]
    archive.bury(archive.segments(cpd)[0], "MOU 7.2", "clerk", T0 + 900)
    recording = ArchivedRecording(Sealed(archive), record.recording)
    (gap,) = await recording.gaps()
    assert (gap.text, gap.own) == ("lawfully deleted", False)
    assert "MOU 7.2" in gap.detail
    first = (await recording.read(cpd, BEGINNING, 1))[0]
    assert first.id.ms >= gap.until * 1000


async def test_a_review_lets_go_of_what_was_removed_and_says_that_something_was(tmp_path: Path) -> None:
    record = await a_day(7)
    archive = await sealed(record, tmp_path, (T0 + 500) // 120 * 120)
    cpd = record.recording.agencies[0]
    read = Sealed(archive)
    recording = ArchivedRecording(read, JournalRecording(record.bus, record.recording.agencies, record.clock))
    before = await recording.read(cpd, BEGINNING, 1000)
    counts = await recording.counts(cpd)
    first = archive.segments(cpd)[0]
    removed = Archive(tmp_path).revise(first, Removal(), "order 7", "clerk", 0.0).manifest.revised
    assert removed is not None and removed.removed["unit"] > 0
    await read.refresh()
    after = await recording.read(cpd, BEGINNING, 1000)
    total = [sum(len(d.batch) for d in said) for said in (before, after)]
    assert total[0] - total[1] == removed.removed["unit"]
    now = await recording.counts(cpd)
    assert (
        sum(sum(s.values()) for s in counts.values()) - sum(sum(s.values()) for s in now.values())
        == total[0] - total[1]
    )
    assert [(gap.text, gap.detail, gap.own) for gap in await recording.gaps()] == [
        ("lawfully removed", f"{removed.removed['unit']} reports, 1970-01-01 under order 7", True)
    ]
