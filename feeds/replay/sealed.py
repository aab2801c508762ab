"""What a review reads of sealed segments: their batches, pictures, and what was found on a walk through each."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from feeds.bus import BatchId, Delivery
from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import AgencyId
from feeds.recording.archive import Archive, Derive
from feeds.recording.carried import SURVEY
from feeds.recording.catalogue import Segment
from feeds.recording.opened import Opened
from feeds.recording.pictures import newest_picture
from feeds.recording.sheets import Sheet
from feeds.replay.recording import Sieve
from feeds.replay.sieve import wanted
from feeds.replay.survey import Labels, Survey

log = logging.getLogger(__name__)

OPEN_BYTES = 512 * 1024 * 1024
"""Of columns held, 80 to 110 bytes a report; the segments read longest ago go."""
MADE_KEPT = 16
"""Lots of batches kept as they were made, 4 MB each: readers take them a page at a time."""


def survey_file(
    agency: AgencyId, t0: int, coming: Iterable[Sheet], then: Derive | None = None, labels: Labels | None = None
) -> dict[str, bytes]:
    """Return the file to be derived of a segment, and those that `then` derives of the same sheets as they go by.

    `labels`: those said before the segment.
    """
    survey = Survey(agency, labels)
    passing = survey.passing(coming)
    made = then(agency, t0, passing) if then is not None else {}
    for _ in passing:
        pass
    return {SURVEY: survey.encode(), **made}


def survey_on_file(archive: Archive, one: Segment) -> Survey | None:
    """Return what was found of a segment as it was kept; None: nothing was, or it cannot be read. Raises OSError."""
    if not archive.has(one, SURVEY):
        return None
    try:
        return Survey.decode(one.manifest.agency, archive.file(one, SURVEY))
    except (ArchiveDamaged, DecodeError) as error:
        log.warning("survey_made_again segment=%s reason=%s", one.name, error)
        return None


def labels_on_file(
    archive: Archive, segments: Sequence[Segment], made: Mapping[Path, Survey] = MappingProxyType({})
) -> tuple[Labels, list[Segment]]:
    """Return the labels that the newest survey of these segments knows, and the segments behind it. Raises OSError.

    `made`: surveys that are at hand, by folder.
    """
    for number, one in reversed(list(enumerate(segments))):
        known = made.get(one.folder) or survey_on_file(archive, one)
        if known is not None:
            return known.labels, list(segments[number + 1 :])
    return {}, list(segments)


def labels_before(archive: Archive, agency: AgencyId, t0: int) -> Labels:
    """Return what labels are on record of the agency's things before `t0`, Unix ms. Raises OSError.

    What a survey on file knows it is told; what is behind the newest one is read.
    """
    earlier = [s for s in archive.segments(agency) if s.manifest.t0 < t0 and s.tombstone is None]
    labels, behind = labels_on_file(archive, earlier)
    for one in behind:
        try:
            labels = surveyed(agency, archive.decode(one), labels).labels
        except ArchiveDamaged as error:
            log.warning("labels_not_read segment=%s reason=%s", one.name, error)
    return labels


def surveyed(agency: AgencyId, entries: Iterable[Delivery], labels: Labels | None = None) -> Survey:
    """Return what is found on a walk through these batches; `labels`: those said before."""
    survey = Survey(agency, labels)
    _hear(survey, entries)
    return survey


def _hear(survey: Survey, batches: Iterable[Delivery]) -> None:
    for delivery in batches:
        survey.hear(delivery)


def _sift(opened: Opened, lot: range, sieve: Sieve) -> list[Delivery]:
    return opened.some(lot, wanted(sieve, opened, lot))


class _Made(NamedTuple):
    """Batches from number `first` on."""

    first: int
    batches: list[Delivery]


class Sealed:
    """The segments of an archive. A damaged one is as good as empty, and is in `damaged`."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.damaged: dict[Path, tuple[Segment, str]] = {}
        self._opened: OrderedDict[Path, Opened] = OrderedDict()
        self._made: OrderedDict[tuple[Path, int, int], _Made] = OrderedDict()
        """By folder, revision and first batch: what is made of an older revision is never taken for the newer one."""
        self._surveys: dict[Path, Survey] = {}
        self._of: dict[Path, Segment] = {}
        """As they were when anything was taken of them."""
        self._reading = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        """Opens a segment before it is asked for."""

    async def refresh(self) -> None:
        """Take in the segments that were added, let go of what was deleted or revised. Raises OSError."""
        async with self._reading:
            await asyncio.to_thread(self.archive.refresh)
            for folder, one in list(self._of.items()):
                if self.archive.at(folder) != one:
                    for kept in (self._of, self._opened, self._surveys, self.damaged):
                        kept.pop(folder, None)
                    self._forget(folder)

    def segments(self, agency: AgencyId, since: float = 0.0) -> Sequence[Segment]:
        """Return the agency's segments that reach beyond `since`, Unix seconds, and are still there, oldest first."""
        return [s for s in self.archive.segments(agency, int(since * 1000)) if s.tombstone is None]

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` batches after `after`, oldest first. Raises OSError."""
        found: list[Delivery] = []
        ahead = self.segments(agency, after.ms / 1000)
        for nth, one in enumerate(ahead):
            if BatchId.parse(one.manifest.contents.last) <= after or (opened := await self._open(one)) is None:
                continue
            number = opened.after(after)
            while number < len(opened) and len(found) < count:
                made = await self._make(one, opened, number)
                first = number - made.first
                found += made.batches[first : first + count - len(found)]
                number = made.first + len(made.batches) if len(found) < count else number
            if len(found) == count:
                if opened.after(found[-1].id) * 2 > len(opened):
                    self._look_ahead(ahead[nth + 1 : nth + 2])
                break
        return found

    async def sifted(self, one: Segment, after: BatchId, sieve: Sieve) -> AsyncIterator[list[Delivery]]:
        """Yield a segment's batches after `after` that hold what the sieve wants, as they are made. Raises OSError."""
        opened = await self._open(one)
        number = 0 if opened is None else opened.after(after)
        while opened is not None and number < len(opened) and opened.journaled_at(number) <= sieve.ends:
            lot = range(number, opened.around(number).stop)
            async with self._reading:
                try:
                    found = await asyncio.to_thread(_sift, opened, lot, sieve)
                except DecodeError as error:
                    self._is_damaged(one, error)
                    return
            yield found
            number = lot.stop

    async def picture(self, agency: AgencyId, t: float) -> tuple[float, bytes] | None:
        """Return the newest picture kept of the agency until `t`, and as of when it is. Raises OSError."""
        sealed = self.segments(agency)
        async with self._reading:
            kept = await asyncio.to_thread(newest_picture, self.archive, sealed, int(t * 1000), bytes)
        return None if kept is None else (kept.at / 1000, kept.picture)

    async def file(self, one: Segment, name: str) -> bytes:
        """Return one file of a segment, as it was written. Raises ArchiveDamaged, OSError."""
        async with self._reading:
            return await asyncio.to_thread(self.archive.file, one, name)

    async def survey(self, one: Segment) -> Survey:
        """Return what was found on a walk through a segment. Raises OSError."""
        survey = self._surveys.get(one.folder)
        if survey is None:
            self._of[one.folder] = one
            survey = self._surveys[one.folder] = await self._find(one)
        return survey

    async def _find(self, one: Segment) -> Survey:
        async with self._reading:
            kept = await asyncio.to_thread(survey_on_file, self.archive, one)
        if kept is not None:
            return kept
        earlier = [s for s in self.segments(one.manifest.agency) if s.manifest.t0 < one.manifest.t0]
        async with self._reading:
            labels, behind = await asyncio.to_thread(labels_on_file, self.archive, earlier, dict(self._surveys))
        for before in behind:
            self._of[before.folder] = before
            known = self._surveys[before.folder] = await self._walk(before, labels)
            labels = known.labels
        return await self._walk(one, labels)

    async def _walk(self, one: Segment, labels: Labels) -> Survey:
        """Return what is found on a walk through a segment, before which these labels were said."""
        survey, number = Survey(one.manifest.agency, labels), 0
        opened = await self._open(one)
        while opened is not None and number < len(opened):
            made = await self._make(one, opened, number)
            await asyncio.to_thread(_hear, survey, made.batches)
            number = made.first + len(made.batches)
        return survey

    async def _open(self, one: Segment) -> Opened | None:
        """Return the segment, open; None: it is damaged."""
        async with self._reading:
            opened = self._opened.get(one.folder)
            if opened is None and one.folder not in self.damaged:
                self._of[one.folder] = one
                try:
                    opened = self._opened[one.folder] = await asyncio.to_thread(self.archive.open, one)
                except ArchiveDamaged as error:
                    self._is_damaged(one, error)
                while len(self._opened) > 1 and self._held() > OPEN_BYTES:
                    self._opened.popitem(last=False)
            if opened is not None:
                self._opened.move_to_end(one.folder)
            return opened

    async def _make(self, one: Segment, opened: Opened, number: int) -> _Made:
        """Return the batches around one; none when they cannot be made, and then none follow."""
        lot = opened.around(number)
        key = one.folder, one.manifest.revision, lot.start
        async with self._reading:
            made = self._made.get(key)
            if made is None:
                try:
                    made = _Made(lot.start, await asyncio.to_thread(opened.__getitem__, slice(lot.start, lot.stop)))
                except DecodeError as error:
                    self._is_damaged(one, error)
                    return _Made(len(opened), [])
                self._made[key] = made
                if len(self._made) > MADE_KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return made

    def _is_damaged(self, one: Segment, error: Exception) -> None:
        log.error("segment_damaged segment=%s reason=%s", one.name, error)
        self.damaged[one.folder] = (one, str(error))
        self._opened.pop(one.folder, None)
        self._forget(one.folder)

    def _forget(self, folder: Path) -> None:
        for key in [key for key in self._made if key[0] == folder]:
            del self._made[key]

    def _held(self) -> int:
        return sum(opened.nbytes for opened in self._opened.values())

    def _look_ahead(self, following: Sequence[Segment]) -> None:
        """Open the segment that follows, if there is room for it: who plays is there soon."""
        if not following or following[0].folder in self._opened or following[0].folder in self.damaged:
            return
        one_more = self._held() * (1 + 1 / max(1, len(self._opened)))
        if (self._ahead is None or self._ahead.done()) and one_more <= OPEN_BYTES:
            self._ahead = asyncio.create_task(self._open_ahead(following[0]))

    async def _open_ahead(self, one: Segment) -> None:
        try:
            await self._open(one)
        except OSError as error:
            log.warning("segment_not_opened_ahead segment=%s reason=%s", one.name, error)
