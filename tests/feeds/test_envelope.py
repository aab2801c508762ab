import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.envelope import (
    SKEW_S,
    WIRE_VERSION,
    Batch,
    Envelope,
    PackedBatch,
    Parcel,
    decode_batch,
    decode_sequences,
    encode_batch,
    pack,
    unpack,
)
from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.report import AnyReport, CameraReport, IncidentReport, UnitReport

CPD, SRC = AgencyId("cpd"), SourceId("src")
SEQ = st.none() | st.integers(0, 2**53)
AT = st.floats(0, 4e9)
TEXT = st.text(max_size=40)

UNITS = st.builds(
    UnitReport,
    observed_at=AT,
    seq=SEQ,
    unit_id=st.just("U1"),
    call_sign=st.none() | TEXT,
    lat=st.none() | st.floats(-90, 90),
    lon=st.none() | st.floats(-180, 180),
    secondary_status=st.none() | st.lists(st.just("EnRoute"), max_size=3).map(tuple),
    status=st.sampled_from(["actual", "exercise", "test"]),
)
INCIDENTS = st.builds(IncidentReport, observed_at=AT, seq=SEQ, incident_id=st.just("I1"), narrative=st.none() | TEXT)
CAMERAS = st.builds(CameraReport, observed_at=AT, seq=SEQ, camera_id=st.just("C1"), confidence=st.floats(0, 1))
PARCELS = st.builds(
    Parcel,
    source=st.sampled_from([SRC, SourceId("other")]),
    run=st.sampled_from(["", "r1"]),
    received_at=AT,
    body=(st.lists(UNITS | INCIDENTS | CAMERAS, max_size=12) | st.lists(UNITS, min_size=24, max_size=40)).map(tuple),
)


def batch_of(*reports: AnyReport, version: int = WIRE_VERSION) -> Batch:
    return Batch(version, CPD, (Parcel(SRC, "r1", 100.0, reports),))


def unit(seq: int | None = 1, observed_at: float = 90.0) -> UnitReport:
    return UnitReport(observed_at=observed_at, unit_id="U1", seq=seq)


@given(st.lists(PARCELS, max_size=6).map(tuple))
def test_a_batch_comes_back_from_the_wire_as_it_was(parcels: tuple[Parcel, ...]):
    batch = Batch(WIRE_VERSION, CPD, parcels)
    data = encode_batch(batch)
    assert decode_batch(data) == batch
    said = [(p.source, p.run, r.seq) for p in parcels for r in p.reports if r.seq is not None]
    assert list(decode_sequences(data)) == said


def test_a_large_batch_is_deflated_and_reads_the_same():
    batch = batch_of(*(unit(n) for n in range(500)))
    data = encode_batch(batch)
    assert len(data) < 500 * 25
    assert decode_batch(data) == batch
    assert len(batch) == 500


def test_its_envelopes_are_in_order_of_receipt_with_their_origin():
    batch = Batch(WIRE_VERSION, CPD, (Parcel(SRC, "r1", 1.0, (unit(1), unit(2))), Parcel(SRC, "", 2.0, (unit(None),))))
    assert list(batch.envelopes()) == [
        Envelope(CPD, SRC, "r1", 1.0, unit(1)),
        Envelope(CPD, SRC, "r1", 1.0, unit(2)),
        Envelope(CPD, SRC, "", 2.0, unit(None)),
    ]


def test_a_clock_ahead_is_flagged_and_makes_nothing_younger_than_its_receipt():
    ahead = Envelope(CPD, SRC, "", 100.0, unit(observed_at=100.0 + SKEW_S + 1))
    assert ahead.clock_skew
    assert ahead.effective_at == 100.0
    behind = Envelope(CPD, SRC, "", 100.0, unit(observed_at=40.0))
    assert not behind.clock_skew
    assert behind.effective_at == 40.0


@pytest.mark.parametrize("decode", [decode_batch, lambda data: list(decode_sequences(data))])
def test_bytes_that_are_no_batch_are_refused_without_their_content(decode):
    whole = encode_batch(batch_of(*(unit(n) for n in range(100))))
    for junk in (
        b"",
        b"\0",
        b"\0secret",
        b"\1secret",
        whole[:-5],
        b"\0" + msgspec.msgpack.encode([1, "cpd"]),
        b"\0" + msgspec.msgpack.encode({"secret": 1}),
    ):
        with pytest.raises(DecodeError) as refused:
            decode(junk)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("decode", [decode_batch, lambda data: list(decode_sequences(data))])
def test_a_version_we_do_not_know_is_refused_by_its_number(decode):
    with pytest.raises(DecodeError, match="version 99"):
        decode(encode_batch(batch_of(unit(), version=99)))


def test_an_entry_that_inflates_without_end_is_refused():
    with pytest.raises(DecodeError):
        decode_batch(b"\1" + zlib.compress(b"\0" * (65 * 1024 * 1024), 1))


def test_parcels_packed_one_by_one_make_the_same_entry():
    parcels = (Parcel(SRC, "r1", 1.0, (unit(1), unit(2))), Parcel(SRC, "", 2.0, (unit(None),)))
    packed = [pack(parcel) for parcel in parcels]
    assert [p.reports for p in packed] == [2, 1] and [unpack(p) for p in packed] == list(parcels)
    whole = Batch(WIRE_VERSION, CPD, parcels)
    assert encode_batch(PackedBatch(WIRE_VERSION, CPD, tuple(p.body for p in packed))) == encode_batch(whole)
