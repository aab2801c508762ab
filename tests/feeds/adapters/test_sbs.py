"""SBS-1 BaseStation lines."""

import pytest

from feeds.adapter import Decoded, Decoder
from feeds.adapters.sbs import ADAPTER, AIRCRAFT_MAX, HELD_MAX_S, MOTION_S
from feeds.errors import DecodeError
from feeds.file_feed import looks_like
from feeds.report import UnitReport, unregistered
from tests.support.gateway import shared_samples

NOW = 1_777_921_400.0
BLANK = ",,,"
HEX = "A4F1C2"


def msg(kind: int, tail: str, address: str = HEX, stamps: str = BLANK) -> bytes:
    """Return a MSG line; `tail` is the twelve columns from the call sign on."""
    return f"MSG,{kind},1,1,{address},1,{stamps},{tail}\r\n".encode()


def place(lat: float = 41.88, lon: float = -87.63, address: str = HEX, stamps: str = BLANK, flag: str = "0") -> bytes:
    return msg(3, f",1450,,,{lat},{lon},,,0,{flag},0,0", address, stamps)


CALL_SIGN = msg(1, "CPD1    ,,,,,,,,,,,")
VELOCITY = msg(4, ",,84.0,271.5,,,-64,,,,,")


def squawk(code: str, flag: str = "0") -> bytes:
    return msg(6, f",1450,,,,,,{code},0,{flag},0,0")


def decode(frame: bytes, decoder: Decoder | None = None, received_at: float = NOW) -> Decoded:
    return (decoder or ADAPTER.open()).decode(frame, received_at)


def one(frame: bytes, decoder: Decoder | None = None, received_at: float = NOW) -> UnitReport:
    found = decode(frame, decoder, received_at)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], UnitReport)
    return found.reports[0]


def test_a_place_gives_a_report_with_what_other_messages_said():
    report = one(CALL_SIGN + VELOCITY + place())
    assert report == UnitReport(
        observed_at=NOW,
        unit_id="A4F1C2",
        call_sign="CPD1",
        unit_type="Aircraft",
        lat=41.88,
        lon=-87.63,
        course_deg=271.5,
        speed_mps=pytest.approx(43.21, abs=0.01),
        hae_m=pytest.approx(441.96),
        v_err_m=200.0,
        fix_method="gps",
    )
    assert unregistered(report) == ("unit_type",), "kept and flagged"


def test_a_place_alone_says_what_it_knows():
    report = one(place(address="a4f1c2"))
    assert (report.unit_id, report.call_sign, report.speed_mps, report.emergency) == ("A4F1C2", None, None, None)


def test_a_place_on_the_ground_brings_its_own_speed():
    report = one(msg(2, ",,12.0,90.0,41.97,-87.9,,,,,,-1"))
    assert (report.lat, report.speed_mps, report.course_deg) == (41.97, pytest.approx(6.17, abs=0.01), 90.0)
    assert (report.hae_m, report.v_err_m) == (None, None)


def test_aircraft_do_not_mix():
    report = one(CALL_SIGN + VELOCITY + place(address="BBBBBB"))
    assert (report.unit_id, report.call_sign, report.speed_mps) == ("BBBBBB", None, None)


def test_an_old_velocity_is_not_said_any_more():
    decoder = ADAPTER.open()
    decode(VELOCITY, decoder)
    assert one(place(), decoder, NOW + MOTION_S).course_deg == 271.5
    assert one(place(), decoder, NOW + MOTION_S + 1).course_deg is None


@pytest.mark.parametrize(
    "line",
    [
        CALL_SIGN,
        VELOCITY,
        msg(5, ",1450,,,,,,,,,,"),
        msg(7, ",1450,,,,,,,,,,"),
        msg(8, ",,,,,,,,,,,0"),
        msg(3, ",1450,,,,,,,0,0,0,0"),
        squawk("1200"),
        b"SEL,,1,1,A4F1C2,1,2026/05/04,14:03:07.100,2026/05/04,14:03:07.100,CPD1\r\n",
        b"ID,,1,1,A4F1C2,1,2026/05/04,14:03:07.100,2026/05/04,14:03:07.100,CPD1\r\n",
        b"AIR,,1,1,A4F1C2,1,2026/05/04,14:03:07.100,2026/05/04,14:03:07.100\r\n",
        b"STA,,1,1,A4F1C2,1,2026/05/04,14:03:07.100,2026/05/04,14:03:07.100,RM\r\n",
        b"CLK,,1,-1,,-1,2026/05/04,14:03:07.100,2026/05/04,14:03:07.100\r\n",
    ],
)
def test_what_only_adds_to_what_is_known_is_neither_report_nor_refusal(line: bytes):
    found = decode(line)
    assert (found.reports, found.refusals) == ([], [])


@pytest.mark.parametrize(
    "alarm", [squawk("7500"), squawk("7600"), squawk("7700"), squawk("1200", "-1"), squawk("1200", "1")]
)
def test_an_emergency_is_said_once_kept_in_places_and_taken_back(alarm: bytes):
    decoder = ADAPTER.open()
    begun = one(alarm, decoder)
    assert (begun.emergency, begun.lat, begun.fix_method) == ("manual", None, None)
    assert decode(alarm, decoder).reports == []
    assert one(place(), decoder).emergency == "manual", "its 0 flag is not an end"
    assert one(squawk("1200"), decoder).emergency == "none"
    assert one(place(), decoder).emergency is None


def test_a_flag_in_a_place_is_an_emergency():
    assert one(place(flag="-1")).emergency == "manual"


@pytest.mark.parametrize(
    ("stamps", "held"),
    [
        ("2026/05/04,14:03:07.100,2026/05/04,14:03:07.350", 0.25),
        ("2026/05/04,23:59:59.900,2026/05/05,00:00:00.100", 0.2),
        ("2026/05/04,14:03:07.350,2026/05/04,14:03:07.100", 0.0),
        ("2026/05/04,12:03:07.100,2026/05/04,14:03:07.350", HELD_MAX_S),
        ("2026/05/04,14:03:07.100,,", 0.0),
        ("2026/13/04,14:03:07.100,2026/05/04,14:03:07.350", 0.0),
        (BLANK, 0.0),
    ],
)
def test_observed_is_received_less_what_the_receiver_held_it(stamps: str, held: float):
    assert one(place(stamps=stamps)).observed_at == pytest.approx(NOW - held)


@pytest.mark.parametrize(
    ("line", "why", "path"),
    [
        (place(lat=141.88), "lat out of range", "column 15"),
        (place(lon=-187.63), "lon out of range", "column 16"),
        (place().replace(b"41.88", b"nan"), "lat is not a number", "column 15"),
        (place().replace(b"1450", b"FL90"), "altitude is not a number", "column 12"),
        (place(address="A4F1"), "hex outside its grammar", "column 5"),
        (squawk("8700"), "squawk outside its grammar", "column 18"),
        (msg(9, ",,,,,,,,,,,"), "unsupported message", "column 2"),
        (place().strip() + b",0", "wrong number of columns", ""),
        (b"MSG,3,,,A4F1C2", "wrong number of columns", ""),
        (b"MSG,3,\xff", "not SBS", ""),
        (b"SEL,1", "not SBS", ""),
        (b"foobar", "not SBS", ""),
    ],
)
def test_what_is_refused_says_why_and_costs_no_other_line(line: bytes, why: str, path: str):
    found = decode(line.strip() + b"\r\n" + place())
    assert found.indexes == [1]
    assert [(r.index, r.reason, r.path) for r in found.refusals] == [(0, why, path)]


def test_nothing_is_an_error():
    with pytest.raises(DecodeError, match="empty message"):
        decode(b" \r\n")


def test_aircraft_are_forgotten_past_a_bound():
    decoder = ADAPTER.open()
    decode(CALL_SIGN, decoder)
    for number in range(AIRCRAFT_MAX - 1):
        decode(place(address=f"{number:06X}"), decoder)
    assert one(place(), decoder).call_sign == "CPD1", "the oldest, and heard again"
    for number in range(AIRCRAFT_MAX):
        decode(place(address=f"{number:06X}"), decoder)
    assert one(place(), decoder).call_sign is None


def test_a_file_is_moved_line_by_line():
    assert ADAPTER.capture is not None
    line = place(stamps="2026/12/31,23:30:07.100,2026/12/31,23:30:07.350")
    moved = place(stamps="2027/01/01,00:30:07.100,2027/01/01,00:30:07.350")
    assert ADAPTER.capture.move(line, 3600.0, None) == moved
    assert ADAPTER.capture.move(place(), 3600.0, None) == place()
    first, second = ADAPTER.capture.split(line + place())
    assert (first.at, second.at) == (1798759807.1, None)


def test_every_line_of_the_real_capture_is_taken():
    (path,) = shared_samples("sbs")
    data = path.read_bytes()
    assert looks_like(data[:4096]) is ADAPTER
    decoder = ADAPTER.open()
    found = [decode(line, decoder) for line in data.splitlines()]
    reports = [r for f in found for r in f.reports if isinstance(r, UnitReport)]
    assert len(found) == 2000 and len(reports) == 43, "as many as there are MSG,3"
    assert [r for f in found for r in f.refusals] == []
    assert {r.call_sign for r in reports if r.unit_id == "4B1908"} == {None, "SWR40"}
    assert (reports[0].lat, reports[0].lon, reports[0].hae_m) == (33.96693, -118.25598, pytest.approx(769.62))
