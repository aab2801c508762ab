"""NENA EIDO JSON (NENA-STA-021.1b): an incident and its resources, as NG9-1-1 systems and CADs exchange them.

Format: NENA-STA-021.1b and its schema, https://github.com/NENA911/EIDO-JSON. Owned by NENA.
A frame is one document or an array of them. A document gives an incident report and a unit report per resource; the
position within the frame counts these parts, over all documents, and of each what could not be taken.

What is taken: type, status, priority, number, place, dispositions and assigned units of the incident; id, name, type,
attributes, status and place of the resources. Callers, persons, vehicles, agents, cautions, media, contact and
additional data are dropped unread. So are notes: free text by call takers that names people as a rule. What a place is
called is not taken either; a caller's street address is, where the incident has no better place.

- `$id` of the document is the incident's id. `...:0:HOST` says that the document is about no incident.
- A resource's id is UNIT@AGENCY. Of the agency that wrote the document the UNIT is kept, which is what its AVL calls
  it; another agency's keeps the whole. In version 1 a resource is on the document's incident unless it names another.
- A resource whose place is of another time than its status gives two reports: an old place shall not look new.
- EIDO 1.0 has no mark for exercises. The extension id `EXERCISE` is ours, and says that the whole document is one.
"""

import re

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats.eido_document import listed
from feeds.formats.eido_reading import parts
from feeds.formats.json_text import encode, fields_of, items, join, reader, seconds, split
from feeds.formats.xml_text import YEAR_3000, parser, rfc3339


class _Decoder:
    """Holds one hardened parser of places and nothing else."""

    def __init__(self) -> None:
        self._xml = parser()

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the frame's reports. Raises DecodeError when it is empty or not JSON at all."""
        documents = items(frame.strip())
        if not documents or documents == [b""]:
            raise DecodeError("empty message")
        refused: dict[int, bytes] = {}
        decoded = Decoded([], [], [], messages=refused)
        index = 0
        for number, document in enumerate(documents):
            for part in parts(document, self._xml):
                if index == MESSAGES_MAX:
                    decoded.refusals.append(Refusal(index, TOO_MANY))
                    return decoded
                if isinstance(part, DecodeError):
                    path = part.path.replace("$", f"$[{number}]", 1) if len(documents) > 1 else part.path
                    decoded.refusals.append(Refusal(index, part.reason, path))
                    refused[index] = document
                else:
                    decoded.add(index, part)
                index += 1
        return decoded


# ---- files

_COMPONENTS = (
    "incidentComponent", "callComponent", "alarmsSensorsComponent", "dispatchComponent", "emergencyResourceComponent",
    "locationComponent",
)  # fmt: skip
"""Of what is read; no other time of a document means anything to us."""


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the document with the times of what is read moved by `by_s` seconds; `seq` has no place in it."""
    fields = fields_of(raw)
    if fields is None or not by_s:
        return raw
    for component in (fields, *(c for name in _COMPONENTS for c in listed(fields.get(name)))):
        if isinstance(component, dict):
            at = seconds(component.get("lastUpdateTimeStamp"))
            if at is not None and 0 <= at + by_s <= YEAR_3000:
                component["lastUpdateTimeStamp"] = rfc3339(at + by_s)
    return encode(fields)


_BEGINS = re.compile(rb'\s*[\[{](?=.*"(?:eidoVersion|lastUpdateTimeStamp|updatedByAgencyReference)"\s*:)', re.DOTALL)

_FIRE = rb"""{
 "$id": "urn:emergency:uid:incidentid:cfd26104712:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:03:09.250-05:00",
 "updatedByAgencyReference": {"$ref": "cfd.example"}, "eidoVersion": "1.0",
 "issuingElementIdentification": "cad.cfd.example",
 "agencyComponent": [{
  "$id": "cfd.example", "lastUpdateTimeStamp": "2026-05-04T06:00:00-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "agencyRoleDescriptionRegistryText": ["Dispatching"],
  "agencyType": ["fire"]}],
 "incidentComponent": {
  "$id": "urn:emergency:uid:eidodatacomponent:i1:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:03:09.250-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "incidentTypeCommonRegistryText": "STRUCTFR",
  "incidentTypeInternalText": "Structure fire", "incidentStatusCommonRegistryText": ["Active", "ResourcesEnroute"],
  "incidentCommonPriorityNumber": 10, "internalIncidentId": "F26104-712",
  "locationReference": [{"$ref": "urn:emergency:uid:eidodatacomponent:l1:cfd.example"}]},
 "callComponent": [{
  "$id": "urn:emergency:uid:callid:c1:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:01:40-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "standardPrimaryCallType": "emergency",
  "direction": "incoming", "callStateRegistryText": "callAnswered", "callStartTimestamp": "2026-05-04T14:01:32-05:00"}],
 "locationComponent": [{
  "$id": "urn:emergency:uid:eidodatacomponent:l1:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:02:10-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "locationTypeDescriptionRegistryText": "CurrentIncident",
  "locationByValue": "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:gml='http://www.opengis.net/gml'><gml:Point
 srsName='urn:ogc:def:crs:EPSG::4326'><gml:pos>41.8846 -87.6324</gml:pos></gml:Point></presence>"}]
}""".replace(b"Point\n", b"Point")  # a string has no line feed in JSON
_UNITS = (
    _FIRE[:-2]
    + rb""",
 "dispatchComponent": [{
  "$id": "urn:emergency:uid:eidodatacomponent:d1:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:02:20-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"},
  "emergencyResourceReference": [{"$ref": "CFD-E-13@cfd.example"}, {"$ref": "CFD-L-3@cfd.example"}]}],
 "emergencyResourceComponent": [{
  "$id": "CFD-E-13@cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:03:01-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "agentReference": [{"$ref": "officer.e13@cfd.example"}],
  "emergencyResourceName": "E-13", "emergencyResourceTypeCommonRegistryText": "Engine",
  "resourceAttributeRegistryText": [], "primaryUnitStatusRegistryText": "NotAvailable",
  "secondaryUnitStatusRegistryText": ["EnRoute"], "unitStatusInternal": ["En route"]}, {
  "$id": "CFD-L-3@cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:03:04-05:00",
  "updatedByAgencyReference": {"$ref": "cfd.example"}, "emergencyResourceTypeCommonRegistryText": "LadderTruck",
  "resourceAttributeRegistryText": [], "secondaryUnitStatusRegistryText": ["EnRoute"]}]
}"""
)
_LINK = rb"""{
 "$id": "urn:emergency:uid:incidentid:cfd26104713:cfd.example", "lastUpdateTimeStamp": "2026-05-04T14:04:00-05:00",
 "updatedByAgencyReference": {"$ref": "cfd.example"}, "eidoVersion": "1.0",
 "issuingElementIdentification": "cad.cfd.example", "agencyComponent": [], "linkComponent": []}"""

ADAPTER = Adapter(
    name="eido",
    title="NENA EIDO JSON: incidents and their resources, from NG9-1-1 systems and CADs",
    sequenced=False,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(_FIRE, reports=1),
        Sample(_UNITS, reports=2, refusals=1),
        Sample(b"[" + _FIRE + b",\n" + _LINK + b"]", reports=1, refusals=1),
    ),
    capture=Capture(
        speaks=lambda data: _BEGINS.match(data) is not None,
        split=lambda data: split(data, reader(lambda fields: seconds(fields.get("lastUpdateTimeStamp")))),
        move=_move,
        join=join,
    ),
)
