"""feeds.exercise.watch and feeds.exercise.air, seen through the day that runs them."""

import math
from collections import Counter

from feeds.exercise.city import City, metres
from feeds.exercise.day import Day
from feeds.exercise.incidents import TYPES
from feeds.exercise.roster import Role
from feeds.exercise.stage import Job, Saying
from feeds.report import CameraReport, UnitReport
from tests.feeds.exercise.conftest import MINUTES, START_AT


def _events(said: list[Saying]) -> list[CameraReport]:
    return [s.report for s in said if isinstance(s.report, CameraReport) and s.report.event_type != "announced"]


def test_every_camera_announces_itself_within_the_first_seconds(grid: City) -> None:
    day = Day(7, 300, grid, START_AT)
    said = [s.report for s in day.step(START_AT + 2) if isinstance(s.report, CameraReport)]
    assert {r.camera_id for r in said} == {c.id for c in day.watch.cameras}
    assert len(day.watch.cameras) == 60


def test_events_are_calm(spoken: tuple[Day, list[Saying]]) -> None:
    assert 1 <= len(_events(spoken[1])) / MINUTES <= 6


def test_every_finding_is_unverified_first_and_decided_once(spoken: tuple[Day, list[Saying]]) -> None:
    by_id: dict[str, list[str | None]] = {}
    for event in _events(spoken[1]):
        if event.event_id:
            by_id.setdefault(event.event_id, []).append(event.verification)
    assert by_id
    for decisions in by_id.values():
        assert decisions[0] == "unverified"
        assert decisions[1:] in ([], ["human_verified"], ["rejected"])


def test_a_recording_begins_when_its_carrier_arrives_and_ends_when_it_leaves(
    spoken: tuple[Day, list[Saying]],
) -> None:
    counts = Counter(e.event_type for e in _events(spoken[1]))
    assert counts["recording_started"]
    assert counts["recording_stopped"]
    for event in _events(spoken[1]):
        if event.event_type == "recording_started":
            assert event.carrier_unit_id


def test_a_carried_camera_is_where_its_unit_is(spoken: tuple[Day, list[Saying]]) -> None:
    day, said = spoken
    for camera in day.watch.cameras:
        if camera.sort.kind == "in_car":
            last = [s.report for s in said if getattr(s.report, "camera_id", "") == camera.id][-1]
            assert isinstance(last, CameraReport)
            units = [s.report for s in said if getattr(s.report, "unit_id", "") == camera.carrier_id]
            near = min(units, key=lambda r: abs(r.observed_at - last.observed_at))
            assert isinstance(near, UnitReport)
            a, b = (metres(float(r.lon or 0), float(r.lat or 0)) for r in (last, near))
            assert math.dist(a, b) < 120


def test_a_drone_is_launched_to_a_p1_comes_on_station_and_lands(grid: City) -> None:
    day = Day(7, 300, grid, START_AT)
    day.step(START_AT + 5)
    robbery = next(t for t in TYPES if t.common == "ROBBERY")._replace(minutes=(3, 4))
    drone = next(c for c in day.watch.cameras if c.sort.kind == "uas")
    x, y = float(day.stage.fleet.x[drone.carrier]), float(day.stage.fleet.y[drone.carrier])
    incident = day.dispatch.call(robbery, day.watch._edge_near(x + 800, y), (x + 800, y))
    said = [s for minute in range(1, 25) for s in day.step(START_AT + 60 * minute)]
    story = [e.event_type for e in _events(said) if e.camera_id == drone.id]
    assert story[:3] == ["uas_launched", "uas_on_station", "uas_landed"]
    assert incident.closed


def test_a_helicopter_circles_what_it_was_sent_to(grid: City) -> None:
    day = Day(7, 300, grid, START_AT)
    day.step(START_AT + 5)
    fire = next(t for t in TYPES if t.common == "BARICADE")
    incident = day.dispatch.call(fire, 5000)
    day.step(START_AT + 900)
    slots = [i for i in day.stage.slots[Role.HELICOPTER] if day.stage.incident[i] is incident]
    assert len(slots) == 1
    i = int(slots[0])
    assert day.stage.job[i] is Job.ON_SCENE
    far = math.dist((day.stage.fleet.x[i], day.stage.fleet.y[i]), (incident.x, incident.y))
    assert 250 < far < 420


def test_aircraft_never_jump(grid: City) -> None:
    day = Day(7, 300, grid, START_AT)
    where: dict[int, tuple[float, float]] = {}
    for second in range(600):
        day.step(START_AT + second)
        for i in day.air.slots:
            at = (float(day.stage.fleet.x[i]), float(day.stage.fleet.y[i]))
            assert math.dist(where.get(i, at), at) < 60
            where[i] = at
