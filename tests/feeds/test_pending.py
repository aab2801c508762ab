import json

from feeds.adapter import Refusal
from feeds.pending import Pending


def answer(pending: Pending) -> dict:
    return json.loads(pending.answer())


async def test_it_is_ready_when_nothing_is_on_its_way_any_more():
    pending = Pending(None)
    pending.hold()
    pending.release()
    assert not pending.done.done()
    pending.release()
    assert pending.done.done() and answer(pending) == {}


async def test_numbered_reports_are_answered_by_their_numbers():
    pending = Pending(None)
    pending.ack(1)
    pending.ack_all(range(2, 4))
    pending.duplicate(9)
    pending.refuse(Refusal(4, "lat out of range", "$.lat", 5))
    assert answer(pending) == {
        "ack": [1, 2, 3],
        "duplicate": [9],
        "refused": [{"seq": 5, "index": 4, "reason": "lat out of range", "path": "$.lat"}],
    }
    assert not pending.nothing_taken


async def test_a_message_without_numbers_is_answered_by_its_ordinal():
    new, known, bad = Pending(7), Pending(8), Pending(9)
    new.ack(None)
    new.duplicate(None)
    known.duplicate(None)
    bad.refuse(Refusal(0, "not XML"))
    assert answer(new) == {"ack": [7]} and answer(known) == {"duplicate": [8]}
    assert answer(bad) == {"refused": [{"seq": 9, "index": 0, "reason": "not XML"}]}
    assert bad.nothing_taken and not new.nothing_taken and not known.nothing_taken
