"""The derived files of sealed segments, made by one recorder or by one that was started in between."""

from pathlib import Path

import pytest

from dashboard.archive_past import LOOK_BACK_MS, ArchivePast
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.chunk_file import chunk_at
from feeds.recording.pictures import PICTURES
from feeds.recording.removal import Removal
from feeds.recording.sheets import sheets
from layers import keyframe
from layers.derived import CHUNKS, L1, Deriver
from layers.picture import Picture
from layers.pyramid import L1_STEP_S
from layers.span import Span, picture_at
from tests.support.heard import ROSTER
from tests.support.recorded import told
from tests.support.recording import CPD, T0, TEN, entries, flip


def record(folder: Path, *starts: bool) -> Archive:
    """Seal a segment for each of `starts`, with a new deriver where it says so; the second has units that go silent."""
    archive = Archive(folder)
    for k, anew in enumerate(starts):
        if anew:
            derive = Deriver(ROSTER, ArchivePast(archive))
        t0 = T0 + k * TEN
        said = entries(*(t0 + at for at in (500, 61_000, TEN - 1)), each=2 if k == 1 else 3)
        archive.seal(CPD, t0, t0 + TEN, said, derive=derive)
    return archive


def derived(archive: Archive) -> list[dict[str, bytes]]:
    return [{name: archive.file(s, name) for name in (CHUNKS, L1, PICTURES)} for s in archive.segments(CPD)]


@pytest.mark.parametrize("starts", [(True, True, True), (True, False, True)], ids=["each time", "once"])
def test_a_recorder_that_starts_again_makes_the_same_files(tmp_path: Path, starts: tuple[bool, ...]):
    assert derived(record(tmp_path / "a", True, False, False)) == derived(record(tmp_path / "b", *starts))


def test_each_minute_has_all_units_ever_heard(tmp_path: Path):
    archive = record(tmp_path, True, False, False)
    chunks = archive.file(archive.segments(CPD)[1], CHUNKS)
    for minute in range(10):
        t = (T0 + TEN) / 1000 + 60 * minute + 30
        assert sorted(Span(chunk_at(chunks, t)).ids) == ["u0", "u1", "u2"]
        assert len(picture_at(chunk_at(chunks, t), t)["row"]) == 3
    overview = Span(archive.file(archive.segments(CPD)[0], L1))
    assert overview.until - overview.at == 600.0 and L1_STEP_S == 10.0


def test_segments_without_a_picture_are_gone_through(tmp_path: Path):
    archive = Archive(tmp_path / "a")
    for k in range(2):
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, entries(T0 + k * TEN + 500, each=2 - k))
    last = entries(T0 + 2 * TEN + 1)
    derive = Deriver(ROSTER, ArchivePast(archive))
    files = derive(CPD, T0 + 2 * TEN, sheets(CPD, last, T0 + 2 * TEN))
    assert sorted(Span(chunk_at(files[CHUNKS], (T0 + 2 * TEN) / 1000)).ids) == ["u0", "u1", "u2"]
    assert ArchivePast(archive).last_id(AgencyId("isp"), T0) is None


def test_a_segment_that_ended_early_has_the_minutes_up_to_the_full_ten(tmp_path: Path):
    archive = Archive(tmp_path / "a")
    derive = Deriver(ROSTER, ArchivePast(archive))
    early = T0 + 90_500
    archive.seal(CPD, T0, early, entries(T0 + 500, early - 1), derive=derive)
    archive.seal(CPD, early, T0 + TEN, entries(early + 500, T0 + TEN - 1), derive=derive)
    for segment, t in zip(archive.segments(CPD), (T0 / 1000 + 91, T0 / 1000 + 599), strict=True):
        chunks = archive.file(segment, CHUNKS)
        assert len(picture_at(chunk_at(chunks, t), t)["row"]) == 3


def test_what_was_removed_is_in_no_derived_file_of_a_later_segment(tmp_path: Path):
    archive = Archive(tmp_path / "a")
    derive = Deriver(ROSTER, ArchivePast(archive))
    for k, each in enumerate((3, 2)):
        t0 = T0 + k * TEN
        archive.seal(CPD, t0, t0 + TEN, entries(t0 + 500, each=each), derive=derive)
    first, second = archive.segments(CPD)
    assert sorted(Span(chunk_at(archive.file(second, CHUNKS), (T0 + TEN) / 1000)).ids) == ["u0", "u1", "u2"]
    archive.revise(first, Removal("u2"), "order", "clerk", 1.0)
    assert not any(archive.has(s, name) for s in archive.segments(CPD) for name in (CHUNKS, L1, PICTURES))
    derive.forget(CPD)
    last = derive(CPD, T0 + 2 * TEN, sheets(CPD, entries(T0 + 2 * TEN + 1, each=1), T0 + 2 * TEN))
    assert sorted(Span(chunk_at(last[CHUNKS], (T0 + 2 * TEN) / 1000)).ids) == ["u0", "u1"]


def test_derived_files_say_since_when_they_know_and_go_with_all_that_was_removed_since_then(tmp_path: Path):
    archive = Archive(tmp_path / "a")
    later = LOOK_BACK_MS // TEN + 2
    for k in (0, 1):
        seal(archive, Deriver(ROSTER, ArchivePast(archive)), k)
    first, second = archive.segments(CPD)
    assert [archive.since(one) for one in (first, second)] == [T0, T0], "it goes on from the picture before"
    archive.revise(first, Removal("u2"), "order", "clerk", 1.0)
    derive = Deriver(ROSTER, ArchivePast(archive))
    for k in (later, later + 1):
        seal(archive, derive, k)
    archive.revise(second, Removal("u2"), "order", "clerk", 1.0)
    third, fourth = archive.segments(CPD)[2:]
    assert [archive.since(one) for one in (third, fourth)] == [T0 + later * TEN] * 2
    assert archive.has(third, PICTURES) and archive.has(fourth, CHUNKS)
    archive.revise(third, Removal("u2"), "order", "clerk", 1.0)
    assert not archive.has(fourth, CHUNKS)


def seal(archive: Archive, derive: Deriver, k: int) -> None:
    t0 = T0 + k * TEN
    archive.seal(CPD, t0, t0 + TEN, entries(t0 + 500), derive=derive)


def test_where_pictures_are_gone_only_the_last_day_is_gone_through(tmp_path: Path):
    archive = Archive(tmp_path / "a")
    day_later = T0 + LOOK_BACK_MS + TEN
    archive.seal(CPD, T0, T0 + TEN, entries(T0 + 500, each=3))
    archive.seal(CPD, day_later - TEN, day_later, entries(day_later - TEN + 500, each=1))
    picture, since, known = ArchivePast(archive).since_picture(
        CPD, day_later, lambda data: keyframe.restore(data, ROSTER)
    )
    assert picture is None and [d.id.ms for d in since] == [day_later - TEN + 500]
    assert known == day_later - TEN


def test_each_minute_begins_with_a_picture_of_all_that_was_journaled_before(tmp_path: Path):
    archive = record(tmp_path, True, False, False)
    heard = Picture(ROSTER)
    for segment in archive.segments(CPD):
        t0 = segment.manifest.t0 / 1000
        file, said = archive.file(segment, PICTURES), archive.entries(segment)
        for minute in range(10):
            at = t0 + 60 * minute
            while said and said[0].id.ms < at * 1000:
                heard.apply(said.pop(0))
            heard.expire(at)
            kept = keyframe.restore(chunk_at(file, at), ROSTER)
            assert told(kept) == told(heard)
            assert kept.last == heard.last
        for one in said:
            heard.apply(one)


def test_only_what_came_since_the_newest_picture_is_read_and_a_damaged_one_is_passed_over(tmp_path: Path):
    archive = record(tmp_path, True, False)

    def since() -> tuple[bool, list[int]]:
        picture, entries, _ = ArchivePast(archive).since_picture(
            CPD, T0 + 2 * TEN, lambda d: keyframe.restore(d, ROSTER)
        )
        return picture is not None, [entry.id.ms for entry in entries]

    assert since() == (True, [T0 + 2 * TEN - 1])
    first, second = archive.segments(CPD)
    flip(second.folder / PICTURES, 200)
    assert since() == (True, [T0 + TEN - 1, *(T0 + TEN + at for at in (500, 61_000, TEN - 1))])
    (first.folder / PICTURES).unlink()
    assert since() == (False, [T0 + k * TEN + at for k in range(2) for at in (500, 61_000, TEN - 1)])
