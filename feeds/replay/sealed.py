"""What a review reads of sealed segments: their batches, held packed, and what was found on a walk through each."""

import asyncio
import logging
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from feeds.bus import BatchId, Delivery
from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.held import Held
from feeds.replay.survey import Survey

log = logging.getLogger(__name__)

SURVEY, PICTURE = "survey.bin", "picture.keyframe"
"""Derived files: what was found, and the agency's picture as it stood when the segment began (`layers.derived`)."""
HELD_REPORTS = 5_000_000
"""Reports held, about 40 bytes each; the segments read longest ago go."""


def survey_file(agency: AgencyId, t0: int, entries: Iterable[Delivery]) -> dict[str, bytes]:
    """Return the file to be derived of a segment (`feeds.recording.archive.Derive`)."""
    return {SURVEY: surveyed(agency, entries).encode()}


def survey_on_file(archive: Archive, one: Segment) -> Survey | None:
    """Return what was found of a segment as it was kept; None: nothing was, or it cannot be read. Raises OSError."""
    if not archive.has(one, SURVEY):
        return None
    try:
        return Survey.decode(one.manifest.agency, archive.file(one, SURVEY))
    except (ArchiveDamaged, DecodeError) as error:
        log.warning("survey_made_again segment=%s reason=%s", one.name, error)
        return None


def surveyed(agency: AgencyId, entries: Iterable[Delivery]) -> Survey:
    """Return what is found on a walk through these batches."""
    survey = Survey(agency)
    for delivery in entries:
        survey.hear(delivery)
    return survey


class _Batches(NamedTuple):
    ids: list[BatchId]
    held: Held


class Sealed:
    """The segments of an archive. A damaged one is as good as empty, and is in `damaged`."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.damaged: dict[Path, tuple[Segment, str]] = {}
        self._batches: OrderedDict[Path, _Batches] = OrderedDict()
        self._surveys: dict[Path, Survey] = {}
        self._of: dict[Path, Segment] = {}
        """As they were when batches and surveys were taken of them."""
        self._reading = asyncio.Lock()

    async def refresh(self) -> None:
        """Take in the segments that were added, let go of what was deleted or revised. Raises OSError."""
        async with self._reading:
            await asyncio.to_thread(self.archive.refresh)
            for folder, one in list(self._of.items()):
                if self.archive.at(folder) != one:
                    for kept in (self._of, self._batches, self._surveys, self.damaged):
                        kept.pop(folder, None)

    def segments(self, agency: AgencyId, since: float = 0.0) -> Sequence[Segment]:
        """Return the agency's segments that reach beyond `since`, Unix seconds, and are still there, oldest first."""
        return [s for s in self.archive.segments(agency, int(since * 1000)) if s.tombstone is None]

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` batches after `after`, oldest first. Raises OSError."""
        found: list[Delivery] = []
        for one in self.segments(agency, after.ms / 1000):
            if BatchId.parse(one.manifest.contents.last) <= after:
                continue
            batches = await self._read(one)
            first = bisect_right(batches.ids, after)
            found += batches.held[first : first + count - len(found)]
            if len(found) == count:
                break
        return found

    async def picture(self, agency: AgencyId, t: float) -> tuple[float, bytes] | None:
        """Return with what picture the newest segment that has one began until `t`, and when. Raises OSError."""
        for one in reversed(self.segments(agency)):
            if one.manifest.t0 <= t * 1000 and self.archive.has(one, PICTURE):
                try:
                    async with self._reading:
                        return one.manifest.t0 / 1000, await asyncio.to_thread(self.archive.file, one, PICTURE)
                except ArchiveDamaged as error:
                    log.warning("picture_passed_over segment=%s reason=%s", one.name, error)
        return None

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
        return await asyncio.to_thread(surveyed, one.manifest.agency, (await self._read(one)).held)

    async def _read(self, one: Segment) -> _Batches:
        async with self._reading:
            batches = self._batches.get(one.folder)
            if batches is None:
                self._of[one.folder] = one
                try:
                    batches = await asyncio.to_thread(self._unseal, one)
                except ArchiveDamaged as error:
                    log.error("segment_damaged segment=%s reason=%s", one.name, error)
                    self.damaged[one.folder] = (one, str(error))
                    batches = _Batches([], Held(one.manifest.agency))
                self._batches[one.folder] = batches
                while len(self._batches) > 1 and sum(b.held.reports for b in self._batches.values()) > HELD_REPORTS:
                    self._batches.popitem(last=False)
            self._batches.move_to_end(one.folder)
            return batches

    def _unseal(self, one: Segment) -> _Batches:
        entries = self.archive.decode(one)
        held = Held(one.manifest.agency)
        for delivery in entries:
            held.add(delivery)
        return _Batches([delivery.id for delivery in entries], held)
