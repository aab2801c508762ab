"""What every spool promises: feeds.spool in memory, feeds.disk_spool on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.disk_spool import DiskSpool
from feeds.spool import MemorySpool, Parcel, Spool


@pytest.fixture(params=["memory", "disk"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spool]:
    made: Spool = MemorySpool("r") if request.param == "memory" else DiskSpool(tmp_path, "avl")
    yield made
    made.close()


def _parcels(spool: Spool, first: int, count: int) -> list[Parcel]:
    return [Parcel(n, 1, spool.run, b'{"seq":%d}' % n) for n in range(first, first + count)]


def test_it_begins_empty_at_one(spool: Spool) -> None:
    assert (spool.held(), spool.next_seq, spool.answered) == ((0, 0), 1, 0)
    assert spool.read(0, 100) == ([], False)


def test_it_is_read_in_pages_in_order_while_more_comes(spool: Spool) -> None:
    spool.add(_parcels(spool, 1, 50))
    seen: list[Parcel] = []
    seq, more, late = 0, True, _parcels(spool, 60, 10)
    while more:
        page, more = spool.read(seq, 70)
        seen += page
        seq = page[-1].after
        if late and len(seen) > 20:
            spool.add(late)
            late = []
    assert seen == _parcels(spool, 1, 50) + _parcels(spool, 60, 10)


def test_any_number_can_be_asked_for_again(spool: Spool) -> None:
    spool.add(_parcels(spool, 1, 20))
    assert [p.first for p in spool.read(18, 1000)[0]] == [18, 19, 20]
    assert [p.first for p in spool.read(3, 1)[0]] == [3]
    assert [p.first for p in spool.read(4, 1)[0]] == [4]
    assert [p.first for p in spool.read(2, 1)[0]] == [2]


def test_what_was_answered_may_go_and_the_rest_stays(spool: Spool) -> None:
    spool.add(_parcels(spool, 1, 20))
    spool.forget(11)
    spool.sync()
    assert spool.answered == 11
    assert [p.first for p in spool.read(11, 1000)[0]] == list(range(11, 21))
