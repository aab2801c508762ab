"""Ids of units outside their grammar are refused at the door, and nothing else is."""

import pytest

from feeds.adapter import Decoded
from feeds.ids import misnamed, named, well_named
from feeds.names import is_entity_id
from feeds.report import CameraReport, UnitReport

OUTSIDE = ["U1\n", "é", " U1", "U1 ", "\x7f", "a\x00b", "\u200bU1", "a\u00a0b"]
INSIDE = ["U1", "Engine 12", "#!~", "x" * 128]


def unit(unit_id: str, **fields: object) -> UnitReport:
    return UnitReport(observed_at=1.0, seq=7, unit_id=unit_id, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("id_", OUTSIDE)
def test_an_id_outside_the_grammar_is_found_however_many_are_looked_at(id_: str):
    assert not is_entity_id(id_)
    assert not well_named([unit("U0"), unit(id_), unit("U2")])
    assert not well_named([unit("U0", incident_id=id_)])
    assert misnamed(unit(id_)) == "unit_id"
    assert misnamed(unit("U1", incident_id=id_)) == "incident_id"


@pytest.mark.parametrize("id_", INSIDE)
def test_an_id_within_the_grammar_is_let_through(id_: str):
    camera = CameraReport(observed_at=1.0, camera_id="C1")
    for reports in ([unit(id_), unit("U2", incident_id=id_)], [unit(id_), camera]):
        whole = Decoded(list(reports), [0, 1], [])
        assert named(whole) is whole


def test_a_misnamed_unit_is_refused_and_what_is_beside_it_goes_on():
    camera = CameraReport(observed_at=1.0, camera_id="C1")
    found = named(Decoded([unit("U1"), unit("é"), camera], [0, 2, 5], []))
    assert found.reports == [unit("U1"), camera]
    assert found.indexes == [0, 5]
    ((index, reason, path, seq),) = found.refusals
    assert (index, reason, path, seq) == (2, "unit_id outside its grammar", "$.unit_id", 7)
