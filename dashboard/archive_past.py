"""What the archive holds of before, for whoever goes on from there (`layers.derived`)."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.pictures import newest_picture
from layers.picture import Picture

LOOK_BACK_MS = 26 * 3_600_000
"""Where pictures were dropped, what is older is not gone through again: nearly all is forgotten after a day unheard."""


class ArchivePast:
    """The sealed segments, without those that were lawfully deleted. All may raise ArchiveDamaged and OSError."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def last_id(self, agency: AgencyId, t0: int) -> BatchId | None:
        """Return the id of the agency's last batch before `t0` (Unix ms); None: there is nothing."""
        segments = self._before(agency, t0)
        return BatchId.parse(segments[-1].manifest.contents.last) if segments else None

    def since_picture(
        self, agency: AgencyId, t0: int, read: Callable[[bytes], Picture]
    ) -> tuple[Picture | None, Iterable[Delivery], int]:
        """Return the newest picture kept before `t0`, None for none, the batches since it was taken, and a time.

        Nothing that was journaled before that time (Unix ms) is in either.
        """
        segments = self._before(agency, t0)
        kept = newest_picture(self._archive, segments, t0, read)
        if kept is None or kept.at < t0 - LOOK_BACK_MS:
            last = [s for s in segments if s.manifest.t0 >= t0 - LOOK_BACK_MS]
            return None, self._entries(last, 0), last[0].manifest.t0 if last else t0
        return kept.picture, self._entries(segments[kept.number :], kept.at), self._archive.since(segments[kept.number])

    def _before(self, agency: AgencyId, t0: int) -> list[Segment]:
        return [s for s in self._archive.segments(agency, 0, t0) if s.tombstone is None and s.manifest.t0 < t0]

    def _entries(self, segments: Sequence[Segment], since: int) -> Iterator[Delivery]:
        for segment in segments:
            opened = self._archive.open(segment)
            number = opened.after(BatchId(since, -1))
            while number < len(opened):
                until = opened.around(number).stop
                yield from opened[number:until]
                number = until
