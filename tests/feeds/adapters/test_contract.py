"""The adapter contract, for every dialect there is."""

import contextlib
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import adapters
from feeds.adapter import FRAME_MAX, MESSAGES_MAX, TOO_MANY, Adapter, Decoded, Refusal
from feeds.envelope import WIRE_VERSION, Batch, Parcel, decode_batch, encode_batch
from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId

ALL = [adapters.load(name) for name in adapters.names()]
TIME_OF_DAY_WITHIN_S = {"nmea": 0.002, "taip": 0.5}
"""Dialects whose messages may say a time of day alone: standing alone they have no date. How exact it is, seconds."""
each = pytest.mark.parametrize("adapter", ALL, ids=lambda a: a.name)


def decoded(adapter: Adapter, frame: bytes) -> Decoded:
    """Decode with a fresh decoder; a DecodeError is a frame with nothing in it."""
    try:
        return adapter.open().decode(frame, 1_777_921_400.0)
    except DecodeError as error:
        assert error.reason
        return Decoded([], [], [])


def count(found: Decoded) -> int:
    return len(found.reports) + len(found.refusals)


def check(found: Decoded) -> None:
    assert len(found.reports) == len(found.indexes)
    places = [*found.indexes, *(r.index for r in found.refusals)]
    assert len(places) == len(set(places)), "a message is either taken or refused, once"
    for refusal in found.refusals:
        assert refusal.reason and len(refusal.reason) < 80
    for report in found.reports:
        for field in report.__struct_fields__:
            value = getattr(report, field)
            assert not isinstance(value, float) or math.isfinite(value), field


@each
def test_the_file_is_named_as_the_dialect(adapter: Adapter):
    assert adapters.load(adapter.name) is adapter
    assert adapter.title and adapter.samples
    assert adapters.importlib.import_module(f"feeds.adapters.{adapter.name}").__doc__


@each
def test_its_samples_give_what_they_promise(adapter: Adapter):
    for sample in adapter.samples:
        found = decoded(adapter, sample.frame)
        check(found)
        assert (len(found.reports), len(found.refusals)) == (sample.reports, sample.refusals)
        assert len(sample.frame) <= FRAME_MAX


@each
def test_its_reports_survive_the_wire(adapter: Adapter):
    for sample in adapter.samples:
        reports = tuple(decoded(adapter, sample.frame).reports)
        batch = Batch(WIRE_VERSION, AgencyId("cpd"), (Parcel(SourceId("x"), "", 1.0, reports),))
        assert decode_batch(encode_batch(batch)) == batch
        # To the byte: what was journaled before a restart is known again by its bytes (`feeds/ledger.py`).
        assert encode_batch(decode_batch(encode_batch(batch))) == encode_batch(batch)


@each
def test_its_reports_are_within_the_vocabulary(adapter: Adapter):
    for sample in adapter.samples:
        for report in decoded(adapter, sample.frame).reports:
            assert msgspec.convert(msgspec.to_builtins(report), type(report)) == report


@each
def test_a_dialect_with_sequences_numbers_its_samples(adapter: Adapter):
    for sample in adapter.samples:
        for report in decoded(adapter, sample.frame).reports:
            assert (report.seq is not None) == adapter.sequenced


@each
@given(frame=st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_junk_gives_an_error_or_refusals_and_nothing_else(adapter: Adapter, frame: bytes):
    check(decoded(adapter, frame))


@each
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_sample_gives_reports_or_refusals_and_nothing_else(adapter: Adapter, data: st.DataObject):
    frame = bytearray(data.draw(st.sampled_from(adapter.samples)).frame)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        length = data.draw(st.integers(0, 20))
        frame[at : at + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b'"', b"<", b"{", b"]", b"NaN", b"1e999"])
        )
    check(decoded(adapter, bytes(frame)))


@each
def test_a_decoder_goes_on_after_junk(adapter: Adapter):
    decoder = adapter.open()
    for junk in (b"\xff\xfe\x00", b"<", b"{", b"</event>", b"\0" * 100):
        with contextlib.suppress(DecodeError):
            check(decoder.decode(junk, 0.0))
    sample = adapter.samples[0]
    assert len(decoder.decode(sample.frame, 0.0).reports) == sample.reports


@each
def test_what_comes_after_a_thousand_messages_is_one_refusal(adapter: Adapter):
    assert adapter.capture is not None
    join = adapter.capture.join or b"".join
    good = adapter.capture.split(adapter.samples[0].frame)[0].raw
    found = decoded(adapter, join([good] * (MESSAGES_MAX + 500)))
    check(found)
    assert found.indexes == list(range(MESSAGES_MAX)) and found.refusals == [Refusal(MESSAGES_MAX, TOO_MANY)]
    assert not decoded(adapter, join([good] * MESSAGES_MAX)).refusals


@each
def test_a_stream_is_cut_the_same_wherever_it_is_split(adapter: Adapter):
    if adapter.stream is None:
        pytest.skip("messages only")
    bytes_ = b"\n".join(s.frame for s in adapter.samples) + b"\n"
    whole = adapter.stream().feed(bytes_)
    assert whole
    for step in (1, 7, 100):
        stream = adapter.stream()
        frames: list[bytes] = []
        for at in range(0, len(bytes_), step):
            frames += stream.feed(bytes_[at : at + step])
        assert frames == whole and not stream.drop().strip()


@each
def test_a_captured_file_is_split_moved_and_numbered(adapter: Adapter):
    capture = adapter.capture
    assert capture is not None
    for sample in adapter.samples:
        assert capture.speaks(sample.frame)
        messages = capture.split(sample.frame)
        # A message may hold several reports (a document); then all of them are as many as the frame's.
        promised = sample.reports + sample.refusals
        assert len(messages) >= promised or sum(map(count, (decoded(adapter, m.raw) for m in messages))) == promised
        for message in messages:
            assert message.at is not None
            assert capture.move(message.raw, 0.0, None) == message.raw
            moved = capture.split(capture.move(message.raw, 3600.5, 77))
            assert moved[0].at is not None
            off = moved[0].at - (message.at + 3600.5)
            if within := TIME_OF_DAY_WITHIN_S.get(adapter.name):
                assert abs(math.remainder(off, 86_400)) <= within
            else:
                assert abs(off) <= 0.002
            assert moved[0].seq == (77 if adapter.sequenced else None)
            before, after = decoded(adapter, message.raw), decoded(adapter, capture.move(message.raw, 3600.5, 77))
            assert [type(r) for r in before.reports] == [type(r) for r in after.reports]


@each
@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_a_captured_file_of_junk_is_still_split_and_moved(adapter: Adapter, data: bytes):
    assert adapter.capture is not None
    for message in adapter.capture.split(data):
        assert isinstance(adapter.capture.move(message.raw, 12.0, 5), bytes)
