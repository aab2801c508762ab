"""`jointops retention` and `hold`: they say what would go and why the rest stays; only --do deletes."""

from pathlib import Path

import pytest

from dashboard import cli, config_file
from feeds.errors import ConfigError
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.report import CameraReport, LogReport
from tests.support.recording import CPD, T0, TEN, entries, flip, on_record, sealed
from tests.support.site_cuts import sealed_log

SITE = """
[site]
archive = "{archive}"
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[agency]]
id = "isp"
name = "State police"
tag = "ISP"
[[api_token]]
name = "reader"
agency = "cpd"
token = "t"
"""
RULE = '[[retention]]\nagency = "cpd"\ndays = {days}\nclause = "MOU 4.2"\n'
NOW = (T0 + 3 * TEN) / 1000 + 86_400


@pytest.fixture(autouse=True)
def day_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a day after the last of the segments."""
    monkeypatch.setattr("time.time", lambda: NOW)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Three segments of cpd and one of isp."""
    sealed(tmp_path / "archive", 1, AgencyId("isp"))
    return sealed(tmp_path / "archive")


def site(archive: Archive, *rules: str) -> list[str]:
    path = archive.folder.parent / "site.toml"
    path.write_text(SITE.format(archive=archive.folder) + "".join(rules))
    return ["--config", str(path)]


def jointops(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = cli.main(list(words))
    out, err = capsys.readouterr()
    return status, out + err


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file but locks."""
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")}


def test_without_do_it_is_said_and_nothing_is_done(archive: Archive, capsys: pytest.CaptureFixture[str]):
    before = tree(archive.folder)
    words = site(archive, RULE.format(days=1 + 600 / 86_400))
    status, said = jointops(capsys, "retention", *words)
    assert status == 0
    assert "would go  cpd 2026-09-21/1420  12 reports  under 'MOU 4.2'" in said
    assert "would go  cpd 2026-09-21/1430" in said and "2026-09-21/1440" not in said
    assert "cpd: 1 segments stay, younger than 1.00694 days" in said
    assert "isp: 1 segments stay, kept for ever: no [[retention]] says otherwise" in said
    assert "24 reports in 2 segments would go. Nothing was done: --do does it." in said
    assert tree(archive.folder) == before


def test_with_do_they_are_gone_the_held_one_stays_and_the_chain_verifies(
    archive: Archive, capsys: pytest.CaptureFixture[str]
):
    words = site(archive, RULE.format(days=1))
    span = "2026-09-21T14:30..2026-09-21T14:35"
    status, said = jointops(
        capsys, "hold", "add", "--case", "26-114", "--agency", "cpd", "--range", span, "--actor", "counsel", *words
    )
    assert (status, said.partition(" (by counsel")[0]) == (
        0, "case 26-114: cpd from 2026-09-21 14:30:00 to 2026-09-21 14:35:00",
    )  # fmt: skip
    assert "It holds 1 segments of those sealed until now." in said
    with archive.writing():  # the recorder runs
        status, said = jointops(capsys, "retention", "--do", "--actor", "records", *words)
    assert status == 0
    assert "gone  cpd 2026-09-21/1420  12 reports  under 'MOU 4.2'" in said and "gone  cpd 2026-09-21/1440" in said
    assert "stays  cpd 2026-09-21/1430  12 reports  held: case 26-114" in said
    assert "24 reports in 2 segments are gone; 1 segments are held." in said
    status, said = jointops(capsys, "verify", *words)
    assert status == 0 and "cpd: 1 good, 2 deleted lawfully; head 5 " in said and "isp: 1 good; head 1 " in said
    assert [p.name for p in (archive.folder / "cpd").rglob("*.parquet")].count("reports.parquet") == 1
    stone = Archive(archive.folder).segments(CPD)[0].tombstone
    assert stone is not None and (stone.clause, stone.actor, stone.at) == ("MOU 4.2", "records", NOW)

    assert "case 26-114: cpd" in jointops(capsys, "hold", "list", *words)[1]
    assert jointops(capsys, "hold", "release", "--case", "26-114", *words)[0] == 0
    assert "no hold stands" in jointops(capsys, "hold", "list", *words)[1]
    assert "gone  cpd 2026-09-21/1430" in jointops(capsys, "retention", "--do", *words)[1]
    assert "0 reports in 0 segments are gone." in jointops(capsys, "retention", "--do", *words)[1]
    assert jointops(capsys, "verify", *words)[0] == 0


def test_the_sites_logs_go_after_the_record_of_their_time(archive: Archive, capsys: pytest.CaptureFixture[str]):
    sealed_log(archive.folder, 4)
    words = site(archive, RULE.format(days=1))
    assert "_cuts: 4 segments stay, an agency's record is kept for ever" in jointops(capsys, "retention", *words)[1]
    words = site(archive, RULE.format(days=1), RULE.format(days=1 + 600 / 86_400).replace("cpd", "isp"))
    jointops(capsys, "hold", "add", "--case", "c", "--agency", "cpd", "--range", "2026-09-21T14:30..14:35", *words)
    before = tree(archive.folder)
    status, said = jointops(capsys, "retention", *words)
    assert status == 0
    assert 'would go  _cuts 2026-09-21/1420  0 reports  under "no agency\'s record of its time is left"' in said
    assert "stays  _cuts 2026-09-21/1430  0 reports  held: case c" in said
    assert "_cuts: 2 segments stay, younger than 1.00694 days" in said
    assert tree(archive.folder) == before
    assert "_cuts" not in jointops(capsys, "retention", "--agency", "cpd", *words)[1]
    assert "gone  _cuts 2026-09-21/1420" in jointops(capsys, "retention", "--do", *words)[1]
    assert "_cuts: 3 good, 1 deleted lawfully; head 5 " in jointops(capsys, "verify", *words)[1]
    assert "1420" not in jointops(capsys, "retention", "--do", *words)[1]


def test_a_hold_that_comes_after_the_look_is_seen_before_the_deletion(
    archive: Archive, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    from dashboard import retention_command

    words, look = site(archive, RULE.format(days=1)), retention_command.fates

    def looks_and_is_overtaken(*asked):
        found = look(*asked)
        jointops(capsys, "hold", "add", "--case", "late", "--agency", "cpd", "--range", "..", *words)
        return found

    monkeypatch.setattr(retention_command, "fates", looks_and_is_overtaken)
    status, said = jointops(capsys, "retention", "--do", "--agency", "cpd", *words)
    assert status == 0 and said.count("held: case late") == 3
    assert all(s.tombstone is None for s in Archive(archive.folder).segments(CPD))


def test_one_unit_is_removed_and_verify_tells_it(archive: Archive, capsys: pytest.CaptureFixture[str]):
    words = ["retention", "remove", "--archive", str(archive.folder), "--agency", "cpd", "--unit", "u1"]
    words += ["--range", "2026-09-21T14:30..2026-09-21T14:39", "--clause", "Order 26-CH-0411", "--actor", "clerk"]
    before = tree(archive.folder)
    status, said = jointops(capsys, *words)
    assert status == 0 and "would go  cpd 2026-09-21/1430  2 reports  under 'Order 26-CH-0411'" in said
    assert "2 reports of it in these segments were observed at another time and stay." in said
    assert "2 reports in 1 segments would go. Nothing was done" in said
    assert tree(archive.folder) == before
    assert "gone  cpd 2026-09-21/1430  2 reports" in jointops(capsys, *words, "--do")[1]
    status, said = jointops(capsys, "verify", "--archive", str(archive.folder))
    assert status == 0 and "cpd: 2 good, 1 good but for what was lawfully removed; head 4 " in said
    assert "cpd 2026-09-21/1430: lawfully removed 2 of kind unit under 'Order 26-CH-0411' by 'clerk' at 2026" in said
    assert "0 reports in 0 segments are gone" in jointops(capsys, *words, "--do")[1]


def test_the_words_before_the_part_count_too(archive: Archive, capsys: pytest.CaptureFixture[str]):
    where = ["--archive", str(archive.folder)]
    remove = ["remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order"]
    assert "12 reports in 3 segments would go" in jointops(capsys, "retention", *where, *remove)[1]
    assert "12 reports in 3 segments are gone" in jointops(capsys, "retention", "--do", *where, *remove)[1]


def test_one_kind_may_be_kept_shorter_than_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    archive = Archive(tmp_path / "archive")
    (first,) = entries(T0)
    (parcel,) = first.batch.parcels
    seen = CameraReport(camera_id="c1", event_type="alpr", observed_at=T0 / 1000)
    batch = type(first.batch)(1, CPD, (type(parcel)(parcel.source, "r", T0 / 1000, (*parcel.reports, seen)),))
    archive.seal(CPD, T0, T0 + TEN, [first._replace(batch=batch)])
    rules = [RULE.format(days=30), RULE.format(days=1) + 'kind = "camera_event"\n']
    words = site(archive, *rules)
    assert "would go  cpd 2026-09-21/1420 camera_event  1 reports" in jointops(capsys, "retention", *words)[1]
    assert "1 reports in 1 segments are gone." in jointops(capsys, "retention", "--do", *words)[1]
    (left,) = on_record(Archive(archive.folder))
    assert left.batch.parcels[0].reports == parcel.reports
    assert "0 reports in 0 segments would go" in jointops(capsys, "retention", *words)[1]


def test_reports_of_others_that_name_the_unit_are_counted_and_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    archive = Archive(tmp_path / "archive")
    (first,) = entries(T0)
    (parcel,) = first.batch.parcels
    lines = [
        LogReport(entry_id=f"e{n}", entry_kind="note", text=text, observed_at=T0 / 1000)
        for n, text in enumerate(["u1 left", "u12 left", "at the u1-gate"])
    ]
    batch = type(first.batch)(1, CPD, (type(parcel)(parcel.source, "r", T0 / 1000, (*parcel.reports, *lines)),))
    archive.seal(CPD, T0, T0 + TEN, [first._replace(batch=batch)])
    remove = ["remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order"]
    said = jointops(capsys, "retention", *remove, "--do", "--archive", str(archive.folder))[1]
    assert "2 reports of other things in these segments have its id in them and stay." in said
    assert "gone  cpd 2026-09-21/1420  1 reports" in said


def test_what_is_damaged_is_named_and_the_rest_goes(archive: Archive, capsys: pytest.CaptureFixture[str]):
    flip(archive.segments(CPD)[1].folder / "reports.parquet", 50)
    remove = ["remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order", "--do"]
    status, said = jointops(capsys, "retention", *remove, "--archive", str(archive.folder))
    assert status == 1 and "FAILED  cpd 2026-09-21/1430  " in said and "reports.parquet: it was altered" in said
    assert "8 reports in 2 segments are gone; 1 FAILED." in said


def test_what_cannot_be_done_says_what_to_do(archive: Archive, capsys: pytest.CaptureFixture[str]):
    where = ["--archive", str(archive.folder)]
    said = jointops(capsys, "retention", "--agency", "nobody", *where)
    assert said == (2, "jointops: --agency: nothing is recorded of nobody; there is something of cpd, isp\n")
    remove = ["retention", "remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--do", *where]
    status, said = jointops(capsys, *remove, "--clause", "order on u1")
    assert status == 2 and "name the order instead" in said
    assert jointops(capsys, *remove, "--clause", " ")[0] == 2
    assert "no hold stands of case" in jointops(capsys, "hold", "release", "--case", "x", *where)[1]
    hold = ["hold", "add", "--agency", "cdp", "--range", "..", *where]
    assert "name the case" in jointops(capsys, *hold, "--case", " ")[1]
    assert (
        "Nothing is recorded of cdp yet; there is something of cpd, isp." in jointops(capsys, *hold, "--case", "x")[1]
    )
    assert len(list(archive.folder.rglob("manifest-1.json"))) == 0


def test_a_unit_that_nobody_knows_is_said_to_be_none(archive: Archive, capsys: pytest.CaptureFixture[str]):
    where = ["--archive", str(archive.folder), "--agency", "cpd", "--clause", "order"]
    said = jointops(capsys, "retention", "remove", *where, "--unit", "TYPO", "--range", "..")[1]
    assert "No report of a unit 'TYPO' is on record of cpd in that time, of what is sealed." in said
    said = jointops(capsys, "retention", "remove", *where, "--kind", "zone", "--range", "2026-09-21")[1]
    assert "No report of kind zone is on record of cpd" in said
    assert "No report" not in jointops(capsys, "retention", "remove", *where, "--unit", "u1", "--range", "..")[1]


def test_a_dry_run_may_be_asked_for_and_is_not_done(archive: Archive, capsys: pytest.CaptureFixture[str]):
    words, before = site(archive, RULE.format(days=1)), tree(archive.folder)
    status, said = jointops(capsys, "retention", "--dry-run", *words)
    assert status == 0 and "would go" in said
    remove = ["remove", "--agency", "cpd", "--unit", "u1", "--range", "..", "--clause", "order"]
    assert "would go" in jointops(capsys, "retention", *remove, "--dry-run", *words)[1]
    for asked in (["--do", "--dry-run"], ["--do", *remove, "--dry-run"], [*remove, "--do", "--dry-run"]):
        status, said = jointops(capsys, "retention", *asked, *words)
        assert status == 2 and "not done with --dry-run" in said
    assert tree(archive.folder) == before


def test_a_rule_of_an_agency_that_is_not_declared_or_twice_is_said(archive: Archive):
    site(archive, RULE.format(days=1), RULE.format(days=2))
    path = archive.folder.parent / "site.toml"
    assert [str(p) for p in config_file.explain(path)] == ["retention[1]: cpd has one of the same kind"]
    site(archive, RULE.format(days=1).replace("cpd", "pd"))
    with pytest.raises(ConfigError, match="no agency 'pd'"):
        config_file.load(path)


@pytest.mark.parametrize("words", [["retention"], ["retention", "remove"], ["hold"], ["hold", "add"]])
def test_help_teaches(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 400
