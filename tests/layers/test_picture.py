import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.bus import BatchId, Delivery
from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError
from feeds.report import LogReport
from layers import swarm
from layers.keyframe import begin, encode, keyframe, restore
from layers.picture import CAMERAS, INCIDENTS, LAYERS, LOG, UNITS, ZONES, Picture
from layers.track import FORGET_S, NEVER
from tests.support.heard import PLACE, ROSTER, SQUARE, T0, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Pair


def state(picture: Picture) -> dict[str, object]:
    """What stands, without the order it came in."""
    units = {(t.agency, t.id): [t.group(g) for g in range(6)] + [t.known] for t in picture.shelves[UNITS].live()}
    others = {
        (layer, t.agency, t.id): (
            t.cells, t.told, t.first, {b: s.effective_at for b, s in t.last.items()}, t.known, t.alerts,
            [(at, said) for at, _, said in t.history],
        )
        for layer in (INCIDENTS, CAMERAS, ZONES, LOG)
        for t in picture.shelves[layer].live()
    }  # fmt: skip
    labels = {
        (layer, t.agency, t.id): picture.origins[shelf.origin[t.slot]]
        for layer, shelf in picture.shelves.items()
        for t in shelf.live()
    }
    log = picture.shelves[LOG].live()
    corrected = {(t.agency, t.id): sorted(picture.corrections.correcting(t.agency, t.id)) for t in log}
    return {"units": units, "others": others, "labels": labels, "corrected": corrected}


def events_of(picture: Picture) -> list[object]:
    events = (e for kept in picture.events.values() for e in kept)
    return sorted((e.serial, picture.origins[e.origin], *e[1:3], *e[4:]) for e in events)


def where(picture: Picture, unit_id: str = "u1", agency: str = "cpd") -> tuple[float, float]:
    report = picture.shelves[UNITS].find(agency, unit_id).group(0).report
    return report.lon, report.lat


def test_a_late_report_never_moves_a_unit_back() -> None:
    picture = heard(
        delivery(1, unit(at=T0 + 10, lat=41.9, lon=-87.6)),
        delivery(2, unit(at=T0 + 5, lat=41.8, lon=-87.7), received_at=T0 + 11),
    )
    assert where(picture) == (-87.6, 41.9)


def test_of_two_reports_of_the_same_time_the_later_in_the_journal_stands() -> None:
    picture = heard(delivery(1, unit(lat=41.8), unit(lat=41.9)))
    assert where(picture)[1] == 41.9


def test_a_clock_that_runs_ahead_does_not_outlive_what_is_heard_after_it() -> None:
    picture = heard(
        delivery(1, unit(at=T0 + 600, lat=41.8), received_at=T0),
        delivery(2, unit(at=T0 + 1, lat=41.9), received_at=T0 + 1),
    )
    assert where(picture)[1] == 41.9


def test_a_batch_applied_twice_changes_nothing() -> None:
    batch = delivery(7, unit(), incident(), camera(event_type="lpr_hit"))
    picture = heard(batch)
    picture.flush()
    assert picture.apply(batch) == 0
    touched, events = picture.flush()
    assert not events
    assert all(not len(t.slots) for t in touched.values())


def test_a_group_is_replaced_whole_and_the_others_stay() -> None:
    picture = heard(
        delivery(1, unit(course_deg=90.0, call_sign="3A12", primary_status="Available")),
        delivery(2, unit(at=T0 + 1, lat=41.9)),
    )
    track = picture.shelves[UNITS].find("cpd", "u1")
    assert track.group(0).report.course_deg is None
    assert track.group(3).report.call_sign == "3A12"
    assert track.group(1).report.primary_status == "Available"


def test_two_agencies_with_one_id_are_two_things() -> None:
    picture = heard(delivery(1, unit(lat=41.8)), delivery(1, unit(lat=41.9), agency="fire"))
    assert picture.counts()[UNITS] == 2
    assert where(picture)[1] == 41.8
    assert where(picture, agency="fire")[1] == 41.9


def test_units_are_forgotten_a_day_after_they_were_lost_and_incidents_a_day_after_they_closed() -> None:
    picture = heard(delivery(1, unit(), incident(status_common=("Closed",))))
    picture.expire(T0 + FORGET_S + 90)
    assert picture.counts() == {UNITS: 1, INCIDENTS: 0, CAMERAS: 0, ZONES: 0, LOG: 0}
    picture.expire(T0 + FORGET_S + 101)
    assert picture.counts()[UNITS] == 0


def test_a_slot_is_not_given_out_again_before_the_views_heard_that_it_is_empty() -> None:
    picture = heard(delivery(1, unit("old")))
    picture.flush()
    picture.expire(T0 + 2 * FORGET_S)
    picture.apply(delivery(2, unit("new", at=T0 + 2 * FORGET_S)))
    assert picture.shelves[UNITS].find("cpd", "new").slot == 1
    touched, _ = picture.flush()
    assert touched[UNITS].forgotten == (0,)
    picture.apply(delivery(3, unit("newer", at=T0 + 2 * FORGET_S)))
    assert picture.shelves[UNITS].find("cpd", "newer").slot == 0


def test_a_keyframe_of_another_version_or_none_at_all_is_an_error_that_says_so() -> None:
    with pytest.raises(DecodeError):
        restore(b"junk", ROSTER)


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, "planes"), (0, "units"), (5, ()), (7, [[1, 99]]), (10, [["e", 7]]), (9, [[1, 5]])],
    ids=["layer", "layer-of-others", "values", "index", "alert", "history"],
)
def test_a_keyframe_whose_parts_do_not_fit_is_refused_as_one(at: int, value: object) -> None:
    form = msgspec.msgpack.decode(inflate(keyframe(heard(delivery(1, camera(event_type="tamper")))), 1 << 20))
    ((camera_form,),) = (msgspec.msgpack.decode(piece) for piece in form[4])
    camera_form[at] = value
    form[4] = [msgspec.msgpack.encode([camera_form])]
    with pytest.raises(DecodeError, match="keyframe cannot be read"):
        restore(deflate(msgspec.msgpack.encode(form)), ROSTER)


LABELS = st.sampled_from([(), (), (), ("undercover",), ("strange",)])
TIMES = st.integers(0, 20).map(lambda n: T0 + n)


@st.composite
def reports(draw: st.DrawFn):
    at, labels = draw(TIMES), draw(LABELS)
    which = draw(st.integers(0, 7))
    name = draw(st.sampled_from("ab"))
    if which <= 1:
        return unit(name, at, lat=draw(st.sampled_from([41.8, 41.9, None])), labels=labels)
    if which == 2:
        fields = draw(
            st.dictionaries(
                st.sampled_from(["call_sign", "primary_status", "incident_id", "emergency"]),
                st.sampled_from(["x", "y", "none"]),
            )
        )
        return unit(name, at, lat=None, lon=None, labels=labels, **fields)
    if which == 3:
        fields = draw(
            st.dictionaries(st.sampled_from(["type_common", "address", "narrative"]), st.sampled_from(["x", "y"]))
        )
        return incident(name, at, labels=labels, status_common=draw(st.sampled_from([None, ("Active",), ("Closed",)])),
                        **fields)  # fmt: skip
    if which == 4:
        fields = draw(
            st.fixed_dictionaries(
                {"geometry": st.sampled_from([SQUARE, PLACE, None])},
                optional={
                    "name": st.sampled_from(["x", "y"]),
                    "zone_kind": st.sampled_from(["hot", "odd"]),
                    "incident_id": st.sampled_from("ab"),
                    "valid_from": st.sampled_from([T0 + 5, T0 + 15]),
                    "valid_to": st.sampled_from([T0 + 10, T0 + 30]),
                },
            )
        )
        return zone(name, at, labels=labels, **fields)
    if which == 5:
        fields = draw(
            st.fixed_dictionaries(
                {"lat": st.sampled_from([41.8, 41.9, None])},
                optional={
                    "text": st.sampled_from(["x", "y"]),
                    "entry_kind": st.sampled_from(["order", "odd"]),
                    "refs": st.sampled_from([("a",), ("a", "b")]),
                    "incident_id": st.sampled_from("ab"),
                    "supersedes": st.sampled_from("ab"),
                    "stale_at": st.sampled_from([T0 + 10, T0 + 30]),
                },
            )
        )
        return entry(name, at, labels=labels, **fields)
    return camera(
        name, at, labels=labels, lat=draw(st.sampled_from([41.8, 41.9, None])), event_id=draw(st.sampled_from("ef")),
        event_type=draw(st.sampled_from(["announced", "lpr_hit", "recording_started", "gunshot_detected"])),
    )  # fmt: skip


@st.composite
def journals(draw: st.DrawFn) -> dict[str, list[Delivery]]:
    journal = {}
    for agency in ("cpd", "fire"):
        batches = draw(st.lists(st.lists(reports(), min_size=1, max_size=4), max_size=6))
        journal[agency] = [
            delivery(n + 1, *batch, agency=agency, received_at=T0 + draw(st.integers(0, 25)))
            for n, batch in enumerate(batches)
        ]
    return journal


def interleaved(journal: dict[str, list[Delivery]], seed: int) -> list[Delivery]:
    chance = random.Random(seed)
    left = {agency: list(batches) for agency, batches in journal.items()}
    out = []
    while any(left.values()):
        agency = chance.choice([a for a, batches in left.items() if batches])
        out.append(left[agency].pop(0))
    return out


@settings(max_examples=150, deadline=None)
@given(journals(), st.integers(), st.integers())
def test_any_interleaving_of_agencies_gives_the_same_picture(journal, one, other) -> None:
    assert state(heard(*interleaved(journal, one))) == state(heard(*interleaved(journal, other)))


@settings(max_examples=150, deadline=None)
@given(journals(), st.integers())
def test_duplicates_change_nothing(journal, seed) -> None:
    batches = interleaved(journal, seed)
    chance = random.Random(seed)
    again = []
    for n, batch in enumerate(batches):
        again.append(batch)
        again += chance.sample(batches[: n + 1], min(2, n))
    assert state(heard(*again)) == state(heard(*batches))


@settings(max_examples=150, deadline=None)
@given(journals())
def test_what_stands_is_the_fold_in_order_of_effective_time_and_journal(journal) -> None:
    batches = journal["cpd"]
    singles = [(e.effective_at, n, e) for n, e in enumerate(e for batch in batches for e in batch.batch.envelopes())]
    if any(e.report.labels for _, _, e in singles):
        return  # labels of occurrences have rules of their own
    # The words of a log entry are those of the first in the journal, whatever time it tells.
    singles.sort(key=lambda s: (NEVER, s[1]) if isinstance(s[2].report, LogReport) else s[:2])
    sorted_ = [delivery(n + 1, e.report, received_at=e.received_at) for n, (_, _, e) in enumerate(singles)]
    assert state(heard(*sorted_)) == state(heard(*batches))


@settings(max_examples=150, deadline=None)
@given(journals(), st.integers(), st.integers(0, 20))
def test_a_restored_picture_and_the_tail_equal_the_original(journal, seed, cut) -> None:
    batches = interleaved(journal, seed)
    before = heard(*batches[:cut])
    again = restore(keyframe(before), ROSTER)
    assert state(again) == state(before)
    for batch in batches:
        again.apply(batch)
    whole = heard(*batches)
    assert state(again) == state(whole)
    assert again.last == whole.last
    assert again.serial == whole.serial
    assert events_of(again) == events_of(whole)


@settings(max_examples=150, deadline=None)
@given(journals(), st.integers(), st.integers(0, 20), st.integers(1, 9))
def test_a_cut_whose_units_are_taken_later_and_the_tail_equal_the_original(journal, seed, cut, later) -> None:
    batches = interleaved(journal, seed)
    picture = heard(*batches[:cut])
    begun, taking = begin(picture)
    for batch in batches[cut : cut + later]:
        picture.apply(batch)
    assert sum(1 for _ in taking) <= 1
    again = restore(encode(begun), ROSTER)
    for batch in batches:
        again.apply(batch)
    whole = heard(*batches)
    assert state(again) == state(whole)
    assert again.last == whole.last
    assert events_of(again) == events_of(whole)


def test_of_one_origin_only_the_newest_zones_and_entries_are_kept_and_they_cost_no_others(monkeypatch) -> None:
    monkeypatch.setattr("layers.picture.KEPT_MAX", {ZONES: 3, LOG: 2})
    many = [zone(f"z{n}", at=T0 + n) for n in range(5)] + [entry(f"e{n}", at=T0 + n) for n in range(5)]
    others = delivery(1, zone("other"), entry("other"), agency="fire")
    picture = heard(others, delivery(1, *many), delivery(2, zone("hidden", at=T0 - 9, labels=("undercover",))))
    picture.expire(T0 + 20)
    kept = {(t.agency, t.id) for layer in (ZONES, LOG) for t in picture.shelves[layer].live()}
    assert kept == {("cpd", i) for i in ("z2", "z3", "z4", "e3", "e4", "hidden")} | {("fire", "other")}


def test_the_zones_of_one_origin_are_bounded_by_their_positions_as_they_are_heard(monkeypatch) -> None:
    monkeypatch.setattr("layers.picture.POSITIONS_MAX", 30)
    hidden = delivery(1, zone("hidden", at=T0 - 99, labels=("undercover",)))
    others = delivery(1, zone("other", at=T0 - 99), agency="fire")
    picture = heard(others, hidden, *[delivery(2 + n, zone(f"z{n}", at=T0 + n)) for n in range(6)])
    assert picture.counts()[ZONES] == 8
    picture.apply(delivery(9, zone("z6", at=T0 + 9)))
    kept = {(t.agency, t.id) for t in picture.shelves[ZONES].live()}
    assert kept == {("cpd", i) for i in ("z2", "z3", "z4", "z5", "z6", "hidden")} | {("fire", "other")}
    assert state(restore(keyframe(picture), ROSTER)) == state(picture)
    picture.apply(delivery(10, zone("hidden", at=T0 + 10)))  # its label goes: it weighs where it is now
    assert picture.counts()[ZONES] == 7
    picture.apply(delivery(11, zone("z7", at=T0 + 11)))
    assert {t.id for t in picture.shelves[ZONES].live()} == {"z4", "z5", "z6", "hidden", "z7", "other"}


def test_what_is_old_is_forgotten_while_the_clock_is_behind_where_it_was() -> None:
    picture = heard(delivery(1, zone("ended", valid_to=T0 - 2 * FORGET_S, at=T0 - 2 * FORGET_S)))
    picture.expire(T0 + 3600)
    assert picture.counts()[ZONES] == 0
    picture.apply(delivery(2, zone("ends", valid_to=T0 - 2 * FORGET_S, at=T0 - 2 * FORGET_S)))
    picture.expire(T0)
    assert picture.counts()[ZONES] == 0


def test_a_restored_picture_has_zones_and_the_log_as_they_were() -> None:
    picture = heard(
        delivery(1, zone(valid_to=T0 + 99, name="Inner"), zone("z2", geometry=PLACE, radius_m=50.0)),
        delivery(2, entry(text="set"), entry("e2", text="not set", supersedes="e1", at=T0 + 1)),
    )
    again = restore(keyframe(picture), ROSTER)
    assert state(again) == state(picture)
    for layer in LAYERS:
        p, q = (Pair(one, "cpd", t=T0 + 2).client.by_id(layer) for one in (picture, again))
        assert p == q


def flushed(picture: Picture) -> dict[str, object]:
    """What a flush says and leaves in the columns."""
    touched, events = picture.flush()
    said = {name: [part.tolist() for part in t[:3]] + [t.forgotten] for name, t in touched.items()}
    columns = {name: values.tolist() for name, values in picture.swarm.columns.items()}
    return {"said": said, "columns": columns, "events": [event.serial for event in events]}


@settings(max_examples=60, deadline=None)
@given(journals(), st.integers(0, 2**32 - 1), st.sets(st.integers(0, 20)))
def test_a_picture_gathered_on_the_way_flushes_as_one_that_was_not(journal, seed, gathered_after) -> None:
    deliveries = interleaved(journal, seed)
    whole, pieces = Picture(ROSTER), Picture(ROSTER)
    for half in (deliveries[: len(deliveries) // 2], deliveries[len(deliveries) // 2 :]):
        for n, one in enumerate(half):
            whole.apply(one)
            pieces.apply(one)
            if n in gathered_after:
                pieces.gather()
        assert flushed(pieces) == flushed(whole)


def test_a_thing_forgotten_after_it_was_gathered_is_only_told_as_forgotten() -> None:
    picture = heard(delivery(1, unit("u1"), unit("u2")))
    picture.gather()
    forgotten = picture.shelves[UNITS].find("cpd", "u1")
    picture.shelves[UNITS].forget(forgotten)
    touched, _ = picture.flush()
    kept = picture.shelves[UNITS].find("cpd", "u2")
    assert touched[UNITS].slots.tolist() == [kept.slot]
    assert touched[UNITS].forgotten == (forgotten.slot,)


def test_the_last_applied_id_is_kept_per_agency() -> None:
    picture = heard(delivery(5, unit()), delivery(3, unit(), agency="fire"))
    assert restore(keyframe(picture), ROSTER).last == {"cpd": BatchId(5, 0), "fire": BatchId(3, 0)}


def test_a_unit_that_cannot_be_drawn_is_forgotten_and_costs_no_other(monkeypatch) -> None:
    pair = Pair(heard(delivery(1, unit("a"), unit("odd"), unit("b"))), "cpd", t=T0)
    real = swarm.unit_status
    monkeypatch.setattr(
        swarm, "unit_status", lambda primary, *more: 1 / 0 if primary == "odd" else real(primary, *more)
    )
    moved = [
        unit("a", at=T0 + 1, lat=41.7),
        unit("odd", at=T0 + 1, primary_status="odd"),
        unit("b", at=T0 + 1, lat=41.7),
    ]
    pair.picture.apply(delivery(2, *moved))
    pair.tick(T0 + 1)
    assert {i: row["lat"] for (_, i), row in pair.client.by_id("units").items()} == {"a": 417000000, "b": 417000000}
    pair.picture.apply(delivery(3, unit("odd", at=T0 + 2, primary_status="Available")))
    pair.tick(T0 + 2)
    assert set(pair.client.by_id("units")) == {("cpd", "a"), ("cpd", "odd"), ("cpd", "b")}
    assert pair.rules.alarms == 0
