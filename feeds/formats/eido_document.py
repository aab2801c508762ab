"""EIDO JSON as it is written: the components that are read, by the names of NENA-STA-021.1b's schema.

Rules
- What is not declared here is not read: persons, vehicles, agents, notes, contact and additional data.
- What the schema requires and we use is required; all else may be missing. What may be one or several may be either.
Pure.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from feeds.errors import DecodeError
from feeds.formats.json_text import FAILURES, items, reason
from feeds.report import Code, Id

EXERCISE = "urn:x-jointops:exercise"
"""Extension id of a document that is part of an exercise: EIDO 1.0 has no mark of its own."""

Codes = list[Code] | Code | None
Text = str | None
Texts = list[str] | str | None
NOTHING = Raw(b"[]")


class Ref(Struct, gc=False):
    """Where another component is."""

    id: str = field(name="$ref", default="")


Refs = list[Ref] | Ref | None


class Component(Struct, kw_only=True, rename="camel"):
    """What every data component begins with."""

    id: str = field(name="$id", default="")
    last_update_time_stamp: Text = None


class Document(Component, kw_only=True, rename="camel"):
    """The document itself, its components not yet read."""

    id: Id = field(name="$id")
    last_update_time_stamp: str
    updated_by_agency_reference: Ref = field(default_factory=Ref)
    eido_version: str
    eido_extension_id: Texts = None
    incident_component: Raw = NOTHING
    call_component: Raw = NOTHING
    alarms_sensors_component: Raw = NOTHING
    dispatch_component: Raw = NOTHING
    emergency_resource_component: Raw = NOTHING
    location_component: Raw = NOTHING


class Disposition(Struct, rename="camel"):
    """How an agency's part ended."""

    disposition_common_registry_code: Code


class Incident(Component, kw_only=True, rename="camel"):
    """The incident component."""

    incident_type_common_registry_text: Code
    incident_type_internal_text: Text = None
    incident_type_internal_code: Text = None
    incident_status_common_registry_text: Codes = None
    incident_status_internal_text: Texts = None
    incident_common_priority_number: Annotated[int, Meta(ge=0, le=10)] | None = None
    internal_incident_id: Text = None
    location_reference: Refs = None
    disposition_component: list[Disposition] | Disposition | None = None


class Call(Component, kw_only=True, rename="camel"):
    """A call component: of a call only that it came in."""

    direction: str = "incoming"


class Dispatch(Component, kw_only=True, rename="camel"):
    """A dispatch component."""

    emergency_resource_reference: Refs = None


class Resource(Component, kw_only=True, rename="camel"):
    """An emergency resource component."""

    id: str = field(name="$id")
    emergency_resource_type_common_registry_text: Code
    primary_unit_status_registry_text: Code
    secondary_unit_status_registry_text: Codes = None
    emergency_resource_name: Text = None
    unit_status_internal: Texts = None
    unit_location_reference: Ref | None = None
    resource_attribute_registry_text: Codes = None
    active_on_incident_id: Id | None = None


class Location(Component, kw_only=True, rename="camel"):
    """A location component."""

    location_type_description_registry_text: Code
    location_by_value: Text = None


T = TypeVar("T")
decode_document: Callable[[bytes], Document] = msgspec.json.Decoder(Document).decode
"""Decode a document; raises FAILURES."""


def listed(value: list[T] | T | None) -> list[T]:
    """Return what may be none, one or several as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def line(texts: Texts) -> str | None:
    """Return one line of at most 200 characters, None when nothing is said."""
    return " ".join(", ".join(text for text in listed(texts) if text).split())[:200] or None


def components(name: str, raw: Raw, kind: type[T]) -> Iterator[tuple[str, T | DecodeError]]:
    """Yield the components called `name`, each with its path and either itself or why it could not be read."""
    for index, item in enumerate(items(bytes(raw))):
        path = f"$.{name}[{index}]"
        if item == b"null":
            continue
        try:
            yield path, msgspec.json.decode(item, type=kind)
        except FAILURES as error:
            why, where = reason(error)
            yield path, DecodeError(why, where.replace("$", path, 1) or path)
