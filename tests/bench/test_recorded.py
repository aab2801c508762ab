"""Both ways of the recording's benchmark keep every report."""

import argparse

from bench import recorded
from bench.motion import traffic


def test_a_small_run_measures_every_bar_on_all_reports():
    found = recorded.measure(argparse.Namespace(units=30, seconds=20, rounds=1, json=True))
    assert {one["name"] for one in found["bars"]} == {"authority_over_parquet", "seal_over_sqlite"}
    assert all(one["value"] > 0 for one in found["bars"])
    table = recorded.flat(traffic(20, 30))
    seconds = list(recorded.seconds_of(table))
    assert sum(map(len, seconds)) == found["size"]["reports"] == table.num_rows
    assert len(seconds) in (20, 21)
