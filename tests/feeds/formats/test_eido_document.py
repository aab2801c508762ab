"""EIDO JSON as it is written."""

import json

import pytest

from feeds.errors import DecodeError
from feeds.formats.eido_document import Incident, Resource, components, decode_document, line, listed
from feeds.formats.json_text import FAILURES

HEAD = {"$id": "urn:emergency:uid:incidentid:1:h", "lastUpdateTimeStamp": "2026-05-04T14:00:00Z", "eidoVersion": "1.0"}


def document(**more: object) -> bytes:
    return json.dumps(HEAD | more).encode()


def test_what_is_not_declared_is_not_read():
    read = decode_document(document(personComponent=[{"a": "person"}], notesComponent="x", incidentComponent={"a": 1}))
    assert "person" not in repr(read)
    assert bytes(read.incident_component) == b'{"a": 1}' and bytes(read.call_component) == b"[]"


@pytest.mark.parametrize("field", ["$id", "lastUpdateTimeStamp", "eidoVersion"])
def test_what_the_document_must_say_is_missed(field: str):
    with pytest.raises(FAILURES):
        decode_document(json.dumps({k: v for k, v in HEAD.items() if k != field}).encode())


def test_a_component_is_one_or_several_and_a_broken_one_costs_itself():
    good = {"incidentTypeCommonRegistryText": "FIRE", "incidentStatusCommonRegistryText": "Active"}
    for value, types in (
        (good, ["FIRE"]),
        ([good, good], ["FIRE", "FIRE"]),
        (None, []),
        ([], []),
        ([None, good], ["FIRE"]),
    ):
        raw = decode_document(document(incidentComponent=value)).incident_component
        found = [c for _, c in components("incidentComponent", raw, Incident)]
        assert [c.incident_type_common_registry_text for c in found if isinstance(c, Incident)] == types
    raw = decode_document(document(incidentComponent=[{}, good, 5])).incident_component
    (empty, why), (_, fine), (place, wrong) = components("incidentComponent", raw, Incident)
    assert isinstance(why, DecodeError) and isinstance(fine, Incident) and isinstance(wrong, DecodeError)
    assert (empty, why.reason) == ("$.incidentComponent[0]", "incidentTypeCommonRegistryText missing")
    assert why.path == "$.incidentComponent[0].incidentTypeCommonRegistryText"
    assert (place, wrong.reason, wrong.path) == ("$.incidentComponent[2]", "not an object", "$.incidentComponent[2]")


def test_what_may_be_missing_may_be_null_too():
    resource = {
        "$id": "E1@h",
        "emergencyResourceTypeCommonRegistryText": "Engine",
        "primaryUnitStatusRegistryText": "Available",
        "secondaryUnitStatusRegistryText": None,
        "emergencyResourceName": None,
        "unitLocationReference": None,
        "resourceAttributeRegistryText": None,
    }
    raw = decode_document(document(emergencyResourceComponent=resource)).emergency_resource_component
    ((_, found),) = components("emergencyResourceComponent", raw, Resource)
    assert isinstance(found, Resource) and found.emergency_resource_name is None


def test_texts_become_one_line():
    assert line(None) is line("") is line([]) is line(["", " "]) is None
    assert line([" En\nroute ", "", "Code 3"]) == "En route , Code 3"
    assert len(line("x" * 300) or "") == 200
    assert listed(None) == [] and listed("a") == ["a"] and listed(["a", "b"]) == ["a", "b"]
