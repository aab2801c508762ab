"""TAIP."""

from collections import Counter
from functools import reduce
from operator import xor

import pytest

from feeds.adapter import Decoded, Opening
from feeds.adapters.taip import ADAPTER, LEAP_S, UNITS_MAX
from feeds.file_feed import looks_like
from feeds.report import UnitReport
from tests.support.gateway import shared_samples

NOW = 1_777_921_400.0  # 2026-05-04T19:03:20Z
MIDNIGHT = 1_777_939_200.0  # 2026-05-05T00:00:00Z
PV = "{:05d}+4188205-0876278102127112"


def summed(text: str, star: bool = True) -> bytes:
    """Return the message with its checksum: with the `*` counted, as the standard has it, or without."""
    body = f"{text};*".encode()
    return body + b"%02X<" % reduce(xor, body if star else body[:-1])


def decode(frame: bytes, received_at: float = NOW) -> Decoded:
    return ADAPTER.open(Opening(unit="car-7")).decode(frame, received_at)


def one(frame: bytes, received_at: float = NOW) -> UnitReport:
    found = decode(frame, received_at)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], UnitReport)
    return found.reports[0]


def reason(frame: bytes) -> str:
    found = decode(frame)
    assert found.reports == [] and len(found.refusals) == 1
    return found.refusals[0].reason


def test_a_position_is_mapped_field_by_field():
    assert one(b">RPV68584+4188205-0876278102127112;ID=1213R<") == UnitReport(
        observed_at=NOW - 16,
        unit_id="1213R",
        lat=41.88205,
        lon=-87.62781,
        course_deg=271.0,
        speed_mps=pytest.approx(21 * 0.44704),
        fix_method="gps",
    )


def test_without_an_id_it_is_the_unit_of_the_connection():
    assert one(b">RPV68584+4188205-0876278102127112<").unit_id == "car-7"
    assert reason(b">RPV68584+4188205-0876278102127112;ID=\xe9<") == "ID outside its grammar"


@pytest.mark.parametrize(
    ("of_day", "received_at", "observed_at"),
    [
        (86_390, MIDNIGHT + 5, MIDNIGHT - 10),
        (3, MIDNIGHT - 2, MIDNIGHT + 3),
        (3, MIDNIGHT + 9, MIDNIGHT + 3),
    ],
)
def test_a_time_of_day_is_dated_on_both_sides_of_midnight(of_day: int, received_at: float, observed_at: float):
    assert one(f">RPV{PV.format(of_day)};ID=1<".encode(), received_at).observed_at == observed_at


@pytest.mark.parametrize("week", [2417, 2417 - 1024, 2417 - 2048])
def test_an_event_counts_weeks_and_may_have_begun_them_again(week: int):
    report = one(f">REV04{week:04d}1{PV.format(68_584)};ID=1<".encode())
    assert (report.observed_at, report.emergency) == (NOW - 16, None)


def test_an_event_of_years_ago_is_not_moved_into_the_future():
    assert one(b">REV6916153" + PV.format(54_941).encode() + b";ID=1<").observed_at == 1293030941.0  # 2010-12-22


def test_a_unit_that_counts_in_gps_time_is_told_by_its_being_ahead():
    decoder = ADAPTER.open()

    def seen(of_day: int, unit: str, received_at: float) -> float:
        found = decoder.decode(f">RPV{PV.format(of_day)};ID={unit}<".encode(), received_at)
        return found.reports[0].observed_at - received_at

    assert seen(68_600 + 17, "gps", NOW) == 17 - LEAP_S
    assert seen(68_600 + 17, "gps", NOW + 60) == -43 - LEAP_S, "once told it stays so, however late a message is"
    assert seen(68_600 - 1, "utc", NOW) == -1
    assert seen(68_600 + 300, "wrong", NOW) == 300, "a clock that is wrong is not corrected"


def test_a_long_message_gives_its_own_finer_numbers():
    report = one(
        b">RLN68584250+418820512-0876278134+000587300213+0000271308020E05230731135B1569219329CB30D2000000000012;ID=1<"
    )
    assert (report.lat, report.lon, report.course_deg) == (41.8820512, -87.6278134, 271.3)
    assert report.speed_mps == pytest.approx(21.3 * 0.44704)
    assert report.observed_at == NOW - 15.75
    assert report.hae_m is None, "its altitude is above mean sea level"


def test_a_compact_message_is_a_report_unless_its_fix_was_told_in_full():
    compact = b">RCP68584+418820-087627812;ID=1<"
    report = one(compact)
    assert (report.lat, report.lon, report.speed_mps, report.course_deg) == (41.882, -87.6278, None, None)
    both = decode(f">RPV{PV.format(68_584)};ID=1<".encode() + compact)
    assert both.indexes == [0] and both.refusals == []
    other = decode(f">RPV{PV.format(68_584)};ID=2<".encode() + compact)
    assert other.indexes == [0, 1]


@pytest.mark.parametrize(
    "frame",
    [
        b">RGP040526190304+4188461-08763240034090300FF0100;ID=B-7<",
        b">RTT040526190304+4188461-08763240034090300DF2101 04;ID=B-7<",
        b">RCQ00040526190304+4188461-08763240034090FF00135;ID=B-7<",
        b">RBR00040526190304+4188461-08763240034090FF00229+24061A;ID=B-7<",
        b">RCV12040526190304+4188461-087632400340907F0012;ID=B-7<",
        b">RGP040526190304+4153.0766-08737.94400340903000101;ID=B-7<",
    ],
)
def test_the_makers_own_messages_are_dated_and_in_kilometres_an_hour(frame: bytes):
    report = one(frame)
    assert report.observed_at == NOW - 16
    assert (report.lat, report.lon) == (pytest.approx(41.88461), pytest.approx(-87.6324))
    assert (report.course_deg, report.speed_mps) == (90.0, pytest.approx(34 / 3.6))


@pytest.mark.parametrize("body", ["RPI", "RUS00,"])
def test_where_speed_and_course_cannot_be_told_apart_the_place_alone_is_taken(body: str):
    report = one(f">{body}040526190304+4188461-08763240157000104;ID=9337<".encode())
    assert (report.lat, report.lon, report.course_deg, report.speed_mps) == (41.88461, -87.6324, None, None)


def test_a_leap_day_is_a_date():
    assert one(b">RGP290228000000+4188461-08763240034090300FF;ID=1<", 1_835_395_200.0).observed_at == 1_835_395_200.0


@pytest.mark.parametrize(("source", "method"), [("0", "gps"), ("3", "gps"), ("6", "dr"), ("8", "dr")])
def test_dead_reckoning_is_said(source: str, method: str):
    assert one(f">RPV68584+4188205-08762781021271{source}2<".encode()).fix_method == method


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b">RPV68584+4188205-0876278102127110<", "no fix"),
        (b">RPV68584+4188205-0876278102127119<", "no fix"),
        (b">RPV68584+0000000+0000000000000012<", "no fix"),
        (b">RGP040526190304+4188461-08763240034090000FF<", "no fix"),
        (b">RGP040526190304+4188461-087632400340903FFFF<", "no fix"),
        (b">RCQ09000000000000+4188461-08763240034090FF<", "no fix"),
        (b">RGP310226190304+4188461-08763240034090300FF<", "time out of range"),
        (b">RPV86400+4188205-0876278102127112<", "time out of range"),
        (b">RPV68584+9188205-0876278102127112<", "lat out of range"),
        (b">RPV68584+4188205-1876278102127112<", "lon out of range"),
        (b">RPV68584+4188205-0876278102136112<", "course out of range"),
        (b">RPV68584+4188205-087627810212711<", "layout unknown"),
        (b">RAL68584+00185+00012;ID=1<", "unsupported message"),
        (b">RUV00000,NT003,260504190304+4188461-08763240034090300FF;ID=1<", "unsupported message"),
        (b">QPV;ID=1<", "unsupported message"),
        (b"2026-05-04 19:03:04", "not TAIP"),
        (summed(">RPV68584+4188205-0876278102127112;ID=1").replace(b"418", b"428"), "checksum wrong"),
    ],
)
def test_what_is_refused_says_why(frame: bytes, why: str):
    assert reason(frame) == why


@pytest.mark.parametrize("star", [True, False])
def test_both_ways_of_summing_are_right(star: bool):
    assert one(summed(">RPV68584+4188205-0876278102127112;ID=1", star)).unit_id == "1"


def test_messages_without_an_end_are_told_apart_and_junk_costs_itself():
    found = decode(b"\x00\x01>RPV68584+4188205-0876278102127112;ID=1\r\n>RPV68584+4188205-0876278102127112;ID=2")
    assert [r.unit_id for r in found.reports] == ["1", "2"]
    assert found.indexes == [1, 2] and [r.index for r in found.refusals] == [0]


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (summed(">RGP040526190304+4188461-08763240034090300FF;ID=B-7;#02A7"), summed(">ACK;ID=B-7;#02A7")),
        (summed(">RGP040526190304+4188461-08763240034090300FF;#02A7;ID=B-7"), summed(">ACK;#02A7;ID=B-7")),
        (summed(">RGP040526190304+4188461-0876324;ID=B-7;#02A7", False), summed(">ACK;ID=B-7;#02A7", False)),
        (b">RUS00,040526190304;ID=B-7;#IP1:089F<", b">SAK;ID=B-7;#IP1:089F<"),
        (b">RPV68584+4188205-0876278102127112;ID=1<", b""),
        (b">RPV68584+4188205-0876278102127112;#02A7<", b""),
        (summed(">RPV68584+4188205-0876278102127112;ID=1;#02A7").replace(b"418", b"428"), b""),
        (b"junk", b""),
    ],
)
def test_a_numbered_message_is_answered_in_its_own_form_and_a_damaged_one_is_not(frame: bytes, answer: bytes):
    assert ADAPTER.reply is not None
    assert ADAPTER.reply(frame, NOW) == answer


def test_several_messages_are_answered_together():
    assert ADAPTER.reply is not None
    assert ADAPTER.reply(b">RXX;ID=1;#0001<>RXX;ID=1;#0002<", NOW) == summed(">ACK;ID=1;#0001") + summed(
        ">ACK;ID=1;#0002"
    )


def test_a_frame_says_whose_it_is():
    assert ADAPTER.speaker is not None
    assert ADAPTER.speaker(b">RPV68584+41882;ID=1213R;*00<") == "1213R"
    assert ADAPTER.speaker(b">RPV68584+41882<") == ADAPTER.speaker(b"\xff") == ""


def test_units_are_forgotten_past_a_bound():
    decoder = ADAPTER.open()
    message = f">RPV{PV.format(68_584)};ID=%d<".encode()
    for unit in range(UNITS_MAX + 10):
        decoder.decode(message % unit, NOW)
    compact = b">RCP68584+418820-087627812;ID=%d<"
    assert len(decoder.decode(compact % 0, NOW).reports) == 1, "forgotten, so it is news"
    assert decoder.decode(compact % UNITS_MAX, NOW).reports == []


def test_a_file_is_moved_with_its_checksums():
    assert ADAPTER.capture is not None
    for text, moved in (
        (">RPV86000+4188205-0876278102127112;ID=1", ">RPV03200+4188205-0876278102127112;ID=1"),
        (">REV042417686000+4188205-0876278102127112;ID=1", ">REV042418003200+4188205-0876278102127112;ID=1"),
        (">RGP311226235320+4188461-08763240034090300FF;ID=1", ">RGP010127005320+4188461-08763240034090300FF;ID=1"),
        (">RCP86000+418820-087627812;ID=1", ">RCP03200+418820-087627812;ID=1"),
    ):
        for star in (True, False):
            assert ADAPTER.capture.move(summed(text, star), 3600.0, None) == summed(moved, star)
    damaged = summed(">RPV86000+4188205-0876278102127112").replace(b"418", b"428")
    assert decode(ADAPTER.capture.move(damaged, 3600.0, None)).refusals[0].reason == "checksum wrong"


def test_a_file_over_midnight_goes_on_in_the_next_day():
    assert ADAPTER.capture is not None
    times = [86_390, 10, 20]
    file = "\r\n".join(f">RPV{PV.format(t)};ID=1<" for t in times).encode()
    found = [m.at for m in ADAPTER.capture.split(file)]
    assert found == [86_390.0, 86_410.0, 86_420.0]
    dated = ADAPTER.capture.split(b">RGP050526000010+4188461-08763240034090300FF<" + file)
    assert [m.at for m in dated] == [MIDNIGHT + 10, MIDNIGHT - 10, MIDNIGHT + 10, MIDNIGHT + 20]


def test_the_real_samples_are_taken_or_refused_with_a_reason():
    path = next(path for path in shared_samples("avl_devices") if path.name == "taip.txt")
    data = path.read_bytes()
    assert looks_like(data[:4096]) is ADAPTER
    counts: Counter[str] = Counter()
    reports: list[UnitReport] = []
    decoder = ADAPTER.open()
    for line in data.splitlines():
        found = decoder.decode(line, NOW)
        reports += [r for r in found.reports if isinstance(r, UnitReport)]
        counts.update(r.reason for r in found.refusals)
    # Of the 41 lines two are an RCP beside its RPV. The one wrong checksum is of a message whose time was changed.
    assert len(reports) == 25 and len(data.splitlines()) == 41
    assert counts == {"unsupported message": 7, "no fix": 4, "not TAIP": 2, "checksum wrong": 1}
    tokyo = next(r for r in reports if r.lon is not None and r.lon > 139)
    assert (tokyo.lat, tokyo.lon, tokyo.course_deg, tokyo.speed_mps) == (
        35.70173, 139.77427, 32.0, pytest.approx(32 * 0.44704),
    )  # fmt: skip
    assert 1283448582.0 in {r.observed_at for r in reports}, "2010-09-02 17:29:42, as the file says beside it"
    assert 1435021368.0 in {r.observed_at for r in reports}, "2015-06-23 01:02:48, as the file says beside it"
