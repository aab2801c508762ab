"""Where the site of a data folder is served now: a file in that folder while it runs, for commands beside it."""

import contextlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = "serving.json"


class Serving(Struct, frozen=True):
    """A site that runs."""

    pid: int
    """Of its supervisor."""
    url: str
    """Of its web pages, on this machine."""
    public_url: str = ""
    """Of the same, for others."""


def offer(data_dir: Path, url: str, public_url: str = "") -> None:
    """Say that this process serves the site of `data_dir`. Raises OSError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f".{FILE}.{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(Serving(os.getpid(), url, public_url)))
    draft.replace(data_dir / FILE)


def withdraw(data_dir: Path) -> None:
    """Take it back, if this process said it; quiet when it is gone."""
    found = _read(data_dir)
    if found is not None and found.pid == os.getpid():
        with contextlib.suppress(OSError):
            (data_dir / FILE).unlink()


def find(data_dir: Path) -> Serving | None:
    """Return who serves the site of `data_dir` now; None: nobody, or one that was killed."""
    found = _read(data_dir)
    if found is None:
        return None
    try:
        os.kill(found.pid, 0)
    except PermissionError:
        return found  # of another user, and running
    except OSError:
        return None
    return found


def _read(data_dir: Path) -> Serving | None:
    try:
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=Serving)
    except (OSError, msgspec.MsgspecError):
        return None
