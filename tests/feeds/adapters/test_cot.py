"""Cursor on Target."""

import contextlib
import time

import pytest

from feeds.adapter import Decoded
from feeds.adapters.cot import ADAPTER, ZONES_MAX
from feeds.errors import DecodeError
from feeds.formats.cot_xml import cut, head, is_ping, pong
from feeds.report import LogReport, Point, Polygon, UnitReport, ZoneReport
from tests.support.gateway import shared_samples


def event(
    kind: str = "a-f-G-U-C",
    uid: str = "ISP-31",
    point: str = 'lat="41.5" lon="-87.5" hae="180" ce="9" le="12"',
    detail: str = "",
    more: str = 'time="2026-05-04T19:00:00Z" start="2026-05-04T19:00:00Z" stale="2026-05-04T19:00:30Z" how="m-g"',
) -> bytes:
    start = f'<event version="2.0" uid="{uid}" type="{kind}" {more}>'
    return f"{start}<point {point}/><detail>{detail}</detail></event>".encode()


def decode(frame: bytes) -> Decoded:
    return ADAPTER.open().decode(frame, 0.0)


def one(frame: bytes) -> UnitReport:
    found = decode(frame)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], UnitReport)
    return found.reports[0]


def reason(frame: bytes) -> str:
    found = decode(frame)
    assert found.reports == []
    return found.refusals[0].reason


def test_a_unit_is_mapped_field_by_field():
    track = (
        '<contact callsign="ISP-31"/><track course="181.5" speed="24.5"/><status readiness="true"/><remarks>x</remarks>'
    )
    assert one(event(detail=track)) == UnitReport(
        observed_at=1777921200.0,
        stale_at=1777921230.0,
        unit_id="ISP-31",
        call_sign="ISP-31",
        unit_type="a-f-G-U-C",
        lat=41.5,
        lon=-87.5,
        course_deg=181.5,
        speed_mps=24.5,
        hae_m=180.0,
        h_err_m=9.0,
        v_err_m=12.0,
        fix_method="gps",
        primary_status="Available",
    )


def test_nine_million_means_unknown():
    report = one(event(point='lat="41.5" lon="-87.5" hae="9999999.0" ce="9999999" le="9999999.0"'))
    assert (report.hae_m, report.h_err_m, report.v_err_m) == (None, None, None)


def test_a_device_without_a_fix_is_not_in_the_gulf_of_guinea():
    report = one(event(point='lat="0.0" lon="0.0" hae="9999999.0" ce="9999999.0" le="9999999.0"'))
    assert (report.lat, report.lon) == (None, None)


def test_a_speed_or_course_of_minus_one_is_unknown():
    report = one(event(detail='<track course="-1.0" speed="-1"/>'))
    assert (report.course_deg, report.speed_mps) == (None, None)


@pytest.mark.parametrize(
    ("kind", "unit_type"),
    [
        ("a-f-A-M-H", "RotaryWingAircraft"),
        ("a-f-A-C-H", "RotaryWingAircraft"),
        ("a-f-A-M-F-Q", "UnmannedAerialVehicle"),
        ("a-f-A-M-H-Q", "UnmannedAerialVehicle"),
        ("a-f-G-U-U-L-C", "PatrolUnit"),
        ("a-n-G", "a-n-G"),
    ],
)
def test_a_type_becomes_our_word_where_there_is_one_and_is_kept_where_not(kind: str, unit_type: str):
    assert one(event(kind)).unit_type == unit_type


@pytest.mark.parametrize(
    ("how", "method"),
    [("m-g", "gps"), ("m-g-n", "gps"), ("h-e", "manual"), ("m-n", "dr"), ("m-p", "estimated"), ("", None)],
)
def test_how_says_how_the_place_was_found(how: str, method: str | None):
    assert one(event(more=f'time="2026-05-04T19:00:00Z" how="{how}"')).fix_method == method


@pytest.mark.parametrize(("opex", "status"), [("o", "actual"), ("e", "exercise"), ("e-JTX", "exercise"), ("s", "test")])
def test_opex_says_whether_it_is_an_exercise(opex: str, status: str):
    assert one(event(more=f'time="2026-05-04T19:00:00Z" opex="{opex}"')).status == status


def test_start_stands_in_for_a_missing_time_and_no_zone_means_utc():
    assert one(event(more='start="2026-05-04T19:00:00.25"')).observed_at == 1777921200.25


def test_a_call_sign_is_one_short_line():
    assert one(event(detail='<contact callsign="  9T20 &#10;Manual Alert"/>')).call_sign == "9T20"
    assert one(event(detail=f'<contact callsign="{"x" * 200}"/>')).call_sign == "x" * 40
    assert one(event(detail='<contact callsign=" "/>')).call_sign is None


LINK = '<link uid="UNIT-7" type="a-f-G-U-C" relation="p-p"/>'


@pytest.mark.parametrize(
    ("kind", "detail", "emergency"),
    [
        ("b-a-o-tbl", '<emergency type="911 Alert">U7</emergency>', "manual"),
        ("b-a-o-opn", '<emergency type="Troops In Contact">U7</emergency>', "in_contact"),
        ("b-a-o-pan", '<emergency type="Ring The Bell">U7</emergency>', "manual"),
        ("b-a-g", '<emergency type="Geo-fence Breached">U7</emergency>', "geofence"),
        ("b-a-o-can", '<emergency cancel="true">U7</emergency>', "none"),
        ("b-a-o-tbl", '<emergency cancel="true">U7</emergency>', "none"),
        ("b-a-o", '<emergency type="Manual Alert: Gunshot">U7</emergency>', "gunshot_near"),
        ("b-a-o", '<emergency type="Man Down">U7</emergency>', "man_down"),
        ("b-a-o", "", "manual"),
    ],
)
def test_an_emergency_is_a_report_of_the_unit_it_is_about(kind: str, detail: str, emergency: str):
    report = one(event(kind, uid="17eaa1c4", detail=LINK + detail))
    assert (report.unit_id, report.emergency) == ("UNIT-7", emergency)
    assert (report.lat, report.lon, report.unit_type) == (41.5, -87.5, "a-f-G-U-C")


def test_an_emergency_without_a_link_is_of_its_own_uid():
    assert one(event("b-a-o-tbl", uid="ANDROID-1-9-1-1")).unit_id == "ANDROID-1"


def test_a_cancel_without_a_place_leaves_the_units_place_alone():
    nowhere = 'lat="0" lon="0" hae="9999999.0" ce="9999999.0" le="9999999.0"'
    report = one(event("b-a-o-can", point=nowhere, detail=LINK))
    assert (report.lat, report.hae_m, report.fix_method) == (None, None, None)


LINKS = '<link point="41.5,-87.5"/><link point="41.6,-87.5"/><link point="41.6,-87.4"/>'
ELLIPSE = '<shape><ellipse major="200" minor="200" angle="360"/></shape>'


def test_a_shape_is_a_zone_without_a_kind_until_it_is_stale():
    detail = f'{LINKS}<contact callsign="Inner perimeter"/><remarks>x</remarks>'
    (zone,) = decode(event("u-d-r", uid="d1", detail=detail)).reports
    assert zone == ZoneReport(
        observed_at=1777921200.0,
        zone_id="d1",
        name="Inner perimeter",
        geometry=Polygon(coordinates=(((-87.5, 41.5), (-87.5, 41.6), (-87.4, 41.6), (-87.5, 41.5)),)),
        valid_from=1777921200.0,
        valid_to=1777921230.0,
    )


def test_a_circle_is_a_disc_round_the_events_point():
    (zone,) = decode(event("u-d-c-c", detail=ELLIPSE)).reports
    assert isinstance(zone, ZoneReport)
    assert (zone.geometry, zone.radius_m) == (Point(coordinates=(-87.5, 41.5)), 200.0)


@pytest.mark.parametrize("kind", ["b-m-p-s-m", "b-m-p-c", "b-m-p-c-ip", "b-m-p-w", "b-m-p-w-GOTO"])
def test_a_mark_is_a_note_with_its_call_sign(kind: str):
    (note,) = decode(event(kind, uid="s1", detail='<contact callsign="Casings"/><remarks>x</remarks>')).reports
    assert note == LogReport(
        observed_at=1777921200.0, stale_at=1777921230.0, entry_id="s1", text="Casings", lat=41.5, lon=-87.5
    )


def test_a_deletion_lifts_a_zone_that_the_same_connection_drew_and_nothing_else():
    decoder = ADAPTER.open()
    deletion = event("t-x-d-d", uid="x", detail='<link uid="d1" type="none" relation="none"/><__forcedelete/>')
    assert decoder.decode(deletion, 0.0).refusals[0].reason == "unsupported type"
    decoder.decode(event("u-d-c-c", uid="d1", detail=ELLIPSE), 0.0)
    lifted = [ZoneReport(observed_at=1777921200.0, zone_id="d1", valid_to=1777921200.0)]
    assert decoder.decode(deletion, 0.0).reports == lifted
    assert decoder.decode(deletion, 0.0).refusals[0].reason == "unsupported type"
    for n in range(ZONES_MAX + 1):
        decoder.decode(event("u-d-c-c", uid=f"d{n}", detail=ELLIPSE), 0.0)
    assert decoder.decode(deletion.replace(b'"d1"', b'"d0"'), 0.0).reports == []
    assert decoder.decode(deletion, 0.0).reports == lifted


@pytest.mark.parametrize("kind", ["b-m-r", "b-t-f", "t-x-d-d", "b-r-f-h-c", "u-rb-a", "b-m-p-s-p-i", "x"])
def test_all_other_types_are_refused_as_unsupported(kind: str):
    assert reason(event(kind)) == "unsupported type"


@pytest.mark.parametrize("kind", ["t-x-c-t", "t-x-c-t-r", "t-x-takp-v", "t-x-takp-q"])
def test_a_ping_or_probe_is_no_report_and_no_refusal(kind: str):
    assert decode(event(kind)) == Decoded([], [], [])


def test_a_ping_is_known_and_answered_in_kind():
    assert is_ping(event("t-x-c-t")) and not is_ping(event()) and not is_ping(b"t-x-c-t")
    answer = pong(1777921200.0)
    assert head(answer).type == "t-x-c-t-r" and b'time="2026-05-04T19:00:00.000Z"' in answer
    assert decode(answer) == Decoded([], [], [])


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (event(point='lat="91" lon="0"'), "lat out of range"),
        (event(point='lat="1" lon="-181"'), "lon out of range"),
        (event(point='lat="NaN" lon="0"'), "lat is not a finite number"),
        (event(point='lat="1e999" lon="0"'), "lat is not a finite number"),
        (event(point='lat="1_0" lon="0"'), "lat is not a finite number"),
        (event(point='lat="1" lon="1" hae="inf"'), "hae is not a finite number"),
        (event(point='lat="1" lon="1" ce="-4"'), "ce out of range"),
        (event(point='lat="1"'), "lon missing"),
        (event(detail='<track course="400" speed="1"/>'), "course out of range"),
        (event(uid=""), "uid missing"),
        (event(uid="é"), "uid outside its grammar (1 to 128 printable ASCII characters)"),
        (event(uid="x" * 129), "uid outside its grammar (1 to 128 printable ASCII characters)"),
        (event(kind=""), "type missing"),
        (event(kind="a f"), "type outside its grammar"),
        (event(more=""), "time missing"),
        (event(more='time="noon"'), "time is not RFC 3339"),
        (event(more='time="2026-05-04T19:00:00Z" stale="later"'), "stale is not RFC 3339"),
        (b'<event uid="a" type="a-f-G" time="2026-05-04T19:00:00Z"></event>', "point missing"),
        (b'<event uid="a"><x></event>', "not XML"),
        (b"<event uid='a' type='a-f-G'>&xxe;</event>", "not XML"),
    ],
)
def test_a_refusal_says_what_is_wrong(frame: bytes, said: str):
    assert reason(frame) == said


def test_nothing_of_a_dtd_is_ever_used():
    bomb = b'<!DOCTYPE event [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + event(uid="&b;")
    thief = b'<!DOCTYPE event [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + event(detail='<contact callsign="&x;"/>')
    remote = b'<!DOCTYPE event SYSTEM "http://127.0.0.1:1/x.dtd">' + event()
    for frame in (bomb, thief):
        assert decode(frame).reports == []
    found = decode(remote)  # the event itself is good and stands alone
    assert [r.reason for r in found.refusals] == ["DTD not allowed"] and found.indexes == [1]
    hidden = ("<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE event [<!ENTITY a 'b'>]>" + event().decode()).encode(
        "utf-16"
    )
    with pytest.raises(DecodeError):
        decode(hidden)


def test_a_stream_is_cut_at_the_end_of_each_event():
    stream = (
        b"\r\n"
        + event(uid="a")
        + event(uid="b")
        + b'\n<?xml version="1.0"?>\n'
        + event(uid="c").replace(b"><", b">\n<")
        + b"\n<event "
    )
    frames, rest = cut(stream)
    assert [head(f).uid for f in frames] == ["a", "b", "c"]
    assert rest.strip() == b"<event"
    assert [r.unit_id for f in frames for r in decode(f).reports] == ["a", "b", "c"]


def test_junk_before_an_event_costs_the_junk_alone():
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b'<event uid="broken" type="a-f-G">', b"\xbf\x01\xbf", b"<events>"):
        found = decode(junk + event(uid="good"))
        assert [r.unit_id for r in found.reports] == ["good"]
        assert len(found.refusals) == 1 and found.messages == {0: junk.strip()}


def test_a_frame_without_any_event_is_refused_whole():
    for frame in (b"hello", b"<html></html>", b"\xff" * 50):
        with pytest.raises(DecodeError, match="not a CoT event"):
            decode(frame)
    with pytest.raises(DecodeError, match="empty message"):
        decode(b" \r\n ")


def test_xml_bombs_are_refused_quickly():
    started = time.process_time()
    decoder = ADAPTER.open()
    for frame in (
        b"<event " * 9000,
        b"<eventx" * 9000 + b"</event>",
        b"</event>" * 8000,
        b'<event a="' * 6000,
        b"<!--" * 16000 + b"<event></event>",
        b"<?" * 30000 + b"<event></event>",
        b"<event>" + b"<a>" * 20000 + b"</event>",
        event(uid="9" * 60000),
        event(point=f'lat="{"9" * 60000}" lon="1"'),
    ):
        with contextlib.suppress(DecodeError):
            assert decoder.decode(frame, 0.0).reports == []
        head(frame)
        assert ADAPTER.capture is not None
        ADAPTER.capture.split(frame)
    assert time.process_time() - started < 5


def test_the_three_times_of_a_captured_event_move_together_and_nothing_else():
    assert ADAPTER.capture is not None
    detail = '<creator time="2026-05-04T19:00:00Z"/>'
    moved = ADAPTER.capture.move(event(detail=detail), 60.0, None)
    assert moved.count(b"19:01:00.000Z") == 2 and moved.count(b"19:01:30.000Z") == 1
    assert detail.encode() in moved


def test_a_file_is_told_by_its_element():
    assert ADAPTER.capture is not None
    speaks = ADAPTER.capture.speaks
    assert speaks(b"\xef\xbb\xbf<?xml version='1.0'?>\n" + event()) and speaks(b"<event>")
    assert not speaks(b"<gpx>") and not speaks(b"<alert><event>Fire</event>") and not speaks(b"<?xml version='1.0'?>")


def test_the_real_samples_are_all_taken():
    found = {path.name: decode(path.read_bytes()) for path in shared_samples("cot")}
    assert {name: f.refusals for name, f in found.items() if f.refusals} == {}
    kinds = {name: [type(r) for r in f.reports] for name, f in found.items()}
    assert kinds == {
        "cot-emergency-1.xml": [UnitReport],
        "cot-shapes-1.xml": [ZoneReport],
        "cot-shapes-2.xml": [ZoneReport],
        "cot-spotted-1.xml": [LogReport],
        "cot-spotted-2.xml": [LogReport],
        "creator-1.xml": [UnitReport],
        "creator-2.xml": [UnitReport],
        "newlines-1.xml": [UnitReport],
    }
    (alert,) = found["cot-emergency-1.xml"].reports
    assert isinstance(alert, UnitReport)
    assert alert.emergency == "gunshot_near" and alert.unit_id.startswith("WEAROS_") and alert.call_sign == "SP-Dev"
    (ellipse,) = found["cot-shapes-2.xml"].reports
    assert isinstance(ellipse, ZoneReport) and isinstance(ellipse.geometry, Polygon) and ellipse.name == "Ellipse 1"
