"""Spans. The golden ones in tests/samples/frames are read by the browser's twin too (tests/assets/span.test.mjs)."""

import contextlib
import json
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.bus import BatchId, Delivery
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording.sheets import sheets
from layers.chunk import minutes
from layers.frame import FrameHeader, FrameType, decode, encode, encode_span
from layers.pyramid import block
from layers.span import Span, View
from layers.unit_rows import DRAWN
from tests.support.heard import delivery, heard, incident, unit

GOLDEN = Path(__file__).parents[1] / "samples" / "frames"
M0 = 1_790_000_040.0
GOLDEN_SPAN = (GOLDEN / "span.bin").read_bytes()
INSTANTS = (0.0, 4.5, 12.25, 30.0, 59.999)
VIEWS: tuple[View, ...] = ("known", "truth")


def at(s: float, *reports: Any, source: str = "") -> Delivery:
    said = delivery(0, *reports, received_at=M0 + s, source=source)
    return said._replace(id=BatchId(round((M0 + s) * 1000), 0))


def made() -> tuple[bytes, bytes]:
    """A minute with all that may happen in one: news, lateness, skew, silence, drills, words; and the next."""
    stood = heard(
        delivery(1, unit("car", at=M0 - 2, course_deg=359.0, speed_mps=12.5, h_err_m=3.0, call_sign="3A12")),
        delivery(2, unit("lost", at=M0 - 5000, lat=41.8, primary_status="NotAvailable")),
        delivery(3, unit("placeless", at=M0 - 9, lat=None, lon=None, primary_status="Available", crew=2)),
        delivery(4, incident("i1", at=M0 - 8, type_common="FIRE")),
    )
    entries = [
        at(1.15, unit("car", at=M0 + 1, lat=41.8801, course_deg=1.0, speed_mps=12.5, h_err_m=3.0)),
        at(4.2, unit("new", at=M0 + 4, lat=-33.9, lon=151.2, status="exercise", emergency="manual")),
        at(9.0, unit("car", at=M0 + 3, lat=41.88025, h_err_m=3.0, primary_status="NotAvailable", incident_id="i1")),
        at(9.5, unit("car", at=M0 - 7, lat=41.7), unit("ahead", at=M0 + 29.5, lat=41.5, stale_at=M0 + 31)),
        at(20.0, unit("placeless", at=M0 + 19, lat=None, lon=None, secondary_status=("OutofService",))),
        at(21.0, unit("car", at=M0 + 20.9, lat=41.8803, primary_status="Available"), source="nobody"),
        at(40.0, incident("i1", at=M0 + 39, status_common=("Closed",))),
        at(45.0, unit("placeless", at=M0 + 10, lat=41.9, lon=-87.6)),
        at(58.1, unit("tram", at=M0 + 58, lat=41.0)),
        at(59.6, unit("tram", at=M0 + 59.5, lat=41.00015)),
        at(60.6, unit("tram", at=M0 + 60.5, lat=41.00025)),
        at(61.0, unit("above", at=M0 + 61)),
    ]
    first, second = minutes(stood, AgencyId("cpd"), sheets(AgencyId("cpd"), entries, round(M0 * 1000)), M0, 2)
    return first.data, second.data


def told(data: bytes) -> dict[str, Any]:
    """A span as the .json beside it tells it."""
    span = Span(data)
    _, received = span.times()
    return {
        "at": span.at,
        "until": span.until,
        "agency": span.agency,
        "ids": span.ids,
        "count": span.count().tolist(),
        "rows": {name: span.column(name).tolist() for name, _ in DRAWN} | {"received": received.tolist()},
        "frames": [[received, observed, int(decode(frame).type)] for received, observed, frame in span.frames],
        "states": [
            {
                "t": span.at + s,
                "view": view,
                "columns": {name: values.tolist() for name, values in span.state_at(span.at + s, view).items()},
                "records": json.loads(msgspec.json.encode(span.records_at(span.at + s, view))),
            }
            for s in INSTANTS
            for view in VIEWS
        ],
    }


def golden() -> dict[str, bytes]:
    """The golden spans, as this code makes them."""
    first, second = made()
    return {"span": first, "span-next": second, "pyramid": block([first, second], 10.0)}


@pytest.mark.parametrize("name", ["span", "span-next", "pyramid"])
def test_golden_spans_are_read_as_they_say(name: str) -> None:
    data = (GOLDEN / f"{name}.bin").read_bytes()
    assert told(data) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["span", "span-next", "pyramid"])
def test_golden_spans_are_what_is_made_today(name: str) -> None:
    assert told(golden()[name]) == told((GOLDEN / f"{name}.bin").read_bytes())


def test_rows_are_sorted_by_unit_and_then_as_they_came_to_stand() -> None:
    span = Span(GOLDEN_SPAN)
    observed, received = span.times()
    effective = np.minimum(observed, received)
    for start, count in zip(np.cumsum(span.count()) - span.count(), span.count(), strict=True):
        placed = span.column("lon")[start : start + count] != 2147483647
        order = list(zip(placed.tolist(), effective[start : start + count].tolist(), strict=True))
        assert order == sorted(order)


def test_a_frame_that_is_no_span_of_units_is_refused() -> None:
    plain = encode(FrameType.KEYFRAME, FrameHeader(rev=1, at=M0))
    for data in (plain, encode_span(FrameHeader(rev=0, at=M0, until=M0 + 60), ())):
        with pytest.raises(DecodeError, match="no span"):
            Span(data)


def with_stretch(**changes: Any) -> bytes:
    """The golden span with another head for its table `rows`."""
    data = GOLDEN_SPAN
    frame = decode(data)
    (layer,) = frame.header.layers
    assert layer.stretch is not None
    head_len = int.from_bytes(data[8:12], "little")
    whole = zlib.decompress(data[16:])
    rows = layer.stretch.tables["rows"]
    if "n" in changes:
        rows = msgspec.structs.replace(rows, n=changes["n"])
    else:
        first = msgspec.structs.replace(rows.columns[0], **changes)
        rows = msgspec.structs.replace(rows, columns=(first, *rows.columns[1:]))
    stretch = msgspec.structs.replace(layer.stretch, tables=layer.stretch.tables | {"rows": rows})
    header = msgspec.structs.replace(frame.header, layers=(msgspec.structs.replace(layer, stretch=stretch),))
    head = msgspec.json.encode(header)
    head += b" " * (-len(head) % 8)
    return data[:8] + len(head).to_bytes(4, "little") + data[12:16] + zlib.compress(head + whole[head_len:])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"encoding": "lz9"}, "encoded as 'lz9'; this version reads planes, delta"),
        ({"dtype": "f8"}, "type, planes or scale"),
        ({"planes": 5}, "type, planes or scale"),
        ({"scale": 0}, "type, planes or scale"),
        ({"offset": -8}, "does not fit"),
        ({"offset": 10**9}, "does not fit"),
        ({"n": 3}, "counts"),
        ({"n": -1}, "does not fit"),
    ],
)
def test_a_column_that_is_not_what_it_should_be_is_a_clear_error(change: dict[str, Any], error: str) -> None:
    with pytest.raises(DecodeError, match=error):
        Span(with_stretch(**change))


def test_flags_of_a_later_version_are_refused() -> None:
    data = bytearray(GOLDEN_SPAN)
    data[5] = 6
    with pytest.raises(DecodeError, match="flags 6"):
        decode(bytes(data))


def test_a_damaged_span_is_a_decode_error_and_nothing_else() -> None:
    data = GOLDEN_SPAN
    for at_ in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[at_] ^= 0x41
        with contextlib.suppress(DecodeError):
            Span(bytes(damaged)).state_at(M0 + 30)
    with pytest.raises(DecodeError):
        Span(data[: len(data) // 2])


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.sampled_from(VIEWS))
def test_what_is_wrong_within_a_span_is_a_decode_error_and_nothing_else(where: float, flip: int, view: View) -> None:
    whole = bytearray(zlib.decompress(GOLDEN_SPAN[16:]))
    whole[int(where * len(whole))] ^= flip
    with contextlib.suppress(DecodeError):
        span = Span(GOLDEN_SPAN[:16] + zlib.compress(bytes(whole), 0))
        t = (span.at + span.until) / 2
        span.state_at(t, view)
        span.records_at(t, view)


if __name__ == "__main__":  # writes the golden spans anew; the wire's version changes with them
    for name_, data_ in golden().items():
        (GOLDEN / f"{name_}.bin").write_bytes(data_)
        (GOLDEN / f"{name_}.json").write_text(json.dumps(told(data_), indent=1) + "\n", encoding="utf-8")
