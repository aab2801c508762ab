"""Of a stretch just those reports are made that an answer needs, and they are as they were journaled."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.motion import AGENCY, deliveries, traffic
from feeds.bus import Delivery
from feeds.recording import opened
from feeds.recording.opened import Opened
from feeds.recording.segment import encode
from feeds.recording.sheets import KINDS
from feeds.replay.recording import LATE_S, Sieve
from feeds.replay.sieve import wanted
from feeds.report import AnyReport, UnitReport
from tests.feeds.recording.journals import AT, CPD, JOURNALS

WORDS = st.sets(st.sampled_from(sorted(KINDS.values()))).map(frozenset)
BOXES = st.none() | st.just((-90.0, -45.0, 90.0, 45.0))
SIEVES = st.builds(
    Sieve, st.just(0.0) | AT, st.just(4e10) | AT, st.just(float("inf")) | AT, WORDS, st.none() | st.just("A-1"),
    st.booleans(), BOXES, st.none() | AT,
)  # fmt: skip


def said(entries: list[Delivery]) -> Iterator[tuple[Delivery, float, AnyReport]]:
    """Each report, its batch, when it was effective."""
    for one in entries:
        for parcel in one.batch.parcels:
            for report in parcel.reports:
                yield one, min(report.observed_at, parcel.received_at), report


def needed(sieve: Sieve, entries: list[Delivery]) -> list[AnyReport]:
    """As the rules say, one by one."""
    found: list[AnyReport] = []
    before: list[UnitReport] = []
    for one, at, report in said(entries):
        journaled_at = one.id.ms / 1000.0
        late = journaled_at - at > LATE_S
        if (
            not sieve.since <= at <= sieve.until
            or late
            or journaled_at > sieve.by
            or KINDS[type(report)] not in sieve.kinds
        ):
            continue
        if isinstance(report, UnitReport):
            if sieve.unit not in (None, report.unit_id):
                continue
            earlier = [other for other in before if other.unit_id == report.unit_id]
            before.append(report)
            stood = sieve.changes and sieve.stood_at is not None and report is newest(sieve, entries, report.unit_id)
            if sieve.changes and not (new(report, earlier) or inside(report, sieve.box) or stood):
                continue
        found.append(report)
    return found


def newest(sieve: Sieve, entries: list[Delivery], unit_id: str) -> UnitReport | None:
    """The report that says the unit's newest place before `stood_at`."""
    assert sieve.stood_at is not None
    every = needed(sieve._replace(changes=False), entries)
    times = {id(report): at for _, at, report in said(entries)}
    placed = [r for r in every if isinstance(r, UnitReport) and r.unit_id == unit_id and None not in (r.lat, r.lon)]
    before = [report for report in placed if times[id(report)] < sieve.stood_at]
    return max(reversed(before), key=lambda report: times[id(report)], default=None)


def new(report: UnitReport, earlier: list[UnitReport]) -> bool:
    def status(one: UnitReport) -> tuple[object, ...]:
        return one.primary_status, one.secondary_status, one.incident_id

    called = [(one.labels, one.call_sign) for one in earlier if one.call_sign]
    told = [(one.labels, status(one)) for one in earlier if status(one) != (None, None, None)]
    if report.labels not in [one.labels for one in earlier]:
        return True
    if report.call_sign and [(report.labels, report.call_sign)] != called[-1:]:
        return True
    return status(report) != (None, None, None) and [(report.labels, status(report))] != told[-1:]


def inside(report: UnitReport, box: tuple[float, float, float, float] | None) -> bool:
    if box is None or report.lat is None or report.lon is None:
        return False
    west, south, east, north = box
    return west <= report.lon <= east and south <= report.lat <= north


@pytest.mark.parametrize("together", [opened.TOGETHER, 2])
def test_what_is_made_is_what_the_rules_name_and_as_it_was_journaled(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "TOGETHER", together)

    @settings(max_examples=100, deadline=None)
    @given(JOURNALS, SIEVES)
    def check(entries: list[Delivery], sieve: Sieve) -> None:
        found, number = Opened(CPD, encode(CPD, entries)), 0
        while number < len(found):
            lot = range(number, found.around(number).stop)
            some = found.some(lot, wanted(sieve, found, lot))
            part = entries[lot.start : lot.stop]
            assert [report for _, _, report in said(some)] == needed(sieve, part)
            whole = {one.id: one for one in part}
            for one in some:
                sources = [parcel.source for parcel in whole[one.id].batch.parcels]
                assert one.batch.parcels and all(parcel.reports for parcel in one.batch.parcels)
                assert all(parcel.source in sources for parcel in one.batch.parcels)
            number = lot.stop

    check()


def test_of_a_minutes_traffic_few_are_made_for_the_words_and_those_of_one_unit_for_its_track() -> None:
    entries = list(deliveries(traffic(60, 200)))
    found = Opened(AGENCY, encode(AGENCY, entries))
    lot, everything = range(len(entries)), sum(len(one.batch) for one in entries)
    sieve = Sieve(0.0, 4e10, float("inf"), frozenset(["unit"]))
    assert wanted(sieve, found, lot).sum() == everything
    assert wanted(sieve._replace(changes=True), found, lot).sum() < everything / 20
    of_one = found.some(lot, wanted(sieve._replace(unit=f"{AGENCY}-000007"), found, lot))
    assert 50 < len(list(said(of_one))) < 70
