"""The folder of sealed segments: committed by its manifest, read back exactly, followed, locked."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import AgencyId
from feeds.recording import archive as archive_module
from feeds.recording import segment
from feeds.recording.archive import Archive
from feeds.recording.manifest import encode
from feeds.recording.removal import Removal
from feeds.recording.sheets import Sheet
from feeds.recording.verifier import digest, folder_name, verify
from tests.support.recording import CPD, T0, TEN, entries, flip, on_record, sealed


class Killed(BaseException):
    """The process ended here."""


def killed_at(folder: Path, point: str) -> None:
    """Seal the first ten minutes and end at `point`."""

    def at(where: str) -> None:
        if where == point:
            raise Killed

    with pytest.raises(Killed):
        Archive(folder, at).seal(CPD, T0, T0 + TEN, entries(T0))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_folders_are_named_by_utc_to_the_minute_and_finer_where_a_segment_begins_finer():
    assert folder_name(T0) == "2026-09-21/1420"
    assert folder_name(T0 + 2000) == "2026-09-21/142002"
    assert folder_name(T0 + 2007) == "2026-09-21/142002007"


def test_what_was_sealed_is_read_back_batch_for_batch(tmp_path: Path):
    archive = sealed(tmp_path)
    said = [b for k in range(3) for b in entries(*(T0 + k * TEN + at for at in (0, 1000, 61_000, TEN - 1)))]
    for reader in (archive, Archive(tmp_path)):
        assert on_record(reader) == said
        assert on_record(reader, AgencyId("nobody")) == []


def test_few_reports_are_kept_decoded_and_those_read_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = sealed(tmp_path)
    decode, decoded = segment.decode, []
    monkeypatch.setattr(segment, "decode", lambda *asked: (decoded.append(asked), decode(*asked))[1])
    monkeypatch.setattr(archive_module, "KEPT_REPORTS", 30)  # of two segments with twelve each
    first, second, third = archive.segments(CPD)
    for asked in (first, second, first, second, third, second):
        archive.entries(asked)
    assert len(decoded) == 3
    archive.entries(first)
    assert len(decoded) == 4
    monkeypatch.setattr(archive_module, "KEPT_REPORTS", 0)
    archive.entries(third)
    archive.entries(third)
    assert len(decoded) == 5


def test_segments_are_found_by_agency_and_time(tmp_path: Path):
    archive = sealed(tmp_path)
    sealed(tmp_path, 1, AgencyId("isp"))
    archive.refresh()
    assert archive.agencies() == ["cpd", "isp"]
    assert [s.manifest.t0 - T0 for s in archive.segments(CPD)] == [0, TEN, 2 * TEN]
    assert [s.manifest.t0 - T0 for s in archive.segments(CPD, T0 + TEN, T0 + TEN + 1)] == [TEN]
    assert [s.manifest.t0 - T0 for s in archive.segments(CPD, T0 + TEN - 1, T0 + TEN)] == [0]
    assert archive.sealed_to(CPD) == T0 + 3 * TEN
    assert archive.sealed_to(AgencyId("nobody")) is None


def test_each_manifest_is_chained_to_the_one_before(tmp_path: Path):
    sealed(tmp_path, 2)
    archive = sealed(tmp_path, 3)  # by another life of the recorder
    chain = [s.manifest for s in archive.segments(CPD)]
    assert [m.number for m in chain] == [1, 2, 3]
    assert [m.prev for m in chain] == ["", digest(encode(chain[0])), digest(encode(chain[1]))]


def test_sealing_a_range_again_changes_nothing(tmp_path: Path):
    sealed(tmp_path)
    before = tree(tmp_path)
    archive = sealed(tmp_path)
    assert archive.seal(CPD, T0, T0 + TEN, entries(T0 + 5)) == archive.segments(CPD)[0]
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "point",
    [
        "folder:made",
        "parcels.parquet:half",
        "parcels.parquet:renamed",
        "files:synced",
        "manifest.json:half",
        "manifest.json:synced",
    ],
)
def test_what_a_killed_seal_left_is_no_segment_and_is_written_over(tmp_path: Path, point: str):
    killed_at(tmp_path / "a", point)
    archive = Archive(tmp_path / "a")
    assert archive.segments(CPD) == []
    assert archive.agencies() == []
    archive.seal(CPD, T0, T0 + TEN, entries(T0, T0 + 1))
    sealed_once = Archive(tmp_path / "b")
    sealed_once.seal(CPD, T0, T0 + TEN, entries(T0, T0 + 1))
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


@pytest.mark.parametrize("point", ["manifest.json:renamed", "manifest.json:committed"])
def test_from_the_manifests_rename_on_a_segment_is_there(tmp_path: Path, point: str):
    killed_at(tmp_path, point)
    assert on_record(Archive(tmp_path)) == entries(T0)


def test_a_reader_follows_what_a_recorder_adds(tmp_path: Path):
    reader = Archive(tmp_path)
    assert on_record(reader) == []
    killed_at(tmp_path, "files:synced")
    reader.refresh()
    assert reader.segments(CPD) == []
    sealed(tmp_path, 2)
    assert reader.segments(CPD) == []
    reader.refresh()
    assert len(reader.segments(CPD)) == 2
    sealed(tmp_path, 3)
    reader.refresh()
    assert len(reader.segments(CPD)) == 3
    reader.refresh()
    assert len(reader.segments(CPD)) == 3


def test_a_day_that_has_not_changed_for_long_is_not_read_again_until_it_changes(tmp_path: Path):
    day = sealed(tmp_path, 2).segments(CPD)[0].folder.parent
    os.utime(day, (1.0, 1.0))
    reader = Archive(tmp_path)
    second = reader.segments(CPD)[1].folder
    moved = second.rename(day / "1431")
    os.utime(day, (1.0, 1.0))
    reader.refresh()
    assert len(reader.segments(CPD)) == 2, "nothing says that there is more"
    moved.rename(second)
    sealed(tmp_path, 3)
    reader.refresh()
    assert len(reader.segments(CPD)) == 3


def test_two_recorders_never_write_one_archive(tmp_path: Path):
    with Archive(tmp_path / "new").writing():
        other = f"""
from pathlib import Path
from feeds.recording import archive as archive_module
from feeds.recording import segment
from feeds.recording.archive import Archive
with Archive(Path({str(tmp_path / "new")!r})).writing(): pass
"""
        asked = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
        assert "another recorder writes" in asked.stderr
        with pytest.raises(ConfigError), Archive(tmp_path / "new").writing():
            pass
    with Archive(tmp_path / "new").writing():
        pass


def test_altered_or_missing_files_are_never_given_out(tmp_path: Path):
    archive = sealed(tmp_path)
    first, second, third = archive.segments(CPD)
    flip(first.folder / "reports.parquet", 20)
    (second.folder / "parcels.parquet").unlink()
    reader = Archive(tmp_path)
    with pytest.raises(ArchiveDamaged, match=r"reports\.parquet: it was altered"):
        reader.entries(first)
    with pytest.raises(ArchiveDamaged, match=r"parcels\.parquet: it is missing"):
        reader.entries(second)
    assert len(reader.entries(third)) == 4
    assert reader.file(first, "replay.bin") == b"made of the others"


def test_files_that_are_as_written_and_cannot_be_read_are_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = sealed(tmp_path, 1)
    monkeypatch.setattr(Archive, "file", lambda *_: b"of another product")
    with pytest.raises(ArchiveDamaged, match=r"parquet cannot be read"):
        on_record(archive)


def test_an_unreadable_manifest_costs_its_segment_and_not_the_chain_unless_it_is_the_newest(tmp_path: Path):
    archive = sealed(tmp_path, 3)
    flip(archive.segments(CPD)[1].folder / "manifest.json", 40)
    again = Archive(tmp_path)
    assert [s.manifest.number for s in again.segments(CPD)] == [1, 3]
    assert (again.damaged(CPD), archive.damaged(CPD)) == ([archive.segments(CPD)[1].folder], [])
    assert again.seal(CPD, T0 + 3 * TEN, T0 + 4 * TEN, entries(T0 + 3 * TEN)).manifest.number == 4
    flip(again.segments(CPD)[-1].folder / "manifest.json", 40)
    with pytest.raises(ArchiveDamaged, match="newest link"):
        Archive(tmp_path).seal(CPD, T0 + 4 * TEN, T0 + 5 * TEN, entries(T0 + 4 * TEN))
    assert Archive(tmp_path).segments(CPD)[-1].manifest.number == 3


@pytest.mark.parametrize("k", [0, 1])
def test_a_manifest_that_was_restored_is_read_again_by_whoever_is_open(tmp_path: Path, k: int):
    archive = sealed(tmp_path, 2)
    folder = archive.segments(CPD)[k].folder
    flip(folder / "manifest.json", 40)
    again = Archive(tmp_path)
    assert again.damaged(CPD) == [folder]
    flip(folder / "manifest.json", 40)
    os.utime(folder.parent)
    again.refresh()
    assert again.damaged(CPD) == [] and len(again.segments(CPD)) == 2
    assert again.seal(CPD, T0 + 2 * TEN, T0 + 3 * TEN, entries(T0 + 2 * TEN)).manifest.number == 3


def test_a_manifest_that_was_restored_is_read_again_though_its_day_says_nothing_of_it(tmp_path: Path):
    archive = sealed(tmp_path, 2)
    segment = archive.segments(CPD)[1]
    for folder in (segment.folder, segment.folder.parent):
        os.utime(folder, (1.0, 1.0))
    flip(segment.folder / "manifest.json", 40)
    again = Archive(tmp_path)
    flip(segment.folder / "manifest.json", 40)
    again.refresh()
    assert again.damaged(CPD) == []
    assert again.seal(CPD, T0 + 2 * TEN, T0 + 3 * TEN, entries(T0 + 2 * TEN)).manifest.number == 3


def test_what_was_deleted_or_revised_stays_so_when_its_first_manifest_is_restored(tmp_path: Path):
    archive = sealed(tmp_path, 2)
    archive.revise(archive.segments(CPD)[0], Removal("u1"), "order", "clerk", 1.0)
    archive.bury(archive.segments(CPD)[1], "MOU 4.2", "records", 1.0)
    folders = [one.folder for one in archive.segments(CPD)]
    for folder in folders:
        flip(folder / "manifest.json", 40)
    again = Archive(tmp_path)
    for folder in folders:
        flip(folder / "manifest.json", 40)
    again.refresh()
    first, second = again.segments(CPD)
    assert (first.manifest.revision, second.tombstone is None) == (1, False)
    assert again.segments(CPD) == Archive(tmp_path).segments(CPD)


def test_a_segment_whose_manifest_was_written_and_not_answered_for_is_there_when_it_is_sealed_again(tmp_path: Path):
    broken = True

    def at(where: str) -> None:
        if broken and where == "manifest.json:renamed":
            raise OSError(5, "Input/output error")

    archive = Archive(tmp_path, at)
    with pytest.raises(OSError, match="Input/output"):
        archive.seal(CPD, T0, T0 + TEN, entries(T0))
    broken = False
    for _ in range(2):
        assert archive.seal(CPD, T0, T0 + TEN, entries(T0)).manifest.number == 1
    assert archive.seal(CPD, T0 + TEN, T0 + 2 * TEN, entries(T0 + TEN)).manifest.number == 2
    assert [v.state for v in verify(tmp_path / CPD)] == ["good", "good"]


def test_a_manifest_that_cannot_be_read_is_not_written_over(tmp_path: Path):
    folder = sealed(tmp_path, 1).segments(CPD)[0].folder
    late = Archive(tmp_path / "..")  # knows nothing of it
    late.folder = tmp_path
    (folder / "manifest.json").write_bytes(b"{}")
    with pytest.raises(ArchiveDamaged):
        late.seal(CPD, T0, T0 + TEN, entries(T0))


def test_derived_files_that_cannot_be_made_cost_only_themselves(tmp_path: Path):
    def fails(*_: object) -> dict[str, bytes]:
        raise RuntimeError

    archive = Archive(tmp_path)
    archive.seal(CPD, T0, T0 + TEN, entries(T0), derive=fails)
    assert on_record(archive) == entries(T0)
    assert archive.segments(CPD)[0].manifest.derived == {}


def test_the_record_is_whole_when_what_derives_stops_half_way_and_the_batches_are_gone_through_once(tmp_path: Path):
    said = entries(T0, T0 + 1, T0 + 61_000, T0 + 122_000)
    once = iter(said)

    def stops(agency: AgencyId, t0: int, coming: Iterable[Sheet]) -> dict[str, bytes]:
        assert next(iter(coming)).entries == said[:2]
        raise RuntimeError

    archive = Archive(tmp_path)
    archive.seal(CPD, T0, T0 + TEN, once, derive=stops)
    assert on_record(archive) == said


def test_batches_out_of_order_are_not_sealed_though_what_derives_met_them_first(tmp_path: Path):
    first, second = entries(T0, T0 + 61_000)
    archive = Archive(tmp_path)

    def takes(agency: AgencyId, t0: int, coming: Iterable[Sheet]) -> dict[str, bytes]:
        return {"replay.bin": b"%d" % sum(len(sheet.entries) for sheet in coming)}

    with pytest.raises(ValueError, match="does not come after"):
        archive.seal(CPD, T0, T0 + TEN, [second, first], derive=takes)
    assert archive.segments(CPD) == []


def test_what_was_buried_leaves_a_tombstone_and_no_bytes_and_the_chain_goes_on(tmp_path: Path):
    archive = sealed(tmp_path, 2)
    on_record(archive)
    archive.bury(archive.segments(CPD)[0], "MOU 4.2: 30 days", "records", 1_790_100_000.0)
    next_ = archive.seal(CPD, T0 + 2 * TEN, T0 + 3 * TEN, entries(T0 + 2 * TEN))
    for reader in (archive, Archive(tmp_path)):
        gone = reader.segments(CPD)[0]
        assert gone.tombstone is not None and gone.tombstone.clause == "MOU 4.2: 30 days"
        assert gone.tombstone.number == 3 and next_.manifest.prev == digest(encode(gone.tombstone))
        assert sorted(p.name for p in gone.folder.iterdir()) == ["manifest.json", "tombstone.json"]
        assert on_record(reader)[0].id.ms == T0 + TEN
    assert archive.bury(archive.segments(CPD)[0], "again", "records", 2.0).tombstone == gone.tombstone
