"""Tables of positions as messages."""

import json

import pytest

from feeds.errors import ConfigError
from feeds.recording.csv_log import messages


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in messages(text.encode()).splitlines()]


def test_a_row_is_a_message_whatever_its_columns_are_called():
    (one,) = rows("timestamp,unit,lat,lon,speed_mps,colour\n2026-05-04T14:03:07Z,12A,41.9,-87.6,,red\n")
    assert one == {
        "kind": "unit", "unit_id": "12A", "observed_at": "2026-05-04T14:03:07Z", "lat": 41.9, "lon": -87.6,
    }  # fmt: skip


def test_what_our_own_export_writes_is_read_without_its_stamp_and_its_guard():
    (one,) = rows(
        "# made by an export\n# of cpd\nunit_id,observed_at,lat,lon,call_sign\n'=1+1,1000.5,41.9,-87.6,' @A\n"
    )
    assert (one["unit_id"], one["call_sign"], one["observed_at"]) == ("=1+1", " @A", 1000.5)


@pytest.mark.parametrize("text", ["", "unit_id,lat,lon\n1,2,3\n", "unit_id,observed_at,lat\n", "no table at all"])
def test_a_table_that_lacks_a_column_is_told_which_it_needs(text: str):
    with pytest.raises(ConfigError, match="unit_id, observed_at, lat, lon"):
        messages(text.encode())


def test_what_is_no_text_is_told():
    with pytest.raises(ConfigError, match="not UTF-8"):
        messages(b"unit_id,observed_at,lat,lon\n\xff")
