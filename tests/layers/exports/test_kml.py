import io

import pyogrio
import pytest
from lxml import etree

from layers.exports import kml
from layers.exports.kml import GX, KML
from tests.support.exported import OCCURRENCES, POINTS, STAMP, point, written

NAMES = {"k": KML, "gx": GX}


def tree(data: bytes | None = None) -> etree._Element:
    return etree.fromstring(data or written("kml"))


def test_a_unit_is_a_placemark_with_a_track_for_each_leg() -> None:
    units = [p for p in tree().iterfind("k:Document/k:Placemark", NAMES) if p.find("gx:MultiTrack", NAMES) is not None]
    tracks = units[0].findall("gx:MultiTrack/gx:Track", NAMES)
    assert [len(track.findall("k:when", NAMES)) for track in tracks] == [3, 2]
    assert [u.findtext("k:name", namespaces=NAMES)[:7] for u in units] == ["CALL u1", "=HYPERL"]
    assert tracks[0].findtext("k:when", namespaces=NAMES) == "2026-05-04T19:00:00.000Z"
    assert tracks[0].findtext("gx:coord", namespaces=NAMES) == "-87.6403 41.8786 0"


def test_the_lists_of_a_track_are_in_step() -> None:
    for track in tree().iter(f"{{{GX}}}Track"):
        n = len(track.findall("k:when", NAMES))
        assert len(track.findall("gx:coord", NAMES)) == len(track.findall("gx:angles", NAMES)) == n
        for array in track.iter(f"{{{GX}}}SimpleArrayData"):
            assert len(array) == n, array.get("name")
    first = next(tree().iter(f"{{{GX}}}Track"))
    said = {a.get("name"): [v.text for v in a] for a in first.iter(f"{{{GX}}}SimpleArrayData")}
    assert said["speed_mps"] == ["12.5", "0.0", None]
    assert said["received_at"][0] == "2026-05-04T19:00:00.250Z"
    assert set(said) <= {field.get("name") for field in tree().iter(f"{{{GX}}}SimpleArrayField")}


def test_a_long_leg_is_several_tracks_each_from_where_the_last_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kml, "TRACK_POINTS", 3)
    data = written("kml", [point("u1", n) for n in range(7)], ())
    whens = [[w.text[17:19] for w in t.findall("k:when", NAMES)] for t in tree(data).iter(f"{{{GX}}}Track")]
    assert whens == [["00", "01", "02"], ["02", "03", "04", "05"], ["05", "06"]]


def test_occurrences_are_dated_placemarks_also_without_a_place() -> None:
    dated = [p for p in tree().iterfind("k:Document/k:Placemark", NAMES) if p.find("k:TimeStamp", NAMES) is not None]
    assert [p.findtext("k:TimeStamp/k:when", namespaces=NAMES)[14:19] for p in dated] == ["00:15", "00:30", "00:40"]
    assert [p.find("k:Point", NAMES) is not None for p in dated] == [True, True, False]


def test_the_stamp_is_the_document_s_data() -> None:
    data = tree().findall("k:Document/k:ExtendedData/k:Data", NAMES)
    assert {d.get("name"): d.findtext("k:value", namespaces=NAMES) for d in data} == STAMP.said


def test_another_reader_finds_the_placemarks() -> None:
    # The one position of u2 is a line of one point to it, which is none.
    told = pyogrio.read_dataframe(io.BytesIO(written("kml")), on_invalid="ignore")
    assert list(told["Name"])[:1] + list(told["Name"])[2:4] == ["CALL u1", "P1 Fire", "Plate hit"]
    lines = [[x for x, *_ in line.coords] for line in told.geometry[0].geoms]
    lons = [p.lon for p in POINTS if p.unit_id == "u1"]
    assert [pytest.approx(lons[:3]), pytest.approx(lons[3:])] == lines
    assert [(p.x, p.y) for p in told.geometry[2:4]] == [(o.lon, o.lat) for o in OCCURRENCES[:2]]
