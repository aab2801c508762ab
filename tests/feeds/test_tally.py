"""What is not journaled as a report is journaled as a count: sums are exact."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from feeds.bus import SourceHealth
from feeds.envelope import WIRE_VERSION, Batch, Tally, decode_batch, decode_sequences, encode_batch
from feeds.memory_bus import MemoryBus
from feeds.names import SourceId
from feeds.recording.archive import Archive
from feeds.recording.manifest import SourceCounts
from feeds.recording.recorder import Recorder
from feeds.tally import Tallies
from tests.support.gateway import CPD, HandClock, LooseBus, ask, gateway, health, journal, sender, unit
from tests.support.recording import on_record, total
from tests.support.redis import batch, until

AVL, CAD = SourceId("cpd-avl"), SourceId("cpd-cad")


def test_a_batch_with_tallies_comes_back_and_its_sequences_are_read():
    said = msgspec.structs.replace(batch(CPD, 1, 2), tallies=(Tally(AVL, 1, {"too large": 2}, -3), Tally(CAD)))
    assert decode_batch(encode_batch(said)) == said
    assert [seq for _, _, seq in decode_sequences(encode_batch(said))] == [1, 2]


counts = st.integers(0, 5)


@given(st.lists(st.tuples(counts, st.dictionaries(st.sampled_from("abc"), counts), counts), min_size=1))
def test_tallies_add_up_to_the_counts_they_were_taken_of(steps: list[tuple[int, dict[str, int], int]]):
    tallies, duplicate, reasons, gaps, told = Tallies(), 0, {}, 0, []
    for more, refused, gaps in steps:
        duplicate += more
        reasons = {reason: reasons.get(reason, 0) + refused.get(reason, 0) for reason in {*reasons, *refused}}
        told += tallies.since([SourceHealth(AVL, "native", 1.0, duplicate=duplicate, reasons=reasons, gaps=gaps)])
    assert sum(t.duplicate for t in told) == duplicate
    assert sum(t.gaps for t in told) == gaps
    for reason, count in reasons.items():
        assert sum(t.rejected.get(reason, 0) for t in told) == count


def test_a_source_of_which_nothing_changed_has_no_tally():
    tallies, said = Tallies(), SourceHealth(AVL, "native", 1.0, accepted=9)
    assert tallies.since([said]) == ()
    assert tallies.since([msgspec.structs.replace(said, accepted=10, duplicate=1)]) == (Tally(AVL, 1),)
    assert tallies.since([msgspec.structs.replace(said, accepted=11, duplicate=1)]) == ()


async def recorded(bus: MemoryBus, folder: Path) -> dict[SourceId, SourceCounts]:
    """Record all of the journal as one segment and return the sums of its manifests."""
    clock = HandClock((await journal(bus, CPD))[-1].id.ms / 1000 + 3600)
    archive = Archive(folder)
    recorder = Recorder(bus, archive, [CPD], clock)
    bus._clock = clock
    while await recorder.step(CPD):
        pass
    assert on_record(archive) == [
        d._replace(batch=Batch(WIRE_VERSION, CPD, d.batch.parcels)) for d in await journal(bus, CPD) if d.batch.parcels
    ]
    return total([s.manifest for s in archive.segments(CPD)])


async def test_the_sums_of_the_manifests_are_what_the_senders_sent(tmp_path: Path):
    bus = MemoryBus()
    async with gateway(bus) as door:
        async with sender(door, "cpd-avl", run="a") as line:
            await ask(line, unit(1), unit(2), unit(2), unit(7), {"kind": "unit", "seq": 8})
            await ask(line, unit(1), {"kind": "no such kind", "seq": 9})
            await until(lambda: bool(bus._journals[CPD][-1].batch.tallies), 3.0, "a tally by itself")
            await ask(line, unit(3), unit(4))
        async with sender(door, "cpd-cad", run="b") as line:
            await ask(line, unit(1))
        avl, cad = health(door, "cpd-avl"), health(door, "cpd-cad")
    sums = await recorded(bus, tmp_path)
    assert sums == {
        AVL: SourceCounts(avl.accepted, avl.duplicate, avl.reasons, avl.gaps),
        CAD: SourceCounts(cad.accepted),
    }
    assert (avl.accepted, avl.duplicate, sum(avl.reasons.values()), avl.gaps) == (5, 2, 2, 2)


async def test_where_nothing_but_refusals_came_there_is_a_segment_that_says_so(tmp_path: Path):
    bus = MemoryBus()
    async with gateway(bus) as door, sender(door, "cpd-avl", run="a") as line:
        await ask(line, {"kind": "no such kind", "seq": 9})
    sums = await recorded(bus, tmp_path)
    assert sums[AVL].accepted == 0 and sum(sums[AVL].rejected.values()) == 1


async def test_while_the_bus_is_down_counts_wait_and_are_journaled_once():
    bus = LooseBus()
    async with gateway(bus) as door, sender(door, "cpd-avl", run="a") as line:
        await ask(line, unit(1))
        bus.plugged = False
        for _ in range(3):
            beats = bus.beats_refused
            await ask(line, unit(1))
            await until(lambda beats=beats: bus.beats_refused > beats, 5.0)
        bus.plugged = True
        await until(lambda: sum(t.duplicate for d in bus._journals[CPD] for t in d.batch.tallies) == 3, 5.0)
    assert sum(t.duplicate for d in bus._journals[CPD] for t in d.batch.tallies) == 3


async def test_a_stopped_gateway_leaves_no_count_behind():
    bus = MemoryBus()
    async with gateway(bus) as door, sender(door, "cpd-avl", run="a") as line:
        await ask(line, unit(1), unit(1))
    assert sum(t.duplicate for d in bus._journals[CPD] for t in d.batch.tallies) == 1


def test_an_entry_of_before_there_were_tallies_is_read():
    said = batch(CPD, 1, 2)
    data = b"\0" + msgspec.msgpack.encode([said.version, said.agency, said.parcels])
    assert decode_batch(data) == said
    assert [seq for _, _, seq in decode_sequences(data)] == [1, 2]
