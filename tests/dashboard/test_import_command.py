"""`jointops import`: others' recordings are verified and taken with their chain; logs become a recording to review."""

import json
from pathlib import Path

import pytest

from dashboard import cli
from feeds.adapters import load
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.evidence import package
from feeds.recording.removal import Removal
from feeds.recording.span import Span
from feeds.recording.verifier import digest, links
from tests.support.recording import CPD, T0, TEN, flip, on_record, sealed, total
from tests.support.site_cuts import sealed_log


@pytest.fixture
def theirs(tmp_path: Path) -> Archive:
    """Five segments, one of them deleted and one revised; a seal that was killed."""
    archive = sealed(tmp_path / "theirs", 5)
    archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 1.0)
    archive.revise(archive.segments(CPD)[3], Removal("u1"), "order", "clerk", 1.0)
    (archive.folder / "cpd" / "2026-09-21" / "1520").mkdir()
    (archive.folder / "cpd" / "2026-09-21" / "1520" / "reports.parquet").write_bytes(b"of nobody")
    return archive


def jointops(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    status = cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out + err


def test_the_record_of_another_site_is_taken_with_its_chain(
    theirs: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    ours = tmp_path / "imports" / "theirs"
    status, said = jointops(capsys, "import", theirs.folder, "--archive", ours)
    assert status == 0
    head = digest(links(theirs.folder / CPD)[-1].data)
    assert f"cpd: 5 segments into {ours}, verified; head 7 {head}" in said
    assert on_record(Archive(ours)) == on_record(theirs) != []
    assert not (ours / "cpd" / "2026-09-21" / "1520").exists()
    status, said = jointops(capsys, "verify", "--archive", ours)
    assert status == 0
    assert f"1 deleted lawfully; taken from another site; head 7 {head}" in said
    before = sorted(p.name for p in ours.rglob("*"))
    status, said = jointops(capsys, "import", theirs.folder, "--archive", ours)
    assert status == 2 and "something of cpd is in" in said
    assert sorted(p.name for p in ours.rglob("*")) == before


def test_an_evidence_package_is_taken_with_the_links_between(
    theirs: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    package(theirs.folder, CPD, Span(T0 + 3 * TEN, T0 + 4 * TEN), tmp_path / "scene.zip")
    ours = tmp_path / "ours"
    status, said = jointops(capsys, "import", tmp_path / "scene.zip", "--archive", ours)
    assert status == 0 and "cpd: 1 segments into" in said
    status, said = jointops(capsys, "verify", "--archive", ours)
    assert status == 0 and "1 good but for what was lawfully removed" in said and "only the link was taken" in said
    assert len(on_record(Archive(ours))) == 4
    flip(next(ours.rglob("reports.parquet")), 60)
    assert jointops(capsys, "verify", "--archive", ours)[0] == 1


def test_nothing_of_an_altered_recording_is_taken(theirs: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sealed(theirs.folder, 1, AgencyId("atf"))
    flip(theirs.segments(CPD)[2].folder / "reports.parquet", 60)
    status, said = jointops(capsys, "import", theirs.folder, "--archive", tmp_path / "ours")
    assert status == 1 and "1440/reports.parquet: altered" in said
    assert list((tmp_path / "ours").iterdir()) == []


GPX, COT, NATIVE, NMEA = (load(name) for name in ("gpx", "cot", "native", "nmea"))
LINES = b"\n".join(
    json.dumps({"kind": "unit", "unit_id": unit, "observed_at": at, "lat": 41.8, "lon": -87.6}).encode()
    for unit, at in [("b", 1_790_001_000.25), ("a", 1_790_000_400.5), ("c", 1_790_000_400.5), ("d", "never")]
)


def test_logs_become_segments_by_their_own_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    drive, lines, ours = tmp_path / "drive.gpx", tmp_path / "lines.ndjson", tmp_path / "ours"
    drive.write_bytes(GPX.samples[1].frame.replace(b"</trkseg>", b'<trkpt lat="41" lon="-87"/></trkseg>'))
    lines.write_bytes(LINES)
    status, said = jointops(capsys, "import", "--agency", "cpd", drive, lines, "--archive", ours)
    assert status == 0
    assert "drive.gpx (gpx) as gpx: 2 reports\n  left out: 1 x no time" in said
    assert "lines.ndjson (native) as native: 3 reports\n  left out: 1 x " in said
    assert f"cpd: 3 segments into {ours}, 2026-05-04/1900 to 2026-09-21/1430" in said
    archive = Archive(ours)
    said_ = [(p, r) for d in on_record(archive) for p in d.batch.parcels for r in p.reports]
    assert [r.unit_id for _, r in said_] == ["drive", "drive", "a", "c", "b"]  # type: ignore[union-attr]
    assert all(parcel.received_at == report.observed_at for parcel, report in said_)
    assert [d.id.ms for d in on_record(archive)][2:] == [1_790_000_400_500, 1_790_001_000_250]
    manifests = [sealed.manifest for sealed in archive.segments(CPD)]
    assert all(set(m.imported) == {"drive.gpx", "lines.ndjson"} for m in manifests)
    assert manifests[0].imported["lines.ndjson"] == digest(LINES)
    counts = total(manifests)
    assert {s: (c.accepted, sum(c.rejected.values())) for s, c in counts.items()} == {"gpx": (2, 1), "native": (3, 1)}
    assert jointops(capsys, "verify", "--archive", ours)[0] == 0
    status, said = jointops(capsys, "import", "--agency", "cpd", drive, "--archive", ours)
    assert status == 2 and "something of cpd is in" in said
    assert jointops(capsys, "import", "--agency", "isp", drive, "--archive", ours, "--unit", "I-7")[0] == 0
    sealed_log(tmp_path / "whole", 1)
    status, said = jointops(
        capsys, "import", "--agency", "isp", drive, "--archive", tmp_path / "whole", "--unit", "I-7"
    )
    assert status == 2 and "is a whole site's record" in said


CSV = b"""# agency: cpd\r
kind,agency,id,observed_at,lon,lat,call_sign,speed_mps,note\r
"unit","cpd","A-1","2026-09-21T14:20:00.5Z",-87.6,41.8,"'=cmd",3.5,"x"\r
"unit","isp","I-1","2026-09-21T14:20:00.5Z",-87.6,41.8,,,\r
"unit","cpd","A-2","2026-09-21T14:20:01Z",-87.6,141.8,,,\r
"unit","cpd","A-3","noon",-87.6,41.8,,,\r
"incident","cpd","7","2026-09-21T14:20:01Z",-87.6,41.8,,,\r
"""


def test_tables_are_read_as_units_of_the_agency(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table, ours = tmp_path / "table.csv", tmp_path / "ours"
    table.write_bytes(CSV)
    status, said = jointops(capsys, "import", "--agency", "cpd", table, "--archive", ours)
    assert status == 0 and "table.csv (csv) as csv: 1 reports" in said
    assert "1 x wrong agency" in said and said.count("left out") == 4, said
    ((parcel,),) = [d.batch.parcels for d in on_record(Archive(ours))]
    (report,) = parcel.reports
    assert (report.unit_id, report.call_sign, report.lat, report.speed_mps) == ("A-1", "=cmd", 41.8, 3.5)  # type: ignore[union-attr]
    assert report.observed_at == T0 / 1000 + 0.5
    table.write_bytes(b"name,x,y\n1,2,3\n")
    status, said = jointops(capsys, "import", "--agency", "isp", table, "--archive", ours)
    assert status == 2 and "a CSV needs a header with unit_id" in said
    table.write_bytes("\ufeffunit,time,lat,lon\nA-1,1790000400,41,-87\n".encode())
    assert jointops(capsys, "import", "--agency", "isp", table, "--archive", ours)[0] == 0


@pytest.mark.parametrize("name", ["cap", "cot", "eido", "nmea", "owntracks", "sbs", "taip"])
def test_every_dialect_with_times_of_its_own_can_be_imported(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    sample = max(load(name).samples, key=lambda sample: sample.reports)
    (tmp_path / "log").write_bytes(sample.frame)
    day = ("--day", "2026-05-04") if name == "taip" else ()
    words = ("import", "--agency", "cpd", tmp_path / "log", "--archive", tmp_path / "ours", *day)
    status, said = jointops(capsys, *words)
    assert status == 0, said
    assert all(one.name.startswith("2026-") for one in Archive(tmp_path / "ours").segments(CPD))
    assert jointops(capsys, "verify", "--archive", tmp_path / "ours")[0] == 0


def test_what_cannot_be_imported_says_what_to_do(theirs: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log, site = tmp_path / "log.json", tmp_path / "site.toml"
    log.write_bytes(b'{"kind": "unit"}')
    site.write_text(
        f'[site]\ndata_dir = "{tmp_path / "data"}"\n[[agency]]\nid = "a"\nname = "A"\ntag = "AA"\n'
        '[[api_token]]\nname = "x"\nagency = "a"\ntoken = "t"\n'
    )
    where = ["--config", site]
    assert "say whose logs these are" in jointops(capsys, "import", log, *where)[1]
    assert "nothing in these files says when" in jointops(capsys, "import", log, "--agency", "cpd", *where)[1]
    assert "is imported alone" in jointops(capsys, "import", theirs.folder, log, *where)[1]
    assert "cannot read" in jointops(capsys, "import", tmp_path / "none", "--agency", "cpd", *where)[1]
    live = tmp_path / "data" / "archive"
    assert "is what a recorder writes" in jointops(capsys, "import", theirs.folder, "--archive", live, *where)[1]
    with theirs.writing():
        pass
    assert "is what a recorder writes" in jointops(capsys, "import", log, "--archive", theirs.folder, *where)[1]
    assert jointops(capsys, "import", theirs.folder, *where)[0] == 0
    assert (tmp_path / "data" / "imports" / "theirs" / "cpd").is_dir()
    assert not live.exists()


def test_help_teaches(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["import", "--help"])
    assert "jointops import scene.zip" in capsys.readouterr().out


def test_a_log_without_a_day_is_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log = tmp_path / "drive.nmea"
    log.write_bytes(NMEA.samples[2].frame + NMEA.samples[3].frame)
    status, said = jointops(capsys, "import", "--agency", "cpd", log, "--archive", tmp_path / "ours")
    assert status == 2 and "drive.nmea (nmea) as nmea: 0 reports\n  left out: 2 x no day\n" in said
    assert "nothing in these files says when" in said and not (tmp_path / "ours" / "cpd").exists()
    ours = Archive(tmp_path / "told")
    words = ("import", "--agency", "cpd", log, "--day", "2026-05-07", "--archive", ours.folder)
    assert jointops(capsys, *words)[0] == 0
    ours.refresh()
    assert [one.name for one in ours.segments(CPD)] == ["2026-05-07/1900"]
    log.write_bytes(NMEA.samples[2].frame + NMEA.samples[0].frame)
    assert jointops(capsys, "import", "--agency", "cpd", log, "--archive", tmp_path / "ours")[0] == 0
    assert [one.name for one in Archive(tmp_path / "ours").segments(CPD)] == ["2026-05-04/1900"]


def test_a_file_of_which_nothing_can_be_told_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "a.gpx").write_bytes(GPX.samples[1].frame)
    for name, said in (("b.bin", "cannot tell the file's dialect"), ("c.csv", "a CSV needs a header")):
        (tmp_path / name).write_bytes(b"\x00\x01,nothing")
        files = (tmp_path / "a.gpx", tmp_path / name)
        status, words = jointops(capsys, "import", "--agency", "cpd", *files, "--archive", tmp_path / "ours")
        assert status == 2 and f"{name}: {said}" in words


@pytest.mark.parametrize("name", ["../../x", "..", ".", "a/b", "/tmp/x", ".hidden"])
def test_an_import_stays_in_the_sites_imports(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    log = tmp_path / "drive.gpx"
    log.write_bytes(GPX.samples[1].frame)
    status, said = jointops(capsys, "import", "--agency", "cpd", log, "--name", name)
    assert status == 2 and "is no name of a folder in the site's imports" in said
    assert not (tmp_path / "home").exists(), "what is refused is not audited"


def test_how_far_it_is_is_shown(theirs: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "drive.gpx").write_bytes(GPX.samples[1].frame)
    said = jointops(capsys, "import", "--agency", "cpd", tmp_path / "drive.gpx", "--archive", tmp_path / "a")[1]
    assert "drive.gpx ━" in said and "sealing" in said and "2/2" in said
    said = jointops(capsys, "import", theirs.folder, "--archive", tmp_path / "b")[1]
    assert "taking ━" in said and " 10/10 " in said, said
