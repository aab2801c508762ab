from hypothesis import given
from hypothesis import strategies as st

from feeds.names import AgencyId
from feeds.registry import SENSITIVE_LABELS
from feeds.report import Category
from layers.picture import Origin
from layers.policy import Grant, Rules, ViewerClass
from layers.review_rules import NOBODY, Eyes, ReviewRules, is_granted_all_of
from layers.track import EVERYTHING
from tests.support.pair import grant

CPD, FIRE, JCC = (ViewerClass(AgencyId(a)) for a in ("cpd", "fire", "jcc"))
AGENCIES = ("cpd", "fire", "jcc")

_grants = st.builds(
    Grant,
    st.sampled_from((*AGENCIES, "*")),
    st.frozensets(st.sampled_from((*AGENCIES, "*"))),
    st.frozensets(st.sampled_from(tuple(Category))),
    st.frozensets(st.sampled_from(sorted(SENSITIVE_LABELS))),
)
_rules = st.lists(_grants, max_size=5).map(Rules)
_origins = st.builds(
    Origin, st.sampled_from(AGENCIES).map(AgencyId), st.frozensets(st.sampled_from(("victim", "other")))
)


@given(_rules, _rules, _origins)
def test_nobody_is_shown_what_one_of_the_eyes_or_one_of_the_rules_withholds(then: Rules, now: Rules, origin) -> None:
    rules = ReviewRules([Eyes(JCC, (then, now)), Eyes(CPD, (then,))])
    expected = then.granted(JCC, origin) & now.granted(JCC, origin) & then.granted(CPD, origin)
    assert rules.granted(rules.viewer, origin) == expected


def test_an_agency_sees_its_own_whole_then_and_now() -> None:
    rules = ReviewRules([Eyes(CPD, (Rules(()), Rules(())))])
    assert rules.viewer == CPD
    assert rules.granted(CPD, Origin(AgencyId("cpd"), frozenset({"undercover"}))) == EVERYTHING


def test_through_anothers_eyes_nothing_is_whole_for_being_ones_own() -> None:
    rules = ReviewRules([Eyes(JCC, (Rules(()),)), Eyes(CPD, (Rules(()),))])
    assert rules.viewer == NOBODY
    assert all(rules.granted(NOBODY, Origin(AgencyId(a), frozenset())) == 0 for a in AGENCIES)


def test_as_much_as_another_is_granted_who_is_granted_each_thing_that_it_is() -> None:
    everything = tuple(str(c) for c in Category)
    rules = Rules([grant("*", "jcc", *everything), grant("cpd", "fire", "unit.position")])
    assert is_granted_all_of(rules, JCC, FIRE, AGENCIES)
    assert not is_granted_all_of(rules, FIRE, CPD, AGENCIES)
    assert not is_granted_all_of(Rules([grant("*", "jcc", *everything[1:])]), JCC, CPD, AGENCIES)
