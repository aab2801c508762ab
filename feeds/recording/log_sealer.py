"""One log of the site into the archive: reads what was noted, and knows what stands where the next part begins."""

import logging

from feeds.bus import BatchId
from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.site_log import ENTRIES, Entry, Part, SiteLog, contents, decode_part, encode_part, stands_after

log = logging.getLogger(__name__)

PAGE = 200
"""Entries read at a time."""
BYTES_MAX = 64 * 1024 * 1024
"""Bytes of entries in one part, which ends early beyond."""


class LogSealer:
    """Seals `site_log` into the archive."""

    def __init__(self, site_log: SiteLog, archive: Archive) -> None:
        self.name: AgencyId = site_log.name
        self.read = site_log.read
        self._told = site_log.told
        self._archive = archive
        self._stands: tuple[int, bytes | None] | None = None
        """What stands behind the newest part, and where that ends; None: it was not looked at yet."""

    async def collect(self, after: BatchId, t1: int) -> tuple[list[Entry], int]:
        """Return what is on the bus after `after` and before `t1` (Unix ms), and where the part ends: earlier if large.

        Raises BusDown.
        """
        entries: list[Entry] = []
        size = 0
        while page := await self.read(after, PAGE):
            for id_, data in page:
                if id_.ms >= t1:
                    return entries, t1
                if size > BYTES_MAX and id_.ms > entries[-1][0].ms:
                    return entries, id_.ms
                entries.append((id_, data))
                size += len(data)
            after = page[-1][0]
        return entries, t1

    def seal(self, t0: int, t1: int, entries: list[Entry], lost: tuple[int, int] | None) -> None:
        """Commit the entries, at least one, from `t0` to before `t1` (Unix ms); `lost` as `Archive.seal` has it.

        Raises OSError, ArchiveDamaged; nothing is committed then.
        """
        told = [self._told(data) for _, data in entries]
        # What was lost may have said otherwise.
        stood = None if lost is not None else self._stood(t0)
        data = encode_part(self.name, Part(stood, entries))
        self._archive.seal_log(self.name, t0, t1, {ENTRIES: data}, contents(self.name, t0, entries, told), lost)
        self._stands = t1, stands_after(stood, told)

    def _stood(self, t0: int) -> bytes | None:
        """Return what stands where a part begins at `t0`."""
        before = [part for part in self._archive.segments(self.name, 0, t0) if part.manifest.t0 < t0]
        if not before:
            return b""
        newest = before[-1]
        if self._stands is not None and self._stands[0] == newest.manifest.t1:
            return self._stands[1]
        try:
            if newest.tombstone is not None:
                return None
            part = decode_part(self.name, self._archive.file(newest, ENTRIES))
        except (ArchiveDamaged, DecodeError) as error:
            log.error("log_part_passed_over log=%s segment=%s reason=%s", self.name, newest.name, error)
            return None
        return stands_after(part.stood, (self._told(data) for _, data in part.entries))
