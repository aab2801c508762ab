"""What every way in has in common, without sockets."""

import json

import msgspec
import numpy as np
import pytest

from feeds import ledger
from feeds.adapter import FRAME_MAX, MESSAGES_MAX, Decoded, Refusal
from feeds.adapters.cot import ADAPTER as COT
from feeds.adapters.native import ADAPTER as NATIVE
from feeds.door import Door, Pending, decode
from feeds.envelope import Packed, Parcel, unpack
from feeds.lane import BATCH_MAX
from feeds.ledger import Ledger
from feeds.names import AgencyId
from feeds.report import UnitReport
from feeds.unit_columns import UnitColumns, columns_of, encode
from tests.support.gateway import CPD, NOW, source, unit


class HandLane:
    """A lane whose landings a test brings about."""

    def __init__(self) -> None:
        self.put_in: list[Parcel] = []
        self._landings: list = []

    def put(self, parcel: Packed, landed) -> None:
        self.put_in.append(unpack(parcel))
        self._landings.append(landed)

    def land(self) -> None:
        landings, self._landings = self._landings, []
        for landed in landings:
            landed()


class Scene:
    """A door of one agency with one source."""

    def __init__(self, adapter: str = "native") -> None:
        self.lane = HandLane()
        self.door = Door({CPD: self.lane})  # type: ignore[dict-item]
        self.dialect = {"native": NATIVE, "cot": COT}[adapter]
        self.book = Ledger(source("cpd-avl", AgencyId("cpd"), adapter), sequenced=self.dialect.sequenced)
        self.ordinal = 0

    def say(self, *messages: object, run: str = "a") -> Pending:
        return self.frame(json.dumps(list(messages)).encode(), run)

    def frame(self, frame: bytes, run: str = "a") -> Pending:
        self.ordinal += 1
        return self.door.take(self.book, run, decode(self.dialect.open(), frame, NOW), NOW, self.ordinal)


def answer(pending: Pending) -> dict:
    assert pending.done.done()
    return json.loads(pending.answer())


async def test_an_id_outside_its_grammar_is_refused_by_name_and_the_rest_goes_on():
    scene = Scene()
    pending = scene.say(unit(1), {**unit(2), "unit_id": "é"})
    scene.lane.land()
    refusal = {"seq": 2, "index": 1, "reason": "unit_id outside its grammar", "path": "$.unit_id"}
    assert answer(pending) == {"ack": [1], "refused": [refusal]}


async def test_an_answer_waits_for_the_journal():
    scene = Scene()
    pending = scene.say(unit(1), unit(2))
    assert not pending.done.done() and scene.book.health().accepted == 0
    scene.lane.land()
    assert answer(pending) == {"ack": [1, 2]} and scene.book.health().accepted == 2


async def test_a_refusal_needs_no_journal_and_empty_parts_are_left_out():
    scene = Scene()
    assert answer(scene.say(unit(1, lat=99))) == {
        "refused": [{"seq": 1, "index": 0, "reason": "lat out of range", "path": "$.lat"}]
    }
    assert scene.lane.put_in == []


async def test_the_second_of_a_number_in_one_frame_is_a_duplicate():
    scene = Scene()
    pending = scene.say(unit(1), unit(1), unit(2))
    assert [len(p.reports) for p in scene.lane.put_in] == [2]
    scene.lane.land()
    assert answer(pending) == {"ack": [1, 2], "duplicate": [1]}


async def test_what_is_in_flight_is_waited_for_and_then_a_duplicate():
    scene = Scene()
    first, second = scene.say(unit(1)), scene.say(unit(1), unit(2))
    assert not second.done.done()
    scene.lane.land()
    assert answer(first) == {"ack": [1]} and answer(second) == {"ack": [2], "duplicate": [1]}
    assert answer(scene.say(unit(1))) == {"duplicate": [1]}
    assert (scene.book.health().accepted, scene.book.health().duplicate) == (2, 2)


async def test_the_same_number_in_another_run_or_of_another_source_is_new():
    scene = Scene()
    other = Ledger(source("cpd-cad", CPD), sequenced=True)
    pendings = [scene.say(unit(1)), scene.say(unit(1), run="b")]
    pendings.append(scene.door.take(other, "a", decode(NATIVE.open(), json.dumps(unit(1)).encode(), NOW), NOW, 1))
    scene.lane.land()
    assert [answer(p) for p in pendings] == [{"ack": [1]}] * 3


async def test_a_source_publishes_for_its_own_agency_only():
    scene = Scene()
    pending = scene.say(unit(1, agency="cpd"), unit(2, agency="cfd"), unit(3))
    scene.lane.land()
    assert answer(pending) == {
        "ack": [1, 3],
        "refused": [{"seq": 2, "index": 1, "reason": "wrong agency", "path": "$.agency"}],
    }


async def test_a_report_more_than_a_day_ahead_is_refused_and_one_less_ahead_is_kept_as_it_is():
    scene = Scene()
    pending = scene.say(unit(1, at=NOW + 86399), unit(2, at=NOW + 86401), unit(3, at=0))
    scene.lane.land()
    refused = answer(pending)["refused"]
    assert [(r["seq"], r["reason"]) for r in refused] == [(2, "observed_at more than 24 h ahead")]
    assert [r.observed_at for r in scene.lane.put_in[0].reports] == [NOW + 86399, 0]


async def test_a_native_message_without_a_number_is_refused():
    assert answer(Scene().say(unit(None)))["refused"] == [{"index": 0, "reason": "seq missing", "path": "$.seq"}]


async def test_a_frame_over_64_kb_is_refused_unread():
    assert answer(Scene().frame(b" " * (FRAME_MAX + 1))) == {"refused": [{"index": 0, "reason": "larger than 64 kB"}]}


async def test_a_fault_of_a_dialect_costs_one_frame():
    class Faulty:
        def decode(self, frame: bytes, received_at: float) -> Decoded:
            raise ZeroDivisionError("secret payload")

    assert decode(Faulty(), b"x", NOW).refusals == [Refusal(0, "adapter failed")]


async def test_a_large_frame_is_one_parcel_and_fits_a_batch():
    scene = Scene()
    pending = scene.frame(
        b"[" + b",".join(b'{"kind":"unit","unit_id":"a","observed_at":1,"seq":%d}' % i for i in range(900)) + b"]"
    )
    assert [len(p.reports) for p in scene.lane.put_in] == [900] and BATCH_MAX >= MESSAGES_MAX
    scene.lane.land()
    assert answer(pending) == {"ack": list(range(900))}


async def test_a_dialect_without_numbers_is_answered_by_the_ordinal_of_the_message():
    unit_, _, route, ping, mixed, *_ = (s.frame for s in COT.samples)
    scene = Scene("cot")
    pendings = [scene.frame(f) for f in (unit_, route, ping, mixed, unit_)]
    scene.lane.land()
    route_refused = {"reason": "unsupported type", "path": "event@type"}
    assert [answer(p) for p in pendings] == [
        {"ack": [1]},
        {"refused": [{"seq": 2, "index": 0, **route_refused}]},
        {"ack": [3]},
        {"ack": [4], "refused": [{"seq": 4, "index": 1, **route_refused}]},
        {"duplicate": [5]},
    ]
    health = scene.book.health()
    assert (health.accepted, health.duplicate, health.rejected) == (3, 1, 2)


async def test_nothing_is_remembered_of_what_has_landed_but_its_number():
    scene = Scene()
    for n in range(50):
        scene.say(unit(n), unit(n))
        scene.lane.land()
    assert scene.door._flying == {}


def _frame(*seqs: int) -> list[dict]:
    return [unit(seq) for seq in seqs]


async def test_a_frame_without_holes_is_answered_and_remembered_like_any_other():
    scene = Scene()
    first = scene.say(*_frame(*range(100, 140)))
    again = scene.say(*_frame(*range(100, 140)))
    across = scene.say(*_frame(*range(130, 160)))
    single = scene.say(*_frame(105))
    scene.lane.land()
    assert answer(first) == {"ack": list(range(100, 140))}
    assert answer(again) == {"duplicate": list(range(100, 140))}
    assert answer(across) == {"ack": list(range(140, 160)), "duplicate": list(range(130, 140))}
    assert answer(single) == {"duplicate": [105]}
    later = scene.say(*_frame(*range(120, 180)))
    scene.lane.land()
    assert answer(later) == {"ack": list(range(160, 180)), "duplicate": list(range(120, 160))}
    health = scene.book.health()
    assert (health.accepted, health.duplicate, health.gaps) == (80, 91, 0)
    assert scene.door._flying == {} and scene.door._ranges == {}


async def test_a_report_alone_on_its_way_is_not_journaled_twice_by_the_frame_that_repeats_it():
    scene = Scene()
    single, frame = scene.say(*_frame(20)), scene.say(*_frame(*range(10, 40)))
    scene.lane.land()
    assert answer(single) == {"ack": [20]}
    assert answer(frame) == {"ack": [n for n in range(10, 40) if n != 20], "duplicate": [20]}
    assert sorted(r.seq for p in scene.lane.put_in for r in p.reports if r.seq is not None) == list(range(10, 40))


async def test_runs_and_sources_count_apart_in_frames_without_holes_too():
    scene = Scene()
    one, other = scene.say(*_frame(*range(20)), run="a"), scene.say(*_frame(*range(20)), run="b")
    scene.lane.land()
    assert answer(one) == answer(other) == {"ack": list(range(20))}


async def test_one_report_from_the_future_costs_a_frame_without_holes_only_itself():
    scene = Scene()
    reports = _frame(*range(20))
    reports[7]["observed_at"] = NOW + 100_000
    pending = scene.say(*reports)
    scene.lane.land()
    answered = answer(pending)
    assert answered["ack"] == [n for n in range(20) if n != 7] and answered["refused"][0]["seq"] == 7


async def test_a_source_that_makes_up_ids_is_refused_new_ones_and_heard_on_the_known(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "TOKEN_MAX", 20)
    scene = Scene()
    assert len(scene.book.subjects) == 0
    for first, taken in ((1, 16), (17, 4), (33, 0)):
        pending = scene.say(*(unit(seq, f"made up {seq}") for seq in range(first, first + 16)))
        scene.lane.land()
        said = answer(pending)
        assert said.get("ack", []) == list(range(first, first + taken))
        assert {(r["seq"], r["reason"]) for r in said.get("refused", [])} == {
            (seq, "too many units") for seq in range(first + taken, first + 16)
        }
    pending = scene.say(unit(100, "made up 3"))
    scene.lane.land()
    assert answer(pending) == {"ack": [100]} and len(scene.book.subjects) == 20
    assert scene.book.health().reasons == {"too many units": 28}


async def test_a_port_without_a_token_has_the_smaller_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "OPEN_MAX", 2)
    scene = Scene("cot")
    sample = COT.samples[0].frame
    for uid in (b"A", b"B", b"C", b"A"):
        scene.frame(sample.replace(b"ISP-31", uid).replace(b"24.6", b"2%d.6" % scene.ordinal))
    scene.lane.land()
    assert [r.unit_id for p in scene.lane.put_in for r in p.reports] == ["A", "B", "A"]
    assert scene.book.health().reasons == {"too many units": 1}


async def test_a_source_of_an_exercise_marks_what_does_not_say_so_itself():
    scene = Scene()
    scene.book = Ledger(source("cpd-avl", CPD, status="exercise"), sequenced=True)
    scene.say(unit(1), unit(2, status="test"))
    assert [report.status for parcel in scene.lane.put_in for report in parcel.reports] == ["exercise", "test"]


def columns(*seqs: int, **said: object) -> UnitColumns:
    """Return columns of a unit for each number."""
    reports = [
        UnitReport(observed_at=NOW, unit_id=f"u{seq}", seq=seq, lat=41.88, lon=-87.63, **said)  # type: ignore[arg-type]
        for seq in seqs
    ]
    made = columns_of(reports)
    assert made is not None
    return made


async def test_columns_are_journaled_as_they_came_and_acknowledged_by_number():
    scene = Scene()
    said = columns(*range(100, 140))
    pending = scene.frame(encode(said))
    assert scene.lane.put_in[0].body == said
    scene.lane.land()
    assert answer(pending) == {"ack": list(range(100, 140))}
    again = scene.frame(encode(columns(*range(120, 160))))
    scene.lane.land()
    assert answer(again) == {"ack": list(range(140, 160)), "duplicate": list(range(120, 140))}
    assert scene.book.health().accepted == 60


async def test_one_wrong_report_among_columns_costs_only_itself_and_is_told_in_words():
    scene = Scene()
    good = columns(*range(30))
    table = good.table()
    table.numbers[0][7] = 141.0
    pending = scene.frame(encode(table._replace(columns=None).packed()))
    scene.lane.land()
    said = answer(pending)
    assert said["ack"] == [n for n in range(30) if n != 7]
    assert said["refused"] == [{"seq": 7, "index": 7, "reason": "lat out of range", "path": "$.lat"}]


async def test_an_id_outside_its_grammar_among_columns_is_refused_by_name():
    scene = Scene()
    good = columns(*range(30))
    pending = scene.frame(encode(msgspec.structs.replace(good, ids=(*good.ids[:3], "é", *good.ids[4:]))))
    scene.lane.land()
    said = answer(pending)
    assert said["ack"] == [n for n in range(30) if n != 3]
    assert said["refused"][0]["reason"] == "unit_id outside its grammar"


async def test_a_jump_among_columns_costs_only_itself():
    scene = Scene()
    scene.frame(encode(columns(*range(30))))
    later = columns(*range(30))
    table = later.table()
    table.numbers[0][5] = 44.0
    seq = table.column("seq")
    assert seq is not None
    seq += 100
    pending = scene.frame(encode(table._replace(columns=None).packed()))
    scene.lane.land()
    said = answer(pending)
    assert said["ack"] == [n for n in range(100, 130) if n != 105]
    assert said["refused"] == [{"seq": 105, "index": 5, "reason": "implausible jump"}]


async def test_columns_of_an_exercises_source_are_marked():
    scene = Scene()
    scene.book = Ledger(source("cpd-avl", CPD, status="exercise"), sequenced=True)
    scene.frame(encode(columns(*range(30))))
    assert {report.status for report in scene.lane.put_in[0].reports} == {"exercise"}


async def test_columns_of_more_than_a_frame_may_hold_or_of_nothing_are_refused():
    scene = Scene()
    one = columns(*range(30))
    many = MESSAGES_MAX + 1
    table = one.table()
    huge = table._replace(
        ids=tuple("a" * many), which=np.zeros(many, np.intp), numbers=np.ones((len(table.numbers), many)), columns=None
    )
    nothing = msgspec.structs.replace(one, ids=(), which=b"", numbers=b"")
    refused = [answer(scene.frame(encode(said)))["refused"] for said in (huge.packed(), nothing)]
    assert [r[0]["reason"] for r in refused] == ["more than 1000 messages", "empty message"]
