import math

import pytest

from feeds.exercise.city import City, metres
from feeds.exercise.day import Day
from feeds.exercise.stage import Saying
from feeds.exercise.story import HEARD_S, Story
from feeds.report import CameraReport, IncidentReport, UnitReport
from tests.feeds.exercise.conftest import START_AT

CALL_S = 240.0


@pytest.fixture(scope="module")
def told(grid: City) -> tuple[Story, list[Saying]]:
    day = Day(3, 300, grid, START_AT)
    story = Story(day, 3, CALL_S)
    return story, [s for second in range(int(CALL_S) + 60) for s in day.step(START_AT + second)]


def test_shots_are_heard_before_anybody_calls_and_confirmed_by_a_person_with_the_call(
    told: tuple[Story, list[Saying]],
) -> None:
    story, said = told
    assert story.incident is not None
    call = next(s for s in said if isinstance(s.report, IncidentReport) and s.report.incident_id == story.incident.id)
    assert (call.agency, call.report.observed_at) == ("cpd", START_AT + CALL_S)
    assert call.report.priority_common >= 9
    shots = [
        s.report
        for s in said
        if isinstance(s.report, CameraReport) and s.report.event_type == "gunshot_detected"
        if START_AT + CALL_S - HEARD_S <= s.report.observed_at <= START_AT + CALL_S
    ]
    first, confirmed = (next(r for r in shots if r.verification == v) for v in ("unverified", "human_verified"))
    assert first.event_id == confirmed.event_id
    assert first.observed_at == START_AT + CALL_S - HEARD_S
    assert (first.incident_id, confirmed.incident_id) == (None, story.incident.id)
    assert math.dist(metres(first.lon, first.lat), (story.incident.x, story.incident.y)) < first.range_m


def test_units_of_several_agencies_are_near_when_the_call_comes(told: tuple[Story, list[Saying]]) -> None:
    story, said = told
    assert story.incident is not None
    near = {
        s.agency
        for s in said
        if isinstance(s.report, UnitReport) and abs(s.report.observed_at - START_AT - CALL_S) <= 5
        if math.dist(metres(s.report.lon, s.report.lat), (story.incident.x, story.incident.y)) < 1500
    }
    assert len(near) >= 3
    assert "ccso" in near
