"""What came of units, gathered in columns, is what their reports say one by one."""

import math
from typing import Any

import numpy as np
from hypothesis import given, settings

from feeds.bus import Delivery
from feeds.envelope import Parcel
from feeds.recording.sheets import sheets
from feeds.report import UnitReport
from layers.track import Said, Stamp
from layers.unit_heard import Coded, Told, heard, told_by
from tests.feeds.recording.journals import CPD, JOURNALS


def said(of: Coded) -> list[Any]:
    return [of.words[code] for code in of.codes.tolist()]


def as_plain(told: Told) -> tuple[Any, ...]:
    numbers = {
        name: [None if math.isnan(value) else value for value in column.tolist()]
        for name, column in told.numbers.items()
    }
    return numbers, told.received.tolist(), said(told.status), said(told.source)


@settings(max_examples=40, deadline=None)
@given(JOURNALS)
def test_columns_say_what_the_reports_of_units_say_and_the_rest_is_left(entries: list[Delivery]):
    found, left = heard(sheets(CPD, entries))
    parcels = [(entry, parcel) for entry in entries for parcel in entry.batch.parcels]
    units = [(parcel, report) for _, parcel in parcels for report in parcel.reports if type(report) is UnitReport]
    others = [(entry.id, report) for entry, p in parcels for report in p.reports if type(report) is not UnitReport]
    assert found.reports == [report for _, report in units]
    assert found.last == (entries[-1] if entries else None)
    assert [(e.id, report) for e in left for p in e.batch.parcels for report in p.reports] == others
    if units:
        assert said(found.units()) == [report.unit_id for _, report in units]
        one_by_one = [
            Said(report.observed_at, report, Stamp(parcel.source, parcel.received_at)) for parcel, report in units
        ]
        assert as_plain(found.told()) == as_plain(told_by(one_by_one))
    assert found.parcels(np.arange(len(units))) == tuple(
        Parcel(parcel.source, "", parcel.received_at, (report,)) for parcel, report in units
    )


def test_words_are_met_in_the_order_in_which_they_first_come():
    coded = Coded(np.array([2, 0, 2, 3]), ("a", "b", "c", "d"))
    assert coded.met() == ["c", "a", "d"]
    assert coded.numbered({"c": 7, "a": 8, "d": 9}).tolist() == [7, 8, 7, 9]
