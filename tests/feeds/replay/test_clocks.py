"""What was known of the sources' clocks: the live estimate, made again of what is journaled."""

import random
from math import log

import numpy as np
import pytest

from feeds.bus import Delivery
from feeds.clock_offset import ClockOffset, ClockWatch
from feeds.envelope import Parcel
from feeds.names import AgencyId, SourceId
from feeds.recording.archive import Archive
from feeds.replay.archived import ArchivedRecording
from feeds.replay.clocks import Clocks
from feeds.replay.sealed import Sealed, survey_file
from feeds.replay.survey import Survey
from tests.support.heard import T0, delivery, unit
from tests.support.recorded import Record

CPD = AgencyId("cpd")
FIVE_MINUTES = 300.0


def says(skew: float, seconds: float, start: float = T0, every_s: float = 5.0, source: str = "a") -> list[Parcel]:
    """What a source with a clock `skew` ahead sends over a mobile network."""
    chance = random.Random(7)
    return [
        Parcel(SourceId(source), "r", at + chance.lognormvariate(log(0.15), 0.6), (unit(at=at + skew),))
        for at in (start + n * every_s for n in range(int(seconds / every_s)))
    ]


def heard(parcels: list[Parcel], clocks: Clocks | None = None) -> Clocks:
    clocks = clocks or Clocks()
    for parcel in parcels:
        clocks.hear(parcel.source, max(report.observed_at for report in parcel.reports), parcel.received_at)
    return clocks


@pytest.mark.parametrize("skew", [37.0, -37.0])
def test_a_feed_skewed_by_37_s_is_known_as_that_within_five_minutes_and_as_nothing_before(skew: float) -> None:
    clocks = heard(says(skew, 600))
    known = clocks.at("a", T0 + FIVE_MINUTES)
    assert known is not None and abs(known.offset_s - skew) <= 1 and known.error_s <= 1.1 and known.is_off
    assert abs(known.aligned(T0 + skew) - T0) <= 1
    assert clocks.at("a", T0 + 30) is None
    assert clocks.at("b", T0 + FIVE_MINUTES) is None


def test_what_is_known_at_a_time_holds_nothing_that_came_later() -> None:
    parcels = says(37.0, 300) + says(0.0, 900, start=T0 + 300)
    whole = heard(parcels)
    for t in range(20, 1200, 50):
        early = heard([parcel for parcel in parcels if parcel.received_at <= T0 + t])
        assert early.at("a", T0 + t) == whole.at("a", T0 + t)
    before, after = whole.at("a", T0 + 300), whole.at("a", T0 + 1190)
    assert before is not None and after is not None and before.is_off and not after.is_off


def test_it_is_what_the_gateway_knew() -> None:
    watch, parcels = ClockWatch(), says(-12.0, 400)
    for parcel in parcels:
        watch.hear(parcel.reports[0].observed_at, parcel.received_at)
    turn = (T0 + 400) // 20 * 20 + 20
    clocks = heard(parcels)
    clocks.hear(SourceId("a"), turn - 12, turn)
    assert clocks.at("a", turn) == watch.offset()


def test_a_clock_that_is_not_known_any_more_is_not_told() -> None:
    clocks = heard(says(37.0, 300))
    chance = random.Random(1)
    wild = [
        Parcel(SourceId("a"), "r", T0 + 300 + n * 20, (unit(at=T0 + 300 + n * 20 - chance.uniform(0, 9000)),))
        for n in range(40)
    ]
    heard(wild, clocks)
    assert clocks.at("a", T0 + 300 + 39 * 20) is None
    assert clocks.at("a", T0 + 280) is not None


def test_a_survey_keeps_them_and_forgets_what_stood_before_the_last_word() -> None:
    survey = Survey(CPD)
    for n, parcel in enumerate(says(37.0, 600)):
        survey.hear(delivery(n + 1, *parcel.reports, received_at=parcel.received_at, source="a"))
    again = Survey.decode(CPD, survey.encode())
    assert again.clocks.entries == survey.clocks.entries != {}
    assert again.encode() == survey.encode()
    known = again.clocks.at("a", T0 + 500)
    again.forget(T0 + 500)
    assert again.clocks.at("a", T0 + 500) == known


async def test_in_a_segment_that_just_began_what_was_known_before_stands(tmp_path) -> None:
    record, archive, begin = Record(["cpd"]), Archive(tmp_path), T0 - T0 % 600
    parcels = says(37.0, 1800, start=begin)
    made = [
        delivery(round(parcel.received_at * 1000), *parcel.reports, received_at=parcel.received_at, source="a")
        for parcel in parcels
    ]
    for k in range(2):
        t0, t1 = int(begin + 600 * k) * 1000, int(begin + 600 * (k + 1)) * 1000
        entries = [one for one in made if t0 <= one.id.ms < t1]
        archive.seal(CPD, t0, t1, entries, derive=survey_file)
    await tell(record, [one for one in made if one.id.ms >= int(begin + 1200) * 1000])
    record.end(begin + 1800)
    recording = ArchivedRecording(Sealed(archive), record.recording)
    for since in (600.0, 1200.0):
        clocks = await recording.clocks(CPD, begin + since, begin + since + 600)
        for t in (since + 10, since + 590):
            known = clocks.at("a", begin + t)
            assert known is not None and abs(known.offset_s - 37) <= 1
    assert (await recording.clocks(CPD, begin, begin + 600)).at("a", begin + 30) is None


async def tell(record: Record, deliveries: list[Delivery]) -> None:
    for one in deliveries:
        record.clock.at = one.id.ms / 1000
        await record.bus.append(one.batch)


@pytest.mark.parametrize(
    ("clock", "off"),
    [((37.0, 1.0), True), ((-37.0, 1.0), True), ((0.6, 0.2), False), ((1.5, 0.4), True), ((2.0, 3.0), False)],
)
def test_a_clock_is_off_by_more_than_its_error_and_than_its_lines_delay(clock: tuple[float, float], off: bool) -> None:
    assert ClockOffset(*clock).is_off is off


@pytest.mark.parametrize("seed", range(12))
def test_many_parcels_at_once_are_heard_like_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 4000
    received = 1_790_000_000 + np.cumsum(rng.exponential(0.1, n))
    received[n // 2 :] -= float(rng.choice([0.0, 3.0, 300.0]))  # our clock may be set back
    spread = float(rng.choice([0.2, 3.0, 40.0]))  # in the last more leads than are kept
    observed = received + 37.0 - rng.lognormal(-1.5, 0.5, n) - rng.exponential(spread, n)
    one, many = Clocks(), Clocks()
    source = SourceId("s")
    for at, came in zip(observed.tolist(), received.tolist(), strict=True):
        one.hear(source, at, came)
    for begin in range(0, n, 500):
        many.hear_all(source, observed[begin : begin + 500], received[begin : begin + 500])
    assert many.entries == one.entries
    slots = [[(s.number, s.count, s.cells) for s in c._watches[source].watch._slots] for c in (one, many)]
    assert slots[0] == slots[1]
