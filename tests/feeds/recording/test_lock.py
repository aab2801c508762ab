"""Locks of the archive."""

from pathlib import Path

import pytest

from feeds.recording import lock


def test_a_lock_is_one_holders_until_its_block_ends(tmp_path: Path):
    path = tmp_path / "new" / ".lock"
    with lock.locked(path, wait=False):
        with pytest.raises(BlockingIOError), lock.locked(path, wait=False):
            pytest.fail("two hold it")
        with lock.chain(tmp_path):  # another lock
            pass
    with lock.locked(path, wait=False):
        pass


def test_a_block_that_fails_lets_go(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), lock.chain(tmp_path):
        _ = 1 / 0
    with lock.locked(tmp_path / ".chain", wait=False):
        pass
