"""What another class may know of an agency's units through a block: held to the live picture of that class."""

from typing import Any

import msgspec
import numpy as np
import pytest

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.sheets import sheets
from feeds.report import Category
from layers import kinds
from layers.chunk import minutes
from layers.picture import Picture
from layers.policy import Door, Grant, Rules, ViewerClass
from layers.pyramid import L1_STEP_S, L2_STEP_S, Part, l1, overview
from layers.review_rules import Eyes, ReviewRules
from layers.sight import SharedSight, Sight
from layers.span import Span
from layers.view import View
from tests.support.heard import ROSTER, delivery, heard, unit
from tests.support.patrol import driven

M0 = 1_790_000_400.0
CPD, FIRE = AgencyId("cpd"), AgencyId("fire")
C = Category


def shares(*categories: Category, labels: frozenset[str] = frozenset()) -> Rules:
    return Rules([Grant("cpd", frozenset({"fire"}), frozenset(categories), labels)])


def sight(*rules: Rules, labels: dict[str, frozenset[str]] | None = None) -> SharedSight:
    every = [ReviewRules([Eyes(ViewerClass(FIRE), (one,))]) for one in rules]
    return SharedSight(CPD, "police", every, Door(Picture(ROSTER), every[0], every[0].viewer), labels or {})


def later(s: float, *reports: Any) -> Delivery:
    return delivery(0, *reports, received_at=M0 + s)._replace(id=BatchId(round((M0 + s) * 1000), 0))


def blocks(deliveries: list[Delivery], count: int = 10) -> list[bytes]:
    """The L1 block of each ten minutes from M0 on."""
    picture = heard(*[d for d in deliveries if d.id.ms < M0 * 1000])
    part = [d for d in deliveries if M0 * 1000 <= d.id.ms < (M0 + 60 * count) * 1000]
    chunks = [chunk.data for chunk in minutes(picture, CPD, sheets(CPD, part), M0, count)]
    return [l1(chunks[i : i + 10]) for i in range(0, count, 10)]


def made(spans: list[bytes], seen: Sight, until: float = 600.0, step_s: float = L1_STEP_S, at: float = 0.0) -> Span:
    return Span(bytes_of(spans, seen, until, step_s, at))


def bytes_of(
    spans: list[bytes], seen: Sight, until: float = 600.0, step_s: float = L1_STEP_S, at: float = 0.0
) -> bytes:
    parts = [Part(span, span.until) for span in map(Span, spans)]
    return overview(parts, M0 + at, M0 + until, step_s, seen)


def view_at(deliveries: list[Delivery], rules: Rules, s: float) -> View:
    picture = heard(*[d for d in deliveries if d.id.ms <= (M0 + s) * 1000])
    picture.expire(M0 + s)
    picture.flush()
    return View(picture, rules, ViewerClass(FIRE), [kinds.load("units")], M0 + s)


def in_view(view: View) -> dict[str, tuple[Any, ...]]:
    """Of each unit with a place what the live picture of the class has."""
    table = view.tables["units"]
    found = {}
    for row in np.flatnonzero(table.present[: table.end]).tolist():
        record = msgspec.json.decode(msgspec.json.encode(table.records[row]))
        record.pop("incident_id", None)
        if table.columns["lon"][row] != 2147483647:
            flags = int(table.columns["flags"][row]) | int(table.life[row]) << 1
            found[record["id"]] = (int(table.columns["status"][row]), flags, record)
    return found


def in_block(block: Span, s: float) -> dict[str, tuple[Any, ...]]:
    state = block.state_at(M0 + s)
    records = block.records_at(M0 + s)
    return {
        record["id"]: (int(state["status"][i]), int(state["flags"][i]), record) for i, (_, record) in enumerate(records)
    }


CITY = driven(40, 600, M0, seed=5, before=20)


@pytest.mark.parametrize(
    "categories",
    [
        (C.UNIT_POSITION,),
        (C.UNIT_POSITION, C.UNIT_STATUS),
        (C.UNIT_POSITION, C.UNIT_EMERGENCY, C.UNIT_IDENTITY),
        (C.UNIT_STATUS, C.UNIT_IDENTITY),
    ],
    ids=["place", "status", "name", "no place"],
)
def test_a_block_shows_at_its_steps_what_the_live_picture_of_the_class_shows(categories: tuple[Category, ...]) -> None:
    more = [later(31.2, unit("unit-0003", at=M0 + 31, emergency="panic", incident_id="i9", primary_status="Available"))]
    said = sorted([*CITY, *more], key=lambda d: d.id)
    rules = shares(*categories)
    block = made(blocks(said), sight(rules))
    for s in (0, 10, 40, 300, 590):
        assert in_block(block, s) == in_view(view_at(said, rules, s))
    assert bool(block.n) == (C.UNIT_POSITION in categories)


def test_places_are_the_pictures_to_a_metre() -> None:
    rules = shares(C.UNIT_POSITION)
    block, table = made(blocks(CITY), sight(rules)), view_at(CITY, rules, 300).tables["units"]
    state = block.state_at(M0 + 300)
    exact = {table.records[row]["id"]: row for row in range(table.end) if table.present[row]}
    for i, row in enumerate(state["row"].tolist()):
        for name in ("lon", "lat"):
            assert abs(int(state[name][i]) - int(table.columns[name][exact[block.ids[row]]])) <= 50


def test_what_is_hidden_leaves_no_trace_in_the_bytes() -> None:
    seen = [unit("seen", at=M0 + 5), unit("seen", at=M0 + 200, lat=41.9, primary_status="Available")]
    hidden = [unit("a-ghost", at=M0 + 4, labels=("undercover",), call_sign="X", primary_status="NotAvailable"),
              unit("z-ghost", at=M0 + 100, lat=42.0, labels=("undercover",))]  # fmt: skip
    plain = [later(5, seen[0]), later(201, seen[1])]
    full = [later(4, hidden[0])._replace(), later(5, seen[0]), later(100, hidden[1]), later(201, seen[1])]
    full[0] = delivery(0, hidden[0], received_at=M0 + 4, source="cpd-covert")._replace(id=full[0].id)
    labels = {"a-ghost": frozenset({"undercover"}), "z-ghost": frozenset({"undercover"})}
    rules = shares(C.UNIT_POSITION, C.UNIT_STATUS)
    assert bytes_of(blocks(full), sight(rules, labels=labels)) == bytes_of(blocks(plain), sight(rules))
    nobody = bytes_of(blocks(full[:1]), sight(rules, labels=labels))
    assert nobody == bytes_of([], sight(rules)), "a stretch of hidden things is a stretch of nothing"


def test_a_share_that_names_a_label_shows_what_has_it() -> None:
    said = [later(5, unit("v", at=M0 + 5, labels=("undercover",)))]
    labels = {"v": frozenset({"undercover"})}
    named = shares(C.UNIT_POSITION, labels=frozenset({"undercover"}))
    assert made(blocks(said), sight(named, labels=labels)).ids == ["v"]
    assert made(blocks(said), sight(shares(C.UNIT_POSITION), labels=labels)).ids == []


def test_of_several_policies_in_force_only_what_all_grant_is_shown() -> None:
    wide, narrow = shares(C.UNIT_POSITION, C.UNIT_IDENTITY), shares(C.UNIT_POSITION)
    assert "call_sign" in made(blocks(CITY), sight(wide)).records_at(M0)[0][1]
    assert "call_sign" not in made(blocks(CITY), sight(wide, narrow)).records_at(M0)[0][1]
    assert made(blocks(CITY), sight(wide, Rules(()))).ids == []


def test_a_change_of_what_is_hidden_is_no_change() -> None:
    said = [later(5, unit("u", at=M0 + 5, primary_status="Available", incident_id="i1")),
            later(100, unit("u", at=M0 + 100, primary_status="Available", incident_id="i2"))]  # fmt: skip
    block = made(blocks(said), sight(shares(C.UNIT_POSITION, C.UNIT_STATUS)))
    assert len(block.said().row) == 1
    assert "incident_id" not in block.records_at(M0 + 300)[0][1]


def test_units_that_come_after_the_last_step_are_not_told_ahead() -> None:
    said = [later(5, unit("u", at=M0 + 5)), later(595, unit("late", at=M0 + 595))]
    assert made(blocks(said), sight(shares(C.UNIT_POSITION))).ids == ["u"]


def test_a_door_that_fails_shows_nothing_and_is_counted() -> None:
    class Broken(ReviewRules):
        def granted(self, viewer, origin):
            raise RuntimeError

    broken = Broken([Eyes(ViewerClass(FIRE), (shares(C.UNIT_POSITION),))])
    seen = SharedSight(CPD, "police", [broken], Door(Picture(ROSTER), broken, broken.viewer), {})
    assert made(blocks(CITY), seen).ids == []
    assert broken.alarms == 1


def test_where_nobody_spoke_units_stand_as_they_were_and_grow_old() -> None:
    said = [later(5, unit("u", at=M0 + 5, primary_status="Available")), later(1300, unit("u", at=M0 + 1300, lat=42.0))]
    first, _, third = blocks(said, 30)
    for seen in (Sight(CPD, "police"), sight(shares(C.UNIT_POSITION, C.UNIT_STATUS))):
        block = made([first, third], seen, until=1800, step_s=L2_STEP_S)
        states = [block.state_at(M0 + s) for s in (60, 900, 1320)]
        assert [state["flags"].tolist() for state in states] == [[2], [4], [0]]
        assert [state["lat"].tolist() for state in states] == [[418800000], [418800000], [420000000]]
        assert dict(block.records_at(M0 + 900))[0]["primary_status"] == "Available"
        # What began before it is there from its beginning on.
        after = made([first], seen, at=900, until=1200)
        assert after.state_at(M0 + 900)["age"].tolist() == [8950]
        assert after.count().tolist() == [0]
