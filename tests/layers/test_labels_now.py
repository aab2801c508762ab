from feeds.names import AgencyId
from layers.labels_now import add_labels, labelled, labels_of
from layers.picture import CAMERAS, UNITS
from tests.support.heard import T0, camera, delivery, heard, unit
from tests.support.pair import Pair, grant

COVERT = frozenset({"undercover"})
CPD = AgencyId("cpd")


def test_the_labels_of_today_are_those_of_every_layer() -> None:
    picture = heard(delivery(1, unit("a", labels=("undercover",)), unit("b"), camera("c", labels=("odd",))))
    assert labels_of(picture) == {(UNITS, CPD, "a"): COVERT, (CAMERAS, CPD, "c"): frozenset({"other"})}


def test_a_thing_that_got_a_label_later_is_denied_in_the_past_with_what_happened_to_it() -> None:
    labels = {(UNITS, CPD, "a"): COVERT, (CAMERAS, CPD, "c"): COVERT, (UNITS, CPD, "never-seen"): COVERT}
    picture = heard(delivery(1, unit("a"), unit("b"), camera("c", event_type="tamper")))
    picture.flush()
    add_labels(picture, labels)
    pair = Pair(picture, "fire", grant("*", "fire", "unit.position", "camera.location", "camera.state"), t=T0)
    assert set(pair.client.by_id("units")) == {("cpd", "b")}
    assert pair.client.rows.get("cameras", {}) == {}
    assert pair.client.events == {}
    picture.apply(delivery(2, camera("c", at=T0 + 1, event_type="offline"), camera("d", event_type="offline")))
    touched, happenings = picture.flush()
    add_labels(picture, labels)
    pair.view.step(touched, labelled(picture, happenings, labels), T0 + 1)
    assert [event.record["id"] for event in pair.view.new_events] == ["d"]


def test_labels_of_then_go_on_to_count() -> None:
    picture = heard(delivery(1, unit("a", labels=("victim",))))
    picture.flush()
    add_labels(picture, {(UNITS, CPD, "a"): COVERT})
    track = picture.shelves[UNITS].find("cpd", "a")
    assert picture.origins[picture.shelves[UNITS].origin[track.slot]].labels == {"victim", "undercover"}
