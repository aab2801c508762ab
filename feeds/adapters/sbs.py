"""SBS-1 BaseStation lines (port 30003): what ADS-B receivers (dump1090, readsb, Kinetic) say of aircraft.

Format: 22 columns between commas, `MSG,3,1,1,A1B2C3,1,...`. Owned by Kinetic Avionic. The aircraft is its Mode S
address (column 5, hex). What is known of one comes in different messages, so it is remembered per aircraft:

    MSG,1 call sign    MSG,2 place on the ground    MSG,3 place in the air    MSG,4 speed and track    MSG,6 squawk

- A place gives a report with what is known by then; so does an emergency that begins or ends. Everything else (MSG,4,
  5, 7, 8, a place still unresolved; SEL, ID, AIR, STA, CLK) is remembered or passed over: no report and no refusal.
- Emergency is squawk 7500, 7600 or 7700, or the emergency flag: `manual`. Only another MSG,6 ends it: the other
  messages of some receivers say 0 whatever is squawked.
- Height is a pressure altitude: by some hundred metres, as the weather is, beside the height above the ellipsoid. It is
  taken with `v_err_m` of 200. The vertical rate is dropped.
- Times are the receiver's local time without a zone, or blank. What they do tell is how long the receiver held a
  message: observed is when we received it less (logged - generated), at most a minute; else when we received it.
- Whether it is an aeroplane or a helicopter is not said: its type is `Aircraft`, which the registry does not have.
"""

import math
import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats.framing import Delimited
from feeds.report import UnitReport

FOOT = 0.3048
"""Metres."""
KNOT = 1852 / 3600
"""Metres a second."""
PRESSURE_ERR_M = 200.0
"""About one sigma of a pressure altitude taken for a height, metres."""
AIRCRAFT_MAX = 5000
"""Aircraft remembered; the one heard longest ago is forgotten first."""
MOTION_S = 15.0
"""Speed and track older than this are not said any more, seconds."""
HELD_MAX_S = 60.0
"""No receiver holds a message longer, seconds."""
UNIT_TYPE = "Aircraft"

_COLUMNS = 22
_OTHER = re.compile(r"(?:SEL|ID|AIR|STA|CLK),[^,]*(?:,[^,]*){8,10}")
_HEX = re.compile(r"~?[0-9A-Fa-f]{6}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,12})?")
_SQUAWK = re.compile(r"[0-7]{1,4}")
_DATE = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
_DISTRESS = frozenset({"7500", "7600", "7700"})
_SET = frozenset({"-1", "1"})


class _Aircraft:
    """What is known of one aircraft."""

    __slots__ = ("call_sign", "course_deg", "emergency", "moved_at", "speed_mps")

    def __init__(self) -> None:
        self.call_sign: str | None = None
        self.speed_mps: float | None = None
        self.course_deg: float | None = None
        self.moved_at = -math.inf
        """When speed and course were received, Unix seconds."""
        self.emergency = False


def _number(columns: list[str], column: int, name: str, low: float, high: float) -> float | None:
    """Return the number in the column (from 1), None when it is blank. Raises DecodeError."""
    text = columns[column - 1].strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise DecodeError(f"{name} is not a number", f"column {column}")
    value = float(text)
    if not low <= value <= high:
        raise DecodeError(f"{name} out of range", f"column {column}")
    return value


def _stamp(day: str, clock: str) -> datetime | None:
    """Return the receiver's local time, as if it were UTC; None when blank or not a time."""
    on, at = _DATE.fullmatch(day.strip()), _TIME.fullmatch(clock.strip())
    if on is None or at is None:
        return None
    try:
        microsecond = int((at[4] or "0").ljust(6, "0"))
        return datetime(int(on[1]), int(on[2]), int(on[3]), int(at[1]), int(at[2]), int(at[3]), microsecond, UTC)
    except ValueError:
        return None


def _held_s(columns: list[str]) -> float:
    """Return how long the receiver held the message, seconds; 0 when it does not say."""
    generated, logged = _stamp(columns[6], columns[7]), _stamp(columns[8], columns[9])
    if generated is None or logged is None:
        return 0.0
    return min(max((logged - generated).total_seconds(), 0.0), HELD_MAX_S)


class _Decoder:
    """Remembers what was said of each aircraft."""

    def __init__(self) -> None:
        self._aircraft: OrderedDict[str, _Aircraft] = OrderedDict()

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's lines. Raises DecodeError when it is empty."""
        lines = [line for line in frame.splitlines() if line.strip()]
        if not lines:
            raise DecodeError("empty message")
        decoded = Decoded([], [], [])
        for index, line in enumerate(lines):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                report = self._line(line, received_at)
            except DecodeError as error:
                decoded.refusals.append(Refusal(index, error.reason, error.path))
                continue
            if report is not None:
                decoded.add(index, report)
        return decoded

    def _line(self, line: bytes, received_at: float) -> UnitReport | None:
        try:
            text = line.decode("ascii").strip("\r\n")
        except UnicodeDecodeError:
            raise DecodeError("not SBS") from None
        if not text.startswith("MSG,"):
            if _OTHER.fullmatch(text):
                return None
            raise DecodeError("not SBS")
        columns = text.split(",")
        if len(columns) != _COLUMNS:
            raise DecodeError("wrong number of columns")
        if columns[1] not in {"1", "2", "3", "4", "5", "6", "7", "8"}:
            raise DecodeError("unsupported message", "column 2")
        address = columns[4].strip().upper()
        if not _HEX.fullmatch(address):
            raise DecodeError("hex outside its grammar", "column 5")
        return self._message(columns, address, received_at)

    def _message(self, columns: list[str], address: str, received_at: float) -> UnitReport | None:
        lat, lon = _number(columns, 15, "lat", -90, 90), _number(columns, 16, "lon", -180, 180)
        height = _number(columns, 12, "altitude", -5000, 200_000)
        speed, course = _number(columns, 13, "speed", 0, 1900), _number(columns, 14, "track", 0, 360)
        squawk = columns[17].strip()
        if squawk and not _SQUAWK.fullmatch(squawk):
            raise DecodeError("squawk outside its grammar", "column 18")
        aircraft = self._remember(address)
        if call_sign := " ".join(columns[10].split()).strip("@")[:40]:
            aircraft.call_sign = call_sign
        if speed is not None or course is not None:
            aircraft.speed_mps = None if speed is None else speed * KNOT
            aircraft.course_deg = course
            aircraft.moved_at = received_at
        was = aircraft.emergency
        if columns[19].strip() in _SET or squawk.zfill(4) in _DISTRESS:
            aircraft.emergency = True
        elif columns[1] == "6" and squawk:
            aircraft.emergency = False
        placed = columns[1] in {"2", "3"} and lat is not None and lon is not None
        if not placed and aircraft.emergency == was:
            return None
        fresh = placed and abs(received_at - aircraft.moved_at) <= MOTION_S
        emergency = "manual" if aircraft.emergency else "none" if was else None
        return UnitReport(
            observed_at=max(0.0, received_at - _held_s(columns)),
            unit_id=address,
            call_sign=aircraft.call_sign,
            unit_type=UNIT_TYPE,
            lat=lat if placed else None,
            lon=lon if placed else None,
            course_deg=aircraft.course_deg if fresh else None,
            speed_mps=aircraft.speed_mps if fresh else None,
            hae_m=height * FOOT if placed and height is not None else None,
            v_err_m=PRESSURE_ERR_M if placed and height is not None else None,
            fix_method="gps" if placed else None,
            emergency=emergency,
        )

    def _remember(self, address: str) -> _Aircraft:
        aircraft = self._aircraft.setdefault(address, _Aircraft())
        self._aircraft.move_to_end(address)
        if len(self._aircraft) > AIRCRAFT_MAX:
            self._aircraft.popitem(last=False)
        return aircraft


_STAMPS = re.compile(
    rb"(?:MSG|SEL|ID|AIR|STA|CLK)(?:,[^,\r\n]*){5},([0-9/]+),([0-9:.]+),([0-9/]*),([0-9:.]*)(?=,|[\r\n]|\Z)"
)


def _split(data: bytes) -> list[Message]:
    """Return a file's lines, each with its line end."""
    messages = []
    for line in data.splitlines():
        if not line.strip():
            continue
        stamps = _STAMPS.match(line)
        at = _stamp(stamps[1].decode(), stamps[2].decode()) if stamps is not None else None
        messages.append(Message(line + b"\r\n", at.timestamp() if at is not None else None))
    return messages


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the line with both its times moved by `by_s` seconds."""
    stamps = _STAMPS.match(raw)
    if not by_s or stamps is None:
        return raw
    moved = []
    for day, clock in ((stamps[1], stamps[2]), (stamps[3], stamps[4])):
        at = _stamp(day.decode(), clock.decode())
        if at is None:
            moved += [day, clock]
            continue
        try:
            text = (at + timedelta(seconds=by_s)).isoformat(timespec="milliseconds")
        except OverflowError:
            return raw
        moved += [text[:10].replace("-", "/").encode(), text[11:23].encode()]
    return raw[: stamps.start(1)] + b",".join(moved) + raw[stamps.end(4) :]


_AT = b"2026/05/04,14:03:07.100,2026/05/04,14:03:07.350"

ADAPTER = Adapter(
    name="sbs",
    title="SBS-1 BaseStation lines of ADS-B receivers (port 30003): aircraft",
    sequenced=False,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(b"MSG,3,1,1,A4F1C2,1," + _AT + b",,1450,,,41.88205,-87.62781,,,0,0,0,0\r\n", reports=1),
        Sample(
            b"MSG,1,1,1,A4F1C2,1," + _AT + b",CPD1    ,,,,,,,,,,,0\r\n"
            b"MSG,4,1,1,A4F1C2,1," + _AT + b",,,84.0,271.5,,,-64,,,,,0\r\n"
            b"MSG,3,1,1,A4F1C2,1," + _AT + b",,1425,,,41.88210,-87.62990,,,0,0,0,0\r\n",
            reports=1,
        ),
        Sample(b"MSG,6,1,1,A4F1C2,1," + _AT + b",,1425,,,,,,7700,0,-1,0,0\r\n", reports=1),
        Sample(b"MSG,3,1,1,A4F1C2,1," + _AT + b",,1425,,,141.88210,-87.62990,,,0,0,0,0\r\n", reports=0, refusals=1),
        Sample(b"SEL,,1,1,A4F1C2,1," + _AT + b",CPD1\r\n", reports=0),
    ),
    stream=lambda: Delimited(b"\n"),
    capture=Capture(
        speaks=lambda data: (
            re.match(rb"\s*(?:MSG,[1-8],|(?:SEL|ID|AIR|STA|CLK),[^,\r\n]*(?:,[0-9A-Fa-f~]*){2,3},)", data) is not None
        ),
        split=_split,
        move=_move,
    ),
)
