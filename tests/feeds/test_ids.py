"""Ids outside their grammar, wherever in a report, are refused at the door and nothing else is."""

import pytest

from feeds.adapter import Decoded
from feeds.ids import ID_FIELDS, misnamed, named, well_named
from feeds.names import is_entity_id
from feeds.report import CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport

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
    whole = Decoded([unit(id_), unit("U2", incident_id=id_)], [0, 1], [])
    assert named(whole) is whole


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (IncidentReport(observed_at=1.0, incident_id="\n"), "incident_id"),
        (IncidentReport(observed_at=1.0, incident_id="I1", assigned_units=("U1", "é")), "assigned_units"),
        (CameraReport(observed_at=1.0, camera_id="C1", carrier_unit_id=" U1"), "carrier_unit_id"),
        (CameraReport(observed_at=1.0, camera_id="C1", event_id="é"), "event_id"),
        (ZoneReport(observed_at=1.0, zone_id="Z1", operation_id="é"), "operation_id"),
        (LogReport(observed_at=1.0, entry_id="L1", refs=("U1", "U2\n")), "refs"),
        (LogReport(observed_at=1.0, entry_id="L1", supersedes="é"), "supersedes"),
    ],
)
def test_ids_are_looked_at_in_every_kind_and_field(report, field: str):
    assert misnamed(report) == field
    assert not well_named([report])


def test_every_field_whose_name_says_id_is_looked_at_or_is_no_id_of_ours():
    for kind, fields in ID_FIELDS.items():
        names = {name for name in kind.__struct_fields__ if name.endswith("_id")}
        assert names - set(fields) <= {"internal_id"}


def test_a_misnamed_report_is_refused_and_the_ones_beside_it_go_on():
    found = named(Decoded([unit("U1"), unit("é"), unit("U3")], [0, 2, 5], []))
    assert [report.unit_id for report in found.reports] == ["U1", "U3"]  # type: ignore[union-attr]
    assert found.indexes == [0, 5]
    ((index, reason, path, seq),) = found.refusals
    assert (index, reason, path, seq) == (2, "unit_id outside its grammar", "$.unit_id", 7)
