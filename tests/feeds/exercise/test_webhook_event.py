from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from feeds.adapters import load
from feeds.exercise.cameras import SORTS, Camera
from feeds.exercise.day import Day
from feeds.exercise.stage import Saying
from feeds.exercise.webhook_event import webhook
from feeds.report import CameraReport


def _decoded(report: CameraReport) -> CameraReport:
    found = load("camera_webhook").open().decode(webhook(report), 2000.0)
    assert not found.refusals
    (got,) = found.reports
    assert isinstance(got, CameraReport)
    return got


def test_what_the_exercises_cameras_say_arrives_whole() -> None:
    for sort in SORTS:
        camera = Camera(f"CPD-{sort.kind}", sort, f"{sort.label} 1", sort.state, 100.0, 200.0, 370.0)
        for report in (
            camera.report(1_790_000_000.25),
            camera.finding(
                1_790_000_001.0, "lpr_hit", "e1", "unverified", 0.92, "I1", 1_790_014_401.0, "stolen_vehicle"
            ),
        ):
            assert _decoded(report) == report


def test_all_that_the_cameras_say_in_a_day_arrives_whole(spoken: tuple[Day, list[Saying]]) -> None:
    said = [s.report for s in spoken[1] if isinstance(s.report, CameraReport)]
    assert {r.event_type for r in said} > {"announced", "recording_started"}
    assert [_decoded(r) for r in said] == said


_id = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
_code = st.text(min_size=1, max_size=64)
_at = st.floats(0, 4e9)


def _maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


REPORTS = st.builds(
    CameraReport,
    observed_at=_at, seq=st.none() | st.integers(0, 99), sent_at=_maybe(_at), stale_at=_maybe(_at),
    status=st.sampled_from(["actual", "exercise", "system", "test", "draft"]),
    labels=st.lists(_code, max_size=3).map(tuple), camera_id=_id, event_type=_code, event_id=_maybe(_id),
    camera_kind=_maybe(_code), name=_maybe(st.text(min_size=1, max_size=80)), carrier_unit_id=_maybe(_id),
    lat=_maybe(st.floats(-90, 90)), lon=_maybe(st.floats(-180, 180)), h_err_m=_maybe(st.floats(0, 1e6)),
    bearing_deg=_maybe(st.floats(0, 360)), fov_deg=_maybe(st.floats(0, 360)), range_m=_maybe(st.floats(0, 50000)),
    camera_state=_maybe(_code), confidence=_maybe(st.floats(0, 1)),
    verification=_maybe(st.sampled_from(["unverified", "human_verified", "rejected"])), incident_id=_maybe(_id),
    alert_until=_maybe(_at), media_ref=_maybe(st.text(min_size=1, max_size=500)), hotlist=_maybe(_code),
    reason_code=_maybe(_code), case_ref=_maybe(_code),
    plate_token=_maybe(st.text("0123456789abcdef", min_size=32, max_size=64)),
)  # fmt: skip


@given(report=REPORTS)
@settings(max_examples=100, deadline=None)
def test_any_report_survives_the_webhook_but_for_its_number(report: CameraReport) -> None:
    assert _decoded(report) == structs.replace(report, seq=None)
