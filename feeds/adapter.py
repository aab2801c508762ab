"""The adapter contract: what turns an agency's bytes into reports. Knows no adapter.

A dialect is ONE file `feeds/adapters/<name>.py` whose last line is `ADAPTER = ...`; it is found by its
file name and turned on by naming it in the site's file (`[[source]] adapter = "cot"`).
A decoder is opened per connection and may hold state; it has no clock, no socket and no chance:
time is an argument. One bad message never costs the good ones beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from msgspec import Struct

from feeds.report import AnyReport

FRAME_MAX = 64 * 1024
"""Largest frame taken, bytes."""
MESSAGES_MAX = 1000
"""Messages taken of one frame; all that come after are one refusal, `TOO_MANY`, at the index of the first of them."""
TOO_MANY = f"more than {MESSAGES_MAX} messages"


class Refusal(NamedTuple):
    """One message that was not taken, in words its sender can use."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    """Position of the message within the frame, from 0."""
    reason: str
    """Short and stable, so that it can be counted: `unsupported type`, `lat out of range`, ..."""
    path: str = ""
    """Where in the message, `$.lon`."""
    seq: int | None = None


class Decoded(NamedTuple):
    """What one frame held. `indexes[i]` is the position of `reports[i]` within the frame, from 0."""

    reports: Sequence[AnyReport]
    indexes: Sequence[int]
    refusals: list[Refusal]
    agencies: Mapping[int, str] = MappingProxyType({})
    """The agency a message names, by the message's position: the door refuses another's than the source's own."""
    messages: Mapping[int, bytes] = MappingProxyType({})
    """Refused messages by position, where the dialect has them apart from their frame: their shape is shown, masked."""
    frame: bytes = b""
    """The start of the frame; the door's own note."""

    def add(self, index: int, report: AnyReport) -> None:
        """Add the report of the message at `index`; of a `Decoded` that was made with lists."""
        assert isinstance(self.reports, list) and isinstance(self.indexes, list)
        self.reports.append(report)
        self.indexes.append(index)


class Opening(NamedTuple):
    """What a decoder is told when its connection opens."""

    unit: str = "unit"
    """Whom messages are about that name nobody (NMEA, GPX): the sender's `?unit=`, else the source's `unit`, else
    the source's id."""


class Decoder(Protocol):
    """One connection's decoder."""

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return what the frame held. Raises DecodeError when nothing of the frame can be told apart."""
        ...


class Stream(Protocol):
    """Frames out of the bytes of one connection, cut the same wherever the bytes are split."""

    def __len__(self) -> int:
        """Return how many bytes of an unfinished frame are held; the transport bounds it."""
        ...

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the frames that end in `chunk`."""
        ...

    def drop(self) -> bytes:
        """Return what is held, and hold nothing."""
        ...


class Sample(NamedTuple):
    """A real frame (made by the project) and how many reports and refusals it must give."""

    frame: bytes
    reports: int
    refusals: int = 0


class Message(NamedTuple):
    """One message of a captured file."""

    raw: bytes
    at: float | None
    """When it says it was observed, Unix seconds; None: does not say, or cannot be read (it is sent all the same)."""
    seq: int | None = None
    whole: bool = True
    """Whether it could be read; one that could not travels alone."""


class Capture(Struct, frozen=True):
    """How a file captured in this dialect is read and sent again (`jointops feed`). Pure."""

    speaks: Callable[[bytes], bool]
    """Whether a file that begins so is of this dialect."""
    split: Callable[[bytes], list[Message]]
    """A file's messages, in the file's order."""
    move: Callable[[bytes, float, int | None], bytes]
    """A message with every time moved by so many seconds, and with that `seq` (None: as it is)."""
    join: Callable[[list[bytes]], bytes] | None = None
    """Several messages as one frame; None: one message a frame."""


class Adapter(Struct, frozen=True):
    """A dialect."""

    name: str
    """The file's name; checked by the contract test."""
    title: str
    """Who speaks it, one line."""
    sequenced: bool
    """Whether reports carry `seq`; if not, frames are acknowledged by their ordinal on the connection."""
    opens: Callable[[Opening], Decoder]
    samples: tuple[Sample, ...]
    stream: Callable[[], Stream] | None = None
    """For byte streams: opened per connection, cuts its bytes into frames. None: messages only."""
    speaker: Callable[[bytes], str] | None = None
    """The id that a frame gives its sender, told without decoding, `""` when it does not: on a port that several
    sources share it says whose a frame is that could not be decoded. None: frames do not say."""
    reply: Callable[[bytes, float], bytes] | None = None
    """What a stream's or datagram's sender wants to hear of a frame (a pong, an acknowledgement), `b""` for nothing;
    sent once the journal has what the frame held. The float is our clock, Unix seconds. None: nothing is ever said."""
    http_answer: bytes | None = None
    """What an HTTP sender wants to read once its message was dealt with, or refused; None: our own JSON answer."""
    subprotocols: tuple[str, ...] = ()
    """WebSocket subprotocols that its senders may ask for: other forms of its messages that its decoder takes too."""
    capture: Capture | None = None
    """None: files of this dialect cannot be fed."""

    def open(self, opening: Opening = Opening()) -> Decoder:  # noqa: B008 - immutable
        """Return the decoder of a new connection."""
        return self.opens(opening)
