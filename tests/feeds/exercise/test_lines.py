from feeds.bus import Delivery
from feeds.envelope import encode_batch
from feeds.exercise.lines import SLOT_MS, Faults, Lines
from feeds.exercise.stage import Saying
from feeds.replay.journal_pages import journaled_at
from feeds.report import UnitReport

T0 = 1_790_000_000.0
FAULTS = Faults(
    fast="cfd-avl", fast_s=37.0, out="ccso", out_since=T0 + 10, out_until=T0 + 60,
    lost="isp", lost_since=T0 + 30, lost_until=T0 + 40, missing="cpd-cad", missing_at=T0 + 50, missing_count=9,
)  # fmt: skip
SOURCES = ("cpd-avl", "cpd-cad", "ccso-avl", "cfd-avl", "isp-cot")


def journal(seed: int = 1, seconds: int = 90) -> list[Delivery]:
    """Each source says one thing each second."""
    lines, found = Lines(seed, FAULTS), []
    for at in (T0 + k for k in range(seconds)):
        said = [
            Saying(s.partition("-")[0], s, UnitReport(observed_at=at, unit_id=f"{s}-1", lat=41.8, lon=-87.6))
            for s in SOURCES
        ]
        lines.put(said, at)
        found += lines.take(at + 1)
    return found


def reports(source: str, deliveries: list[Delivery]) -> list[tuple[float, float, float, int | None]]:
    """Observed, received and journaled at, and number."""
    return [
        (e.report.observed_at, e.received_at, journaled_at(d.id), e.report.seq)
        for d in deliveries
        for e in d.batch.envelopes()
        if e.source == source
    ]


def test_a_report_is_received_a_moment_after_it_is_said_and_journaled_within_a_slot_of_that() -> None:
    found = reports("cpd-avl", journal())
    assert len(found) == 89 or len(found) == 90
    for observed, received, journaled, _ in found:
        assert 0 < received - observed < 1
        assert 0 <= journaled - received <= SLOT_MS / 1000


def test_what_is_stored_while_a_line_is_out_comes_late_in_order_and_before_what_is_new() -> None:
    found = reports("ccso-avl", journal())
    assert [seq for *_, seq in found] == list(range(1, len(found) + 1))
    assert [observed for observed, *_ in found] == sorted(observed for observed, *_ in found)
    stored = [(observed, received) for observed, received, *_ in found if T0 + 10 <= observed < T0 + 60]
    assert len(stored) == 50
    assert all(T0 + 60 < received < T0 + 61 for _, received in stored)


def test_a_clock_that_is_ahead_is_ahead_by_as_much_in_every_report() -> None:
    ahead = [observed - received for observed, received, *_ in reports("cfd-avl", journal())]
    assert ahead
    assert all(36 < by < 37 for by in ahead)


def test_what_the_journal_lost_is_not_given_out_and_all_else_is() -> None:
    journaled = [at for _, _, at, _ in reports("isp-cot", journal())]
    assert not [at for at in journaled if T0 + 30 <= at < T0 + 40]
    assert len(journaled) in (79, 80)


def test_numbers_that_never_come_are_missing_once_and_told_as_a_gap() -> None:
    found = journal()
    numbers = [seq for *_, seq in reports("cpd-cad", found) if seq is not None]
    assert set(range(1, numbers[-1] + 1)) - set(numbers) == set(range(51, 60))
    tallies = [tally for d in found for tally in d.batch.tallies]
    assert [(tally.source, tally.gaps) for tally in tallies] == [("cpd-cad", 9)]


def test_the_same_seed_gives_the_same_journal_byte_for_byte_and_another_seed_another() -> None:
    def encoded(seed: int) -> list[tuple[object, bytes]]:
        return [(d.id, encode_batch(d.batch)) for d in journal(seed)]

    assert encoded(1) == encoded(1)
    assert encoded(1) != encoded(2)


def test_ids_of_an_agency_only_grow() -> None:
    found = journal()
    for agency in {d.agency for d in found}:
        ids = [d.id for d in found if d.agency == agency]
        assert ids == sorted(set(ids))
