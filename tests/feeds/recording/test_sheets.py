"""What a sheet says in columns is what each report of its batches says by itself."""

import math
from typing import Any

import pytest
from hypothesis import given, settings

from feeds.bus import Delivery
from feeds.recording import sheets as module
from feeds.recording.sheets import KINDS, MINUTE_MS, NUMBERS, SUBJECTS, WORDS, Book, Sheet, sheets
from feeds.report import AnyReport, UnitReport
from tests.feeds.recording.journals import CPD, JOURNALS


def said(report: AnyReport, name: str) -> Any:
    if name == "kind":
        return KINDS[type(report)]
    return getattr(report, SUBJECTS[type(report)] if name == "unit_id" else name, None)


def words(sheet: Sheet, name: str) -> list[Any]:
    book = list(sheet.books.words[name])
    return [book[code] for code in sheet.codes[name].tolist()]


@pytest.mark.parametrize("at_once", [1, 2, 256])
@settings(max_examples=30, deadline=None)
@given(entries=JOURNALS)
def test_a_sheet_says_what_its_reports_say(entries: list[Delivery], at_once: int):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_TRANSPOSED", at_once)
        found = list(sheets(CPD, entries))
    assert [entry for sheet in found for entry in sheet.entries] == entries
    for sheet in found:
        parcels = [parcel for entry in sheet.entries for parcel in entry.batch.parcels]
        reports = [report for parcel in parcels for report in parcel.reports]
        assert (sheet.parcels, sheet.reports) == (parcels, reports)
        assert sheet.times.tolist() == [len(entry.batch.parcels) for entry in sheet.entries]
        runs = list(sheet.books.runs)
        assert [runs[code] for code in sheet.run.tolist()] == [(parcel.source, parcel.run) for parcel in parcels]
        assert sheet.received_at.tolist() == [parcel.received_at for parcel in parcels]
        assert sheet.counts.tolist() == [len(parcel.reports) for parcel in parcels]
        assert list(zip(*(part.tolist() for part in sheet.ids()), strict=True)) == [entry.id for entry in sheet.entries]
        assert sheet.of_units == all(type(report) is UnitReport for report in reports)
        for name in WORDS:
            assert words(sheet, name) == [said(report, name) for report in reports]
        assert sheet.seq == [report.seq for report in reports]
        for name in NUMBERS:
            expected = [said(report, name) for report in reports]
            assert (name in sheet.numbers) == any(value is not None for value in expected)
            told = [None if math.isnan(value) else value for value in sheet.number(name).tolist()]
            assert list(map(repr, told)) == [repr(value if value is None else float(value)) for value in expected]
            if name in sheet.numbers and None in expected:
                assert sheet.absent[name].tolist() == [value is None for value in expected]


@settings(max_examples=30, deadline=None)
@given(JOURNALS)
def test_a_sheet_is_of_one_minute_from_where_they_begin(entries: list[Delivery]):
    apart = [entry._replace(id=entry.id._replace(ms=entry.id.ms + 25_000 * n)) for n, entry in enumerate(entries)]
    t0 = entries[0].id.ms - 12_345 if entries else 0
    minutes = [{(entry.id.ms - t0) // MINUTE_MS for entry in sheet.entries} for sheet in sheets(CPD, apart, t0)]
    assert [len(minute) for minute in minutes] == [1] * len(minutes)
    assert len(minutes) == len(set().union(*minutes))


def test_a_book_numbers_words_as_they_first_appear():
    book = Book()
    assert [book[word] for word in ("b", None, "b", "a")] == [0, 1, 0, 2]
