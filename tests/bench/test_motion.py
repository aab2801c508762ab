"""The traffic of the benchmarks of recordings is a journal that could have been."""

import numpy as np

from bench.motion import AGENCY, BEGAN_S, BUNDLED, SOURCES, deliveries, traffic
from feeds.envelope import decode_batch, encode_batch


def test_it_is_the_same_for_the_same_seed_and_another_for_another():
    one, again, other = traffic(20, 50), traffic(20, 50), traffic(20, 50, seed=7)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.lat, other.lat)


def test_units_stay_near_where_they_were_and_some_come_late():
    made = traffic(300, 200)
    rows = np.lexsort((made.observed_ms, made.unit))
    same = np.diff(made.unit[rows]) == 0
    apart = np.hypot(np.diff(made.lat[rows]) * 1.11, np.diff(made.lon[rows]) * 0.83)[same] / 100
    seconds = np.diff(made.observed_ms[rows])[same] / 1000
    assert (apart < 25 * np.maximum(seconds, 1) + 15).all(), "metres"
    after_s = made.received_us / 1e6 - made.observed_ms / 1000
    assert 0.1 < np.median(after_s) < 0.3
    assert (after_s > 30).any()


def test_its_batches_are_as_the_journal_would_give_them_back():
    made = traffic(20, 60)
    entries = list(deliveries(made))
    ids = [delivery.id for delivery in entries]
    assert ids == sorted(set(ids))
    assert sum(len(delivery.batch) for delivery in entries) == len(made.unit) > 1000
    for delivery in entries[:200]:
        assert decode_batch(encode_batch(delivery.batch)) == delivery.batch
    received = [p.received_at for delivery in entries for p in delivery.batch.parcels]
    assert received == sorted(received)
    assert received[0] >= BEGAN_S and ids[-1].ms < (BEGAN_S + 20) * 1000
    numbers = [e.report.seq for d in entries for e in d.batch.envelopes() if e.source == SOURCES[0]]
    assert numbers == list(range(len(numbers)))
    assert all(len(p.reports) == 1 for d in entries for p in d.batch.parcels if p.source not in SOURCES[:BUNDLED])
    assert {delivery.agency for delivery in entries} == {AGENCY}
