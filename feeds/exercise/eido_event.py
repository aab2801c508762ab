"""Incidents and units as an agency's CAD says them in EIDO JSON (NENA-STA-021.1b). Pure.

Rules
- A document is about one incident; units on no incident share one about incident `0`, as the standard has it.
- Agencies and agents are called by role; there are no persons. The exercise's mark is the extension id `EXERCISE`.
- EIDO has no place for hazards, patients, suspects, a narrative, a head count, an emergency, nor for an origin that
  is neither a call nor an alarm: these are not said.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import msgspec

from feeds.formats.eido_document import EXERCISE
from feeds.formats.pidf_lo import CIRCLE_95, SPHERE_95
from feeds.formats.xml_text import rfc3339
from feeds.report import IncidentReport, UnitReport

_TYPES = {"cfd": "fire"}
"""EIDO agency type by agency; `police` for the others."""
_METHODS = {"gps": "GPS", "manual": "Manual", "cell": "Cell"}
_encode = msgspec.json.Encoder().encode

Fields = dict[str, object]


def eido(agency: str, at: float, incidents: Sequence[IncidentReport], units: Sequence[UnitReport]) -> bytes:
    """Return what the agency's CAD says at `at` (Unix seconds): one document, or an array of several.

    Of several reports of one incident or unit the last is said. Raises ValueError for what no valid document can say:
    an incident without a type, a unit without type or status.
    """
    documents: dict[tuple[str, bool], _Document] = {}

    def about(incident_id: str, exercise: bool) -> _Document:
        return documents.setdefault((incident_id, exercise), _Document(agency, at, incident_id, exercise))

    for incident in {report.incident_id: report for report in incidents}.values():
        about(incident.incident_id, incident.status != "actual").incident(incident)
    for unit in {report.unit_id: report for report in units}.values():
        incident_id = unit.incident_id or f"urn:emergency:uid:incidentid:0:{_host(agency)}"
        about(incident_id, unit.status != "actual").unit(unit)
    said = [about_one.fields for about_one in documents.values()]
    return _encode(said[0] if len(said) == 1 else said)


def _host(agency: str) -> str:
    return f"{agency}.exercise.invalid"


class _Document:
    """One document in the making."""

    def __init__(self, agency: str, at: float, incident_id: str, exercise: bool) -> None:
        self._host = host = _host(agency)
        self._key = incident_id.split(":")[-2:][0]
        self.fields: Fields = self._component(incident_id, at)
        self.fields |= {"eidoVersion": "1.0", "issuingElementIdentification": f"cad.{host}"}
        if exercise:
            self.fields["eidoExtensionId"] = [EXERCISE]
        self.fields["agencyComponent"] = [
            self._component(host, at)
            | {"agencyRoleDescriptionRegistryText": ["Dispatching"], "agencyType": [_TYPES.get(agency, "police")]}
        ]
        self.fields["agentComponent"] = [
            self._component(f"{role}@{host}", at)
            | {"agentRoleRegistryText": [words], "agencyReference": {"$ref": host}}
            for role, words in (("dispatcher", "Dispatching"), ("crew", "Emergency Responder"))
        ]

    def _component(self, id_: str, at: float) -> Fields:
        return {
            "$id": id_,
            "lastUpdateTimeStamp": rfc3339(at),
            "updatedByAgencyReference": {"$ref": self._host},
            "updatedByAgentReference": {"$ref": f"dispatcher@{self._host}"},
        }

    def _add(self, name: str, component: Fields) -> None:
        found = self.fields.setdefault(name, [])
        assert isinstance(found, list)
        found.append(component)

    def _id(self, what: str) -> str:
        return f"urn:emergency:uid:eidodatacomponent:{what}-{self._key}:{self._host}"

    def incident(self, report: IncidentReport) -> None:
        """Say the incident."""
        if report.type_common is None:
            raise ValueError("an incident in EIDO says its type")
        at = report.observed_at
        component = self._component(self._id("incident"), at) | _said({
            "incidentTypeCommonRegistryText": report.type_common,
            "incidentTypeInternalText": report.type_internal,
            "incidentStatusCommonRegistryText": report.status_common,
            "incidentStatusInternalText": _list(report.status_internal),
            "incidentCommonPriorityNumber": report.priority_common,
            "internalIncidentId": report.internal_id,
            "dispositionComponent": None if report.dispositions is None else [
                self._component(self._id(f"disposition-{code}"), at) | {"dispositionCommonRegistryCode": code}
                for code in report.dispositions
            ],
        })  # fmt: skip
        if report.lat is not None or report.address is not None:
            place = self._id("place")
            component["locationReference"] = [{"$ref": place}]
            self._locate(place, at, report.location_type or "CurrentIncident", _pidf_lo(report))
        self.fields["incidentComponent"] = component
        if report.assigned_units is not None:
            references = [{"$ref": self._resource(unit_id)} for unit_id in report.assigned_units]
            dispatch = {
                "agencyReference": {"$ref": self._host},
                "agentReference": {"$ref": f"dispatcher@{self._host}"},
                "emergencyResourceReference": references,
            }
            self._add("dispatchComponent", self._component(self._id("dispatch"), at) | dispatch)
        if report.origin == "citizen_call":
            call = {
                "standardPrimaryCallType": "emergency",
                "direction": "incoming",
                "callStateRegistryText": "callEnd",
                "callStartTimestamp": rfc3339(at),
            }
            call_id = f"urn:emergency:uid:callid:{self._key}:{self._host}"
            self._add("callComponent", self._component(call_id, at) | call)
        elif report.origin == "alarm":
            url = {"alarmUrl": f"https://alarms.{self._host}/{self._key}"}
            self._add("alarmsSensorsComponent", self._component(self._id("alarm"), at) | url)

    def unit(self, report: UnitReport) -> None:
        """Say the unit."""
        if report.unit_type is None or report.primary_status is None:
            raise ValueError("a unit in EIDO says its type and primary status")
        component = self._component(self._resource(report.unit_id), report.observed_at)
        component |= {
            "emergencyResourceTypeCommonRegistryText": report.unit_type,
            "resourceAttributeRegistryText": report.capabilities or (),
            "primaryUnitStatusRegistryText": report.primary_status,
            "secondaryUnitStatusRegistryText": report.secondary_status or (),
            "agentReference": [{"$ref": f"crew@{self._host}"}],
        }
        component |= _said({
            "emergencyResourceName": report.call_sign, "unitStatusInternal": _list(report.status_internal),
        })  # fmt: skip
        if report.lat is not None:
            place = self._id(f"unit-{report.unit_id}")
            component["unitLocationReference"] = {"$ref": place}
            self._locate(place, report.observed_at, "UnitLocation", _pidf_lo(report))
        self._add("emergencyResourceComponent", component)

    def _resource(self, unit_id: str) -> str:
        return f"{unit_id}@{self._host}"

    def _locate(self, place: str, at: float, kind: str, pidf_lo: str) -> None:
        location = {"locationTypeDescriptionRegistryText": kind, "locationByValue": pidf_lo}
        self._add("locationComponent", self._component(place, at) | location)


def _said(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [text]


# ---- places


def _pidf_lo(report: IncidentReport | UnitReport) -> str:
    """Return the report's place as PIDF-LO."""
    if isinstance(report, UnitReport):
        moving = "".join(
            f"<dyn:{name}>{value}</dyn:{name}>"
            for name, value in (("speed", report.speed_mps), ("heading", report.course_deg))
            if value is not None
        )
        more = f"<dyn:Dynamic>{moving}</dyn:Dynamic>" if moving else ""
        method = f"<gp:method>{_METHODS.get(report.fix_method, 'Derived')}</gp:method>" if report.fix_method else ""
        shape = _shape(report.lat, report.lon, report.hae_m, report.h_err_m)
    else:
        more = f"<ca:civicAddress><ca:RD>{escape(report.address)}</ca:RD></ca:civicAddress>" if report.address else ""
        method = ""
        shape = _shape(report.lat, report.lon, None, None)
    return (
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        'xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" '
        'xmlns:dyn="urn:ietf:params:xml:ns:pidf:geopriv10:dynamic" entity="pres:cad@exercise.invalid">'
        f'<dm:device id="d"><gp:geopriv><gp:location-info>{shape}{more}</gp:location-info><gp:usage-rules/>{method}'
        "</gp:geopriv></dm:device></presence>"
    )


def _shape(lat: float | None, lon: float | None, hae_m: float | None, h_err_m: float | None) -> str:
    if lat is None or lon is None:
        return ""
    crs, height = ("4326", "") if hae_m is None else ("4979", f" {hae_m}")
    name = "gml:Point" if h_err_m is None else "gs:Circle" if hae_m is None else "gs:Sphere"
    radius = ""
    if h_err_m is not None:
        metres = round(h_err_m * (CIRCLE_95 if hae_m is None else SPHERE_95), 3)
        radius = f'<gs:radius uom="urn:ogc:def:uom:EPSG::9001">{metres}</gs:radius>'
    pos = f"<gml:pos>{lat} {lon}{height}</gml:pos>"
    return f'<{name} srsName="urn:ogc:def:crs:EPSG::{crs}">{pos}{radius}</{name}>'
