"""The wire form. The golden frames in tests/samples/frames are decoded by the browser's twin too."""

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import DecodeError
from layers.frame import DTYPES, FrameHeader, FrameType, LayerChange, decode, encode

GOLDEN = Path(__file__).parents[1] / "samples" / "frames"


def plain(data: bytes) -> dict[str, Any]:
    """A frame as the .json beside it tells it: its type, header fields and columns."""
    frame = decode(data)
    header = json.loads(msgspec.json.encode(frame.header))
    return {
        "type": int(frame.type),
        "header": header,
        "columns": {layer: {n: v.tolist() for n, v in table.items()} for layer, table in frame.columns.items()},
    }


def units(rows: list[int]) -> LayerChange:
    n = len(rows)
    return LayerChange(
        "units",
        (
            ("row", "u4", np.array(rows)),
            ("lon", "i4", np.array([-876300000 + r for r in rows])),
            ("lat", "i4", np.array([418800000] * (n - 1) + [2147483647])),
            ("course", "u2", np.array([450] * (n - 1) + [65535])),
            ("status", "u1", np.arange(n) % 6),
            ("at", "f8", np.linspace(0.0, 1.5, n)),
        ),
        records=((rows[0], {"id": "u-é", "agency": "cpd", "call_sign": "3A12"}),),
    )


def made() -> dict[str, bytes]:
    """The golden frames, as this code makes them."""
    events = ((7, {"id": "c1", "at": 1790000000.5, "kind": "camera_event", "event": "lpr_hit", "text": "Plate hit"}),)
    key = FrameHeader(rev=41, at=1790000000.25, events=events, events_from=3)
    change = FrameHeader(rev=42, at=1790000000.35, base=41, lag_ms=12.5, events=events)
    lost = FrameHeader(rev=42, at=1790000001.35, bus="lost", bus_since=1790000000.9)
    incidents = LayerChange(
        "incidents", (("row", "u4", np.array([2])), ("age", "u4", np.array([4000000000]))), gone=(5,)
    )
    return {
        "keyframe": encode(FrameType.KEYFRAME, key, (units([0, 1, 2, 9]), incidents)),
        "delta": encode(FrameType.DELTA, change, (units([1]), LayerChange("cameras", gone=(3, 4)))),
        "heartbeat": encode(FrameType.HEARTBEAT, lost),
        "deflated": encode(FrameType.KEYFRAME, key, (units(list(range(40))),), deflate_from=100),
    }


@pytest.mark.parametrize("name", ["keyframe", "delta", "heartbeat", "deflated"])
def test_golden_frames_are_decoded_as_they_say(name: str) -> None:
    data = (GOLDEN / f"{name}.bin").read_bytes()
    assert plain(data) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["keyframe", "delta", "heartbeat"])
def test_golden_frames_are_what_is_sent_today(name: str) -> None:
    assert made()[name] == (GOLDEN / f"{name}.bin").read_bytes()


def test_every_column_starts_at_a_multiple_of_eight() -> None:
    frame = decode(made()["keyframe"])
    assert all(c.offset % 8 == 0 for layer in frame.header.layers for c in layer.columns)


@given(st.binary(max_size=200))
def test_junk_is_a_decode_error_and_nothing_else(junk: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(junk)


@given(st.sampled_from(["keyframe", "delta", "deflated"]), st.data())
def test_a_damaged_frame_is_decoded_or_a_decode_error(name: str, data) -> None:
    frame = bytearray(made()[name])
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(frame)))
    for damaged in (bytes(frame), bytes(frame[:cut])):
        with contextlib.suppress(DecodeError):
            decode(damaged)


@pytest.mark.parametrize(("n", "offset"), [(-1, 0), (1, -8), (2**40, 0)])
def test_a_column_outside_the_body_is_a_decode_error(n: int, offset: int) -> None:
    head = json.dumps(
        {"rev": 1, "at": 1.0, "layers": [{"name": "x", "n": n, "columns": [["row", "u4", offset]]}]}
    ).encode()
    head += b" " * (-len(head) % 8)
    with pytest.raises(DecodeError):
        decode(
            b"JOF1"
            + bytes([1, 0, 0, 0])
            + len(head).to_bytes(4, "little")
            + (8).to_bytes(4, "little")
            + head
            + bytes(8)
        )


@given(st.lists(st.integers(0, 255), max_size=20), st.sampled_from(sorted(DTYPES)), st.integers(0, 1))
def test_what_is_encoded_is_decoded(values: list[int], dtype: str, deflate: int) -> None:
    change = LayerChange("x", (("row", dtype, np.array(values)),))
    frame = decode(encode(FrameType.KEYFRAME, FrameHeader(rev=1, at=2.0), (change,), deflate_from=deflate))
    assert frame.columns["x"]["row"].tolist() == values


if __name__ == "__main__":  # writes the golden frames anew; the wire's version changes with them
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name_, data_ in made().items():
        (GOLDEN / f"{name_}.bin").write_bytes(data_)
        (GOLDEN / f"{name_}.json").write_text(json.dumps(plain(data_), indent=1) + "\n", encoding="utf-8")
