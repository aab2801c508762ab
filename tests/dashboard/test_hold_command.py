"""Actors of holds, and holds that are missing; more of the commands is in test_retention_command.py."""

import argparse
import getpass
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard import cli, hold_command
from feeds.errors import ConfigError
from feeds.recording import holds
from feeds.recording.archive import Archive
from feeds.recording.verifier import digest
from tests.support.recording import CPD, flip, sealed

SITE = """
[site]
data_dir = "{data}"
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[agency]]
id = "cfd"
name = "Fire"
tag = "CFD"
[[api_token]]
name = "reader"
agency = "cpd"
token = "t"
[[retention]]
agency = "cpd"
days = 1
clause = "MOU 4.2"
"""


def test_who_does_it_is_who_is_named_else_whom_the_system_knows(monkeypatch: pytest.MonkeyPatch):
    assert hold_command.actor_of(argparse.Namespace(actor="records")) == "records"
    assert hold_command.actor_of(argparse.Namespace(actor="")) == getpass.getuser()

    def nobody() -> str:
        raise KeyError("no such uid")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(ConfigError, match="say who you are"):
        hold_command.actor_of(argparse.Namespace(actor=""))


HOLD = ("hold", "add", "--case", "26-114", "--agency", "cpd", "--range", "2026-09-21T14:20..14:30", "--actor", "ann")
REMOVE = ("retention", "remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order")


class Place:
    """A site whose record may all be deleted, but for what is held."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.site, self._capsys = folder / "site.toml", capsys
        self.archive = sealed(folder / "data" / "archive").folder
        self.holds = self.archive / holds.FILE
        self.site.write_text(SITE.format(data=folder / "data"))

    def jointops(self, *words: str | Path) -> tuple[int, str]:
        status = cli.main([*map(str, words), "--config", str(self.site)])
        out, err = self._capsys.readouterr()
        return status, out + err

    @property
    def left(self) -> int:
        return sum(s.tombstone is None and s.manifest.revision == 0 for s in Archive(self.archive).segments(CPD))


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    return Place(tmp_path, capsys)


def _nothing(place: Place) -> None:
    place.holds.unlink()


def _cut(place: Place) -> None:
    place.jointops("hold", "add", "--case", "26-113", *HOLD[4:])
    lines = place.holds.read_bytes().splitlines(keepends=True)
    place.holds.write_bytes(b"".join(lines[1:]).replace(b'"prev":"' + digest(lines[0]).encode(), b'"prev":"'))


@pytest.mark.parametrize("lose", [_nothing, _cut])
def test_a_hold_that_is_gone_from_its_file_is_missed_and_nothing_is_deleted(
    place: Place, lose: Callable[[Place], None]
):
    assert place.jointops(*HOLD)[0] == 0
    status, said = place.jointops("verify")
    assert status == 0 and f"holds: 1 stand, 1 lines good; head 1 {holds.head(place.archive)}\n" in said
    lose(place)
    missing = "MISSING case 26-114: cpd from 2026-09-21 14:20:00 to 2026-09-21 14:30:00 (by ann, "
    for words in (("verify",), ("hold", "list")):
        status, said = place.jointops(*words)
        assert status == 1 and missing in said, words
    before = place.site.with_name("data").joinpath("audit.jsonl").read_bytes()
    for words in (("retention", "--do"), ("retention",), (*REMOVE, "--do"), REMOVE):
        status, said = place.jointops(*words)
        assert status == 1 and "holds are missing" in said and "case 26-114" in said, words
    assert place.site.with_name("data").joinpath("audit.jsonl").read_bytes() == before, "what is refused is not written"
    assert place.left == 3
    assert place.jointops(*HOLD)[0] == 0, "it is said again"
    assert place.jointops("verify")[0] == 0
    status, said = place.jointops("retention", "--do")
    assert status == 0 and "held: case" in said and place.left == 2


def test_a_case_whose_holds_are_missing_may_be_released(place: Place):
    place.jointops(*HOLD)
    place.holds.unlink()
    assert place.jointops("hold", "release", "--case", "26-115")[0] == 2
    assert place.jointops("hold", "release", "--case", "26-114")[0] == 0
    assert place.jointops("verify")[0] == 0
    assert place.jointops("retention", "--do")[0] == 0 and place.left == 0


def test_holds_of_another_archive_are_missed_in_that_one_alone(place: Place, tmp_path: Path):
    other = sealed(tmp_path / "other").folder
    assert place.jointops(*HOLD, "--archive", other)[0] == 0
    (other / holds.FILE).unlink()
    assert place.jointops("verify")[0] == 0
    assert place.jointops("retention", "--do")[0] == 0 and place.left == 0
    assert place.jointops("verify", "--archive", other)[0] == 1
    status, said = place.jointops("retention", "--do", "--archive", other)
    assert status == 1 and "holds are missing" in said
    shutil.rmtree(place.archive)
    sealed(place.archive)
    never = sealed(tmp_path / "never").folder
    place.jointops(*HOLD)
    assert place.jointops("verify", "--archive", never)[0] == 0
    assert place.jointops("retention", "--archive", never)[0] == 0


def test_an_archive_that_was_moved_keeps_its_holds_and_a_new_one_beside_it_has_none(place: Place, tmp_path: Path):
    place.jointops(*HOLD)
    other = sealed(tmp_path / "other").folder
    text = place.site.read_text()
    place.site.write_text(text.replace("data_dir", f'archive = "{other}"\ndata_dir', 1))
    assert place.jointops("verify")[0] == 0, "the one that is held lies where it lay"
    moved = place.archive.rename(tmp_path / "moved")
    place.site.write_text(text.replace("data_dir", f'archive = "{moved}"\ndata_dir', 1))
    assert place.jointops("verify")[0] == 0
    (moved / holds.FILE).unlink()
    assert place.jointops("verify")[0] == 1


def test_an_altered_file_of_holds_is_a_finding(place: Place):
    place.jointops(*HOLD)
    place.jointops(*HOLD)
    flip(place.holds, place.holds.read_bytes().index(b"26-114"))
    status, said = place.jointops("verify")
    assert status == 1 and "holds: ALTERED" in said and "line 2 does not follow" in said and "cpd: 3 good" in said


def test_while_the_audit_cannot_be_read_nothing_is_deleted(place: Place):
    place.jointops(*HOLD)
    place.jointops(*HOLD)
    audit = place.site.with_name("data") / "audit.jsonl"
    flip(audit, audit.read_bytes().index(b"26-114"))
    status, said = place.jointops("retention", "--do")
    assert status == 1 and "line 2 does not follow" in said and place.left == 3
    status, said = place.jointops("verify")
    assert status == 1 and "holds: not compared with the audit" in said and "audit: ALTERED" in said


def test_an_agency_that_nobody_knows_is_not_held(place: Place):
    status, said = place.jointops("hold", "add", "--case", "c", "--agency", "cdp", "--range", "..")
    assert status == 2 and "knows no agency 'cdp'" in said and "there is something of cpd" in said
    assert not place.holds.exists() and not place.site.with_name("data").joinpath("audit.jsonl").exists()
    status, said = place.jointops("hold", "add", "--case", "c", "--agency", "cfd", "--range", "..")
    assert status == 0 and "Nothing is recorded of cfd yet" in said
