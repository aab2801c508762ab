"""Recorded drives."""

from collections import Counter

import pytest

from feeds.adapter import Decoded, Opening
from feeds.adapters.gpx import ADAPTER
from feeds.errors import DecodeError
from feeds.report import LogReport, UnitReport
from tests.support.gateway import shared_samples

AT = 1777921200.0
TIME = "<time>2026-05-04T19:00:00Z</time>"
NS = 'xmlns="http://www.topografix.com/GPX/1/1" xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"'


def point(inside: str = TIME, place: str = 'lat="41.88" lon="-87.63"', name: str = "trkpt") -> str:
    return f"<{name} {place}>{inside}</{name}>"


def drive(*points: str, more: str = "") -> bytes:
    track = f"<trk><name>Monday</name><trkseg>{''.join(points)}</trkseg></trk>" if points else ""
    return f'<?xml version="1.0"?>\n<gpx version="1.1" {NS}><metadata>{TIME}</metadata>{more}{track}</gpx>'.encode()


def decode(frame: bytes, unit: str = "CAR-4") -> Decoded:
    return ADAPTER.open(Opening(unit)).decode(frame, 0.0)


def one(frame: bytes) -> UnitReport:
    (report,) = decode(frame).reports
    assert isinstance(report, UnitReport)
    return report


def test_a_track_point_is_a_report_of_the_connections_unit():
    assert one(drive(point(f"{TIME}<ele>180</ele><fix>3d</fix><hdop>1.5</hdop>"))) == UnitReport(
        observed_at=AT, unit_id="CAR-4", lat=41.88, lon=-87.63, h_err_m=7.5, fix_method="gps"
    )


def test_a_height_above_the_sea_is_no_height_above_the_ellipsoid():
    assert one(drive(point(f"{TIME}<ele>180</ele>"))).hae_m is None
    assert one(drive(point(f"{TIME}<ele>180</ele><geoidheight>-33.5</geoidheight>"))).hae_m == 146.5


def test_speed_and_course_are_taken_where_their_unit_is_known():
    old = one(drive(point(f"<course>90</course><speed>8.5</speed>{TIME}")))
    motion = "<g:hr>171</g:hr><g:speed>8.5</g:speed><g:course>90</g:course>"
    garmin = f"<extensions><g:TrackPointExtension>{motion}</g:TrackPointExtension></extensions>"
    assert one(drive(point(TIME + garmin))) == old and (old.course_deg, old.speed_mps) == (90, 8.5)
    assert one(drive(point(f"{TIME}<extensions><speed>60</speed></extensions>"))).speed_mps is None


def test_a_waypoint_is_a_note_with_its_name_and_nothing_else():
    inside = f"{TIME}<name> Back  door </name><cmt>J. Doe</cmt><desc>J. Doe</desc>"
    frame = drive(more=point(inside, name="wpt"))
    (note,) = decode(frame).reports
    assert isinstance(note, LogReport)
    assert (note.entry_kind, note.text, note.lat, note.lon, note.refs) == (
        "note",
        "Back door",
        41.88,
        -87.63,
        ("CAR-4",),
    )
    assert decode(frame).reports == [note] and "Doe" not in str(note)
    others = (frame.replace(b"41.88", b"41.89"), frame.replace(b"Back", b"Front"), frame.replace(b":00Z", b":01Z"))
    assert len({decode(f).reports[0].entry_id for f in (frame, *others)}) == 4


def test_points_are_taken_in_the_files_order_and_a_bad_one_costs_itself_alone():
    bad = point(place='lat="91" lon="0"')
    found = decode(drive(point(), bad, point(), more=point(name="wpt") + f"<rte>{point(name='rtept')}</rte>"))
    assert found.indexes == [0, 2, 4]
    assert [(r.index, r.reason, r.path) for r in found.refusals] == [
        (1, "unsupported type", "rte"),
        (3, "lat out of range", "trkpt@lat"),
    ]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (drive(point("")), "time missing"),
        (drive(point("<time>noon</time>")), "time is not RFC 3339"),
        (drive(point("<time>1901-12-13T20:45:52.2073437Z</time>")), "time out of range"),
        (drive(point(place='lat="41"')), "lon missing"),
        (drive(point(place='lat="41,8" lon="1"')), "lat is not a finite number"),
        (drive(point(f"{TIME}<speed>NaN</speed>")), "speed is not a finite number"),
        (drive(point(f"{TIME}<course>361</course>")), "course out of range"),
        (drive(), "no points"),
        (b"<html/>", "not a GPX file"),
        (drive(point())[:-3], "not XML"),
        (b"<!DOCTYPE gpx [<!ENTITY a 'b'>]>", "DTD not allowed"),
    ],
)
def test_a_refusal_says_what_is_wrong(frame: bytes, said: str):
    found = decode(frame)
    assert [r.reason for r in found.refusals] == [said] and not found.reports


def test_a_frame_without_anything_is_refused_whole():
    for nothing, said in ((b" ", "empty message"), (b"<!-- -->", "not a GPX file")):
        with pytest.raises(DecodeError, match=said):
            decode(nothing)


def test_a_time_that_names_no_zone_is_utc():
    assert one(drive(point("<time>2026-05-04T19:00:00</time>"))).observed_at == AT


def test_a_captured_drive_is_as_many_files_as_it_has_points_and_says_the_same():
    assert ADAPTER.capture is not None
    garmin = "<extensions><g:TrackPointExtension><g:speed>3</g:speed></g:TrackPointExtension></extensions>"
    more = point(TIME, name="wpt") + "<rte><rtept lat='1' lon='2'/></rte>"
    whole = drive(point(TIME + garmin), point(""), point(TIME), more=more)
    messages = ADAPTER.capture.split(whole)
    assert [m.at for m in messages] == [AT, None, AT, None, AT]
    alone = [decode(m.raw) for m in messages]
    assert [r for f in alone for r in f.reports] == decode(whole).reports
    assert [r.reason for f in alone for r in f.refusals] == [r.reason for r in decode(whole).refusals]
    assert [m.whole for m in ADAPTER.capture.split(whole[:-3] + b" " + drive(point()))] == [False]


def test_a_large_drive_is_split_in_time_that_grows_with_its_length():
    assert ADAPTER.capture is not None
    messages = ADAPTER.capture.split(drive(*[point()] * 20_000))
    assert len(messages) == 20_000 and all(len(m.raw) < 1000 for m in messages[:10])


def test_a_file_is_told_by_its_element():
    assert ADAPTER.capture is not None
    speaks = ADAPTER.capture.speaks
    assert speaks(b"\xef\xbb\xbf" + drive()) and not speaks(b"<event>") and not speaks(b"<html><gpx></html>")


def test_the_real_samples_are_taken_or_refused_with_a_reason():
    found = {path.name: decode(path.read_bytes()) for path in shared_samples("gpx")}
    counts = {name: (len(f.reports), dict(Counter(r.reason for r in f.refusals))) for name, f in found.items()}
    assert counts == {
        "Mojstrovka.gpx": (0, {"time out of range": 184}),
        "around-visnjan-with-car.gpx": (104, {}),
        "cerknicko-without-times.gpx": (5, {"time missing": 298}),
        "gpx_with_garmin_extension.gpx": (1, {}),
        "track-with-empty-segment.gpx": (9, {}),
        "track_with_speed.gpx": (3, {}),
        "unicode_with_bom.gpx": (1, {}),
    }
