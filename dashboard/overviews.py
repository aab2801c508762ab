"""Blocks of the time pyramid for whom they are asked: as they were sealed, or made of these, and kept.

A block is one agency's. It begins and ends where the site's record does, whatever the agency said in it: a stretch of
which the asker may see nothing is told as one in which nothing was.
"""

import asyncio
import logging
import math
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from dashboard.archive_past import LOOK_BACK_MS
from feeds.errors import ArchiveDamaged, DecodeError, JointOpsError
from feeds.names import AgencyId
from feeds.recording import word
from feeds.recording.catalogue import Segment
from feeds.recording.chunk_file import chunk_at
from feeds.recording.pictures import PICTURES
from feeds.recording.positions import unit_labels
from feeds.recording.segment import REPORTS
from feeds.recording.verifier import folder_name
from feeds.replay.recording import Span as Recorded
from feeds.replay.sealed import Sealed
from layers import keyframe
from layers.derived import CHUNKS, L1
from layers.entitlement import entitled
from layers.labels_now import LabelsNow, labels_of
from layers.picture import UNITS, Picture
from layers.policy import Door
from layers.pyramid import L1_BLOCK_S, L1_STEP_S, L2_BLOCK_S, L2_STEP_S, Part, overview
from layers.review_rules import ReviewRules
from layers.roster import Roster
from layers.sight import SharedSight, Sight
from layers.span import Span
from layers.track import known_labels

log = logging.getLogger(__name__)

BYTES_MAX = 64 * 1024 * 1024
"""Of blocks that are kept, those used longest ago go."""
WAITING_MAX = 16
"""Blocks of one viewer that may wait to be made; one is made at a time. Of each by himself: none holds up the others
for long, and how many others wait is nobody's to tell."""
_SEGMENTS_MAX = 4096
"""Segments whose labels are kept: ten minutes of an agency each."""

Level = Literal["l1", "l2"]
LEVELS: dict[Level, tuple[float, float]] = {"l1": (L1_STEP_S, L1_BLOCK_S), "l2": (L2_STEP_S, L2_BLOCK_S)}
"""A state each how many seconds, in blocks of how many."""


class NotThere(JointOpsError):
    """There is no such block; why is nobody's business who asked."""


class TooMany(JointOpsError):
    """More is asked for than is made in time."""


class Extent(NamedTuple):
    """From when to when a block tells, Unix seconds."""

    at: float
    until: float


Labels = dict[str, frozenset[str]]
RulesIn = Callable[[Extent], Awaitable[Sequence[ReviewRules]]]
"""The rules of whoever asks: by each policy that was in force at some time of a stretch."""


class Overviews:
    """The blocks of one review process. `recorder`: what the recorder says of itself (`feeds.recording.word`)."""

    def __init__(self, sealed: Sealed, recorder: Callable[[], Awaitable[bytes | None]], roster: Roster) -> None:
        self._sealed = sealed
        self._recorder = recorder
        self._roster = roster
        self._labels: OrderedDict[Path, tuple[Segment, Labels]] = OrderedDict()
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._size = 0
        self._making = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        """By viewer."""

    async def minute(self, agency: AgencyId, t: float) -> bytes:
        """Return the stored chunk that tells of `t`, Unix seconds: for whom it is meant is the caller's to see.

        Raises NotThere, OSError.
        """
        for one in self._sealed.segments(agency, t):
            if one.manifest.t0 <= t * 1000 < one.manifest.t1 and self._sealed.archive.has(one, CHUNKS):
                try:
                    return chunk_at(await self._sealed.file(one, CHUNKS), t)
                except (ArchiveDamaged, DecodeError, IndexError) as error:
                    log.warning("chunk_not_given segment=%s reason=%s", one.name, error)
        raise NotThere

    async def block(
        self, level: Level, agency: AgencyId, at: float, span: Recorded, rules_in: RulesIn, today: LabelsNow, who: str
    ) -> bytes:
        """Return the block that begins at `at`, Unix seconds, as far as `span` and what is sealed go.

        `who`: the viewer. Raises NotThere, TooMany, BusDown, OSError.
        """
        step_s, length_s = LEVELS[level]
        until = min(at + length_s, await self._sealed_to())
        extent = Extent(max(at, math.ceil(span.since / step_s) * step_s), until)
        if at % length_s or extent.until <= extent.at:
            raise NotThere
        rules = await rules_in(extent)
        segments = self._segments(agency, extent)
        own = all(entitled(one, one.viewer, agency) for one in rules)
        if own and level == "l1" and _is_just(segments, extent):
            return await self._file(segments[0], L1)
        if self._waiting[who] >= WAITING_MAX:
            raise TooMany("too many blocks are asked for at once; try again in a moment")
        self._waiting[who] += 1
        try:
            async with self._making:
                family = self._roster.family(agency)
                sight = Sight(agency, family) if own else await self._shared(agency, family, segments, rules, today)
                return await self._made(level, segments, extent, sight)
        finally:
            self._waiting[who] -= 1
            self._waiting += Counter()  # whoever waits no more is let go

    async def _sealed_to(self) -> float:
        """Return up to when all that is on record is sealed, Unix seconds."""
        said = word.decode(await self._recorder())
        if said is not None:
            return said.sealed_to
        # Nobody records here: an import, or a folder that is looked at where it lies. What is there is all there is.
        ends = [self._sealed.archive.sealed_to(AgencyId(agency)) for agency in self._roster.agencies]
        return max((end / 1000 for end in ends if end is not None), default=0.0)

    async def _made(self, level: Level, segments: list[Segment], extent: Extent, sight: Sight) -> bytes:
        shown = sight.key if isinstance(sight, SharedSight) else None
        names = tuple((one.name, one.manifest.number) for one in segments)
        key = (level, sight.agency, extent, names, shown)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        files = [await self._file(one, L1) for one in segments]
        try:
            data = await asyncio.to_thread(_overview, files, segments, extent, LEVELS[level][0], sight)
        except DecodeError as error:
            log.warning("block_not_made agency=%s at=%s reason=%s", sight.agency, extent.at, error)
            raise NotThere from error
        self._kept[key] = data
        self._size += len(data)
        while self._size > BYTES_MAX and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1])
        return data

    def _segments(self, agency: AgencyId, extent: Extent) -> list[Segment]:
        """Return what a block is made of, oldest first: also the newest before it, which says how units stood.

        Raises NotThere when something of it cannot be read, or has no overview.
        """
        begin, end = extent.at * 1000, extent.until * 1000
        found = [s for s in self._sealed.segments(agency, extent.at - LOOK_BACK_MS / 1000) if s.manifest.t0 < end]
        first = sum(one.manifest.t1 <= begin for one in found)
        if first and (first == len(found) or found[first].manifest.t0 > begin):
            first -= 1
        found = found[first:]
        archive, since = self._sealed.archive, found[0].manifest.t0 if found else int(begin)
        torn = (f"{folder.parent.name}/{folder.name}" for folder in archive.damaged(agency))
        if any(folder_name(since) <= name < folder_name(int(end)) for name in torn):
            raise NotThere
        if not all(archive.has(one, L1) and archive.has(one, PICTURES) for one in found):
            raise NotThere
        return found

    async def _shared(
        self, agency: AgencyId, family: str, segments: list[Segment], rules: Sequence[ReviewRules], today: LabelsNow
    ) -> Sight:
        labels = {id_: said for (layer, of, id_), said in today.items() if layer == UNITS and of == agency}
        for one in segments:
            for id_, said in (await self._labels_in(one)).items():
                labels[id_] = labels.get(id_, frozenset()) | said
        door = Door(Picture(self._roster), rules[0], rules[0].viewer)
        return SharedSight(agency, family, rules, door, labels)

    async def _labels_in(self, one: Segment) -> Labels:
        """Return what labels stood on units when the segment began, or were said of them in it."""
        kept, labels = self._labels.get(one.folder, (None, Labels()))
        if kept != one:
            pictures, reports = await self._file(one, PICTURES), await self._file(one, REPORTS)
            try:
                picture = chunk_at(pictures, one.manifest.t0 / 1000)
                labels = await asyncio.to_thread(self._find_labels, one.manifest.agency, picture, reports)
            except (DecodeError, IndexError) as error:
                log.warning("labels_not_read segment=%s reason=%s", one.name, error)
                raise NotThere from error
            self._labels[one.folder] = one, labels
            while len(self._labels) > _SEGMENTS_MAX:
                self._labels.popitem(last=False)
        return labels

    def _find_labels(self, agency: AgencyId, picture: bytes, reports: bytes) -> Labels:
        stood = labels_of(keyframe.restore(picture, self._roster))
        labels = {id_: said for (layer, _, id_), said in stood.items() if layer == UNITS}
        for id_, said in unit_labels(agency, {REPORTS: reports}).items():
            labels[id_] = labels.get(id_, frozenset()) | known_labels(said)
        return labels

    async def _file(self, one: Segment, name: str) -> bytes:
        try:
            return await self._sealed.file(one, name)
        except ArchiveDamaged as error:
            log.warning("block_not_given segment=%s reason=%s", one.name, error)
            raise NotThere from error


def _is_just(segments: list[Segment], extent: Extent) -> bool:
    """Say whether the one segment's own overview is the block."""
    ends = [(one.manifest.t0 / 1000, one.manifest.t1 / 1000) for one in segments]
    return ends == [(extent.at, extent.until)] and extent.until - extent.at == L1_BLOCK_S


def _overview(files: list[bytes], segments: list[Segment], extent: Extent, step_s: float, sight: Sight) -> bytes:
    spans = [Span(data) for data in files]
    ends = [min(span.until, one.manifest.t1 / 1000) for span, one in zip(spans, segments, strict=True)]
    parts = [Part(span, end) for span, end in zip(spans, ends, strict=True)]
    return overview(parts, extent.at, extent.until, step_s, sight)
