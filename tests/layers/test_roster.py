from tests.support.heard import ROSTER


def test_the_longest_cadence_of_the_states_wins() -> None:
    assert ROSTER.cadence("cpd-avl") == 10.0
    assert ROSTER.cadence("cpd-avl", ("OutofService", "buffering", "x")) == 900.0


def test_a_source_the_site_no_longer_names_has_the_default_cadence() -> None:
    from layers.roster import CADENCE_S

    assert ROSTER.cadence("gone") == CADENCE_S


def test_an_agency_the_site_no_longer_names_is_called_by_its_id() -> None:
    assert (ROSTER.name("cpd"), ROSTER.tag("cpd")) == ("CPD", "CPD")
    assert (ROSTER.name("gone"), ROSTER.tag("gone"), ROSTER.family("gone")) == ("gone", "GONE", "other")
