"""The newest kept picture until a moment."""

from pathlib import Path

import pytest

from feeds.errors import DecodeError
from feeds.recording.archive import Archive
from feeds.recording.chunk_file import encode_chunks
from feeds.recording.pictures import PICTURES, newest_picture
from tests.support.recording import CPD, T0, TEN, entries, flip

MINUTE = 60_000


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Three segments, the second ended early; pictures are `segment.minute`."""
    found = Archive(tmp_path)
    for k, (t0, t1) in enumerate(((0, TEN), (TEN, TEN + 90_500), (TEN + 90_500, 2 * TEN))):
        kept = encode_chunks([f"{k}.{minute}".encode() for minute in range(10)], (T0 + t0) / 1000)
        found.seal(CPD, T0 + t0, T0 + t1, entries(T0 + t0, T0 + t1 - 1), derive=lambda *_, kept=kept: {PICTURES: kept})
    return found


def found(archive: Archive, t: int, refused: str = "none") -> tuple[int, int, str] | None:
    def read(data: bytes) -> str:
        if data.decode().startswith(refused):
            raise DecodeError("of a later version")
        return data.decode()

    kept = newest_picture(archive, archive.segments(CPD), T0 + t, read)
    return None if kept is None else (kept.number, kept.at - T0, kept.picture)


def test_it_is_that_of_the_minute(archive: Archive) -> None:
    assert found(archive, -1) is None
    assert found(archive, 0) == (0, 0, "0.0")
    assert found(archive, 3 * MINUTE - 1) == (0, 2 * MINUTE, "0.2")
    assert found(archive, TEN + 90_499) == (1, TEN + MINUTE, "1.1")
    assert found(archive, TEN + 90_500) == (2, TEN + 90_500, "2.0")


def test_what_cannot_be_read_is_passed_over_for_an_older_one_that_claims_no_more_than_it_holds(
    archive: Archive,
) -> None:
    assert found(archive, TEN + 500_000, refused="2.") == (1, TEN + MINUTE, "1.1")
    assert found(archive, TEN + 500_000, refused="") is None
    second, third = archive.segments(CPD)[1:]
    flip(third.folder / PICTURES, 120)
    assert found(archive, TEN + 500_000) == (1, TEN + MINUTE, "1.1")
    (second.folder / PICTURES).unlink()
    assert found(archive, TEN + 500_000) == (0, TEN - MINUTE, "0.9")
    archive.bury(archive.segments(CPD)[0], "MOU 7.2", "clerk", 1.0)
    assert found(archive, TEN + 500_000) is None
