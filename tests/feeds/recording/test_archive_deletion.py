"""Deletion beside a recorder and its readers: the chain stays one, nothing removed is left, a kill is made good."""

from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.bus import Delivery
from feeds.errors import ArchiveDamaged
from feeds.recording import archive as archive_module
from feeds.recording import durable, holds
from feeds.recording.archive import Archive
from feeds.recording.carried import KNOWN_SINCE, encode_since
from feeds.recording.catalogue import Segment
from feeds.recording.holds import Said
from feeds.recording.removal import Removal
from feeds.recording.verifier import digest, links, verify
from tests.support.recording import CPD, T0, TEN, entries, flip, on_record, sealed


class Killed(BaseException):
    """The process ended here."""


def killing(folder: Path, point: str) -> Archive:
    def at(where: str) -> None:
        if where == point:
            raise Killed

    return Archive(folder, at)


def states(folder: Path) -> list[str]:
    return [verdict.state for verdict in verify(folder / CPD)]


def with_names(*ms: int) -> list[Delivery]:
    """Return batches in which unit u1 is called what nobody else is, by a source of its own in every other one."""
    from msgspec.structs import replace

    found = []
    for n, delivery in enumerate(entries(*ms)):
        (parcel,) = delivery.batch.parcels
        reports = tuple(
            replace(r, unit_id="KILO-9", call_sign="Kilo Niner") if r.unit_id == "u1" else r for r in parcel.reports
        )
        parcels = (replace(parcel, body=reports),)
        if n % 2:
            parcels += (replace(parcel, run="kilos-own-run", body=reports[1:2]),)
        found.append(delivery._replace(batch=replace(delivery.batch, parcels=parcels)))
    return found


KILO = Removal("KILO-9")


def kilo(folder: Path) -> tuple[Archive, Segment]:
    archive = Archive(folder)
    said = with_names(T0, T0 + 1000, T0 + 2000)
    only = archive.seal(CPD, T0, T0 + TEN, said, derive=lambda *_: {"replay.bin": b"KILO-9 went by"})
    return archive, only


def grep(folder: Path, *words: bytes) -> list[str]:
    """Return the files in which one of the words stands, packed or not."""
    import pyarrow.parquet as pq

    found = []
    for path in filter(Path.is_file, folder.rglob("*")):
        data = path.read_bytes()
        if path.name.endswith(".parquet"):
            data += repr(pq.read_table(path).to_pylist()).encode()
        found += [path.name for word in words if word in data]
    return found


def test_what_is_removed_is_in_no_file_and_everything_else_comes_back(tmp_path: Path):
    archive, only = kilo(tmp_path)
    words = b"KILO-9", b"Kilo Niner", b"kilos-own-run"
    assert grep(tmp_path, *words)
    before = digest((only.folder / "manifest.json").read_bytes())
    revised = archive.revise(only, KILO, "Order 26-CH-0411", "clerk", 5.0)
    assert grep(tmp_path, *words) == []
    assert sorted(p.name for p in revised.folder.iterdir()) == [
        "manifest-1.json", "manifest.json", "parcels.parquet", "reports.parquet",
    ]  # fmt: skip
    left = list(KILO.rest(with_names(T0, T0 + 1000, T0 + 2000)))
    assert {r.unit_id for d in left for p in d.batch.parcels for r in p.reports} == {"u0", "u2"}
    for reader in (archive, Archive(tmp_path)):
        assert on_record(reader) == left
    record = revised.manifest.revised
    assert record is not None and record.of == before
    assert (record.clause, record.actor, record.at, record.removed) == ("Order 26-CH-0411", "clerk", 5.0, {"unit": 4})
    assert revised.manifest.contents.kinds == {"unit": 6}
    assert revised.manifest.contents.sources["cpd-avl"].accepted == 6  # type: ignore[index]
    assert only.manifest.contents.kinds == {"unit": 10}
    assert states(tmp_path) == ["revised"]


def test_a_segment_may_be_revised_again_and_then_buried(tmp_path: Path):
    archive, only = kilo(tmp_path)
    one = archive.revise(only, KILO, "order 1", "clerk", 5.0)
    assert archive.revise(one, KILO, "order 1", "clerk", 6.0) == one, "there is nothing left to remove"
    two = archive.revise(only, Removal(), "order 2", "clerk", 7.0)
    assert two.manifest.revision == 2 and two.manifest.contents.kinds == {}
    assert on_record(archive) == []
    (verdict,) = verify(tmp_path / CPD)
    assert verdict.state == "revised" and "6 of kind unit under 'order 2' by 'clerk' at 1970-01-01" in verdict.note
    gone = archive.bury(two, "MOU 4.2", "records", 8.0)
    assert gone.tombstone is not None and gone.tombstone.revision == 2
    assert states(tmp_path) == ["deleted"]
    assert archive.revise(gone, KILO, "order 1", "clerk", 9.0) == gone


def test_only_what_was_observed_in_the_range_is_removed(tmp_path: Path):
    archive, only = kilo(tmp_path)
    removal = Removal("KILO-9", since=T0, until=T0 + 1000)  # observed a second before it was received
    assert removal.outside(archive.entries(only)) == 2
    archive.revise(only, removal, "order", "clerk", 5.0)
    left = [d.id.ms for d in on_record(archive) for p in d.batch.parcels for r in p.reports
            if r.unit_id == "KILO-9"]  # fmt: skip
    assert left == [T0, T0 + 2000]


def test_a_recorder_that_was_open_goes_on_behind_what_another_deleted(tmp_path: Path):
    recorder = sealed(tmp_path, 2)
    with recorder.writing():
        other = Archive(tmp_path)
        other.bury(other.segments(CPD)[0], "MOU 4.2", "records", 1.0)
        other.revise(other.segments(CPD)[1], Removal("u1"), "order", "clerk", 1.0)
        made = recorder.seal(CPD, T0 + 2 * TEN, T0 + 3 * TEN, entries(T0 + 2 * TEN))
        other.bury(made, "MOU 4.2", "records", 2.0)
    assert [link.body["number"] for link in links(tmp_path / CPD)] == [1, 2, 3, 4, 5, 6]
    assert states(tmp_path) == ["deleted", "revised", "deleted"]


def test_a_reader_that_was_open_gives_nothing_removed_any_more(tmp_path: Path):
    archive, only = kilo(tmp_path)
    archive.seal(CPD, T0 + TEN, T0 + 2 * TEN, entries(T0 + TEN))
    old, kept = Archive(tmp_path), Archive(tmp_path)
    on_record(kept)
    archive.revise(only, KILO, "order", "clerk", 5.0)
    with pytest.raises(ArchiveDamaged):
        on_record(old)
    for reader in (old, kept):
        reader.refresh()
        said = on_record(reader)
        assert len(said) == 4 and "KILO-9" not in str(said)
    archive.bury(only, "MOU 4.2", "records", 6.0)
    kept.refresh()
    fresh = Archive(tmp_path)
    for reader in (kept, fresh):
        assert [d.id.ms for d in on_record(reader)] == [T0 + TEN]
    flip(fresh.segments(CPD)[1].folder / "reports.parquet", 50)
    with pytest.raises(ArchiveDamaged):
        on_record(Archive(tmp_path))


def revise(archive: Archive) -> None:
    archive.revise(archive.segments(CPD)[0], KILO, "order", "clerk", 5.0)


def bury(archive: Archive) -> None:
    archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 5.0)


REVISING = [
    (".reports.parquet.1:half", False), (".parcels.parquet.1:renamed", False), ("manifest-1.json:synced", False),
    ("manifest-1.json:renamed", True), ("manifest-1.json:committed", True), ("reports.parquet:in place", True),
    ("parcels.parquet:in place", True),
]  # fmt: skip


@pytest.mark.parametrize(("point", "committed"), REVISING)
def test_a_revision_killed_anywhere_reads_as_before_or_after_and_is_made_good(
    tmp_path: Path, point: str, committed: bool
):
    archive, only = kilo(tmp_path)
    before = on_record(archive)
    after = list(KILO.rest(before))
    with pytest.raises(Killed):
        revise(killing(tmp_path, point))
    assert on_record(Archive(tmp_path)) == (after if committed else before)
    if not committed:
        assert states(tmp_path) == ["good"]
        revise(Archive(tmp_path))
    else:
        Archive(tmp_path).finish(CPD)
    assert states(tmp_path) == ["revised"]
    assert grep(tmp_path, b"KILO-9") == []
    assert on_record(Archive(tmp_path)) == after
    assert [p.name for p in only.folder.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("point", ["tombstone.json:half", "tombstone.json:renamed", "tombstone.json:committed"])
def test_a_burial_killed_anywhere_is_done_to_its_end_by_the_next(tmp_path: Path, point: str):
    kilo(tmp_path)
    with pytest.raises(Killed):
        bury(killing(tmp_path, point))
    archive = Archive(tmp_path)
    archive.finish(CPD)
    if point.endswith("half"):
        bury(archive)
    assert states(tmp_path) == ["deleted"]
    assert grep(tmp_path, b"KILO-9") == []


@pytest.mark.parametrize("work", [revise, bury])
def test_what_a_kill_left_is_not_deleted_when_a_hold_came_since(tmp_path: Path, work: Callable[[Archive], None]):
    kilo(tmp_path)
    point = "manifest-1.json:committed" if work is revise else "tombstone.json:committed"
    with pytest.raises(Killed):
        work(killing(tmp_path, point))
    holds.say(tmp_path, Said(act="hold", case="26-114", agency=CPD, actor="records", at=1.0))
    Archive(tmp_path).finish(CPD)
    assert grep(tmp_path, b"KILO-9")


def test_a_tombstone_or_revision_that_was_altered_is_found_wherever_the_byte_is(tmp_path: Path):
    archive, only = kilo(tmp_path)
    archive.revise(only, KILO, "order", "clerk", 5.0)
    archive.seal(CPD, T0 + TEN, T0 + 2 * TEN, entries(T0 + TEN))
    archive.bury(archive.segments(CPD)[1], "MOU 4.2", "records", 6.0)
    for path in (only.folder / "manifest-1.json", archive.segments(CPD)[1].folder / "tombstone.json"):
        for at in range(path.stat().st_size):
            flip(path, at)
            assert "altered" in states(tmp_path), at
            flip(path, at)
    assert states(tmp_path) == ["revised", "deleted"]


def test_what_is_derived_while_something_is_removed_is_dropped(tmp_path: Path):
    _, only = kilo(tmp_path)
    recorder, other = Archive(tmp_path), Archive(tmp_path)

    def derive(*_: object) -> dict[str, bytes]:
        other.revise(only, KILO, "order", "clerk", 5.0)
        return {"picture.keyframe": b"KILO-9 was here"}

    made = recorder.seal(CPD, T0 + TEN, T0 + 2 * TEN, entries(T0 + TEN), derive=derive)
    assert made.manifest.derived == {}
    assert grep(tmp_path, b"KILO-9") == []
    assert states(tmp_path) == ["revised", "good"]


def known_since(folder: Path, *sinces: int) -> Archive:
    """Return an archive of segments whose derived files know of what was journaled from these segments on."""
    archive = Archive(folder)
    for k, since in enumerate(sinces):
        t0 = T0 + k * TEN
        files = {"picture.chunks": b"of before", "survey.bin": b"its own"}
        if since >= 0:
            files[KNOWN_SINCE] = encode_since(T0 + since * TEN)
        archive.seal(CPD, t0, t0 + TEN, entries(t0), derive=lambda *_, files=files: files)
    return archive


def with_pictures(archive: Archive) -> list[int]:
    """Return which segments have their picture."""
    return [k for k, one in enumerate(archive.segments(CPD)) if archive.has(one, "picture.chunks")]


def test_derived_files_are_dropped_only_where_they_may_know_of_what_was_removed(tmp_path: Path):
    archive = known_since(tmp_path, 0, 0, 1, 0, 4, 4, -1)
    archive.revise(archive.segments(CPD)[1], Removal("u1"), "order", "clerk", 1.0)
    assert with_pictures(archive) == [0, 4, 5], "one that does not say since when may know everything"
    assert [archive.has(one, "survey.bin") for one in archive.segments(CPD)] == [True, False, *[True] * 5]
    archive.revise(archive.segments(CPD)[4], Removal("u1"), "order", "clerk", 1.0)
    assert with_pictures(archive) == [0]
    assert set(states(tmp_path)) == {"good", "revised"}


def test_whatever_is_dropped_is_off_the_disk_before_the_revision_is_committed_and_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = known_since(tmp_path, 0, 0, 0, 3)
    folders = [one.folder for one in archive.segments(CPD)]
    done: list[tuple[Path, bool]] = []
    sync = durable.sync_folder

    def syncing(folder: Path) -> None:
        done.append((folder, (folders[0] / "manifest-1.json").exists()))
        sync(folder)

    monkeypatch.setattr(archive_module, "sync_folder", syncing)
    archive.revise(archive.segments(CPD)[0], Removal("u1"), "order", "clerk", 1.0)
    assert done[:3] == [(folders[2], False), (folders[1], False), (folders[0], False)]
    assert folders[3] not in dict(done)


@pytest.mark.parametrize("same", [True, False])
def test_what_a_power_loss_brought_back_of_later_segments_is_dropped_by_the_next(tmp_path: Path, same: bool):
    archive = known_since(tmp_path, 0, 0, 0, 3)
    kept = {p: p.read_bytes() for one in archive.segments(CPD)[2:] for p in one.folder.glob("[!m]*")}
    archive.revise(archive.segments(CPD)[0], Removal("u1"), "order", "clerk", 1.0)
    archive.revise(archive.segments(CPD)[1], Removal("u1"), "order", "clerk", 1.0)
    known_since(tmp_path, 0, 0, 0, 3, 0)  # the last one was made since
    for path, data in kept.items():
        path.write_bytes(data)
    made = archive if same else Archive(tmp_path)
    made.refresh()
    assert with_pictures(made) == [2, 3, 4]
    holds.say(tmp_path, Said(act="hold", case="26-114", agency=CPD, actor="records", at=1.0))
    made.finish(CPD)
    assert with_pictures(made) == [2, 3, 4]
    holds.say(tmp_path, Said(act="release", case="26-114", actor="records", at=1.0))
    made.finish(CPD)
    assert with_pictures(made) == [3, 4]
