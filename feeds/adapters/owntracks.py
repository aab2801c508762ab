"""OwnTracks: the JSON that its phone apps post, and trackers that speak it (Queclink, Greenwich).

Format: the OwnTracks booklet, https://owntracks.org/booklet/tech/json and /http. Open source, owned by its project.
In HTTP mode one message is one POST; a file holds a message a line. The app reads the answer as an array of
messages for itself: we have none.

What is taken: `location`. All else that an app posts while it is well is no report and no refusal, since an app whose
POST is refused sends it again, before all others and for ever. It is about the app's own line (`lwt`, `status`), names
private places (`waypoint`, `transition`), or carries a person's name and picture (`card`). `encrypted` is refused:
nothing that such an app sends can be read, and somebody must see that.

Whose it is: the topic is `owntracks/USER/DEVICE`. USER is as a rule a person's name or user name and is never taken,
nor is a digest of it, which a list of the agency's people would undo. DEVICE is the unit's id: the site gives each
app the unit's id as its device id. Without a topic it is the tracker id, else whom the connection is about. Two
devices of a source that call themselves the same are one unit. The tracker id is also the call sign.

`alt` is not taken: above the sea on iOS, above the ellipsoid on Android, and a message does not say which.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from feeds.adapter import Adapter, Capture, Decoded, Opening, Sample
from feeds.errors import DecodeError
from feeds.formats.json_text import each, encode, fields_of, join, move_times, reader, seconds, split
from feeds.names import is_entity_id
from feeds.report import Instant, Lat, Lon, UnitReport

_KMH = 3.6
_TIMES = ("tst", "created_at")


class _Location(Struct, gc=False):
    tst: Instant
    lat: Lat
    lon: Lon
    # Of the next three a negative is how iOS says "not known".
    acc: Annotated[float, Meta(le=1e6)] | None = None
    vel: Annotated[float, Meta(le=3600)] | None = None
    """Kilometres an hour."""
    cog: Annotated[float, Meta(le=360)] | None = None
    tid: Annotated[str, Meta(max_length=40)] | None = None
    topic: str | None = None
    created_at: Instant | None = None
    """When the message was made; `tst` is the fix."""


class _Kind(Struct, gc=False):
    type: str = field(name="_type")


_OF_THE_APP = frozenset(
    {
        "beacon", "card", "cmd", "configuration", "dump", "lwt", "request", "status", "steps", "transition", "waypoint",
        "waypoints",
    }
)  # fmt: skip
"""What an app that is well says besides."""

_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_location = msgspec.json.Decoder(_Location).decode


def _known(value: float | None) -> float | None:
    return None if value is None or value < 0 else value


def _unit_id(said: _Location, whom: str) -> str:
    """Return the device in the topic, else the tracker id, else `whom`. Raises DecodeError."""
    levels = (said.topic or "").strip("/").split("/")
    if len(levels) >= 3:  # with fewer, the last may be the user
        if not is_entity_id(levels[-1]):
            raise DecodeError("topic outside its grammar", "$.topic")
        return levels[-1]
    if said.tid:
        if not is_entity_id(said.tid):
            raise DecodeError("tid outside its grammar", "$.tid")
        return said.tid
    return whom


def _report(said: _Location, whom: str) -> UnitReport:
    speed = _known(said.vel)
    return UnitReport(
        observed_at=said.tst,
        sent_at=said.created_at,
        unit_id=_unit_id(said, whom),
        call_sign=said.tid or None,
        lat=said.lat,
        lon=said.lon,
        course_deg=_known(said.cog),
        speed_mps=None if speed is None else speed / _KMH,
        h_err_m=_known(said.acc),
    )


class _Decoder:
    """Holds whom the connection is about."""

    def __init__(self, whom: str) -> None:
        self._whom = whom

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the frame's reports. Raises DecodeError when it is not JSON at all.

        Nothing at all is what the app posts when a friend is deleted in it; it means nothing.
        """
        return each(frame, self._one) if frame.strip() else Decoded([], [], [])

    def _one(self, message: bytes) -> UnitReport | None:
        kind = _decode_kind(message).type
        if kind == "location":
            return _report(_decode_location(message), self._whom)
        if kind == "encrypted":
            raise DecodeError("encrypted")
        if kind not in _OF_THE_APP:
            raise DecodeError("unsupported type", "$._type")
        return None


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the message with its times moved by `by_s` seconds; `seq` has no place in it."""
    fields = fields_of(raw)
    if fields is None or not by_s:
        return raw
    move_times(fields, _TIMES, by_s)
    return encode(fields)


def _open(opening: Opening) -> _Decoder:
    return _Decoder(opening.unit)


_T12 = (
    b'{"_type":"location","topic":"owntracks/tpd/TPD-T-12","tid":"12","tst":1777921387,"created_at":1777921388,'
    b'"lat":41.88531,"lon":-87.63092,"acc":8,"vel":18,"cog":92,"alt":181,"vac":4,"t":"t","batt":71,"conn":"m","m":2}'
)

ADAPTER = Adapter(
    name="owntracks",
    title="OwnTracks JSON: the phone apps in HTTP mode, and trackers that speak it",
    sequenced=False,
    opens=_open,
    samples=(
        Sample(_T12, reports=1),
        Sample(
            b'[{"_type":"location","tid":"14","tst":1777921389,"lat":41.8857,"lon":-87.6268},\n'
            b'{"_type":"encrypted","data":"","tst":1777920000},'
            b'{"_type":"transition","tid":"14","tst":1777921390,"wtst":1777000000,"event":"enter","desc":"Yard",'
            b'"lat":41.8857,"lon":-87.6268,"acc":10,"t":"c"},'
            b'{"_type":"location","topic":"owntracks/tpd/TPD-T-15","tid":"15","tst":1777921391,"lat":141.8,"lon":-87.6}]',
            reports=1,
            refusals=2,
        ),
    ),
    http_answer=b"[]",
    capture=Capture(
        speaks=lambda data: data.lstrip()[:1] in (b"{", b"[") and b'"_type"' in data,
        split=lambda data: split(data, reader(lambda fields: seconds(fields.get("tst")))),
        move=_move,
        join=join,
    ),
)
