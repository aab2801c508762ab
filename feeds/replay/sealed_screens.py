"""What the screens showed, out of the archive."""

from bisect import bisect_right
from collections.abc import Sequence

from feeds.bus import BatchId
from feeds.names import SCREENS
from feeds.recording.archive import Archive
from feeds.recording.site_log import Entry
from feeds.replay.journal import id_after, readable_screens
from feeds.replay.screens import ScreensEntry
from feeds.replay.sealed_log import Form, SealedLog


def _id(entry: Entry) -> BatchId:
    return entry[0]


_NOTHING: Sequence[Entry] = ()
_FORM = Form(SCREENS, "the words of screens", lambda part: part.entries, _NOTHING)


class SealedScreens:
    """The log of the screens in `archive`, which somebody else refreshes."""

    def __init__(self, archive: Archive) -> None:
        self._log = SealedLog(archive, _FORM)
        self.gaps = self._log.damaged
        self.missing = self._log.missing

    async def screens(self, after: float, count: int) -> list[ScreensEntry]:
        """Return up to `count` entries made after `after`, oldest first. Raises OSError."""
        found: list[ScreensEntry] = []
        for one in self._log.parts(after):
            if one.tombstone is None:
                entries = await self._log.read(one)
                for entry in entries[bisect_right(entries, id_after(after), key=_id) :]:
                    found += readable_screens([entry], after)
                    if len(found) >= count:
                        return found
        return found
