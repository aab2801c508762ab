import numpy as np
import pytest

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.sheets import sheets
from layers.chunk import minutes
from layers.pyramid import l1, l2
from layers.span import Span
from tests.support.heard import delivery, heard, incident, unit
from tests.support.patrol import driven

M0 = 1_790_000_400.0
CPD = AgencyId("cpd")


def recorded(deliveries: list[Delivery], t0: float = M0, count: int = 10) -> list[bytes]:
    picture = heard(*[d for d in deliveries if d.id.ms < t0 * 1000])
    part = [d for d in deliveries if t0 * 1000 <= d.id.ms < (t0 + 60 * count) * 1000]
    return [chunk.data for chunk in minutes(picture, CPD, sheets(CPD, part, round(t0 * 1000)), t0, count)]


def later(s: float, *reports: object) -> Delivery:
    return delivery(0, *reports, received_at=M0 + s)._replace(id=BatchId(round((M0 + s) * 1000), 0))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def city() -> list[bytes]:
    return recorded(driven(60, 600, M0, seed=9, before=20))


def assert_close(block: Span, chunks: list[bytes], s: float) -> None:
    mine, theirs = block.state_at(M0 + s), Span(chunks[int(s // 60)]).state_at(M0 + s)
    assert mine.keys() == theirs.keys()
    for name in ("row", "status", "flags", "err"):
        assert mine[name].tolist() == theirs[name].tolist(), name
    assert np.abs(mine["lon"].astype(int) - theirs["lon"]).max() <= 50
    assert np.abs(mine["lat"].astype(int) - theirs["lat"]).max() <= 50
    turned = np.abs(mine["course"].astype(int) - theirs["course"])
    assert np.minimum(turned, 3600 - turned).max() <= 25
    assert np.abs(mine["speed"].astype(int) - theirs["speed"]).max() <= 5
    assert np.abs(mine["age"].astype(int) - theirs["age"]).max() <= 10


def test_l1_tells_at_each_ten_seconds_what_the_minutes_tell(city: list[bytes]) -> None:
    block = Span(l1(city))
    assert (block.at, block.until) == (M0, M0 + 600)
    for s in range(0, 600, 10):
        assert_close(block, city, s)
    assert block.records_at(M0 + 330) == Span(city[5]).records_at(M0 + 330)


def test_l2_tells_at_each_minute_what_the_minutes_tell(city: list[bytes]) -> None:
    block = Span(l2([l1(city[:5]), l1(city[5:])]))
    for s in range(0, 600, 60):
        assert_close(block, city, s)


def test_a_block_is_small_beside_its_minutes(city: list[bytes]) -> None:
    first = l1(city)
    assert len(first) < sum(map(len, city)) / 6
    assert len(l2([first])) < len(first) * 0.6


def test_a_unit_that_says_nothing_has_no_rows_and_stays() -> None:
    block = Span(l1(recorded([delivery(1, unit("u", at=M0 - 30, call_sign="A"))])))
    assert block.count().tolist() == [0]
    state = block.state_at(M0 + 590)
    assert (state["age"].tolist(), state["flags"].tolist()) == ([6200], [4])


def test_units_and_words_that_come_in_a_later_minute_are_there_from_then_on() -> None:
    chunks = recorded(
        [
            delivery(1, unit("b", at=M0 - 5, primary_status="Available")),
            later(95, unit("a", at=M0 + 94, lat=41.0, call_sign="NEW")),
            later(128, unit("b", at=M0 + 127, primary_status="NotAvailable", incident_id="i1")),
        ]
    )
    block = Span(l1(chunks))
    assert block.ids == ["a", "b"]
    assert block.state_at(M0 + 90)["row"].tolist() == [1]
    assert block.state_at(M0 + 100)["row"].tolist() == [0, 1]
    statuses = [dict(block.records_at(M0 + s))[1]["primary_status"] for s in (120, 130)]
    assert statuses == ["Available", "NotAvailable"]


def test_the_other_layers_come_with_the_block_and_not_with_each_minute() -> None:
    chunks = recorded([delivery(1, incident("i1", at=M0 - 5)), later(95, incident("i2", at=M0 + 94))])
    first, second = l1(chunks[:5]), l1(chunks[5:])
    assert [received for received, _, _ in Span(first).frames] == [0]
    assert [received for received, _, _ in Span(l2([first, second])).frames] == [0]


def test_spans_that_do_not_follow_one_another_are_refused() -> None:
    chunks = recorded([delivery(1, unit("u", at=M0 - 5))], count=3)
    with pytest.raises(ValueError, match="does not follow"):
        l1([chunks[0], chunks[2]])
