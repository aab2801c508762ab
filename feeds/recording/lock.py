"""Locks of the archive: files that a process holds while it does what nobody else may do. The system frees them."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from feeds.recording.durable import make_folder


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock at `path` while the block runs. Raises OSError; BlockingIOError: another has it, do not wait."""
    make_folder(path.parent.absolute())
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(lock)


def chain(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Be the only one who adds to a chain of the archive in `folder`, or says what is held of it. Waits."""
    return locked(folder / ".chain")
