"""Columns read straight from the files say what the reports say, and only the parts asked for are read."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.motion import AGENCY, deliveries, traffic
from feeds.bus import BatchId, Delivery
from feeds.envelope import Parcel
from feeds.errors import DecodeError
from feeds.names import SourceId
from feeds.recording import parquet
from feeds.recording.positions import Positions, labelled_units, read_positions, unit_columns, unit_labels
from feeds.recording.segment import PARCELS, encode
from feeds.report import IncidentReport, UnitReport
from tests.feeds.recording.journals import CPD, T0, journaled


@pytest.fixture(scope="module")
def half_minute() -> list[Delivery]:
    return list(deliveries(traffic(30, 200)))


def nan(value: float | None) -> float:
    return math.nan if value is None else value


def as_rows(found: Positions) -> list[tuple[object, ...]]:
    units = [found.unit.words[code] for code in found.unit.codes]
    statuses = [None if code < 0 else found.primary_status.words[code] for code in found.primary_status.codes]
    numbers = (found.observed_at, found.received_at, found.journaled_ms, *found[4:8])
    return list(zip(units, statuses, *(column.tolist() for column in numbers), strict=True))


def rows_of(entries: list[Delivery]) -> list[tuple[object, ...]]:
    """Return the same rows from the reports."""
    found = []
    for delivery in entries:
        for envelope in delivery.batch.envelopes():
            r = envelope.report
            if isinstance(r, UnitReport):
                place = tuple(map(nan, (r.lat, r.lon, r.course_deg, r.speed_mps)))
                found.append((r.unit_id, r.primary_status, r.observed_at, envelope.received_at, delivery.id.ms, *place))
    return sorted(found, key=lambda row: (row[0], row[2]))


def test_they_are_what_the_reports_say(half_minute: list[Delivery]):
    assert as_rows(read_positions(AGENCY, [encode(AGENCY, half_minute)])) == rows_of(half_minute)


def test_what_was_not_said_is_nan_and_other_kinds_are_left_out():
    entries = journaled([[Parcel(SourceId("one"), "", T0 + 0.1234567, (
        UnitReport(unit_id="U1", observed_at=float(T0), lat=0.1 + 0.2, lon=-0.0),
        IncidentReport(incident_id="U1", observed_at=float(T0), lat=9.0, lon=9.0),
        UnitReport(unit_id="U0", observed_at=T0 + 1.0, primary_status="Available"),
    ))], [], [Parcel(SourceId("one"), "", T0 + 2.0, ())]])  # fmt: skip
    found = read_positions(CPD, [encode(CPD, entries)])
    assert found.unit.words == ["U0", "U1"]
    assert found.primary_status.codes.tolist() == [0, -1]
    assert np.isnan(found.lat[0]) and found.lat[1] == 0.1 + 0.2
    assert math.copysign(1, found.lon[1]) == -1.0
    assert np.isnan(found.speed_mps).all()
    assert found.received_at.tolist() == [T0 + 0.1234567] * 2
    assert found.journaled_ms.tolist() == [T0 * 1000] * 2


def test_segments_follow_one_another_and_share_their_words():
    def segment(n: int, *units: str) -> dict[str, bytes]:
        said = tuple(UnitReport(unit_id=unit, observed_at=T0 + float(n), lat=1.0 * n) for unit in units)
        return encode(CPD, journaled([[Parcel(SourceId("one"), "", T0 + n, said)]], BatchId(T0 * 1000 + n, 0)))

    found = read_positions(CPD, [segment(1, "B", "A"), segment(2, "C", "A"), encode(CPD, [])])
    assert [found.unit.words[code] for code in found.unit.codes] == ["A", "B", "A", "C"]
    assert found.lat.tolist() == [1.0, 1.0, 2.0, 2.0]
    assert len(read_positions(CPD, []).lat) == len(read_positions(CPD, [encode(CPD, [])]).lat) == 0


def test_of_one_unit_only_its_part_of_the_file_is_read(
    half_minute: list[Delivery], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("feeds.recording.segment.ROW_GROUP", 1000)
    files = encode(AGENCY, half_minute)
    monkeypatch.setattr(parquet, "ROW_GROUP", 1000)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    where = {name: tmp_path / name for name in files}
    read: list[list[int]] = []
    whole = pq.ParquetFile.read_row_groups

    def noting(file: pq.ParquetFile, groups: list[int], *args: object, **options: object) -> object:
        read.append(groups)
        return whole(file, groups, *args, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", noting)
    asked = {"cpd-000042", "cpd-000043", "nobody"}
    found = read_positions(AGENCY, [where], units=asked)
    assert as_rows(found) == [row for row in rows_of(half_minute) if row[0] in asked]
    assert len(found.lat) > 50
    assert len(read[0]) <= 2 < pq.ParquetFile(where["reports.parquet"]).num_row_groups
    assert len(read_positions(AGENCY, [where], units=["nobody"]).lat) == 0


def test_a_file_that_is_missing_is_named():
    files = encode(CPD, [])
    del files[PARCELS]
    with pytest.raises(DecodeError, match=r"^parcels\.parquet is missing"):
        read_positions(CPD, [files])


def test_units_of_which_a_report_is_labelled_are_named_others_are_not():
    entries = journaled([[Parcel(SourceId("one"), "", float(T0), (
        UnitReport(unit_id="U1", observed_at=float(T0), labels=("undercover",)),
        UnitReport(unit_id="U1", observed_at=float(T0)),
        UnitReport(unit_id="U2", observed_at=float(T0)),
        IncidentReport(incident_id="I1", observed_at=float(T0), labels=("tactical",)),
    ))]])  # fmt: skip
    assert labelled_units(CPD, encode(CPD, entries)) == {"U1"}
    assert unit_labels(CPD, encode(CPD, entries)) == {"U1": {"undercover"}}


def test_a_segments_columns_name_the_source_of_each_row(half_minute: list[Delivery]):
    found = unit_columns(AGENCY, encode(AGENCY, half_minute), None, ("hae_m",), ("call_sign",))
    said = {(e.report.unit_id, e.received_at, e.source) for d in half_minute for e in d.batch.envelopes()}
    rows = zip(found["subject"].to_pylist(), found["received_at"].tolist(), found["source"].to_pylist(), strict=True)
    assert set(rows) == said and np.isnan(found["hae_m"]).all()
