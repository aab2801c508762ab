"""The archive: a folder of sealed segments, each one agency's ten minutes by journal id.

    <agency>/<YYYY-MM-DD>/<HHMM>/    reports.parquet, parcels.parquet, derived files, then manifest.json: the commit

Rules
- A segment is there when its manifest is. What a killed seal left is nobody's, and the next one writes over it.
- Files are written aside, synced, renamed, and their folder synced, before the manifest is written the same way.
- Sealing a range that is sealed changes nothing.
- Tallies are summed into the manifest; batches come back without them.
- Nothing is given out that is not, byte for byte, what the manifest says.
"""

import contextlib
import fcntl
import logging
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from feeds.bus import BatchId, Delivery
from feeds.errors import ArchiveDamaged, ConfigError, DecodeError
from feeds.names import AgencyId
from feeds.recording import segment
from feeds.recording.catalogue import Catalogue, Segment, folder_name
from feeds.recording.contents import Counting
from feeds.recording.durable import At, make_folder, nowhere, sync_folder, write
from feeds.recording.manifest import FileEntry, Link, Manifest, Tombstone, decode, describe, encode
from feeds.recording.verifier import LINKS, digest

log = logging.getLogger(__name__)

MANIFEST, TOMBSTONE = "manifest.json", "tombstone.json"
MADE_WITH = {"pyarrow": pa.__version__}
KEPT_REPORTS = 300_000
"""Reports kept decoded, about 1 kB each: a reader goes on where it was. The segment read last is kept in any case."""

Derive = Callable[[AgencyId, int, Sequence[Delivery]], Mapping[str, bytes]]
"""Makes files that can be made again: of an agency, where the segment begins (Unix ms), and its entries."""


class Archive:
    """The segments below `folder`, which is made by the first seal."""

    def __init__(self, folder: Path, at: At = nowhere) -> None:
        """Read the catalogue. Raises OSError."""
        self.folder = folder
        self._at = at
        self._catalogue = Catalogue(folder)
        self._decoded: OrderedDict[Path, list[Delivery]] = OrderedDict()
        self._reports: dict[Path, int] = {}
        """Reports in each segment that is kept decoded."""
        self.refresh()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes it while the block runs. Raises ConfigError when another is."""
        make_folder(self.folder.absolute())
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    "site.archive",
                    f"another recorder writes {self.folder}; stop that one or name another folder",
                ) from None
            self.refresh()
            yield
        finally:
            os.close(lock)

    def refresh(self) -> None:
        """Take in the segments that were added since. Raises OSError."""
        self._catalogue.refresh()

    def agencies(self) -> list[AgencyId]:
        """Return the agencies that have segments, sorted."""
        return self._catalogue.agencies()

    def segments(self, agency: AgencyId, since: int = 0, until: int = 2**63) -> list[Segment]:
        """Return the agency's segments that reach into `since` to before `until` (Unix ms), oldest first."""
        return self._catalogue.segments(agency, since, until)

    def damaged(self, agency: AgencyId) -> list[Path]:
        """Return the agency's folders whose manifest cannot be read: what is in them is among no `segments`."""
        return self._catalogue.damaged(agency)

    def sealed_to(self, agency: AgencyId) -> int | None:
        """Return where the agency's newest segment ends, Unix ms; None: it has none."""
        return self._catalogue.sealed_to(agency)

    def seal(
        self,
        agency: AgencyId,
        t0: int,
        t1: int,
        entries: Sequence[Delivery],
        derive: Derive | None = None,
        lost: tuple[int, int] | None = None,
    ) -> Segment:
        """Commit the agency's entries, at least one, from `t0` to before `t1` (Unix ms); return the segment.

        `lost`: between which journal times batches may have gone before they were recorded. A `derive` that fails
        costs its own files. Raises OSError (a full disk), ArchiveDamaged; nothing is committed then.
        """
        folder = self.folder / agency / folder_name(t0)
        if (there := self._there(agency, folder)) is not None:
            return there
        number, prev = self._catalogue.head(agency)
        counting = Counting(entries)
        files = segment.encode(agency, counting)
        derived = self._derive(derive, agency, t0, entries)
        manifest = Manifest(
            number=number + 1,
            agency=agency,
            t0=t0,
            t1=t1,
            contents=counting.contents(agency, files),
            files={name: describe(data) for name, data in files.items()},
            derived={name: describe(data, derived=True) for name, data in derived.items()},
            made_with=MADE_WITH,
            lost=lost,
            prev=prev,
        )
        make_folder(folder)
        self._at("folder:made")
        if any(path for kind in LINKS for path in folder.glob(kind)):
            raise ArchiveDamaged(folder, "there is a manifest that cannot be read")
        for path in folder.iterdir():  # of a seal that was killed: what is not named must not look as if it were
            if path.name not in {*files, *derived}:
                path.unlink()
        for name, data in {**files, **derived}.items():
            write(folder / name, data, self._at)
        sync_folder(folder)
        self._at("files:synced")
        return self._commit(folder / MANIFEST, manifest)

    def bury(self, sealed: Segment, clause: str, actor: str, at: float) -> Segment:
        """Delete the segment's files for good and leave a tombstone; finishes what a killed one began.

        `clause` is what says that they go, `actor` who says so, `at` when, Unix seconds. Raises OSError,
        ArchiveDamaged.
        """
        manifest = sealed.manifest
        if sealed.tombstone is None:
            number, prev = self._catalogue.head(manifest.agency)
            tombstone = Tombstone(
                number=number + 1,
                agency=manifest.agency,
                t0=manifest.t0,
                t1=manifest.t1,
                revision=manifest.revision,
                clause=clause,
                actor=actor,
                at=at,
                prev=prev,
            )
            sealed = self._commit(sealed.folder / TOMBSTONE, tombstone)
        for path in sealed.folder.iterdir():
            if not any(path.match(kind) for kind in LINKS):
                path.unlink()
        sync_folder(sealed.folder)
        self._forget(sealed.folder)
        return sealed

    def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` recorded batches after `after`, oldest first; empty at the end.

        What was lawfully deleted is passed over. Raises ArchiveDamaged, OSError.
        """
        found: list[Delivery] = []
        for sealed in self.segments(agency, after.ms):
            if sealed.tombstone is None:
                entries = self.entries(sealed)
                first = bisect_right(entries, after, key=_id)
                found += entries[first : first + count - len(found)]
                if len(found) == count:
                    break
        return found

    def entries(self, sealed: Segment) -> list[Delivery]:
        """Return all of a segment's batches. Raises ArchiveDamaged, OSError."""
        entries = self._decoded.get(sealed.folder)
        if entries is None:
            files = {name: self.file(sealed, name) for name in sealed.manifest.files}
            try:
                entries = segment.decode(sealed.manifest.agency, files)
            except DecodeError as error:
                raise ArchiveDamaged(sealed.folder, str(error)) from error
            self._decoded[sealed.folder] = entries
            self._reports[sealed.folder] = sum(sealed.manifest.contents.kinds.values())
            while len(self._decoded) > 1 and sum(self._reports.values()) > KEPT_REPORTS:
                self._forget(next(iter(self._decoded)))
        self._decoded.move_to_end(sealed.folder)
        return entries

    def file(self, sealed: Segment, name: str) -> bytes:
        """Return one file of a segment, as it was written. Raises ArchiveDamaged, OSError."""
        entry: FileEntry = {**sealed.manifest.files, **sealed.manifest.derived}[name]
        path = sealed.folder / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ArchiveDamaged(path, "it is missing") from None
        if digest(data) != entry.sha256:
            raise ArchiveDamaged(path, "it was altered")
        return data

    def _forget(self, folder: Path) -> None:
        self._decoded.pop(folder, None)
        self._reports.pop(folder, None)

    def _there(self, agency: AgencyId, folder: Path) -> Segment | None:
        return next((s for s in reversed(self.segments(agency)) if s.folder == folder), None)

    def _derive(
        self, derive: Derive | None, agency: AgencyId, t0: int, entries: Sequence[Delivery]
    ) -> Mapping[str, bytes]:
        if derive is None:
            return {}
        try:
            return derive(agency, t0, entries)
        except Exception:
            log.exception("derive_failed agency=%s t0=%d", agency, t0)
            return {}

    def _commit(self, path: Path, link: Link) -> Segment:
        data = encode(link)
        write(path, data, self._at)
        sync_folder(path.parent)
        self._at(f"{path.name}:committed")
        return self._catalogue.add(path.parent, decode(data), data)


def _id(delivery: Delivery) -> BatchId:
    return delivery.id
