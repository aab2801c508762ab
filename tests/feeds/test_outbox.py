import json

from feeds.adapter import FRAME_MAX
from feeds.exercise.outbox import REPORTS_MAX, WINDOW, Outbox
from feeds.report import UnitReport


def _reports(n: int) -> list[UnitReport]:
    return [UnitReport(observed_at=1000.0, unit_id=f"U{i}", lat=41.8, lon=-87.6) for i in range(n)]


def _seqs(body: bytes) -> list[int]:
    return [m["seq"] for m in json.loads(body)]


def test_reports_are_numbered_in_order_across_messages() -> None:
    box = Outbox()
    box.put(_reports(2))
    box.put(_reports(1))
    first, second = box.next(), box.next()
    assert first is not None
    assert second is not None
    assert _seqs(first) + _seqs(second) == [1, 2, 3]


def test_a_message_never_exceeds_what_the_door_takes() -> None:
    box = Outbox()
    box.put(_reports(3000))
    while (body := box.next()) is not None:
        assert len(body) <= FRAME_MAX
        box.answer()
    assert len(box) == 0


def test_the_window_holds_back_until_an_answer_comes() -> None:
    box = Outbox()
    for _ in range(WINDOW + 1):
        box.put(_reports(1))
    assert all(box.next() is not None for _ in range(WINDOW))
    assert box.next() is None
    box.answer()
    assert box.next() is not None


def test_after_a_lost_line_everything_unanswered_goes_again_with_the_same_numbers() -> None:
    box = Outbox()
    for _ in range(3):
        box.put(_reports(2))
    sent = [box.next(), box.next()]
    box.answer()
    box.line_lost()
    assert box.next() == sent[1]
    assert _seqs(box.next() or b"[]") == [5, 6]


def test_an_answer_to_nothing_is_ignored() -> None:
    box = Outbox()
    box.answer()
    assert len(box) == 0


def test_too_much_waiting_drops_the_oldest_and_leaves_a_gap() -> None:
    box = Outbox()
    for _ in range(REPORTS_MAX // 100 + 5):
        box.put(_reports(100))
    assert len(box) <= REPORTS_MAX
    assert box.dropped == 500
    assert _seqs(box.next() or b"[]")[0] == 501
