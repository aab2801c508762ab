"""Batches that are held packed come out as they went in, as often as they are looked at."""

from feeds.recording.held import Held
from tests.support.recording import CPD, T0, entries


def test_they_come_out_as_they_went_in():
    batches, held = entries(T0, T0, T0 + 5), Held(CPD)
    for batch in batches:
        held.add(batch)
    assert list(held) == list(held) == held[:] == batches
    assert (held[0], held[-1], held[1:]) == (batches[0], batches[-1], batches[1:])
    assert (len(held), held.reports, held.last_id) == (3, 9, batches[-1].id)
