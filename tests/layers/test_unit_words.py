import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.names import AgencyId
from feeds.recording.sheets import Book
from layers import unit_words
from layers.fixes import Fixes
from layers.track import Stamp
from layers.unit_track import UnitTrack
from layers.unit_words import GROUPS, LONG_AGO, SLOW, Spoken, Words, changes
from tests.support.heard import T0, unit


def numbers(words: Words, *said: dict[str, object]) -> list[list[int]]:
    """The words of reports that say these fields, group by group."""
    reports = [unit(**fields) for fields in said]  # type: ignore[arg-type]
    books = {name: Book() for name in SLOW}
    codes = {name: np.array([books[name][getattr(report, name)] for report in reports], np.int32) for name in SLOW}
    found: list[list[int]] = words.of_reports(codes, books).tolist()
    return found


def test_a_word_is_kept_once_and_what_is_not_said_is_none() -> None:
    words = Words("fire")
    assert numbers(words) == []
    assert numbers(words, {}, {"call_sign": "E7"}) == [[0, 0, 0, 0], [0, 0, 1, 0]]
    assert numbers(words, {"call_sign": "E7", "emergency": "manual"}) == [[0, 2, 1, 0]]
    assert words.fields[1:] == [{"call_sign": "E7", "family": "fire"}, {"emergency": "manual"}]
    assert [GROUPS[group] for group in words.groups[1:]] == ["identity", "emergency"]
    assert words.codes[1:] == [0, 1]


def test_a_group_that_was_said_to_be_empty_is_a_word_and_not_nothing() -> None:
    words = Words("police")
    assert numbers(words, {"capabilities": ()}) == [[0, 0, 0, 1]]
    assert words.fields[1] == {}


fields = st.fixed_dictionaries(
    {},
    optional={
        "primary_status": st.sampled_from(["Available", "NotAvailable"]),
        "secondary_status": st.sampled_from([(), ("EnRoute",)]),
        "incident_id": st.sampled_from(["i1", "i2"]),
        "emergency": st.sampled_from(["none", "manual"]),
        "call_sign": st.sampled_from(["1A", "2B"]),
        "unit_type": st.sampled_from(["Engine", "PatrolUnit"]),
        "crew": st.integers(0, 2),
    },
)


@pytest.mark.parametrize("dense", [0, 1000])
@given(said=st.lists(fields, max_size=12))
def test_many_reports_at_once_have_the_words_of_one_after_the_other(said: list[dict[str, object]], dense: int) -> None:
    together, alone = Words("fire"), Words("fire")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unit_words, "_DENSE", dense)
        found = numbers(together, *said)
    assert found == [numbers(alone, one)[0] for one in said]
    assert (together.groups, together.codes, together.fields) == (alone.groups, alone.codes, alone.fields)


def test_a_track_has_a_word_for_each_group_with_its_time() -> None:
    track = UnitTrack(AgencyId("cpd"), "u1", 0, Fixes())
    track.hear(unit(call_sign="1A"), T0, Stamp("s", T0))  # type: ignore[arg-type]
    track.hear(unit(primary_status="Available"), T0 + 1, Stamp("s", T0 + 1))  # type: ignore[arg-type]
    said, since = Words("police").of_track(track)
    assert said == [1, 0, 2, 0]
    assert since == [T0 + 1, float("-inf"), T0, float("-inf")]


def test_words_of_another_span_are_taken_over_once() -> None:
    words = Words("police")
    first = words.adopt(2, 0, {"call_sign": "1A"})
    assert words.adopt(2, 0, {"call_sign": "1A"}) == first
    assert words.adopt(3, 0, {}) not in (0, first)


said = st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 40), st.integers(0, 3), st.integers(0, 3))
"""Unit, effective, received, group, word of it (0: none)."""


@given(st.lists(said, max_size=25), st.integers(0, 40), st.booleans())
def test_joining_what_was_said_again_changes_nothing_at_any_instant(
    reports: list[tuple[int, int, int, int, int]], t: int, by_receipt: bool
) -> None:
    reports = sorted((unit_, min(eff, got), got, group, word) for unit_, eff, got, group, word in reports)
    table = np.zeros((len(reports), len(GROUPS)), np.uint32)
    for i, (_, _, _, group, word) in enumerate(reports):
        table[i, group] = 10 * group + word if word else 0
    unit_, eff, got = (np.array([r[i] for r in reports], np.intp) for i in range(3))
    stood = np.array([[1, 0, 0, 0]] * 3, np.uint32)
    since = np.where(stood > 0, 5.0, -np.inf)
    made = changes(stood, since, Spoken(unit_, eff.astype(float), eff.astype(np.int32), got.astype(np.int32), table))

    expected = {(u, 0): 1 for u in range(3)}
    for u, when, received, group, word in reports:
        if word and (received if by_receipt else when) <= t and when >= since[u, group]:
            expected[u, group] = 10 * group + word
    standing: dict[tuple[int, int], int] = {}
    for row, effective, received, word in zip(*made, strict=True):
        if (received if by_receipt else effective) <= t or received == LONG_AGO:
            standing[int(row), 0 if word == 1 else int(word) // 10] = int(word)
    assert standing == expected
