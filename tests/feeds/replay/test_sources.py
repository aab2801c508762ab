"""What was known and what was true, against brute force."""

import random

import pytest

from feeds.names import CUTS
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from feeds.replay.known import KnownSource, Source
from feeds.replay.truth import TruthSource
from layers.picture import Picture
from tests.support.heard import ROSTER, T0, camera, entry, incident, unit, zone
from tests.support.recorded import Record, known_by_brute_force, told, true_by_brute_force

TICK_S = 0.1
NEVER = float("-inf")


async def take_all(source: Source, picture: Picture, until: float) -> list[float]:
    times = []
    while (step := await source.next(until)) is not None:
        for one in step.deliveries:
            picture.apply(one)
        times.append(step.at)
    return times


async def known_at(record: Record, t: float) -> Picture:
    picture = Picture(ROSTER)
    await take_all(KnownSource(record.recording, {}, NEVER, TICK_S), picture, t)
    return picture


async def true_at(record: Record, t: float, base: float) -> Picture:
    """What was true at `t`, begun from what was known at `base`."""
    picture = await known_at(record, base)
    await take_all(TruthSource(record.recording, picture.last, base, TICK_S), picture, t)
    return picture


async def a_day(seed: int) -> Record:
    """Ten minutes of two agencies, one report in ten late by up to five minutes, a few by less than the bound."""
    chance = random.Random(seed)
    record = Record()
    t = T0
    for n in range(600):
        t += chance.choice((0.0, 0.3, 1.0, 2.5))
        late = chance.choice((0.0,) * 7 + (2.0, 20.0, 300.0)) * chance.random()
        at, agency = round(t - late, 3), chance.choice(("cpd", "fire"))
        which = str(chance.randrange(8))
        report = chance.choice(
            (
                unit(which, at=at, lat=41 + chance.random()),
                unit(
                    which, at=at, lat=41 + chance.random(), primary_status=chance.choice(("Available", "NotAvailable"))
                ),
                incident(which, at=at, priority_common=chance.randrange(10)),
                camera(which, at=at, camera_state=chance.choice(("idle", "recording"))),
                zone(which, at=at, name=str(chance.random())),
                entry(f"{n}", at=at, entry_kind="note", text="said"),
            )
        )
        await record.say(t, report, agency=agency)
    record.end(t + 1)
    return record


@pytest.mark.parametrize("seed", [1, 2])
async def test_known_is_the_fold_of_what_was_journaled(seed: int) -> None:
    record = await a_day(seed)
    span = await record.recording.span()
    assert span is not None
    for n in range(20):
        t = span.since + (span.until - span.since) * n / 19
        assert told(await known_at(record, t)) == told(await known_by_brute_force(record, t))


@pytest.mark.parametrize("seed", [1, 2])
async def test_truth_is_the_fold_of_what_was_effective_from_wherever_one_begins(seed: int) -> None:
    record = await a_day(seed)
    span = await record.recording.span()
    assert span is not None
    for n in range(12):
        t = span.since + (span.until - span.since) * n / 11
        for base in (t, t - 40, span.since - 1):
            got = told(await true_at(record, t, max(base, span.since - 1)))
            assert got == told(await true_by_brute_force(record, t)), (n, base)


async def test_a_report_of_ten_received_at_seven_past_is_in_truth_from_ten_and_in_known_from_seven_past() -> None:
    record = Record()
    await record.say(T0, unit("other", at=T0))
    await record.say(T0 + 420, unit("late", at=T0))
    record.end(T0 + 600)
    for t, known, true in ((T0 + 1, False, True), (T0 + 419, False, True), (T0 + 420.1, True, True)):
        assert (("units", "cpd", "late") in told(await known_at(record, t))) is known
        assert (("units", "cpd", "late") in told(await true_at(record, t, t))) is true


async def test_stopping_on_the_way_changes_nothing_of_what_is_known_or_true() -> None:
    record = await a_day(3)
    span = await record.recording.span()
    assert span is not None
    stops = [span.since + 7.77 * n for n in range(1, 60)]
    known, true = KnownSource(record.recording, {}, NEVER, TICK_S), TruthSource(record.recording, {}, NEVER, TICK_S)
    pictures = Picture(ROSTER), Picture(ROSTER)
    for t in stops:
        await take_all(known, pictures[0], t)
        await take_all(true, pictures[1], t)
    assert told(pictures[0]) == told(await known_by_brute_force(record, stops[-1]))
    assert told(pictures[1]) == told(await true_by_brute_force(record, stops[-1]))


async def cut(record: Record, at: float, *runs: tuple[str, int]) -> None:
    """Keep one tick at `at` that had applied each agency's batches up to the nth (counted from 1)."""
    ids = {a: [d.id for d in await record.deliveries() if d.agency == a] for a in record.recording.agencies}
    one = Cut(at, tuple((a, ids[a][n - 1]) for a, n in runs))  # type: ignore[index]
    await record.bus.append_log(CUTS, encode_cuts(CutsEntry((one,))), at)


async def test_where_ticks_are_on_record_batches_come_with_them_and_in_their_order() -> None:
    record = Record()
    await record.say(T0 + 0.01, unit("a", at=T0))
    await record.say(T0 + 0.02, unit("b", at=T0), agency="fire")
    await record.say(T0 + 0.03, unit("c", at=T0))
    await cut(record, T0)
    await cut(record, T0 + 0.1, ("fire", 1), ("cpd", 1))
    await cut(record, T0 + 0.2, ("cpd", 2))
    record.end(T0 + 1)
    source = KnownSource(record.recording, {}, T0, TICK_S)
    assert await source.next(T0 + 0.05) is None, "the hub had not applied it yet"
    steps = [await source.next(T0 + 1), await source.next(T0 + 1)]
    assert [(s.at, [d.agency for d in s.deliveries], s.is_tick) for s in steps if s] == [
        (T0 + 0.1, ["fire", "cpd"], True),
        (T0 + 0.2, ["cpd"], True),
    ]
    assert await source.next(T0 + 1) is None


async def test_while_the_hub_was_away_batches_come_as_they_were_journaled_on_the_grid() -> None:
    record = Record()
    for n in range(10):
        await record.say(T0 + n, unit(at=T0 + n))
    await cut(record, T0 + 0.01, ("cpd", 1))
    await cut(record, T0 + 7.51, ("cpd", 8))
    await cut(record, T0 + 7.61)
    record.end(T0 + 9)
    source = KnownSource(record.recording, {}, NEVER, TICK_S)
    steps = []
    while (step := await source.next(T0 + 9)) is not None:
        steps.append((round(step.at - T0, 2), len(step.deliveries), step.is_tick))
    # ... and the one of T0 + 8 is not known as long as the hub may still tick.
    assert steps == [
        (0.0, 1, False),  # no hub had ticked yet
        (0.01, 0, True), *((t, 2 if t == 2.1 else 1, False) for t in (2.1, 3, 4, 5, 6, 7)),
                     (7.51, 0, True), (7.61, 0, True)]  # fmt: skip


async def test_the_policy_told_with_a_tick_is_known_from_that_tick_on() -> None:
    record = Record()
    for at, policy in ((T0, b"old"), (T0 + 1, b""), (T0 + 2, b"new")):
        await record.bus.append_log(CUTS, encode_cuts(CutsEntry((Cut(at, ()), Cut(at + 0.5, ())), policy=policy)), at)
    record.end(T0 + 5)
    source = KnownSource(record.recording, {}, NEVER, TICK_S)
    seen = []
    while (step := await source.next(T0 + 5)) is not None:
        seen.append((step.at - T0, source.policy))
    assert seen == [(0, b"old"), (0.5, b"old"), (1, b"old"), (1.5, b"old"), (2, b"new"), (2.5, b"new")]
    assert [await record.recording.policy(T0 + t) for t in (-1, 0, 1.9, 2, 9)] == [b"", b"old", b"old", b"new", b"new"]
    stretches = [(-2, -1), (-1, 0), (0, 1), (1, 9), (-1, 9), (3, 9)]
    assert [await record.recording.policies(T0 + a, T0 + b) for a, b in stretches] == [
        [b""], [b"", b"old"], [b"old"], [b"old", b"new"], [b"", b"old", b"new"], [b"new"],
    ]  # fmt: skip


async def test_a_record_that_grows_is_read_on() -> None:
    record = Record()
    await record.say(T0, unit("a", at=T0))
    record.end(T0 + 1)
    source = KnownSource(record.recording, {}, NEVER, TICK_S)
    picture = Picture(ROSTER)
    await take_all(source, picture, T0 + 1)
    await record.say(T0 + 2, unit("b", at=T0 + 2))
    record.end(T0 + 3)
    await take_all(source, picture, T0 + 3)
    assert {id_ for _, _, id_ in told(picture)} == {"a", "b"}


async def test_a_batch_that_brings_late_and_timely_reports_is_true_as_a_whole() -> None:
    record = Record()
    await record.say(T0 + 100, unit("a", at=T0 + 40), unit("b", at=T0 + 100, lat=41.5), unit("c", at=T0 + 99.99))
    record.end(T0 + 200)
    true = await true_at(record, T0 + 150, base=T0 + 99.995)
    assert true.shelves["units"].find("cpd", "a") is not None
    assert told(true) == told(await true_by_brute_force(record, T0 + 150))
