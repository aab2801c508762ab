"""Exports of a source whose clock is 37 s ahead carry the aligned time beside its own, where that may be known."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from dashboard import cli
from dashboard.export_clocks import ExportClocks
from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import SourceId
from feeds.recording.archive import Archive
from feeds.replay.sealed import survey_file
from feeds.report import IncidentReport, UnitReport
from layers.exports.rows import TrackPoint
from tests.dashboard.test_record_export import SITE
from tests.support.recording import CPD, T0, TEN, flip

SKEW = 37.0
S = T0 / 1000
SOME = '"unit.position", "incident.summary"'


def archive_in(folder: Path, *, derived: bool) -> None:
    """Two segments; a right clock is beside the wrong one."""
    archive = Archive(folder)
    for k in range(2):
        batches = []
        for n in range(60):
            at = S + k * 600 + n * 10
            wrong = [UnitReport(unit_id="u1", observed_at=at + SKEW, lat=41.8, lon=-87.6)]
            wrong += (
                [IncidentReport(incident_id="i1", observed_at=at + SKEW, type_common="STRUCTFR")] if n == 50 else []
            )
            right = UnitReport(unit_id="u2", observed_at=at, lat=41.9, lon=-87.6)
            parcels = (
                Parcel(SourceId("cpd-avl"), "r", at + 0.2, tuple(wrong)),
                Parcel(SourceId("cpd-cad"), "r", at + 0.2, (right,)),
            )
            batches.append(Delivery(CPD, BatchId(round((at + 0.2) * 1000), 0), Batch(WIRE_VERSION, CPD, parcels)))
        derive = survey_file if derived else None
        archive.seal(CPD, T0 + k * TEN, T0 + (k + 1) * TEN, batches, derive=derive)


def rows(tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, str]]:
    out = tmp_path / f"out-{len(list(tmp_path.iterdir()))}.csv"
    shown = ("--agency", "cpd", "--archive", str(tmp_path / "archive"), "--format", "csv", *words, str(out))
    assert cli.main(["export", *shown]) == 0, capsys.readouterr().err
    lines = [line for line in out.read_text().splitlines(keepends=True) if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("".join(lines))))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("derived", [True, False])
def test_rows_of_a_wrong_clock_carry_both_times_and_others_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], derived: bool
) -> None:
    archive_in(tmp_path / "archive", derived=derived)
    told = rows(tmp_path, capsys)
    wrong = [row for row in told if row["id"] == "u1"]
    assert [row["aligned_at"] for row in wrong[:6]] == [""] * 6, "nobody knew yet"
    for row in wrong[10:]:
        assert at(row["observed_at"]) - at(row["aligned_at"]) == pytest.approx(SKEW, abs=1)
        assert float(row["aligned_err_s"]) <= 1
    assert {row["aligned_at"] for row in told if row["id"] == "u2"} == {""}
    (incident, *_) = [row for row in told if row["kind"] == "incident"]
    assert at(incident["observed_at"]) - at(incident["aligned_at"]) == pytest.approx(SKEW, abs=1)
    # the second segment goes by what was known at the first one's end
    later = rows(tmp_path, capsys, "--range", "2026-09-21T14:30..14:40")
    assert all(row["aligned_at"] for row in later if row["id"] == "u1")


def test_whom_the_feeds_health_is_not_shared_with_gets_no_aligned_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive_in(tmp_path / "archive", derived=True)
    site = tmp_path / "site.toml"
    for categories, told in ((SOME, False), (SOME + ', "feed.health"', True)):
        site.write_text(SITE.replace("CATEGORIES", categories))
        found = rows(tmp_path, capsys, "--for", "cfd", "--config", str(site))
        assert any(row["aligned_at"] for row in found if row["kind"] == "unit") is told
        assert any(row["aligned_at"] for row in found if row["kind"] == "incident") is told


@pytest.mark.parametrize("name", ["geojson", "gpx", "kml", "czml", "geoparquet"])
def test_every_format_has_a_place_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    archive_in(tmp_path / "archive", derived=True)
    out = tmp_path / "out"
    shown = ("--agency", "cpd", "--archive", str(tmp_path / "archive"), "--format", name, str(out))
    assert cli.main(["export", *shown]) == 0, capsys.readouterr().err
    if name == "geoparquet":
        table = pq.read_table(out)
        gaps = [
            (observed - aligned).total_seconds()
            for observed, aligned in zip(table["observed_at"].to_pylist(), table["aligned_at"].to_pylist(), strict=True)
            if aligned is not None
        ]
        assert len(gaps) > 100 and all(abs(gap - SKEW) <= 1 for gap in gaps)
    elif name == "czml":
        (unit,) = [packet for packet in json.loads(out.read_text()) if packet["id"] == "unit/cpd/u1"]
        assert abs(unit["properties"]["clock_offset_s"][-1]["number"] - SKEW) <= 1
        assert unit["properties"]["clock_error_s"][-1]["number"] <= 1
    else:
        text = out.read_text()
        assert text.count("aligned_at") > (0 if name == "kml" else 100)
        assert "aligned_err_s" in text


def test_a_segment_that_cannot_be_read_and_logs_that_say_both_times_tell_of_no_clock(tmp_path: Path) -> None:
    archive_in(tmp_path / "archive", derived=False)
    archive = Archive(tmp_path / "archive")
    first, second = archive.segments(CPD)
    imported = second._replace(manifest=replace(second.manifest, imported={"a.gpx": "00"}))
    flip(first.folder / "reports.parquet", 60)
    clocks = ExportClocks(archive, tells=True)
    point = TrackPoint("cpd", "u1", None, S + 637, S + 1199, -87.6, 41.8, source="cpd-avl")
    for one in (first, imported):
        clocks.take(one)
        assert clocks.aligned(point) is point
    clocks.take(second)
    assert clocks.aligned(point).aligned_err_s is not None
