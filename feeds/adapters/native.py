"""JointOps' own dialect: JSON, one object or an array of them, in the vocabulary's own field names.

Who speaks it: anything that can open a WebSocket. Owned by the project; `docs/feeds.md` and `feeds/report.py` say
what a message may hold. A message is `{"kind": "unit", "seq": 1, "observed_at": ..., ...fields}`; times are Unix
seconds or RFC 3339. A field we do not know is dropped here and goes nowhere.

Fast path: the whole frame in one typed decode, about 1 us a report. Only when that fails, or when a message may
name an agency, is the frame taken apart item by item, so that a bad message costs itself alone.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Refusal, Sample
from feeds.errors import DecodeError
from feeds.report import AnyReport

_SEQ_MAX = 2**53
_TIMES = ("observed_at", "sent_at", "stale_at", "alert_until")

_decode_many = msgspec.json.Decoder(list[AnyReport]).decode
_decode_one: Callable[[bytes | Raw], AnyReport] = msgspec.json.Decoder(AnyReport).decode
_decode_loose = msgspec.json.Decoder().decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode

_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on bytes of the outside."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_FIELD = re.compile(r"\.(\w+)(?:\[[^\]]*\])*\Z")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_BOUND = re.compile(r"Expected `[^`]*` [<>]=? |Number out of range|Integer value out of range")


def _instant(text: str) -> float:
    """Return Unix seconds for RFC 3339 text. Raises msgspec.ValidationError."""
    at: datetime = msgspec.convert(text, Annotated[datetime, Meta(tz=True)])
    return at.timestamp()


def _reason(error: Exception) -> tuple[str, str]:
    """Return a short stable reason and the path, without the payload that msgspec's own text may quote."""
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON", ""
    text, _, where = str(error).partition(" - at `")
    path = where.rstrip("`") or "$"
    if missing := _MISSING.match(text):
        return f"{missing[1]} missing", f"{path}.{missing[1]}"
    found = _FIELD.search(path)
    if found is None:
        return "not an object", path
    name = found[1]
    if name == "kind":
        return "unsupported kind", path
    if " of length " in text:
        return f"{name} has a wrong length", path
    if "matching regex" in text:
        return f"{name} outside its grammar", path
    if text.startswith("Invalid enum value"):
        return f"{name} not one of its values", path
    if _BOUND.match(text):
        return f"{name} out of range", path
    if text.startswith("Invalid RFC3339"):
        return f"{name} is not RFC 3339", path
    return f"{name} has a wrong type", path


def _timed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the message with times given as text turned into Unix seconds. Raises DecodeError."""
    out = dict(fields)
    for name in _TIMES:
        if isinstance(value := fields.get(name), str):
            try:
                out[name] = _instant(value)
            except (msgspec.ValidationError, ValueError, OverflowError):
                raise DecodeError(f"{name} is not RFC 3339", f"$.{name}") from None
    return out


def _seq(fields: dict[str, Any]) -> int | None:
    seq = fields.get("seq")
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= _SEQ_MAX else None


def _broken_array(frame: bytes) -> list[bytes]:
    """Return the items of an array whose JSON is faulty somewhere, cut at its own commas. Raises DecodeError.

    A sender whose encoder writes NaN for one unit shall not lose the other units of the frame.
    """
    items: list[bytes] = []
    depth, start = 0, 0
    for token in _TOKEN.finditer(frame):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                items.append(frame[start : token.start()])
                if frame[token.end() :].strip():
                    break
                return [item.strip() for item in items]
            if depth < 0:
                break
        elif mark == b"," and depth == 1:
            items.append(frame[start : token.start()])
            start = token.end()
    raise DecodeError("not JSON")


def _items(frame: bytes) -> list[bytes]:
    """Return the messages of a frame, each as its own JSON text. Raises DecodeError."""
    if not frame.startswith(b"["):
        return [frame]
    try:
        return [bytes(raw) for raw in _decode_items(frame)]
    except _FAILURES:
        return _broken_array(frame)


class _Decoder:
    """Holds nothing between frames."""

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the frame's reports. Raises DecodeError when it is empty or not JSON at all."""
        frame = frame.strip()
        if not frame:
            raise DecodeError("empty message")
        # The two spellings of the key that need no unescaping; any other is an unknown field and is dropped.
        if b'"agency"' not in frame:
            try:
                reports = _decode_many(frame) if frame.startswith(b"[") else [_decode_one(frame)]
            except _FAILURES:
                pass
            else:
                if not reports:
                    raise DecodeError("empty message")
                if len(reports) > MESSAGES_MAX:
                    rest = Refusal(MESSAGES_MAX, TOO_MANY)
                    return Decoded(reports[:MESSAGES_MAX], list(range(MESSAGES_MAX)), [rest])
                return Decoded(reports, list(range(len(reports))), [])
        return self._one_by_one(_items(frame))

    def _one_by_one(self, items: list[bytes]) -> Decoded:
        if not items or items == [b""]:
            raise DecodeError("empty message")
        reports: list[AnyReport] = []
        indexes: list[int] = []
        refusals: list[Refusal] = []
        agencies: dict[int, str] = {}
        for index, item in enumerate(items):
            if index == MESSAGES_MAX:
                refusals.append(Refusal(index, TOO_MANY))
                break
            if b'"agency"' not in item:
                try:
                    reports.append(_decode_one(item))
                    indexes.append(index)
                    continue
                except _FAILURES:
                    pass
            try:
                fields = _decode_loose(item)
            except _FAILURES:
                refusals.append(Refusal(index, "not JSON"))
                continue
            if not isinstance(fields, dict):
                refusals.append(Refusal(index, "not an object", "$"))
                continue
            try:
                report = msgspec.convert(_timed(fields), AnyReport)
            except DecodeError as error:
                refusals.append(Refusal(index, error.reason, error.path, _seq(fields)))
                continue
            except _FAILURES as error:
                refusals.append(Refusal(index, *_reason(error), _seq(fields)))
                continue
            if "agency" in fields:
                agencies[index] = fields["agency"] if isinstance(fields["agency"], str) else ""
            reports.append(report)
            indexes.append(index)
        return Decoded(reports, indexes, refusals, agencies)


def _message(raw: bytes) -> Message:
    try:
        fields = _decode_loose(raw)
    except _FAILURES:
        return Message(raw, None, whole=False)
    if not isinstance(fields, dict):
        return Message(raw, None, whole=False)
    at = fields.get("observed_at")
    if isinstance(at, str):
        try:
            at = _instant(at)
        except (msgspec.ValidationError, ValueError, OverflowError):
            at = None
    return Message(raw, float(at) if isinstance(at, int | float) else None, _seq(fields))


def _split(data: bytes) -> list[Message]:
    """Return a file's messages: one JSON value (object or array), else JSON lines of objects or arrays."""
    text = data.strip()
    try:
        if text.startswith(b"["):
            return [_message(bytes(raw)) for raw in _decode_items(text)]
        if text:
            _decode_loose(text)
            return [_message(text)]
    except _FAILURES:
        pass  # JSON lines, or partly junk
    messages: list[Message] = []
    for line in text.splitlines():
        if line := line.strip():
            try:
                messages += map(_message, _items(line))
            except DecodeError:
                messages.append(Message(line, None, whole=False))
    return messages


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the message with its times moved by `by_s` seconds, as Unix seconds, and with `seq` if given."""
    message = _message(raw)
    if not message.whole or (not by_s and seq is None):
        return raw
    fields = _decode_loose(raw)
    if by_s:
        for name in _TIMES:
            value = fields.get(name)
            if isinstance(value, str):
                try:
                    value = _instant(value)
                except (msgspec.ValidationError, ValueError, OverflowError):
                    continue  # refused at the door, in its own words
            if isinstance(value, int | float) and not isinstance(value, bool):
                fields[name] = round(value + by_s, 3)
    if seq is not None:
        fields["seq"] = seq
    return _encode(fields)


def _join(messages: list[bytes]) -> bytes:
    return b"[" + b",".join(messages) + b"]"


ADAPTER = Adapter(
    name="native",
    title="JointOps JSON: one message or an array, in the vocabulary's own field names",
    sequenced=True,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(
            b'{"kind":"unit","seq":1,"observed_at":"2026-05-04T14:03:07.250-05:00","unit_id":"cpd-1213R",'
            b'"call_sign":"1213R","unit_type":"PatrolUnit","lat":41.88205,"lon":-87.62781,"course_deg":271.5,'
            b'"speed_mps":9.4,"h_err_m":4,"fix_method":"gps","primary_status":"NotAvailable",'
            b'"secondary_status":["EnRoute"],"incident_id":"cpd-26-104711"}',
            reports=1,
        ),
        Sample(
            b'[{"kind":"incident","seq":2,"observed_at":1777921387.5,"incident_id":"cpd-26-104711",'
            b'"type_common":"BURG","status_common":["ResourcesEnroute"],"priority_common":7,'
            b'"lat":41.8846,"lon":-87.6324,"location_type":"Caller","address":"100 W Lake St"},'
            b'{"kind":"camera_event","seq":3,"observed_at":1777921388,"camera_id":"POD-114","event_type":"announced",'
            b'"camera_kind":"ptz","lat":41.8849,"lon":-87.6311,"bearing_deg":265,"fov_deg":60,"range_m":120,'
            b'"camera_state":"live"},'
            b'{"kind":"unit","seq":4,"observed_at":1777921388,"unit_id":"cpd-1214","lat":141.9,"lon":-87.6}]',
            reports=2,
            refusals=1,
        ),
    ),
    capture=Capture(
        speaks=lambda data: data.lstrip()[:1] in (b"{", b"["),
        split=_split,
        move=_move,
        join=_join,
    ),
)
