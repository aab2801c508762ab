import io

import pyogrio
import pytest
from lxml import etree

from feeds.adapters import gpx as adapter
from feeds.report import LogReport, UnitReport
from feeds.source import Opening
from layers.exports.gpx import GPX, OURS
from tests.support.exported import POINTS, STAMP, T0, written

NAMES = {"g": GPX, "jo": OURS}


def tree() -> etree._Element:
    return etree.fromstring(written("gpx"))


def test_our_own_adapter_reads_back_where_and_when_each_unit_was() -> None:
    decoded = adapter.ADAPTER.open(Opening(unit="u1")).decode(written("gpx"), T0)
    assert not decoded.refusals
    units = [report for report in decoded.reports if isinstance(report, UnitReport)]
    assert [(u.lon, u.lat, u.observed_at, u.speed_mps, u.course_deg) for u in units] == [
        (pytest.approx(p.lon), pytest.approx(p.lat), pytest.approx(p.observed_at), p.speed_mps, p.course_deg)
        for p in POINTS
    ]
    notes = [report for report in decoded.reports if isinstance(report, LogReport)]
    assert [(note.text, note.observed_at) for note in notes] == [("P1 Fire", T0 + 15), ("Plate hit", T0 + 30)]


def test_another_reader_reads_the_same_points_by_track_and_segment() -> None:
    told = pyogrio.read_dataframe(io.BytesIO(written("gpx")), layer="track_points")
    assert list(zip(told["track_fid"], told["track_seg_id"], told["track_seg_point_id"], strict=True)) == [
        (0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 1), (1, 0, 0),
    ]  # fmt: skip
    assert list(told.geometry.x) == pytest.approx([p.lon for p in POINTS])
    assert [at.timestamp() for at in told["time"]] == pytest.approx([p.observed_at for p in POINTS], abs=0.001)


def test_a_unit_is_a_track_and_a_gap_parts_its_segments() -> None:
    tracks = tree().findall("g:trk", NAMES)
    assert [len(track.findall("g:trkseg", NAMES)) for track in tracks] == [2, 1]
    assert [len(part) for part in tracks[0].findall("g:trkseg", NAMES)] == [3, 2]
    assert tracks[0].findtext("g:name", namespaces=NAMES) == "CALL u1"


def test_elements_stand_in_the_order_of_the_schema() -> None:
    root = tree()
    assert [etree.QName(child).localname for child in root] == ["metadata", "wpt", "wpt", "trk", "trk", "extensions"]
    order = ["ele", "time", "name", "desc", "type", "extensions"]
    for element in [*root.iter(f"{{{GPX}}}wpt"), *root.iter(f"{{{GPX}}}trkpt")]:
        names = [etree.QName(child).localname for child in element]
        assert names == sorted(names, key=order.index)


def test_both_clocks_and_what_else_is_known_stand_beside_a_point() -> None:
    first, second = tree().findall(".//g:trkpt", NAMES)[:2]
    assert first.findtext("g:extensions/jo:received_at", namespaces=NAMES) == "2026-05-04T19:00:00.250Z"
    assert first.findtext("g:extensions/jo:hae_m", namespaces=NAMES) == "147.3"
    assert first.find("g:ele", NAMES) is None, "nobody said a height above mean sea level"
    assert second.find("g:extensions/jo:hae_m", NAMES) is None


def test_the_stamp_is_in_the_metadata_and_what_has_no_place_is_counted() -> None:
    metadata = tree().find("g:metadata", NAMES)
    said = {etree.QName(e).localname: e.text for e in metadata.find("g:extensions", NAMES)}
    assert said == STAMP.said and STAMP.viewer in metadata.findtext("g:desc", namespaces=NAMES)
    assert tree().findtext("g:extensions/jo:left_out", namespaces=NAMES) == "1"
