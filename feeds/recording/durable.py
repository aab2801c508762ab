"""Files that are whole or not there: temporary name, fsync, rename, fsync of the folder."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

At = Callable[[str], None]
"""Told how far the writing of a segment is (`reports.parquet:written`): for tests, which kill there."""


def nowhere(_: str) -> None:
    """Do nothing."""


def write(path: Path, data: bytes, at: At = nowhere) -> None:
    """Put `data` at `path`, whole or not at all; `sync_folder` makes the name last. Raises OSError."""
    temporary = path.with_name(f".{path.name}.part")
    at(f"{path.name}:begin")
    try:
        with temporary.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            at(f"{path.name}:half")
            file.write(data[len(data) // 2 :])
            file.flush()
            at(f"{path.name}:written")
            os.fsync(file.fileno())
        at(f"{path.name}:synced")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk has no room for halves
        raise
    at(f"{path.name}:renamed")


def sync_folder(folder: Path) -> None:
    """Bring the folder's names to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each name on the disk. Raises OSError."""
    if folder.is_dir():
        # Whoever made it may have been killed before its name was on the disk. Where we may not look, it was not us.
        if not any(folder.iterdir()):
            with contextlib.suppress(PermissionError):
                sync_folder(folder.parent)
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
