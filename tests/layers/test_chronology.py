"""What is kept of a stretch for an incident's timeline, and what is told of it to whom all or little is granted."""

from collections.abc import Iterable

from feeds.names import AgencyId
from feeds.report import AnyReport, Category
from layers.chronology import Chronology
from layers.timeline import Timeline, timeline
from layers.track import BIT, EVERYTHING, Said, Stamp
from tests.support.heard import T0, camera, entry, heard, incident, unit

CPD, FIRE = AgencyId("cpd"), AgencyId("fire")
HERE = {"lat": 41.88, "lon": -87.63}


def of(*reports: tuple[AgencyId, AnyReport], received: float = 0.0) -> Chronology:
    """A timeline's makings that heard these, each received when it was observed or at `received`."""
    made = Chronology(CPD, "i1", heard())
    for agency, report in reports:
        at = received or report.observed_at
        made.hear(agency, Said(min(report.observed_at, at), report, Stamp(f"{agency}-avl", at)))  # type: ignore[arg-type]
    return made


def told(made: Chronology, *withheld: Category, own: AgencyId = FIRE) -> list[str]:
    """The lines for who is granted everything but these."""

    def granted(layer: str, agency: AgencyId, entity_id: str, labels: Iterable[str]) -> int:
        return 0 if set(labels) else EVERYTHING & ~sum(BIT[category] for category in withheld)

    found: Timeline | None = timeline(made, granted, own, 300.0)
    return [] if found is None else [line["text"] for line in found.lines]


def test_a_unit_that_says_itself_that_it_goes_there_is_assigned_and_released_by_its_own_word() -> None:
    going = {"primary_status": "NotAvailable", "secondary_status": ("EnRoute",), "call_sign": "E7"}
    made = of(
        (CPD, incident(at=T0, status_common=("Active",))),
        (FIRE, unit("e7", at=T0 + 1, primary_status="Available")),
        (FIRE, unit("e7", at=T0 + 2, incident_id="i1", **going)),
        (FIRE, unit("e7", at=T0 + 3, incident_id="i1", **going)),
        (FIRE, unit("e7", at=T0 + 4, incident_id="i2", **going)),
    )
    assert told(made) == ["Active", "E7 assigned", "E7: en route", "E7 released"]
    assert told(made, Category.UNIT_STATUS) == ["Active"]
    assert told(made, Category.INCIDENT_SUMMARY) == []


def test_units_that_the_incident_names_are_named_to_others_only_where_they_are_seen() -> None:
    made = of(
        (CPD, incident(at=T0, status_common=("Active",), assigned_units=("u1", "ghost"))), (CPD, unit("u1", at=T0))
    )
    assert told(made) == ["u1 assigned", "Active"]
    assert told(made, own=CPD) == ["u1, ghost assigned", "Active"]
    assert told(made, Category.UNIT_POSITION) == ["Active"]


def test_of_an_entry_that_came_twice_the_words_first_received_stand() -> None:
    made = Chronology(CPD, "i1", heard())
    made.hear(CPD, Said(T0, incident(at=T0, status_common=("Active",)), Stamp("s", T0)))  # type: ignore[arg-type]
    for received, text in ((T0 + 9, "later"), (T0 + 5, "first")):
        said = entry("e1", at=T0 + 1, text=text, incident_id="i1")
        made.hear(CPD, Said(T0 + 1, said, Stamp("s", received)))  # type: ignore[arg-type]
    assert told(made) == ["Active", "first"]


def test_a_labelled_occurrence_leaves_the_camera_itself_unlabelled() -> None:
    made = of(
        (CPD, incident(at=T0, status_common=("Active",), **HERE)),
        (CPD, camera("c1", at=T0 + 1, event_type="tamper", labels=("undercover",))),
        (CPD, camera("c1", at=T0 + 2, event_type="gunshot_detected")),
    )
    assert told(made) == ["Active", "Gunshot detected: c1"]
    announced = of(
        (CPD, incident(at=T0, status_common=("Active",), **HERE)),
        (CPD, camera("c1", at=T0 + 1, labels=("undercover",))),
        (CPD, camera("c1", at=T0 + 2, event_type="gunshot_detected")),
    )
    assert told(announced) == ["Active"]


def test_it_was_closed_when_the_newest_run_of_closed_began() -> None:
    states = ((0, "Active"), (10, "Closed"), (20, "Active"), (30, "Closed"), (40, "Closed"))
    made = of(*((CPD, incident(at=T0 + after, status_common=(status,))) for after, status in states))
    assert made.closed_at() == T0 + 30
    assert of((CPD, incident(at=T0, status_common=("Active",)))).closed_at() is None
