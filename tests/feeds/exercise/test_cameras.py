from feeds import registry
from feeds.exercise.cameras import CADENCE_S, SORTS, Camera, count
from feeds.report import unregistered


def test_there_are_sixty_cameras_with_three_hundred_units() -> None:
    assert sum(count(300, s) for s in SORTS) == 60


def test_sorts_and_states_are_in_the_registry() -> None:
    assert {s.kind for s in SORTS} <= registry.CAMERA_KIND
    assert set(CADENCE_S) == registry.CAMERA_STATE


def test_an_announcement_says_state_place_and_field_of_view() -> None:
    report = Camera("CPD-CAM-001", SORTS[0], "POD 1", "live", 100.0, 200.0, 370.0).report(1000.0)
    assert unregistered(report) == ()
    assert (report.event_type, report.camera_state, report.bearing_deg) == ("announced", "live", 10.0)
    assert report.lat is not None
    assert report.lon is not None
    assert report.fov_deg
    assert report.range_m


def test_a_finding_keeps_its_event_id_when_a_person_decides() -> None:
    camera = Camera("CPD-CAM-001", SORTS[2], "LPR 1", "live")
    first = camera.finding(1000.0, "lpr_hit", "e1", "unverified", 0.9, hotlist="stolen_vehicle")
    later = camera.finding(1020.0, "lpr_hit", "e1", "rejected", 0.9, hotlist="stolen_vehicle")
    assert first.event_id == later.event_id
    assert later.verification == "rejected"
