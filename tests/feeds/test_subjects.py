"""How many things a source may speak of."""

from feeds.report import CameraReport, IncidentReport, UnitReport
from feeds.subjects import FORGET_S, Subjects, subject


def unit(name: str) -> UnitReport:
    return UnitReport(unit_id=name, observed_at=1.0)


def test_a_report_is_about_its_unit_its_incident_or_its_camera():
    reports = [
        unit("U"),
        IncidentReport(incident_id="I", observed_at=1.0),
        CameraReport(camera_id="C", observed_at=1.0, incident_id="I"),
    ]
    assert [subject(report) for report in reports] == ["U", "I", "C"]
    known = Subjects(3)
    assert known.hear_all(reports, 0.0) and len(known) == 3
    assert not known.hear(unit("V"), 0.0)


def test_who_is_known_is_heard_and_a_new_one_is_not_when_there_is_no_room():
    known = Subjects(2)
    assert known.hear(unit("a"), 0.0) and known.hear(unit("b"), 0.0)
    assert known.hear(unit("a"), 1.0) and not known.hear(unit("c"), 1.0)
    assert known.hear_all([unit("a"), unit("b"), unit("a")], 2.0)
    assert not known.hear_all([unit("a"), unit("c")], 2.0) and len(known) == 2


def test_an_id_that_was_not_heard_for_a_day_makes_room():
    known = Subjects(2)
    assert known.hear_all([unit("a"), unit("b")], 0.0)
    assert known.hear(unit("b"), FORGET_S)
    assert not known.hear(unit("c"), FORGET_S)
    assert not known.hear(unit("c"), FORGET_S + 9.0), "it is not looked for at every report"
    assert known.hear(unit("c"), FORGET_S + 10.0) and not known.hear(unit("a"), FORGET_S + 10.0)
