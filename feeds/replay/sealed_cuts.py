"""The hub's cuts out of the archive: ten minutes are one file, read when somebody goes there, and some are kept.

A file that is damaged is passed over: there are no ticks on record then, and what the shares were nobody knows.
"""

import asyncio
import logging
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import CUTS
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment, began_at, folder_name
from feeds.recording.site_log import ENTRIES, Entry, decode_part
from feeds.recording.summary import SEGMENT_MS
from feeds.replay.cuts import UNREADABLE, CutsEntry, told
from feeds.replay.journal import readable
from feeds.replay.recording import Gap

log = logging.getLogger(__name__)

KEPT = 24
"""Files kept; the one read longest ago goes. Ten ticks a second, six agencies: 0.3 MB each."""
GONE = "the hub's ticks and the shares of then are not on record any more"
"""Deleted, or lost before they were recorded."""
_LOOK_BACK_MS = SEGMENT_MS
"""An entry's ticks may reach beyond the end of its file by so much at most."""


class _Held(NamedTuple):
    until: float
    entry: Entry


class _Part(NamedTuple):
    stood: bytes | None
    entries: list[_Held]
    policies: list[tuple[float, bytes]]
    """From when on which was in force, of those told in it."""


_NOTHING = _Part(None, [], [])


class SealedCuts:
    """The cuts in `archive`, which somebody else refreshes."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: OrderedDict[Path, _Part] = OrderedDict()
        self._damaged: dict[Path, tuple[Segment, str]] = {}
        self._reading = asyncio.Lock()

    @property
    def until(self) -> float:
        """Up to when there are some, Unix seconds."""
        sealed_to = self._archive.sealed_to(CUTS)
        return float("-inf") if sealed_to is None else sealed_to / 1000

    async def cuts(self, after: float, count: int) -> list[CutsEntry]:
        """Return up to `count` entries whose last tick is after `after`, oldest first. Raises OSError."""
        found: list[CutsEntry] = []
        for one in self._archive.segments(CUTS, max(0, _ms(after) - _LOOK_BACK_MS)):
            span = one.manifest.contents.received
            if one.tombstone is not None or span is None or span[1] <= after:
                continue
            for held in (await self._read(one)).entries:
                if held.until > after:
                    found += readable([held.entry])
                    if len(found) >= count:
                        return found
        return found

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when that is before the first that is on record.

        UNREADABLE where nobody can tell. Raises OSError.
        """
        one = self._newest(t)
        if self._hidden(t, one):
            return UNREADABLE
        if one is None:
            return b""
        part = await self._read(one)
        at = bisect_right(part.policies, t, key=lambda policy: policy[0])
        stands = part.policies[at - 1][1] if at else part.stood
        return UNREADABLE if stands is None else stands

    async def told(self, since: float, until: float) -> list[bytes]:
        """Return the policies told of after `since` until `until`, oldest first. Raises OSError."""
        found: list[bytes] = []
        for one in self._archive.segments(CUTS, max(0, _ms(since) - _LOOK_BACK_MS), _ms(until) + 1):
            if one.tombstone is None:
                found += [policy for at, policy in (await self._read(one)).policies if since < at <= until]
        return found

    def unread(self, t: float) -> str:
        """Return why neither the ticks at `t` nor the policy of then can be read, as far as that was tried; or ""."""
        for gap in self.gaps():
            if gap.since <= t < gap.until:
                return gap.text
        return GONE if self._hidden(t, self._newest(t)) else ""

    def gaps(self) -> Iterator[Gap]:
        """Yield what is known to be damaged."""
        for one, reason in self._damaged.values():
            if self._archive.at(one.folder) != one:
                continue  # it was deleted since
            yield Gap(one.manifest.t0 / 1000, one.manifest.t1 / 1000, "", _words(reason))
        for folder in self._archive.damaged(CUTS):
            if self._archive.at(folder) is None and (t0 := began_at(folder)) is not None:
                yield Gap(
                    t0 / 1000,
                    (t0 + SEGMENT_MS) / 1000,
                    "",
                    _words(f"{self._named(str(folder))}: its manifest cannot be read"),
                )

    def _named(self, reason: str) -> str:
        """Return it without where the archive lies, which is nobody's business."""
        return reason.replace(f"{self._archive.folder}/", "")

    def _newest(self, t: float) -> Segment | None:
        """Return the newest segment that begins until `t`."""
        before = self._archive.segments(CUTS, 0, _ms(t) + 1)
        return before[-1] if before else None

    def _hidden(self, t: float, newest: Segment | None) -> bool:
        """Say whether a policy may have been told before `t` and after the newest segment, where nobody can read it."""
        if newest is not None and newest.tombstone is not None:
            return True
        name = newest.name if newest is not None else ""
        if any(name < _name(folder) <= folder_name(_ms(t)) for folder in self._archive.damaged(CUTS)):
            return True
        following = (one.manifest for one in self._archive.segments(CUTS, _ms(t)) if one.manifest.t0 > t * 1000)
        lost = manifest.lost if (manifest := next(following, None)) is not None else None
        return lost is not None and lost[0] <= t * 1000

    async def _read(self, one: Segment) -> _Part:
        async with self._reading:
            part = self._kept.get(one.folder)
            if part is None:
                try:
                    part = await asyncio.to_thread(self._decode, one)
                    self._damaged.pop(one.folder, None)
                except (ArchiveDamaged, DecodeError) as error:
                    log.error("cuts_damaged segment=%s reason=%s", one.name, error)
                    self._damaged[one.folder] = one, self._named(str(error))
                    part = _NOTHING
                self._kept[one.folder] = part
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(one.folder)
            return part

    def _decode(self, one: Segment) -> _Part:
        sealed = decode_part(CUTS, self._archive.file(one, ENTRIES))
        outlines = [(said, entry) for entry in sealed.entries if (said := told(entry[1])) is not None]
        return _Part(
            sealed.stood,
            [_Held(said.until, entry) for said, entry in outlines],
            [(said.since, said.stands) for said, _ in outlines if said.stands],
        )


def _words(reason: str) -> str:
    return f"the hub's ticks and the shares of then are damaged: {reason}"


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _ms(t: float) -> int:
    return int(max(min(t, 1e12), 0.0) * 1000)
