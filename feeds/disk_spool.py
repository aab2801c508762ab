"""The spool on disk: a private folder of append-only files, each of one run.

    spool/lock                        held by the one client that has it open
    spool/about.json                  source, run, what was answered; replaced as a whole
    spool/00000000000000000001.spool  the run, then records from that number on

Rules
- What `add` returned for outlives the process, however it ends: it was written, in order. A power loss can take what
  was added since the last `sync`.
- After a power loss the numbers of that last moment may have been used already, so that what comes then is a new run.
  What waits from before keeps the run it was numbered in.
- A record has a checksum; a file ends at its first record that is not whole, and what is behind it is cut off.
- Files whose every report was answered for are deleted: a spool whose line is up stays small. They go first, before
  anything is written: a full disk gets room by it. The newest stays until the note says what was answered, and has a
  record: no number is used twice.
"""

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import struct
import threading
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec import Struct

from feeds.errors import ConfigError, SpoolFull
from feeds.spool import Parcel

log = logging.getLogger(__name__)

VERSION = 1
FILE_BYTES = 8 * 1024 * 1024
"""After so many bytes a new file is begun."""
PARCEL_MAX = 1024 * 1024
"""A record that says it is larger than this is not one, bytes."""

_HEAD = struct.Struct(">IIQI")
"""Of a record: CRC-32 of what follows, length of the body, first number, reports."""
_CLOSED = "closed"


class _About(Struct, frozen=True):
    version: int
    source: str
    run: str
    boot: str
    """The start of the machine in which it was opened, or that it was closed."""
    answered: int


class _File(NamedTuple):
    first: int
    path: Path
    run: str


def boot_id() -> str:
    """Return what tells this start of the machine from every other; `""` where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


class DiskSpool:
    """See `feeds.spool.Spool` for what each call promises. Opening reads all that waits, about 1 s per GB."""

    def __init__(self, folder: Path, source: str, boot: str = "") -> None:
        """Open the spool in `folder`, made if missing. `boot`: see `boot_id`. Raises ConfigError."""
        self._folder = folder
        self._source = source
        self._boot = boot
        self._out = -1
        self._size = FILE_BYTES
        """Of the file that is written to, bytes."""
        self._old: list[int] = []
        """Files that are full and not yet on the disk."""
        self._gone: list[Path] = []
        self._files: list[_File] = []
        self._noted: _About | None = None
        """As it is in the folder."""
        self._held = (0, 0)
        self._syncing = threading.Lock()
        self._closed = False
        self._place: tuple[int, Path, int] | None = None
        """Where the last reading ended: number, file, offset."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError("spool", f"{folder} cannot be used: {error.strerror}") from error
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def held(self) -> tuple[int, int]:
        """Return how many reports waited when it was opened, and their bytes."""
        return self._held

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Append the parcels, all or none. Raises SpoolFull."""
        data = b"".join(part for parcel in parcels for part in _record(parcel))
        try:
            if self._size >= FILE_BYTES:
                self._begin_file(parcels[0].first, data)
            elif os.write(self._out, data) != len(data):
                os.ftruncate(self._out, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            else:
                self._size += len(data)
        except OSError as error:
            raise SpoolFull(f"the spool's disk does not take it: {error.strerror}") from error
        self._after = parcels[-1].after

    def read(self, seq: int, most_bytes: int) -> tuple[list[Parcel], bool]:
        """Return the parcels from number `seq` on, about `most_bytes` of them, and whether more follow."""
        page: list[Parcel] = []
        size = 0
        at = max(bisect_right(self._files, seq, key=lambda file: file.first) - 1, 0)
        for file in self._files[at:]:
            with file.path.open("rb") as data:
                if self._place and self._place[:2] == (seq, file.path):
                    data.seek(self._place[2])
                else:
                    data.readline()
                for parcel, end in _records(data, file.run):
                    if parcel.first >= seq:
                        if size >= most_bytes:
                            return page, True
                        page.append(parcel)
                        size += parcel.size
                        self._place = (parcel.after, file.path, end)
        return page, False

    def forget(self, before: int) -> None:
        """Let go of the files whose numbers are all smaller than `before`; `sync` deletes them."""
        self.answered = before
        while len(self._files) > 1 and self._files[1].first <= before:
            self._gone.append(self._files.pop(0).path)

    def sync(self) -> None:
        """Delete what is no longer needed, and bring the rest to the disk. Raises OSError: what was not done is then
        done the next time.
        """
        with self._syncing:
            if not self._closed:
                self._tidy(self._boot or "unknown")

    def close(self) -> None:
        """Let go of it, with a note that nothing is missing. Raises OSError."""
        with self._syncing:  # one that was begun in a thread may still be at it
            self._closed = True
            try:
                self._tidy(_CLOSED)
                if self.answered >= self._after:
                    for file in self._files:
                        file.path.unlink(missing_ok=True)
            finally:
                for handle in (*self._old, self._out, self._lock):
                    with contextlib.suppress(OSError):
                        os.close(handle)
                self._old, self._out, self._size = [], -1, 0  # whoever adds now must not write into another's file

    # ---- files

    def _open(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("spool", f"{self._folder} is in use by another client; give each its own") from None
        try:
            about = self._noted = self._read_about()
            self.answered = about.answered if about else 0
            self.next_seq = max(self.answered, 1)
            self._take_stock()
            self._after = self.next_seq
            whole = about is not None and (about.boot == _CLOSED or (about.boot == self._boot != ""))
            self.run = about.run if about and whole else secrets.token_hex(8)
            self.sync()  # or a power loss in the first second would look like a clean end
        except OSError as error:
            raise ConfigError("spool", f"{self._folder} cannot be used: {error.strerror}") from error

    def _take_stock(self) -> None:
        """Find what waits, and cut off what was torn."""
        reports = size = 0
        for path in sorted(self._folder.glob("*.spool")):
            with path.open("r+b") as data:
                run = data.readline().decode("ascii", "replace").strip()
                end = data.tell()
                first = None
                for parcel, end in _records(data, run):  # noqa: B007 - the last is used
                    first = parcel.first if first is None else first
                    self.next_seq = max(self.next_seq, parcel.after)
                    if parcel.first >= self.answered:
                        reports += parcel.reports
                        size += parcel.size
                if torn := data.seek(0, os.SEEK_END) - end:
                    log.warning("spool_torn file=%s bytes=%d", path.name, torn)
                    data.truncate(end)
            if first is None:
                path.unlink()
            else:
                self._files.append(_File(first, path, run))
        self._held = (reports, size)

    def _begin_file(self, first: int, records: bytes) -> None:
        path = self._folder / f"{first:020}.spool"
        data = self.run.encode() + b"\n" + records
        out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.write(out, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.close(out)
            path.unlink()
            raise
        if self._out >= 0:
            self._old.append(self._out)
        self._out, self._size = out, len(data)
        self._files.append(_File(first, path, self.run))

    def _read_about(self) -> _About | None:
        """Return the note; None when there is none, or none that can be read: a new run is then always right."""
        try:
            about = msgspec.json.decode((self._folder / "about.json").read_bytes(), type=_About)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        if about.version != VERSION:
            raise ConfigError("spool", f"{self._folder} is of another version; let that program empty it first")
        if about.source != self._source:
            raise ConfigError("spool", f"{self._folder} is of source {about.source!r}; give each its own")
        return about

    def _tidy(self, boot: str) -> None:
        # Other calls add to both lists meanwhile; what fails stays in them.
        try:
            while self._gone:
                self._gone[0].unlink(missing_ok=True)
                del self._gone[0]
        finally:  # a file that cannot be deleted keeps nothing from the disk
            if self._out >= 0:  # first: if it is full meanwhile, it is among the old ones then
                os.fsync(self._out)
            while self._old:
                if os.fstat(self._old[0]).st_nlink:  # of a deleted one nothing is needed, and its room is free at once
                    os.fsync(self._old[0])
                os.close(self._old.pop(0))
            self._note(_About(VERSION, self._source, self.run, boot, self.answered))

    def _note(self, about: _About) -> None:
        if about != self._noted:  # a full disk does not keep a client from starting again
            draft = self._folder / "about.draft"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(about))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / "about.json")
            self._noted = about
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _record(parcel: Parcel) -> tuple[bytes, bytes]:
    head = _HEAD.pack(0, len(parcel.body), parcel.first, parcel.reports)
    crc = zlib.crc32(parcel.body, zlib.crc32(head[4:]))
    return crc.to_bytes(4) + head[4:], parcel.body


def _records(data: BinaryIO, run: str) -> Iterator[tuple[Parcel, int]]:
    """Yield the whole records from here on, each with the offset behind it."""
    end = data.tell()
    while len(head := data.read(_HEAD.size)) == _HEAD.size:
        crc, size, first, reports = _HEAD.unpack(head)
        body = data.read(size) if size <= PARCEL_MAX else b""
        if len(body) != size or zlib.crc32(body, zlib.crc32(head[4:])) != crc:
            return
        end += len(head) + size
        yield Parcel(first, reports, run, body), end
