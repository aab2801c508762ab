"""How an agency's things stood when a segment of the record began: labels that were said long before still count."""

from collections.abc import Callable, Sequence

from feeds.errors import ArchiveDamaged, DecodeError
from feeds.recording import segment
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.pictures import newest_picture
from feeds.recording.positions import labelled_units
from feeds.recording.sheets import KINDS
from feeds.report import UnitReport
from layers import keyframe
from layers.labels_now import labels_of
from layers.picture import UNITS, Picture
from layers.roster import Roster

UNIT = KINDS[UnitReport]
OTHERS = {"kind": [kind for kind in KINDS.values() if kind != UNIT]}
"""Reports of anything but units."""


class Before:
    """Of one agency's segments, all of them, oldest first.

    `damaged` is told of a segment that has to be passed over, and raises when it must not be.
    """

    def __init__(
        self,
        archive: Archive,
        sealed: Sequence[Segment],
        roster: Roster,
        damaged: Callable[[Segment, ArchiveDamaged | DecodeError], None],
    ) -> None:
        self._archive = archive
        self._sealed = sealed
        self._roster = roster
        self._damaged = damaged

    def stands(self, upto: int, *, units: bool = True) -> tuple[Picture, int]:
        """Return how things stood when segment number `upto` began, and from which segment on that was read.

        It starts with the newest picture that was kept. Where none was, all of the record is read: what
        is no unit's, and (`units`) all of units that ever had a label. Raises OSError, and what `damaged` does.
        """
        picture, begins, since = self._kept(upto)
        labelled = {id_ for layer, _, id_ in labels_of(picture) if layer == UNITS}
        for one in self._sealed[begins:upto]:
            if one.tombstone is not None:
                continue
            try:
                self._fold(picture, one, labelled, since, units=units)
            except (ArchiveDamaged, DecodeError) as error:
                self._damaged(one, error)
        return picture, begins

    def _kept(self, upto: int) -> tuple[Picture, int, int]:
        """Return the newest picture kept, the segment it was found in, and as of when it is, Unix ms."""
        manifests = [one.manifest for one in self._sealed]
        t = manifests[upto].t0 if upto < len(manifests) else max((one.t1 for one in manifests), default=0)
        sealed = self._sealed[: upto + 1]
        kept = newest_picture(self._archive, sealed, t, lambda data: keyframe.restore(data, self._roster))
        return (Picture(self._roster), 0, 0) if kept is None else (kept.picture, kept.number, kept.at)

    def _fold(self, picture: Picture, one: Segment, labelled: set[str], since: int, *, units: bool) -> None:
        if not units and not any(kind != UNIT for kind in one.manifest.contents.kinds):
            return
        agency, files = one.manifest.agency, self._archive.files(one)
        which = [OTHERS]
        if units:
            labelled |= labelled_units(agency, files)
            which.append({"kind": [UNIT], "subject": sorted(labelled)})
        for delivery in segment.decode_some(agency, files, *which):
            if delivery.id.ms >= since:
                picture.apply(delivery)
        picture.gather()
        picture.expire(one.manifest.t1 / 1000.0)
        picture.flush()
