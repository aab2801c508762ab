"""The derived files of a segment that is made again: its first commit failed."""

import errno
from pathlib import Path

import pytest

from dashboard.archive_past import ArchivePast
from feeds.recording.archive import Archive
from feeds.recording.pictures import PICTURES
from layers.derived import CHUNKS, L1, Deriver
from tests.support.heard import ROSTER
from tests.support.recording import CPD, T0, TEN, entries

POINTS = ["reports.parquet:half", "picture.chunks:half", "manifest.json:half"]


def seal(archive: Archive, derive: Deriver, k: int) -> None:
    t0 = T0 + k * TEN
    archive.seal(CPD, t0, t0 + TEN, entries(t0 + 500, t0 + 61_000, t0 + TEN - 1), derive=derive)


def derived(archive: Archive) -> list[dict[str, bytes]]:
    return [{name: archive.file(one, name) for name in (CHUNKS, L1, PICTURES)} for one in archive.segments(CPD)]


@pytest.mark.parametrize("point", POINTS)
def test_a_segment_whose_commit_failed_is_sealed_later_with_the_same_derived_files(tmp_path: Path, point: str):
    full = False

    def at(where: str) -> None:
        if full and where == point:
            raise OSError(errno.ENOSPC, "No space left on device")

    whole, often = Archive(tmp_path / "a"), Archive(tmp_path / "b", at)
    once, again = Deriver(ROSTER, ArchivePast(whole)), Deriver(ROSTER, ArchivePast(often))
    for k in range(3):
        seal(whole, once, k)
        full = k == 1
        for _ in range(2 * full):
            with pytest.raises(OSError, match="No space"):
                seal(often, again, k)
        full = False
        seal(often, again, k)
    assert derived(often) == derived(whole)
