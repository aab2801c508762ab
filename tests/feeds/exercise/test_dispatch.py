from collections import defaultdict

import numpy as np

from feeds.exercise.city import MOTORWAY, City
from feeds.exercise.day import Day, open_incidents
from feeds.exercise.dispatch import CAD_AGENCIES
from feeds.exercise.incidents import OFFICER_HELP, TYPES
from feeds.exercise.roster import Role
from feeds.exercise.stage import Job, Saying
from feeds.report import IncidentReport, UnitReport
from tests.feeds.exercise.conftest import START_AT


def _incidents(said: list[Saying]) -> dict[str, list[IncidentReport]]:
    by_id: dict[str, list[IncidentReport]] = defaultdict(list)
    for saying in said:
        if isinstance(saying.report, IncidentReport):
            by_id[saying.report.incident_id].append(saying.report)
    return by_id


def test_forty_incidents_are_open_at_any_time(grid: City) -> None:
    day = Day(3, 300, grid, START_AT)
    for second in range(0, 1200, 5):
        day.step(START_AT + second)
        assert 36 <= len(day.dispatch.open) <= 44
        assert sum(i.type.priority >= 9 for i in day.dispatch.open.values()) <= 4
        assert {i.type.owner for i in day.dispatch.open.values()} == CAD_AGENCIES


def test_the_day_begins_in_the_middle_of_things(grid: City) -> None:
    day = Day(3, 300, grid, START_AT)
    stages = [i.statuses()[-1] for i in day.dispatch.open.values()]
    assert stages.count("ResourcesOnscene") > 15
    assert stages.count("ResourcesAssigned") > 3
    first = _incidents(day.step(START_AT))
    assert len(first) == 40
    assert min(r[0].observed_at for r in first.values()) < START_AT - 600


def test_an_incident_lives_through_its_statuses_and_closes_with_a_disposition(
    spoken: tuple[Day, list[Saying]],
) -> None:
    whole = [r for r in _incidents(spoken[1]).values() if r[-1].status_common == ("Closed",)]
    assert len(whole) > 10
    for reports in whole:
        assert reports[-1].dispositions
        assert reports[-1].assigned_units == ()
        times = [r.observed_at for r in reports]
        assert times == sorted(times)
    lived = [{s for r in reports for s in r.status_common or ()} for reports in whole]
    complete = {"Active", "ResourcesAssigned", "ResourcesEnroute", "ResourcesOnscene", "Closed"}
    assert any(complete <= words for words in lived)


def test_the_nearest_free_units_of_the_kind_are_sent(grid: City) -> None:
    day = Day(3, 300, grid, START_AT)
    stage = day.stage
    chosen = day.dispatch.nearest(frozenset({Role.ENGINE}), 0.0, 0.0, 2)
    far = [float(np.hypot(stage.fleet.x[i], stage.fleet.y[i])) for i in stage.slots[Role.ENGINE] if stage.free[i]]
    assert [float(np.hypot(stage.fleet.x[i], stage.fleet.y[i])) for i in chosen] == sorted(far)[:2]


def test_a_unit_that_is_sent_drives_there_faster_than_a_patrol_and_says_so(grid: City) -> None:
    day = Day(3, 300, grid, START_AT)
    day.step(START_AT)
    robbery = next(t for t in TYPES if t.common == "ROBBERY")
    incident = day.dispatch.call(robbery, 4000)
    words: set[str] = set()
    for second in range(1, 900):
        for saying in day.step(START_AT + second):
            report = saying.report
            if isinstance(report, UnitReport) and report.incident_id == incident.id:
                words.update(report.secondary_status or ())
    assert {"Dispatched", "EnRoute", "OnScene"} <= words


def test_a_cry_for_help_makes_a_p1_and_units_converge(grid: City) -> None:
    day = Day(3, 300, grid, START_AT)
    day.step(START_AT + 30)
    day.dispatch.cry_for_help()
    slot = day.stage.emergency.index("manual")
    assert day.stage.members[slot].kind.agency in ("cpd", "ccso", "tpd")
    call = next(i for i in day.dispatch.open.values() if i.type.words == OFFICER_HELP)
    said = [s.report for second in range(31, 200) for s in day.step(START_AT + second)]
    emergencies = [
        r.emergency for r in said if isinstance(r, UnitReport) and r.unit_id == day.stage.members[slot].unit_id
    ]
    assert "manual" in emergencies
    assert [e for e in emergencies if e][-1] == "none"
    sent = [r for r in said if isinstance(r, IncidentReport) and r.incident_id == call.id]
    assert max(len(r.assigned_units or ()) for r in sent) >= 4


def test_only_crashes_meant_for_it_happen_on_the_expressway(grid: City) -> None:
    day = Day(3, 30, grid, START_AT)
    for kind in TYPES:
        edges = {day.dispatch._pick_edge(kind) for _ in range(20)}
        assert {grid.kinds[e] == MOTORWAY for e in edges} == {kind.expressway}


def test_more_units_mean_mildly_more_incidents() -> None:
    assert [open_incidents(n) for n in (4, 300, 1200, 10_000)] == [3, 40, 80, 231]


def test_a_patient_goes_to_hospital(spoken: tuple[Day, list[Saying]]) -> None:
    words = {word for s in spoken[1] if isinstance(s.report, UnitReport) for word in s.report.secondary_status or ()}
    assert {"Transporting", "AtHospital"} <= words
    assert Job.HOSPITAL.words == "At hospital"
