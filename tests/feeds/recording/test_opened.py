"""What is made of an open segment, any part of it, is what decoding all of it gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.motion import AGENCY, deliveries, traffic
from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.envelope import encode_batch
from feeds.errors import DecodeError
from feeds.recording import opened, parquet, segment
from feeds.recording.opened import Opened
from feeds.recording.segment import PARCELS, REPORTS, decode, encode
from tests.feeds.recording.journals import CPD, JOURNALS


@pytest.fixture(params=[(parquet.ROW_GROUP, opened.TOGETHER), (3, 2)], ids=["as it is", "in small parts"])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups and lots may be so small that several are met."""
    row_group, together = request.param
    for module in (parquet, segment):
        monkeypatch.setattr(module, "ROW_GROUP", row_group)
    monkeypatch.setattr(opened, "TOGETHER", together)


@pytest.mark.usefixtures("parts")
def test_any_part_is_that_of_the_whole_byte_for_byte() -> None:
    @settings(max_examples=40, deadline=None)
    @given(JOURNALS, st.data())
    def check(entries: list[Delivery], data: st.DataObject) -> None:
        files = encode(CPD, entries)
        assert decode(CPD, files) == entries
        found = Opened(CPD, files)
        assert len(found) == len(entries)
        first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(entries))] * 2)))
        said = found[first:last]
        assert said == entries[first:last]
        assert [encode_batch(d.batch) for d in said] == [encode_batch(d.batch) for d in entries[first:last]]
        at, lots = 0, []
        while at < len(entries):
            lot = found.around(at)
            assert lot.start == at and all(found.around(n) == lot for n in lot)
            lots += found[lot.start : lot.stop]
            at = lot.stop
        assert lots == entries
        ids = [d.id for d in entries]
        for id_ in (BEGINNING, *ids, *(BatchId(i.ms, i.n + 1) for i in ids), *(BatchId(i.ms + 1, -1) for i in ids)):
            assert found.after(id_) == sum(other <= id_ for other in ids)

    check()


def test_of_a_minutes_traffic_columns_that_say_nothing_take_no_room() -> None:
    entries = list(deliveries(traffic(60, 200)))
    found = Opened(AGENCY, encode(AGENCY, entries))
    assert found[100] == entries[100] and found[-1] == entries[-1]
    assert found[5000:] == entries[5000:]
    assert found.nbytes < 130 * sum(len(d.batch) for d in entries)
    with pytest.raises(IndexError):
        found[len(entries)]


def test_what_is_damaged_is_refused_as_by_the_whole() -> None:
    entries = list(deliveries(traffic(5, 50)))
    files = encode(AGENCY, entries)
    for name in (REPORTS, PARCELS):
        with pytest.raises(DecodeError, match=name):
            Opened(AGENCY, {other: data for other, data in files.items() if other != name})
        for at in (100, len(files[name]) - 20):
            broken = bytearray(files[name])
            broken[at] ^= 1
            with pytest.raises(DecodeError, match=name):
                Opened(AGENCY, {**files, name: bytes(broken)})
    others = encode(AGENCY, entries[:-1])
    with pytest.raises(DecodeError, match="do not hold"):
        Opened(AGENCY, {REPORTS: files[REPORTS], PARCELS: others[PARCELS]})
