import pytest

from feeds.bus import BatchId
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording.site_log import Told
from feeds.replay.cuts import TICKS_MAX, ClassAt, Cut, CutLog, CutsEntry, decode_cuts, encode_cuts, told

CPD, FIRE = AgencyId("cpd"), AgencyId("fire")
JCC = ClassAt("jcc", (), "e1", 7)


def test_an_entry_comes_back_as_it_was() -> None:
    cuts = (
        Cut(
            1000.1234, ((CPD, BatchId(1_000_100, 0)), (FIRE, BatchId(999_000, 3)), (CPD, BatchId(1_000_110, 1))), (JCC,)
        ),
        Cut(1000.2234, (), (JCC._replace(rev=8), ClassAt("fire", ("x",), "e2", 1))),
    )
    entry = CutsEntry(cuts, began=True, policy=b"p")
    assert decode_cuts(encode_cuts(entry)) == entry


@pytest.mark.parametrize("data", [b"", b"junk", encode_cuts(CutsEntry(()))[:-3]])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_cuts(data)


def test_what_an_entry_tells_of_itself_is_found_without_its_ticks() -> None:
    cuts = tuple(Cut(at, ((CPD, BatchId(1_000_100, 0)),), (JCC,)) for at in (1000.5, 1000.25, 1001.75))
    assert told(encode_cuts(CutsEntry(cuts, policy=b"p"))) == Told(1000.5, 1001.75, b"p")
    assert told(encode_cuts(CutsEntry(cuts[:1]))) == Told(1000.5, 1000.5, b"")
    for nothing in (encode_cuts(CutsEntry(())), b"junk", b""):
        assert told(nothing) is None


def test_the_log_tells_in_which_order_batches_were_heard_and_joins_runs() -> None:
    log = CutLog(b"policy")
    log.start({FIRE: BatchId(5, 0)})
    for agency, ms in ((CPD, 10), (CPD, 11), (FIRE, 10), (CPD, 12)):
        log.heard(agency, BatchId(ms, 0))
    log.tick(1.0, [JCC])
    log.tick(1.1, [])
    entry = log.entry()
    assert entry is not None
    assert entry.began
    assert entry.policy == b"policy"
    assert entry.cuts[0].runs == (
        (FIRE, BatchId(5, 0)), (CPD, BatchId(11, 0)), (FIRE, BatchId(10, 0)), (CPD, BatchId(12, 0))
    )  # fmt: skip
    assert entry.cuts[1] == Cut(1.1, (), ())


def test_what_the_bus_took_is_told_once_and_ticks_that_came_meanwhile_stay() -> None:
    log = CutLog(b"policy")
    log.tick(1.0, [])
    entry = log.entry()
    log.tick(2.0, [])
    assert entry is not None
    log.kept(entry)
    rest = log.entry()
    assert rest == CutsEntry((Cut(2.0, ()),))
    log.kept(rest)
    assert log.entry() is None


def test_the_policy_is_told_again_after_ten_minutes() -> None:
    log = CutLog(b"policy")
    told_at = []
    for at in (0.0, 300.0, 599.0, 601.0, 900.0):
        log.tick(at, [])
        entry = log.entry()
        assert entry is not None
        told_at.append(bool(entry.policy))
        log.kept(entry)
    assert told_at == [True, False, False, True, False]


def test_while_the_bus_takes_nothing_the_newest_ticks_are_kept() -> None:
    log = CutLog()
    for n in range(TICKS_MAX + 10):
        log.tick(float(n), [])
    entry = log.entry()
    assert entry is not None
    assert [entry.cuts[0].at, len(entry.cuts)] == [10.0, TICKS_MAX]
