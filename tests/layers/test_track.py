import numpy as np

from layers.picture import INCIDENTS, UNITS, closed_at
from layers.track import (
    FRESH,
    HISTORY_MAX,
    LOST,
    STALE,
    good_for,
    known_labels,
    lives,
    lost_after,
    stale_after,
    stands_until,
)
from tests.support.heard import T0, camera, delivery, heard, incident, unit
from tests.support.pair import Pair


def life(pair: Pair, layer: str = "units") -> int:
    (row,) = pair.client.rows[layer].values()
    return row["flags"] >> 1 & 3


def test_a_unit_is_fresh_for_three_cadences_stale_to_ten_and_then_lost() -> None:
    p = Pair(heard(delivery(1, unit())), "cpd", t=T0)
    for after, expected in ((30.0, FRESH), (30.5, STALE), (100.0, STALE), (100.5, LOST)):
        p.tick(T0 + after)
        assert life(p) == expected, after


def test_a_thing_that_is_heard_again_is_fresh_again() -> None:
    p = Pair(heard(delivery(1, unit())), "cpd", t=T0 + 200)
    assert life(p) == LOST
    p.picture.apply(delivery(2, unit(at=T0 + 200)))
    p.tick(T0 + 201)
    assert life(p) == FRESH


def test_nothing_is_lost_within_a_minute_however_quick_its_source() -> None:
    assert lost_after(1.0) == 60.0
    assert lost_after(10.0) == 100.0


def test_the_sender_may_say_to_stop_believing_sooner_and_never_later() -> None:
    told = [good_for(unit(stale_at=at)) for at in (T0 + 5, T0 + 500, T0 - 5, None)]
    assert stale_after(10.0, np.array(told)).tolist() == [5.0, 30.0, 0.0, 30.0]
    assert [stale_after(10.0, one) for one in told] == [5.0, 30.0, 0.0, 30.0]


def test_a_body_camera_that_buffers_is_given_its_own_cadence() -> None:
    p = Pair(heard(delivery(1, camera(camera_state="buffering"))), "cpd", t=T0)
    p.tick(T0 + 600)
    assert life(p, "cameras") == FRESH
    p.picture.apply(delivery(2, camera(at=T0 + 601, camera_state="recording")))
    p.tick(T0 + 602)
    p.tick(T0 + 640)
    assert life(p, "cameras") == STALE


def test_a_unit_out_of_service_is_given_its_own_cadence() -> None:
    p = Pair(heard(delivery(1, unit(secondary_status=("OutofService",)))), "cpd", t=T0)
    p.tick(T0 + 600)
    assert life(p) == FRESH


def test_lives_are_told_for_many_at_once() -> None:
    assert lives(5.0, np.array([6.0, 4.0, 1.0]), np.array([9.0, 9.0, 2.0])).tolist() == [FRESH, STALE, LOST]


def test_labels_nobody_knows_become_one_so_that_their_number_is_bounded() -> None:
    assert known_labels(["undercover", "x", "y"]) == {"undercover", "other"}


def test_a_label_stays_while_what_it_came_with_stands() -> None:
    picture = heard(
        delivery(1, unit(call_sign="X1", labels=("undercover",))),
        delivery(2, unit(at=T0 + 1)),
    )
    track = picture.shelves[UNITS].find("cpd", "u1")
    assert track.labels() == {"undercover"}
    picture.apply(delivery(3, unit(at=T0 + 2, call_sign="X1")))
    assert track.labels() == frozenset()


def test_saying_again_that_an_incident_is_closed_does_not_close_it_again() -> None:
    picture = heard(
        delivery(1, incident(status_common=("Closed",))),
        delivery(2, incident(at=T0 + 300, status_common=("Closed",))),
    )
    assert closed_at(picture.shelves[INCIDENTS].find("cpd", "i1")) == T0


def test_a_closed_incident_leaves_ten_minutes_after_it_closed_and_comes_back_when_reopened() -> None:
    p = Pair(heard(delivery(1, incident(status_common=("Active",)))), "cpd", t=T0)
    p.picture.apply(delivery(2, incident(at=T0 + 10, status_common=("Closed",))))
    p.tick(T0 + 609)
    assert p.client.rows["incidents"][0]["flags"] & 64
    p.tick(T0 + 610)
    assert p.client.rows["incidents"] == {}
    p.picture.apply(delivery(3, incident(at=T0 + 700, status_common=("Active", "ReOpened"))))
    p.tick(T0 + 700)
    assert len(p.client.rows["incidents"]) == 1


def test_the_history_of_an_incident_is_bounded_and_its_state_is_not_touched_by_that() -> None:
    picture = heard(delivery(1, incident(type_common="FIRE")))
    for n in range(HISTORY_MAX + 50):
        picture.apply(delivery(n + 2, incident(at=T0 + n + 1, address=str(n))))
    track = picture.shelves[INCIDENTS].find("cpd", "i1")
    assert len(track.history) == HISTORY_MAX
    assert track.history[0][0] == T0
    assert track.value("type_common") == "FIRE"
    assert track.value("address") == str(HISTORY_MAX + 49)


def test_an_alert_stands_until_it_is_said_to_end_or_a_person_rejects_it() -> None:
    hit = camera(event_type="gunshot_detected", event_id="e", alert_until=T0 + 60)
    p = Pair(heard(delivery(1, hit)), "cpd", t=T0 + 1)
    assert p.client.rows["cameras"][0]["flags"] & 16
    p.tick(T0 + 61)
    assert not p.client.rows["cameras"][0]["flags"] & 16
    p.picture.apply(delivery(2, camera(at=T0 + 62, event_type="gunshot_detected", event_id="f")))
    p.tick(T0 + 62)
    assert p.client.rows["cameras"][0]["flags"] & 16
    rejected = camera(at=T0 + 63, event_type="gunshot_detected", event_id="f", verification="rejected")
    p.picture.apply(delivery(3, rejected))
    p.tick(T0 + 63)
    assert not p.client.rows["cameras"][0]["flags"] & 16


def test_an_alert_without_an_end_stands_four_hours() -> None:
    from layers.track import Said, Stamp

    report = camera(event_type="lpr_hit")
    assert stands_until(Said(T0, report, Stamp("s", T0))) == T0 + 4 * 3600
