"""What was not shared at a time of the stretch is not told of it, whatever is shared where one looks from and today."""

from collections.abc import Iterable

import pytest

from dashboard.hub import roster_of
from dashboard.review_asks import Chronology, Near, Track, Within
from dashboard.review_chronology import chronology_answer
from dashboard.review_history import Asker, near_answer, track_answer
from dashboard.review_shares import PolicyTimes, Shares, told
from dashboard.review_views import Views
from dashboard.review_within import within_answer
from dashboard.viewer import Viewer
from feeds.names import CUTS, AgencyId
from feeds.replay.cuts import UNREADABLE, Cut, CutsEntry, encode_cuts
from feeds.report import Category
from layers import kinds
from layers.picture import LAYERS, Origin
from layers.policy import Grant, Rules
from layers.policy_record import encode_policy
from layers.track import BIT, EVERYTHING
from layers.view import View
from tests.support.heard import T0, camera, entry, incident, unit
from tests.support.pair import grant
from tests.support.recorded import Record, known_by_brute_force
from tests.support.reviewing import review_site

ALL = tuple(Category)
WITHOUT_STATUS = tuple(one for one in ALL if one is not Category.UNIT_STATUS)
ROSTER = roster_of(review_site())
CPD = AgencyId("cpd")
EACH_S, MINUTE_S = 10, 60
"""Something is said every ten seconds; the shares may be others each minute."""


def to_fire(categories: Iterable[str] = ALL) -> list[Grant]:
    return [grant("cpd", "fire", *categories)] if categories else []


async def recorded(*policies: list[Grant] | bytes) -> Record:
    """Three minutes of the police; each of the policies is in force for one."""
    record = Record(["cpd", "fire"])
    for n, policy in enumerate(policies):
        data = policy if isinstance(policy, bytes) else encode_policy(policy, ROSTER)
        at = T0 - EACH_S if n == 0 else T0 + n * MINUTE_S - EACH_S / 2
        await record.bus.append_log(CUTS, encode_cuts(CutsEntry((Cut(at, ()),), policy=data)), at)
    for n in range(18):
        at = T0 + n * EACH_S
        await record.say(
            at,
            unit(at=at, call_sign=f"sign{n}", primary_status="NotAvailable", incident_id="i1",
                 secondary_status=(["EnRoute", "OnScene"][n % 2],)),
            incident(at=at, priority_common=[9, 1][n % 2], lat=41.88, lon=-87.63),
            camera(at=at, event_type="gunshot_detected", event_id=f"g{n}"),
            entry(f"e{n}", at=at, text=f"line {n}"),
        )  # fmt: skip
    record.end(T0 + 300)
    return record


async def asking(record: Record, agency: str = "fire", view: str = "known", today: list[Grant] | None = None) -> Asker:
    """Who looks from T0 + 250, where the last policy is in force. `today`: everything, unless told otherwise."""
    views = Views(ROSTER, Rules(to_fire() if today is None else today))
    viewer = Viewer(name="v", agency=AgencyId(agency), roles=("reviewer",), kind="desk")

    def rules_of(data: bytes):
        return views.rules(viewer, view, views.policy(data))

    picture = await known_by_brute_force(record, T0 + 250)
    picture.flush()
    rules = rules_of(await record.recording.policy(T0 + 250))
    return Asker(record.recording, picture, rules, {}, None, Shares(PolicyTimes(record.recording), rules_of))


async def times(asker: Asker, since: float = 0, until: float = 180) -> dict[str, list[float]]:
    """Of which times something is told, seconds from T0, by answer; and what `within` counts."""
    t0, t1 = T0 + since, T0 + until
    view = View(asker.picture, asker.rules, asker.rules.viewer, map(kinds.load, LAYERS), T0 + 250)
    track = await track_answer(Track(1, "cpd", "u1", t0, t1), asker)
    near = await near_answer(Near(1, -87.63, 41.88, 1000, t0, t1), asker)
    within = await within_answer(Within(1, t0, t1, circle=(-87.63, 41.88, 1000.0)), asker, view)
    lines = (await chronology_answer(Chronology(1, "cpd", "i1", 300.0), asker))["lines"]
    return {
        "track": [point[0] - T0 for point in track["points"]],
        "near": [one[end] - T0 for one in near["units"] for end in ("first", "last")],
        "within": [one[end] - T0 for one in within["units"] for end in ("first", "last")],
        "counted": [sum(m.get(k, 0) for m in within["minutes"]) for k in ("unit", "incident", "camera", "log")],
        "things": [len(within[layer]) for layer in ("incidents", "cameras", "log")],
        **{
            kind: sorted({line["at"] - T0 for line in lines if line["kind"] == kind})
            for kind in ("incident", "unit", "camera_event", "log_entry")
        },
    }


def each(*stretches: tuple[int, int]) -> list[float]:
    return [float(at) for since, until in stretches for at in range(since, until, EACH_S)]


def all_of(at: list[float]) -> dict[str, list[float]]:
    ends = [at[0], at[-1]] if at else []
    things = [1, 1, len(at)] if at else [0, 0, 0]
    lines = dict.fromkeys(("incident", "unit", "camera_event", "log_entry"), at)
    return {"track": at, "near": ends, "within": ends, "counted": [len(at)] * 4, "things": things} | lines


async def test_what_was_always_shared_is_told_of_all_the_stretch_and_so_is_ones_own() -> None:
    assert await times(await asking(await recorded(to_fire()))) == all_of(each((0, 180)))
    own = await times(await asking(await recorded([], to_fire(), UNREADABLE), "cpd"))
    assert own == all_of(each((0, 180)))


async def test_of_a_share_granted_half_way_nothing_is_told_of_before() -> None:
    asker = await asking(await recorded([], to_fire()))
    assert await times(asker) == all_of(each((60, 180)))
    hidden = await times(asker, 0, 50)
    assert [hidden[name] for name in ("track", "near", "within", "counted", "things")] == [[], [], [], [0] * 4, [0] * 3]


async def test_of_a_share_withdrawn_half_way_and_granted_again_nothing_is_told_of_the_time_between() -> None:
    asker = await asking(await recorded(to_fire(), [], to_fire()))
    found = await times(asker)
    shared = all_of(each((0, 60), (120, 180)))
    # What it said again as it was before it was hidden is no change.
    assert {**found, "incident": [], "unit": []} == {**shared, "incident": [], "unit": []}
    assert not [at for kind in ("incident", "unit") for at in found[kind] if 60 <= at < 120]


@pytest.mark.parametrize("between", [UNREADABLE, b"of a version nobody knows"])
async def test_where_the_policy_cannot_be_read_nothing_of_others_is_told(between: bytes) -> None:
    found = await times(await asking(await recorded(to_fire(), between, to_fire())))
    assert found["track"] == each((0, 60), (120, 180)) and found["log_entry"] == found["track"]


async def test_what_is_shared_no_more_today_is_not_told_of_when_it_was() -> None:
    found = await times(await asking(await recorded(to_fire()), today=[]))
    assert not any(value for name, value in found.items() if name not in ("counted", "things"))
    assert found["counted"] == [0] * 4 and found["things"] == [0] * 3


async def test_through_the_eyes_of_another_what_it_was_not_granted_then_is_not_told() -> None:
    shares = [grant("cpd", "jcc fire", *ALL), grant("fire", "jcc", *ALL)]
    asker = await asking(await recorded([grant("cpd", "jcc", *ALL)], shares), "jcc", "agency:fire", shares)
    assert (await times(asker))["track"] == each((60, 180))


async def test_of_the_categories_each_is_told_of_when_it_was_shared() -> None:
    asker = await asking(await recorded(to_fire(), to_fire(WITHOUT_STATUS), to_fire()))
    points = (await track_answer(Track(1, "cpd", "u1", T0, T0 + 180), asker))["points"]
    assert [point[0] - T0 for point in points] == each((0, 180))
    assert [point[0] - T0 for point in points if point[5] is None] == each((60, 120))
    first = to_fire(one for one in ALL if one not in (Category.UNIT_IDENTITY, Category.INCIDENT_LOCATION))
    asker = await asking(await recorded(to_fire(), first, to_fire()))
    near = await near_answer(Near(1, -87.63, 41.88, 1000, T0, T0 + 119), asker)
    assert [one["call_sign"] for one in near["units"]] == ["sign5"]
    found = await times(asker, 57, 113)
    assert found["things"] == [0, 1, 6] and found["counted"][1] == 0, "where the incident is was not shared then"
    unplaced = to_fire(one for one in ALL if one is not Category.CAMERA_LOCATION)
    asker = await asking(await recorded(to_fire(), unplaced, to_fire()))
    assert (await times(asker, 57, 113))["things"] == [1, 0, 6]


async def test_a_thing_that_was_hidden_all_the_while_is_as_one_that_does_not_exist() -> None:
    asker = await asking(await recorded([], to_fire()))
    hidden = await track_answer(Track(1, "cpd", "u1", T0, T0 + 50), asker)
    assert hidden == {**await track_answer(Track(1, "cpd", "no", T0, T0 + 50), asker), "id": "u1"}
    gone = await recorded(to_fire(), [])
    answers = [await chronology_answer(Chronology(1, "cpd", id_), await asking(gone)) for id_ in ("i1", "no")]
    assert answers[0] == {**answers[1], "id": "i1"}


async def test_a_timeline_names_no_unit_and_is_named_by_none_of_a_time_at_which_either_was_not_shared() -> None:
    units = (Category.UNIT_POSITION, Category.UNIT_STATUS)
    for hidden in (units, (Category.INCIDENT_SUMMARY,)):
        record = await recorded(to_fire(one for one in ALL if one not in hidden), to_fire())
        await record.say(T0 + 181, unit("u2", at=T0 + 181))
        await record.say(T0 + 182, incident(at=T0 + 30, assigned_units=("u2",)))
        record.end(T0 + 300)
        whole = await chronology_answer(Chronology(1, "cpd", "i1", 300.0), await asking(record, "cpd"))
        assert "u2 assigned" in [line["text"] for line in whole["lines"]]
        answer = await chronology_answer(Chronology(1, "cpd", "i1", 300.0), await asking(record))
        lines = [(line["at"] - T0, line["kind"]) for line in answer["lines"]]
        assert answer["found"] and "u2" not in str(answer["lines"])
        assert not [line for line in lines if line[0] < 55 and line[1] in ("unit", "assignment")]
        assert [line for line in lines if line[0] < 55] == [] or hidden == units
    own = await recorded([], to_fire())
    await own.say(T0 + 181, unit("e1", at=T0 + 30, incident_id="i1", primary_status="Available"), agency="fire")
    own.end(T0 + 300)
    answer = await chronology_answer(Chronology(1, "cpd", "i1", 300.0), await asking(own))
    assert "e1" in str(answer["lines"])


async def test_labels_of_a_time_of_which_nothing_is_told_hide_a_thing_all_the_same() -> None:
    record = await recorded([], to_fire())
    await record.say(T0 + 181, unit("hush", at=T0 + 30, labels=("undercover",)), unit("hush", at=T0 + 181))
    record.end(T0 + 300)
    assert (await track_answer(Track(1, "cpd", "hush", T0, T0 + 190), await asking(record)))["points"] == []


async def test_a_late_report_counts_by_when_it_was_received_and_by_when_it_was_effective() -> None:
    record = await recorded([], to_fire())
    await record.say(T0 + 181, unit("late", at=T0 + 30), unit("late", at=T0 + 90))
    record.end(T0 + 300)
    track = await track_answer(Track(1, "cpd", "late", T0, T0 + 180), await asking(record))
    assert [point[0] - T0 for point in track["points"]] == [90]
    record = await recorded(to_fire(), to_fire(), [])
    await record.bus.append_log(
        CUTS, encode_cuts(CutsEntry((Cut(T0 + 200, ()),), policy=encode_policy(to_fire(), ROSTER))), T0 + 200
    )
    await record.say(T0 + 190, unit("late", at=T0 + 30))
    record.end(T0 + 300)
    track = await track_answer(Track(1, "cpd", "late", T0, T0 + 180), await asking(record))
    assert track["points"] == []


async def test_shares_are_told_apart_to_the_second_and_of_a_stretch_all_are_given() -> None:
    asker = await asking(await recorded(to_fire(), [], to_fire()))
    origin = Origin(CPD, frozenset())
    ends = {0: EVERYTHING, 53: EVERYTHING, 57: 0, 113: 0, 117: EVERYTHING}
    assert {at: await asker.shares.granted(T0 + at, origin) for at in ends} == ends
    assert set(await asker.shares.ever(T0, T0 + 50, origin)) == {EVERYTHING}
    assert set(await asker.shares.ever(T0 + 70, T0 + 100, origin)) == {0}
    assert set(await asker.shares.ever(T0, T0 + 100, origin)) == {0, EVERYTHING}


def test_of_a_report_what_is_not_granted_is_left_out_and_its_labels_stay() -> None:
    said = unit(call_sign="3A12", primary_status="Available", labels=("undercover",))
    assert told(said, EVERYTHING) == (said, EVERYTHING)
    some, bits = told(said, BIT[Category.UNIT_POSITION])
    assert (some.lat, some.call_sign, some.primary_status, bits) == (41.88, None, None, BIT[Category.UNIT_POSITION])
    none, bits = told(said, BIT[Category.UNIT_STATUS])
    assert (none.lat, none.primary_status, none.labels, bits) == (None, None, ("undercover",), 0)
    happened = camera(event_type="gunshot_detected")
    assert told(happened, BIT[Category.CAMERA_LOCATION])[1] == 0
    assert told(happened, BIT[Category.ACOUSTIC_ALERT])[0].lat is None


async def test_a_timeline_says_from_when_on_each_agency_could_know_of_the_incident() -> None:
    desk = [grant("cpd", "jcc", *ALL), grant("fire", "jcc", *ALL)]
    views = Views(ROSTER, Rules([*to_fire(), *desk]))
    viewer = Viewer(name="v", agency=AgencyId("jcc"), roles=("reviewer",), kind="desk")

    async def known(*policies: list[Grant]) -> dict[str, float | None]:
        record = await recorded(*([*policy, *desk] for policy in policies))
        asker = await asking(record, "jcc", today=[*to_fire(), *desk])
        others = {of: Shares(PolicyTimes(record.recording), by) for of, by in views.through(viewer).items()}
        answer = await chronology_answer(Chronology(1, "cpd", "i1", 300.0), asker._replace(others=others))
        return {agency: None if at is None else at - T0 for agency, at in answer["known"]}

    assert await known(to_fire()) == {"cpd": 0, "fire": 0, "jcc": 0}
    assert (await known([], [], to_fire()))["fire"] == pytest.approx(2 * MINUTE_S - EACH_S / 2, abs=1.0)
    assert (await known([]))["fire"] is None
