import pytest

from layers import symbol, words
from layers.symbol import UnitStatus, unit_status


@pytest.mark.parametrize(
    ("primary", "secondary", "status"),
    [
        ("Available", ("OnPatrol",), UnitStatus.AVL),
        ("NotAvailable", ("Dispatched",), UnitStatus.ENR),
        ("NotAvailable", ("EnRoute", "OnScene"), UnitStatus.ONS),
        ("Available", ("Staging",), UnitStatus.ONS),
        ("ConditionallyAvailable", None, UnitStatus.CMT),
        ("NotAvailable", ("OffDuty",), UnitStatus.OOS),
        ("NotAvailable", None, UnitStatus.OOS),
        (None, ("InService",), UnitStatus.AVL),
        (None, ("OutofService",), UnitStatus.OOS),
        (None, None, UnitStatus.UNSAID),
        (None, ("SomethingOfTheirs",), UnitStatus.UNSAID),
    ],
)
def test_the_display_status_follows_the_registries(primary, secondary, status) -> None:
    assert unit_status(primary, secondary) is status


def test_a_unit_that_is_not_available_because_it_is_assigned_is_under_way() -> None:
    assert unit_status("NotAvailable", None, assigned=True) is UnitStatus.ENR
    assert unit_status("NotAvailable", ("OffDuty",), assigned=True) is UnitStatus.OOS


def test_no_two_rows_of_the_legend_share_shape_and_mark() -> None:
    rows = symbol.legend()
    assert len({(row.shape, row.mark) for row in rows}) == len(rows)
    assert all(row.label and row.token.startswith("--") for row in rows)


def test_every_kind_of_zone_and_log_entry_has_a_number_of_its_own_on_the_wire() -> None:
    from feeds import registry

    for numbers, known in ((symbol.ZONE_KINDS, registry.ZONE_KIND), (symbol.LOG_KINDS, registry.LOG_KIND)):
        assert set(numbers) == known
        assert sorted(numbers.values()) == list(range(1, len(known) + 1))


def test_a_unit_is_of_its_types_family_where_that_says_more_than_the_agency() -> None:
    assert symbol.unit_family("RotaryWingAircraft", "police") == "air"
    assert symbol.unit_family("Aircraft", "police") == "air"  # ADS-B does not say more
    assert symbol.unit_family("GroundALSAmbulance", "fire") == "ems"
    assert symbol.unit_family("PatrolUnit", "federal") == "federal"
    assert symbol.unit_family(None, "fire") == "fire"


def test_every_code_of_the_registries_has_words_without_underscores_or_run_together_capitals() -> None:
    from feeds import registry

    others = (registry.ZONE_KIND, registry.LOG_KIND)
    for codes in (
        registry.SECONDARY_STATUS, registry.INCIDENT_STATUS, registry.CAMERA_EVENT, registry.UNIT_TYPE, *others
    ):  # fmt: skip
        for code in codes:
            text = words.of(code)
            assert "_" not in text
            assert text[0].isupper() or text[0].isdigit()
    assert set(words.INCIDENT_TYPES) == set(registry.INCIDENT_TYPE)


def test_ages_and_courses_are_told_in_words() -> None:
    assert [words.age(s) for s in (0, 119, 120, 7200, 200000)] == ["0 s", "119 s", "2 min", "2 h 00 min", "2 d"]
    assert [words.course(d) for d in (0, 44, 359, 180)] == ["N", "NE", "N", "S"]
    assert words.incident_type("ODDTYPE") == "ODDTYPE"
