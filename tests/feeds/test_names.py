import pytest

from feeds import names
from feeds.errors import GrammarError, JointOpsError
from feeds.names import AgencyId

GOOD = ["a", "cpd", "state-police", "a" * 32, "p2"]
BAD = ["", "CPD", "2nd", "-a", "a" * 33, "a b", "a{b}", "ä", "a\n", "a_b"]


@pytest.mark.parametrize("text", GOOD)
def test_an_id_within_the_grammar_is_taken(text: str):
    assert names.agency_id(text) == text == names.source_id(text)


@pytest.mark.parametrize("text", BAD)
def test_an_id_outside_the_grammar_is_refused(text: str):
    for parse in (names.agency_id, names.source_id):
        with pytest.raises(GrammarError) as refused:
            parse(text)
        assert isinstance(refused.value, JointOpsError | ValueError)


def test_a_refusal_does_not_repeat_a_long_id():
    with pytest.raises(GrammarError) as refused:
        names.agency_id("X" * 5000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("text", "taken"), [("U 12", True), (" U", False), ("U ", False), ("x" * 129, False), ("", False)]
)
def test_an_entity_id_is_printable_ascii_without_outer_blanks(text: str, taken: bool):
    assert names.is_entity_id(text) is taken


def test_all_names_of_an_agency_share_one_slot_and_differ_from_another_agencys():
    cpd, cps = AgencyId("cpd"), AgencyId("cps")
    makers = (names.journal_key, names.live_channel, names.trimmed_key)
    assert all("{cpd}" in make(cpd) for make in makers)
    assert len({make(agency) for make in makers for agency in (cpd, cps)}) == 6


def test_a_session_is_named_by_its_digest():
    assert names.session_key("d1") != names.session_key("d2")
    assert names.keyframe_key() not in {names.session_key("keyframe")}
