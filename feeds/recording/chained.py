"""A file that only grows: lines of JSON, each with the SHA-256 of the one before in `prev`.

Rules
- What is added is synced before anybody is told that it stands. Half a line, of a writer that was killed, stands for
  nothing: the next one is written over it.
- Whoever adds holds a lock of the caller's.
- A whole new file could be put in the old one's place, or its newest lines cut off, unless somebody keeps a `head`.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from feeds.errors import ArchiveDamaged
from feeds.recording.durable import sync_folder
from feeds.recording.verifier import digest

_BLOCK = 65_536
_encode = msgspec.json.Encoder(order="deterministic").encode


class Line(Struct, frozen=True, kw_only=True):
    """What every line has."""

    prev: str = ""
    """SHA-256 of the line before; of the first empty."""


L = TypeVar("L", bound=Line)


def read(path: Path, decoder: "msgspec.json.Decoder[L]", again: str) -> Iterator[L]:
    """Yield the lines of a file, oldest first; none where there is none. `again`: what to do about half a line.

    Raises ArchiveDamaged, OSError.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    yield from _lines(path, data, decoder, again)


def _lines(path: Path, data: bytes, decoder: "msgspec.json.Decoder[L]", again: str) -> Iterator[L]:
    before = ""
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            raise ArchiveDamaged(path, f"its last line was not written to its end: {again}")
        try:
            one = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ArchiveDamaged(path, f"line {number} cannot be read: {error}") from error
        if one.prev != before:
            raise ArchiveDamaged(path, f"line {number} does not follow the line before it: one was altered")
        before = digest(line)
        yield one


def whole(path: Path, decoder: "msgspec.json.Decoder[L]") -> list[L]:
    """Return the lines of a file without half a line at its end. Raises ArchiveDamaged, OSError."""
    data = path.read_bytes() if path.exists() else b""
    return list(_lines(path, data[: data.rfind(b"\n") + 1], decoder, ""))


def append(path: Path, ones: Sequence[Line]) -> None:
    """Add lines to the file, which is made if missing, all of them or none. Raises ArchiveDamaged, OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b") as file:
        last, ends = _last(path, file.fileno())
        before = digest(last) if last else ""
        added = b""
        for one in ones:
            line = _encode(msgspec.structs.replace(one, prev=before)) + b"\n"
            before = digest(line)
            added += line
        file.truncate(ends)
        file.seek(ends)
        try:
            file.write(added)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), ends)
            raise
    sync_folder(path.parent)


def _last(path: Path, file: int) -> tuple[bytes, int]:
    """Return the last whole line of a file, and where it ends; b"" and 0 when there is none."""
    size = os.fstat(file).st_size
    begins, tail = size, b""
    while begins > 0 and tail[: tail.rfind(b"\n")].count(b"\n") < 1:
        step = min(_BLOCK, begins)
        begins -= step
        tail = os.pread(file, step, begins) + tail
    ends = tail.rfind(b"\n") + 1
    line = tail[tail.rfind(b"\n", 0, max(0, ends - 1)) + 1 : ends]
    try:
        if line:
            msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveDamaged(path, f"its last line cannot be read: {error}") from error
    return line, begins + ends


def head(path: Path) -> str:
    """Return the SHA-256 of the file's last line, for whoever keeps one elsewhere; "" for none. Raises OSError."""
    with path.open("rb") as file:
        last, _ = _last(path, file.fileno())
    return digest(last) if last else ""
