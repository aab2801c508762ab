"""Tracks and neighbours, asked without a door."""

from dashboard.review_asks import Near, Track
from dashboard.review_history import POINTS_MAX, Asker, near_answer, track_answer
from dashboard.review_shares import PolicyTimes, Shares
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from layers.review_rules import Eyes, ReviewRules
from tests.support.heard import ROSTER, T0, unit
from tests.support.pair import grant
from tests.support.recorded import Record, known_by_brute_force


async def asker(record: Record, agency: str = "cpd", known_by: float | None = None, *shares: str) -> Asker:
    rules = ReviewRules([Eyes(ViewerClass(AgencyId(agency)), (Rules([grant("cpd", "fire", *shares)]),))])
    picture = await known_by_brute_force(record, T0 + 1e6)
    return Asker(record.recording, picture, rules, {}, known_by, Shares(PolicyTimes(record.recording), lambda _: rules))


async def test_a_long_track_is_thinned_and_keeps_its_beginning() -> None:
    record = Record()
    reports = [unit(at=T0 + n / 10, lat=41 + n / 1e5) for n in range(2 * POINTS_MAX + 1)]
    for n in range(0, len(reports), 400):
        await record.say(T0 + n / 10 + 40, *reports[n : n + 400])
    answer = await track_answer(Track(1, "cpd", "u1", T0, T0 + 7200), await asker(record))
    assert POINTS_MAX // 2 < len(answer["points"]) <= POINTS_MAX
    assert answer["points"][0][0] == T0


async def test_a_status_is_told_with_the_points_after_it_to_whom_it_is_shared() -> None:
    record = Record()
    await record.say(T0, unit(at=T0))
    await record.say(T0 + 1, unit(at=T0 + 1, primary_status="NotAvailable", secondary_status=("EnRoute",)))
    await record.say(T0 + 2, unit(at=T0 + 2, speed_mps=3.0, course_deg=90.0))
    ask = Track(1, "cpd", "u1", T0, T0 + 9)
    own = (await track_answer(ask, await asker(record)))["points"]
    assert [p[5] for p in own] == [None, 1, 1]
    assert own[2][3:5] == [3.0, 90.0]
    told = (await track_answer(ask, await asker(record, "fire", None, "unit.position")))["points"]
    assert [p[5] for p in told] == [None, None, None]
    assert (await track_answer(ask, await asker(record, "fire", None, "unit.status")))["points"] == []
    assert (await track_answer(Track(1, "nobody", "u1", T0, T0 + 9), await asker(record)))["points"] == []


async def test_late_reports_have_their_place_in_a_track_once_they_are_known() -> None:
    record = Record()
    await record.say(T0 + 1, unit(at=T0 + 1))
    await record.say(T0 + 300, unit(at=T0 + 2, lat=42.0))
    ask = Track(1, "cpd", "u1", T0, T0 + 9)
    for known_by, count in ((T0 + 299, 1), (T0 + 300.5, 2), (None, 2)):
        points = (await track_answer(ask, await asker(record, "cpd", known_by)))["points"]
        assert [p[0] - T0 for p in points] == [1, 2][:count]


async def test_near_is_sorted_by_distance_and_bounded_in_time() -> None:
    record = Record(ROSTER.agencies)
    await record.say(T0, unit("far", at=T0, lat=41.884), unit("near", at=T0, lat=41.8801), unit("gone", at=T0, lat=43))
    await record.say(T0 + 5000, unit("later", at=T0 + 5000))
    await record.say(T0 + 2, unit("theirs", at=T0 + 2), agency="fire")
    found = await near_answer(Near(1, -87.63, 41.88, 1000, T0 - 9e5, T0 + 9), await asker(record))
    assert [(u["agency"], u["id"]) for u in found["units"]] == [("cpd", "near"), ("cpd", "far")]
    assert 10 < found["units"][0]["nearest_m"] < 12


async def test_who_said_nothing_in_the_stretch_was_near_where_it_stood_when_that_began() -> None:
    record = Record()
    await record.say(T0, unit("stands", at=T0, lat=41.8801), unit("left", at=T0, lat=41.8801))
    await record.say(T0 + 5, unit("left", at=T0 + 5, lat=41.95), unit("came", at=T0 + 5, lat=41.95))
    await record.say(T0 + 60, unit("came", at=T0 + 60, lat=41.8801))
    await record.say(T0 + 900, unit("later", at=T0 + 900))

    async def near(since: float, until: float) -> list[tuple[str, float]]:
        found = await near_answer(Near(1, -87.63, 41.88, 100, T0 + since, T0 + until), await asker(record))
        return [(one["id"], one["nearest_at"] - T0) for one in found["units"]]

    assert await near(30, 31) == [("stands", 0)]
    assert await near(30, 70) == [("came", 60), ("stands", 0)]
    assert await near(650, 910) == [("later", 900), ("came", 60)], "the other was not heard of for too long"
