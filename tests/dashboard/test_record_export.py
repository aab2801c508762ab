"""`jointops export` in every format: read back, and no more than the agency it is for may see."""

import csv
import io
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from lxml import etree

from bench.motion import AGENCY, deliveries, traffic
from dashboard import cli, config_file
from dashboard.archive_past import ArchivePast
from dashboard.hub import roster_of
from dashboard.record_export import policy_digest
from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.recording.archive import Archive
from feeds.recording.pictures import PICTURES
from feeds.recording.verifier import digest
from feeds.report import AnyReport, CameraReport, Category, IncidentReport, LogReport, UnitReport
from layers.derived import Deriver
from layers.exports.formats import FORMATS
from tests.support.recording import CPD, T0, TEN, flip

S = T0 / 1000
"""2026-09-21T14:20:00Z."""
RANGE = "2026-09-21T14:30..14:40"
HIDDEN = (b"UC-77", b"GHOST", b"41.7777", b"S-9", b"SECRET PLACE")
CALL = "3A12"

SITE = """
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[agency]]
id = "cfd"
name = "City fire"
tag = "CFD"
[[agency]]
id = "tpd"
name = "Transit police"
tag = "TPD"
[[share]]
from = "cpd"
to = ["cfd"]
categories = [CATEGORIES]
[[api_token]]
name = "reader"
agency = "cfd"
token = "t"
"""
SOME = ("unit.position", "unit.status", "incident.summary")
ALL = tuple(category.value for category in Category)


class Record(NamedTuple):
    folder: Path
    site: Path
    out: Path


def at(after: float, *reports: AnyReport, n: int = 0) -> Delivery:
    """A batch received so many seconds after the record begins."""
    parcel = Parcel(SourceId("cpd-avl"), "r1", S + after, tuple(reports))
    return Delivery(CPD, BatchId(round((S + after) * 1000), n), Batch(WIRE_VERSION, CPD, (parcel,)))


def u(unit_id: str, after: float, lat: float | None = 41.8, **fields: Any) -> UnitReport:
    lon = None if lat is None else -87.6
    return UnitReport(unit_id=unit_id, observed_at=S + after, lat=lat, lon=lon, **fields)


def i(incident_id: str, after: float, **fields: Any) -> IncidentReport:
    return IncidentReport(incident_id=incident_id, observed_at=S + after, **fields)


SEGMENTS = (
    [
        at(0, u("UC-77", 0, None, call_sign="GHOST", labels=("undercover",)), u("u1", 0, call_sign=CALL)),
        at(1, i("i1", 1, type_common="STRUCTFR", priority_common=9, lat=41.9, lon=-87.7, address="SECRET PLACE")),
        at(2, i("S-9", 2, type_common="WARRANT", labels=("tactical",))),
    ],
    [
        *(
            at(
                600 + k,
                u("u1", 600 + k, 41.8 + k / 1000, primary_status="EnRoute", incident_id="i1", call_sign=CALL),
                u("UC-77", 600 + k, 41.7777),
                u("u2", 600 + k, 41.6, incident_id="S-9"),
            )
            for k in range(5)
        ),
        at(700, i("i1", 700, status_common=("ResourcesOnscene",)), u("u3", 700, None, primary_status="Available")),
        at(701, CameraReport(camera_id="c1", observed_at=S + 701, event_type="lpr_hit", lat=41.5, lon=-87.5)),
        at(702, LogReport(entry_id="l1", observed_at=S + 702, text="Stairs are clear")),
        at(703, i("S-9", 703, status_common=("Active",))),
    ],
    [
        at(1200, u("u1", 602.5, 41.8025, primary_status="EnRoute", call_sign=CALL), u("UC-77", 603.5, 41.7777)),
        at(1201, u("u1", 1201)),
    ],
)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return recorded(tmp_path, SOME)


def recorded(tmp_path: Path, categories: tuple[str, ...]) -> Record:
    archive = Archive(tmp_path / "archive")
    for k, batches in enumerate(SEGMENTS):
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, batches)
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("CATEGORIES", ", ".join(f'"{name}"' for name in categories)), encoding="utf-8")
    return Record(archive.folder, site, tmp_path / "out")


def export(record: Record, *words: str, format_: str = "csv", out: Path | None = None) -> int:
    record.out.unlink(missing_ok=True)
    where = ["--archive", str(record.folder), "--config", str(record.site), "--agency", "cpd"]
    return cli.main(["export", *where, "--format", format_, *words, str(out or record.out)])


def table(record: Record) -> list[dict[str, str]]:
    lines = record.out.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("#")))))


def stamp(record: Record) -> dict[str, str]:
    lines = record.out.read_text(encoding="utf-8").splitlines()
    return dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))


def positions(name: str, data: bytes) -> Counter[str]:
    """Read an export back; return how many positions each unit has in it."""
    if name == "csv":
        text = "\n".join(line for line in data.decode().splitlines() if not line.startswith("#"))
        return Counter(row["id"] for row in csv.DictReader(io.StringIO(text)) if row["kind"] == "unit")
    if name in ("geojson", "geojsonseq"):
        texts = [data] if name == "geojson" else data.split(b"\x1e")[2:]
        parsed = [json.loads(text) for text in texts]
        features = parsed[0]["features"] if name == "geojson" else parsed
        return Counter(f["properties"]["id"] for f in features if f["properties"]["kind"] == "unit")
    if name == "geoparquet":
        rows = pq.read_table(io.BytesIO(data)).to_pylist()
        return Counter(row["id"] for row in rows if row["kind"] == "unit")
    if name == "czml":
        packets = [p for p in json.loads(data) if p["id"].startswith("unit/")]
        return Counter({p["id"].split("/")[-1]: len(p["position"]["cartographicDegrees"]) // 4 for p in packets})
    root = etree.fromstring(data)
    if name == "gpx":
        return Counter(
            {t.findtext(".//{*}unit_id"): len(t.findall(".//{*}trkpt")) for t in root.findall("{*}trk")}
        )  # fmt: skip
    found: Counter[str] = Counter()
    for mark in root.findall(".//{*}Placemark"):
        if mark.find("{*}MultiTrack") is not None:
            found[mark.findtext(".//{*}Data[@name='unit_id']/{*}value")] = len(mark.findall(".//{*}coord"))
    return found


def test_the_command_names_every_format_there_is() -> None:
    assert tuple(FORMATS) == cli.EXPORTS


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_holds_the_agencys_own_record_and_another_gets_less(record: Record, name: str) -> None:
    assert export(record, "--range", RANGE, format_=name) == 0
    assert positions(name, record.out.read_bytes()) == {"u1": 5, "u2": 5, "UC-77": 5}
    assert export(record, "--range", RANGE, "--for", "cfd", format_=name) == 0
    data = record.out.read_bytes()
    assert positions(name, data) == {"u1": 5, "u2": 5}
    # geoparquet's pages are packed: its cells are looked at below
    assert name == "geoparquet" or [word for word in HIDDEN if word in data] == []
    assert list(record.out.parent.glob(".*")) == [], "nothing is left aside"


def test_no_cell_of_a_packed_format_holds_what_is_hidden(record: Record) -> None:
    assert export(record, "--range", RANGE, "--for", "cfd", format_="geoparquet") == 0
    said = repr(pq.read_table(record.out).to_pylist()).encode()
    assert b"u1" in said and [word for word in HIDDEN if word in said] == []


def test_fields_that_are_not_shared_are_empty_and_what_is_named_is_named_when_seen(record: Record) -> None:
    export(record, "--range", RANGE, "--for", "cfd")
    rows = table(record)
    u1, u2 = ([row for row in rows if row["id"] == name] for name in ("u1", "u2"))
    assert {row["call_sign"] for row in u1} == {""} and {row["primary_status"] for row in u1} == {"EnRoute"}
    assert {row["incident_id"] for row in u1} == {"i1"} and {row["incident_id"] for row in u2} == {""}
    happened = [row for row in rows if row["kind"] != "unit"]
    assert [(row["kind"], row["text"], row["lat"]) for row in happened] == [
        ("incident", "P1 Structure fire: units on scene", "")
    ]
    export(record, "--range", RANGE)
    assert {row["call_sign"] for row in table(record) if row["id"] == "u1"} == {CALL}
    assert Counter(row["kind"] for row in table(record)) == {
        "unit": 15,
        "incident": 2,
        "camera_event": 1,
        "log_entry": 1,
    }


def test_known_is_what_was_received_in_the_range_and_truth_what_was_so(record: Record) -> None:
    for viewer in ("cpd", "cfd"):
        export(record, "--range", RANGE, "--for", viewer, "--unit", "u1", "--view", "known")
        assert [row["observed_at"][17:23] for row in table(record)] == [f"{k:02d}.000" for k in range(5)]
        export(record, "--range", RANGE, "--for", viewer, "--unit", "u1", "--view", "truth")
        seconds = [row["observed_at"][17:23] for row in table(record)]
        assert seconds == ["00.000", "01.000", "02.000", "02.500", "03.000", "04.000"]
        export(record, "--range", "2026-09-21T14:40..14:50", "--for", viewer, "--unit", "u1", "--view", "known")
        assert [row["observed_at"][14:19] for row in table(record)] == ["30:02", "40:01"]
        assert [row["received_at"][14:19] for row in table(record)] == ["40:00", "40:01"]


def test_an_agency_with_whom_everything_is_shared_reads_the_same_rows_by_the_other_way(tmp_path: Path) -> None:
    record = recorded(tmp_path, ALL)
    export(record, "--range", RANGE, "--view", "truth")
    own = [row for row in table(record) if row["id"] not in ("UC-77", "S-9")]
    for row in own:
        row["incident_id"] = "" if row["incident_id"] == "S-9" else row["incident_id"]
    export(record, "--range", RANGE, "--view", "truth", "--for", "cfd")
    assert table(record) == own and len(own) == 14


def test_traffic_of_many_units_is_the_same_by_both_ways(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    entries = list(deliveries(traffic(40, 60)))
    t0 = entries[0].id.ms
    middle = len(entries) // 2
    archive.seal(AGENCY, t0, entries[middle].id.ms, entries[:middle])
    archive.seal(AGENCY, entries[middle].id.ms, t0 + TEN, entries[middle:])
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("CATEGORIES", ", ".join(f'"{name}"' for name in ALL)), encoding="utf-8")
    record = Record(archive.folder, site, tmp_path / "out")
    for view in ("known", "truth"):
        export(record, "--view", view)
        own = table(record)
        export(record, "--view", view, "--for", "cfd")
        assert table(record) == own and len(own) > 2000
    clock = [(row["id"], min(row["observed_at"], row["received_at"])) for row in own]
    assert clock == sorted(clock)


def test_the_stamp_says_of_what_by_which_shares_and_for_whom(record: Record) -> None:
    export(record, "--range", RANGE, "--for", "cfd")
    said = stamp(record)
    manifest = record.folder / "cpd" / "2026-09-21" / "1430" / "manifest.json"
    assert said["sources"] == digest(manifest.read_bytes())
    assert (said["agency"], said["record"], said["view"]) == ("cfd", "cpd", "known")
    assert (said["since"], said["until"]) == ("2026-09-21T14:30:00.000Z", "2026-09-21T14:40:00.000Z")
    assert said["policy"] == policy_digest(config_file.load(record.site)) and "missing" not in said
    narrower = recorded(record.folder.parent / "other", SOME[:1])
    assert said["policy"] != policy_digest(config_file.load(narrower.site))


def test_an_open_range_is_stamped_with_what_is_recorded(record: Record) -> None:
    export(record)
    assert (stamp(record)["since"], stamp(record)["until"]) == ("2026-09-21T14:20:00.000Z", "2026-09-21T14:50:00.000Z")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--range", "2026-09-22"], "sealed is up to 2026-09-21 14:50:00 UTC"),
        (["--range", "2026-09-21T14:30:50..14:31:30"], "nothing is recorded of cpd in that time"),
        (["--unit", "u9"], "cpd sees no unit 'u9' of cpd"),
        (["--unit", "UC-77", "--for", "cfd"], "cfd sees no unit 'UC-77' of cpd"),
        (["--unit", "u9", "--for", "cfd"], "cfd sees no unit 'u9' of cpd"),
        (["--for", "tpd"], "cpd shares nothing with tpd"),
        (["--for", "fbi"], "names no agency 'fbi'"),
        (["--range", "2026-09-21T14:30:50..14:31:30", "--for", "cfd"], "cfd sees nothing of cpd in that time"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    record: Record, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert export(record, *words) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not record.out.exists() and list(record.out.parent.glob(".*")) == []


def test_without_the_sites_file_nothing_is_shared(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--archive", str(record.folder), "--agency", "cpd", "--for", "cfd", "--format", "csv"]
    assert cli.main(["export", *where, str(record.out)]) == 2
    assert "--config" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["reports.parquet", "manifest.json"])
def test_a_damaged_segment_is_named_and_passed_over_by_its_own_agency_alone(
    record: Record, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    flip(record.folder / "cpd" / "2026-09-21" / "1430" / name, 300)
    assert export(record, "--unit", "u1") == 1
    assert "1430" in capsys.readouterr().err and not record.out.exists()
    assert export(record, "--unit", "u1", "--skip-damaged") == 0
    assert len(table(record)) == 3 and stamp(record)["missing"] == "2026-09-21/1430 (damaged)"
    assert "not in it: 2026-09-21/1430 (damaged)" in capsys.readouterr().out
    # What is damaged may have held a label, before the range as well.
    assert export(record, "--range", "2026-09-21T14:40..14:50", "--for", "cfd", "--skip-damaged") == 2
    assert "only cpd itself may pass over a segment" in " ".join(capsys.readouterr().err.split())


def test_a_deleted_segment_is_said_to_be_missing(record: Record) -> None:
    archive = Archive(record.folder)
    archive.bury(archive.segments(CPD)[1], "retention of 1 day", "city clerk", S)
    assert export(record) == 0
    assert stamp(record)["missing"] == "2026-09-21/1430 (deleted)"
    assert {row["received_at"][11:15] for row in table(record)} == {"14:2", "14:4"}


def test_the_standard_output_gets_the_file_alone(record: Record, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert export(record, "--range", RANGE, format_="geojson", out=Path("-")) == 0
    out, err = capfdbinary.readouterr()
    assert len(json.loads(out)["features"]) == 19 and b"15 positions, 4 occurrences" in err


def test_a_label_of_long_ago_still_denies_until_what_it_came_with_is_said_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    said = (
        u("u1", 0, None, call_sign="A", labels=("undercover",)),
        u("u1", 600),
        u("u1", 1200, None, call_sign="A"),
        u("u1", 1800, 41.9),
    )
    for k, report in enumerate(said):
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, [at(k * 600, report)])
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("CATEGORIES", '"unit.position"'), encoding="utf-8")
    record = Record(archive.folder, site, tmp_path / "out")
    assert export(record, "--range", "2026-09-21T14:30..14:40", "--for", "cfd") == 2
    assert export(record, "--range", "2026-09-21T14:50..15:00", "--for", "cfd") == 0
    assert [row["lat"] for row in table(record)] == ["41.9"]


def test_an_agency_that_is_none_is_refused(record: Record) -> None:
    where = ["--archive", str(record.folder), "--format", "csv", "--agency", AgencyId("isp")]
    assert cli.main(["export", *where, str(record.out)]) == 2


def test_a_range_that_lies_in_a_damaged_segment_names_it(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    flip(record.folder / "cpd" / "2026-09-21" / "1430" / "manifest.json", 300)
    assert export(record, "--range", RANGE) == 1 and "1430/manifest.json" in capsys.readouterr().err
    assert export(record, "--range", "2026-09-21T14:35..14:36") == 1
    assert export(record, "--range", "2026-09-21T14:40..14:50") == 0 and "missing" not in stamp(record)


def test_a_label_of_today_counts_for_what_was_before(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    said = (u("u1", 0), u("u1", 600), u("u1", 1200, labels=("undercover",)))
    for k, report in enumerate(said):
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, [at(k * 600, report, u("u2", k * 600))])
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("CATEGORIES", '"unit.position"'), encoding="utf-8")
    record = Record(archive.folder, site, tmp_path / "out")
    for span in ("2026-09-21T14:20..14:30", "2026-09-21T14:30..14:40", "2026-09-21T14:40..14:50"):
        assert export(record, "--range", span, "--for", "cfd") == 0
        assert [row["id"] for row in table(record)] == ["u2"]


def test_it_begins_with_the_picture_that_a_segment_has_and_knows_the_labels_of_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Archive(tmp_path / "archive")
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("CATEGORIES", ", ".join(f'"{name}"' for name in SOME)), encoding="utf-8")
    derive = Deriver(roster_of(config_file.load(site)), ArchivePast(archive))
    for k, batches in enumerate(SEGMENTS):
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, batches, derive)
    record = Record(archive.folder, site, tmp_path / "out")
    assert all(PICTURES in one.manifest.derived for one in archive.segments(CPD))
    # What came before the range is not read any more.
    flip(record.folder / "cpd" / "2026-09-21" / "1420" / "reports.parquet", 300)
    assert export(record, "--range", RANGE, "--for", "cfd") == 0
    rows = table(record)
    assert Counter(row["id"] for row in rows) == {"u1": 5, "u2": 5, "i1": 1}
    assert next(row["text"] for row in rows if row["kind"] == "incident") == "P1 Structure fire: units on scene"
    # A picture that is damaged is none.
    flip(record.folder / "cpd" / "2026-09-21" / "1430" / PICTURES, 30)
    assert export(record, "--range", RANGE, "--for", "cfd") == 1 and "1420" in capsys.readouterr().err


def test_where_links_of_the_chain_are_gone_it_is_named_and_passed_over_by_its_own_agency_alone(
    record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    (record.folder / "cpd" / "2026-09-21" / "1430" / "manifest.json").unlink()
    for words in ((), ("--range", "2026-09-21T14:20..14:40"), ("--range", "2026-09-21T14:20..14:30", "--for", "cfd")):
        assert export(record, *words) == 1
        assert "links are missing: 2026-09-21 14:30:00 to 2026-09-21 14:40:00" in " ".join(
            capsys.readouterr().err.split()
        )
    assert export(record, "--skip-damaged") == 0
    assert stamp(record)["missing"] == "2026-09-21 14:30:00 to 2026-09-21 14:40:00 (lost)"
    assert export(record, "--range", "2026-09-21T14:40..14:50") == 0 and "missing" not in stamp(record)
    assert export(record, "--range", "2026-09-21T14:40..14:50", "--for", "cfd", "--skip-damaged") == 2


def test_the_oldest_segments_that_are_gone_are_named(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(record.folder / "cpd" / "2026-09-21" / "1420")
    assert export(record) == 1 and "before 2026-09-21 14:30:00" in " ".join(capsys.readouterr().err.split())
    assert export(record, "--range", RANGE) == 0 and "missing" not in stamp(record)
    assert export(record, "--range", RANGE, "--for", "cfd") == 1, "a label may have been said there"


def test_what_of_the_range_the_record_does_not_have_is_said(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(record, "--range", "2026-09-21") == 0
    lacking = (
        "before 2026-09-21 14:20:00 (the record begins there)",
        "from 2026-09-21 14:50:00 on (not sealed yet)",
    )
    assert stamp(record)["missing"] == " ".join(lacking)
    out, err = capsys.readouterr()
    assert f"not in it: {', '.join(lacking)}" in out
    assert "the record begins at 2026-09-21 14:20:00 UTC\nsealed is up to 2026-09-21 14:50:00 UTC: what came" in err
    assert export(record, "--range", "2026-09-21T14:30..") == 0
    assert "sealed is up to 2026-09-21 14:50:00 UTC" in capsys.readouterr().err
    assert export(record, "--range", RANGE) == 0
    assert "sealed" not in capsys.readouterr().err
    assert export(record, "--range", "2026-09-21T14:50..") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "nothing of that time is sealed yet: sealed is up to 2026-09-21 14:50:00 UTC" in said


def test_what_was_passed_over_is_no_source(record: Record) -> None:
    manifests = [one.folder / "manifest.json" for one in Archive(record.folder).segments(CPD)]
    flip(record.folder / "cpd" / "2026-09-21" / "1430" / "reports.parquet", 300)
    assert export(record, "--skip-damaged") == 0
    assert stamp(record)["sources"].split() == [digest(manifests[k].read_bytes()) for k in (0, 2)]
    archive = Archive(record.folder)
    archive.bury(archive.segments(CPD)[2], "retention of 1 day", "city clerk", S)
    assert export(record, "--skip-damaged") == 0
    assert stamp(record)["sources"] == digest(manifests[0].read_bytes())


def test_who_asked_and_for_which_case_is_stamped_and_the_file_is_its_owners(record: Record) -> None:
    assert export(record, "--range", RANGE, "--actor", "Bob", "--case", "26-9") == 0
    assert (stamp(record)["actor"], stamp(record)["case"]) == ("Bob", "26-9")
    assert record.out.stat().st_mode & 0o777 == 0o600
