"""The usual CoT event of a unit, read in one piece: most of a stream is of these, at a rate that counts.

Its attributes are converted element by element (msgspec) instead of one by one. Whatever is written in an unusual way,
or out of its range, is left to `feeds/adapters/cot.py`, which reads word by word and says what is wrong.
"""

from datetime import datetime
from typing import Annotated

from lxml import etree
from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import astuple

from feeds.formats.cot_fields import entity_id, first_line, fix_method_of, readiness_of, status_of, unit_type_of
from feeds.formats.cot_xml import UNKNOWN
from feeds.formats.xml_text import YEAR_3000, Refused
from feeds.report import UnitReport

_Time = Annotated[datetime, Meta(tz=True)]


class _Event(Struct, gc=False):
    uid: str
    time: _Time
    stale: _Time


class _Point(Struct, gc=False):
    lat: float
    lon: float
    hae: float = UNKNOWN
    ce: float = UNKNOWN
    le: float = UNKNOWN


class _Track(Struct, gc=False):
    course: float = UNKNOWN
    speed: float = UNKNOWN


_NO_TRACK = _Track()


def plain_unit(event: etree._Element, cot_type: str) -> UnitReport | None:
    """Return the report of an event of a unit; None: it has to be read word by word. Pure."""
    point, track, call_sign, status = None, _NO_TRACK, None, None
    detailed = tracked = contacted = stated = False  # the first of each name counts
    try:
        said = convert(dict(event.items()), _Event)
        for part in event:
            tag = part.tag
            if tag == "point" and point is None:
                point = convert(dict(part.items()), _Point, strict=False)
            elif tag == "detail" and not detailed:
                detailed = True
                for detail in part:
                    tag = detail.tag
                    if tag == "contact" and not contacted:
                        contacted, call_sign = True, detail.get("callsign")
                    elif tag == "track" and not tracked:
                        tracked, track = True, convert(dict(detail.items()), _Track, strict=False)
                    elif tag == "status" and not stated:
                        stated, status = True, detail.get("readiness")
        unit_id = entity_id(said.uid, "")
    except (ValidationError, Refused):
        return None
    if point is None:
        return None
    lat, lon, hae, ce, le = astuple(point)
    course, speed = astuple(track)
    observed_at, stale_at = said.time.timestamp(), said.stale.timestamp()
    if not (
        0 <= observed_at <= YEAR_3000
        and 0 <= stale_at <= YEAR_3000
        and -90 <= lat <= 90
        and -180 <= lon <= 180
        and (lat or lon)
        and (-12000 <= hae <= 100000 or hae == UNKNOWN)
        and (0 <= ce <= 1e6 or ce == UNKNOWN)
        and (0 <= le <= 1e6 or le == UNKNOWN)
        and (0 <= course <= 360 or course == UNKNOWN)
        and (0 <= speed <= 1000 or speed == UNKNOWN)
    ):
        return None
    return UnitReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=status_of(event),
        unit_id=unit_id,
        call_sign=first_line(call_sign),
        unit_type=unit_type_of(cot_type),
        lat=lat,
        lon=lon,
        hae_m=hae if hae != UNKNOWN else None,
        h_err_m=ce if ce != UNKNOWN else None,
        v_err_m=le if le != UNKNOWN else None,
        course_deg=course if course != UNKNOWN else None,
        speed_mps=speed if speed != UNKNOWN else None,
        fix_method=fix_method_of(event),
        primary_status=readiness_of(status),
    )
