"""`jointops verify`: what was altered is named, and the status says whether anything was."""

import shutil
import zipfile
from pathlib import Path

import pytest

from dashboard import cli, verify_command
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording import segment
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.evidence import package
from feeds.recording.site_log import ENTRIES
from feeds.recording.span import Span
from feeds.recording.verifier import BLOCK, Verdict, digest, links
from tests.support.recording import CPD, T0, TEN, entries, flip
from tests.support.site_cuts import sealed_log


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two agencies, three segments each, in the files of the product."""
    archive = Archive(tmp_path / "archive")
    for agency in ("cpd", "isp"):
        for k in range(3):
            t0 = T0 + k * TEN
            archive.seal(agency, t0, t0 + TEN, entries(t0, t0 + 500, agency=agency, each=40))  # type: ignore[arg-type]
    return archive


def verify(archive: Archive, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = cli.main(["verify", "--archive", str(archive.folder), *words])
    out, err = capsys.readouterr()
    return status, out + err


def newest(archive: Archive, k: int = 1) -> Segment:
    return archive.segments(CPD)[k]


def test_a_whole_archive_is_good_and_its_heads_are_told(archive: Archive, capsys: pytest.CaptureFixture[str]):
    status, said = verify(archive, capsys)
    assert status == 0
    assert "cpd: 3 good; head 3 " in said and "isp: 3 good; head 3 " in said


@pytest.mark.parametrize("name", [segment.REPORTS, segment.PARCELS, "manifest.json"])
def test_a_flipped_byte_is_named_and_everything_beside_it_is_good(
    archive: Archive, capsys: pytest.CaptureFixture[str], name: str
):
    path = newest(archive).folder / name
    flip(path, path.stat().st_size // 2)
    status, said = verify(archive, capsys)
    assert status == 1
    assert f"ALTERED cpd 2026-09-21/1430 {name}: altered" in said
    assert said.count("ALTERED cpd 2026") == 1
    assert "cpd: 2 good, 1 ALTERED; head 3 " in said and "isp: 3 good; head" in said


@pytest.mark.parametrize("log", [CUTS, SCREENS])
def test_a_log_of_the_site_is_a_chain_of_its_own_which_is_followed_too(
    archive: Archive, capsys: pytest.CaptureFixture[str], log: AgencyId
):
    sealed_log(archive.folder, 3, log=log)
    status, said = verify(archive, capsys)
    assert status == 0
    assert f"{log}: 3 good; head 3 {digest(links(archive.folder / log)[-1].data)}" in said
    assert "cpd: 3 good; head 3 " in said
    for name in (ENTRIES, "manifest.json"):
        path = archive.folder / log / newest(archive).name / name
        flip(path, 70)
        status, said = verify(archive, capsys)
        assert status == 1
        assert f"ALTERED {log} 2026-09-21/1430 {name}: altered" in said
        assert f"{log}: 2 good, 1 ALTERED; head 3 " in said and "cpd: 3 good; head 3 " in said
        flip(path, 70)
    assert verify(archive, capsys, "--agency", log)[1].startswith(f"{log}: 3 good")


def test_of_a_parquet_file_columns_and_rows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    archive = Archive(tmp_path)
    archive.seal(CPD, T0, T0 + TEN, entries(*range(T0, T0 + 2000), each=20))
    path = newest(archive, 0).folder / segment.REPORTS
    assert path.stat().st_size > BLOCK
    flip(path, 100)
    status, said = verify(archive, capsys)
    assert status == 1
    assert f"(bytes 0 to {BLOCK - 1}): column " in said and ", rows 0 to 39999" in said
    flip(path, path.stat().st_size - 3)
    assert "its footer cannot be read" in verify(archive, capsys)[1]


def test_a_range_and_an_agency_are_looked_at_alone(archive: Archive, capsys: pytest.CaptureFixture[str]):
    flip(newest(archive, 0).folder / segment.REPORTS, 50)
    assert verify(archive, capsys, "2026-09-21T14:30..2026-09-21T15:00", "--agency", "cpd") == (
        0, verify(archive, capsys, "2026-09-21T14:30..2026-09-21T15:00", "--agency", "cpd")[1],
    )  # fmt: skip
    assert "cpd: 2 good" in verify(archive, capsys, "2026-09-21T14:30..", "--agency", "cpd")[1]
    assert verify(archive, capsys, "2026-09-21")[0] == 1
    assert verify(archive, capsys, "--agency", "isp")[0] == 0


def test_what_cannot_be_looked_at_says_what_to_do(archive: Archive, capsys: pytest.CaptureFixture[str]):
    assert verify(archive, capsys, "--agency", "nobody")[0] == 2
    status, said = verify(archive, capsys, "last week")
    assert status == 2 and "write a day" in said
    assert cli.main(["verify", "--archive", str(archive.folder / "none")]) == 2
    assert "--config" in capsys.readouterr().err


def test_a_range_of_which_nothing_is_recorded_says_so(archive: Archive, capsys: pytest.CaptureFixture[str]):
    status, said = verify(archive, capsys, "2026-01-01")
    assert status == 2 and "nothing is recorded from 2026-01-01 00:00:00 to 2026-01-02 00:00:00 (UTC)" in said
    assert "cpd: 0 good; head 3 " in said
    assert verify(archive, capsys, "9999-12-31")[0] == 2
    (archive.folder / "holds.jsonl").write_text("{}\n")
    assert verify(archive, capsys, "2026-01-01")[0] == 1, "what is altered is said whatever the range"


def test_an_empty_archive_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "site.toml").write_text(
        f'[site]\ndata_dir = "{tmp_path}"\n[[agency]]\nid = "a"\nname = "A"\ntag = "AA"\n'
        '[[api_token]]\nname = "x"\nagency = "a"\ntoken = "t"\n'
    )
    (tmp_path / "archive").mkdir()
    assert cli.main(["verify", "--config", str(tmp_path / "site.toml")]) == 0
    assert "nothing is recorded yet" in capsys.readouterr().out


def test_oldest_segments_that_are_gone_are_missed_and_what_begins_later_for_good_reason_says_so(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    package(archive.folder, CPD, Span(T0 + TEN, T0 + 3 * TEN), tmp_path / "scene.zip")
    zipfile.ZipFile(tmp_path / "scene.zip").extractall(tmp_path / "unpacked")
    shutil.rmtree(archive.segments(CPD)[0].folder)
    status, said = verify(archive, capsys)
    assert status == 1
    assert "chain: links before number 2 are missing" in said
    assert "cpd: 2 good, 1 ALTERED; begins with link 2; head 3 " in said and "isp: 3 good; head 3 " in said
    status, said = verify(Archive(tmp_path / "unpacked" / "archive"), capsys)
    assert (status, "cpd: 2 good; begins with link 2; head 3 " in said) == (0, True)


def test_the_report_counts_by_agency(archive: Archive):
    folders = [archive.folder / name for name in ("cpd", "isp")]
    verdicts = [Verdict("cpd", "a", state, []) for state in ("good", "good", "deleted", "altered")]
    cpd, isp = verify_command.report(folders, verdicts).splitlines()
    assert cpd.startswith("cpd: 2 good, 1 deleted lawfully, 1 ALTERED; head 3 ")
    assert isp.startswith("isp: 0 good; head 3 ")


def test_help_teaches(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["verify", "--help"])
    said = capsys.readouterr().out
    assert "jointops verify 2026-11-27 " in said and "Write it down elsewhere" in said
