"""JointOps' own dialect: JSON, one object or an array of them, in the vocabulary's own field names.

Who speaks it: anything that can open a WebSocket. Owned by the project; `docs/feeds.md` and `feeds/report.py` say
what a message may hold. A message is `{"kind": "unit", "seq": 1, "observed_at": ..., ...fields}`; times are Unix
seconds or RFC 3339. A field we do not know is dropped here and goes nowhere.

Fast path: the whole frame in one typed decode, about 1 us a report. Only when that fails, or when a message names an
agency, is the frame taken apart item by item, so that a bad message costs itself alone.

FeedClient sends reports of many units as columns (`feeds/unit_columns.py`), a quarter of the bytes, if the door agreed
to the subprotocol `COLUMNS`. They are read as they are kept in the journal; only when something is wrong with one of
them are they made into messages, and taken apart like the others.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from feeds import unit_columns
from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats.json_text import (
    FAILURES,
    encode,
    fields_of,
    instant,
    items,
    join,
    loose,
    move_times,
    reason,
    seconds,
    split,
)
from feeds.report import AnyReport
from feeds.unit_columns import COLUMNS, LooseColumns, UnitReports, are_columns

_SEQ_MAX = 2**53
_TIMES = ("observed_at", "sent_at", "stale_at", "alert_until", "valid_from", "valid_to")

_decode_many = msgspec.json.Decoder(list[AnyReport]).decode
_decode_one: Callable[[bytes], AnyReport] = msgspec.json.Decoder(AnyReport).decode
_decode_loose = msgspec.msgpack.Decoder(LooseColumns).decode


def _timed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the message with times given as text turned into Unix seconds. Raises DecodeError."""
    out = dict(fields)
    for name in _TIMES:
        if isinstance(value := fields.get(name), str):
            if (at := instant(value)) is None:
                raise DecodeError(f"{name} is not RFC 3339", f"$.{name}")
            out[name] = at
    return out


def _seq(fields: dict[str, Any]) -> int | None:
    seq = fields.get("seq")
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= _SEQ_MAX else None


class _Decoder:
    """Holds nothing between frames."""

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the frame's reports. Raises DecodeError when it is empty or not JSON at all."""
        if are_columns(frame):
            return self._columns(frame)
        frame = frame.strip()
        if not frame:
            raise DecodeError("empty message")
        try:
            reports = _decode_many(frame) if frame.startswith(b"[") else [_decode_one(frame)]
        except FAILURES:
            return self._one_by_one(items(frame))
        if not reports:
            raise DecodeError("empty message")
        refusals = []
        if len(reports) > MESSAGES_MAX:
            reports, refusals = reports[:MESSAGES_MAX], [Refusal(MESSAGES_MAX, TOO_MANY)]
        return Decoded(reports, list(range(len(reports))), refusals)

    def _columns(self, frame: bytes) -> Decoded:
        try:
            columns = unit_columns.decode(frame)
            if 0 < len(columns) <= MESSAGES_MAX:
                return Decoded(UnitReports(columns), range(len(columns)), [])
        except DecodeError:
            return self._one_by_one(_messages(frame))
        raise DecodeError(TOO_MANY if columns.ids else "empty message")

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
            try:
                reports.append(_decode_one(item))
                indexes.append(index)
                continue
            except FAILURES:
                pass
            try:
                fields = loose(item)
            except FAILURES:
                refusals.append(Refusal(index, "not JSON"))
                continue
            if not isinstance(fields, dict):
                refusals.append(Refusal(index, "not an object", "$"))
                continue
            agency = fields.pop("agency", None)
            try:
                report = msgspec.convert(_timed(fields), AnyReport)
            except DecodeError as error:
                refusals.append(Refusal(index, error.reason, error.path, _seq(fields)))
                continue
            except FAILURES as error:
                refusals.append(Refusal(index, *reason(error), _seq(fields)))
                continue
            if agency is not None:
                agencies[index] = agency if isinstance(agency, str) else ""
            reports.append(report)
            indexes.append(index)
        refused = {refusal.index: items[refusal.index] for refusal in refusals}
        return Decoded(reports, indexes, refusals, agencies, refused)


def _messages(frame: bytes) -> list[bytes]:
    """Return columns as messages, whatever they say. Raises DecodeError when they cannot be told apart."""
    try:
        said = _decode_loose(frame)
        return [encode({"kind": "unit"} | fields) for fields in islice(said.fields(), MESSAGES_MAX + 1)]
    except (TypeError, *FAILURES) as error:  # the first for what JSON has no word for
        raise DecodeError("columns of units cannot be read") from error


def _message(raw: bytes) -> Message:
    fields = fields_of(raw)
    if fields is None:
        return Message(raw, None, whole=False)
    return Message(raw, seconds(fields.get("observed_at")), _seq(fields))


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the message with its times moved by `by_s` seconds, as Unix seconds, and with `seq` if given."""
    fields = fields_of(raw)
    if fields is None or (not by_s and seq is None):
        return raw
    if by_s:
        move_times(fields, _TIMES, by_s)
    if seq is not None:
        fields["seq"] = seq
    return encode(fields)


ADAPTER = Adapter(
    name="native",
    title="JointOps JSON: one message or an array, in the vocabulary's own field names",
    sequenced=True,
    subprotocols=(COLUMNS,),
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
        split=lambda data: split(data, _message),
        move=_move,
        join=join,
    ),
)
