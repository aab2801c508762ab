"""An incident's timeline, asked without a door: its lines, what each viewer is told, and what was known when."""

from typing import Any

from dashboard import review_chronology
from dashboard.review_asks import Chronology
from dashboard.review_chronology import AFTER_S, BEFORE_S, chronology_answer
from dashboard.review_shares import PolicyTimes, Shares
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from layers.review_rules import Eyes, ReviewRules
from tests.dashboard.test_review_history import asker
from tests.support.heard import ROSTER, T0, camera, entry, incident, unit
from tests.support.pair import grant
from tests.support.recorded import Record

ASK = Chronology(1, "cpd", "i1", 300.0)
HERE = {"lat": 41.88, "lon": -87.63}
NEAR = {"lat": 41.881, "lon": -87.63}
FAR = {"lat": 41.98, "lon": -87.63}
SUMMARY = ("incident.summary", "incident.location", "incident.detail")


async def robbery() -> Record:
    """A robbery of the police: two units on it, a gunshot near and one far, entries, an engine that comes by itself."""
    record = Record(ROSTER.agencies)
    await record.say(
        T0 - 60, camera("c1", at=T0 - 60, event_type="gunshot_detected", event_id="g1", name="Gate", **NEAR)
    )
    await record.say(T0 - 50, camera("c2", at=T0 - 50, event_type="gunshot_detected", event_id="g2", **FAR))
    await record.say(
        T0 + 4, incident(at=T0, type_common="ROBBERY", priority_common=9, status_common=("Active",), **HERE)
    )
    await record.say(T0 + 10, unit("u1", at=T0 + 10, call_sign="3A12", primary_status="Available"))
    await record.say(
        T0 + 20, incident(at=T0 + 20, assigned_units=("u1",), status_common=("Active", "ResourcesAssigned"))
    )
    going = {"primary_status": "NotAvailable", "secondary_status": ("EnRoute",)}
    await record.say(T0 + 22, unit("u1", at=T0 + 22, **going), unit("other", at=T0 + 22, **going))
    await record.say(T0 + 30, entry("e1", at=T0 + 30, text="Perimeter", author_position="incident_commander",
                                    incident_id="i1", lat=None, lon=None))  # fmt: skip
    await record.say(
        T0 + 31, entry("e2", at=T0 + 31, text="Far away", **FAR), entry("e3", at=T0 + 31, text="Here", **NEAR)
    )
    await record.say(T0 + 40, unit("e7", at=T0 + 40, call_sign="E7", incident_id="i1", **going), agency="fire")
    await record.say(T0 + 60, incident(at=T0 + 60, assigned_units=(), status_common=("Closed",)))
    await record.say(T0 + 61, unit("u1", at=T0 + 61, primary_status="Available"))
    await record.say(T0 + 62 + AFTER_S, entry("e9", at=T0 + 62 + AFTER_S, text="Much later", incident_id="i1"))
    record.end(T0 + 1000)
    return record


def told(answer: dict[str, Any]) -> list[tuple[float, str, str]]:
    return [(line["at"] - T0, line["kind"], line["text"]) for line in answer["lines"]]


async def test_every_change_assignment_status_and_what_happened_near_is_a_line_with_both_times() -> None:
    record = await robbery()
    answer = await chronology_answer(ASK, await asker(record))
    assert told(answer) == [
        (-60, "camera_event", "Gunshot detected: Gate"),
        (0, "incident", "Robbery; priority P1; Active"),
        (20, "assignment", "3A12 assigned"),
        (20, "incident", "Units assigned"),
        (22, "unit", "3A12: en route"),
        (30, "log_entry", "Perimeter"),
        (31, "log_entry", "Here"),
        (60, "assignment", "3A12 released"),
        (60, "incident", "Closed"),
        (61, "unit", "3A12: available"),
    ]
    assert (answer["from"] - T0, answer["to"] - T0, answer["more"]) == (-BEFORE_S, 60 + AFTER_S, False)
    opened = answer["lines"][1]
    assert (opened["observed_at"] - T0, opened["received_at"] - T0, opened["source"]) == (0, 4, "cpd-avl")
    assert answer["lines"][0]["near_m"] == 111 and "near_m" not in answer["lines"][5]
    assert answer["lines"][5]["author_position"] == "incident_commander"
    assert answer["lines"][2]["units"] == [("cpd", "u1")]
    assert answer["place"] == (-87.63, 41.88)


async def seen_by(record: Record, agency: str, *grants: Any, labels: Any = None) -> dict[str, Any]:
    rules = ReviewRules([Eyes(ViewerClass(AgencyId(agency)), (Rules(grants),))])
    shares = Shares(PolicyTimes(record.recording), lambda _: rules)
    made = (await asker(record))._replace(rules=rules, labels=labels or {}, shares=shares)
    return await chronology_answer(ASK, made)


async def test_another_agency_is_told_what_is_granted_to_it_and_nothing_else() -> None:
    record = await robbery()
    assert (await seen_by(record, "fire"))["found"] is False
    only = told(await seen_by(record, "fire", grant("cpd", "fire", "incident.summary")))
    # Its own engine that says it goes there is its own to see; where the incident is, is not, so nothing near is told.
    assert only == [
        (0, "incident", "Robbery; priority P1; Active"),
        (20, "incident", "Units assigned"),
        (40, "assignment", "E7 assigned"),
        (40, "unit", "E7: en route"),
        (60, "incident", "Closed"),
    ]
    shared = (*SUMMARY, "unit.position", "camera.location", "log.entry")
    more = told(await seen_by(record, "fire", grant("cpd", "fire", *shared)))
    assert (20, "assignment", "u1 assigned") in more, "the call sign is not shared"
    assert not [line for line in more if line[1] == "camera_event"], "that there was a gunshot is not shared"
    assert not [line for line in more if "u1: " in line[2]], "its status is not shared"
    assert (30, "log_entry", "Perimeter") in more and (31, "log_entry", "Here") in more
    units_hidden = told(await seen_by(record, "fire", grant("cpd", "fire", *SUMMARY)))
    assert not [line for line in units_hidden if "u1" in line[2]]


async def test_a_near_event_whose_place_or_whose_incidents_place_is_hidden_is_not_told() -> None:
    record = await robbery()
    for shared in (
        ("incident.summary", "acoustic.alert", "camera.location", "log.entry"),
        (*SUMMARY, "acoustic.alert"),
    ):
        lines = told(await seen_by(record, "fire", grant("cpd", "fire", *shared)))
        assert not [line for line in lines if line[1] == "camera_event" or line[2] == "Here"]
    lines = told(await seen_by(record, "fire", grant("cpd", "fire", *SUMMARY, "acoustic.alert", "camera.location")))
    assert (-60, "camera_event", "Gunshot detected: Gate") in lines


async def test_a_label_said_anywhere_in_the_stretch_or_today_hides_the_thing() -> None:
    record = await robbery()
    await record.say(T0 + 70, unit("u1", at=T0 + 70, labels=("undercover",)))
    record.end(T0 + 1000)
    everything = grant("cpd", "fire", *SUMMARY, "unit.position", "unit.status", "unit.identity", "log.entry")
    lines = (await seen_by(record, "fire", everything))["lines"]
    assert not [line for line in lines if "u1" in str(line) or "3A12" in str(line)]
    today = {("log", AgencyId("cpd"), "e1"): frozenset({"juvenile"})}
    texts = [line["text"] for line in (await seen_by(record, "fire", everything, labels=today))["lines"]]
    assert "Here" in texts and "Perimeter" not in texts
    today = {("incidents", AgencyId("cpd"), "i1"): frozenset({"juvenile"})}
    hidden = await seen_by(record, "fire", everything, labels=today)
    named = {"type": "chronology", "ask": 1, "agency": "cpd", "id": "i1"}
    assert hidden == named | {"found": False, "at": None, "lines": []}
    # Its own people are told it whole.
    assert (20, "assignment", "3A12 assigned") in told(await seen_by(record, "cpd", labels=today))


async def test_an_incident_that_is_hidden_later_in_the_stretch_is_as_one_that_does_not_exist() -> None:
    record = await robbery()
    await record.say(T0 + 80, incident(at=T0 + 80, narrative="A child", labels=("juvenile",)))
    record.end(T0 + 1000)
    assert not (await seen_by(record, "fire", grant("cpd", "fire", *SUMMARY)))["found"]


async def test_what_came_later_was_not_known_and_the_truth_has_its_place() -> None:
    record = await robbery()
    await record.say(T0 + 900, entry("late", at=T0 + 5, text="Seen running", incident_id="i1"))
    record.end(T0 + 1000)
    known = await chronology_answer(ASK, await asker(record, "cpd", T0 + 35))
    assert (known["at"], known["to"] - T0, known["more"]) == (T0 + 35, 35, False)
    assert [line[0] for line in told(known)] == [-60, 0, 20, 20, 22, 30, 31]
    assert "Seen running" in str(told(await chronology_answer(ASK, await asker(record, "cpd", T0 + 901))))
    true = await chronology_answer(ASK, await asker(record))
    (late,) = (line for line in true["lines"] if line["text"] == "Seen running")
    assert (late["observed_at"] - T0, late["received_at"] - T0) == (5, 900)


async def test_ids_are_read_as_their_own_agencys_first() -> None:
    record = await robbery()
    await record.say(T0 + 3, incident("i1", at=T0 + 3, type_common="FIRE", status_common=("Active",)), agency="fire")
    record.end(T0 + 1000)
    lines = told(await chronology_answer(ASK, await asker(record, "fbi", None)))
    assert lines == []
    shares = grant("*", "fbi", *SUMMARY, "unit.position", "unit.status")
    lines = told(await seen_by(record, "fbi", shares))
    assert not [line for line in lines if "e7" in line[2]], "the engine means its own agency's incident of that id"


async def test_a_timeline_is_bounded_and_says_so(monkeypatch: Any) -> None:
    record = await robbery()
    monkeypatch.setattr(review_chronology, "LINES_MAX", 4)
    answer = await chronology_answer(ASK, await asker(record))
    assert (len(answer["lines"]), answer["more"], answer["to"] - T0) == (4, True, 20)
    monkeypatch.setattr(review_chronology, "LINES_MAX", 1000)
    monkeypatch.setattr(review_chronology, "CHRONOLOGY_MAX_S", 25.0)
    answer = await chronology_answer(ASK, await asker(record))
    assert (answer["more"], answer["to"] - T0, len(answer["lines"])) == (True, 25, 5)


async def test_there_is_none_of_what_is_no_incident() -> None:
    record = await robbery()
    for ask in (Chronology(1, "nobody", "i1"), Chronology(1, "cpd", "i2")):
        assert (await chronology_answer(ask, await asker(record)))["found"] is False
