"""An EIDO document taken apart into reports; what is taken and why is told in `feeds/adapters/eido.py`. Pure."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

from lxml import etree
from msgspec import Raw, structs

from feeds.errors import DecodeError
from feeds.formats.eido_document import (
    EXERCISE,
    Call,
    Component,
    Dispatch,
    Incident,
    Location,
    Resource,
    components,
    decode_document,
    line,
    listed,
)
from feeds.formats.json_text import FAILURES, instant, reason
from feeds.formats.pidf_lo import Place, place
from feeds.formats.xml_text import YEAR_3000
from feeds.names import is_entity_id
from feeds.report import AnyReport, IncidentReport, UnitReport

_T = TypeVar("_T")
_Status = Literal["actual", "exercise"]

_RANKS = {"CurrentIncident": 0, "InitialIncident": 1, "Investigation": 3, "Other": 3, "Caller": 4}
_NOT_THE_INCIDENT = frozenset({"RoutingLocation", "Staging", "TowerLocation", "UnitLocation"})
"""How good a location of each type is as the incident's place, best first; a type we do not know is third."""


def parts(text: bytes, xml: etree.XMLParser) -> list[AnyReport | DecodeError]:
    """Return the document's reports, and of what could not be taken why. Never empty; raises nothing.

    `xml` is a parser of `feeds.formats.xml_text`.
    """
    try:
        return _Reading(text, xml).read()
    except DecodeError as error:
        return [error]
    except FAILURES as error:
        return [DecodeError(*reason(error))]


class _Found(NamedTuple):
    """A location that was read."""

    type: str
    at: float
    place: Place


def _time(text: str | None, path: str) -> float:
    at = instant(text or "")
    if at is None:
        raise DecodeError("lastUpdateTimeStamp is not RFC 3339", f"{path}.lastUpdateTimeStamp")
    if not 0 <= at <= YEAR_3000:
        raise DecodeError("lastUpdateTimeStamp out of range", f"{path}.lastUpdateTimeStamp")
    return at


class _Reading:
    """One document being taken apart; `parts` is what it holds, in order, and what could not be taken."""

    def __init__(self, text: bytes, xml: etree.XMLParser) -> None:
        """Read the document itself. Raises DecodeError or FAILURES."""
        self.parts: list[AnyReport | DecodeError] = []
        self._xml = xml
        self._eido = eido = decode_document(text)
        if eido.eido_version.partition(".")[0] != "1":
            raise DecodeError("unsupported version", "$.eidoVersion")
        self._at = _time(eido.last_update_time_stamp, "$")
        self._status: _Status = "exercise" if EXERCISE in listed(eido.eido_extension_id) else "actual"
        urn = eido.id.split(":")
        self._incident_id = None if len(urn) > 1 and urn[-2] == "0" else eido.id
        self._locations: dict[str, tuple[str, Location]] = {}
        self._found: dict[str, _Found | None] = {}

    def read(self) -> list[AnyReport | DecodeError]:
        """Return the document's parts."""
        eido = self._eido
        for path, location in self._read("locationComponent", eido.location_component, Location):
            if location.id:
                self._locations[location.id] = (path, location)
        if self._incident_id is not None:
            self._the_incident(self._incident_id)
        for path, resource in self._read("emergencyResourceComponent", eido.emergency_resource_component, Resource):
            self._attempt(self._unit, path, resource)
        return self.parts or [DecodeError("no incident and no unit")]

    def _the_incident(self, incident_id: str) -> None:
        origin, before = self._origin(), len(self.parts)
        incidents = self._read("incidentComponent", self._eido.incident_component, Incident)
        for path, incident in incidents[:1]:
            self._attempt(self._incident, path, incident, origin)
        if origin is not None and not incidents and len(self.parts) == before:
            self.parts.append(self._call(incident_id, origin))

    def _attempt(self, make: Callable[..., list[AnyReport]], *of: Any) -> None:
        try:
            self.parts += make(*of)
        except DecodeError as error:
            self.parts.append(error)

    def _read(self, name: str, raw: Raw, kind: type[_T]) -> list[tuple[str, _T]]:
        """Return the components called `name`, each with its path; those that cannot be read are parts of their own."""
        found: list[tuple[str, _T]] = []
        for path, component in components(name, raw, kind):
            if isinstance(component, DecodeError):
                self.parts.append(component)
            else:
                found.append((path, component))
        return found

    def _time(self, component: Component, path: str) -> float:
        """Return when a component was last updated; one that does not say, with all of it. Raises DecodeError."""
        said = component.last_update_time_stamp
        return _time(said, path) if said else self._at

    # -- places

    def _place(self, reference: str) -> _Found | None:
        """Return the location of that id; None when it holds no place that can be used, which is a part if faulty."""
        if reference not in self._found:
            self._found[reference] = None
            if reference in self._locations and (location := self._locations[reference][1]).location_by_value:
                path = self._locations[reference][0]
                try:
                    where = place(location.location_by_value, self._xml)
                    at = self._time(location, path)
                except DecodeError as error:
                    self.parts.append(DecodeError(error.reason, error.path or f"{path}.locationByValue"))
                else:
                    if where.lat is not None or where.address is not None:
                        kind = location.location_type_description_registry_text
                        self._found[reference] = _Found(kind, at, where)
        return self._found[reference]

    def _incident_place(self, incident: Incident | None) -> _Found | None:
        """Return the incident's best place: one on the map before one that is an address alone."""
        named = [ref.id for ref in listed(incident.location_reference)] if incident is not None else []
        able = [
            ref for ref in named or self._locations
            if ref in self._locations
            and self._locations[ref][1].location_type_description_registry_text not in _NOT_THE_INCIDENT
        ]  # fmt: skip
        found = [it for it in map(self._place, able) if it is not None]
        if not found:
            return None
        best = min(found, key=lambda it: (it.place.lat is None, _RANKS.get(it.type, 2)))
        address = next((it.place.address for it in [best, *found] if it.type == best.type and it.place.address), None)
        return best._replace(place=best.place._replace(address=address))

    # -- reports

    def _origin(self) -> str | None:
        """Return what made the incident: an alarm's own component, else a call that came in."""
        eido = self._eido
        if self._read("alarmsSensorsComponent", eido.alarms_sensors_component, Component):
            return "alarm"
        calls = self._read("callComponent", eido.call_component, Call)
        return "citizen_call" if any(call.direction == "incoming" for _, call in calls) else None

    def _call(self, incident_id: str, origin: str) -> IncidentReport:
        """Return the incident of a document that knows only the call or alarm."""
        where = self._incident_place(None)
        return IncidentReport(
            observed_at=self._at, status=self._status, incident_id=incident_id, origin=origin, **_located(where)
        )

    def _incident(self, path: str, incident: Incident, origin: str | None) -> list[AnyReport]:
        assert self._incident_id is not None
        where = self._incident_place(incident)
        times = [self._time(incident, path)] + ([where.at] if where is not None else [])
        assigned: dict[str, None] | None = None
        for path_of, dispatch in self._read("dispatchComponent", self._eido.dispatch_component, Dispatch):
            times.append(self._time(dispatch, path_of))
            assigned = {} if assigned is None else assigned
            for ref in listed(dispatch.emergency_resource_reference):
                self._attempt(self._assign, assigned, ref.id, path_of)
        states, ended = incident.incident_status_common_registry_text, incident.disposition_component
        dispositions = dict.fromkeys(d.disposition_common_registry_code for d in listed(ended))
        return [
            IncidentReport(
                observed_at=max(times),
                status=self._status,
                incident_id=self._incident_id,
                type_common=incident.incident_type_common_registry_text,
                status_common=None if states is None else tuple(listed(states)),
                priority_common=incident.incident_common_priority_number,
                origin=origin,
                internal_id=line(incident.internal_incident_id),
                type_internal=line(incident.incident_type_internal_text or incident.incident_type_internal_code),
                status_internal=line(incident.incident_status_internal_text),
                assigned_units=None if assigned is None else tuple(assigned),
                dispositions=None if ended is None else tuple(dispositions),
                **_located(where),
            )
        ]

    def _assign(self, assigned: dict[str, None], resource_id: str, path: str) -> list[AnyReport]:
        assigned[self._unit_id(resource_id, path)] = None
        return []

    def _unit_id(self, resource_id: str, path: str) -> str:
        """Return the id of a unit. Raises DecodeError."""
        unit, _, agency = resource_id.rpartition("@")
        unit_id = unit if unit and agency == self._eido.updated_by_agency_reference.id else resource_id
        if not is_entity_id(unit_id):
            raise DecodeError("$id outside its grammar", f"{path}.$id")
        return unit_id

    def _unit(self, path: str, resource: Resource) -> list[AnyReport]:
        unit_id, at = self._unit_id(resource.id, path), self._time(resource, path)
        reference = resource.unit_location_reference
        where = self._place(reference.id) if reference is not None else None
        whole = UnitReport(
            observed_at=at,
            status=self._status,
            unit_id=unit_id,
            # Without a name it is called by its id, so that the call sign it is known by is not cleared.
            call_sign=(line(resource.emergency_resource_name) or unit_id.partition("@")[0] or unit_id)[:40],
            unit_type=resource.emergency_resource_type_common_registry_text,
            capabilities=tuple(listed(resource.resource_attribute_registry_text)) or None,
            primary_status=resource.primary_unit_status_registry_text,
            secondary_status=tuple(listed(resource.secondary_unit_status_registry_text)) or None,
            status_internal=line(resource.unit_status_internal),
            incident_id=resource.active_on_incident_id or self._incident_id,
        )
        if where is None or where.place.lat is None:
            return [whole]
        position = {name: value for name, value in where.place._asdict().items() if name != "address"}
        if where.at == at:
            return [structs.replace(whole, **position)]
        return [whole, UnitReport(observed_at=where.at, status=self._status, unit_id=unit_id, **position)]


def _located(where: _Found | None) -> dict[str, Any]:
    """Return the fields of an incident's place."""
    if where is None:
        return {}
    return {
        "lat": where.place.lat,
        "lon": where.place.lon,
        "location_type": where.type,
        "address": where.place.address,
    }
