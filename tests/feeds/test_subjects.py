"""How many things a source may speak of."""

from feeds.report import CameraReport, IncidentReport, UnitReport
from feeds.subjects import FORGET_S, Subjects, subject


def unit(name: str) -> UnitReport:
    return UnitReport(unit_id=name, observed_at=1.0)


def rows(known: Subjects, *names: str) -> list[int] | None:
    heard = known.hear_all(names, 0.0)
    return None if heard is None else heard.tolist()


def test_a_report_is_about_its_unit_its_incident_or_its_camera():
    reports = [
        unit("U"),
        IncidentReport(incident_id="I", observed_at=1.0),
        CameraReport(camera_id="C", observed_at=1.0, incident_id="I"),
    ]
    assert [subject(report) for report in reports] == ["U", "I", "C"]


def test_who_is_known_is_heard_and_a_new_one_is_not_when_there_is_no_room():
    known = Subjects(2)
    assert known.hear(unit("a"), 0.0) == 0 and known.hear(unit("b"), 0.0) == 1
    assert known.hear(unit("a"), 1.0) == 0 and known.hear(unit("c"), 1.0) is None
    assert rows(known, "a", "b", "a") == [0, 1, 0]
    assert rows(known, "a", "c") is None and len(known) == 2


def test_many_ids_are_heard_at_once_and_each_keeps_its_row():
    known = Subjects(1000)
    names = [f"U{n}" for n in range(300)]
    first = rows(known, *names)
    assert first is not None and len(set(first)) == 300
    assert rows(known, *reversed(names)) == first[::-1]
    assert rows(known, "new", *names[:2], "new") == [300, *first[:2], 300] and len(known) == 301


def test_an_id_that_was_not_heard_for_a_day_makes_room():
    freed: list[int] = []
    known = Subjects(2, freed.extend)
    assert rows(known, "a", "b") == [0, 1]
    assert known.hear(unit("b"), FORGET_S) == 1
    assert known.hear(unit("c"), FORGET_S) is None
    assert known.hear(unit("c"), FORGET_S + 9.0) is None, "it is not looked for at every report"
    assert known.hear(unit("c"), FORGET_S + 10.0) == 0 and freed == [0], "with the row of who is forgotten"
    assert known.hear(unit("a"), FORGET_S + 10.0) is None
