"""Who looked back at what, and who took what away: `audit.jsonl` of a site, a line for each, which only grows.

    {"act":"seek","who":"ann","agency":"cpd","via":"review","since":...,"until":...,"view":"known",...,"prev":"..."}

What cannot be written here is not done: whoever does it writes first. Lines are chained (`feeds/recording/chained.py`).
Of a command that failed after that a second line says so; one that was killed says nothing more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from feeds.errors import ArchiveDamaged, JointOpsError
from feeds.recording import chained
from feeds.recording.chained import Line
from feeds.recording.durable import make_folder
from feeds.recording.lock import locked

FILE = "audit.jsonl"

Act = Literal[
    "open", "seek", "seen", "track", "near", "timeline", "spans",
    "export", "evidence", "retention", "remove", "hold", "release", "import",
]  # fmt: skip


class Entry(Line, frozen=True, kw_only=True):
    """A line of the file. What does not belong to the act is empty."""

    act: Act
    who: str
    """Name of the viewer, or of whom this machine knows as the user."""
    agency: str = ""
    """Whose people see it: the viewer's agency, or whom a file is for."""
    via: Literal["review", "command"]
    at: float
    """When, Unix seconds."""
    since: float | None = None
    """What of the record, Unix seconds; None: from its beginning."""
    until: float | None = None
    view: str = ""
    agencies: tuple[str, ...] = ()
    """Whose record."""
    unit: str = ""
    """Whose track; of a timeline the incident."""
    place: tuple[float, float, float] | None = None
    """lon, lat (degrees), metres."""
    case: str = ""
    what: str = ""
    """Of a command: the format, the clause, the archive's folder; of stretches the level, of findings the file."""
    archive: str = ""
    """Of a hold and a release: the folder of the record, by which they are found again."""
    failed: bool = False
    """Of a second line: nothing of what the first says was done, or not all of it."""


_decoder = msgspec.json.Decoder(Entry)


class NotAudited(JointOpsError):
    """The audit could not be written, so what was asked for is not done."""

    def __init__(self, path: Path, error: Exception) -> None:
        super().__init__(f"not done: it cannot be audited in {path} ({error})")


class Audit:
    """The audit of a site, in the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, entries: Sequence[Entry]) -> None:
        """Add entries, synced, all or none. Raises NotAudited."""
        try:
            make_folder(self.path.parent.absolute())
            with locked(self._lock):
                chained.append(self.path, entries)
        except (OSError, ArchiveDamaged) as error:
            raise NotAudited(self.path, error) from error

    def entries(self) -> list[Entry]:
        """Return all of it, oldest first. Raises ArchiveDamaged (one was altered), OSError."""
        if not self.path.exists():
            return []
        with locked(self._lock):
            return list(chained.read(self.path, _decoder, "the next entry takes its place"))

    def head(self) -> str:
        """Return the SHA-256 of the newest entry. Raises ArchiveDamaged, OSError."""
        return chained.head(self.path)

    @property
    def _lock(self) -> Path:
        return self.path.with_name(".audit")
