"""An EIDO document taken apart."""

import json
from typing import Any

import pytest

from feeds.errors import DecodeError
from feeds.formats.eido_document import EXERCISE
from feeds.formats.eido_reading import parts
from feeds.formats.xml_text import parser
from feeds.report import IncidentReport, UnitReport, unregistered

AT = "2026-05-04T19:03:09.250Z"
AT_S = 1777921389.25
ID = "urn:emergency:uid:incidentid:26104712:cfd.example"


def part(id_: str, at: str = AT, **more: object) -> dict[str, object]:
    return {"$id": id_, "lastUpdateTimeStamp": at, "updatedByAgencyReference": {"$ref": "cfd.example"}} | more


INCIDENT = part(
    "i", incidentTypeCommonRegistryText="STRUCTFR", incidentTypeInternalText="Structure fire",
    incidentStatusCommonRegistryText=["Active", "ResourcesEnroute"], incidentStatusInternalText=["WORKING"],
    incidentCommonPriorityNumber=10, internalIncidentId="F26104-712",
    dispositionComponent=[part("d", dispositionCommonRegistryCode="01"), part("e", dispositionCommonRegistryCode="15")],
)  # fmt: skip
ENGINE = part(
    "CFD-E-13@cfd.example", emergencyResourceTypeCommonRegistryText="Engine", emergencyResourceName="E-13",
    primaryUnitStatusRegistryText="NotAvailable", secondaryUnitStatusRegistryText=["EnRoute"],
    unitStatusInternal=["En route"], resourceAttributeRegistryText=["FLIR"], agentReference=[{"$ref": "x@cfd.example"}],
)  # fmt: skip


def point(lat: float, lon: float, kind: str, id_: str, at: str = AT) -> dict[str, object]:
    pos = f"<gml:Point><gml:pos>{lat} {lon}</gml:pos></gml:Point>"
    xml = f'<presence xmlns:gml="http://www.opengis.net/gml">{pos}</presence>'
    return part(id_, at, locationTypeDescriptionRegistryText=kind, locationByValue=xml)


def civic(road: str, kind: str, id_: str) -> dict[str, object]:
    xml = f"<presence><civicAddress><RD>{road}</RD></civicAddress></presence>"
    return part(id_, locationTypeDescriptionRegistryText=kind, locationByValue=xml)


def read(id_: str = ID, **more: object) -> list[Any]:
    document = part(id_, eidoVersion="1.0", issuingElementIdentification="cad", agencyComponent=[]) | more
    return list(parts(json.dumps(document).encode(), parser()))


def faults(found: list[Any]) -> list[tuple[str, str]]:
    return [(f.reason, f.path) for f in found if isinstance(f, DecodeError)]


def one(**more: object) -> IncidentReport:
    (report,) = read(**more)
    assert isinstance(report, IncidentReport)
    return report


def unit(**more: object) -> UnitReport:
    (report,) = read(**more)
    assert isinstance(report, UnitReport)
    return report


def test_an_incident_is_mapped_field_by_field():
    found = one(
        incidentComponent=INCIDENT,
        callComponent=[part("c", direction="incoming")],
        locationComponent=[point(41.9, -87.6, "CurrentIncident", "l"), civic("100 W Lake St", "CurrentIncident", "m")],
        dispatchComponent=[
            part("d", emergencyResourceReference=[{"$ref": "CFD-E-13@cfd.example"}, {"$ref": "9@other"}])
        ],
    )
    assert found == IncidentReport(
        observed_at=AT_S,
        incident_id=ID,
        type_common="STRUCTFR",
        status_common=("Active", "ResourcesEnroute"),
        priority_common=10,
        origin="citizen_call",
        lat=41.9,
        lon=-87.6,
        location_type="CurrentIncident",
        address="100 W Lake St",
        internal_id="F26104-712",
        type_internal="Structure fire",
        status_internal="WORKING",
        assigned_units=("CFD-E-13", "9@other"),
        dispositions=("01", "15"),
    )
    assert unregistered(found) == ()


def test_a_resource_is_mapped_field_by_field():
    where = point(41.9, -87.6, "UnitLocation", "l")
    engine = ENGINE | {"unitLocationReference": {"$ref": "l"}}
    assert unit(emergencyResourceComponent=[engine], locationComponent=[where]) == UnitReport(
        observed_at=AT_S,
        unit_id="CFD-E-13",
        call_sign="E-13",
        unit_type="Engine",
        capabilities=("FLIR",),
        lat=41.9,
        lon=-87.6,
        primary_status="NotAvailable",
        secondary_status=("EnRoute",),
        status_internal="En route",
        incident_id=ID,
    )


def test_an_old_place_does_not_look_new():
    where = point(41.9, -87.6, "UnitLocation", "l", "2026-05-04T18:03:09.250Z")
    status, position = read(
        emergencyResourceComponent=[ENGINE | {"unitLocationReference": {"$ref": "l"}}], locationComponent=[where]
    )
    assert (status.observed_at, status.lat, status.primary_status) == (AT_S, None, "NotAvailable")
    assert (position.observed_at, position.lat, position.primary_status) == (AT_S - 3600, 41.9, None)
    assert status.unit_id == position.unit_id


def test_a_resource_is_on_the_documents_incident_unless_it_names_another():
    other = "urn:emergency:uid:incidentid:2:cfd.example"
    assert unit(emergencyResourceComponent=ENGINE | {"activeOnIncidentId": other}).incident_id == other
    assert unit(id_="urn:emergency:uid:incidentid:0:cfd.example", emergencyResourceComponent=ENGINE).incident_id is None


def test_another_agencys_resource_keeps_its_whole_id_and_one_without_a_name_is_called_by_its_own():
    (found,) = read(emergencyResourceComponent=[ENGINE | {"$id": "E1@other.example", "emergencyResourceName": ""}])
    assert (found.unit_id, found.call_sign) == ("E1@other.example", "E1")


def test_the_incidents_place_is_the_best_there_is():
    many = [
        point(1, 1, "UnitLocation", "u"),
        point(2, 2, "RoutingLocation", "r"),
        point(3, 3, "Caller", "c"),
        point(4, 4, "InitialIncident", "i"),
        civic("A street", "CurrentIncident", "a"),
    ]
    found = one(incidentComponent=INCIDENT, locationComponent=many)
    assert (found.lat, found.location_type, found.address) == (4.0, "InitialIncident", None)
    named = INCIDENT | {"locationReference": [{"$ref": "c"}, {"$ref": "nowhere"}]}
    assert one(incidentComponent=named, locationComponent=many).location_type == "Caller"
    assert one(incidentComponent=INCIDENT, locationComponent=many[:2]).location_type is None
    strange = one(incidentComponent=INCIDENT, locationComponent=[point(5, 5, "Drone view", "x"), *many[:3]])
    assert strange.location_type == "Drone view" and unregistered(strange) == ("location_type",)


def test_a_location_by_reference_alone_is_no_place():
    away = part("l", locationTypeDescriptionRegistryText="Caller", locationByReferenceUrl="https://lis.example/1")
    assert one(incidentComponent=INCIDENT, locationComponent=[away]).location_type is None


@pytest.mark.parametrize(
    ("components", "origin"),
    [
        ({"callComponent": part("c", direction="incoming")}, "citizen_call"),
        ({"callComponent": [part("c", direction="outgoing")]}, None),
        ({"alarmsSensorsComponent": [part("a", alarmUrl="https://a.example")]}, "alarm"),
        ({"alarmsSensorsComponent": [part("a")], "callComponent": [part("c")]}, "alarm"),
        ({}, None),
    ],
)
def test_what_made_the_incident_is_told_by_the_component_there_is(components: dict[str, object], origin: str | None):
    assert one(incidentComponent=INCIDENT, **components).origin == origin


def test_a_call_makes_an_incident_before_anybody_entered_one():
    found = one(callComponent=[part("c", direction="incoming")])
    assert found == IncidentReport(observed_at=AT_S, incident_id=ID, origin="citizen_call")


def test_an_incident_is_as_new_as_the_newest_of_what_is_said():
    later = "2026-05-04T19:05:09.250Z"
    assert one(incidentComponent=INCIDENT, dispatchComponent=part("d", later)).observed_at == AT_S + 120
    untimed = {name: value for name, value in INCIDENT.items() if name != "lastUpdateTimeStamp"}
    assert one(incidentComponent=untimed).observed_at == AT_S


def test_values_no_registry_knows_are_kept_and_flagged():
    found = one(
        incidentComponent=INCIDENT
        | {"incidentTypeCommonRegistryText": "XQ7", "incidentStatusCommonRegistryText": "Odd"}
    )
    assert (found.type_common, found.status_common) == ("XQ7", ("Odd",))
    assert unregistered(found) == ("type_common", "status_common")
    engine = unit(emergencyResourceComponent=ENGINE | {"primaryUnitStatusRegistryText": "Perhaps"})
    assert engine.primary_status == "Perhaps" and unregistered(engine) == ("primary_status",)


def test_the_extension_id_makes_all_of_it_exercise():
    for mark in (EXERCISE, ["x", EXERCISE]):
        found = read(incidentComponent=INCIDENT, emergencyResourceComponent=[ENGINE], eidoExtensionId=mark)
        assert {report.status for report in found} == {"exercise"}
    assert one(incidentComponent=INCIDENT, eidoExtensionId=["x"]).status == "actual"


@pytest.mark.parametrize("name", ["personComponent", "vehicleComponent", "notesComponent", "agentComponent"])
def test_who_is_involved_is_dropped_unread(name: str):
    secret = {"ncPersonComponent": {"PersonName": "a person"}, "notesActionComments": "a person", "plate": "XX 0000"}
    for value in ([part("p", **secret)], secret, "a person"):
        found = read(incidentComponent=INCIDENT | {"note": "a person"}, **{name: value})
        assert len(found) == 1 and "person" not in repr(found) and "XX 0000" not in repr(found)


def test_a_faulty_part_costs_itself_alone():
    bad = part("l", locationTypeDescriptionRegistryText="CurrentIncident", locationByValue="<gml")
    found = read(
        incidentComponent=INCIDENT,
        locationComponent=[bad, {"$id": "m"}],
        dispatchComponent=[part("d", emergencyResourceReference=[{"$ref": "é"}, {"$ref": "E1@cfd.example"}])],
        emergencyResourceComponent=[{"$id": "E2"}, ENGINE, ENGINE | {"$id": ""}],
    )
    assert [r.assigned_units for r in found if isinstance(r, IncidentReport)] == [("E1",)]
    assert [r.unit_id for r in found if isinstance(r, UnitReport)] == ["CFD-E-13"]
    assert faults(found) == [
        ("locationTypeDescriptionRegistryText missing", "$.locationComponent[1].locationTypeDescriptionRegistryText"),
        ("not XML", "$.locationComponent[0].locationByValue"),
        ("$id outside its grammar", "$.dispatchComponent[0].$id"),
        (
            "emergencyResourceTypeCommonRegistryText missing",
            "$.emergencyResourceComponent[0].emergencyResourceTypeCommonRegistryText",
        ),
        ("$id outside its grammar", "$.emergencyResourceComponent[2].$id"),
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"eidoVersion": "2.0"}, ("unsupported version", "$.eidoVersion")),
        ({"eidoVersion": None}, ("eidoVersion has a wrong type", "$.eidoVersion")),
        ({"$id": ""}, ("$id has a wrong length", "$.$id")),
        ({"$id": "é"}, ("$id outside its grammar", "$.$id")),
        ({"lastUpdateTimeStamp": ""}, ("lastUpdateTimeStamp is not RFC 3339", "$.lastUpdateTimeStamp")),
        ({"lastUpdateTimeStamp": "2026-05-04"}, ("lastUpdateTimeStamp is not RFC 3339", "$.lastUpdateTimeStamp")),
        (
            {"lastUpdateTimeStamp": "1912-05-04T00:00:00Z"},
            ("lastUpdateTimeStamp out of range", "$.lastUpdateTimeStamp"),
        ),
        ({}, ("no incident and no unit", "")),
        (
            {"incidentComponent": INCIDENT | {"incidentCommonPriorityNumber": 11}},
            ("incidentCommonPriorityNumber out of range", "$.incidentComponent[0].incidentCommonPriorityNumber"),
        ),
        (
            {"incidentComponent": INCIDENT | {"lastUpdateTimeStamp": "now"}},
            ("lastUpdateTimeStamp is not RFC 3339", "$.incidentComponent[0].lastUpdateTimeStamp"),
        ),
    ],
)
def test_a_document_that_cannot_be_taken_says_why(more: dict[str, object], told: tuple[str, str]):
    assert faults(read(**more)) == [told]
