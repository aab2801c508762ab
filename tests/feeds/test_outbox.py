"""feeds.outbox: numbers, messages, answers, with the spool in memory."""

import json
from itertools import chain

import pytest

from feeds.adapter import FRAME_MAX
from feeds.errors import DecodeError, FeedLost, SpoolFull
from feeds.feed_line import Answer, RefusedMessage
from feeds.outbox import MEMORY_BYTES, MESSAGE_REPORTS, UNANSWERED, WINDOW, Outbox
from feeds.report import Polygon, UnitReport, ZoneReport
from feeds.spool import MemorySpool, Parcel
from feeds.unit_columns import are_columns, decode

RUN = "r"


def _reports(n: int) -> list[UnitReport]:
    return [UnitReport(observed_at=1000.0, unit_id=f"U{i}", lat=41.8, lon=-87.6) for i in range(n)]


def _box(most_bytes: int = 100_000_000) -> Outbox:
    return Outbox(MemorySpool(RUN), most_bytes)


def _seqs(body: bytes | None) -> list[int]:
    return [m["seq"] for m in json.loads(body or b"[]")]


def _all(body: bytes) -> Answer:
    return Answer(ack=tuple(_seqs(body)))


def _drain(box: Outbox, run: str = RUN) -> list[bytes]:
    bodies = []
    while (body := box.next(run)) is not None:
        bodies.append(body)
        box.answer(_all(body))
    return bodies


def test_reports_are_numbered_in_order_across_messages() -> None:
    box = _box()
    box.put(_reports(MESSAGE_REPORTS))
    box.put(_reports(1))
    assert [_seqs(body) for body in _drain(box)] == [[*range(1, MESSAGE_REPORTS + 1)], [MESSAGE_REPORTS + 1]]


def test_a_number_that_a_report_brings_along_is_not_used() -> None:
    box = _box()
    box.put([UnitReport(observed_at=1.0, unit_id="U", seq=77)])
    assert _seqs(box.next(RUN)) == [1]


def test_what_came_in_while_a_message_was_unanswered_goes_together() -> None:
    box = _box()
    box.put(_reports(1))
    first = box.next(RUN)
    for _ in range(3):
        box.put(_reports(1))
        assert box.next(RUN) is None
    box.answer(_all(first or b""))
    assert _seqs(box.next(RUN)) == [2, 3, 4]


def test_a_message_never_exceeds_what_the_door_takes() -> None:
    box = _box()
    long = ["x" * 200] * 20
    box.put([UnitReport(observed_at=1.0, unit_id=f"U{i}", labels=tuple(long)) for i in range(1000)])
    bodies = _drain(box)
    assert max(map(len, bodies)) <= FRAME_MAX
    assert list(chain.from_iterable(map(_seqs, bodies))) == list(range(1, 1001))
    assert len(box) == box.size == 0


def test_a_report_that_fits_no_message_is_refused_at_once_and_takes_no_number() -> None:
    box = _box()
    ring = ((0.123456789, 0.123456789),) * 2000
    huge = ZoneReport(observed_at=1.0, zone_id="Z", geometry=Polygon((ring, ring)))
    with pytest.raises(DecodeError, match=r"larger than 64 kB - at \$\[1\]"):
        box.put([*_reports(1), huge])
    box.put(_reports(1))
    assert _seqs(box.next(RUN)) == [1]


def test_the_window_holds_back_until_an_answer_comes() -> None:
    box = _box()
    box.put(_reports(MESSAGE_REPORTS * (WINDOW + 1)))
    bodies = [box.next(RUN) for _ in range(WINDOW)]
    assert all(bodies)
    assert box.next(RUN) is None
    box.answer(_all(bodies[0] or b""))
    assert box.next(RUN) is not None


def test_after_a_lost_line_everything_unanswered_goes_again_as_it_was() -> None:
    box = _box()
    box.put(_reports(MESSAGE_REPORTS * 3))
    sent = [box.next(RUN), box.next(RUN)]
    box.answer(_all(sent[0] or b""))
    box.line_lost()
    assert box.next(RUN) == sent[1]
    assert _seqs(box.next(RUN))[0] == 2 * MESSAGE_REPORTS + 1


def test_an_answer_to_nothing_ends_the_line() -> None:
    with pytest.raises(FeedLost):
        _box().answer(Answer(ack=(1,)))


def test_what_goes_over_the_bound_is_refused_whole_and_takes_no_number() -> None:
    box = _box(most_bytes=1000)
    box.put(_reports(5))
    size = box.size
    with pytest.raises(SpoolFull, match="5 reports wait"):
        box.put(_reports(50))
    assert (len(box), box.size) == (5, size)
    box.answer(_all(box.next(RUN) or b""))
    box.put(_reports(1))
    assert _seqs(box.next(RUN)) == [6]


def test_lost_reports_leave_a_gap_in_the_numbers() -> None:
    box = _box()
    box.put(_reports(2))
    box.lose(10)
    box.put(_reports(1))
    assert [_seqs(body) for body in _drain(box)] == [[1, 2], [13]]


def test_a_refused_report_is_told_with_its_reason_and_counted() -> None:
    box = _box()
    box.put(_reports(3))
    box.next(RUN)
    (refused,) = box.answer(Answer(ack=(1,), duplicate=(3,), refused=(RefusedMessage("bad lat", 1, "$.lat", 2),)))
    assert (refused.report["unit_id"], refused.reason, refused.path) == ("U1", "bad lat", "$.lat")
    assert "seq" not in refused.report
    assert (box.counts.accepted, box.counts.duplicate, box.counts.refused) == (1, 1, {"bad lat": 1})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Answer(refused=(RefusedMessage("adapter failed"),)), "adapter failed"), (Answer(), UNANSWERED)],
)
def test_a_message_refused_as_a_whole_counts_each_of_its_reports(answer: Answer, reason: str) -> None:
    box = _box()
    box.put(_reports(3))
    box.next(RUN)
    assert [(r.report["unit_id"], r.reason) for r in box.answer(answer)] == [(f"U{i}", reason) for i in range(3)]
    assert box.counts.refused == {reason: 3}
    assert len(box) == 0


def test_a_long_wait_is_read_back_in_order_and_memory_stays_bounded() -> None:
    box = _box()
    for _ in range(400):
        box.put(_reports(MESSAGE_REPORTS))
    assert box.size > MEMORY_BYTES * 1.5
    assert box.in_memory < MEMORY_BYTES + 100_000
    seen: list[int] = []
    while (body := box.next(RUN)) is not None:
        assert box.in_memory < MEMORY_BYTES + 100_000
        seen += _seqs(body)
        box.answer(_all(body))
    assert seen == list(range(1, 400 * MESSAGE_REPORTS + 1))


def test_reports_of_an_older_run_go_first_and_then_the_line_is_through() -> None:
    spool = MemorySpool("new")
    spool.add([Parcel(1, 1, "old", b'{"seq":1}')])
    spool.next_seq = 2
    spool.held = lambda: (1, 9)  # type: ignore[method-assign]
    box = Outbox(spool, 10_000)
    box.put(_reports(1))
    assert box.run == "old"
    assert not box.is_through("old")
    assert [_seqs(body) for body in _drain(box, "old")] == [[1]]
    assert box.is_through("old")
    assert [_seqs(body) for body in _drain(box, "new")] == [[2]]


# ---- columns


def _columned(box: Outbox) -> Outbox:
    box.speak(columns=True)
    return box


def _numbers(body: bytes | None) -> list[int | None]:
    assert body is not None
    return decode(body).sequences() if are_columns(body) else list(_seqs(body))


def _columns_drained(box: Outbox) -> list[list[int | None]]:
    """Return the numbers of each message, each answered before the next."""
    bodies = []
    while (body := box.next(RUN)) is not None:
        bodies.append(_numbers(body))
        box.answer(Answer(ack=tuple(n for n in bodies[-1] if n is not None)))
    return bodies


def test_many_units_go_as_columns_once_the_door_takes_them() -> None:
    box = _box()
    box.put(_reports(100))
    assert not are_columns(box.next(RUN) or b"")
    box.answer(Answer(ack=tuple(range(1, 101))))
    box.speak(columns=True)
    box.put(_reports(500))
    assert box.size < 40 * 500
    assert _columns_drained(box) == [[*range(101, 301)], [*range(301, 501)], [*range(501, 601)]]
    assert len(box) == box.size == 0


def test_columns_and_single_reports_are_not_put_into_one_message() -> None:
    box = _columned(_box())
    for count in (1, 1, 50, 1, 1, 50, 50):
        box.put(_reports(count))
    assert _columns_drained(box) == [[1, 2], [*range(3, 53)], [53, 54], [*range(55, 105)], [*range(105, 155)]]


def test_what_waits_as_columns_goes_as_json_to_a_door_that_takes_none() -> None:
    box = _columned(_box())
    box.put(_reports(300))
    under_way = box.next(RUN)
    assert under_way is not None and are_columns(under_way)
    box.line_lost()
    box.speak(columns=False)
    box.put(_reports(30))
    bodies = _drain(box)
    assert [len(_seqs(body)) for body in bodies] == [200, 130]
    assert json.loads(bodies[0])[0] == {
        "kind": "unit", "observed_at": 1000.0, "seq": 1, "unit_id": "U0", "lat": 41.8, "lon": -87.6,
    }  # fmt: skip
    assert len(box) == box.size == box.in_memory == 0


def test_columns_in_a_spool_are_read_back_and_go_as_json_until_a_door_takes_them() -> None:
    spool = MemorySpool(RUN)
    first = Outbox(spool, 100_000_000)
    first.speak(columns=True)
    first.put(_reports(100))
    again = Outbox(spool, 100_000_000)
    again._read_from, (again._reports, again._size) = 1, (first._reports, first._size)
    body = again.next(RUN)
    assert _seqs(body) == [*range(1, 101)]
    again.answer(_all(body or b""))
    assert len(again) == again.size == 0


def test_what_is_refused_of_columns_is_told_as_it_was_said() -> None:
    box = _columned(_box())
    box.put(_reports(30))
    box.next(RUN)
    answer = Answer(ack=tuple(range(2, 31)), refused=(RefusedMessage("lat out of range", 0, "$.lat", 1),))
    (refused,) = box.answer(answer)
    assert refused == (
        {"kind": "unit", "observed_at": 1000.0, "unit_id": "U0", "lat": 41.8, "lon": -87.6},
        "lat out of range",
        "$.lat",
    )


@pytest.mark.parametrize("said", [{"lat": "north"}, {"labels": ["a"]}, {"speed_mps": 10**400}])
def test_what_no_column_can_hold_goes_as_json_for_the_door_to_say_what_is_wrong(said: dict[str, object]) -> None:
    box = _columned(_box())
    box.put([*_reports(30), UnitReport(observed_at=1.0, unit_id="wrong", **said)])  # type: ignore[arg-type]
    body = box.next(RUN)
    assert len(_seqs(body)) == 31
