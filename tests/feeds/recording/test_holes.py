"""Where links of a chain are gone, and what of a range lies beyond the record."""

import shutil
from pathlib import Path

import pytest

from feeds.recording.archive import Archive
from feeds.recording.holes import Extent, holes
from feeds.recording.removal import Removal
from feeds.recording.span import Span
from tests.support.recording import CPD, T0, TEN, flip, sealed

HERE = Extent(T0, T0 + TEN)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return sealed(tmp_path, 5)


def lose(archive: Archive, *numbers: int) -> list[str]:
    """Take these segments away; return where the holes are."""
    for number in numbers:
        (archive.segments(CPD)[number].folder / "manifest.json").unlink()
    return [str(hole) for hole in holes(archive.folder / CPD)]


def test_a_whole_chain_has_none(archive: Archive):
    assert lose(archive) == [] and holes(archive.folder / "nobody") == []
    archive.bury(archive.segments(CPD)[1], "MOU 4.2", "records", 1.0)
    archive.revise(archive.segments(CPD)[2], Removal("u1"), "order", "records", 1.0)
    assert lose(archive) == []


def test_what_is_gone_is_named_by_what_lies_beside_it(archive: Archive):
    assert lose(archive, 1, 2) == ["2026-09-21 14:30:00 to 2026-09-21 14:50:00"]


def test_the_oldest_that_are_gone_are_missed(archive: Archive):
    assert lose(archive, 0) == ["before 2026-09-21 14:30:00"]


def test_after_the_newest_only_what_another_link_counts_on_is_missed(archive: Archive):
    assert lose(archive, 4) == []
    archive = Archive(archive.folder)
    archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 1.0)
    assert lose(archive, 3) == ["after 2026-09-21 14:50:00"]


def test_a_link_that_cannot_be_read_is_no_hole(archive: Archive):
    flip(archive.segments(CPD)[1].folder / "manifest.json", 0)
    assert lose(archive) == []


def test_what_was_taken_from_a_package_begins_where_that_did(archive: Archive):
    shutil.rmtree(archive.segments(CPD)[0].folder)
    (archive.folder / CPD / "imported.json").write_text("{}")
    assert lose(archive) == []


@pytest.mark.parametrize(
    ("span", "lacking"),
    [
        (Span(), 0),
        (Span(T0, T0 + TEN), 0),
        (Span(T0 - 1, T0 + TEN), 1),
        (Span(T0, T0 + TEN + 1), 1),
        (Span(T0 - 1, T0 + TEN + 1), 2),
        (Span(T0 + 1), 0),
    ],
)
def test_of_a_range_what_lies_beyond_the_record_is_told(span: Span, lacking: int):
    assert len(HERE.lacks(span)) == lacking


def test_why_nothing_is_there_is_told():
    assert "not" not in HERE.why_nothing(Span(T0, T0 + 1))
    assert "sealed is up to 2026-09-21 14:30:00 UTC" in HERE.why_nothing(Span(T0 + TEN))
    assert "the record begins at 2026-09-21 14:20:00 UTC" in HERE.why_nothing(Span(0, T0))
