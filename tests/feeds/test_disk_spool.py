"""feeds.disk_spool on a real disk; what both spools promise is in tests/feeds/test_spool.py."""

import contextlib
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feeds import disk_spool
from feeds.disk_spool import DiskSpool, boot_id
from feeds.errors import ConfigError, SpoolFull
from feeds.spool import Parcel

EVERYTHING = 1 << 40


def parcel(first: int, reports: int = 1, run: str = "", size: int = 0) -> Parcel:
    return Parcel(first, reports, run, b",".join(b'{"seq":%d}' % (first + i) for i in range(reports)) + b" " * size)


def crash(spool: DiskSpool) -> None:
    """Let go of the files as the end of a process does, without a word."""
    for handle in (*spool._old, spool._out, spool._lock):
        if handle >= 0:
            os.close(handle)


def numbers(spool: DiskSpool, seq: int = 0) -> list[int]:
    return [p.first for p in spool.read(seq, EVERYTHING)[0]]


def test_a_killed_process_loses_nothing_and_goes_on_in_the_same_run(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path / "s", "avl", "boot-1")
    run = spool.run
    spool.add([parcel(1, 3), parcel(4, 2)])
    spool.add([parcel(6)])
    crash(spool)
    again = DiskSpool(tmp_path / "s", "avl", "boot-1")
    assert (again.run, again.next_seq, numbers(again)) == (run, 7, [1, 4, 6])
    assert {p.run for p in again.read(0, EVERYTHING)[0]} == {run}
    assert again.held() == (6, sum(p.size for p in (parcel(1, 3), parcel(4, 2), parcel(6))))
    again.close()


@pytest.mark.parametrize(("before", "after"), [("boot-1", "boot-2"), ("", "")])
def test_after_a_power_loss_a_new_run_begins_and_the_old_reports_keep_theirs(
    tmp_path: Path, before: str, after: str
) -> None:
    spool = DiskSpool(tmp_path, "avl", before)
    old = spool.run
    spool.add([parcel(1, 3)])
    crash(spool)
    again = DiskSpool(tmp_path, "avl", after)
    assert again.run != old
    again.add([parcel(4)])
    assert [p.run for p in again.read(0, EVERYTHING)[0]] == [old, again.run]
    again.close()


def test_a_clean_end_keeps_run_and_numbers_over_a_restart_of_the_machine(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl", "boot-1")
    spool.add([parcel(1, 3)])
    spool.forget(4)
    spool.close()
    assert list(tmp_path.glob("*.spool")) == []
    again = DiskSpool(tmp_path, "avl", "boot-2")
    assert (again.run, again.next_seq, again.held()) == (spool.run, 4, (0, 0))
    again.close()


def test_a_clean_end_keeps_what_was_not_answered_for(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl")
    spool.add([parcel(1, 3), parcel(4, 3)])
    spool.forget(4)
    spool.close()
    again = DiskSpool(tmp_path, "avl")
    assert (again.run, again.next_seq, again.held()[0], numbers(again, again.answered)) == (spool.run, 7, 3, [4])
    again.close()


def test_a_sync_that_is_still_running_does_not_disturb_the_end(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            spool = DiskSpool(tmp_path, "avl")
            spool.add([parcel(n + 1)])
            syncs = [pool.submit(spool.sync) for _ in range(8)]
            spool.close()
            for sync in syncs:
                sync.result(10)
            assert b'"closed"' in (tmp_path / "about.json").read_bytes()


@pytest.mark.parametrize("tear", [1, 7, 25, 40])
def test_a_torn_tail_is_cut_off_and_what_is_before_it_stays(tmp_path: Path, tear: int) -> None:
    spool = DiskSpool(tmp_path, "avl")
    spool.add([parcel(1, 3), parcel(4, 3)])
    crash(spool)
    (file,) = tmp_path.glob("*.spool")
    os.truncate(file, file.stat().st_size - tear)
    again = DiskSpool(tmp_path, "avl")
    assert (numbers(again), again.next_seq) == ([1], 4)
    again.add([parcel(4)])
    assert numbers(again) == [1, 4]
    crash(again)
    third = DiskSpool(tmp_path, "avl")
    assert numbers(third) == [1, 4]
    third.close()


def test_junk_behind_the_last_record_and_a_flipped_bit_are_not_read(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl")
    spool.add([parcel(1), parcel(2)])
    crash(spool)
    (file,) = tmp_path.glob("*.spool")
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(bytes(data) + b"\xff" * 100)
    again = DiskSpool(tmp_path, "avl")
    assert numbers(again) == [1]
    again.close()


def test_two_clients_cannot_share_a_spool(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl")
    with pytest.raises(ConfigError, match="in use by another client"):
        DiskSpool(tmp_path, "avl")
    code = "import sys, pathlib, feeds.disk_spool as d; d.DiskSpool(pathlib.Path(sys.argv[1]), 'avl')"
    command = [sys.executable, "-c", code, str(tmp_path)]
    other = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "in use by another client" in other.stderr
    spool.close()
    DiskSpool(tmp_path, "avl").close()


def test_a_spool_of_another_source_is_not_touched(tmp_path: Path) -> None:
    DiskSpool(tmp_path, "avl").close()
    with pytest.raises(ConfigError, match="of source 'avl'"):
        DiskSpool(tmp_path, "cad")
    DiskSpool(tmp_path, "avl").close()


def test_an_unreadable_note_costs_a_new_run_and_nothing_else(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl", "b")
    spool.add([parcel(1)])
    crash(spool)
    (tmp_path / "about.json").write_bytes(b"")
    again = DiskSpool(tmp_path, "avl", "b")
    assert again.run != spool.run
    assert (numbers(again), again.next_seq) == ([1], 2)
    again.close()


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path / "s", "avl")
    spool.add([parcel(1)])
    spool.sync()
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "s").iterdir()} == {0o600}
    spool.close()


def test_files_are_deleted_when_all_of_them_was_answered_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_spool, "FILE_BYTES", 100_000)
    spool = DiskSpool(tmp_path, "avl")
    for n in range(1, 13):
        spool.add([parcel(n, size=25_000)])
    assert len(list(tmp_path.glob("*.spool"))) == 3
    spool.forget(10)
    spool.sync()
    assert len(list(tmp_path.glob("*.spool"))) == 1
    assert numbers(spool, 10) == [10, 11, 12]
    crash(spool)
    again = DiskSpool(tmp_path, "avl")
    assert (again.held()[0], again.next_seq) == (3, 13)
    again.close()


def test_a_full_disk_refuses_the_whole_of_it_and_takes_more_when_there_is_room(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl")
    spool.add([parcel(1)])
    (file,) = tmp_path.glob("*.spool")
    with files_of_at_most(file.stat().st_size + 50):
        for _ in range(2):
            with pytest.raises(SpoolFull, match="does not take it"):
                spool.add([parcel(2), parcel(3, size=500)])
    spool.add([parcel(2)])
    crash(spool)
    again = DiskSpool(tmp_path, "avl")
    assert numbers(again) == [1, 2]
    again.close()


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file grows past so many bytes: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_gets_room_by_what_was_answered_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_spool, "FILE_BYTES", 100_000)
    spool = DiskSpool(tmp_path, "avl", "b")
    for n in range(1, 13):
        spool.add([parcel(n, size=25_000)])
    spool.forget(13)
    with files_of_at_most(10), pytest.raises(OSError, match="too large"):
        spool.sync()
    assert len(list(tmp_path.glob("*.spool"))) == 1 and spool._old == []
    crash(spool)
    again = DiskSpool(tmp_path, "avl", "b")
    assert (again.run, again.next_seq) == (spool.run, 13), "the newest file says which numbers were used"
    again.close()


def test_what_a_sync_could_not_do_is_done_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_spool, "FILE_BYTES", 100_000)
    spool = DiskSpool(tmp_path, "avl")
    for n in range(1, 13):
        spool.add([parcel(n, size=25_000)])
    spool.forget(5)
    handles, (first, *_) = list(spool._old), sorted(tmp_path.glob("*.spool"))
    aside = first.rename(tmp_path / "aside")
    first.mkdir()  # cannot be unlinked
    fsync = os.fsync

    def break_on_the_old(handle: int) -> None:
        if handle in handles:
            raise OSError(errno.EIO, "broken")
        fsync(handle)

    with monkeypatch.context() as broken, pytest.raises(OSError, match="broken"):
        broken.setattr(os, "fsync", break_on_the_old)
        spool.sync()
    assert spool._old == handles, "still open, and still to be brought to the disk"
    first.rmdir()
    aside.rename(first)
    spool.sync()
    assert spool._old == [] and not first.exists()
    for handle in handles:
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(handle)
    spool.close()


def test_a_file_that_could_not_take_its_first_record_does_not_count_as_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_spool, "FILE_BYTES", 100)
    spool = DiskSpool(tmp_path, "avl", "b")
    spool.add([parcel(1, 4, size=200)])
    with files_of_at_most(50):
        for _ in range(3):
            with pytest.raises(SpoolFull):
                spool.add([parcel(5, size=200)])
        spool.forget(5)
        with pytest.raises(OSError, match="too large"):
            spool.sync()
    crash(spool)
    again = DiskSpool(tmp_path, "avl", "b")
    assert (again.run, again.next_seq) == (spool.run, 5), "no number is used twice"
    again.close()


def test_an_end_that_cannot_be_noted_keeps_the_numbers(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl", "b")
    spool.add([parcel(1, 4)])
    spool.forget(5)
    with files_of_at_most(10), pytest.raises(OSError, match="too large"):
        spool.close()
    again = DiskSpool(tmp_path, "avl", "b")
    assert (again.run, again.next_seq) == (spool.run, 5)
    again.close()


def test_a_full_disk_does_not_keep_a_killed_client_from_starting_again(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl", "b")
    spool.add([parcel(1, 4)])
    crash(spool)
    with files_of_at_most(10):
        again = DiskSpool(tmp_path, "avl", "b")
        assert (again.run, again.next_seq, numbers(again)) == (spool.run, 5, [1])
    again.close()


def test_who_adds_after_the_end_is_refused(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, "avl")
    spool.add([parcel(1)])
    spool.close()
    with (tmp_path / "another").open("wb") as another, pytest.raises(SpoolFull):
        spool.add([parcel(2)])
    assert another.name and (tmp_path / "another").read_bytes() == b""


def test_a_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        DiskSpool(tmp_path / "file" / "s", "avl")


def test_the_machines_start_is_the_same_twice() -> None:
    assert boot_id() == boot_id()
