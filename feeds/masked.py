"""A refused message as its agency's own people may see it: its shape, without what it says. Pure.

Letters become `x`, digits `9`. The words of the formats themselves stay (`"lat":`, `<point`, `uid=`), or nobody could
tell which field is meant; a word that is none of theirs is hidden wherever it stands, as a name or a plate may be a
key. No further than the agency's own people it goes even so.
"""

import re

from msgspec.structs import fields

from feeds.report import CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport

SHOWN_MAX = 160
"""Characters of a sample; what is longer ends in `…`."""

_KINDS = (UnitReport, IncidentReport, CameraReport, ZoneReport, LogReport)
_OF_FORMATS = """
kind agency coordinates
event point detail contact callsign track course speed uid type how time start stale lat lon hae ce le version opex
status readiness link relation emergency shape ellipse major minor angle remarks cancel parent_callsign
_type topic tst acc alt vac vel cog tid created_at
camera lpr event_id event_type occurred_at id name state plate
alert identifier sender sent msgType scope info area areaDesc polygon circle category urgency severity certainty
onset effective expires references incidents headline geocode language
gpx trk trkseg trkpt wpt rte rtept ele hdop desc
eidoVersion $id lastUpdateTimeStamp incidentComponent locationComponent emergencyResourceComponent dispatchComponent
callComponent dispositionComponent agencyComponent agentComponent updatedByAgencyReference updatedByAgentReference
"""
WORDS = frozenset(_OF_FORMATS.split()) | {field.name for kind in _KINDS for field in fields(kind)}
"""What may stand in a sample as it is."""

_NAME = r"[A-Za-z_$][\w$.-]{0,40}"
_JSON = re.compile(rf'"({_NAME})"(?=\s*:)')
_XML = re.compile(rf"</?(?:[\w.-]{{1,20}}:)?({_NAME})|(?<=\s)({_NAME})(?=\s*=\s*[\"'])")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_BLANK = re.compile(r"\s+")
_DARK = re.compile(r"[^ -~]")


def masked(message: bytes) -> str:
    """Return the shape of a message in at most `SHOWN_MAX` printable ASCII characters."""
    text = _BLANK.sub(" ", message[: 4 * SHOWN_MAX].decode("utf-8", "replace")).strip()
    parts: list[str] = []
    at = 0
    for word in (_XML if text.startswith("<") else _JSON).finditer(text):
        group = 1 if word[1] else 2
        if word[group] in WORDS:
            parts += (_hidden(text[at : word.start(group)]), word[group])
            at = word.end(group)
    shape = _DARK.sub("?", "".join(parts) + _hidden(text[at:]))
    return shape if len(shape) <= SHOWN_MAX and len(message) <= 4 * SHOWN_MAX else shape[: SHOWN_MAX - 1] + "…"


def _hidden(text: str) -> str:
    return _DIGIT.sub("9", _LETTER.sub("x", text))
