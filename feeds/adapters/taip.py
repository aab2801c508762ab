"""TAIP, the Trimble ASCII Interface Protocol: what the AVL of US police cars speaks (modems, Syrus, Virloc, Lantrix).

Format: `>RPV03874+3477708-0923453100029212;ID=0017;*71<`; Trimble's TAIP appendix, and the makers' own messages after
it. Owned by Trimble. The car is its `ID`; without one, the unit of the connection.

What is taken
- RPV and REV (position and velocity; by an event), RLN (the same, finer) and RCP (position alone). Speed in mph.
- The makers' dated positions: RGP, RTT, RCQ, RBR, RCV (date as ddmmyy, speed in km/h), and RPI, RUS00, whose makers do
  not agree on which of two numbers is the speed: of them the place alone. RUV is laid out by each site: not taken.
- An RCP of a fix that RPV, REV or RLN told already says less than is known: no report and no refusal.
- RAL is an altitude without a place, above mean sea level, which is not the vocabulary's height above the ellipsoid:
  refused as `unsupported message`, like all that holds no position. The altitude in RLN is left out for that reason.
- No emergencies: what an event's number means is the site's own.

Times
- RPV, RCP and RLN say the time of day: the date is the one nearest to when it was received.
- REV counts weeks since 1980, some in ten bits: the newest that is not a day ahead of us.
- The standard says GPS time, most devices send UTC. A unit is taken for one that counts in GPS time once a time of its
  is about 18 s ahead of ours.
- Age 0 (or 9) and the makers' fix 0 or age FF mean that there is no fix: refused as `no fix`.

A checksum is verified where there is one: the XOR from `>` on, with `*` or (Lantrix and its kin) without it.
"""

import contextlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from typing import NamedTuple

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Opening, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats.framing import Delimited
from feeds.formats.rollover import DAY_S, GPS_EPOCH, GPS_TURN_S, GPS_WEEK_S, nearest, newest
from feeds.names import is_entity_id
from feeds.report import UnitReport

MPH = 0.44704
KMH = 1 / 3.6
"""Metres a second."""
LEAP_S = 18.0
"""GPS time is ahead of UTC by this, seconds (since 2017)."""
UNITS_MAX = 5000
"""Units remembered of one connection; the one heard longest ago is forgotten first."""

_PIECE = re.compile(rb">[^<>\r\n]*<?|[^<>\r\n]+<?")
_MESSAGE = re.compile(rb">(?P<kind>[A-Z]{3})(?P<body>[^;*<]*)(?P<tags>[^<]*)<?")
_SUM = re.compile(rb"\*([0-9A-Fa-f]{2})[ \t]*<?\Z")
_ID = re.compile(rb";ID=([^;*<]+)")
_NUMBER = re.compile(rb";(#(?:(\w{1,8}):)?[0-9A-Fa-f]{4})(?=[;*<]|\Z)")

_DAY = rb"(?P<tod>[0-9]{5})"
_FINE = rb"(?P<lat>[+-][0-9]{7})(?P<lon>[+-][0-9]{8})"
_MOVING = rb"(?P<speed>[0-9]{3})(?P<course>[0-9]{3})"
_KIND = rb"(?P<source>[0-9])(?P<age>[0-9])"
_DATED = rb"(?P<date>[0-9]{6})(?P<clock>[0-9]{6})"
_MINUTES = rb"(?P<dm_lat>[+-][0-9]{4}\.[0-9]{4})(?P<dm_lon>[+-][0-9]{5}\.[0-9]{4})"
_STATE = rb"(?P<fix>[0-9])(?P<fix_age>[0-9A-Fa-f]{2})"

_LAYOUTS = {
    b"RPV": re.compile(_DAY + _FINE + _MOVING + _KIND),
    b"REV": re.compile(rb"[0-9]{2}(?P<week>[0-9]{4})(?P<day>[0-6])" + _DAY + _FINE + _MOVING + _KIND),
    b"RCP": re.compile(_DAY + rb"(?P<lat>[+-][0-9]{6})(?P<lon>[+-][0-9]{7})" + _KIND),
    b"RLN": re.compile(
        rb"(?P<tod>[0-9]{8})(?P<lat>[+-][0-9]{9})(?P<lon>[+-][0-9]{10})[+-][0-9]{8}(?P<speed>[0-9]{4})[+-][0-9]{4}"
        rb"(?P<course>[0-9]{4})[0-9]{2}[0-9A-Fa-f]*" + _KIND
    ),
    b"RGP": re.compile(_DATED + rb"(?:" + _FINE + rb"|" + _MINUTES + rb")" + _MOVING + _STATE + rb".*"),
    b"RTT": re.compile(_DATED + _FINE + _MOVING + _STATE + rb".*"),
    b"RPI": re.compile(_DATED + _FINE + rb"[0-9]{6}" + _STATE + rb".*"),
    b"RUS": re.compile(rb"00," + _DATED + _FINE + rb"[0-9]{6}" + _STATE + rb".*"),
} | dict.fromkeys(
    (b"RCQ", b"RBR", b"RCV"), re.compile(rb"[0-9]{2}" + _DATED + _FINE + _MOVING + rb"[0-9A-Fa-f]{2}.*")
)  # fmt: skip
_IN_MPH = frozenset({b"RPV", b"REV", b"RLN"})


class _Parts(NamedTuple):
    """A message taken apart."""

    kind: bytes
    fields: re.Match[bytes] | None
    """None: a kind we do not take, or one that is not laid out as its kind is."""
    tags: bytes
    summed: str
    """`star`, `no star`, `none`, `wrong`."""


def _pieces(frame: bytes) -> Iterator[bytes]:
    """Yield the frame's messages, and what stands between them, without blanks around."""
    return (piece for match in _PIECE.finditer(frame) if (piece := match[0].strip()))


def _summed(raw: bytes) -> str:
    said = _SUM.search(raw)
    if said is None:
        return "none"
    found = reduce(xor, raw[: said.start()])
    return {found ^ 0x2A: "star", found: "no star"}.get(int(said[1], 16), "wrong")


def _parts(raw: bytes) -> _Parts | None:
    """Return the parts of a message, None when it is not TAIP."""
    message = _MESSAGE.fullmatch(raw)
    if message is None:
        return None
    layout = _LAYOUTS.get(message["kind"])
    fields = layout.fullmatch(raw, message.start("body"), message.end("body")) if layout is not None else None
    return _Parts(message["kind"], fields, message["tags"], _summed(raw))


def _said_id(tags: bytes) -> str:
    """Return the id in a message's tags, `""` when there is none."""
    found = _ID.search(tags)
    return found[1].decode("ascii", "replace").strip() if found is not None else ""


def _scaled(digits: bytes, whole: int) -> float:
    """Return the number of which `whole` characters, a sign among them, stand before the point."""
    return int(digits) / float(10 ** (len(digits) - whole))


def _degrees(digits: bytes) -> float:
    """Return degrees for `+ddmm.mmmm` or `+dddmm.mmmm`."""
    degrees = int(digits[1:-7]) + float(digits[-7:]) / 60
    return -degrees if digits.startswith(b"-") else degrees


def _moment(fields: re.Match[bytes]) -> tuple[float, bool]:
    """Return the time it states, and whether that is a date too: Unix seconds if so, else of the day."""
    said = fields.groupdict()
    if "date" in said:
        if said["date"] == b"000000":
            raise DecodeError("no fix")
        day, month, year, hour, minute, second = (
            int((said["date"] + said["clock"])[at : at + 2]) for at in range(0, 12, 2)
        )
        year += 1900 if year >= 70 else 2000
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp(), True
        except ValueError:
            raise DecodeError("time out of range") from None
    of_day = int(said["tod"]) / (1000 if len(said["tod"]) == 8 else 1)
    if of_day >= DAY_S:
        raise DecodeError("time out of range")
    if "week" in said:
        return GPS_EPOCH + int(said["week"]) * GPS_WEEK_S + int(said["day"]) * DAY_S + of_day, True
    return of_day, False


def _has_fix(said: dict[str, bytes]) -> bool:
    if "age" in said:
        return said["age"] not in (b"0", b"9")
    return said.get("fix", b"3") not in (b"0", b"9") and said.get("fix_age", b"00").upper() != b"FF"


def _place(said: dict[str, bytes]) -> tuple[float, float]:
    """Return latitude and longitude. Raises DecodeError."""
    if said["lat"] is not None:
        lat, lon = _scaled(said["lat"], 3), _scaled(said["lon"], 4)
    else:
        lat, lon = _degrees(said["dm_lat"]), _degrees(said["dm_lon"])
    if abs(lat) > 90:
        raise DecodeError("lat out of range")
    if abs(lon) > 180:
        raise DecodeError("lon out of range")
    if lat == 0 and lon == 0:  # a device that has no fix yet, not a car in the Gulf of Guinea
        raise DecodeError("no fix")
    return lat, lon


class _Heard:
    """What is remembered of one unit."""

    __slots__ = ("at", "gps_time")

    def __init__(self) -> None:
        self.at = -1.0
        """Of the last fix that was told with its velocity, Unix seconds."""
        self.gps_time = False


class _Decoder:
    """Remembers of each unit its last whole fix, and in which time it counts."""

    def __init__(self, opening: Opening) -> None:
        self._unit = opening.unit
        self._heard: OrderedDict[str, _Heard] = OrderedDict()

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's messages. Raises DecodeError when it holds none at all."""
        decoded = Decoded([], [], [])
        index = -1
        for index, piece in enumerate(_pieces(frame)):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                report = self._message(piece, received_at)
            except DecodeError as error:
                decoded.refusals.append(Refusal(index, error.reason))
                continue
            if report is not None:
                decoded.add(index, report)
        if index < 0:
            raise DecodeError("not TAIP" if frame.strip() else "empty message")
        return decoded

    def _message(self, raw: bytes, received_at: float) -> UnitReport | None:
        parts = _parts(raw)
        if parts is None:
            raise DecodeError("not TAIP")
        if parts.summed == "wrong":
            raise DecodeError("checksum wrong")
        if parts.kind not in _LAYOUTS:
            raise DecodeError("unsupported message")
        if parts.fields is None:
            raise DecodeError("layout unknown")
        unit_id = _said_id(parts.tags) or self._unit
        if not is_entity_id(unit_id):
            raise DecodeError("ID outside its grammar")
        said = parts.fields.groupdict()
        if not _has_fix(said):
            raise DecodeError("no fix")
        lat, lon = _place(said)
        course = _scaled(said["course"], 3) if "course" in said else None
        if course is not None and course > 360:
            raise DecodeError("course out of range")
        heard = self._remember(unit_id)
        observed_at = _observed_at(parts.fields, heard, received_at)
        if parts.kind == b"RCP" and observed_at == heard.at:
            return None
        if "speed" in said:
            heard.at = observed_at
        return UnitReport(
            observed_at=observed_at,
            unit_id=unit_id,
            lat=lat,
            lon=lon,
            course_deg=course,
            speed_mps=_scaled(said["speed"], 3) * (MPH if parts.kind in _IN_MPH else KMH) if "speed" in said else None,
            fix_method="dr" if said.get("source") in (b"6", b"8") else "gps",
        )

    def _remember(self, unit_id: str) -> _Heard:
        heard = self._heard.setdefault(unit_id, _Heard())
        self._heard.move_to_end(unit_id)
        if len(self._heard) > UNITS_MAX:
            self._heard.popitem(last=False)
        return heard


def _observed_at(fields: re.Match[bytes], heard: _Heard, received_at: float) -> float:
    """Return when it was observed, Unix seconds UTC, and note whether the unit counts in GPS time."""
    at, dated = _moment(fields)
    if not dated:
        at = nearest(at, DAY_S, received_at)
    elif "week" in fields.re.groupindex:
        at = newest(at, GPS_TURN_S, received_at + DAY_S)
    else:
        return at
    if abs(at - received_at - LEAP_S) < LEAP_S / 2:
        heard.gps_time = True
    return max(0.0, at - LEAP_S) if heard.gps_time else at


def _speaker(frame: bytes) -> str:
    return _said_id(next(_pieces(frame), b""))


def _reply(frame: bytes, now: float) -> bytes:
    """Return what numbered messages wait for, in the form of each; a damaged one is left to be sent again."""
    answers = bytearray()
    for index, piece in enumerate(_pieces(frame)):
        parts = _parts(piece)
        if parts is None or parts.summed == "wrong" or index >= MESSAGES_MAX:
            continue
        said, number = _ID.search(parts.tags), _NUMBER.search(parts.tags)
        if said is None or number is None or not is_entity_id(_said_id(parts.tags)):
            continue
        words = [b"ID=" + said[1], number[1]] if said.start() < number.start() else [number[1], b"ID=" + said[1]]
        if number[2]:  # `#IP0:1EF7`, `#LOG:DECB`: the number of a place in the device's log
            answers += b">SAK;" + b";".join(words) + b"<"
        else:
            text = b">ACK;" + b";".join(words) + b";"
            found = reduce(xor, text) ^ (0 if parts.summed == "no star" else 0x2A)
            answers += text + b"*%02X<" % found
    return bytes(answers)


def _split(data: bytes) -> list[Message]:
    """Return a file's messages; a time of day is dated by the dated message before it, else by the next."""
    found: list[tuple[bytes, tuple[float, bool] | None]] = []
    for piece in _pieces(data):
        parts = _parts(piece)
        moment = None
        if parts is not None and parts.fields is not None:
            with contextlib.suppress(DecodeError):
                moment = _moment(parts.fields)
        found.append((piece, moment))
    near = next((moment[0] for _, moment in found if moment is not None and moment[1]), None)
    messages = []
    for piece, moment in found:
        if moment is None:
            messages.append(Message(piece, None, whole=False))
            continue
        at = moment[0] if moment[1] or near is None else nearest(moment[0], DAY_S, near)
        messages.append(Message(piece, at))
        near = at
    return messages


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the message with its time moved by `by_s` seconds, and a checksum that was right right again."""
    parts = _parts(raw)
    if not by_s or parts is None or parts.fields is None:
        return raw
    try:
        at, _ = _moment(parts.fields)
    except DecodeError:
        return raw
    at = max(0.0, at + by_s)
    said = parts.fields
    groups = said.re.groupindex
    if "date" in groups:
        start, stop = said.start("date"), said.end("clock")
        text = datetime.fromtimestamp(round(at), UTC).strftime("%d%m%y%H%M%S").encode()
    elif "week" in groups:
        start, stop = said.start("week"), said.end("tod")
        days, seconds = divmod(round(max(0.0, at - GPS_EPOCH)), int(DAY_S))
        text = b"%04d%d%05d" % (days // 7, days % 7, seconds)
    elif len(said["tod"]) == 8:
        start, stop = said.span("tod")
        text = b"%08d" % (round(at * 1000) % int(DAY_S * 1000))
    else:
        start, stop = said.span("tod")
        text = b"%05d" % (round(at) % int(DAY_S))
    moved = raw[:start] + text + raw[stop:]
    said_sum = _SUM.search(moved)
    if said_sum is None or parts.summed == "wrong":
        return moved
    found = reduce(xor, moved[: said_sum.start()]) ^ (0 if parts.summed == "no star" else 0x2A)
    return moved[: said_sum.start(1)] + b"%02X" % found + moved[said_sum.end(1) :]


ADAPTER = Adapter(
    name="taip",
    title="TAIP: the AVL of police cars, `>RPV...;ID=...;*cc<`",
    sequenced=False,
    opens=_Decoder,
    samples=(
        Sample(b">RPV68584+4188205-0876278102127112;ID=1213R;*21<", reports=1),
        Sample(b">REV042417168584+4188205-0876278102127112;IO=300;SV=9;ID=1213R;#02A7;*64<", reports=1),
        Sample(
            b">RLN68584250+418820512-0876278134+000587300213+0000271308"
            b"020E05230731135B1569219329CB30D2000000000012;ID=1214;*3C<\r\n>RCP68584+418820-087627812;ID=1215;*63<",
            reports=2,
        ),
        Sample(b">RGP040526190304+4188461-08763240034090300FF0100;#0017;ID=B-7;*2D<", reports=1),
        Sample(b">RPV68584+4188205-0876278102127110;ID=1216;*74<", reports=0, refusals=1),
    ),
    stream=lambda: Delimited(b"<"),
    speaker=_speaker,
    reply=_reply,
    capture=Capture(
        speaks=lambda data: re.match(rb"\s*>R[A-Z]{2}[0-9]", data) is not None,
        split=_split,
        move=_move,
    ),
)
