from random import Random

from feeds import registry
from feeds.exercise.dispatch import CAD_AGENCIES
from feeds.exercise.incidents import HOT_VEHICLE, SHOTS, TYPES, Incident, Part, draw, help_call
from feeds.report import local_priority, unregistered


def _incident() -> Incident:
    return Incident("urn:x", "P1", TYPES[0], 0, 0.0, 0.0, "1200 W Madison St", 0.0)


def test_every_kind_has_registered_words_and_an_agency_that_can_hold_it() -> None:
    for kind in (*TYPES, SHOTS, HOT_VEHICLE, help_call("ccso")):
        assert kind.common in registry.INCIDENT_TYPE
        assert kind.origin in registry.ORIGIN
        assert kind.owner in CAD_AGENCIES


def test_most_incidents_are_routine_and_few_are_p1() -> None:
    chance = Random(1)
    drawn = [local_priority(draw(chance, 1, CAD_AGENCIES).priority) for _ in range(2000)]
    assert 0.01 < drawn.count(1) / 2000 < 0.08
    assert (drawn.count(3) + drawn.count(4)) / 2000 > 0.5


def test_no_p1_is_drawn_while_enough_are_open() -> None:
    chance = Random(1)
    assert all(draw(chance, 3, CAD_AGENCIES).priority < 9 for _ in range(500))


def test_statuses_follow_from_the_units() -> None:
    incident = _incident()
    assert incident.statuses() == ("Active",)
    incident.parts = {1: Part.ASSIGNED}
    assert incident.statuses() == ("Active", "ResourcesAssigned")
    incident.parts = {1: Part.ON_SCENE, 2: Part.EN_ROUTE}
    assert incident.statuses() == ("Active", "ResourcesEnroute", "ResourcesOnscene")
    incident.closed = True
    assert incident.statuses() == ("Closed",)


def test_a_report_says_all_of_it_in_registered_words() -> None:
    report = _incident().report(1_790_000_000.0, ("CPD-111R",))
    assert unregistered(report) == ()
    assert report.status == "exercise"
    assert report.assigned_units == ("CPD-111R",)
    assert report.address == "1200 W Madison St"
