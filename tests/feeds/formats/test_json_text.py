"""What the JSON dialects share."""

import msgspec
import pytest

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Message, Refusal
from feeds.errors import DecodeError
from feeds.formats.json_text import (
    FAILURES,
    each,
    fields_of,
    instant,
    items,
    join,
    loose,
    move_times,
    reader,
    reason,
    seconds,
    split,
)
from feeds.report import AnyReport, LogReport, UnitReport


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:16:40.500Z", 1000.5),
        ("1969-12-31T18:16:40.5-06:00", 1000.5),
        ("1970-01-01T00:16:40", None),
        ("noon", None),
        ("", None),
        ("10000-01-01T00:00:00Z", None),
    ],
)
def test_a_time_in_text_names_its_zone_or_is_none(text: str, at: float | None):
    assert instant(text) == at


def test_a_time_is_a_number_or_text_and_nothing_else():
    assert seconds(5) == 5.0 and seconds("1970-01-01T00:00:05Z") == 5.0
    assert [seconds(value) for value in (True, None, [], {}, "5", 10**400)] == [None] * 6


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b'{"kind":"unit","observed_at":1,"unit_id":"U","lat":91}', ("lat out of range", "$.lat")),
        (b'{"kind":"unit","observed_at":1,"unit_id":"U","lat":"x"}', ("lat has a wrong type", "$.lat")),
        (b'{"kind":"unit","observed_at":1}', ("unit_id missing", "$.unit_id")),
        (b'{"kind":"person"}', ("unsupported kind", "$.kind")),
        (b"5", ("not an object", "$")),
        (b"{", ("not JSON", "")),
    ],
)
def test_a_reason_is_short_and_quotes_nothing(frame: bytes, told: tuple[str, str]):
    with pytest.raises(FAILURES) as caught:
        msgspec.json.decode(frame, type=UnitReport | LogReport)
    assert reason(caught.value) == told


def test_a_frame_is_one_message_or_an_arrays_items():
    assert items(b'{"a":1}') == [b'{"a":1}']
    assert items(b'[{"a":1}, 2,[]]') == [b'{"a":1}', b"2", b"[]"]
    assert items(b'[{"a":NaN}, {"b":"]"}]') == [b'{"a":NaN}', b'{"b":"]"}']
    for broken in (b"[1", b"[1]]", b"[1] 2", b'["a]'):
        with pytest.raises(DecodeError, match="not JSON"):
            items(broken)


def _unit(message: bytes) -> AnyReport | None:
    fields = loose(message)
    if fields == {}:
        return None
    if fields == 7:
        raise DecodeError("unlucky", "$")
    return msgspec.json.decode(message, type=UnitReport)


def test_each_message_is_taken_refused_or_neither():
    found = each(b'[{"kind":"unit","observed_at":1,"unit_id":"U"}, {}, 7, nul, {"kind":"unit"}]', _unit)
    assert [r.unit_id for r in found.reports if isinstance(r, UnitReport)] == ["U"] and found.indexes == [0]
    assert found.refusals == [
        Refusal(2, "unlucky", "$"),
        Refusal(3, "not JSON"),
        Refusal(4, "observed_at missing", "$.observed_at"),
    ]
    assert found.messages == {2: b"7", 3: b"nul", 4: b'{"kind":"unit"}'}


def test_messages_beyond_a_thousand_are_one_refusal():
    found = each(join([b"{}"] * (MESSAGES_MAX + 5)), _unit)
    assert found.refusals == [Refusal(MESSAGES_MAX, TOO_MANY)]


@pytest.mark.parametrize("frame", [b"", b" \n", b"[]"])
def test_nothing_is_an_empty_message(frame: bytes):
    with pytest.raises(DecodeError, match="empty message"):
        each(frame, _unit)


READ = reader(lambda fields: seconds(fields.get("at")))


@pytest.mark.parametrize(
    "data",
    [
        b'[{"at":1},{"at":2}]',
        b'{"at":1}\n{"at":2}\n',
        b'\xef\xbb\xbf[{"at":1}]\n\n[{"at":2}]',
        b'[{"at":1},\n {"at":2}]',
    ],
)
def test_a_file_is_an_array_an_object_or_lines_of_either(data: bytes):
    assert [message.at for message in split(data, READ)] == [1.0, 2.0]


def test_what_cannot_be_read_of_a_file_stands_alone():
    assert split(b'{"at":1}\njunk\n[1', READ) == [
        Message(b'{"at":1}', 1.0),
        Message(b"junk", None, whole=False),
        Message(b"[1", None, whole=False),
    ]
    assert fields_of(b"[1]") is None and fields_of(b"[" * 10_000) is None


def test_times_move_and_what_is_no_time_stays():
    fields = {"a": 10, "b": "1970-01-01T00:00:20Z", "c": "soon", "d": True}
    move_times(fields, ("a", "b", "c", "d", "e"), 0.5)
    assert fields == {"a": 10.5, "b": 20.5, "c": "soon", "d": True}
