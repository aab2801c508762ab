"""The messages of the benchmarks are ones that the door takes whole."""

import time

import numpy as np
import pytest

from bench.live_feeds import SEQ_FIRST, ColumnForm, Form
from feeds.adapters.native import ADAPTER
from feeds.door import decode
from feeds.plausible import Plausible
from feeds.subjects import Subjects
from feeds.unit_columns import table_of


@pytest.mark.parametrize("made", [Form, ColumnForm])
def test_every_unit_of_a_form_reports_once_under_the_next_number_and_never_jumps(made: type[Form] | type[ColumnForm]):
    form, rng, plausible = made("police0", range(1_900, 2_100)), np.random.default_rng(1), Plausible(100)
    subjects = Subjects(1000)
    for second in range(3):
        now = time.time() + second
        found = decode(ADAPTER.open(), form.write(SEQ_FIRST + 200 * second, now, rng), now)
        assert not found.refusals and len({report.unit_id for report in found.reports}) == 200
        assert [report.seq for report in found.reports] == list(
            range(SEQ_FIRST + 200 * second, SEQ_FIRST + 200 * second + 200)
        )
        assert {round(report.observed_at, 3) for report in found.reports} == {round(now, 3)}
        table = table_of(found.reports)
        rows = subjects.hear_all([report.unit_id for report in found.reports], now)
        assert table is not None and rows is not None
        assert plausible.all_plain(table, found.reports, rows, now, float(second))
        assert not np.isin(rows, np.flatnonzero(np.isnan(plausible._known[:, 0]))).any()


@pytest.mark.parametrize("made", [Form, ColumnForm])
def test_a_unit_is_somewhere_else_each_time(made: type[Form] | type[ColumnForm]):
    form, rng = made("police0", range(50)), np.random.default_rng(1)
    first, second = (decode(ADAPTER.open(), form.write(SEQ_FIRST, 1.8e9, rng), 1.8e9).reports for _ in range(2))
    assert sum(a.lat != b.lat or a.lon != b.lon for a, b in zip(first, second, strict=True)) > 45
