"""The door's book about one source."""

import pytest

from feeds import ledger as ledger_module
from feeds.ledger import ALL_RANGES_MAX, RANGES_MAX, REASONS_MAX, REPORTS_MAX, RUNS_MAX, Ledger
from feeds.report import UnitReport
from tests.support.gateway import CPD, source


def report(seq: int | None, at: float = 1.0) -> UnitReport:
    return UnitReport(unit_id="U1", observed_at=at, seq=seq)


def ledger(*, sequenced: bool = True) -> Ledger:
    return Ledger(source("cpd-avl", CPD), sequenced=sequenced)


def accept(book: Ledger, run: str, reports: list[UnitReport]) -> None:
    book.accept(run, reports, [book.key(run, each) for each in reports], 1.0)


def knows(book: Ledger, run: str, one: UnitReport) -> bool:
    return book.is_journaled(book.key(run, one))


def test_a_report_is_journaled_by_its_number_within_its_run():
    book = ledger()
    accept(book, "a", [report(5)])
    assert knows(book, "a", report(5, at=9.0))
    assert not knows(book, "a", report(4)), "a smaller number is no duplicate"
    assert not knows(book, "b", report(5)), "another run counts anew"


def test_a_report_without_a_number_is_journaled_by_all_it_says():
    book = ledger(sequenced=False)
    accept(book, "", [report(None)])
    assert knows(book, "", report(None))
    assert not knows(book, "", report(None, at=2.0))


def test_what_differs_in_nothing_but_a_number_is_another_report():
    book = ledger(sequenced=False)
    here, there = (UnitReport(unit_id="U1", observed_at=1.0, lat=41.0, lon=lon) for lon in (-1.0, -2.0))
    assert hash(here.lon) == hash(there.lon), "as Python has it"
    accept(book, "", [here])
    assert knows(book, "", here) and not knows(book, "", there)
    assert book.key("", here) != book.key("", there)


def test_who_can_be_spoken_for_without_a_token_speaks_of_fewer_things(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_module, "OPEN_MAX", 2)
    monkeypatch.setattr(ledger_module, "TOKEN_MAX", 3)

    def most(adapter: str, *, sequenced: bool = False, **more: str) -> int:
        book = Ledger(source("cpd-avl", CPD, adapter, **more), sequenced=sequenced)
        heard = [book.subjects.hear(UnitReport(unit_id=f"U{n}", observed_at=1.0), 1.0) for n in range(5)]
        return sum(row is not None for row in heard)

    assert most("native", sequenced=True) == most("taip") == most("eido") == 3
    assert most("cot") == most("taip", listen="udp:9001") == most("sbs", connect="tcp://192.0.2.7:30003") == 2
    assert most("native", sequenced=True, listen="tcp:9001") == 2


def test_what_the_journal_held_is_known_after_a_restart_and_counted_as_nothing():
    book, plain = ledger(), ledger(sequenced=False)
    book.recover("a", [(1, 100)])
    plain.remember(report(None), 1.0)
    assert knows(book, "a", report(50)) and knows(plain, "", report(None))
    assert len(plain.subjects) == 1
    assert (book.health().accepted, book.health().gaps, plain.health().accepted) == (0, 0, 0)


def test_the_counts_add_up():
    book = ledger()
    book.hear(50.0)
    accept(book, "a", [report(1), report(2, at=7.0)])
    book.repeat("a", 1)
    book.refuse("a", "lat out of range", 3)
    book.refuse("a", "not JSON")
    health = book.health()
    assert (health.accepted, health.duplicate, health.rejected, health.gaps) == (2, 1, 2, 0)
    assert health.reasons == {"lat out of range": 1, "not JSON": 1} and health.last_reason == "not JSON"
    assert (health.received_at, health.observed_at) == (50.0, 7.0)


def test_gaps_are_the_numbers_never_heard_over_all_runs():
    book = ledger()
    accept(book, "a", [report(1), report(5)])
    accept(book, "b", [report(1), report(3)])
    assert book.health().gaps == 4
    accept(book, "a", [report(3)])
    assert book.health().gaps == 3


def test_a_refused_message_was_heard_and_may_come_again_mended():
    book = ledger()
    accept(book, "a", [report(1), report(3)])
    book.refuse("a", "lat out of range", 2)
    assert book.health().gaps == 0
    assert not knows(book, "a", report(2))


def test_memory_is_bounded_whatever_a_sender_does():
    book, plain = ledger(), ledger(sequenced=False)
    for run in range(RUNS_MAX + 10):
        accept(book, str(run), [report(1)])
    assert len(book._runs) == RUNS_MAX and knows(book, str(RUNS_MAX), report(1))
    for n in range(3 * RANGES_MAX):
        seq = 2 * n
        accept(book, "accepted", [report(seq)])
        book.refuse("refused", "x", seq)
        book.repeat("repeated", seq)
        # a run is bounded by its own length, whatever its neighbours do in between
        book.accept_range("by the range", range(seq, seq + 1), 1.0, 1.0)
    book.recover("recovered", [(2 * n, 2 * n) for n in range(2 * RANGES_MAX)])
    for name in ("accepted", "refused", "repeated", "by the range", "recovered"):
        known = book._runs[name]
        assert 0 < max(known.heard.count, known.journaled.count) <= RANGES_MAX, name
    for n in range(REPORTS_MAX + 10):
        accept(plain, "", [report(None, at=float(n))])
    assert len(plain._reports) == REPORTS_MAX
    for n in range(REASONS_MAX + 10):
        plain.refuse("", f"reason {n}")
    assert len(plain.health().reasons) == REASONS_MAX + 1 and plain.health().reasons["other"] == 10


@pytest.mark.parametrize("by_range", [False, True])
def test_how_far_the_source_s_clock_is_off_goes_by_the_newest_report_of_each_message(by_range: bool):
    book = ledger()
    assert book.health().clock_offset_s is None
    for n in range(60):
        at, first = 1000.0 + 5 * n, 2 * n
        if by_range:
            book.accept_range("a", range(first, first + 2), at + 37, at)
        else:
            told = [report(first, at + 37), report(first + 1, at - 400)]
            book.accept("a", told, [book.key("a", each) for each in told], at)
    health = book.health()
    assert (health.clock_offset_s, health.clock_error_s) == (37.0, 0.1)


def test_many_runs_with_holes_are_bounded_together_and_the_longest_unheard_goes():
    book = ledger()
    holes = [(2 * n, 2 * n) for n in range(RANGES_MAX)]
    runs = [f"run {n}" for n in range(ALL_RANGES_MAX // RANGES_MAX + 2)]
    for run in runs:
        book.recover(run, holes)
    kept = [run for run in runs if knows(book, run, report(0))]
    assert kept == runs[2:], "the sum of their ranges is what counts"
    assert sum(known.journaled.count + known.heard.count for known in book._runs.values()) == book._ranges
