"""The archive: a folder of sealed segments, each one agency's ten minutes by journal id.

    <agency>/<YYYY-MM-DD>/<HHMM>/    reports.parquet, parcels.parquet, derived files, then manifest.json: the commit
    <log of the site>/...            the same with entries.bin (`feeds/recording/site_log.py`), a chain of its own

Rules
- A segment is there when its manifest is. What a killed seal left is nobody's, and the next one writes over it.
- Files are written aside, synced, renamed, and their folder synced, before the manifest is written the same way.
- Sealing a range that is sealed changes nothing.
- Whoever adds a link to a chain does it alone and after a look at what others added: several processes may write.
- What a legal hold stands on is neither deleted nor revised, whoever asks.
- Tallies are summed into the manifest; batches come back without them.
- Nothing is given out that is not, byte for byte, what the manifest says.
"""

import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
from msgspec.structs import replace

from feeds.bus import Delivery
from feeds.errors import ArchiveDamaged, ConfigError, DecodeError, UnderHold
from feeds.names import AgencyId, is_site_log
from feeds.recording import carried, holds, lock, segment
from feeds.recording.catalogue import Catalogue, Segment, touch
from feeds.recording.contents import Counting, recounted
from feeds.recording.durable import At, make_folder, nowhere, sync_folder, write
from feeds.recording.lock import locked
from feeds.recording.manifest import Contents, FileEntry, Link, Manifest, Revised, Tombstone, decode, describe, encode
from feeds.recording.opened import Opened
from feeds.recording.removal import Removal
from feeds.recording.sheets import Sheet
from feeds.recording.verifier import LINKS, digest, folder_name

log = logging.getLogger(__name__)

MANIFEST, TOMBSTONE = "manifest.json", "tombstone.json"
MADE_WITH = {"pyarrow": pa.__version__}
KEPT_REPORTS = 300_000
"""Reports kept decoded, about 1 kB each: a reader goes on where it was. The segment read last is kept in any case."""

Derive = Callable[[AgencyId, int, Iterable[Sheet]], Mapping[str, bytes]]
"""Makes derived files: of an agency, where the segment begins (Unix ms), and its sheets as they pass."""


class Archive:
    """The segments below `folder`, which is made by the first seal."""

    def __init__(self, folder: Path, at: At = nowhere) -> None:
        """Read the catalogue. Raises OSError."""
        self.folder = folder
        self._at = at
        self._catalogue = Catalogue(folder)
        self._decoded: OrderedDict[Path, tuple[Segment, list[Delivery]]] = OrderedDict()
        self._since: dict[Path, int] = {}
        self._dropped: set[Path] = set()
        """Where derived files were dropped by this process."""
        self.refresh()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only recorder while the block runs. Raises ConfigError when there is another."""
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locked(self.folder / ".lock", wait=False))
            except BlockingIOError:
                raise ConfigError(
                    "site.archive", f"another recorder writes {self.folder}; stop that one or name another folder"
                ) from None
            self.refresh()
            yield

    def refresh(self) -> None:
        """Take in what was added since, and let go of what was deleted or revised. Raises OSError."""
        self._catalogue.refresh()
        for folder, (sealed, _) in list(self._decoded.items()):
            if self._catalogue.at(folder) != sealed:
                self._forget(folder)

    def agencies(self) -> list[AgencyId]:
        """Return the agencies that have segments, sorted."""
        return [name for name in self._catalogue.agencies() if not is_site_log(name)]

    def logs(self) -> list[AgencyId]:
        """Return the logs of the site that have segments, sorted; what takes an agency takes them as well."""
        return [name for name in self._catalogue.agencies() if is_site_log(name)]

    def segments(self, agency: AgencyId, since: int = 0, until: int = 2**63) -> list[Segment]:
        """Return the agency's segments that reach into `since` to before `until` (Unix ms), oldest first."""
        return self._catalogue.segments(agency, since, until)

    def damaged(self, agency: AgencyId) -> list[Path]:
        """Return the agency's folders whose manifest cannot be read: what is in them is among no `segments`."""
        return self._catalogue.damaged(agency)

    def at(self, folder: Path) -> Segment | None:
        """Return the segment that lies in `folder`; None: there is none."""
        return self._catalogue.at(folder)

    def revisions(self, agency: AgencyId) -> int:
        """Return how often reports were removed from the agency's segments."""
        return sum(sealed.manifest.revision for sealed in self.segments(agency))

    def has(self, sealed: Segment, name: str) -> bool:
        """Say whether a derived file is there: they may be dropped."""
        return name in sealed.manifest.derived and (sealed.folder / name).exists()

    def link(self, sealed: Segment) -> bytes:
        """Return the newest manifest of a segment, as it was written. Raises OSError."""
        return (sealed.folder / _manifest_name(sealed.manifest.revision)).read_bytes()

    def sealed_to(self, agency: AgencyId) -> int | None:
        """Return where the agency's newest segment ends, Unix ms; None: it has none."""
        return self._catalogue.sealed_to(agency)

    def seal(
        self,
        agency: AgencyId,
        t0: int,
        t1: int,
        entries: Iterable[Delivery],
        derive: Derive | None = None,
        lost: tuple[int, int] | None = None,
        imported: Mapping[str, str] = MappingProxyType({}),
    ) -> Segment:
        """Commit the agency's entries, at least one, from `t0` to before `t1` (Unix ms); return the segment.

        `lost`: between which journal times batches may have gone before they were recorded. `imported`: files that the
        entries were made of, by name their SHA-256. A `derive` that fails costs its own files.

        Raises OSError (a full disk), ArchiveDamaged; nothing is committed then.
        """
        folder = self.folder / agency / folder_name(t0)
        if (there := self._there(folder)) is not None:
            return there
        self._catalogue.head(agency)
        revisions = self.revisions(agency)
        counting = Counting(entries)
        walk = segment.Walk(agency, counting, t0, empty=False)  # what holds tallies alone is in the manifest
        derived = self._derive(derive, agency, t0, walk)
        files = walk.files()
        manifest = Manifest(
            number=0,
            agency=agency,
            t0=t0,
            t1=t1,
            contents=counting.contents(agency, files),
            files={name: describe(data) for name, data in files.items()},
            derived={name: describe(data, derived=True) for name, data in derived.items()},
            made_with=MADE_WITH,
            lost=lost,
            imported=dict(imported),
            prev="",
        )
        return self._put(folder, manifest, files, derived, revisions)

    def seal_log(
        self,
        log: AgencyId,
        t0: int,
        t1: int,
        files: Mapping[str, bytes],
        contents: Contents,
        lost: tuple[int, int] | None = None,
    ) -> Segment:
        """Commit a part of a log of the site, as `seal` does an agency's segment. Raises OSError, ArchiveDamaged."""
        folder = self.folder / log / folder_name(t0)
        if (there := self._there(folder)) is not None:
            return there
        self._catalogue.head(log)
        manifest = Manifest(
            number=0,
            agency=log,
            t0=t0,
            t1=t1,
            contents=contents,
            files={name: describe(data) for name, data in files.items()},
            lost=lost,
            prev="",
        )
        return self._put(folder, manifest, files, {}, 0)

    def _there(self, folder: Path) -> Segment | None:
        """Return the segment in `folder`, on the disk for good: a commit's last step, if that failed, is done again."""
        self.refresh()
        there = self._catalogue.at(folder)
        if there is not None:
            sync_folder(folder)
        return there

    def _put(
        self,
        folder: Path,
        manifest: Manifest,
        files: Mapping[str, bytes],
        derived: Mapping[str, bytes],
        revisions: int,
    ) -> Segment:
        """Write the files and commit them. `derived` was made when the chain had so many `revisions`."""
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
        with self._chain():
            if derived and self.revisions(manifest.agency) != revisions:
                # They may tell of what was removed meanwhile.
                for name in derived:
                    (folder / name).unlink()
                manifest = replace(manifest, derived={})
            return self._commit(folder / MANIFEST, manifest)

    def bury(self, sealed: Segment, clause: str, actor: str, at: float) -> Segment:
        """Delete the segment's files for good and leave a tombstone; finishes what a killed one began.

        `clause` is what says that they go, `actor` who says so, `at` when, Unix seconds. Raises UnderHold, OSError,
        ArchiveDamaged.
        """
        with self._chain():
            sealed = self.free(sealed)
            manifest = sealed.manifest
            if sealed.tombstone is None:
                tombstone = Tombstone(
                    number=0,
                    agency=manifest.agency,
                    t0=manifest.t0,
                    t1=manifest.t1,
                    revision=manifest.revision,
                    clause=clause,
                    actor=actor,
                    at=at,
                    prev="",
                )
                sealed = self._commit(sealed.folder / TOMBSTONE, tombstone)
            self._sweep(sealed, {})
            return sealed

    def revise(self, sealed: Segment, removal: Removal, clause: str, actor: str, at: float) -> Segment:
        """Write the segment anew without some of its reports; return its new revision, or as it is if it has none.

        Derived files are dropped, those of later segments too that may know of its time, before anything else is done:
        the newest first, so that there is never one that goes on from another that is gone. Finishes what a killed one
        began. Raises UnderHold, OSError, ArchiveDamaged.
        """
        with self._chain():
            sealed = self.free(sealed, removal)
            self._finish(sealed)
            manifest = sealed.manifest
            removed = {} if sealed.tombstone is not None else removal.counted(self.entries(sealed))
            if not removed:
                return sealed
            files = segment.encode(manifest.agency, removal.rest(self.entries(sealed)))
            revision = manifest.revision + 1
            latest = sealed.folder / _manifest_name(manifest.revision)
            revised = replace(
                manifest,
                number=0,
                revision=revision,
                contents=recounted(manifest.contents, manifest.agency, files),
                files={name: describe(data) for name, data in files.items()},
                derived={},
                made_with=MADE_WITH,
                revised=Revised(digest(latest.read_bytes()), clause, actor, at, removed),
            )
            for later in reversed(self.segments(manifest.agency, manifest.t0)):
                self._drop(later, manifest.t1)
            for name, data in files.items():
                write(_aside(sealed.folder / name, revision), data, self._at)
            sync_folder(sealed.folder)
            sealed = self._commit(sealed.folder / _manifest_name(revision), revised)
            self._finish(sealed)
            return sealed

    def _drop(self, later: Segment, t1: int) -> None:
        """Drop derived files of a segment that may know of what was journaled before `t1` (Unix ms), for good."""
        names = carried.carrying(later.manifest.derived)
        if not names or later.folder in self._dropped or self.since(later) >= t1:
            return
        for name in names:
            (later.folder / name).unlink(missing_ok=True)
        sync_folder(later.folder)  # or a power loss might bring back what was said to be removed
        self._dropped.add(later.folder)

    def since(self, sealed: Segment) -> int:
        """Return a time (Unix ms) before which nothing was journaled that is in the segment's derived files."""
        known = self._since.get(sealed.folder)
        if known is None:
            try:
                known = carried.decode_since(self.file(sealed, carried.KNOWN_SINCE))
            except (KeyError, ArchiveDamaged):
                known = 0
            self._since[sealed.folder] = known
        return known

    def free(self, sealed: Segment, removal: Removal | None = None) -> Segment:
        """Return the segment as it is now, when it, or what `removal` takes of it, may go.

        Raises UnderHold when a hold stands on that; ArchiveDamaged, OSError when the holds cannot be read.
        """
        now = self._catalogue.at(sealed.folder) or sealed
        held = holds.covering(self.folder, now.manifest)
        if cases := [hold.case for hold in held if removal is None or removal.touches(hold.units)]:
            raise UnderHold(cases)
        return now

    def finish(self, agency: AgencyId) -> None:
        """Do to its end what was killed between saying that something is deleted and deleting it.

        Raises OSError, ArchiveDamaged.
        """
        with self._chain():
            held = holds.standing(holds.said(self.folder))
            revised: list[Manifest] = []
            newest = 0
            for sealed in self.segments(agency):
                if any(hold.covers(sealed.manifest) for hold in held):
                    continue
                if sealed.tombstone is not None:
                    self._sweep(sealed, {})
                elif sealed.manifest.revision:
                    self._finish(sealed)
                    revised.append(sealed.manifest)
                    newest = max(newest, sealed.manifest.number)
                elif sealed.manifest.number < newest:
                    self._drop_again(sealed, revised)

    def _drop_again(self, sealed: Segment, revised: Sequence[Manifest]) -> None:
        """Drop what a revision of one of these older segments dropped, where a power loss brought it back."""
        if not any((sealed.folder / name).exists() for name in carried.carrying(sealed.manifest.derived)):
            return
        since = self.since(sealed)
        if any(one.t1 > since and one.number > sealed.manifest.number for one in reversed(revised)):
            self._dropped.discard(sealed.folder)
            self._drop(sealed, since + 1)

    def entries(self, sealed: Segment) -> list[Delivery]:
        """Return all of a segment's batches. Raises ArchiveDamaged, OSError."""
        kept, entries = self._decoded.get(sealed.folder, (None, []))
        if kept != sealed:
            entries = self.decode(sealed)
            self._decoded[sealed.folder] = sealed, entries
            while len(self._decoded) > 1 and sum(map(_reports, self._decoded.values())) > KEPT_REPORTS:
                self._forget(next(iter(self._decoded)))
        self._decoded.move_to_end(sealed.folder)
        return entries

    def decode(self, sealed: Segment) -> list[Delivery]:
        """Return all of a segment's batches, and keep none. Raises ArchiveDamaged, OSError."""
        try:
            return segment.decode(sealed.manifest.agency, self.files(sealed))
        except DecodeError as error:
            raise ArchiveDamaged(sealed.folder, str(error)) from error

    def open(self, sealed: Segment) -> Opened:
        """Return a segment's batches, to be made as they are asked for. Raises ArchiveDamaged, OSError."""
        try:
            return Opened(sealed.manifest.agency, self.files(sealed))
        except DecodeError as error:
            raise ArchiveDamaged(sealed.folder, str(error)) from error

    def files(self, sealed: Segment) -> dict[str, bytes]:
        """Return the files of a segment's record, the derived ones not. Raises ArchiveDamaged, OSError."""
        return {name: self.file(sealed, name) for name in sealed.manifest.files}

    def file(self, sealed: Segment, name: str) -> bytes:
        """Return one file of a segment, as it was written. Raises ArchiveDamaged, OSError."""
        entry: FileEntry = {**sealed.manifest.files, **sealed.manifest.derived}[name]
        path = sealed.folder / name
        there = False
        for at in (path, _aside(path, sealed.manifest.revision)):  # the latter while a revision is being put in place
            with contextlib.suppress(FileNotFoundError):
                data = at.read_bytes()
                if digest(data) == entry.sha256:
                    return data
                there = True
        raise ArchiveDamaged(path, "it was altered" if there else "it is missing")

    @contextlib.contextmanager
    def _chain(self) -> Iterator[None]:
        """Add links alone, and know those that others added."""
        with lock.chain(self.folder):
            self.refresh()
            yield

    def _finish(self, sealed: Segment) -> None:
        """Put the files of a revision in the place of those before; idempotent."""
        revision, named = sealed.manifest.revision, sealed.manifest.files
        if not revision:
            return
        for name in named:
            with contextlib.suppress(FileNotFoundError):
                _aside(sealed.folder / name, revision).replace(sealed.folder / name)
                self._at(f"{name}:in place")
        sync_folder(sealed.folder)
        self._sweep(sealed, named)

    def _sweep(self, sealed: Segment, keep: Mapping[str, object]) -> None:
        """Delete what is in the segment's folder besides links and what is to be kept."""
        gone = [path for path in sealed.folder.iterdir() if path.name not in keep]
        gone = [path for path in gone if not any(path.match(kind) for kind in LINKS)]
        for path in gone:
            path.unlink()
        if gone:
            sync_folder(sealed.folder)
        self._forget(sealed.folder)

    def _forget(self, folder: Path) -> None:
        self._decoded.pop(folder, None)

    def _derive(self, derive: Derive | None, agency: AgencyId, t0: int, sheets: Iterable[Sheet]) -> Mapping[str, bytes]:
        if derive is None:
            return {}
        try:
            return derive(agency, t0, sheets)
        except Exception:
            log.exception("derive_failed agency=%s t0=%d", agency, t0)
            return {}

    def _commit(self, path: Path, link: Link) -> Segment:
        """Chain the link to the newest one. Raises ArchiveDamaged, OSError."""
        number, prev = self._catalogue.head(link.agency)
        data = encode(replace(link, number=number + 1, prev=prev))
        touch(path.parent)  # should this be killed, whoever writes next looks again
        write(path, data, self._at)
        sync_folder(path.parent)
        touch(path.parent)
        self._at(f"{path.name}:committed")
        return self._catalogue.add(path, decode(data), data)


def _manifest_name(revision: int) -> str:
    return f"manifest-{revision}.json" if revision else MANIFEST


def _aside(path: Path, revision: int) -> Path:
    """Return where a file of a revision lies until the revision is committed."""
    return path.with_name(f".{path.name}.{revision}")


def _reports(kept: tuple[Segment, list[Delivery]]) -> int:
    return sum(kept[0].manifest.contents.kinds.values())
