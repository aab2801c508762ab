"""What the archive holds of before, for whoever goes on from there (`layers.derived`)."""

from collections.abc import Iterable, Iterator

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from layers.derived import PICTURE

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

    def since_picture(self, agency: AgencyId, t0: int) -> tuple[bytes | None, Iterable[Delivery]]:
        """Return the newest picture of a segment before `t0`, None for none, and the batches since it was taken."""
        segments = self._before(agency, t0)
        with_one = (i for i in reversed(range(len(segments))) if self._archive.has(segments[i], PICTURE))
        first = next(with_one, None)
        if first is None or segments[first].manifest.t0 < t0 - LOOK_BACK_MS:
            return None, self._entries([s for s in segments if s.manifest.t0 >= t0 - LOOK_BACK_MS])
        return self._archive.file(segments[first], PICTURE), self._entries(segments[first:])

    def _before(self, agency: AgencyId, t0: int) -> list[Segment]:
        return [s for s in self._archive.segments(agency, 0, t0) if s.tombstone is None and s.manifest.t0 < t0]

    def _entries(self, segments: list[Segment]) -> Iterator[Delivery]:
        for segment in segments:
            yield from self._archive.entries(segment)
