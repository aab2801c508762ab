"""JointOps' own dialect."""

import contextlib
import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Decoded, Refusal
from feeds.adapters.native import ADAPTER
from feeds.errors import DecodeError
from feeds.report import CameraReport, IncidentReport, UnitReport, ZoneReport
from feeds.unit_columns import columns_of, encode

UNIT = {"kind": "unit", "seq": 1, "observed_at": 1000.5, "unit_id": "U1", "lat": 41.9, "lon": -87.6}


def decode(value: object) -> Decoded:
    frame = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ADAPTER.open().decode(frame, 2000.0)


def refusals(value: object) -> list[tuple[int, str, str, int | None]]:
    return [tuple(r) for r in decode(value).refusals]


def test_one_message_or_an_array_of_them():
    assert decode(UNIT).reports == decode([UNIT]).reports
    three = decode([UNIT, UNIT | {"seq": 2}, UNIT | {"seq": 3}])
    assert [r.seq for r in three.reports] == [1, 2, 3] and three.indexes == [0, 1, 2]


def test_every_kind_is_taken():
    incident = {"kind": "incident", "seq": 2, "observed_at": 1, "incident_id": "I1", "priority_common": 9}
    camera = {"kind": "camera_event", "seq": 3, "observed_at": 1, "camera_id": "C1", "event_type": "lpr_hit"}
    assert [type(r) for r in decode([UNIT, incident, camera]).reports] == [UnitReport, IncidentReport, CameraReport]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:16:40.500Z", 1000.5),
        ("1970-01-01T01:16:40.5+01:00", 1000.5),
        ("1969-12-31T18:16:40.500-06:00", 1000.5),
    ],
)
def test_times_are_rfc_3339_or_unix_seconds(text: str, seconds: float):
    report = decode(UNIT | {"observed_at": text, "sent_at": text, "stale_at": text}).reports[0]
    assert (report.observed_at, report.sent_at, report.stale_at) == (seconds, seconds, seconds)


def test_one_bad_message_never_costs_the_good_ones_beside_it():
    found = decode([UNIT, UNIT | {"seq": 2, "lat": 91}, 7, UNIT | {"seq": 4}])
    assert [r.seq for r in found.reports] == [1, 4] and found.indexes == [0, 3]
    assert [tuple(r) for r in found.refusals] == [(1, "lat out of range", "$.lat", 2), (2, "not an object", "$", None)]


@pytest.mark.parametrize("bad", [b"NaN", b"Infinity", b"tru", b"41.", b'"a\xff"', b"[[[", b'"open'])
def test_a_message_that_is_not_even_json_costs_itself_alone(bad: bytes):
    good = json.dumps(UNIT).encode()
    frame = b"[" + good + b', {"kind":"unit","unit_id":"a, ]","lat":' + bad + b"}, " + good + b"]"
    if bad in (b"[[[", b'"open'):  # the array itself cannot be told apart any more
        with pytest.raises(DecodeError, match="not JSON"):
            decode(frame)
        return
    found = decode(frame)
    assert found.indexes == [0, 2]
    assert [(r.index, r.reason) for r in found.refusals] == [(1, "not JSON")]


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"lat": 90.1}, "lat out of range", "$.lat"),
        ({"lon": -181}, "lon out of range", "$.lon"),
        ({"lat": "41"}, "lat has a wrong type", "$.lat"),
        ({"observed_at": -1}, "observed_at out of range", "$.observed_at"),
        ({"observed_at": "yesterday"}, "observed_at is not RFC 3339", "$.observed_at"),
        ({"observed_at": "2026-05-04T12:00:00"}, "observed_at is not RFC 3339", "$.observed_at"),
        ({"observed_at": None}, "observed_at has a wrong type", "$.observed_at"),
        ({"unit_id": ""}, "unit_id has a wrong length", "$.unit_id"),
        ({"unit_id": "x" * 129}, "unit_id has a wrong length", "$.unit_id"),
        ({"status": "secret plan"}, "status not one of its values", "$.status"),
        ({"kind": "person"}, "unsupported kind", "$.kind"),
        ({"secondary_status": ["OnPatrol", 3]}, "secondary_status has a wrong type", "$.secondary_status[1]"),
    ],
)
def test_a_refusal_says_what_and_where_and_never_the_value(change: dict[str, object], reason: str, path: str):
    assert refusals(UNIT | change) == [(0, reason, path, 1)]


@pytest.mark.parametrize("field", ["unit_id", "observed_at", "kind"])
def test_a_missing_field_is_named(field: str):
    assert refusals({k: v for k, v in UNIT.items() if k != field}) == [(0, f"{field} missing", f"$.{field}", 1)]


@pytest.mark.parametrize("seq", [-1, 1.5, "1", True, 2**53 + 1])
def test_a_bad_sequence_number_is_refused_and_not_repeated(seq: object):
    ((_, reason, path, told),) = refusals(UNIT | {"seq": seq})
    assert reason.startswith("seq ") and path == "$.seq" and told is None


@pytest.mark.parametrize("frame", [b"", b"  \n", b"[]", b" [ ] "])
def test_an_empty_message_is_refused(frame: bytes):
    with pytest.raises(DecodeError, match="empty message"):
        decode(frame)


def test_fields_we_do_not_know_are_dropped():
    report = decode(UNIT | {"driver_name": "somebody", "plate": "ABC 123"}).reports[0]
    assert report == decode(UNIT).reports[0]


def test_an_agency_that_a_message_names_is_told_to_the_door():
    found = decode([UNIT, UNIT | {"seq": 2, "agency": "cfd"}, UNIT | {"seq": 3, "agency": 5}])
    assert dict(found.agencies) == {1: "cfd", 2: ""}
    assert [report.seq for report in found.reports] == [1, 2, 3]


def test_an_agency_that_is_null_is_not_said():
    assert decode([UNIT | {"agency": None}]) == decode([UNIT])


def test_json_bombs_are_refused_quickly():
    started = time.process_time()
    for frame in (b"[" * 60_000, b'["' + b'\\"' * 30_000, b'[{"a":' * 10_000, b'"' * 60_000, b"[" + b"1," * 30_000):
        with contextlib.suppress(DecodeError):
            assert decode(frame).reports == []
    assert time.process_time() - started < 5


@pytest.mark.parametrize("item", [b"1", b"x", b"{}", b'{"agency":1}'])
def test_a_frame_of_tiny_faults_is_a_bounded_answer(item: bytes):
    found = decode(b"[" + b",".join([item] * 5000) + b"]")
    assert found.reports == [] and len(found.refusals) == MESSAGES_MAX + 1
    assert found.refusals[-1] == Refusal(MESSAGES_MAX, TOO_MANY)


def test_a_file_is_an_array_an_object_or_lines():
    assert ADAPTER.capture is not None
    split = ADAPTER.capture.split
    one, two = json.dumps(UNIT), json.dumps(UNIT | {"seq": 2})
    for text in (
        f"[{one},{two}]",
        f"{one}\n{two}\n",
        f"[{one}]\n\n[{two}]",
        json.dumps([UNIT, UNIT | {"seq": 2}], indent=2),
    ):
        assert [m.seq for m in split(text.encode())] == [1, 2], text
    assert [m.seq for m in split(json.dumps(UNIT, indent=1).encode())] == [1]
    assert [m.whole for m in split(f"{one}\nnot json\n{two}".encode())] == [True, False, True]


def test_all_four_times_of_a_captured_message_move_together():
    assert ADAPTER.capture is not None
    message = {
        "kind": "camera_event",
        "camera_id": "C",
        "observed_at": 10,
        "sent_at": 11,
        "stale_at": 20,
        "alert_until": 30,
    }
    moved = json.loads(ADAPTER.capture.move(json.dumps(message).encode(), 100, 4))
    assert moved == message | {"observed_at": 110, "sent_at": 111, "stale_at": 120, "alert_until": 130, "seq": 4}


def test_a_refused_message_is_told_apart_from_its_frame():
    bad = json.dumps(UNIT | {"seq": 2, "lat": 91}).encode()
    found = ADAPTER.open().decode(b"[" + json.dumps(UNIT).encode() + b"," + bad + b"]", 2000.0)
    assert found.messages == {1: bad}


def test_the_times_of_a_zone_may_be_text():
    zone = {"kind": "zone", "seq": 1, "observed_at": 1.0, "zone_id": "Z", "valid_from": "2026-05-04T19:00:00Z",
            "valid_to": "2026-05-04T20:00:00Z"}  # fmt: skip
    (report,) = decode([zone]).reports
    assert isinstance(report, ZoneReport) and report.valid_to == report.valid_from + 3600


# ---- columns


REPORTS = [
    UnitReport(observed_at=1000.0 + n, unit_id=f"U{n}", seq=n, lat=41.9, lon=-87.6, call_sign=f"{n}A", labels=("k9",))
    for n in range(40)
]
COLUMNS = columns_of(REPORTS)
assert COLUMNS is not None


def test_columns_are_the_reports_they_were_made_of():
    found = decode(encode(COLUMNS))
    assert list(found.reports) == REPORTS and list(found.indexes) == list(range(40)) and not found.refusals


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"words": ((*COLUMNS.words[0][:6], 7, *COLUMNS.words[0][7:]),)},
            ("emergency has a wrong type", "$.emergency"),
        ),
        ({"words": (("never", *COLUMNS.words[0][1:]),)}, ("status not one of its values", "$.status")),
        ({"ids": (*COLUMNS.ids[:-1], "")}, ("unit_id has a wrong length", "$.unit_id")),
        ({"ids": (*COLUMNS.ids[:-1], 5)}, ("unit_id has a wrong type", "$.unit_id")),
        ({"call_signs": (*COLUMNS.call_signs[:-1], "x" * 41)}, ("call_sign has a wrong length", "$.call_sign")),
    ],
)
def test_a_wrong_word_is_refused_where_it_is_said(change: dict[str, object], why: tuple[str, str]):
    found = decode(encode(msgspec.structs.replace(COLUMNS, **change)))
    wrong = 40 if "words" in change else 1
    assert len(found.refusals) == wrong and len(found.reports) == 40 - wrong
    assert tuple(found.refusals[-1]) == (39, *why, 39)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x80",
        b"\x81",
        b"\x86",
        encode(COLUMNS)[:-1],
        encode(COLUMNS) + b"x",
        msgspec.msgpack.encode({"ids": []}),
        msgspec.msgpack.encode(
            {
                "ids": [msgspec.msgpack.Ext(1, b"")],
                "words": [[None] * 11],
                "which": b"\0",
                "said": 32,
                "numbers": bytes(8),
            }
        ),
        encode(msgspec.structs.replace(COLUMNS, ids=COLUMNS.ids[1:])),
        encode(msgspec.structs.replace(COLUMNS, words=((None,),))),
        encode(msgspec.structs.replace(COLUMNS, said=2**40)),
    ],
)  # fmt: skip
def test_columns_that_are_none_are_one_refusal(frame: bytes):
    with pytest.raises(DecodeError, match="columns of units cannot be read"):
        decode(frame)


@given(st.data())
def test_junk_in_columns_is_refused_and_nothing_else(data: st.DataObject):
    good = bytearray(encode(COLUMNS))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(1, len(good) - 1))] = data.draw(st.integers(0, 255))
    frame = bytes(good[: data.draw(st.integers(1, len(good)))] if data.draw(st.booleans()) else good)
    with contextlib.suppress(DecodeError):
        found = decode(frame)
        assert len(found.reports) + len(found.refusals) == 40
        assert all(isinstance(report, UnitReport) for report in found.reports)
