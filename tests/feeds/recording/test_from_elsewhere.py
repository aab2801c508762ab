"""A recording of another site, taken whole or not at all."""

from pathlib import Path

import pytest

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.from_elsewhere import archive_in, chains_in, has_log, take
from feeds.recording.verifier import verify
from tests.support.recording import CPD, flip, on_record, sealed
from tests.support.site_cuts import sealed_log


def test_what_verifies_is_copied_with_its_chain(tmp_path: Path):
    theirs = sealed(tmp_path / "theirs")
    (taken,) = take(theirs.folder, tmp_path / "ours", "clerk", 1.0)
    assert (taken.agency, taken.segments, taken.number) == (CPD, 3, 3)
    assert on_record(Archive(tmp_path / "ours")) == on_record(theirs) != []
    with pytest.raises(ConfigError, match="something of cpd is in"):
        take(theirs.folder, tmp_path / "ours", "clerk", 1.0)


def test_what_was_altered_is_named_and_nothing_is_taken(tmp_path: Path):
    theirs = sealed(tmp_path / "theirs")
    flip(theirs.segments(CPD)[1].folder / "parcels.parquet", 100)
    with pytest.raises(ArchiveDamaged, match=r"parcels\.parquet"):
        take(theirs.folder, tmp_path / "ours", "clerk", 1.0)
    assert not (tmp_path / "ours" / CPD).exists()


def test_a_whole_sites_record_is_taken_with_its_logs_and_alone(tmp_path: Path):
    theirs = sealed(tmp_path / "theirs")
    sealed_log(theirs.folder, 3)
    sealed_log(theirs.folder, 2, log=SCREENS)
    taken = take(theirs.folder, tmp_path / "ours", "clerk", 1.0)
    assert [(one.agency, one.segments) for one in taken] == [(CUTS, 3), (SCREENS, 2), (CPD, 3)]
    assert has_log(chains_in(tmp_path / "ours"))
    assert not has_log(chains_in(tmp_path / "absent"))
    ours = Archive(tmp_path / "ours")
    assert (ours.agencies(), ours.logs()) == ([CPD], [CUTS, SCREENS])
    assert [v.state for v in verify(ours.folder / CUTS, package=True)] == ["good"] * 3
    assert [v.state for v in verify(ours.folder / SCREENS, package=True)] == ["good"] * 2
    other = sealed(tmp_path / "other", agency=AgencyId("isp"))
    with pytest.raises(ConfigError, match="alone in its folder"):
        take(other.folder, tmp_path / "ours", "clerk", 1.0)
    take(other.folder, tmp_path / "another", "clerk", 1.0)
    with pytest.raises(ConfigError, match="alone in its folder"):
        take(theirs.folder, tmp_path / "another", "clerk", 1.0)


@pytest.mark.parametrize("log", [CUTS, SCREENS])
def test_a_log_that_was_altered_is_named_and_nothing_is_taken(tmp_path: Path, log: AgencyId):
    theirs = sealed(tmp_path / "theirs")
    sealed_log(theirs.folder, 3, log=log)
    flip(theirs.folder / log / theirs.segments(CPD)[1].name / "entries.bin", 100)
    with pytest.raises(ArchiveDamaged, match=rf"{log}.*entries\.bin"):
        take(theirs.folder, tmp_path / "ours", "clerk", 1.0)
    assert not (tmp_path / "ours").exists()


def test_a_folder_without_a_recording_is_told(tmp_path: Path):
    assert archive_in(tmp_path) is None
    with pytest.raises(ConfigError, match="holds no recording"):
        take(tmp_path, tmp_path / "ours", "clerk", 1.0)
