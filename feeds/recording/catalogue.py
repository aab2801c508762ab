"""What segments an archive has: read from the folders, kept in memory, following those that are added.

The folders are the truth: `<agency>/<YYYY-MM-DD>/<HHMM>/manifest.json`, UTC, and a folder without a manifest is no
segment. Everything here can be thrown away and read again.
"""

import logging
import os
import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import AgencyId
from feeds.recording.manifest import FIRST, Link, Manifest, Tombstone, decode
from feeds.recording.verifier import LINKS, digest

log = logging.getLogger(__name__)

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SETTLED_NS = 2_000_000_000
"""A folder changed less than this ago may change again without its time saying so, nanoseconds."""
_NO_HEAD = (FIRST - 1, "")


class Segment(NamedTuple):
    """A segment that is committed."""

    folder: Path
    manifest: Manifest
    tombstone: Tombstone | None = None
    """When its files were lawfully deleted."""

    @property
    def name(self) -> str:
        """Its folder below the agency's, `2026-11-27/1210`."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def began_at(folder: Path) -> int | None:
    """Return where the segment in `folder` begins (Unix ms), by its name alone; None: the name does not say."""
    digits = f"{folder.parent.name}{folder.name}".replace("-", "")
    try:
        day = datetime.strptime(digits[:12], "%Y%m%d%H%M").replace(tzinfo=UTC)
        return round(day.timestamp() * 1000) + int(digits[12:].ljust(5, "0"))
    except ValueError:
        return None


class _Agency:
    """What is known of one agency."""

    def __init__(self) -> None:
        self.segments: dict[Path, Segment] = {}
        self.order: list[Segment] = []
        """By `t0`."""
        self.head = _NO_HEAD
        """Number and SHA-256 of the chain's newest link."""
        self.links: set[Path] = set()
        self.damaged: set[Path] = set()
        self.read: dict[Path, int] = {}
        """Days and segments that were read, and when they had changed."""


class Catalogue:
    """The segments below `folder`, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agencies: dict[AgencyId, _Agency] = {}

    def refresh(self) -> None:
        """Take in what was added since. A manifest that cannot be read is logged, and its segment left out.

        A link that comes into a segment's folder later (a revision, a tombstone) is seen by the time of its day, which
        `touch` sets.
        """
        for folder in _folders(self._folder):
            known = self._agencies.setdefault(AgencyId(folder.name), _Agency())
            for day in _folders(folder):
                if _DAY.fullmatch(day.name):
                    self._read_day(known, day)

    def agencies(self) -> list[AgencyId]:
        """Return the agencies and logs of the site that have segments, sorted."""
        return sorted(agency for agency, known in self._agencies.items() if known.order)

    def segments(self, agency: AgencyId, since: int = 0, until: int = 2**63) -> list[Segment]:
        """Return the agency's segments that reach into `since` to before `until` (Unix ms), oldest first."""
        order = self._of(agency).order
        first = bisect_right(order, since, key=lambda segment: segment.manifest.t1)
        return [segment for segment in order[first:] if segment.manifest.t0 < until]

    def damaged(self, agency: AgencyId) -> list[Path]:
        """Return the agency's folders whose manifest cannot be read, sorted."""
        return sorted(self._of(agency).damaged)

    def at(self, folder: Path) -> Segment | None:
        """Return the segment that lies in `folder`; None: there is none."""
        return self._of(AgencyId(folder.parents[1].name)).segments.get(folder)

    def sealed_to(self, agency: AgencyId) -> int | None:
        """Return where the agency's newest segment ends, Unix ms; None: it has none."""
        order = self._of(agency).order
        return order[-1].manifest.t1 if order else None

    def head(self, agency: AgencyId) -> tuple[int, str]:
        """Return number and SHA-256 of the chain's newest link. Raises ArchiveDamaged when nobody can tell it."""
        known = self._of(agency)
        if known.damaged and len(known.links) + len(known.damaged) != known.head[0]:
            raise ArchiveDamaged(min(known.damaged), "the newest link of the chain cannot be read")
        return known.head

    def add(self, path: Path, link: Link, data: bytes) -> Segment:
        """Take in a link that was just written at `path`, `data` its bytes; return its segment."""
        known = self._agencies.setdefault(link.agency, _Agency())
        self._take(known, path, link, data)
        return known.segments[path.parent]

    def _of(self, agency: AgencyId) -> _Agency:
        return self._agencies.get(agency) or _Agency()

    def _read_day(self, known: _Agency, day: Path) -> None:
        changed = _changed(day)
        if known.read.get(day) == changed:
            return
        settled = _is_settled(changed)
        for folder in _folders(day):
            settled &= self._read(known, folder)
        if settled:
            known.read[day] = changed

    def _read(self, known: _Agency, folder: Path) -> bool:
        """Take in the links in a folder; return whether it need not be looked at again until its time changes.

        One without links may be just about to get one; one that is damaged may be restored, in the same file.
        """
        changed = _changed(folder)
        if known.read.get(folder) == changed:
            return True
        was_damaged = folder in known.damaged
        links: list[tuple[Link, Path, bytes]] = []
        paths = {path for kind in LINKS for path in folder.glob(kind)}
        for path in paths if was_damaged else paths - known.links:
            data = path.read_bytes()
            try:
                links.append((decode(data), path, data))
            except DecodeError as error:
                if folder not in known.damaged:
                    log.error("manifest_unreadable path=%s reason=%s", path, error)
                known.damaged.add(folder)
        if was_damaged and len(links) == len(paths):
            log.info("manifest_restored folder=%s", folder)
            known.damaged.discard(folder)
        for link, path, data in sorted(links, key=lambda one: one[0].number):
            self._take(known, path, link, data)
        if folder in known.damaged or folder not in known.segments:
            return False
        if _is_settled(changed):
            known.read[folder] = changed
        return True

    def _take(self, known: _Agency, path: Path, link: Link, data: bytes) -> None:
        folder = path.parent
        known.links.add(path)
        known.head = max(known.head, (link.number, digest(data)))
        before = known.segments.get(folder)
        if isinstance(link, Manifest):
            known.segments[folder] = Segment(folder, link)
        elif before is not None:
            known.segments[folder] = before._replace(tombstone=link)
        if folder not in known.segments:
            return
        segment = known.segments[folder]
        at = bisect_right(known.order, segment.manifest.t0, key=lambda other: other.manifest.t0)
        if at and known.order[at - 1].folder == folder:
            known.order[at - 1] = segment
        else:
            known.order.insert(at, segment)


def touch(folder: Path) -> None:
    """Let those who follow the archive see that a segment's folder has another link. Raises OSError."""
    os.utime(folder.parent)


def _changed(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def _is_settled(changed: int) -> bool:
    return time.time_ns() - changed > _SETTLED_NS


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in it, sorted; those whose names begin with a dot are nobody's business."""
    try:
        yield from sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except FileNotFoundError:
        return
