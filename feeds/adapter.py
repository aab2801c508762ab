"""The adapter contract: what turns an agency's bytes into reports. Knows no adapter.

A dialect is ONE file `feeds/adapters/<name>.py` whose last line is `ADAPTER = ...`; it is found by its
file name and turned on by naming it in the site's file (`[[source]] adapter = "cot"`).
A decoder is opened per connection and may hold state; it has no clock, no socket and no chance:
time is an argument. One bad message never costs the good ones beside it.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec import Struct

from feeds.report import AnyReport

FRAME_MAX = 64 * 1024
"""Largest frame taken, bytes."""


class Refusal(NamedTuple):
    """One message that was not taken, in words its sender can use."""

    index: int
    """Position of the message within the frame, from 0."""
    reason: str
    """Short and stable, so that it can be counted: `unsupported type`, `lat out of range`, ..."""
    path: str = ""
    """Where in the message, `$.lon`."""
    seq: int | None = None


class Decoded(NamedTuple):
    """What one frame held. `indexes[i]` is the position of `reports[i]` within the frame, from 0."""

    reports: list[AnyReport]
    indexes: list[int]
    refusals: list[Refusal]


class Decoder(Protocol):
    """One connection's decoder."""

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return what the frame held. Raises DecodeError when nothing of the frame can be told apart."""
        ...


class Sample(NamedTuple):
    """A real frame (made by the project) and how many reports and refusals it must give."""

    frame: bytes
    reports: int
    refusals: int = 0


class Adapter(Struct, frozen=True):
    """A dialect."""

    name: str
    """The file's name; checked by the contract test."""
    title: str
    """Who speaks it, one line."""
    sequenced: bool
    """Whether reports carry `seq`; if not, frames are acknowledged by their ordinal on the connection."""
    open: Callable[[], Decoder]
    samples: tuple[Sample, ...]
    cut: Callable[[bytes], tuple[list[bytes], bytes]] | None = None
    """For byte streams: split a buffer into whole frames and what is left. None: messages only.

    A left-over or a frame over FRAME_MAX is the transport's to refuse.
    """
