import pytest

from feeds.names import ANY, AgencyId
from feeds.registry import SENSITIVE_LABELS
from feeds.report import Category
from layers.entitlement import entitled
from layers.policy import Grant, Rules, ViewerClass

CPD, FIRE = AgencyId("cpd"), AgencyId("fire")


def everything(labels: frozenset[str] = frozenset(), without: Category | None = None) -> Grant:
    return Grant(ANY, frozenset({ANY}), frozenset(c for c in Category if c is not without), labels)


def test_an_agency_is_entitled_to_its_own_chunks_whatever_is_shared() -> None:
    assert entitled(Rules(()), ViewerClass(CPD), CPD)


def test_no_share_entitles_another_agency_as_labels_nobody_knows_cannot_be_named() -> None:
    for grants in ((), (everything(),), (everything(SENSITIVE_LABELS),)):
        assert not entitled(Rules(grants), ViewerClass(FIRE), CPD)


@pytest.mark.parametrize("agency", ["", "CPD", "cpd "])
def test_a_name_that_is_not_the_agencys_own_entitles_to_nothing(agency: str) -> None:
    assert not entitled(Rules((everything(SENSITIVE_LABELS),)), ViewerClass(AgencyId(agency)), CPD)
    assert not entitled(Rules(()), ViewerClass(AgencyId("")), AgencyId(""))


class Narrow(Rules):
    """Rules under which an agency's own class is kept from one category, or from one label."""

    def __init__(self, without: Category | None = None, label: str = "") -> None:
        super().__init__(())
        self._without, self._label = without, label

    def granted(self, viewer, origin):  # type: ignore[no-untyped-def]
        from layers.track import BIT

        if self._label in origin.labels:
            return 0
        granted = super().granted(viewer, origin)
        return granted & ~BIT[self._without] if self._without else granted


def test_one_category_or_one_label_withheld_is_no() -> None:
    assert entitled(Narrow(), ViewerClass(CPD), CPD)
    for category in Category:
        assert not entitled(Narrow(without=category), ViewerClass(CPD), CPD)
    for label in (*SENSITIVE_LABELS, "other"):
        assert not entitled(Narrow(label=label), ViewerClass(CPD), CPD)


def test_a_fault_is_no_and_an_alarm() -> None:
    class Broken(Rules):
        def granted(self, viewer, origin):  # type: ignore[no-untyped-def]
            raise KeyError

    rules = Broken(())
    assert not entitled(rules, ViewerClass(CPD), CPD)
    assert rules.alarms == 1
