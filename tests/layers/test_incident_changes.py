"""What changed of an incident, in words."""

import pytest

from layers.incident_changes import came_and_went, changed, listed, told


@pytest.mark.parametrize(
    ("name", "value", "before", "words"),
    [
        ("status_common", ("Active", "ResourcesAssigned"), ("Active",), "Units assigned"),
        ("status_common", ("Active",), ("Active", "ResourcesOnscene"), "now Active"),
        ("priority_common", 9, None, "priority P1"),
        ("type_common", "ROBBERY", None, "Robbery"),
        ("assigned_units", ("a", "b"), ("b", "c"), "A assigned, C released"),
        ("assigned_units", ("a", "b", "c", "d"), None, "4 units assigned"),
        ("place", (1.0, 2.0), (1.0, 3.0), "place corrected"),
        ("place", (1.0, 2.0), None, ""),
        ("address", "1 Main St", None, "at 1 Main St"),
        ("narrative", "He ran", None, "“He ran”"),
    ],
)
def test_a_change_is_told_in_words(name: str, value: object, before: object, words: str) -> None:
    assert told(name, value, before, str.upper) == words


def test_only_what_is_said_and_other_than_before_has_changed() -> None:
    assert changed({"address": "1 Main St", "type_common": "FIRE"}, {"type_common": "FIRE", "narrative": "x"}) == [
        "address"
    ]
    assert came_and_went(("a",), None) == (["a"], [])
    assert listed(("EnRoute", "SWAT")) == "En route, SWAT"
