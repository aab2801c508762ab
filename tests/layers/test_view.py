import numpy as np
import pytest

from layers.delta import EVENTS_SHOWN, BusLine, delta, heartbeat, keyframe
from layers.event_memory import EVENTS_KEPT
from layers.frame import FrameType, decode
from layers.table import GONE_MAX
from layers.track import FORGET_S
from tests.support.heard import T0, camera, delivery, heard, incident, unit
from tests.support.pair import Client, Pair


def test_a_delta_from_an_older_revision_tells_all_that_differs_since() -> None:
    p = Pair(heard(delivery(1, unit("a"), unit("b"))), "cpd", t=T0)
    behind = p.fresh()
    p.picture.apply(delivery(2, unit("c", at=T0 + 1)))
    p.tick(T0 + 1)
    p.picture.apply(delivery(3, unit("a", at=T0 + 2, lat=41.9, call_sign="A")))
    p.tick(T0 + 2)
    data = delta(p.view, behind.rev, seen_event=0)
    assert data is not None
    frame = behind.take(data)
    assert behind.by_id("units") == p.client.by_id("units")
    assert frame.header.layers[0].n == 2


def test_a_delta_from_a_revision_that_was_never_given_is_none() -> None:
    p = Pair(heard(), "cpd", t=T0)
    assert delta(p.view, 0) is None
    assert delta(p.view, p.view.rev + 1) is None


def test_a_row_number_given_to_another_thing_meanwhile_needs_a_keyframe() -> None:
    p = Pair(heard(delivery(1, incident("i", status_common=("Closed",)))), "cpd", t=T0)
    base = p.view.rev
    p.tick(T0 + 600)
    assert p.view.counts()["incidents"] == 0
    p.picture.apply(delivery(2, incident("j", at=T0 + 600)))
    p.tick(T0 + 601)
    assert p.view.tables["incidents"].records[0]["id"] == "j"
    assert delta(p.view, base, seen_event=9) is None


def test_a_row_is_not_given_out_again_in_the_frame_that_frees_it() -> None:
    p = Pair(heard(delivery(1, unit("a"))), "cpd", t=T0)
    p.picture.expire(T0 + 2 * FORGET_S)
    p.picture.apply(delivery(2, unit("b", at=T0 + 2 * FORGET_S)))
    p.tick(T0 + 2 * FORGET_S)
    assert set(p.client.rows["units"]) == {1}
    p.picture.apply(delivery(3, unit("c", at=T0 + 2 * FORGET_S)))
    p.tick(T0 + 2 * FORGET_S + 1)
    assert set(p.client.rows["units"]) == {0, 1}


def test_a_frame_tells_how_long_ago_the_oldest_of_its_changes_was_received() -> None:
    p = Pair(heard(), "cpd", t=T0)
    p.picture.apply(delivery(1, unit("a", at=T0 + 0.9), received_at=T0 + 0.95))
    p.picture.apply(delivery(2, unit("b", at=T0 + 0.9), received_at=T0 + 0.99))
    p.tick(T0 + 1)
    frame = decode(p.client.frames[-1])
    assert frame.header.lag_ms == pytest.approx(50.0, abs=0.2)
    assert frame.columns["units"]["lag"].tolist() == [50, 10]
    assert frame.columns["units"]["age"].tolist() == [1, 1]


def test_what_was_received_long_ago_is_not_told_as_late_when_something_else_changes() -> None:
    p = Pair(heard(delivery(1, unit(call_sign="A"), unit("b"), incident(type_common="FIRE"))), "cpd", t=T0)

    def lags(at: float) -> tuple[float, list[int]]:
        assert p.tick(T0 + at)
        frame = decode(p.client.frames[-1])
        return frame.header.lag_ms, frame.columns.get("units", {}).get("lag", np.zeros(0)).tolist()

    status = unit(at=T0 + 25, lat=None, lon=None, primary_status="Available")
    p.picture.apply(delivery(2, status))
    assert lags(25.05) == (pytest.approx(50.0, abs=0.2), [65535])
    assert lags(30.5) == (0.0, [65535, 65535])  # both turned stale
    labelled = unit("b", at=T0 + 31, lat=None, lon=None, primary_status="Available", labels=("undercover",))
    p.picture.apply(delivery(3, labelled))
    assert lags(31.02) == (pytest.approx(20.0, abs=0.2), [65535])
    p.picture.apply(delivery(4, unit(at=T0 + 40), incident(at=T0 - 5, address="12 Elm"), received_at=T0 + 40.02))
    assert lags(40.1) == (pytest.approx(80.0, abs=0.2), [80])
    assert p.client.take(keyframe(p.view)).columns["units"]["lag"].tolist() == [40100, 80]


def test_ages_count_on_while_nothing_is_heard_and_no_frame_is_sent_for_that() -> None:
    p = Pair(heard(delivery(1, unit())), "cpd", t=T0)
    assert not p.tick(T0 + 20)
    frame = p.fresh().take(keyframe(p.view))
    assert frame.columns["units"]["age"].tolist() == [200]


def test_what_is_not_known_is_a_sentinel() -> None:
    p = Pair(heard(delivery(1, unit(lat=None, lon=None, primary_status="Available"))), "cpd", t=T0)
    (row,) = p.client.rows["units"].values()
    assert (row["lon"], row["course"], row["speed"], row["err"]) == (2147483647, 65535, 65535, 65535)


def test_half_a_place_counts_as_none() -> None:
    p = Pair(heard(delivery(1, unit(lat=41.8, lon=None))), "cpd", t=T0)
    assert p.client.rows["units"][0]["lat"] == 2147483647


def test_a_course_is_below_360_degrees() -> None:
    p = Pair(heard(delivery(1, unit(course_deg=359.97))), "cpd", t=T0)
    assert p.client.rows["units"][0]["course"] == 0


def test_a_newcomer_gets_the_newest_events_and_one_who_returns_all_it_missed() -> None:
    p = Pair(heard(), "cpd", t=T0)
    for n in range(EVENTS_SHOWN + 50):
        p.picture.apply(delivery(n + 1, camera(at=T0 + n, event_type="recording_started", event_id=str(n))))
        p.tick(T0 + n)
    assert len(p.client.events) == EVENTS_SHOWN + 50
    assert list(p.fresh().events) == list(range(51, EVENTS_SHOWN + 51))
    returned = Client()
    returned.take(keyframe(p.view, seen_event=10))
    assert list(returned.events) == list(range(11, EVENTS_SHOWN + 51))


def test_events_that_no_longer_fit_the_memory_are_said_to_be_missing() -> None:
    p = Pair(heard(), "cpd", t=T0)
    batches = [
        delivery(n + 1, *[camera(at=T0, event_type="recording_started", event_id=f"{n}-{k}") for k in range(100)])
        for n in range(EVENTS_KEPT // 100 + 1)
    ]
    for batch in batches:
        p.picture.apply(batch)
        p.tick(T0 + 1)
    assert len(p.view.events.after(0)) == EVENTS_KEPT
    assert delta(p.view, p.view.rev, seen_event=5) is None
    frame = decode(keyframe(p.view, seen_event=5))
    assert frame.header.events_from == 101
    assert frame.header.events[0][0] == 101
    assert decode(keyframe(p.view, seen_event=100)).header.events_from == 0


def test_an_incident_is_an_event_when_its_summary_changes_and_not_for_its_details() -> None:
    p = Pair(
        heard(delivery(1, incident(status_common=("Active",), type_common="FIRE", priority_common=9))), "cpd", t=T0
    )
    p.picture.apply(delivery(2, incident(at=T0 + 1, internal_id="7")))
    p.tick(T0 + 1)
    assert len(p.client.events) == 1
    p.picture.apply(delivery(3, incident(at=T0 + 2, status_common=("Active", "ResourcesEnroute"))))
    p.tick(T0 + 2)
    event = p.client.events[2]
    assert event["event"] == "ResourcesEnroute"
    assert event["text"] == "P1 Fire: units en route"
    assert event["priority"] == 1


def test_a_heartbeat_says_when_the_bus_was_lost() -> None:
    p = Pair(heard(), "cpd", t=T0)
    frame = decode(heartbeat(p.view, T0 + 5, BusLine("lost", T0 + 3)))
    assert frame.type is FrameType.HEARTBEAT
    assert (frame.header.rev, frame.header.bus, frame.header.bus_since) == (p.view.rev, "lost", T0 + 3)


def test_what_a_view_remembers_of_things_that_went_is_bounded() -> None:
    p = Pair(heard(), "cpd", t=T0)
    table = p.view.tables["units"]
    table.fit(1)
    for rev in range(1, GONE_MAX + 10):
        table.release()
        row, _ = table.add(0, "x")
        table.remove(row, rev)
    assert len(table.gone) == GONE_MAX
    assert table.gone_floor == 9
    p.view.rev = GONE_MAX + 10
    assert delta(p.view, 8) is None
    assert delta(p.view, 9) is not None
