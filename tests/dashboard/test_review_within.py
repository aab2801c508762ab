"""What was in an area then: the filter of a review, under the reviewer's rights."""

import pytest

from dashboard.review_area import Box, Circle, area_of
from dashboard.review_asks import Within
from dashboard.review_history import Asker
from dashboard.review_shares import PolicyTimes, Shares
from dashboard.review_within import within_answer
from feeds.names import AgencyId
from layers import kinds
from layers.picture import LAYERS
from layers.policy import Rules, ViewerClass
from layers.review_rules import Eyes, ReviewRules
from layers.view import View
from tests.support.heard import T0, camera, entry, incident, unit
from tests.support.pair import grant
from tests.support.recorded import Record, known_by_brute_force
from tests.support.reviewing import review_on, reviewing

INSIDE = {"lat": 41.88, "lon": -87.63}
OUTSIDE = {"lat": 41.95, "lon": -87.63}
BOX = (-87.64, 41.875, -87.62, 41.885)
EVERYTHING = ("unit.position", "incident.summary", "incident.location", "camera.location", "lpr.hit", "log.entry")


@pytest.fixture
async def record() -> Record:
    """Two minutes; at T0 + 60 everything that is inside happens, and as much outside."""
    record = Record(["cpd", "fire"])
    await record.say(T0, incident("stands", at=T0, **INSIDE), incident("away", at=T0, **OUTSIDE))
    await record.say(T0 + 1, camera("c1", at=T0 + 1, **INSIDE), camera("quiet", at=T0 + 1, **INSIDE))
    await record.say(T0 + 2, camera("c2", at=T0 + 2, **OUTSIDE))
    for n in range(6):
        at = T0 + 60 + n
        place = INSIDE if n < 4 else OUTSIDE
        await record.say(at, unit("passes", at=at, **place), unit("never", at=at, **OUTSIDE))
        await record.say(at, unit("hidden", at=at, labels=("undercover",) if n == 5 else (), **INSIDE))
    await record.say(T0 + 70, incident("came", at=T0 + 70, **INSIDE), incident("went", at=T0 + 70, **OUTSIDE))
    await record.say(T0 + 71, camera("c1", at=T0 + 71, event_type="lpr_hit", lat=None, lon=None))
    await record.say(T0 + 72, camera("c2", at=T0 + 72, event_type="lpr_hit", lat=None, lon=None))
    await record.say(T0 + 73, entry("e1", at=T0 + 73, text="Here", **INSIDE), entry("e2", at=T0 + 73, **OUTSIDE))
    await record.say(T0 + 200, unit("later", at=T0 + 200, **INSIDE))
    record.end(T0 + 300)
    return record


async def asked(record: Record, agency: str, *shares: str, **area: object) -> dict:
    rules = ReviewRules([Eyes(ViewerClass(AgencyId(agency)), (Rules([grant("cpd", "fire", *shares)]),))])
    picture = await known_by_brute_force(record, T0 + 250)
    asker = Asker(record.recording, picture, rules, {}, None, Shares(PolicyTimes(record.recording), lambda _: rules))
    ask = Within(1, T0 + 50, T0 + 120, **(area or {"box": BOX}))
    picture.flush()
    return await within_answer(ask, asker, View(picture, rules, rules.viewer, map(kinds.load, LAYERS), T0 + 250))


def ids(answer: dict, layer: str) -> set[str]:
    return {one["id"] if layer == "units" else one[1] for one in answer[layer]}


@pytest.mark.parametrize("area", [{"box": BOX}, {"circle": (-87.63, 41.88, 400.0)}])
async def test_its_own_agency_gets_what_was_in_it_then_and_counts_of_that_alone(record: Record, area: dict) -> None:
    answer = await asked(record, "cpd", **area)
    assert ids(answer, "units") == {"passes", "hidden"}
    assert ids(answer, "incidents") == {"stands", "came"}
    assert ids(answer, "cameras") == {"c1"}
    assert ids(answer, "log") == {"e1"}
    passes = next(one for one in answer["units"] if one["id"] == "passes")
    assert (passes["first"], passes["last"]) == (T0 + 60, T0 + 63)
    totals = {kind: sum(minute.get(kind, 0) for minute in answer["minutes"]) for kind in ("unit", "incident", "camera")}
    assert totals == {"unit": 4 + 6, "incident": 1, "camera": 1}
    assert sum(minute.get("log", 0) for minute in answer["minutes"]) == 1
    assert {minute["agency"] for minute in answer["minutes"]} == {"cpd"} and not answer["more"]


async def test_another_agency_gets_and_counts_what_is_shared_with_it_and_no_more(record: Record) -> None:
    answer = await asked(record, "fire", *EVERYTHING)
    assert ids(answer, "units") == {"passes"}, "a unit that was ever labelled in the stretch is withheld"
    assert sum(minute.get("unit", 0) for minute in answer["minutes"]) == 4
    assert ids(answer, "cameras") == {"c1"} and ids(answer, "incidents") == {"stands", "came"}
    answer = await asked(record, "fire", "unit.position", "incident.summary", "camera.location", "lpr.hit")
    assert ids(answer, "incidents") == set(), "where an incident is, is another category than what it is"
    assert sum(minute.get("incident", 0) for minute in answer["minutes"]) == 0
    answer = await asked(record, "fire", "camera.location")
    assert ids(answer, "cameras") == set() and answer["minutes"] == []
    answer = await asked(record, "fire", "incident.summary", "incident.location")
    assert ids(answer, "units") == ids(answer, "cameras") == ids(answer, "log") == set()


@pytest.mark.parametrize("area", [{}, {"box": BOX, "circle": (0.0, 0.0, 1.0)}, {"box": (1.0, 0.0, -1.0, 1.0)}])
def test_an_area_that_is_none_is_refused_in_words(area: dict) -> None:
    with pytest.raises(ValueError, match="box"):
        area_of(Within(1, 0.0, 1.0, **area))


def test_a_box_and_a_circle_hold_their_centre_and_reach_their_edge() -> None:
    for area in (Box(*BOX), Circle(-87.63, 41.88, 500)):
        assert area.holds(*area.centre) and not area.holds(-87.63, 42)
        assert 400 < area.reach_m < 1100


async def test_over_the_stream_it_answers_and_is_audited_and_nonsense_is_refused(record: Record, tmp_path) -> None:
    from feeds.recording.audit import Audit

    audit = Audit(tmp_path / "audit.jsonl")
    async with (
        review_on(record.recording, clock=record.clock, audit=audit) as review,
        reviewing(review, "cpd-token", at=T0 + 100) as reviewer,
    ):
        answer = await reviewer.answer("within", ask=7, box=BOX, **{"from": T0 + 50, "to": T0 + 120})
        assert answer["ask"] == 7 and ids(answer, "units") == {"passes", "hidden"}
        refused = await reviewer.answer_refused("within", ask=8, **{"from": T0, "to": T0 + 1})
        assert "box" in refused["text"]
    (near,) = [one for one in audit.entries() if one.act == "near"]
    assert near.place is not None and near.place[:2] == pytest.approx((-87.63, 41.88))
