"""`jointops export`: a package in a file, or what to do about it."""

import argparse
import zipfile
from pathlib import Path

import pytest

from dashboard import cli, export_command
from feeds.errors import ConfigError
from tests.support.recording import CPD, flip, sealed


def export(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = cli.main(["export", "--archive", str(folder), *words])
    out, err = capsys.readouterr()
    return status, out + err


def test_a_package_is_written_and_its_receiver_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sealed(tmp_path / "archive", 3)
    out = tmp_path / "scene.zip"
    words = ("--format", "evidence", "--agency", "cpd", "--range", "2026-09-21T14:20..2026-09-21T14:40", str(out))
    status, said = export(tmp_path / "archive", capsys, *words)
    assert status == 0
    assert "2 segments, 2 links of the chain" in said and "python3 verify.py" in said
    assert {"README.txt", "verify.py"} <= set(zipfile.ZipFile(out).namelist())
    status, said = export(tmp_path / "archive", capsys, *words)
    assert status == 2 and "is there already" in said


def test_damage_elsewhere_in_the_record_is_told_and_the_package_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    archive = sealed(tmp_path / "archive", 3)
    flip(archive.segments(CPD)[2].folder / "manifest.json", 60)
    out = tmp_path / "scene.zip"
    words = ("--format", "evidence", "--agency", "cpd", "--range", "2026-09-21T14:20..2026-09-21T14:40", str(out))
    status, said = export(tmp_path / "archive", capsys, *words)
    assert status == 0 and out.is_file()
    assert "not in the package: ALTERED cpd 2026-09-21/1440 manifest.json: altered" in said


def test_what_it_needs_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sealed(tmp_path / "archive", 1)
    named = argparse.Namespace(
        archive=tmp_path / "archive", config=None, range="", out=tmp_path / "out.zip", format="evidence"
    )
    for agencies in (None, ["cpd", "isp"]):
        with pytest.raises(ConfigError, match="name the one agency"):
            export_command.run(argparse.Namespace(**vars(named), agency=agencies))
    out = str(tmp_path / "none" / "out.zip")
    assert "cannot write" in export(tmp_path / "archive", capsys, "--agency", "cpd", out)[1]


def test_a_folder_that_nobody_may_enter_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def may_not(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    sealed(tmp_path / "archive", 1)
    monkeypatch.setattr(Path, "exists", may_not)
    with pytest.raises(ConfigError, match=r"cannot write .*closed/out\.zip: Permission denied"):
        export_command._mind_out(argparse.Namespace(out=tmp_path / "closed" / "out.zip", format="csv"))
