"""Places as PIDF-LO, the XML that emergency calls and EIDO carry them in (RFC 4119, 5139, 5491, 5962, 7459).

What is taken: one geodetic shape (point, circle, ellipse, sphere), the street and town of a civic address, how the
place was found, speed and heading. Not taken: whom the presence is of, who provided it, and what a place is called,
which may be a person's name. Axis order is latitude, longitude. Pure.
"""

import math
from typing import NamedTuple

from lxml import etree

from feeds.errors import DecodeError
from feeds.formats.xml_text import Refused, local, number, parse

CIRCLE_95 = math.sqrt(-2 * math.log(0.05))
SPHERE_95 = 2.7955
"""Radius of the circle, and of the sphere, that holds 95 % of a round normal distribution, in sigmas. PIDF-LO means
95 % unless it says otherwise."""

_SHAPES = {"Point": "", "Circle": "radius", "Sphere": "radius", "Ellipse": "semiMajorAxis"}
"""Shapes taken, with the element that says how wide each is."""
_STREET = ("HNO", "HNS", "PRD", "RD", "A6", "STS", "POD")
_METHODS = {"gps": "gps", "a-gps": "gps", "dgps": "gps", "manual": "manual", "cell": "cell"}


class Place(NamedTuple):
    """What a PIDF-LO says of where something is; None: not said. Degrees, metres, metres a second."""

    lat: float | None = None
    lon: float | None = None
    hae_m: float | None = None
    h_err_m: float | None = None
    """One sigma."""
    address: str | None = None
    course_deg: float | None = None
    speed_mps: float | None = None
    fix_method: str | None = None


def place(text: str, hardened: etree.XMLParser) -> Place:
    """Return the place; `hardened` is a parser of `xml_text`. Raises DecodeError: its reasons name elements."""
    try:
        return _place(_named(parse(text.strip().encode(), hardened)))
    except Refused as error:
        raise DecodeError(error.reason) from None


def _place(named: dict[str, etree._Element]) -> Place:
    shape = next((named[name] for name in _SHAPES if name in named), None)
    lat, lon, hae = (None, None, None) if shape is None else _position(shape)
    return Place(
        lat=lat,
        lon=lon,
        hae_m=hae,
        h_err_m=None if shape is None else _sigma(shape, named),
        address=_address(named.get("civicAddress")),
        course_deg=_heading(named.get("heading")),
        speed_mps=_number(named.get("speed"), 0, 1000),
        fix_method=_method(named.get("method")),
    )


def _named(element: etree._Element) -> dict[str, etree._Element]:
    """Return the first element of each name, in whatever namespace: senders mistake these."""
    named: dict[str, etree._Element] = {}
    for found in element.iter(etree.Element):
        named.setdefault(local(found), found)
    return named


def _number(element: etree._Element | None, low: float, high: float) -> float | None:
    text = (element.text or "").strip() if element is not None else ""
    return number(text, local(element), low, high, "") if element is not None and text else None


def _position(shape: etree._Element) -> tuple[float, float, float | None]:
    pos = _named(shape).get("pos")
    parts = (pos.text or "").split() if pos is not None else []
    if len(parts) not in (2, 3):
        raise Refused("pos missing" if pos is None else "pos is not two or three numbers")
    lat, lon = number(parts[0], "lat", -90, 90, ""), number(parts[1], "lon", -180, 180, "")
    return lat, lon, number(parts[2], "altitude", -12000, 100000, "") if len(parts) == 3 else None


def _sigma(shape: etree._Element, named: dict[str, etree._Element]) -> float | None:
    """Return the shape's width as one sigma, metres."""
    width = _SHAPES[local(shape)]
    radius = _number(_named(shape).get(width), 0, 1e6) if width else None
    if radius is None:
        return None
    said = named.get("confidence")
    share = (said.text or "").strip() if said is not None else "95"
    if share == "unknown":
        return None
    percent = number(share, "confidence", 0, 100, "")
    if local(shape) == "Sphere":
        return round(radius / SPHERE_95, 3) if percent == 95 else None
    if not 0 < percent < 100:
        return None
    sigma = round(radius / math.sqrt(-2 * math.log1p(-percent / 100)), 3)
    return sigma if sigma <= 1e6 else None


def _address(civic: etree._Element | None) -> str | None:
    """Return the street, then the town, at most 200 characters."""
    if civic is None:
        return None
    named = _named(civic)

    def words(*names: str) -> str:
        found = ((named[name].text or "").strip() for name in names if name in named)
        return " ".join(" ".join(word for word in found if word).split())

    return ", ".join(part for part in (words(*_STREET), words("A3")) if part)[:200] or None


def _heading(element: etree._Element | None) -> float | None:
    """Return the heading; its second number is an angle of climb."""
    parts = (element.text or "").split() if element is not None else []
    return number(parts[0], "heading", -360, 360, "") % 360 if parts else None


def _method(element: etree._Element | None) -> str | None:
    said = (element.text or "").strip().lower() if element is not None else ""
    return _METHODS.get(said, "estimated") if said else None
