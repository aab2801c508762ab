"""The kept pictures of an agency (`layers.derived` makes them): the newest until a moment, found in one way by all."""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from feeds.errors import ArchiveDamaged, DecodeError
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.chunk_file import newest_chunk

log = logging.getLogger(__name__)

PICTURES = "picture.chunks"
"""Derived file: the agency's picture as it stood when each minute began."""

T = TypeVar("T")


class Kept(NamedTuple, Generic[T]):
    """A picture, where it was found, and as of when: it holds what was journaled before `at`, Unix ms."""

    number: int
    """Of the segment."""
    at: int
    picture: T


def newest_picture(archive: Archive, sealed: Sequence[Segment], t: int, read: Callable[[bytes], T]) -> Kept[T] | None:
    """Return the newest picture at or before `t` (Unix ms) of an agency's segments, oldest first; None: there is none.

    `read` makes of the bytes what is wanted and raises DecodeError. What is missing, damaged or cannot be read is
    passed over for an older one: it can only be slower. Raises OSError.
    """
    for number in range(len(sealed) - 1, -1, -1):
        one = sealed[number]
        manifest = one.manifest
        if one.tombstone is not None or manifest.t0 > t or not archive.has(one, PICTURES):
            continue
        try:
            # Beyond its end they would claim to know what is in the next one.
            at, data = newest_chunk(archive.file(one, PICTURES), min(t, manifest.t1) / 1000.0)
            return Kept(number, round(at * 1000), read(data))
        except (ArchiveDamaged, DecodeError, IndexError) as error:
            log.warning("picture_passed_over segment=%s reason=%s", one.name, error)
    return None
