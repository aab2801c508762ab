"""What a manifest says that its segment holds."""

from collections.abc import Sequence

from msgspec.structs import replace

from feeds.bus import Delivery
from feeds.envelope import Tally
from feeds.names import SourceId
from feeds.recording import segment
from feeds.recording.contents import Counting
from feeds.recording.manifest import Contents, SourceCounts
from tests.support.recording import CPD, T0, entries

AVL, CAD = SourceId("cpd-avl"), SourceId("cpd-cad")


def counted(batches: Sequence[Delivery]) -> Contents:
    counting = Counting(batches)
    return counting.contents(CPD, segment.Walk(CPD, counting, empty=False).files())


def told(batch: Delivery, *tallies: Tally) -> Delivery:
    return batch._replace(batch=replace(batch.batch, tallies=tallies))


def test_it_counts_by_kind_and_minute_and_knows_the_ends_of_time():
    said = counted(entries(T0, T0 + 61_000, T0 + 599_999))
    assert said == Contents(
        first=f"{T0}-0",
        last=f"{T0 + 599_999}-2",
        kinds={"unit": 9},
        minutes={"unit": [3, 3, 0, 0, 0, 0, 0, 0, 0, 3]},
        observed=(T0 / 1000 - 1, (T0 + 599_999) / 1000 - 1),
        received=(T0 / 1000, (T0 + 599_999) / 1000),
        late=0,
        sources={AVL: SourceCounts(accepted=9)},
    )


def test_tallies_are_added_up_and_not_handed_on():
    first, second, third = entries(T0, T0 + 1, T0 + 2)
    tallies_alone = told(third._replace(batch=replace(third.batch, parcels=())), Tally(AVL, 1, {}, -1), Tally(CAD, 5))
    batches = [told(first, Tally(AVL, 2, {"too large": 1}, 4)), second, tallies_alone]
    back = segment.decode(CPD, segment.Walk(CPD, batches, empty=False).files())
    assert back == [first, second], "without their tallies"
    said = counted(batches)
    assert said.sources == {AVL: SourceCounts(6, 3, {"too large": 1}, 3), CAD: SourceCounts(duplicate=5)}
    assert said.last == str(third.id)


def test_a_batch_without_reports_has_no_times():
    said = counted(entries(T0, each=0))
    assert (said.observed, said.kinds, said.sources) == (None, {}, {AVL: SourceCounts()})
