from msgspec import structs

from layers.exports.stamp import Stamp
from tests.support.exported import STAMP


def test_a_stamp_says_all_its_fields_with_times_in_utc() -> None:
    assert set(STAMP.said) == set(Stamp.__struct_fields__)
    assert STAMP.said["since"] == "2026-05-04T19:00:00.000Z" and STAMP.said["sources"] == "ab" * 32 + " " + "cd" * 32


def test_what_a_stamp_has_nothing_to_say_of_is_left_out() -> None:
    assert {"missing", "policy"}.isdisjoint(structs.replace(STAMP, missing=(), policy="").said)
