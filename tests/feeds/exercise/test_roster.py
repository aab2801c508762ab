from collections import Counter
from random import Random

import pytest

from feeds import registry
from feeds.exercise.roster import KINDS, muster


@pytest.mark.parametrize("units", [1, 5, 37, 300, 10_000])
def test_any_number_of_units_is_mustered_exactly_and_no_two_are_alike(units: int) -> None:
    members = muster(units, Random(1))
    assert len(members) == units
    assert len({(m.kind.agency, m.unit_id) for m in members}) == units
    assert len({(m.kind.agency, m.call_sign) for m in members}) == units
    assert max(len(m.call_sign) for m in members) <= 8


def test_the_mix_is_that_of_six_agencies() -> None:
    counts = Counter(m.kind.agency for m in muster(300, Random(1)))
    assert counts == {"cpd": 128, "cfd": 60, "ccso": 45, "isp": 30, "tpd": 25, "ftf": 12}


def test_unit_types_are_in_the_registry() -> None:
    assert {k.unit_type for k in KINDS} <= registry.UNIT_TYPE


def test_cot_units_carry_the_prefix_their_source_is_known_by() -> None:
    members = [m for m in muster(300, Random(1)) if m.kind.source.endswith("-cot")]
    assert members
    assert all(m.unit_id.startswith(f"{m.kind.agency.upper()}-") for m in members)
