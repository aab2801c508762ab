"""A file is whole or not there."""

from pathlib import Path

import pytest

from feeds.recording import durable
from feeds.recording.durable import make_folder, write


def test_each_step_is_told_and_the_name_appears_with_the_last(tmp_path: Path):
    steps: list[tuple[str, bool]] = []
    write(tmp_path / "a.bin", b"whole", lambda step: steps.append((step, (tmp_path / "a.bin").exists())))
    assert steps == [
        ("a.bin:begin", False),
        ("a.bin:half", False),
        ("a.bin:written", False),
        ("a.bin:synced", False),
        ("a.bin:renamed", True),
    ]
    assert (tmp_path / "a.bin").read_bytes() == b"whole"


def test_what_could_not_be_written_takes_no_room_and_leaves_what_was_there(tmp_path: Path):
    def full(step: str) -> None:
        if step.endswith("half"):
            raise OSError(28, "No space left on device")

    (tmp_path / "a.bin").write_bytes(b"before")
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.bin", b"after", full)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.bin", b"before")]


def test_folders_are_made_down_to_the_last(tmp_path: Path):
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_the_name_of_a_folder_that_a_killed_process_made_is_brought_to_the_disk_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    synced: list[Path] = []
    (tmp_path / "other").touch()

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(durable, "sync_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        make_folder(tmp_path / "a" / "b")
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    (tmp_path / "a" / "b" / "file").touch()
    make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_an_empty_folder_in_one_that_may_not_be_read_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(durable, "sync_folder", refused)
    make_folder(tmp_path)
