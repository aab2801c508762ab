"""What a source has said and the door has not answered for, kept on disk (or in memory): one SQLite file.

Rules
- What `add` returned for outlives the process, however it ends. A power loss can take the last second of it:
  `sync`, once a second, brings it to the disk.
- No number is ever used for two reports of a run. After a power loss the numbers of the last second may have been
  used already, so that what comes then is a new run; what waits from before keeps the run it was numbered in.
- One client a spool, of one source: SQLite's own lock, held while it is open.
- A tail that was torn off while it was written is left out: SQLite's log has a checksum on every page.
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from feeds.errors import ConfigError, SpoolFull

VERSION = 1
LOCKED_FOR_S = 1.0
"""How long the opening waits for a client that is just ending, seconds."""
LOG_PAGES = 4000
"""The log is worked into the file when it has so many pages of 4 kB."""
SHRINK_PAGES = 4000
"""An empty spool with so many free pages of 4 kB gives them back."""

_CLEAN = "closed"
_TABLES = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (first INTEGER PRIMARY KEY, count INTEGER, run TEXT, body BLOB);
"""


class Parcel(NamedTuple):
    """Reports with consecutive numbers, as they go into a message."""

    first: int
    """The number of the first."""
    reports: int
    run: str
    body: bytes
    """The reports as JSON, with commas between."""

    @property
    def after(self) -> int:
        """The number that comes after the last."""
        return self.first + self.reports


def boot_id() -> str:
    """Return what tells this start of the machine from every other; `""` where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Spool:
    """The parcels of one source that wait. `run` and `next_seq` number what comes."""

    def __init__(self, folder: Path | None, source: str, boot: str = "") -> None:
        """Open the spool in `folder` (made if missing, for this user alone), or one in memory.

        `boot`: this start of the machine, see `boot_id`. Raises ConfigError that says what to do.
        """
        self._log: Path | None = None
        self._boot = boot
        try:
            self._base = sqlite3.connect(self._place(folder), timeout=LOCKED_FOR_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError("spool", f"cannot be opened in {folder}: {error}") from error
        try:
            self._open(source)
        except sqlite3.OperationalError as error:
            self._base.close()
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            why = "is in use by another client; give each its own" if busy else f"cannot be used: {error}"
            raise ConfigError("spool", f"{folder} {why}") from error
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise ConfigError("spool", f"{folder} is damaged ({error}); move it away") from error
        except ConfigError:
            self._base.close()
            raise

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Keep the parcels, all or none. Raises SpoolFull when the disk does not take them."""
        with self._together():
            self._base.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?)", parcels)

    def read(self, seq: int, most_bytes: int) -> tuple[list[Parcel], bool]:
        """Return the parcels from number `seq` on, in order, about `most_bytes` of them, and whether more follow."""
        page: list[Parcel] = []
        size = 0
        for row in self._base.execute("SELECT * FROM waiting WHERE first >= ? ORDER BY first", (seq,)):
            if size >= most_bytes:
                return page, True
            page.append(Parcel(*row))
            size += len(page[-1].body)
        return page, False

    def forget(self, before: int) -> None:
        """Let go of the parcels whose numbers are smaller than `before`. Raises SpoolFull: even that needs room."""
        with self._together():
            self._note("answered", before)
            # The newest stays: its number is what the next one is counted from.
            self._base.execute(
                "DELETE FROM waiting WHERE first < ? AND first < (SELECT max(first) FROM waiting)", (before,)
            )
        self.answered = before
        if self._base.execute("PRAGMA freelist_count").fetchone()[0] > SHRINK_PAGES and not self.held()[0]:
            self._base.execute("VACUUM")

    def held(self) -> tuple[int, int]:
        """Return how many reports wait, and their bytes."""
        count, size = self._base.execute(
            "SELECT total(count), total(length(body)) FROM waiting WHERE first >= ?", (self._recall("answered", 0),)
        ).fetchone()
        return int(count), int(size)

    def sync(self) -> None:
        """Bring to the disk what was added: it then outlives a power loss. From any thread."""
        if self._log is not None:
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(self._log, os.O_RDWR)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)

    def close(self) -> None:
        """Close it, with a note that nothing is missing."""
        with contextlib.suppress(sqlite3.Error):
            self._note("boot", _CLEAN)
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._base.close()

    def _place(self, folder: Path | None) -> Path | str:
        if folder is None:
            return ":memory:"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "spool.sqlite"
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its log the same mode
        self._log = folder / "spool.sqlite-wal"
        return file

    def _open(self, source: str) -> None:
        # Exclusive before the log is first touched: then there is no shared index, and the lock is kept.
        self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        self._base.execute(f"PRAGMA journal_size_limit = {2 * LOG_PAGES * 4096}")
        self._base.executescript(_TABLES)
        if self._recall("version", VERSION) != VERSION:
            raise ConfigError("spool", "was written by another version of this program; let that one empty it first")
        if (of := self._recall("source", source)) != source:
            raise ConfigError("spool", f"holds reports of source {of!r}, not of {source!r}; give each its own")
        self.run = str(self._recall("run", ""))
        ended = str(self._recall("boot", _CLEAN))
        if not self.run or not (ended == _CLEAN or (ended == self._boot and self._boot)):
            self.run = secrets.token_hex(8)
        for key, value in (("version", VERSION), ("source", source), ("run", self.run), ("boot", self._boot)):
            self._note(key, value)
        self.sync()  # or a power loss in the first second would look like a clean end
        self.answered = int(self._recall("answered", 0))
        last = self._base.execute("SELECT max(first + count) FROM waiting").fetchone()[0]
        self.next_seq = max(last or 1, self.answered)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        try:
            self._base.execute("BEGIN IMMEDIATE")
            yield
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("ROLLBACK")
            raise SpoolFull(f"the spool's disk does not take it: {error}") from error

    def _recall(self, key: str, otherwise: str | int) -> str | int:
        row = self._base.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return otherwise if row is None else row[0]

    def _note(self, key: str, value: str | int) -> None:
        self._base.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))
