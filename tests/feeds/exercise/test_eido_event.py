import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from feeds.adapters import load
from feeds.exercise.day import Day
from feeds.exercise.eido_event import eido
from feeds.exercise.stage import Saying
from feeds.registry import INCIDENT_STATUS, INCIDENT_TYPE, SECONDARY_STATUS, UNIT_TYPE
from feeds.report import AnyReport, IncidentReport, UnitReport, unregistered

AT = 1_790_000_060.0
FIRE = IncidentReport(
    observed_at=1_790_000_000.25, status="exercise", incident_id="urn:emergency:uid:incident:C26-1:cfd",
    type_common="STRUCTFR", status_common=("Active", "ResourcesOnscene"), priority_common=10, origin="citizen_call",
    lat=41.88, lon=-87.63, location_type="CurrentIncident", address="100 W Lake St", internal_id="C26-1",
    type_internal="Structure fire", assigned_units=("CFD-E-13",), hazards=("smoke",), patients=2, narrative="words",
)  # fmt: skip
ENGINE = UnitReport(
    observed_at=1_790_000_010.5, status="exercise", unit_id="CFD-E-13", lat=41.881, lon=-87.631, course_deg=271.5,
    speed_mps=9.4, h_err_m=4.1, fix_method="gps", call_sign="E-13", unit_type="Engine", crew=5,
    primary_status="NotAvailable", secondary_status=("EnRoute",), status_internal="En route",
    incident_id=FIRE.incident_id,
)  # fmt: skip


def _said(incidents: Sequence[IncidentReport], units: Sequence[UnitReport]) -> list[AnyReport]:
    found = load("eido").open().decode(eido("cfd", AT, incidents, units), AT)
    assert not found.refusals
    return found.reports


def _kept(report: AnyReport) -> AnyReport:
    """Return what EIDO has fields for."""
    if isinstance(report, IncidentReport):
        origin = report.origin if report.origin in ("citizen_call", "alarm") else None
        return structs.replace(
            report, origin=origin, hazards=None, patients=None, suspects_outstanding=None, narrative=None
        )
    return structs.replace(report, crew=None, emergency=None)


def test_an_incident_and_its_units_are_one_document_and_arrive_as_they_were() -> None:
    document = json.loads(eido("cfd", AT, [FIRE], [ENGINE]))
    assert document["$id"] == FIRE.incident_id and document["eidoVersion"] == "1.0"
    assert _said([FIRE], [ENGINE]) == [_kept(FIRE), _kept(ENGINE)]


def test_units_on_no_incident_or_another_have_a_document_of_their_own() -> None:
    free = structs.replace(ENGINE, unit_id="CFD-A-1", incident_id=None, primary_status="Available")
    other = structs.replace(ENGINE, unit_id="CFD-L-3", incident_id="urn:emergency:uid:incident:C26-2:cfd")
    documents = json.loads(eido("cfd", AT, [FIRE], [free, other]))
    assert [d["$id"].split(":")[-2] for d in documents] == ["C26-1", "0", "C26-2"]
    assert _said([FIRE], [free, other]) == [_kept(r) for r in (FIRE, free, other)]


def test_every_reference_has_its_component_and_every_component_its_prologue() -> None:
    document = json.loads(eido("cfd", AT, [FIRE], [ENGINE]))
    components = [document]
    for name, value in document.items():
        if name.endswith("Component"):
            components += value if isinstance(value, list) else [value]
    ids = {c["$id"] for c in components}
    assert len(ids) == len(components)
    for component in components:
        assert {"$id", "lastUpdateTimeStamp", "updatedByAgencyReference"} <= set(component)
        for value in component.values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict) and "$ref" in reference:
                    assert reference["$ref"] in ids


def test_the_fire_departments_day_arrives_as_it_was(spoken: tuple[Day, list[Saying]]) -> None:
    said = [s.report for s in spoken[1] if s.agency == "cfd"]
    incidents = {r.incident_id: r for r in said if isinstance(r, IncidentReport)}
    units = {r.unit_id: r for r in said if isinstance(r, UnitReport) and r.primary_status}
    assert len(incidents) > 5 and len(units) > 50
    got = _said(list(incidents.values()), list(units.values()))
    assert {r.status for r in got} == {"exercise"} and not any(map(unregistered, got))
    assert sorted(map(repr, got)) == sorted(repr(_kept(r)) for r in (*incidents.values(), *units.values()))


def test_of_several_reports_of_one_incident_or_unit_the_last_is_said() -> None:
    newer = structs.replace(FIRE, observed_at=FIRE.observed_at + 1, priority_common=3)
    there = structs.replace(ENGINE, observed_at=ENGINE.observed_at + 1, secondary_status=("OnScene",))
    assert _said([FIRE, newer], [ENGINE, there]) == [_kept(newer), _kept(there)]


def test_nobody_is_named() -> None:
    document = json.loads(eido("cfd", AT, [FIRE], [ENGINE]))
    assert {a["$id"].split("@")[0] for a in document["agentComponent"]} == {"dispatcher", "crew"}
    assert not {"personComponent", "vehicleComponent", "notesComponent"} & set(document)


def test_what_no_valid_document_can_say_is_an_error() -> None:
    with pytest.raises(ValueError, match="its type"):
        eido("cfd", AT, [structs.replace(FIRE, type_common=None)], [])
    with pytest.raises(ValueError, match="type and primary status"):
        eido("cfd", AT, [], [structs.replace(ENGINE, primary_status=None)])


_at = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
_id = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@"), min_size=1, max_size=20)
_words = st.lists(st.text("Ab9<&>'\"äß.-", min_size=1, max_size=8), min_size=1, max_size=3).map(" ".join)
_code = st.text(min_size=1, max_size=64)
_lat, _lon = st.floats(-90, 90), st.floats(-180, 180)
_incident_ids = st.integers(1, 5).map(lambda n: f"urn:emergency:uid:incidentid:{n}:h")
_statuses = st.sampled_from(["actual", "exercise"])


@st.composite
def incidents(draw: st.DrawFn) -> IncidentReport:
    placed, addressed = draw(st.booleans()), draw(st.none() | _words)
    kinds = st.sampled_from(["CurrentIncident", "InitialIncident", "Caller", "Investigation", "Other"])
    return IncidentReport(
        observed_at=draw(_at),
        status=draw(_statuses),
        incident_id=draw(_incident_ids),
        type_common=draw(st.sampled_from(sorted(INCIDENT_TYPE)) | _code),
        status_common=draw(st.none() | st.lists(st.sampled_from(sorted(INCIDENT_STATUS)), max_size=3).map(tuple)),
        priority_common=draw(st.none() | st.integers(0, 10)),
        origin=draw(st.sampled_from([None, "citizen_call", "alarm", "sensor", "officer_initiated"])),
        lat=draw(_lat) if placed else None,
        lon=draw(_lon) if placed else None,
        location_type=draw(kinds) if placed or addressed else None,
        address=addressed,
        internal_id=draw(st.none() | _words),
        type_internal=draw(st.none() | _words),
        status_internal=draw(st.none() | _words),
        assigned_units=draw(st.none() | st.lists(_id, unique=True, max_size=4).map(tuple)),
        dispositions=draw(st.none() | st.lists(_code, unique=True, max_size=3).map(tuple)),
        patients=draw(st.none() | st.integers(0, 9)),
    )


@st.composite
def units(draw: st.DrawFn) -> UnitReport:
    placed = draw(st.booleans())

    def where(values: st.SearchStrategy[float]) -> float | None:
        return draw(st.none() | values) if placed else None

    return UnitReport(
        observed_at=draw(_at),
        status=draw(_statuses),
        unit_id=draw(_id),
        call_sign=draw(st.text("ABE019-", min_size=1, max_size=12)),
        unit_type=draw(st.sampled_from(sorted(UNIT_TYPE)) | _code),
        capabilities=draw(st.none() | st.lists(_code, min_size=1, max_size=3).map(tuple)),
        lat=draw(_lat) if placed else None,
        lon=draw(_lon) if placed else None,
        course_deg=where(st.floats(0, 360, exclude_max=True)),
        speed_mps=where(st.floats(0, 1000)),
        hae_m=where(st.floats(-12000, 100000)),
        h_err_m=where(st.integers(0, 100_000).map(lambda cm: cm / 100)),
        fix_method=draw(st.sampled_from([None, "gps", "manual", "cell", "estimated"])) if placed else None,
        primary_status=draw(st.sampled_from(["Available", "ConditionallyAvailable", "NotAvailable"]) | _code),
        secondary_status=draw(
            st.none() | st.lists(st.sampled_from(sorted(SECONDARY_STATUS)), min_size=1, max_size=3).map(tuple)
        ),
        status_internal=draw(st.none() | _words),
        incident_id=draw(st.none() | _incident_ids),
    )


@given(
    some=st.lists(incidents(), max_size=3, unique_by=lambda i: i.incident_id),
    more=st.lists(units(), max_size=4, unique_by=lambda u: u.unit_id),
)
@settings(max_examples=60, deadline=None)
def test_what_is_said_in_eido_arrives_but_for_what_it_has_no_field_for(
    some: list[IncidentReport], more: list[UnitReport]
) -> None:
    if some or more:
        expected = [_kept(report) for report in (*some, *more)]
        assert sorted(map(repr, _said(some, more))) == sorted(map(repr, expected))
