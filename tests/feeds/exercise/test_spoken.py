from feeds.exercise.spoken import by_system
from feeds.exercise.stage import Saying
from feeds.report import IncidentReport, LogReport, UnitReport, ZoneReport

AT = 1_777_921_400.0
DIALECTS = {"cpd-avl": "taip", "tpd-avl": "owntracks", "cfd-avl": "eido", "cfd-cad": "eido", "ccso-avl": "native"}
WHOLE = UnitReport(
    observed_at=AT, status="exercise", unit_id="U", lat=41.88, lon=-87.63, speed_mps=3.0, call_sign="1213R",
    unit_type="PatrolUnit", crew=2, primary_status="Available", emergency="manual",
)  # fmt: skip
PLACE = UnitReport(observed_at=AT, status="exercise", unit_id="U", lat=41.88, lon=-87.63, speed_mps=3.0)


def said(agency: str, source: str, report) -> list[tuple[str, object]]:
    return [(s.source, s.report) for s in by_system([Saying(agency, source, report)], DIALECTS)]


def test_a_modem_says_where_and_the_dispatcher_says_who() -> None:
    rest = UnitReport(
        observed_at=AT, status="exercise", unit_id="U", call_sign="1213R", unit_type="PatrolUnit", crew=2,
        primary_status="Available", emergency="manual",
    )  # fmt: skip
    assert said("cpd", "cpd-avl", WHOLE) == [("cpd-avl", PLACE), ("cpd-cad", rest)]
    assert said("tpd", "tpd-avl", PLACE) == [("tpd-avl", PLACE)]


def test_who_has_words_for_all_of_it_says_all_of_it() -> None:
    assert said("ccso", "ccso-avl", WHOLE) == [("ccso-avl", WHOLE)]


def test_what_eido_has_no_place_for_comes_from_the_command_post() -> None:
    emergency = UnitReport(observed_at=AT, status="exercise", unit_id="U", emergency="manual")
    assert said("cfd", "cfd-avl", WHOLE) == [("cfd-avl", WHOLE), ("cfd-ops", emergency)]
    fire = IncidentReport(observed_at=AT, incident_id="I", type_common="STRUCTFR", hazards=("hazmat",), patients=2)
    beside = IncidentReport(observed_at=AT, incident_id="I", hazards=("hazmat",), patients=2)
    assert said("cfd", "cfd-cad", fire) == [("cfd-cad", fire), ("cfd-ops", beside)]
    plain = IncidentReport(observed_at=AT, incident_id="I", type_common="STRUCTFR")
    assert said("cfd", "cfd-cad", plain) == [("cfd-cad", plain)]
    zone, entry = ZoneReport(observed_at=AT, zone_id="Z"), LogReport(observed_at=AT, entry_id="L")
    assert said("cfd", "cfd-cad", zone) == [("cfd-ops", zone)] and said("cfd", "cfd-cad", entry) == [("cfd-ops", entry)]
