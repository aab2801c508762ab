"""What is made of a segment for replay as it is sealed, and may be absent: minute chunks, an overview, pictures.

    units.chunks       a chunk for each minute (`layers.chunk`), with where each begins at its head
    l1.pyramid         the state each ten seconds, for scrubbing (`layers.pyramid`)
    picture.chunks     the agency's picture as it stood when each minute began (`layers.keyframe`)
    known.since        from when on what was journaled is in these (`feeds.recording.carried`)

All of it is of one agency and holds everything: only whom `layers.entitlement` names may be given it.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording.carried import KNOWN_SINCE, encode_since
from feeds.recording.chunk_file import encode_chunks
from feeds.recording.pictures import PICTURES
from feeds.recording.sheets import Sheet
from feeds.recording.summary import SEGMENT_MS
from layers import keyframe
from layers.chunk import MINUTE_S, minutes
from layers.picture import Picture
from layers.pyramid import l1
from layers.roster import Roster

CHUNKS, L1 = "units.chunks", "l1.pyramid"


class Past(Protocol):
    """What was sealed of an agency before, which follows one another without a hole."""

    def last_id(self, agency: AgencyId, t0: int) -> BatchId | None:
        """Return the id of its last batch before `t0` (Unix ms); None: there is nothing."""
        ...

    def since_picture(
        self, agency: AgencyId, t0: int, read: Callable[[bytes], Picture]
    ) -> tuple[Picture | None, Iterable[Delivery], int]:
        """Return the newest picture kept before `t0` (Unix ms), None for none, the batches since, and a time (Unix ms).

        Nothing that was journaled before that time is in either. `read` makes a picture of its bytes and raises
        DecodeError: then an older one is taken.
        """
        ...


class Deriver:
    """Makes the derived files of segments, each agency's in their order; keeps each agency's picture in between."""

    def __init__(self, roster: Roster, past: Past) -> None:
        self._roster = roster
        self._past = past
        self._pictures: dict[AgencyId, Picture] = {}
        """As each agency's things stood at the end of the segment made last."""
        self._since: dict[AgencyId, int] = {}
        """Nothing that was journaled before this is in that picture, Unix ms."""

    def __call__(self, agency: AgencyId, t0: int, coming: Iterable[Sheet]) -> dict[str, bytes]:
        """Return the files of the segment that begins at `t0`, Unix ms, with at least one batch."""
        picture = self._stands(agency, t0)
        chunks, kept = _minutes(picture, agency, t0, coming)
        self._pictures[agency] = picture
        began = t0 / 1000.0
        return {
            CHUNKS: encode_chunks(chunks, began),
            L1: l1(chunks),
            PICTURES: encode_chunks(kept, began),
            KNOWN_SINCE: encode_since(self._since[agency]),
        }

    def forget(self, agency: AgencyId) -> None:
        """Keep nothing of the agency: something was removed from what was sealed."""
        self._pictures.pop(agency, None)

    def _stands(self, agency: AgencyId, t0: int) -> Picture:
        """Return the agency's picture at `t0`; what fails after this leaves none behind."""
        last = self._past.last_id(agency, t0)
        picture = self._pictures.pop(agency, None)
        # It may have heard more than what was sealed: batches that hold no report are counted there, not kept. But
        # where it has heard of this segment, that was not committed, and it is made again.
        if picture is not None and last is not None and last <= picture.last.get(agency, BEGINNING) < BatchId(t0, 0):
            return picture
        kept, since, self._since[agency] = self._past.since_picture(
            agency, t0, lambda data: keyframe.restore(data, self._roster)
        )
        picture = kept or Picture(self._roster)
        for entry in since:
            picture.apply(entry)
        picture.expire(t0 / 1000.0)
        picture.flush()
        return picture


def _minutes(picture: Picture, agency: AgencyId, t0: int, coming: Iterable[Sheet]) -> tuple[list[bytes], list[bytes]]:
    """Return of each minute its chunk, and the picture as it stood when it began."""
    began, left_s = t0 / 1000.0, (SEGMENT_MS - t0 % SEGMENT_MS) / 1000.0
    count = -int(-left_s // MINUTE_S)
    chunks, kept = [], []
    made = minutes(picture, agency, coming, began, count)
    for minute in range(count):
        picture.expire(began + MINUTE_S * minute)
        kept.append(keyframe.keyframe(picture))
        chunks.append(next(made).data)
    for _ in made:  # there is none; it says so when batches are left
        pass
    return chunks, kept
