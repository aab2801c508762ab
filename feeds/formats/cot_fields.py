"""What CoT events of every type say alike: times, place, title, whether it is an exercise.

Every function raises Refused for what is outside the schema.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from lxml import etree

from feeds.formats.cot_xml import UNKNOWN
from feeds.formats.xml_text import Refused, finite, moment
from feeds.names import is_entity_id


def time_of(event: etree._Element, name: str) -> float | None:
    """Return the attribute as Unix seconds, None when there is none."""
    text = event.get(name)
    return None if text is None else moment(text, name, f"event@{name}")


def number_of(
    element: etree._Element | None, name: str, low: float, high: float, *, minus_one: bool = False
) -> float | None:
    """Return the attribute within `low`..`high`; None when absent or unknown (9999999.0, of iOS also -1)."""
    text = element.get(name) if element is not None else None
    if element is None or not text or not (text := text.strip()):
        return None
    try:
        value = finite(text, name, "")
    except Refused as error:
        raise Refused(error.reason, f"event//{element.tag}@{name}") from None
    if value == UNKNOWN or (minus_one and value == -1):
        return None
    if not low <= value <= high:
        raise Refused(f"{name} out of range", f"event//{element.tag}@{name}")
    return value


class Place(NamedTuple):
    """The event's point; all None when it is known to be unknown."""

    lat: float | None
    lon: float | None
    hae_m: float | None
    h_err_m: float | None
    v_err_m: float | None


def child_of(element: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first child of that name; an iterator finds it in a third of the time that `find` takes."""
    return None if element is None else next(element.iterchildren(name), None)


def place_of(event: etree._Element) -> Place:
    """Return the event's point."""
    point = child_of(event, "point")
    if point is None:
        raise Refused("point missing", "event/point")
    lat, lon = number_of(point, "lat", -90, 90), number_of(point, "lon", -180, 180)
    if lat is None or lon is None:
        missing = "lat" if lat is None else "lon"
        raise Refused(f"{missing} missing", f"event/point@{missing}")
    hae = number_of(point, "hae", -12000, 100000)
    ce, le = number_of(point, "ce", 0, 1e6), number_of(point, "le", 0, 1e6)
    if lat == 0 and lon == 0 and ce is None:  # a device that has no fix yet, not a unit in the Gulf of Guinea
        return Place(None, None, None, None, None)
    return Place(lat, lon, hae, ce, le)


def fix_method_of(event: etree._Element) -> str | None:
    """Return how the place was found: entered by a person, by GPS, by dead reckoning, or by another machine."""
    how = event.get("how") or ""
    if not how:
        return None
    if how.startswith("h"):
        return "manual"
    if how.startswith("m-g"):
        return "gps"
    return "dr" if how.startswith("m-n") else "estimated"


def first_line(text: str | None, most: int = 40) -> str | None:
    """Return the first line, without stray blanks, at most `most` characters."""
    if text and text.isprintable() and " " not in text:  # one word: printable is no other blank and no line's end
        return text[:most]
    lines = (text or "").strip().splitlines()
    return " ".join(lines[0].split())[:most] or None if lines else None


@lru_cache(4096)
def unit_type_of(cot_type: str) -> str:
    """Return our registry's word where the type has one, else the CoT type itself (kept and flagged)."""
    parts = cot_type.split("-")[2:]
    if parts[:1] == ["A"]:
        if "Q" in parts:
            return "UnmannedAerialVehicle"
        if "H" in parts:
            return "RotaryWingAircraft"
    if parts[:4] == ["G", "U", "U", "L"]:  # law enforcement unit
        return "PatrolUnit"
    return cot_type


def readiness_of(said: str | None) -> str | None:
    """Return the primary status that a `status@readiness` is, None when it is none."""
    return "Available" if said == "true" else "NotAvailable" if said == "false" else None


def entity_id(uid: str | None, path: str) -> str:
    """Return the uid of a thing within the grammar of ours."""
    if not uid:
        raise Refused("uid missing", path)
    if not is_entity_id(uid):
        raise Refused("uid outside its grammar (1 to 128 printable ASCII characters)", path)
    return uid


def status_of(event: etree._Element) -> Literal["actual", "exercise", "test"]:
    """Return what the first letter of `opex` says: operations, exercise, simulation."""
    opex = (event.get("opex") or "")[:1].lower()
    return "exercise" if opex == "e" else "test" if opex == "s" else "actual"


def times_of(event: etree._Element) -> tuple[float, float | None]:
    """Return when it was observed and when to stop believing it."""
    observed_at = time_of(event, "time")
    if observed_at is None:
        observed_at = time_of(event, "start")
    if observed_at is None:
        raise Refused("time missing", "event@time")
    return observed_at, time_of(event, "stale")


def title_of(event: etree._Element) -> str | None:
    """Return the call sign that a drawing or mark goes by, at most 80 characters."""
    contact = event.find("detail/contact")
    return first_line(contact.get("callsign") if contact is not None else None, 80)
