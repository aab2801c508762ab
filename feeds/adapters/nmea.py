"""NMEA 0183: the sentences of GPS receivers and of modems that pass them on, `$GPRMC,...*hh`.

Format: NMEA 0183, read by `pynmea2`. Owned by the National Marine Electronics Association. A sentence names nobody:
every report is about the unit of the connection.

One fix comes in several sentences. What is taken
- RMC (place, speed in knots, course, date and time) is the report.
- GGA is one only while no RMC was told for 15 s. Else it gives the RMC its error and height, of the same epoch or the
  one before: some receivers send it after the RMC. The error is 5 m for each unit of HDOP; the height is above the
  ellipsoid, so it needs the geoid separation.
- GLL is a report only while neither was told for 15 s; VTG gives GGA and GLL their speed and course.
- ZDA and RMC say the date; else a time of day is that nearest to when it was received.
- A sentence that only adds to another, or repeats it, is no report and no refusal; nor is what a healthy receiver says
  of itself all the time (satellites in view and in use, error statistics, its own text). Without a fix: refused as
  `no fix`. All others (routes, wind, AIS) are refused as `unsupported sentence`.
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import pynmea2

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Opening, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats.framing import Delimited
from feeds.formats.rollover import DAY_S, nearest
from feeds.report import UnitReport

KNOT = 1852 / 3600
"""Metres a second."""
HDOP_M = 5.0
"""Horizontal error for each unit of HDOP, metres: what a single receiver does in the open."""
HDOP_MAX = 50.0
"""From here on it means that the receiver does not know (99.99)."""
LEADS_S = 15.0
"""So long after a better sentence the lesser ones are no reports, seconds by our clock: more than the usual cadence."""
YEAR_MAX = 2999
BESIDE_S = 2.0
"""So far apart two sentences may be and still be one fix, seconds."""

_PIECE = re.compile(rb"[$!]?[^$!\r\n]+|[$!]")
_TAKEN = re.compile(rb"\$[A-Z]{2}(RMC|GGA|GLL|VTG|ZDA),[ -~]*")
_ASIDE = re.compile(rb"\$[A-Z]{2}(?:GSV|GSA|GST|GRS|GBS|TXT),[ -~]*")
_SENTENCE = re.compile(rb"[$!][A-Z][A-Z0-9]{2,9},[ -~]*")
_SUM = re.compile(rb"\*([0-9A-Fa-f]{2})\Z")
_TIME = re.compile(rb"([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,6}))?")
_WHOLE = {"RMC": 9, "GGA": 12, "GLL": 6, "VTG": 7, "ZDA": 4}
"""Fields that must be there: a line that was cut short must not pass where it has no checksum."""
_RANKS = {"RMC": 0, "GGA": 1, "GLL": 2}
"""Which sentence tells a fix best; what is damaged or has no fix does not keep the next from telling it."""
_TIME_AT = {b"RMC": 1, b"GGA": 1, b"GLL": 5, b"ZDA": 1}
"""Which of a sentence's comma-separated parts is the time of day."""

_FIX_METHOD = {"E": "dr", "M": "manual", "6": "dr", "7": "manual"}
"""RMC's and GLL's mode, GGA's quality; all else that has a fix is GPS."""
_QUALITIES = frozenset("12345678")
_NO_FIX = frozenset({"N", "V"})
_SIMULATED = frozenset({"S", "8"})


class _Error(NamedTuple):
    """What a GGA said besides the place."""

    at: float
    h_err_m: float | None
    hae_m: float | None


class _Motion(NamedTuple):
    """What a VTG said; `at` is when it was received."""

    at: float
    course_deg: float | None
    speed_mps: float | None


_NOWHEN = float("-inf")


def _pieces(frame: bytes) -> Iterator[bytes]:
    """Yield the frame's sentences, cut at `$` and `!` too: a lost line end costs no sentence."""
    return (piece for match in _PIECE.finditer(frame) if (piece := match[0].strip()))


def _number(value: object, name: str, low: float, high: float) -> float | None:
    """Return the number, None when it was not said. Raises DecodeError."""
    if value is None or value == "":
        return None
    try:
        number = float(str(value))
    except ValueError:
        raise DecodeError(f"{name} is not a number") from None
    if not math.isfinite(number):
        raise DecodeError(f"{name} is not a number")
    if not low <= number <= high:
        raise DecodeError(f"{name} out of range")
    return number


def _degrees(text: str, side: str, sides: str, name: str, high: int) -> float:
    """Return degrees for `dddmm.mmm` and its hemisphere. Raises DecodeError."""
    if not text or not side:
        raise DecodeError(f"{name} missing")
    if side not in sides:
        raise DecodeError(f"{name} malformed")
    try:
        degrees = float(pynmea2.dm_to_sd(text))
    except ValueError:
        raise DecodeError(f"{name} malformed") from None
    if float(text) % 100 >= 60:
        raise DecodeError(f"{name} malformed")
    if degrees > high:
        raise DecodeError(f"{name} out of range")
    return degrees if side == sides[0] else -degrees


def _of_day(said: object) -> float:
    """Return the time of day, seconds. Raises DecodeError."""
    if not isinstance(said, time):
        raise DecodeError("time missing" if said is None else "time out of range")
    return said.hour * 3600 + said.minute * 60 + said.second + said.microsecond / 1e6


def _midnight(said: object) -> float:
    """Return when a day begins, Unix seconds. Raises DecodeError."""
    if not isinstance(said, date):
        raise DecodeError("date missing" if said is None else "date out of range")
    at = datetime(said.year, said.month, said.day, tzinfo=UTC).timestamp()
    if at < 0:
        raise DecodeError("date out of range")
    return at


class _Decoder:
    """Remembers the latest sentences of its one unit: how old they are decides which of them is the report."""

    def __init__(self, opening: Opening) -> None:
        self._unit = opening.unit
        self._ahead = 0.0
        """How far the sender's clock was ahead of ours when it last said a date, seconds."""
        self._heard = [_NOWHEN] * len(_RANKS)
        """When each sentence last gave a report, Unix seconds by our clock."""
        self._error = _Error(_NOWHEN, None, None)
        self._motion = _Motion(_NOWHEN, None, None)

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's sentences. Raises DecodeError when it is empty."""
        pieces = list(_pieces(frame))
        if not pieces:
            raise DecodeError("empty message")
        refusals: list[Refusal] = []
        told: list[tuple[int, UnitReport]] = []
        best = _RANKS["GLL"]
        for index, piece in enumerate(pieces):
            if index == MESSAGES_MAX:
                refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                found = self._sentence(piece, received_at)
            except DecodeError as error:
                refusals.append(Refusal(index, error.reason))
                continue
            if found is not None and found[0] <= best:
                if found[0] < best:  # the GGA of an epoch may come before its RMC
                    best, told = found[0], []
                told.append((index, found[1]))
        return Decoded([report for _, report in told], [index for index, _ in told], refusals)

    def _sentence(self, piece: bytes, received_at: float) -> tuple[int, UnitReport] | None:
        """Return the sentence's report and its rank, None when a better sentence was heard or it has none."""
        taken = _TAKEN.fullmatch(piece)
        if taken is None:
            if _ASIDE.fullmatch(piece):
                return None
            raise DecodeError("unsupported sentence" if _SENTENCE.fullmatch(piece) else "not NMEA")
        try:
            said = pynmea2.parse(piece.decode("ascii"))
        except pynmea2.ChecksumError:
            raise DecodeError("checksum wrong") from None
        except ValueError:
            raise DecodeError("not NMEA") from None
        if len(said.data) < _WHOLE[said.sentence_type]:
            raise DecodeError("cut short")
        match said.sentence_type:
            case "RMC":
                return self._ranked("RMC", self._rmc(said, received_at), received_at)
            case "GGA":
                return self._ranked("GGA", self._gga(said, received_at), received_at)
            case "GLL":
                return self._ranked("GLL", self._gll(said, received_at), received_at)
            case "VTG":
                course = _number(said.true_track, "course", 0, 360)
                speed = _number(said.spd_over_grnd_kts, "speed", 0, 1900)
                self._motion = _Motion(received_at, course, None if speed is None else speed * KNOT)
                return None
            case _:  # ZDA
                day = [_number(part, "date", 0, YEAR_MAX) for part in (said.year, said.month, said.day)]
                try:
                    begins = _midnight(date(*(int(part or 0) for part in day)))
                except ValueError:
                    raise DecodeError("date out of range") from None
                self._ahead = begins + _of_day(said.timestamp) - received_at
                return None

    def _rmc(self, said: pynmea2.RMC, received_at: float) -> UnitReport:
        if said.status != "A":
            raise DecodeError("no fix")
        at = _midnight(said.datestamp) + _of_day(said.timestamp)
        course = _number(said.true_course, "course", 0, 360)
        speed = _number(said.spd_over_grnd, "speed", 0, 1900)
        motion = _Motion(received_at, course, None if speed is None else speed * KNOT)
        error = self._error if abs(self._error.at - at) <= BESIDE_S else None
        report = self._report(said, said.mode_indicator, at, motion, error)
        self._ahead = at - received_at
        return report

    def _gga(self, said: pynmea2.GGA, received_at: float) -> UnitReport:
        quality = str(said.gps_qual)
        if quality not in _QUALITIES:
            raise DecodeError("no fix")
        at = self._dated(said, received_at)
        hdop = _number(said.horizontal_dil, "HDOP", 0, 1e4)
        height = _number(said.altitude, "height", -11000, 99000)
        geoid = _number(said.geo_sep, "geoid separation", -200, 200)
        error = _Error(
            at,
            hdop * HDOP_M if hdop and hdop < HDOP_MAX else None,
            height + geoid if height is not None and geoid is not None else None,
        )
        report = self._report(said, quality, at, self._beside(received_at), error)
        self._error = error
        return report

    def _gll(self, said: pynmea2.GLL, received_at: float) -> UnitReport:
        if said.status != "A":
            raise DecodeError("no fix")
        at = self._dated(said, received_at)
        return self._report(said, said.faa_mode, at, self._beside(received_at), None)

    def _ranked(self, name: str, report: UnitReport, received_at: float) -> tuple[int, UnitReport] | None:
        rank = _RANKS[name]
        if any(abs(received_at - heard) <= LEADS_S for heard in self._heard[:rank]):
            return None
        self._heard[rank] = received_at
        return rank, report

    def _beside(self, received_at: float) -> _Motion | None:
        return self._motion if abs(received_at - self._motion.at) <= BESIDE_S else None

    def _dated(self, said: pynmea2.TalkerSentence, received_at: float) -> float:
        return nearest(_of_day(said.timestamp), DAY_S, received_at + self._ahead)

    def _report(
        self, said: pynmea2.TalkerSentence, mode: str, at: float, motion: _Motion | None, error: _Error | None
    ) -> UnitReport:
        if mode in _NO_FIX:
            raise DecodeError("no fix")
        return UnitReport(
            observed_at=at,
            status="test" if mode in _SIMULATED else "actual",
            unit_id=self._unit,
            lat=_degrees(said.lat, said.lat_dir, "NS", "lat", 90),
            lon=_degrees(said.lon, said.lon_dir, "EW", "lon", 180),
            course_deg=motion.course_deg if motion else None,
            speed_mps=motion.speed_mps if motion else None,
            hae_m=error.hae_m if error else None,
            h_err_m=error.h_err_m if error else None,
            fix_method=_FIX_METHOD.get(mode, "gps"),
        )


class _Stated(NamedTuple):
    """The time in a sentence, as it stands there."""

    parts: list[bytes]
    """The sentence without its checksum, at the commas."""
    kind: bytes
    day: float | None
    """When its day begins, Unix seconds; None: it does not say."""
    of_day: float
    decimals: int


def _stated(raw: bytes) -> _Stated | None:
    taken = _TAKEN.fullmatch(raw.strip())
    if taken is None or taken[1] not in _TIME_AT:
        return None
    kind = taken[1]
    parts = _SUM.sub(b"", raw.strip()).split(b",")
    try:
        clock = _TIME.fullmatch(parts[_TIME_AT[kind]])
        if clock is None:
            return None
        day = None
        if kind == b"RMC":
            day = _midnight(datetime.strptime(parts[9].decode(), "%d%m%y").date())  # noqa: DTZ007
        elif kind == b"ZDA":
            day = _midnight(date(int(parts[4]), int(parts[3]), int(parts[2])))
    except (DecodeError, ValueError, IndexError):
        return None
    fraction = clock[4] or b""
    of_day = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3]) + int(fraction or 0) / 10 ** len(fraction)
    return _Stated(parts, kind, day, of_day, len(fraction))


def _split(data: bytes) -> list[Message]:
    """Return a file's sentences, each with its line end; one without a date has that of its neighbours."""
    found = [(piece + b"\r\n", _stated(piece)) for piece in _pieces(data)]
    near = next((said.day + said.of_day for _, said in found if said is not None and said.day is not None), None)
    messages = []
    for raw, said in found:
        if said is None:
            messages.append(Message(raw, None, whole=_TAKEN.fullmatch(raw.strip()) is not None))
            continue
        if said.day is not None:
            near = said.day + said.of_day
        else:
            near = said.of_day if near is None else nearest(said.of_day, DAY_S, near)
        messages.append(Message(raw, near))
    return messages


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the sentence with its time and date moved by `by_s` seconds, and a right checksum right again."""
    said = _stated(raw)
    if not by_s or said is None:
        return raw
    parts, scale = list(said.parts), 10**said.decimals
    ticks = max(0, round(((said.day or 0.0) + said.of_day + by_s) * scale))
    if said.day is None:
        ticks %= int(DAY_S) * scale
    seconds, fraction = divmod(ticks, scale)
    moved = datetime.fromtimestamp(seconds, UTC)
    tail = f".{fraction:0{said.decimals}d}" if said.decimals else ""
    parts[_TIME_AT[said.kind]] = (moved.strftime("%H%M%S") + tail).encode()
    if said.kind == b"RMC":
        parts[9] = moved.strftime("%d%m%y").encode()
    elif said.kind == b"ZDA":
        parts[2:5] = [moved.strftime("%d").encode(), moved.strftime("%m").encode(), b"%04d" % moved.year]
    text = b",".join(parts)
    if (old := _SUM.search(raw.strip())) is None:
        return text + b"\r\n"
    right = pynmea2.NMEASentence.checksum(b",".join(said.parts)[1:].decode("ascii")) == int(old[1], 16)
    new = b"%02X" % pynmea2.NMEASentence.checksum(text[1:].decode("ascii")) if right else old[1]
    return text + b"*" + new + b"\r\n"


ADAPTER = Adapter(
    name="nmea",
    title="NMEA 0183: GPS receivers, and modems that pass their sentences on",
    sequenced=False,
    opens=_Decoder,
    samples=(
        Sample(b"$GPRMC,190304.00,A,4152.9230,N,08737.6686,W,18.3,271.0,040526,,,A*77\r\n", reports=1),
        Sample(
            b"$GNGGA,190305.00,4152.9231,N,08737.6732,W,1,11,0.8,182.4,M,-33.9,M,,*4D\r\n"
            b"$GNRMC,190305.00,A,4152.9231,N,08737.6732,W,18.1,270.6,040526,,,A*62\r\n",
            reports=1,
        ),
        Sample(b"$GPGGA,190306.00,4152.9231,N,08737.6777,W,2,09,1.1,182.1,M,-33.9,M,,*56\r\n", reports=1),
        Sample(b"$GPGLL,4152.9231,N,08737.6822,W,190307.00,A,A*79\r\n", reports=1),
        Sample(b"$GPRMC,190308.00,V,,,,,,,040526,,,N*7B\r\n", reports=0, refusals=1),
        Sample(b"$GPZDA,190309.00,04,05,2026,00,00*63\r\n", reports=0),
    ),
    stream=lambda: Delimited(b"\n"),
    capture=Capture(
        speaks=lambda data: re.match(rb"\s*(?:\$[A-Z]{2}[A-Z]{3},|\$P[A-Z]{3}|![A-Z]{2}VD[MO],)", data) is not None,
        split=_split,
        move=_move,
    ),
)
