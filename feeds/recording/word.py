"""What the recorder says of itself, each second under one key on the bus: how it is, what may be trimmed. Pure."""

import msgspec
from msgspec import Struct

from feeds.bus import BEGINNING, BatchId
from feeds.errors import DecodeError
from feeds.names import AgencyId

RECORDING, BEHIND = "recording", "behind"
BEHIND_S = 1800.0
"""When what is sealed ends longer ago than this, the recorder is behind, seconds."""


class Word(Struct, frozen=True):
    """How the recorder is."""

    at: float
    """When it was said, Unix seconds by the recorder's clock."""
    state: str
    """`recording`, `behind`, or in short words why nothing is sealed (`disk full`)."""
    since: float
    """Since when it is so, Unix seconds."""
    sealed_to: float
    """Up to when all that the journals took is in the archive, Unix seconds."""
    marks: dict[AgencyId, BatchId] = {}
    """Every entry before this is committed, or holds nothing; of logs of the site too."""
    lost: dict[AgencyId, int] = {}
    """From when on batches may have gone before they were recorded, Unix ms; said until a manifest says it."""

    def mark(self, agency: AgencyId) -> BatchId:
        """Return the id before which the agency's journal may be trimmed."""
        return self.marks.get(agency, BEGINNING)


encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Word)


def decode(data: bytes | None) -> Word | None:
    """Return the word in `data`; None for none. Raises DecodeError."""
    if not data:
        return None
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DecodeError(f"the recorder's word cannot be read: {error}") from error
