"""NMEA 0183."""

import pynmea2
import pytest

from feeds.adapter import Decoded, Decoder, Opening
from feeds.adapters.nmea import ADAPTER, LEADS_S
from feeds.errors import DecodeError
from feeds.file_feed import looks_like
from feeds.report import UnitReport
from tests.support.gateway import shared_samples

NOW = 1_777_921_400.0  # 2026-05-04T19:03:20Z
MIDNIGHT = 1_777_939_200.0  # 2026-05-05T00:00:00Z
RMC = "GPRMC,190318.00,A,4152.9230,N,08737.6686,W,18.0,271.0,040526,,,A"
GGA = "GPGGA,190318.00,4152.9230,N,08737.6686,W,1,11,0.8,182.4,M,-33.9,M,,"
GLL = "GPGLL,4152.9230,N,08737.6686,W,190318.00,A,A"
VTG = "GPVTG,90.0,T,,M,10.0,N,18.5,K,A"


def line(*sentences: str) -> bytes:
    """Return the sentences as lines with their checksums."""
    return "".join(f"${s}*{pynmea2.NMEASentence.checksum(s):02X}\r\n" for s in sentences).encode()


def opened() -> Decoder:
    return ADAPTER.open(Opening(unit="boat-1"))


def decode(*sentences: str, received_at: float = NOW) -> Decoded:
    return opened().decode(line(*sentences), received_at)


def one(*sentences: str, received_at: float = NOW) -> UnitReport:
    found = decode(*sentences, received_at=received_at)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], UnitReport)
    return found.reports[0]


def reason(frame: bytes) -> str:
    found = opened().decode(frame, NOW)
    assert found.reports == [] and len(found.refusals) == 1
    return found.refusals[0].reason


def test_rmc_is_mapped_field_by_field():
    assert one(RMC) == UnitReport(
        observed_at=NOW - 2,
        unit_id="boat-1",
        lat=pytest.approx(41.88205),
        lon=pytest.approx(-87.62781),
        course_deg=271.0,
        speed_mps=pytest.approx(9.26),
        fix_method="gps",
    )


def test_southern_and_eastern_hemispheres_have_their_signs():
    report = one(RMC.replace(",N,", ",S,").replace(",W,", ",E,"))
    assert (report.lat, report.lon) == (pytest.approx(-41.88205), pytest.approx(87.62781))


@pytest.mark.parametrize("order", [(GGA, RMC), (RMC, GGA), (GLL, GGA, RMC, VTG), (VTG, RMC, GLL, GGA)])
def test_one_epoch_is_one_report(order: tuple[str, ...]):
    whole = one(*order)
    assert (whole.speed_mps, whole.observed_at) == (pytest.approx(9.26), NOW - 2)
    decoder = opened()
    for number, epoch in enumerate(("190318.00", "190319.00", "190320.00")):
        said = sum(
            len(decoder.decode(line(s.replace("190318.00", epoch)), NOW + number).reports) for s in order if s != GLL
        )
        assert said == 1 or number == 0, "sentence by sentence too, once it is known that there is an RMC"


def test_a_gga_gives_the_rmc_of_its_epoch_or_the_next_its_height_and_error():
    report = one(GGA, RMC)
    assert (report.h_err_m, report.hae_m) == (pytest.approx(4.0), pytest.approx(148.5))
    decoder = opened()
    decoder.decode(line(RMC, GGA), NOW)
    next_epoch = decoder.decode(line(RMC.replace("190318", "190319")), NOW + 1).reports[0]
    assert isinstance(next_epoch, UnitReport) and next_epoch.h_err_m == pytest.approx(4.0)
    later = decoder.decode(line(RMC.replace("190318", "190328")), NOW + 10).reports[0]
    assert isinstance(later, UnitReport) and later.h_err_m is None


def test_without_the_geoid_there_is_no_height_and_without_a_dilution_no_error():
    report = one(GGA.replace("-33.9,M", ",M").replace("0.8", "99.99"))
    assert (report.hae_m, report.h_err_m) == (None, None)


def test_gga_and_gll_are_reports_while_no_better_sentence_is_heard():
    assert one(GGA).observed_at == NOW - 2
    assert one(GLL).observed_at == NOW - 2
    assert one(GLL, GGA).h_err_m == pytest.approx(4.0)
    decoder = opened()
    assert len(decoder.decode(line(RMC), NOW).reports) == 1
    assert decoder.decode(line(GGA), NOW + LEADS_S).reports == []
    assert len(decoder.decode(line(GGA), NOW + LEADS_S + 1).reports) == 1


@pytest.mark.parametrize(
    "bad", [RMC.replace(",A,4", ",V,4"), RMC.replace("040526", ""), RMC.replace("4152.9230", "4172.9230")]
)
def test_an_rmc_that_is_refused_does_not_silence_the_gga(bad: str):
    found = decode(bad, GGA)
    assert len(found.reports) == 1 and len(found.refusals) == 1


def test_vtg_gives_a_gga_its_speed_and_course():
    report = one(VTG, GGA)
    assert (report.course_deg, report.speed_mps) == (90.0, pytest.approx(5.1444, abs=1e-3))
    assert one(GGA).speed_mps is None


@pytest.mark.parametrize(("clock", "received_at", "at"), [("235958", 3, -2), ("000001", -1, 1)])
def test_a_time_without_a_date_is_dated_on_both_sides_of_midnight(clock: str, received_at: float, at: float):
    assert one(GGA.replace("190318", clock), received_at=MIDNIGHT + received_at).observed_at == MIDNIGHT + at


@pytest.mark.parametrize("dated", [RMC.replace("040526", "010120"), "GPZDA,190318.00,01,01,2020,00,00"])
def test_a_date_that_was_said_holds_for_the_sentences_after_it(dated: str):
    decoder = opened()
    decoder.decode(line(dated), NOW)
    found = decoder.decode(line(GGA.replace("190318", "190418")), NOW + 60)
    assert [r.observed_at for r in found.reports] == [1577905458.0]  # 2020-01-01T19:04:18Z


@pytest.mark.parametrize(
    ("sentence", "method", "status"),
    [
        (RMC[:-1] + "E", "dr", "actual"),
        (RMC[:-1] + "D", "gps", "actual"),
        (RMC[:-1] + "S", "gps", "test"),
        (RMC[:-2], "gps", "actual"),
        (GGA.replace("W,1,", "W,6,"), "dr", "actual"),
        (GGA.replace("W,1,", "W,7,"), "manual", "actual"),
        (GGA.replace("W,1,", "W,8,"), "gps", "test"),
    ],
)
def test_the_mode_says_how_the_place_was_found(sentence: str, method: str, status: str):
    report = one(sentence)
    assert (report.fix_method, report.status) == (method, status)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (line(RMC.replace(",A,4", ",V,4")), "no fix"),
        (line(RMC[:-1] + "N"), "no fix"),
        (line(GGA.replace("W,1,", "W,0,")), "no fix"),
        (line(GGA.replace("W,1,", "W,,")), "no fix"),
        (line(GLL.replace("A,A", "V,N")), "no fix"),
        (line(RMC).replace(b"4152", b"4153"), "checksum wrong"),
        (b"$GPRMC,190318.00,A,4152.9230,N,08737.6686,W", "cut short"),
        (line(RMC.replace("4152.9230", "4172.9230")), "lat malformed"),
        (line(RMC.replace(",N,", ",X,")), "lat malformed"),
        (line(RMC.replace("08737.6686", "18137.6686")), "lon out of range"),
        (line(RMC.replace("08737.6686", "")), "lon missing"),
        (line(RMC.replace("271.0", "471.0")), "course out of range"),
        (line(RMC.replace("W,18.0", "W,nan")), "speed is not a number"),
        (line(RMC.replace("040526", "")), "date missing"),
        (line(RMC.replace("040526", "310226")), "date out of range"),
        (line(RMC.replace("190318.00", "250318.00")), "time out of range"),
        (line(GLL.replace("190318.00", "")), "time missing"),
        (line("GPZDA,190318.00,01,01,9999,00,00"), "date out of range"),
        (line("GPRTE,1,1,c,0,HOME"), "unsupported sentence"),
        (line("PUBX,00"), "unsupported sentence"),
        (b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23\r\n", "unsupported sentence"),
        (b"foobar\r\n", "not NMEA"),
        (b"$", "not NMEA"),
    ],
)
def test_what_is_refused_says_why(frame: bytes, why: str):
    assert reason(frame) == why


def test_a_lost_line_end_costs_no_sentence():
    both = line(RMC).strip() + line(RMC.replace("190318", "190319"))
    assert len(opened().decode(both, NOW).reports) == 2
    found = opened().decode(b"$GPRMC,1903" + line(RMC), NOW)
    assert found.indexes == [1] and [r.reason for r in found.refusals] == ["cut short"]


def test_nothing_is_an_error():
    with pytest.raises(DecodeError, match="empty message"):
        opened().decode(b"\r\n", NOW)


def test_a_file_is_moved_with_its_dates_and_checksums():
    assert ADAPTER.capture is not None
    move = ADAPTER.capture.move
    late = RMC.replace("190318.00", "233000.50").replace("040526", "311226")
    assert move(line(late), 3600.0, None) == line(RMC.replace("190318.00", "003000.50").replace("040526", "010127"))
    assert move(line(GGA.replace("190318.00", "233000")), 3600.0, None) == line(GGA.replace("190318.00", "003000"))
    assert move(line("GPZDA,233000.00,31,12,2026,00,00"), 3600.0, None) == line("GPZDA,003000.00,01,01,2027,00,00")
    assert move(line(VTG), 3600.0, None) == line(VTG)
    damaged = line(RMC).replace(b"4152", b"4153")
    assert opened().decode(move(damaged, 3600.0, None), NOW).refusals[0].reason == "checksum wrong"


def test_a_file_dates_the_sentences_without_a_date_by_their_neighbours():
    assert ADAPTER.capture is not None
    gga, rmc = GGA.replace("190318", "235959"), RMC.replace("190318", "000001").replace("040526", "050526")
    found = ADAPTER.capture.split(line(gga, rmc, VTG))
    assert [m.at for m in found] == [MIDNIGHT - 1, MIDNIGHT + 1, None]
    assert b"".join(m.raw for m in found) == line(gga, rmc, VTG)


def test_the_real_log_is_taken_or_refused_with_a_reason():
    (path,) = shared_samples("nmea")
    data = path.read_bytes()
    assert looks_like(data[:4096]) is ADAPTER
    decoder = opened()
    found = [decoder.decode(sentence, NOW) for sentence in data.splitlines()]
    (report,) = [r for f in found for r in f.reports if isinstance(r, UnitReport)]
    assert (report.lat, report.lon) == (pytest.approx(-19.484083), pytest.approx(24.175100))
    assert (report.h_err_m, report.hae_m) == (pytest.approx(13.0), pytest.approx(66.1))
    assert [r.reason for f in found for r in f.refusals] == [
        "unsupported sentence", "unsupported sentence", "not NMEA", "unsupported sentence",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said", ["GPGSV,1,1,01,02,40,083,46", "GNGSA,A,3,01,02,,,,,,,,,,,1.2,0.8,0.9", "GPTXT,01,01,02,ok"]
)
def test_what_a_receiver_says_of_itself_is_no_report_and_no_refusal(said: str):
    assert decode(said) == Decoded([], [], [])
