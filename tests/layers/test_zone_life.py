from feeds.report import LineString, MultiPolygon
from layers.picture import ZONES
from layers.track import FORGET_S
from layers.zone_life import UNSAID_FORGET_S, Weights, positions, zone_leaves_at, zone_weight
from tests.support.heard import PLACE, SQUARE, T0, delivery, heard, zone
from tests.support.pair import Pair

PLANNED = 16


def flags(pair: Pair) -> int:
    (row,) = pair.client.rows["zones"].values()
    return row["flags"]


def test_a_field_left_out_is_unchanged_and_a_late_report_changes_nothing() -> None:
    picture = heard(
        delivery(1, zone(name="Inner", zone_kind="hot", at=T0 + 5)),
        delivery(2, zone(geometry=None, zone_kind="warm", at=T0 + 9)),
        delivery(3, zone(geometry=PLACE, name="late", at=T0 + 1), received_at=T0 + 10),
    )
    record = next(iter(Pair(picture, "cpd", t=T0 + 10).client.rows["zones"].values()))["record"]
    assert (record["name"], record["zone_kind"], record["geometry"]["type"]) == ("Inner", "warm", "Polygon")


def test_a_zone_is_planned_until_it_begins_and_gone_when_it_ends_without_any_report() -> None:
    p = Pair(heard(delivery(1, zone(valid_from=T0 + 60, valid_to=T0 + 120))), "cpd", t=T0)
    assert flags(p) & PLANNED
    assert p.tick(T0 + 61)
    assert not flags(p) & PLANNED
    assert not p.tick(T0 + 119)
    assert p.tick(T0 + 120)
    assert p.client.rows["zones"] == {}


def test_a_zone_is_lifted_by_an_end_that_is_now_and_a_later_word_without_one_does_not_put_it_up_again() -> None:
    p = Pair(heard(delivery(1, zone(valid_to=T0 + 7200))), "cpd", t=T0)
    p.picture.apply(delivery(2, zone(geometry=None, at=T0 + 10, valid_to=T0 + 10)))
    p.tick(T0 + 10)
    assert p.client.rows["zones"] == {}
    p.picture.apply(delivery(3, zone(at=T0 + 20)))
    p.tick(T0 + 20)
    assert p.view.counts()["zones"] == 0
    p.picture.apply(delivery(4, zone(at=T0 + 30, valid_to=T0 + 900)))
    p.tick(T0 + 30)
    assert p.view.counts()["zones"] == 1


def test_silence_does_not_make_a_zone_old_but_its_sender_may() -> None:
    p = Pair(heard(delivery(1, zone())), "cpd", t=T0)
    p.tick(T0 + 86400)
    assert flags(p) >> 1 & 3 == 0
    p = Pair(heard(delivery(1, zone(stale_at=T0 + 60))), "cpd", t=T0)
    p.tick(T0 + 61)
    assert flags(p) >> 1 & 3 == 1
    p.tick(T0 + 60 + FORGET_S)
    assert p.client.rows["zones"] == {}


def test_a_zone_is_forgotten_a_day_after_it_ended_and_one_without_an_end_after_a_silent_week() -> None:
    picture = heard(delivery(1, zone("ends", valid_to=T0 + 60), zone("stands")))
    assert zone_leaves_at(picture.shelves[ZONES].find("cpd", "stands")) == float("inf")
    picture.expire(T0 + 60 + FORGET_S + 1)
    assert [t.id for t in picture.shelves[ZONES].live()] == ["stands"]
    picture.expire(T0 + UNSAID_FORGET_S + 1)
    assert picture.counts()[ZONES] == 0


def test_a_geometry_comes_with_its_radius_or_without_one() -> None:
    disc = zone(geometry=PLACE, radius_m=200.0)
    for shape in (SQUARE, PLACE):
        late = [delivery(1, zone(geometry=shape, at=T0 + 1)), delivery(2, disc, received_at=T0 + 2)]
        for said in ([delivery(1, disc), delivery(2, zone(geometry=shape, at=T0 + 1))], late):
            p = Pair(heard(*said), "cpd", t=T0 + 2)
            (row,) = p.client.rows["zones"].values()
            assert "radius_m" not in row["record"]
            seen = p.view.door.find(ZONES, "z1", whole=True)
            assert seen is not None and "radius_m" not in seen.fields
    p.picture.apply(delivery(3, zone(geometry=None, radius_m=50.0, at=T0 + 3)))
    p.tick(T0 + 3)
    assert p.client.rows["zones"][0]["record"]["radius_m"] == 50.0


def test_a_zone_weighs_the_positions_of_every_report_that_still_speaks_for_it() -> None:
    ring = SQUARE.coordinates[0]
    line, many = LineString(coordinates=ring[:2]), MultiPolygon(coordinates=((ring,), (ring, ring)))
    assert [positions(g) for g in (PLACE, line, SQUARE, many)] == [1, 2, 5, 15]
    picture = heard(delivery(1, zone(name="Inner")), delivery(2, zone(geometry=many, at=T0 + 1)))
    assert zone_weight(picture.shelves[ZONES].find("cpd", "z1")) == 20
    picture.apply(delivery(3, zone(geometry=PLACE, name="Inner", at=T0 + 2)))
    assert zone_weight(picture.shelves[ZONES].find("cpd", "z1")) == 1


def test_weights_are_summed_by_origin() -> None:
    weights = Weights()
    weights.set(0, 1, 5)
    weights.set(1, 1, 7)
    weights.set(0, 2, 6)
    assert weights.total == {1: 7, 2: 6}
    assert (weights.drop(1), weights.drop(1)) == (7, 0)
    assert weights.total == {1: 0, 2: 6}
