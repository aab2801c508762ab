import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import ConfigError
from feeds.names import AgencyId
from feeds.registry import SENSITIVE_LABELS
from feeds.report import CameraReport, Category
from layers import kinds
from layers.delta import keyframe
from layers.log_life import REMEMBERED_S
from layers.picture import LAYERS
from layers.policy import Door, Grant, Rules, ViewerClass
from layers.track import ALERTS_MAX, FORGET_S, UNKNOWN_LABEL
from layers.view import View
from tests.layers.test_picture import reports
from tests.support.heard import PLACE, ROSTER, T0, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Client, Pair, grant

ALL = tuple(c.value for c in Category)
NOTHING = dict.fromkeys(LAYERS, 0)
POSITIONS = grant("cpd", "fire", "unit.position")


def pair(viewer: str, *grants: Grant, of=()) -> Pair:
    return Pair(heard(*of), viewer, *grants, t=T0 + 1)


def test_without_a_share_another_agency_does_not_exist() -> None:
    p = pair("fire", of=[delivery(1, unit(), incident(type_common="FIRE"), camera(event_type="lpr_hit"),
                                 zone(), entry())])  # fmt: skip
    assert p.view.counts() == NOTHING
    assert p.client.rows == {}
    assert p.client.events == {}


def test_an_agency_sees_its_own_data_whole() -> None:
    p = pair("cpd", of=[delivery(1, unit(call_sign="3A12", labels=("undercover",), incident_id="nowhere"))])
    record = p.client.rows["units"][0]["record"]
    assert record["call_sign"] == "3A12"
    assert record["incident_id"] == "nowhere"


def test_a_layer_is_shared_by_another_agencys_share_alone_whatever_there_is_to_see() -> None:
    rules = Rules([POSITIONS, grant("fbi", "fire", "camera.location", labels=("undercover",)), grant("*", "fbi", *ALL)])
    agencies = ["cpd", "fire", "fbi"]
    assert rules.layers_shared(ViewerClass(AgencyId("fire")), agencies) == ["units", "cameras"]
    assert rules.layers_shared(ViewerClass(AgencyId("cpd")), agencies) == []
    assert rules.layers_shared(ViewerClass(AgencyId("fbi")), agencies) == list(LAYERS)
    assert rules.layers_shared(ViewerClass(AgencyId("fbi")), ["fbi"]) == []


def test_fields_of_categories_that_are_not_granted_are_absent() -> None:
    said = unit(call_sign="3A12", unit_type="SWAT", primary_status="Available", emergency="manual", crew=2)
    p = pair("fire", POSITIONS, of=[delivery(1, said)])
    row = p.client.rows["units"][0]
    assert set(row["record"]) == {"id", "agency", "family", "source", "cadence_s", "status"}
    assert row["record"]["family"] == "police"
    assert row["status"] == 5
    assert row["flags"] & 1 == 0


def test_without_its_base_category_a_thing_does_not_exist() -> None:
    p = pair(
        "fire",
        grant("cpd", "fire", "unit.status", "incident.detail", "camera.state"),
        of=[delivery(1, unit(primary_status="Available"), incident(internal_id="7"), camera(camera_state="live"))],
    )
    assert p.view.counts() == NOTHING


def test_a_thing_of_which_nothing_was_said_that_may_be_seen_does_not_exist() -> None:
    p = pair("fire", POSITIONS, of=[delivery(1, unit(lat=None, lon=None, primary_status="Available"))])
    assert p.view.counts()["units"] == 0


def test_a_label_denies_across_agencies_unless_the_share_names_it() -> None:
    secret = delivery(1, unit(labels=("undercover",)))
    assert pair("fire", POSITIONS, of=[secret]).view.counts()["units"] == 0
    named = grant("cpd", "fire", "unit.position", labels=("undercover",))
    assert pair("fire", named, of=[secret]).view.counts()["units"] == 1


def test_a_label_nobody_knows_denies_and_no_share_can_name_it() -> None:
    odd = delivery(1, unit(labels=("undercovr",)))
    every = grant("cpd", "fire", *ALL, labels=tuple(SENSITIVE_LABELS))
    assert pair("fire", every, of=[odd]).view.counts()["units"] == 0
    for label in (UNKNOWN_LABEL, "undercovr"):
        with pytest.raises(ConfigError, match="undercover"):
            Rules([grant("cpd", "fire", *ALL, labels=(label, "undercover"))])


def test_a_label_that_comes_takes_the_unit_off_open_screens_and_brings_it_back_when_it_goes() -> None:
    p = pair("fire", POSITIONS, of=[delivery(1, unit())])
    assert p.view.counts()["units"] == 1
    p.picture.apply(delivery(2, unit(at=T0 + 1, labels=("undercover",))))
    assert p.tick(T0 + 1)
    assert p.client.rows["units"] == {}
    p.picture.apply(delivery(3, unit(at=T0 + 2)))
    p.tick(T0 + 2)
    assert len(p.client.rows["units"]) == 1


def test_a_star_grants_to_all_and_from_all() -> None:
    batch = [delivery(1, unit()), delivery(1, unit(), agency="fire")]
    assert pair("fbi", grant("*", "fbi", "unit.position"), of=batch).view.counts()["units"] == 2
    assert pair("fbi", grant("cpd", "*", "unit.position"), of=batch).view.counts()["units"] == 1


def test_a_reference_to_an_incident_that_may_not_be_seen_is_dropped_until_it_may() -> None:
    p = pair(
        "fire",
        grant("cpd", "fire", "unit.position", "unit.status", "incident.summary"),
        of=[delivery(1, unit(incident_id="i1"))],
    )
    assert "incident_id" not in p.client.rows["units"][0]["record"]
    p.picture.apply(delivery(2, incident("i1", status_common=("Active",))))
    p.tick(T0 + 2)
    assert p.client.rows["units"][0]["record"]["incident_id"] == "i1"
    p.picture.apply(delivery(3, incident("i1", at=T0 + 3, labels=("juvenile",))))
    p.tick(T0 + 3)
    assert "incident_id" not in p.client.rows["units"][0]["record"]


def test_units_of_an_incident_are_named_only_as_far_as_they_are_seen() -> None:
    p = pair(
        "fire",
        grant("cpd", "fire", "unit.position", "incident.summary", "incident.detail"),
        of=[delivery(1, unit("a"), unit("b", labels=("undercover",)), incident(assigned_units=("a", "b")))],
    )
    assert p.client.rows["incidents"][0]["record"]["units"] == ["a"]


def test_an_incident_that_names_a_unit_twice_may_name_others_later() -> None:
    share = grant("cpd", "fire", "unit.position", "incident.summary", "incident.detail")
    p = pair("fire", share, of=[delivery(1, unit("a"), unit("b"), incident(assigned_units=("a", "a")))])
    p.picture.apply(delivery(2, incident(at=T0 + 2, assigned_units=("b", "b", "a", "b"))))
    p.tick(T0 + 2)
    assert set(p.client.rows["incidents"][0]["record"]["units"]) == {"a", "b"}
    p.picture.apply(delivery(3, incident(at=T0 + 3, labels=("juvenile",))))
    p.tick(T0 + 3)
    assert p.client.rows["incidents"] == {}
    assert p.rules.alarms == 0
    assert p.view.tables["incidents"].named_by == {}
    seen = pair("fire", share, of=[delivery(1, incident(assigned_units=("a", "a")))]).view.door.find("incidents", "i1")
    assert seen is not None
    assert seen.references == (("units", "a"),)


def test_a_carrier_that_may_not_be_seen_is_not_named_until_it_may() -> None:
    share = grant("cpd", "fire", "unit.position", "camera.location")
    p = pair("fire", share, of=[delivery(1, unit(labels=("undercover",)), camera(carrier_unit_id="u1"))])
    assert "carrier_unit_id" not in p.client.rows["cameras"][0]["record"]
    p.picture.apply(delivery(2, unit(at=T0 + 2)))
    p.tick(T0 + 2)
    assert p.client.rows["cameras"][0]["record"]["carrier_unit_id"] == "u1"
    assert pair("cpd", of=[delivery(1, camera(carrier_unit_id="u1"))]).client.rows["cameras"][0]["record"][
        "carrier_unit_id"
    ] == "u1"  # fmt: skip


def test_a_labelled_line_of_a_history_stays_hidden_when_the_incident_is_open_again() -> None:
    share = grant("cpd", "fire", "incident.summary", "incident.location")
    said = [
        incident(at=T0, type_common="FIRE", address="12 Elm"),
        incident(at=T0 + 1, address="9 Oak, juvenile home", labels=("juvenile",)),
        incident(at=T0 + 2, type_common="FIRE", address="12 Elm"),
    ]
    for viewer, lines in (("fire", ["12 Elm", "12 Elm"]), ("cpd", ["12 Elm", "9 Oak, juvenile home", "12 Elm"])):
        p = pair(viewer, share, of=[delivery(n + 1, report) for n, report in enumerate(said)])
        seen = p.view.door.find("incidents", "i1", whole=True)
        assert seen is not None
        assert [line.fields["address"] for line in seen.history] == lines


def test_the_order_in_which_a_newcomer_gets_things_tells_nothing_of_hidden_ones() -> None:
    """A hidden thing brings its agency in first, and leaves its slot: rows follow neither."""
    t = T0 + 2 * FORGET_S
    worlds = []
    for hidden in ([], [delivery(1, unit("x", labels=("undercover",)))]):
        picture = heard(*hidden, delivery(1, unit("own", at=t), agency="fire"), delivery(2, unit("b", at=t)))
        picture.flush()
        picture.expire(t)
        picture.flush()
        picture.apply(delivery(3, unit("a", at=t)))
        worlds.append(Pair(picture, "fire", POSITIONS, t=t).client.frames)
    assert worlds[0] == worlds[1]


def test_an_event_needs_its_own_category() -> None:
    hit = delivery(1, camera(event_type="lpr_hit", hotlist="stolen"), camera("c2", event_type="gunshot_detected"))
    base = ("camera.location", "camera.state")
    assert pair("fire", grant("cpd", "fire", *base), of=[hit]).client.events == {}
    seen = pair("fire", grant("cpd", "fire", *base, "acoustic.alert"), of=[hit]).client.events
    assert [e["event"] for e in seen.values()] == ["gunshot_detected"]
    assert list(seen) == [1]


def test_an_event_without_camera_location_tells_neither_camera_nor_place() -> None:
    hit = delivery(1, camera("c9", event_type="gunshot_detected", name="Dock 4", confidence=0.9))
    (event,) = pair("fire", grant("cpd", "fire", "acoustic.alert"), of=[hit]).client.events.values()
    assert event["id"] == ""
    assert not {"lon", "lat", "camera_id", "confidence"} & set(event)
    assert "c9" not in event["text"]
    assert "Dock" not in event["text"]


def test_a_plate_hit_leaves_no_trace_on_the_camera_for_those_who_may_not_know_of_hits() -> None:
    p = pair("fire", grant("cpd", "fire", "camera.location", "camera.state"), of=[delivery(1, camera())])
    p.picture.apply(delivery(2, camera(at=T0 + 5, event_type="lpr_hit", camera_state="live", lat=41.9)))
    assert not p.tick(T0 + 6)


def test_a_plate_hit_takes_away_nothing_that_another_event_told() -> None:
    share = grant("cpd", "fire", "camera.location", "camera.state")
    p = pair("fire", share, of=[delivery(1, camera(event_type="recording_started"))])
    assert p.client.rows["cameras"][0]["lon"] == round(PLACE.coordinates[0] * 1e7)
    p.picture.apply(delivery(2, camera(at=T0 + 5, event_type="lpr_hit", camera_state="live", lat=41.9)))
    assert not p.tick(T0 + 6)
    assert Pair(p.picture, "fire", share, t=T0 + 6).client.by_id("cameras") == p.client.by_id("cameras")


def test_alerts_that_may_not_be_seen_push_out_none_that_may() -> None:
    share = grant("cpd", "fire", "camera.location", "camera.state")
    p = pair("fire", share, of=[delivery(1, camera(event_type="tamper", event_id="seen"))])
    assert p.client.rows["cameras"][0]["flags"] & 16
    for n in range(2, 2 * ALERTS_MAX):
        hits = [
            camera(at=T0 + n, event_type="lpr_hit", event_id=f"h{n}"),
            camera(at=T0 + n, event_type="tamper", event_id=f"t{n}", labels=("undercover",)),
        ]
        p.picture.apply(delivery(n, *hits))
    p.tick(T0 + 100)
    assert p.fresh().rows["cameras"][0]["flags"] & 16


def test_of_an_event_told_under_several_labels_the_newest_report_that_may_be_seen_speaks() -> None:
    share = grant("cpd", "fire", "camera.location", "camera.state")
    told = camera(event_type="tamper", event_id="e")
    rejected = camera(at=T0 + 1, event_type="tamper", event_id="e", verification="rejected", labels=("undercover",))
    for viewer, alerting in (("fire", True), ("cpd", False)):
        p = pair(viewer, share, of=[delivery(1, told), delivery(2, rejected)])
        assert bool(p.client.rows["cameras"][0]["flags"] & 16) is alerting


def test_a_status_report_moves_nothing_for_those_who_see_positions_only() -> None:
    p = pair("fire", POSITIONS, of=[delivery(1, unit(primary_status="Available"))])
    p.picture.apply(delivery(2, unit(at=T0 + 5, lat=None, lon=None, primary_status="NotAvailable")))
    assert not p.tick(T0 + 6)


def test_a_cadence_that_goes_by_status_tells_nothing_to_those_who_may_not_know_it() -> None:
    quiet = delivery(1, unit(secondary_status=("OutofService",)))
    without = pair("fire", POSITIONS, of=[quiet])
    knowing = pair("fire", POSITIONS, grant("cpd", "fire", "unit.status"), of=[quiet])
    for p, life in ((without, 1), (knowing, 0)):
        p.tick(T0 + 31)
        assert p.client.rows["units"][0]["flags"] >> 1 & 3 == life


def test_a_fault_withholds_that_one_thing_and_raises_the_alarm(monkeypatch) -> None:
    picture = heard(delivery(1, unit("good"), unit("bad")))
    whole = Door._unit

    def faulty(self, track, granted, whole_card):
        if track.id == "bad":
            raise RuntimeError("broken")
        return whole(self, track, granted, whole_card)

    monkeypatch.setattr(Door, "_unit", faulty)
    p = Pair(picture, "cpd", t=T0)
    assert [r["record"]["id"] for r in p.client.rows["units"].values()] == ["good"]
    assert p.rules.alarms


def test_when_the_column_path_fails_each_thing_is_judged_alone(monkeypatch) -> None:
    picture = heard(delivery(1, unit("a"), unit("b")))
    monkeypatch.setattr(Door, "mask", lambda *a: 1 / 0)
    p = Pair(picture, "cpd", t=T0)
    assert p.view.counts()["units"] == 2
    assert p.rules.alarms == 1


def test_zones_and_log_entries_exist_by_their_own_category_alone() -> None:
    said = delivery(1, zone(name="Inner"), entry(text="set"))
    p = pair("fire", grant("cpd", "fire", "zone"), of=[said])
    assert p.view.counts() == {**NOTHING, "zones": 1}
    assert p.client.events == {}
    p = pair("fire", grant("cpd", "fire", "log.entry"), of=[said])
    assert p.view.counts() == {**NOTHING, "log": 1}
    assert [e["text"] for e in p.client.events.values()] == ["set"]


def test_what_a_zone_or_an_entry_names_is_named_only_as_far_as_it_is_seen() -> None:
    share = grant("cpd", "fire", "zone", "log.entry", "incident.summary", "unit.position")
    said = [zone(incident_id="i1", operation_id="o1"), entry(incident_id="i1", refs=("i1", "u1", "z1"))]
    p = pair("fire", share, of=[delivery(1, *said)])
    zone_record, entry_record = (p.client.rows[layer][0]["record"] for layer in ("zones", "log"))
    assert not {"incident_id", "operation_id"} & set(zone_record)
    assert "incident_id" not in entry_record
    assert entry_record["refs"] == ["z1"]
    p.picture.apply(delivery(2, incident(type_common="FIRE"), unit(labels=("undercover",))))
    p.tick(T0 + 2)
    assert p.client.rows["zones"][0]["record"]["incident_id"] == "i1"
    assert p.client.rows["log"][0]["record"]["refs"] == ["i1", "z1"]
    own = pair("cpd", of=[delivery(1, *said)]).client.rows
    assert own["zones"][0]["record"]["operation_id"] == "o1"
    assert own["log"][0]["record"]["refs"] == ["i1", "u1", "z1"]


def test_a_correction_that_may_not_be_seen_leaves_the_entry_as_it_was() -> None:
    share = grant("cpd", "fire", "log.entry")
    p = pair("fire", share, of=[delivery(1, entry(text="north gate"))])
    p.picture.apply(delivery(2, entry("e2", at=T0 + 1, supersedes="e1", labels=("undercover",))))
    assert not p.tick(T0 + 1)
    p.picture.apply(delivery(3, entry("e3", at=T0 + 2, text="south gate", supersedes="e1")))
    p.tick(T0 + 2)
    log = p.client.by_id("log")
    assert log["cpd", "e1"]["flags"] & 32
    assert log["cpd", "e3"]["record"]["supersedes"] == "e1"
    assert [e.get("supersedes") for e in p.client.events.values()] == [None, "e1"]
    p.picture.apply(delivery(4, entry("e3", at=T0 + 3, labels=("undercover",))))
    p.tick(T0 + 3)
    assert {i: bool(row["flags"] & 32) for (_, i), row in p.client.by_id("log").items()} == {"e1": False}


def test_an_entry_of_ones_own_with_the_id_of_a_hidden_one_does_not_tell_that_it_was_corrected() -> None:
    hidden, correction = entry("X", labels=("undercover",)), entry("visible", at=T0 + 1, supersedes="X")
    said = [delivery(1, hidden, correction), delivery(1, entry("X"), agency="fire")]
    p = pair("fire", grant("cpd", "fire", "log.entry"), of=said)
    assert "supersedes" not in p.client.by_id("log")["cpd", "visible"]["record"]
    assert all("supersedes" not in event for event in p.client.events.values())


def test_an_order_that_left_the_map_is_withdrawn_for_everybody_who_may_know_it() -> None:
    order, later = entry("order", stale_at=T0 + 60), T0 + 7200
    p = pair("fire", grant("cpd", "fire", "log.entry"), of=[delivery(1, order)])
    p.tick(T0 + 3600)
    assert p.view.counts()["log"] == 0
    p.picture.apply(delivery(2, entry("withdrawn", at=later, supersedes="order", stale_at=later + REMEMBERED_S)))
    p.tick(later)
    assert p.client.events[2]["supersedes"] == "order"
    p.tick(T0 + 60 + REMEMBERED_S + 1)  # forgotten, but for its line
    assert p.picture.counts()["log"] == 1
    p.picture.flush()
    again = View(
        p.picture, p.rules, ViewerClass(AgencyId("fire")), [kinds.load(n) for n in LAYERS], T0 + 61 + REMEMBERED_S
    )
    assert [event.record.get("supersedes") for event in again.events.after(0)] == [None, "order"]


def test_what_an_entry_corrects_is_named_as_soon_as_it_may_be_known_and_no_longer() -> None:
    p = pair("fire", grant("cpd", "fire", "log.entry"), of=[delivery(1, entry("new", at=T0 + 50, supersedes="old"))])

    def named() -> str | None:
        return p.client.by_id("log")["cpd", "new"]["record"].get("supersedes")

    assert named() is None
    p.picture.apply(delivery(2, entry("old", stale_at=T0 + 55), received_at=T0 + 60))  # left before it was heard
    p.tick(T0 + 60)
    assert p.view.counts()["log"] == 1
    assert named() == "old"
    p.picture.apply(delivery(3, entry("old", at=T0 + 61, labels=("undercover",))))
    p.tick(T0 + 61)
    assert named() is None


# --- two worlds --------------------------------------------------------------------------------

GRANTS = (
    grant("cpd", "fire", "unit.position", "unit.identity", "incident.summary", "incident.location", "camera.location",
          "camera.state", "zone", "log.entry"),
    grant("cpd", "fbi", *ALL, labels=("undercover",)),
    grant("*", "cpd", "unit.position", "unit.status", "acoustic.alert"),
)  # fmt: skip


def subject_field(report) -> str:
    """The name of the field that says what a report is about."""
    return {"UnitReport": "unit_id", "IncidentReport": "incident_id", "CameraReport": "camera_id",
            "ZoneReport": "zone_id", "LogReport": "entry_id"}[type(report).__name__]  # fmt: skip


def frames(viewer: str, ticks) -> list[bytes]:
    """Every byte a viewer of this class gets, beside classes that see more, in one hub."""
    from layers.delta import delta
    from layers.picture import Picture

    picture = Picture(ROSTER)
    rules = Rules(GRANTS)
    layers = [kinds.load(name) for name in LAYERS]
    views = {a: View(picture, rules, ViewerClass(AgencyId(a)), layers, T0) for a in ("fbi", viewer, "cpd")}
    out = [keyframe(views[viewer])]
    slices = View(picture, rules, ViewerClass(AgencyId(viewer)), layers, T0)
    for n, batches in enumerate(ticks):
        t = T0 + n * 7.0
        for batch in batches:
            picture.apply(batch)
        picture.expire(t)
        touched, events = picture.flush()
        for name, view in views.items():
            base = view.rev
            if view.step(touched, events, t) and name == viewer:
                out.append(delta(view, base) or keyframe(view))
        if n == 1:
            slices = View(picture, rules, ViewerClass(AgencyId(viewer)), layers, t, whole=False)
        elif n > 1:
            slices.step(touched, events, t)
        slices.word_some(1)
    out.append(keyframe(views[viewer]))
    slices.word_some(99)
    out.append(keyframe(slices))
    late = View(picture, rules, ViewerClass(AgencyId(viewer)), layers, t)
    out.append(keyframe(late))
    assert rules.alarms == 0
    return out


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.lists(reports(), max_size=4), min_size=1, max_size=8),
    st.lists(st.lists(reports(), max_size=4), min_size=1, max_size=8),
    st.integers(),
)
def test_hidden_things_change_no_byte(shown, hidden, seed) -> None:
    """World two has the fbi's whole traffic, and the cpd's labelled things and plate hits, on top: none granted."""
    chance = random.Random(seed)
    one, two = [], []
    ticks = max(len(shown), len(hidden))
    for n in range(ticks):
        t = T0 + n * 7.0
        batch = [delivery(n * 9 + 1, *shown[n], received_at=t)] if n < len(shown) and shown[n] else []
        extra = []
        if n < len(hidden) and hidden[n]:
            extra.append(delivery(n * 9 + 1, *hidden[n], agency="fbi", received_at=t))
            labelled = [
                msgspec.structs.replace(r, labels=("undercover",), **{f: f"hidden-{getattr(r, f)}"})
                for r in hidden[n]
                for f in (subject_field(r),)
            ]
            extra.append(delivery(n * 9 + 2, *labelled, received_at=t))
            cameras = [r for r in hidden[n] if isinstance(r, CameraReport)]
            hits = [msgspec.structs.replace(r, event_type="lpr_hit", labels=()) for r in cameras]
            extra.append(delivery(n * 9 + 3, *hits, received_at=t))
        one.append(batch)
        chance.shuffle(extra)
        two.append([*(e for e in extra if e.agency == "fbi"), *batch, *(e for e in extra if e.agency != "fbi")])
    assert frames("fire", one) == frames("fire", two)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(reports(), max_size=5), min_size=1, max_size=6))
def test_a_viewer_who_followed_every_tick_has_what_a_newcomer_gets(ticks) -> None:
    for viewer in ("fire", "cpd", "fbi"):
        p = Pair(heard(), viewer, *GRANTS, t=T0)
        for n, batch in enumerate(ticks):
            if batch:
                p.picture.apply(delivery(n + 1, *batch, received_at=T0 + n * 7.0))
            p.tick(T0 + n * 7.0)
        for layer in LAYERS:
            assert p.client.by_id(layer) == p.fresh().by_id(layer)
        assert p.client.events == p.fresh().events


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["fire", "cpd", "fbi"]),
    st.lists(st.lists(reports(), max_size=5), min_size=2, max_size=5),
    st.integers(0, 1),
    st.integers(0, 4),
)
def test_a_view_made_in_slices_while_the_picture_changes_equals_one_made_at_once(viewer, ticks, begun, at_once) -> None:
    picture, rules = heard(), Rules(GRANTS)
    views: list[View] = []
    for n, batch in enumerate(ticks):
        t = T0 + n * 7.0
        if batch:
            picture.apply(delivery(n + 1, *batch, received_at=t))
        picture.expire(t)
        touched, events = picture.flush()
        for view in views:
            view.step(touched, events, t)
        if n == begun:
            layers = [kinds.load(name) for name in LAYERS]
            who = ViewerClass(AgencyId(viewer))
            views = [View(picture, rules, who, layers, t, whole=whole) for whole in (False, True)]
        if views:
            views[0].word_some(at_once)
    sliced, whole = views
    while not sliced.word_some(1):
        pass
    mine, theirs = Client(), Client()
    mine.take(keyframe(sliced))
    theirs.take(keyframe(whole))
    for layer in LAYERS:
        assert mine.by_id(layer) == theirs.by_id(layer) == Pair(picture, viewer, *GRANTS, t=t).client.by_id(layer)
    assert mine.events == theirs.events
    assert rules.alarms == 0


@settings(max_examples=80, deadline=None)
@given(st.lists(reports(), min_size=1, max_size=8), st.integers(0, 2**21 - 1))
def test_columns_at_a_time_say_what_one_by_one_says(said, granted) -> None:
    """The vector path against the plain one, under any grant."""
    picture = heard(delivery(1, *said, received_at=T0 + 9))
    picture.flush()
    layer = kinds.load("units")
    door = Door(picture, Rules(()), ViewerClass(AgencyId("fire")))
    shelf = picture.shelves["units"]
    door._granted = np.full(len(picture.origins), granted | 2, np.uint32)
    assert layer.swarm_rows is not None
    for track in shelf.live():
        if track.group(0) is None:
            continue
        seen = door.look("units", track)
        assert seen is not None
        many = layer.swarm_rows(picture.swarm, np.array([track.slot]), np.array([granted | 2], np.uint32), door)
        one = dict(zip([n for n, _ in layer.drawn()], layer.row(seen), strict=True))
        one |= {"heard": seen.effective_at, "received": seen.received_at, "stale": seen.stale_at, "lost": seen.lost_at}
        assert {name: values[0].item() for name, values in many.items()} == one


def test_no_hidden_word_is_in_any_byte() -> None:
    p = Pair(heard(), "fire", *GRANTS, t=T0)
    p.picture.apply(
        delivery(
            1,
            unit("u-visible", call_sign="3A12", primary_status="Available", status_internal="SECRETSTATUS"),
            unit("u-SECRET", labels=("undercover",), call_sign="SECRETSIGN"),
            incident("i1", type_common="FIRE", narrative="SECRETTEXT", internal_id="SECRETCAD"),
            camera("c1", event_type="lpr_hit", media_ref="SECRETURI", case_ref="SECRETCASE"),
            zone("z-visible", incident_id="SECRETINCIDENT", operation_id="SECRETOPERATION"),
            zone("z-SECRET", labels=("tactical",), name="SECRETZONE"),
            entry("e-visible", text="seen", refs=("u-visible", "SECRETREF"), supersedes="SECRETENTRY"),
            entry("e-SECRET", labels=("victim",), text="SECRETNOTE", supersedes="e-visible"),
        )
    )
    p.picture.apply(delivery(1, unit("SECRETFBI", call_sign="SECRETFBI"), agency="fbi"))
    p.tick(T0 + 1)
    everything = b"".join([*p.client.frames, *p.fresh().frames])
    assert all(f"{letter}-visible".encode() in everything for letter in "uze")
    assert b"SECRET" not in everything


def test_client_of_the_pair_starts_empty() -> None:
    assert Client().rows == {}
