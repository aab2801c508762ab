"""Minute chunks against brute force: the picture of all reports that a view may use, drawn as the live stream does."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.sheets import Sheet, sheets
from feeds.report import UnitReport
from layers import kinds
from layers.chunk import Chunk, minutes
from layers.delta import keyframe
from layers.frame import FrameType, decode
from layers.keyframe import snapshot
from layers.picture import LAYERS, Picture
from layers.policy import Rules, ViewerClass
from layers.span import Span, picture_at
from layers.view import View
from tests.support.heard import ROSTER, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Client
from tests.support.patrol import driven

M0 = 1_790_000_040.0
"""A full minute, Unix seconds."""
CPD = AgencyId("cpd")


def brute(deliveries: list[Delivery], t: float, view: str, end: float) -> dict[str, dict[str, Any]]:
    """Units by id at `t`: every report that the view may use, heard by a new picture and drawn by its view."""
    picture = Picture(ROSTER)
    for one in deliveries:
        if one.id.ms >= end * 1000:
            break
        parcels = []
        for parcel in one.batch.parcels:
            may = tuple(
                r
                for r in parcel.reports
                if isinstance(r, UnitReport)
                and (parcel.received_at if view == "known" else min(r.observed_at, parcel.received_at)) <= t
            )
            if may:
                parcels.append(type(parcel)(parcel.source, parcel.run, parcel.received_at, may))
        if parcels:
            picture.apply(one._replace(batch=type(one.batch)(1, one.agency, tuple(parcels))))
    picture.flush()
    own = View(picture, Rules(()), ViewerClass(CPD), [kinds.load("units")], t)
    client = Client()
    client.take(keyframe(own))
    return {row["record"]["id"]: _without_row(row) for row in client.rows.get("units", {}).values()}


def _without_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "row"}


def read(chunk: bytes, t: float, view: str) -> dict[str, dict[str, Any]]:
    """The same out of a chunk."""
    span = Span(chunk)
    state = span.state_at(t, view)  # type: ignore[arg-type]
    records = dict(span.records_at(t, view))  # type: ignore[arg-type]
    return {
        records[row]["id"]: {
            **{name: int(values[i]) for name, values in state.items() if name != "row"},
            "record": records[row],
        }
        for i, row in enumerate(state["row"].tolist())
    }


def assert_same(mine: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]) -> None:
    assert mine.keys() == theirs.keys()
    for name, row in mine.items():
        # A chunk counts in ms: where the live stream rounds another fraction, the last step of an age may differ.
        for column in ("age", "lag"):
            assert abs(row.pop(column) - theirs[name].pop(column)) <= 1
    assert mine == theirs


def sheets_from(entries: list[Delivery]) -> Iterator[Sheet]:
    return sheets(entries[0].batch.agency if entries else CPD, entries, round(M0 * 1000))


def chunks_of(deliveries: list[Delivery], count: int = 1) -> list[Chunk]:
    """Chunks from M0 on; what came before it is the picture they begin with."""
    picture = heard(*[d for d in deliveries if d.id.ms < M0 * 1000])
    return list(minutes(picture, CPD, sheets_from([d for d in deliveries if d.id.ms >= M0 * 1000]), M0, count))


moments = st.integers(-2000, 60_000).map(lambda ms: M0 + ms / 1000)
places = st.fixed_dictionaries({"lat": st.integers(-3, 3).map(lambda n: 41.88 + n / 7), "lon": st.just(-87.63)})
fields = st.fixed_dictionaries(
    {},
    optional={
        "course_deg": st.sampled_from([0.0, 359.9, 12.3]),
        "speed_mps": st.sampled_from([0.0, 7.25]),
        "h_err_m": st.just(3.0),
        "v_err_m": st.just(2.0),
        "primary_status": st.sampled_from(["Available", "NotAvailable"]),
        "secondary_status": st.sampled_from([("OutofService",), ("OnScene",), ()]),
        "incident_id": st.sampled_from(["i1", "i2"]),
        "emergency": st.sampled_from(["none", "manual"]),
        "call_sign": st.sampled_from(["1A", "2B"]),
        "unit_type": st.sampled_from(["Engine", "PatrolUnit"]),
        "crew": st.integers(1, 2),
        "status": st.sampled_from(["exercise", "test"]),
        "stale_at": st.integers(0, 90).map(lambda s: M0 + s),
    },
)
sayings = st.tuples(
    st.sampled_from(["u1", "u2"]), moments, st.integers(-9000, 30_000), places | st.just({"lat": None, "lon": None}),
    fields, st.sampled_from(["", "fire-avl", "nobody"]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(sayings, min_size=1, max_size=14), st.integers(0, 60_000), st.sampled_from(["known", "truth"]))
def test_every_picture_of_a_minute_is_what_all_reports_make(said: list[Any], ms: int, view: str) -> None:
    reports = []
    for n, (name, received, late_ms, place, more, source) in enumerate(said):
        # No two at one instant: which of two groups a unit without a place is as old as is not defined then.
        at = received + n / 8192 - late_ms / 1000
        reports.append((received, unit(name, at=round(at, 6), **{**place, **more}), source))
    reports.sort(key=lambda one: one[0])
    deliveries = [
        delivery(0, report, received_at=received, source=source)._replace(id=BatchId(round(received * 1000), n))
        for n, (received, report, source) in enumerate(reports)
        if received < M0 + 60
    ]
    (chunk,) = chunks_of(deliveries)
    t = M0 + ms / 1000
    assert_same(read(chunk.data, t, view), brute(deliveries, t, view, M0 + 60))


@pytest.fixture(scope="module")
def city() -> list[Delivery]:
    return driven(1000, 92, M0, seed=5, before=30)


@pytest.fixture(scope="module")
def minute(city: list[Delivery]) -> bytes:
    (chunk,) = chunks_of([d for d in city if d.id.ms < (M0 + 60) * 1000])
    return chunk.data


@pytest.mark.parametrize("view", ["known", "truth"])
def test_a_city_of_a_thousand_units_is_what_all_reports_make(city: list[Delivery], minute: bytes, view: str) -> None:
    for t in (M0 + 21.3, M0 + 59.7):
        assert_same(read(minute, t, view), brute(city, t, view, M0 + 60))


def test_the_picture_goes_on_as_if_it_had_heard_every_report(city: list[Delivery]) -> None:
    till = [d for d in city if d.id.ms < (M0 + 60) * 1000]
    picture = heard(*[d for d in till if d.id.ms < M0 * 1000])
    list(minutes(picture, CPD, sheets_from([d for d in till if d.id.ms >= M0 * 1000]), M0, 1))
    whole = heard(*till)

    def kept(one: Picture) -> list[Any]:
        return [
            (track.id, [track.group(group) for group in range(6)], track.known)
            for track in sorted(one.shelves["units"].live(), key=lambda track: track.id)
        ]

    assert kept(picture) == kept(whole)
    assert picture.last == whole.last
    assert snapshot(picture).last == snapshot(whole).last


def test_the_same_reports_make_the_same_bytes(city: list[Delivery]) -> None:
    some = city[:200] + [d for d in city if M0 * 1000 <= d.id.ms < M0 * 1000 + 500]
    assert chunks_of(some) == chunks_of(some)


def test_a_unit_that_was_silent_for_hours_is_there_with_its_age() -> None:
    (chunk,) = chunks_of([delivery(1, unit("old", at=M0 - 3 * 3600))])
    state = picture_at(chunk.data, M0 + 30)
    assert state["row"].tolist() == [0]
    assert state["age"].tolist() == [65535]
    assert state["flags"].tolist() == [4]  # lost


def test_what_comes_late_is_truth_before_it_is_known() -> None:
    late = delivery(0, unit("u", at=M0 + 5, lat=41.0), received_at=M0 + 20)._replace(id=BatchId(int(M0 + 20) * 1000, 0))
    (chunk,) = chunks_of([delivery(1, unit("u", at=M0 - 5, lat=40.0)), late])
    assert picture_at(chunk.data, M0 + 10, "known")["lat"].tolist() == [400000000]
    assert picture_at(chunk.data, M0 + 10, "truth")["lat"].tolist() == [410000000]
    assert picture_at(chunk.data, M0 + 20, "known")["lat"].tolist() == [410000000]


def test_an_instant_outside_the_minute_is_refused() -> None:
    (chunk,) = chunks_of([delivery(1, unit("u", at=M0 - 5))])
    for t in (M0 - 0.1, M0 + 60.1):
        with pytest.raises(ValueError, match="outside the span"):
            picture_at(chunk.data, t)


def test_a_minute_in_which_nothing_came_is_a_chunk_of_what_stood() -> None:
    first, second = chunks_of([delivery(1, unit("u", at=M0 - 5, lat=40.0))], count=2)
    assert (first.at, second.at) == (M0, M0 + 60)
    assert picture_at(second.data, M0 + 61)["lat"].tolist() == [400000000]


@pytest.mark.parametrize("order", [(70, 10), (10, 130), (-10, 10)])
def test_a_batch_out_of_its_place_is_an_error_and_not_lost(order: tuple[int, int]) -> None:
    entries = [delivery(0, unit("u", at=M0))._replace(id=BatchId(round(M0 + seconds) * 1000, 0)) for seconds in order]
    with pytest.raises(ValueError, match="minute"):
        list(minutes(heard(), CPD, (sheet for one in entries for sheet in sheets_from([one])), M0, 2))


def test_a_batch_that_was_heard_before_or_is_anothers_is_an_error() -> None:
    one, two = (delivery(0, unit("u", at=M0))._replace(id=BatchId(int(M0) * 1000 + n, 0)) for n in (1, 2))
    fire = AgencyId("fire")
    other = two._replace(agency=fire, batch=replace(two.batch, agency=fire))
    for picture, entries in ((heard(), [two, one]), (heard(one), [one]), (heard(), [other])):
        with pytest.raises(ValueError, match="does not follow"):
            list(minutes(picture, CPD, (sheet for one in entries for sheet in sheets_from([one])), M0, 1))


def test_frames_of_the_other_layers_go_forward_in_time_whatever_was_received_first() -> None:
    def said(received: float, journaled: float, name: str) -> Delivery:
        made = delivery(0, incident(name, at=M0 - 5), received_at=M0 + received)
        return made._replace(id=BatchId(round((M0 + journaled) * 1000), 0))

    (chunk,) = chunks_of([said(-0.5, 0.5, "a"), said(9.0, 9.0, "b"), said(8.0, 10.0, "c")])
    assert [received for received, _, _ in Span(chunk.data).frames] == [0, 0, 9000, 9000]


def test_the_other_layers_are_whole_frames_at_the_time_they_became_known() -> None:
    def said(s: float, *reports: Any) -> Delivery:
        return delivery(0, *reports, received_at=M0 + s)._replace(id=BatchId(round((M0 + s) * 1000), 0))

    stood = delivery(1, incident("i1", at=M0 - 50, status_common=("Active",)), camera("c1", at=M0 - 50))
    (chunk,) = chunks_of(
        [
            stood,
            said(10, unit("u", at=M0 + 9), incident("i2", at=M0 + 2, type_common="FIRE")),
            said(30, zone("z1", at=M0 + 29), entry("e1", at=M0 + 29, text="go")),
            said(40, incident("i1", at=M0 + 39, status_common=("Closed",))),
        ]
    )
    frames = Span(chunk.data).frames
    assert [(received, observed) for received, observed, _ in frames] == [
        (0, 0), (10_000, 2_000), (30_000, 29_000), (40_000, 39_000),
    ]  # fmt: skip
    client = Client()
    assert client.take(frames[0][2]).type is FrameType.KEYFRAME
    assert set(client.rows) == {"incidents", "cameras"}
    for _, _, frame in frames[1:]:
        assert client.take(frame).type is FrameType.DELTA
    assert set(client.rows) == {*LAYERS} - {"units"}
    assert client.by_id("incidents")["cpd", "i1"]["record"]["status"] == ["Closed"]
    assert [event["kind"] for event in client.events.values()] == ["incident", "log_entry", "incident"]


def test_a_row_costs_about_four_bytes(minute: bytes) -> None:
    rows = int(Span(minute).count().sum())
    assert rows > 55_000
    assert len(minute) / rows <= 4.2


def test_a_unit_that_comes_later_is_not_there_before() -> None:
    late = delivery(0, unit("new", at=M0 + 5), received_at=M0 + 5)._replace(id=BatchId(int(M0 + 5) * 1000, 0))
    (chunk,) = chunks_of([late])
    assert decode(chunk.data).columns["units"]["here"].tolist() == [0]
    assert not len(picture_at(chunk.data, M0 + 4.9)["row"])
    assert np.array_equal(picture_at(chunk.data, M0 + 5)["row"], [0])
