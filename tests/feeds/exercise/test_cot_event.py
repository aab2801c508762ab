from feeds.adapters import load
from feeds.exercise.cot_event import event
from feeds.report import UnitReport


def _decoded(report: UnitReport, agency: str = "isp") -> UnitReport:
    frame = event(report, agency, "ISP-31")
    decoded = load("cot").open().decode(frame, 2000.0)
    assert not decoded.refusals
    (got,) = decoded.reports
    assert isinstance(got, UnitReport)
    return got


REPORT = UnitReport(
    observed_at=1_790_000_000.25, status="exercise", unit_id="ISP-31", lat=41.88, lon=-87.63, course_deg=181.2,
    speed_mps=24.6, h_err_m=4.5, fix_method="gps",
)  # fmt: skip


def test_what_the_door_decodes_is_what_the_unit_said() -> None:
    got = _decoded(REPORT)
    assert (got.unit_id, got.call_sign, got.lat, got.lon) == ("ISP-31", "ISP-31", 41.88, -87.63)
    assert (got.course_deg, got.speed_mps, got.h_err_m, got.fix_method) == (181.2, 24.6, 4.5, "gps")
    assert got.observed_at == 1_790_000_000.25
    assert got.stale_at == 1_790_000_015.25
    assert got.status == "exercise"
    assert got.unit_type == "PatrolUnit"


def test_readiness_is_said_only_with_the_status() -> None:
    assert _decoded(REPORT).primary_status is None
    busy = UnitReport(
        observed_at=1.0,
        unit_id="ISP-31",
        lat=1.0,
        lon=1.0,
        course_deg=0.0,
        speed_mps=0.0,
        primary_status="NotAvailable",
    )
    assert _decoded(busy).primary_status == "NotAvailable"


def test_a_call_sign_cannot_break_out_of_its_attribute() -> None:
    frame = event(REPORT, "ftf", 'A"<&')
    (got,) = load("cot").open().decode(frame, 2000.0).reports
    assert isinstance(got, UnitReport)
    assert got.call_sign == 'A"<&'
