"""A log of the site out of the archive: ten minutes are one file, read when somebody goes there, and some are kept.

A file that is damaged is passed over; which it is, and where else nothing is on record any more, is told.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment, began_at
from feeds.recording.site_log import ENTRIES, Part, decode_part
from feeds.recording.summary import SEGMENT_MS
from feeds.replay.recording import Gap

log = logging.getLogger(__name__)

KEPT = 24
"""Files kept of a log; the one read longest ago goes. Cuts of ten ticks a second, six agencies: 0.3 MB each."""

P = TypeVar("P")


class Form(NamedTuple, Generic[P]):
    """What a reader makes of a log's parts."""

    name: AgencyId
    told: str
    """What the log tells, for people; more than one."""
    made: Callable[[Part], P]
    nothing: P
    """Of a part that cannot be read."""


class SealedLog(Generic[P]):
    """The parts of one log in `archive`, which somebody else refreshes."""

    def __init__(self, archive: Archive, form: Form[P]) -> None:
        self.archive = archive
        self.form = form
        self.gone = f"{form.told} are not on record any more"
        """Deleted, or lost before they were recorded."""
        self._kept: OrderedDict[Path, P] = OrderedDict()
        self._damaged: dict[Path, tuple[Segment, str]] = {}
        self._reading = asyncio.Lock()

    @property
    def until(self) -> float:
        """Up to when there are parts, Unix seconds."""
        sealed_to = self.archive.sealed_to(self.form.name)
        return float("-inf") if sealed_to is None else sealed_to / 1000

    def parts(self, since: float, until: float = float("inf")) -> list[Segment]:
        """Return those that reach into `since` to `until`, deleted ones too, oldest first."""
        return self.archive.segments(self.form.name, ms(since), ms(until) + 1)

    def unreadable(self) -> list[Path]:
        """Return the folders whose manifest cannot be read."""
        return self.archive.damaged(self.form.name)

    async def read(self, one: Segment) -> P:
        """Return what was made of a part that was not deleted. Raises OSError."""
        async with self._reading:
            part = self._kept.get(one.folder)
            if part is None:
                try:
                    part = await asyncio.to_thread(self._made, one)
                    self._damaged.pop(one.folder, None)
                except (ArchiveDamaged, DecodeError) as error:
                    log.error("log_damaged log=%s segment=%s reason=%s", self.form.name, one.name, error)
                    self._damaged[one.folder] = one, self._named(str(error))
                    part = self.form.nothing
                self._kept[one.folder] = part
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(one.folder)
            return part

    def damaged(self) -> Iterator[Gap]:
        """Yield what is known to be damaged."""
        for one, reason in self._damaged.values():
            if self.archive.at(one.folder) != one:
                continue  # it was deleted since
            yield self._gap(one.manifest.t0, one.manifest.t1, self._words(reason))
        for folder in self.unreadable():
            if self.archive.at(folder) is None and (t0 := began_at(folder)) is not None:
                words = self._words(f"{self._named(str(folder))}: its manifest cannot be read")
                yield self._gap(t0, t0 + SEGMENT_MS, words)

    def missing(self, since: float, until: float) -> Gap | None:
        """Return the newest stretch of `since` to `until` that is damaged, deleted or lost, as far as that is known."""
        found = list(self.damaged())
        for one in self.parts(since):
            if one.tombstone is not None:
                found.append(self._gap(one.manifest.t0, one.manifest.t1, self.gone))
            if one.manifest.lost is not None:
                found.append(self._gap(*one.manifest.lost, self.gone))
            if one.manifest.t0 >= until * 1000:
                break  # it said what was lost before it
        return max((gap for gap in found if gap.since < until and since < gap.until), key=_until, default=None)

    def _made(self, one: Segment) -> P:
        return self.form.made(decode_part(self.form.name, self.archive.file(one, ENTRIES)))

    def _named(self, reason: str) -> str:
        """Return it without where the archive lies, which is nobody's business."""
        return reason.replace(f"{self.archive.folder}/", "")

    def _words(self, reason: str) -> str:
        return f"{self.form.told} are damaged: {reason}"

    def _gap(self, t0: int, t1: int, words: str) -> Gap:
        return Gap(t0 / 1000, t1 / 1000, "", words)


def ms(t: float) -> int:
    """Return Unix seconds, however far away, as milliseconds that there can be."""
    return int(max(min(t, 1e12), 0.0) * 1000)


def _until(gap: Gap) -> float:
    return gap.until
