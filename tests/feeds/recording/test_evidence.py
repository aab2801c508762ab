"""What is handed over verifies without the product, and does not when a byte was flipped."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording import positions, segment
from feeds.recording.archive import Archive
from feeds.recording.evidence import Asker, Packaged, package
from feeds.recording.from_elsewhere import take
from feeds.recording.holes import Extent
from feeds.recording.manifest import encode
from feeds.recording.removal import Removal
from feeds.recording.span import Span
from feeds.recording.verifier import verify
from tests.support.recording import CPD, T0, TEN, entries, flip
from tests.support.site_cuts import sealed_log

MIDDLE = Span(T0 + TEN + 1000, T0 + 3 * TEN)
"""Of five segments the second and the third."""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "record")
    for k in range(5):
        t0 = T0 + k * TEN
        archive.seal(CPD, t0, t0 + TEN, entries(t0, t0 + 500, each=300), derive=lambda *_: {"replay.bin": b"derived"})
    return archive


@pytest.fixture
def unpacked(archive: Archive, tmp_path: Path) -> Path:
    return unpack(archive, tmp_path)


def unpack(archive: Archive, tmp_path: Path, span: Span = MIDDLE) -> Path:
    package(archive.folder, CPD, span, tmp_path / "scene.zip")
    with zipfile.ZipFile(tmp_path / "scene.zip") as zipped:
        zipped.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def verified(folder: Path) -> tuple[int, str]:
    """Run the package's own verifier as its receiver does: no product, no site packages."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_an_intact_package_verifies_alone(unpacked: Path):
    status, said = verified(unpacked)
    assert status == 0
    about = json.loads((unpacked / "about.json").read_text())
    assert said.splitlines() == [
        f"cpd: 2 links, head 3 {about['head']}",
        "2 segments good, 0 deleted lawfully, 0 ALTERED",
    ]
    readme = (unpacked / "README.txt").read_text()
    assert about["head"] in readme and "from 2026-09-21 14:30:01 to 2026-09-21 14:50:00 (UTC)" in readme


def test_a_flipped_byte_in_any_file_of_it_is_named(unpacked: Path):
    for path in sorted((unpacked / "archive").rglob("*.*")):
        at = path.stat().st_size // 2
        flip(path, at)
        status, said = verified(unpacked)
        flip(path, at)
        assert status == 1
        where = f"{path.parent.parent.name}/{path.parent.name} {path.name}: altered"
        (line,) = [line for line in said.splitlines() if line.startswith("ALTERED")]
        assert line.startswith(f"ALTERED cpd {where}")
        assert "1 segments good, 0 deleted lawfully, 1 ALTERED" in said
        if path.suffix == ".parquet":
            assert ": column " in line and ", rows 0 to " in line
    assert verified(unpacked)[0] == 0


def test_what_the_site_noted_of_all_agencies_is_in_no_agencys_package(archive: Archive, tmp_path: Path):
    for log in (CUTS, SCREENS):
        sealed_log(archive.folder, 5, log=log)
    package(archive.folder, CPD, Span(), tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as zipped:
        assert {name.split("/")[1] for name in zipped.namelist() if "/" in name} == {"cpd"}
        packed = [zipped.read(name) for name in zipped.namelist() if name != "verify.py"]
        assert not any(log.encode() in data for data in packed for log in (CUTS, SCREENS))


def test_only_segments_of_the_span_are_in_it(unpacked: Path, archive: Archive):
    found = {str(p.relative_to(unpacked / "archive" / "cpd")) for p in (unpacked / "archive").rglob("manifest.json")}
    assert found == {f"{s.name}/manifest.json" for s in archive.segments(CPD)[1:3]}


def test_a_lawful_deletion_in_it_is_explained_by_its_tombstone(archive: Archive, tmp_path: Path):
    archive.bury(archive.segments(CPD)[1], "MOU 4.2", "records", 1.0)
    status, said = verified(unpack(archive, tmp_path))
    assert status == 0
    assert "1 segments good, 1 deleted lawfully, 0 ALTERED" in said
    assert "of 2 segments between them only the link is in this package" in said, "the tombstone is the newest link"


def test_a_lawful_removal_in_it_is_told_and_its_receiver_gets_nothing_of_it(archive: Archive, tmp_path: Path):
    archive.revise(archive.segments(CPD)[1], Removal("u7"), "Order 26-CH-0411", "clerk", 1.0)
    status, said = verified(unpack(archive, tmp_path))
    assert status == 0
    line = "revised cpd 2026-09-21/1430: lawfully removed 2 of kind unit under 'Order 26-CH-0411' by 'clerk' at 1970-"
    assert line in said
    assert "1 segments good, 1 good but for what was lawfully removed, 0 deleted lawfully, 0 ALTERED" in said
    files = {n: tmp_path / f"unpacked/archive/cpd/2026-09-21/1430/{n}" for n in (segment.REPORTS, segment.PARCELS)}
    assert len(positions.read_positions(CPD, [files], ["u7"]).lat) == 0
    assert len(positions.read_positions(CPD, [files], ["u8"]).lat) == 2


def test_a_segment_taken_out_of_a_package_is_missed(unpacked: Path):
    folder = max(path.parent for path in (unpacked / "archive").rglob("manifest.json"))
    (folder / segment.REPORTS).unlink()
    status, said = verified(unpacked)
    assert status == 1 and f"{segment.REPORTS}: is missing" in said


@pytest.mark.parametrize("end", [min, max])
def test_links_cut_off_either_end_of_a_package_are_missed(unpacked: Path, end: Callable[[list[Path]], Path]):
    shutil.rmtree(end([path.parent for path in (unpacked / "archive").rglob("manifest.json")]))
    status, said = verified(unpacked)
    assert status == 1
    assert "not as about.json says: links 1, not 2" in said


def test_a_package_whose_agency_was_renamed_or_whose_parts_list_is_broken_is_told(unpacked: Path):
    (unpacked / "parts.json").write_text('{"a": 1}')
    path = min((unpacked / "archive").rglob(segment.REPORTS))
    flip(path, 100)
    assert verified(unpacked)[0] == 1
    flip(path, 100)
    (unpacked / "archive" / "cpd").rename(unpacked / "archive" / "guest")
    status, said = verified(unpacked)
    assert status == 1
    assert "about.json: is of 'cpd': the folder has another name" in said


def test_in_an_archive_a_link_apart_from_its_files_is_no_link(archive: Archive):
    second = archive.segments(CPD)[1]
    apart = archive.folder / CPD / "chain" / "one"
    apart.parent.mkdir()
    second.folder.rename(apart)
    assert [v.state for v in verify(archive.folder / CPD)] == ["good"] * 4 + ["altered"]


def test_what_is_altered_is_not_packed_as_evidence(archive: Archive, tmp_path: Path):
    flip(archive.segments(CPD)[2].folder / segment.REPORTS, 99)
    with pytest.raises(ArchiveDamaged, match=segment.REPORTS):
        package(archive.folder, CPD, MIDDLE, tmp_path / "out.zip")
    assert not list(tmp_path.glob("*out.zip*"))
    assert package(archive.folder, CPD, Span(T0, T0 + 1), tmp_path / "out.zip").segments == 1


def test_of_a_package_that_was_imported_another_can_be_made(archive: Archive, tmp_path: Path):
    archive.revise(archive.segments(CPD)[1], Removal("u7"), "order", "clerk", 1.0)
    archive.revise(archive.segments(CPD)[2], Removal("u7"), "order", "clerk", 1.0)
    (tmp_path / "ours").mkdir()
    take(unpack(archive, tmp_path), tmp_path / "ours", "clerk", 1.0)
    packed = package(tmp_path / "ours", CPD, Span(T0 + 2 * TEN, T0 + 3 * TEN), tmp_path / "again.zip")
    assert (packed.segments, packed.links, packed.elsewhere) == (1, 5, ())
    zipfile.ZipFile(tmp_path / "again.zip").extractall(tmp_path / "again")
    assert verified(tmp_path / "again")[0] == 0


@pytest.mark.parametrize("k", [0, 4])
@pytest.mark.parametrize("how", ["altered", "unreadable", "gone"])
def test_a_link_elsewhere_that_is_broken_is_told_and_hinders_no_package(
    archive: Archive, tmp_path: Path, k: int, how: str
):
    other = archive.segments(CPD)[k].folder
    if how == "gone":
        shutil.rmtree(other)
    elif how == "altered":
        flip(other / "manifest.json", 60)
    else:
        (other / "manifest.json").write_bytes(b"{")
    packed = package(archive.folder, CPD, MIDDLE, tmp_path / "scene.zip")
    assert (packed.segments, packed.links) == (2, 2)
    # of newest links that are gone nobody can know
    assert len(packed.elsewhere) == (0 if (k, how) == (4, "gone") else 1)
    assert all("1420" in str(f) or "1500" in str(f) or "before number 2" in str(f) for f in packed.elsewhere)
    zipfile.ZipFile(tmp_path / "scene.zip").extractall(tmp_path / "unpacked")
    assert verified(tmp_path / "unpacked")[0] == 0


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("how", ["altered", "replaced", "unreadable", "gone"])
def test_nothing_is_packed_where_a_link_of_it_or_between_its_links_is_broken(
    archive: Archive, tmp_path: Path, k: int, how: str
):
    segment = archive.segments(CPD)[k]
    path = segment.folder / "manifest.json"
    if how == "gone":
        shutil.rmtree(segment.folder)
    elif how == "altered":
        flip(path, 60)
    elif how == "replaced":
        contents = replace(segment.manifest.contents, late=7)
        path.write_bytes(encode(replace(segment.manifest, contents=contents)))
    else:
        path.write_bytes(b"{")
    with pytest.raises(ArchiveDamaged):
        package(archive.folder, CPD, Span(T0 + TEN + 1000, T0 + 4 * TEN), tmp_path / "out.zip")


def test_what_cannot_be_written_leaves_nothing(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        package(archive.folder, CPD, MIDDLE, tmp_path / "out.zip", fails)
    assert not list(tmp_path.glob("*out.zip*"))


def test_a_time_or_an_agency_of_which_nothing_is_recorded_says_so(archive: Archive, tmp_path: Path):
    for agency, span in ((CPD, Span(0, T0)), (AgencyId("isp"), Span())):
        with pytest.raises(ConfigError, match="nothing is recorded"):
            package(archive.folder, agency, span, tmp_path / "out.zip")


def test_progress_and_what_was_packed_are_told(archive: Archive, tmp_path: Path):
    told: list[tuple[int, int]] = []
    packed = package(archive.folder, CPD, Span(), tmp_path / "all.zip", lambda *at: told.append(at))
    assert told == [(k, 5) for k in range(1, 6)]
    assert packed == Packaged(5, 0, 5, (tmp_path / "all.zip").stat().st_size, (), Extent(T0, T0 + 5 * TEN), ())


def test_it_says_what_of_the_range_is_not_in_the_record_and_who_asked(archive: Archive, tmp_path: Path):
    span = Span(T0 - TEN, T0 + 9 * TEN)
    packed = package(archive.folder, CPD, span, tmp_path / "scene.zip", asker=Asker("Bob", "26-9"))
    lacking = (
        "before 2026-09-21 14:20:00 (the record begins there)",
        "from 2026-09-21 15:10:00 on (not sealed yet)",
    )
    assert packed.missing == lacking
    with zipfile.ZipFile(tmp_path / "scene.zip") as zipped:
        readme, about = zipped.read("README.txt").decode(), json.loads(zipped.read("about.json"))
    assert "from 2026-09-21 14:20:00 to 2026-09-21 15:10:00 (UTC)" in readme
    assert all(f"Not in it: {words}.\n" in readme for words in lacking)
    assert "Asked for: 2026-09-21 14:10:00 to 2026-09-21 15:50:00, by Bob, for case 26-9. " in readme
    assert about["missing"] == list(lacking) and about["sealed_to"] == "2026-09-21 15:10:00"
    assert (about["since"], about["until"]) == ("2026-09-21 14:20:00", "2026-09-21 15:10:00")
    assert (about["asked_since"], about["asked_until"]) == ("2026-09-21 14:10:00", "2026-09-21 15:50:00")
    assert (about["actor"], about["case"]) == ("Bob", "26-9")
    assert (tmp_path / "scene.zip").stat().st_mode & 0o777 == 0o600


def test_an_open_end_is_told_as_what_is_sealed(archive: Archive, tmp_path: Path):
    package(archive.folder, CPD, Span(), tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as zipped:
        readme = zipped.read("README.txt").decode()
    assert "from 2026-09-21 14:20:00 to 2026-09-21 15:10:00 (UTC)" in readme and "Not in it" not in readme
    assert "Asked for: the beginning to the end. The record was sealed up to 2026-09-21 15:10:00 (UTC)" in readme


def test_a_range_that_is_not_sealed_yet_says_up_to_when_it_is(archive: Archive, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"is sealed yet: sealed is up to 2026-09-21 15:10:00 UTC"):
        package(archive.folder, CPD, Span(T0 + 6 * TEN), tmp_path / "out.zip")
    with pytest.raises(ConfigError, match="the record begins at 2026-09-21 14:20:00"):
        package(archive.folder, CPD, Span(0, T0), tmp_path / "out.zip")
