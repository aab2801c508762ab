from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import unit_columns
from feeds.bus import Delivery
from feeds.envelope import decode_batch, encode_batch
from feeds.report import UnitReport
from layers.keyframe import keyframe, restore
from layers.picture import UNITS, Picture
from layers.track import FORGET_S
from layers.unit_track import UnitTrack
from tests.layers.test_picture import flushed, state
from tests.support.heard import ROSTER, T0, delivery, heard, unit

NUMBERS = {"lat": 41.8, "lon": -87.6, "course_deg": 90.5, "speed_mps": 12.3, "h_err_m": 5.0, "hae_m": 180.0,
           "v_err_m": 9.0, "stale_at": T0 + 40, "sent_at": T0 + 1, "seq": 2**53}  # fmt: skip
WORDS = {"primary_status": "Available", "call_sign": "3A12", "emergency": "none", "crew": 2, "fix_method": "gps"}


def in_columns(whole: Delivery) -> Delivery:
    """The same as the journal gives it."""
    with patch.object(unit_columns, "FEWEST", 1):
        batch = decode_batch(encode_batch(whole.batch))
    assert all(isinstance(parcel.body, unit_columns.UnitColumns) for parcel in batch.parcels)
    return whole._replace(batch=batch)


@st.composite
def spoken(draw: st.DrawFn) -> UnitReport:
    """A unit's report; of ten most say the same words, as they do."""
    at = T0 + draw(st.integers(0, 9))
    numbers = draw(st.sets(st.sampled_from(sorted(NUMBERS)), min_size=8))
    said = draw(st.sampled_from([set(WORDS)] * 3 + [set(), {"call_sign"}, {"primary_status", "crew"}]))
    other = draw(
        st.sampled_from([{}] * 6 + [{"labels": ("juvenile",)}, {"status": "test"}, {"lat": None, "lon": None}])
    )
    drawn = {name: NUMBERS[name] for name in numbers} | {"lat": draw(st.sampled_from([41.8, 41.9, None]))}
    return UnitReport(
        unit_id=draw(st.sampled_from("ab")), observed_at=at, **{**drawn, **{w: WORDS[w] for w in said}, **other}
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(spoken(), min_size=1, max_size=5), max_size=8), st.sets(st.integers(0, 8)))
def test_what_stands_is_the_same_whether_repeating_reports_are_kept_or_come_in_columns_or_not(
    batches, flushed_after
) -> None:
    def told(*, columns: bool = False) -> list[object]:
        picture, seen = Picture(ROSTER), []
        for n, batch in enumerate(batches):
            source = ("cpd-avl", "cpd-cad")[n % 5 == 4]
            whole = delivery(n + 1, *batch, received_at=T0 + n, source=source)
            picture.apply(in_columns(whole) if columns else whole)
            if n in flushed_after:
                seen += [state(picture), flushed(picture)]
        again = restore(keyframe(picture), ROSTER)
        return [*seen, state(picture), flushed(picture), state(again), flushed(again), keyframe(picture)]

    left_out = told()
    assert told(columns=True) == left_out
    with patch.object(UnitTrack, "repeats", lambda *said: False):
        assert left_out == told()


def test_a_report_that_repeats_its_words_is_let_go_and_comes_back_whole() -> None:
    first = unit(at=T0, **NUMBERS, **WORDS)
    second = unit(at=T0 + 1, **{**NUMBERS, "lat": 41.9, "hae_m": None, "seq": 7}, **WORDS)
    picture = heard(delivery(1, first), delivery(2, second))
    track = picture.shelves[UNITS].find("cpd", "u1")
    assert track.words(0) is first
    assert [track.group(group).report for group in range(5)] == [second] * 5
    assert track.heard_at() == T0 + 1


def test_a_unit_in_the_slot_of_one_that_was_forgotten_has_nothing_of_it() -> None:
    picture = heard(delivery(1, unit("gone", **NUMBERS)))
    picture.flush()
    slot = picture.shelves[UNITS].find("cpd", "gone").slot
    late = T0 + 2 * FORGET_S
    picture.expire(late)
    picture.flush()
    picture.apply(delivery(2, unit("new", at=late, lat=None, lon=None, primary_status="Available")))
    picture.flush()
    assert picture.shelves[UNITS].find("cpd", "new").slot == slot
    assert picture.swarm.columns["placed"][slot] == 0
    assert picture.shelves[UNITS].find("cpd", "new").group(0) is None
