"""`jointops audit`: every command that takes something out of the record writes first, and can be asked about."""

from pathlib import Path

import pytest

from dashboard import audit_command, cli
from feeds.recording.audit import Audit, Entry
from tests.support.recording import sealed

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
    assert "packed evidence  evidence into scene.zip  2026-09-21 14:20:00 to 2026-09-21 14:40:00" in said
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
