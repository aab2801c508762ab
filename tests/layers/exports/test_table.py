from layers.exports.rows import Occurrence, TrackPoint
from layers.exports.table import COLUMNS, LAT, LON, table
from tests.support.exported import OCCURRENCES, POINTS


def test_every_field_of_a_row_stands_in_the_column_of_its_name() -> None:
    # Each field says its own name, so that one in another's column shows.
    point = TrackPoint(*TrackPoint._fields)  # type: ignore[arg-type]
    occurrence = Occurrence(*Occurrence._fields)  # type: ignore[arg-type]
    names = [column.name for column in COLUMNS]
    unit, other = (dict(zip(names, row, strict=True)) for row in table([point], [occurrence]))
    assert (unit.pop("kind"), unit.pop("id")) == ("unit", "unit_id")
    for said, fields in ((unit, TrackPoint._fields), (other, Occurrence._fields)):
        assert all(value in (name, None) for name, value in said.items())
        assert {value for value in said.values() if value} == set(fields) - {"unit_id"}
    assert (names[LON], names[LAT]) == ("lon", "lat")


def test_positions_come_first_then_occurrences() -> None:
    kinds = [row[0] for row in table(POINTS, OCCURRENCES)]
    assert kinds == ["unit"] * len(POINTS) + ["incident", "camera_event", "log_entry"]
