"""`jointops audit`: every command that takes something out of the record writes first, and can be asked about."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from dashboard import audit_command, cli
from feeds.recording.audit import Audit, Entry
from tests.support.recording import flip, sealed

SITE = """
[site]
data_dir = "{data}"
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[api_token]]
name = "reader"
agency = "cpd"
token = "t"
"""


class Place:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self.site, self._capsys = folder / "data", folder / "site.toml", capsys
        sealed(self.data / "archive", 3)
        self.site.write_text(SITE.format(data=self.data))
        self.audit = Audit(self.data / "audit.jsonl")

    def jointops(self, *words: str | Path) -> tuple[int, str]:
        status = cli.main([*map(str, words), "--config", str(self.site)])
        out, err = self._capsys.readouterr()
        return status, out + err

    def audited(self, *words: str) -> tuple[int, str]:
        return self.jointops("audit", *words)


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    return Place(tmp_path, capsys)


def test_each_command_is_written_with_who_what_and_for_which_case(place: Place, tmp_path: Path) -> None:
    ann = ("--actor", "ann")
    day = ("--range", "2026-09-21T14:20..14:40")
    to_do = (
        ("export", "--agency", "cpd", *day, "--case", "26-114", *ann, tmp_path / "scene.zip"),
        ("export", "--agency", "cpd", "--format", "csv", "--unit", "u1", *ann, tmp_path / "u1.csv"),
        ("hold", "add", "--case", "26-114", "--agency", "cpd", *day, *ann),
        ("hold", "release", "--case", "26-114", *ann),
        ("retention", *ann),
        ("retention", "remove", "--agency", "cpd", "--unit", "u2", *day, "--clause", "order", *ann, "--do"),
    )
    for words in to_do:
        assert place.jointops(*words)[0] == 0, words
    told = place.audit.entries()
    assert [one.act for one in told] == ["evidence", "export", "hold", "release", "retention", "remove"]
    assert {one.who for one in told} == {"ann"} and {one.via for one in told} == {"command"}
    evidence, export, _, _, _, remove = told
    assert (evidence.case, evidence.agencies, evidence.what) == ("26-114", ("cpd",), "evidence into scene.zip")
    assert evidence.until is not None and evidence.since is not None and evidence.until - evidence.since == 1200
    assert (export.unit, export.view, export.agency) == ("u1", "known", "cpd")
    assert "u2" not in place.audit.path.read_text(), "whose reports went is not to stay"
    assert remove.what == "a unit, 'order'"

    status, said = place.audited("--case", "26-114")
    assert status == 0 and "3 of 6 entries; chained to " in said
    assert "asked to pack evidence  evidence into scene.zip  2026-09-21 14:20:00 to 2026-09-21 14:40:00" in said
    assert "5 of 6" in place.audited("--agency", "cpd", "--viewer", "ann")[1], "a release names no agency"
    assert "0 of 6" in place.audited("--viewer", "bob")[1]
    assert "0 of 6" in place.audited("2020-01-01")[1]
    status, said = place.jointops("verify")
    assert status == 0 and f"audit: 6 entries good; head 6 {place.audit.head()}" in said


def test_what_cannot_be_audited_is_not_done(place: Place, tmp_path: Path) -> None:
    (place.data / "audit.jsonl").mkdir()
    before = sorted(p.name for p in place.data.rglob("*"))
    for words in (
        ("export", "--agency", "cpd", tmp_path / "scene.zip"),
        ("export", "--agency", "cpd", "--format", "csv", tmp_path / "all.csv"),
        ("hold", "add", "--case", "26-114", "--agency", "cpd", "--range", ".."),
        ("retention", "--do"),
        ("retention", "remove", "--agency", "cpd", "--unit", "u2", "--range", "..", "--clause", "order", "--do"),
        ("import", "--agency", "cpd", place.site),
    ):
        status, said = place.jointops(*words)
        assert status == 1 and "not done: it cannot be audited" in said, words
    assert not list(tmp_path.glob("*.zip")) and not list(tmp_path.glob("*.csv"))
    assert [name for name in sorted(p.name for p in place.data.rglob("*")) if name != ".audit"] == before


def test_what_is_refused_before_it_begins_is_not_written(place: Place, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("")
    for words in (
        ("hold", "release", "--case", "nosuch"),
        ("hold", "add", "--case", "c", "--agency", "typo", "--range", ".."),
        ("export", "--agency", "cpd", tmp_path / "there.zip"),
        ("export", "--agency", "cpd", tmp_path / "none" / "out.zip"),
        ("export", "--agency", "cpd", "--unit", "u1", tmp_path / "out.zip"),
        ("retention", "--agency", "typo"),
        ("retention", "--do", "--dry-run"),
        ("retention", "remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", " "),
        ("import", place.site),
        ("import", "--name", "../x", "--agency", "cpd", place.site),
    ):
        assert place.jointops(*words)[0] == 2, words
    assert place.audit.entries() == []


def test_what_fails_after_it_was_written_is_told_in_a_second_line(place: Place, tmp_path: Path) -> None:
    words = ("export", "--agency", "cpd", "--format", "csv", "--unit", "u9", "--case", "c", tmp_path / "out.csv")
    assert place.jointops(*words)[0] == 2
    asked, failed = place.audit.entries()
    assert failed == replace(asked, at=failed.at, failed=True, prev=failed.prev) and not asked.failed
    (tmp_path / "log").write_bytes(b"nothing that is known")
    assert place.jointops("import", "--agency", "cpd", tmp_path / "log")[0] == 2
    said = place.audited()[1].splitlines()
    assert "asked to export  csv into out.csv  of u9" in said[0] and "FAILED" not in said[0]
    assert said[1][21:] == f"{said[0][21:]}  IT FAILED: nothing of it was done, or not all"
    assert "asked to import  log as log" in said[3] and "IT FAILED" in said[3]


def test_a_deletion_that_could_not_do_all_of_it_is_told(place: Place) -> None:
    flip(next(place.data.rglob("reports.parquet")), 50)
    words = ("retention", "remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order", "--do")
    assert place.jointops(*words)[0] == 1
    assert [one.failed for one in place.audit.entries()] == [False, True]


def test_what_is_deleted_and_what_is_only_looked_at_read_otherwise(place: Place) -> None:
    remove = ("retention", "remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order")
    for words in (("retention",), ("retention", "--dry-run"), ("retention", "--do"), remove, (*remove, "--do")):
        assert place.jointops(*words)[0] == 0
    said = place.audited()[1].splitlines()
    assert "asked what is to be deleted  record of cpd" in said[0] and said[1][21:] == said[0][21:]
    assert "asked to delete what is due  record of cpd" in said[2]
    assert "asked what would be taken out  a unit, 'order' (nothing done)" in said[3]
    assert "asked to take reports out  a unit, 'order'  all of it" in said[4]


def test_an_altered_audit_is_found(place: Place, tmp_path: Path) -> None:
    assert place.audited()[0] == 2, "there is none yet"
    for _ in range(2):
        assert place.jointops("retention", "--actor", "ann")[0] == 0
    path = place.audit.path
    path.write_bytes(path.read_bytes().replace(b'"ann"', b'"bob"', 1))
    status, said = place.audited()
    assert status == 1 and "line 2 does not follow" in said
    status, said = place.jointops("verify")
    assert status == 1 and "audit: ALTERED" in said and "cpd: 3 good" in said


def test_a_reviews_entries_read_as_lines_for_people() -> None:
    near = Entry(
        act="near", who="ann", agency="cpd", via="review", at=0.0, since=60.0, until=120.0, view="known",
        agencies=("cpd", "cfd"), place=(-87.63, 41.88, 300.0),
    )  # fmt: skip
    (line,) = audit_command.words([near])
    assert line == (
        "1970-01-01 00:00:00  ann (cpd)  asked who was near  within 300 m of 41.88000,-87.63000  "
        "1970-01-01 00:01:00 to 1970-01-01 00:02:00  as known  record of cpd, cfd"
    )
