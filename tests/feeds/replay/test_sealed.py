"""What a review reads of an archive: opened ahead, bounded, and never more made than is asked for."""

from pathlib import Path

import pytest

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.errors import DecodeError
from feeds.recording import opened
from feeds.recording.archive import Archive
from feeds.replay import sealed as sealed_module
from feeds.replay.sealed import Sealed
from tests.support.live import wait_for
from tests.support.recording import CPD, T0, TEN, entries


class Watched(Archive):
    """Says which segments were opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.opens: list[int] = []

    def open(self, sealed):
        self.opens.append((sealed.manifest.t0 - T0) // TEN)
        return super().open(sealed)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Three segments of ten batches each; two batches are made together."""
    monkeypatch.setattr(opened, "TOGETHER", 6)
    found = Watched(tmp_path)
    for k in range(3):
        t0 = T0 + k * TEN
        found.seal(CPD, t0, t0 + TEN, entries(*range(t0, t0 + TEN, MINUTE)))
    return found


MINUTE = 60_000


async def read(sealed: Sealed, after: BatchId, count: int) -> list[Delivery]:
    return await sealed.read(CPD, after, count)


async def test_who_reads_on_finds_the_next_ten_minutes_open(archive: Watched) -> None:
    sealed = Sealed(archive)
    first = await read(sealed, BEGINNING, 4)
    assert archive.opens == [0], "in the first half nobody looks ahead"
    await read(sealed, first[-1].id, 2)
    await wait_for(lambda: archive.opens == [0, 1])
    assert [d.id.ms for d in await read(sealed, BatchId(T0 + TEN - 1, 0), 3)] == [
        T0 + TEN + n * MINUTE for n in range(3)
    ]
    assert archive.opens == [0, 1]


async def test_what_is_opened_ahead_pushes_out_nothing(archive: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Sealed(archive)
    monkeypatch.setattr(sealed_module, "OPEN_BYTES", archive.open(archive.segments(CPD)[0]).nbytes * 3 // 2)
    archive.opens.clear()
    page = await read(sealed, BEGINNING, 9)
    page = await read(sealed, page[-1].id, 1)
    assert archive.opens == [0]
    page = await read(sealed, page[-1].id, 1)
    await read(sealed, BEGINNING, 1)
    assert archive.opens == [0, 1, 0], "there is room for one"


async def test_only_what_is_asked_for_is_made_and_but_once(archive: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    plain = opened.Opened._reports

    def watched(self, arrivals):
        made.extend(arrivals.tolist())
        return plain(self, arrivals)

    monkeypatch.setattr(opened.Opened, "_reports", watched)
    sealed = Sealed(archive)
    for _ in range(3):
        (one,) = await read(sealed, BatchId(T0 + 5 * MINUTE - 1, 0), 1)
        assert one.id.ms == T0 + 5 * MINUTE
    assert made == list(range(12, 18)), "of two batches three reports each"


async def test_what_cannot_be_made_of_it_is_damage_and_what_follows_is_read(
    archive: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = opened.Opened._reports

    def broken(self, arrivals):
        if self._ms[0] == T0 and arrivals[0] >= 6:
            raise DecodeError("row 7, column rest: cut short")
        return plain(self, arrivals)

    monkeypatch.setattr(opened.Opened, "_reports", broken)
    sealed = Sealed(archive)
    assert [d.id.ms for d in await read(sealed, BEGINNING, 3)] == [T0, T0 + MINUTE, T0 + TEN]
    assert [text for _, text in sealed.damaged.values()] == ["row 7, column rest: cut short"]
