"""What CoT events of every type say alike: times, place, title, whether it is an exercise.

Every function raises Refused for what is outside the schema.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from lxml import etree

from feeds.cot_xml import UNKNOWN
from feeds.names import is_entity_id
from feeds.xml_text import NUMBER, Refused, finite, instant, moment

_UNKNOWN = str(UNKNOWN)
"""As nearly everybody writes it."""
_is_number = NUMBER.fullmatch


def time_of(event: etree._Element, name: str) -> float | None:
    """Return the attribute as Unix seconds, None when there is none."""
    text = event.get(name)
    if text is None:
        return None
    at = instant(text)
    return at if at is not None else moment(text, name, f"event@{name}")


def number_of(
    element: etree._Element | None, name: str, low: float, high: float, *, minus_one: bool = False
) -> float | None:
    """Return the attribute within `low`..`high`; None when absent or unknown (9999999.0, of iOS also -1)."""
    if element is None or not (text := element.get(name)) or text == _UNKNOWN or not (text := text.strip()):
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


def numbers_of(
    element: etree._Element | None, bounds: Sequence[tuple[str, float, float]], *, minus_one: bool = False
) -> list[float | None]:
    """Return what `number_of` returns for each of `bounds` (name, least, most), in half of its time."""
    if element is None:
        return [None] * len(bounds)
    said = dict(element.items())
    values: list[float | None] = []
    for name, low, high in bounds:
        text = said.get(name, _UNKNOWN)
        if text == _UNKNOWN:
            values.append(None)
        elif _is_number(text) and low <= (value := float(text)) <= high:
            values.append(value)
        else:
            values.append(number_of(element, name, low, high, minus_one=minus_one))
    return values


class Place(NamedTuple):
    """The event's point; all None when it is known to be unknown."""

    lat: float | None
    lon: float | None
    hae_m: float | None
    h_err_m: float | None
    v_err_m: float | None


def children_of(element: etree._Element | None) -> dict[str, etree._Element]:
    """Return the first child of each name: all of them in the time in which one is searched for."""
    return {} if element is None else {child.tag: child for child in reversed(element)}


_POINT = (("lat", -90, 90), ("lon", -180, 180), ("hae", -12000, 100000), ("ce", 0, 1e6), ("le", 0, 1e6))


def place_of(event: etree._Element) -> Place:
    """Return the event's point."""
    return place_at(children_of(event).get("point"))


def place_at(point: etree._Element | None) -> Place:
    """Return what an event's point says."""
    if point is None:
        raise Refused("point missing", "event/point")
    lat, lon, hae, ce, le = numbers_of(point, _POINT)
    if lat is None or lon is None:
        missing = "lat" if lat is None else "lon"
        raise Refused(f"{missing} missing", f"event/point@{missing}")
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


def entity_id(uid: str | None, path: str) -> str:
    """Return the uid of a thing within the grammar of ours."""
    if not uid:
        raise Refused("uid missing", path)
    if not is_entity_id(uid):
        raise Refused("uid outside its grammar (1 to 128 printable ASCII characters)", path)
    return uid


def status_of(event: etree._Element) -> Literal["actual", "exercise", "test"]:
    """Return what the first letter of `opex` says: operations, exercise, simulation."""
    opex = event.get("opex")
    if not opex:
        return "actual"
    opex = opex[:1].lower()
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
