"""The bus contract: pub/sub carries a batch live, the journal makes it lossless.

Rules
- A batch is appended to its agency's journal and published on its channel in one step, under one id;
  the id is the sequence. Ids of an agency only grow.
- `append` returns only after the journal has the batch: what it returned for may be acknowledged.
- A subscriber sees every batch after its starting ids exactly once and in order, per agency, whatever
  the line does meanwhile: gaps, silence and reconnects are read back from the journal.
- Heartbeats carry the last id, so a lost tail is found within a second, and the agency's feed health.
- `MemoryBus` keeps the same contract without a server (`tests/feeds/test_bus.py` runs on both).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from feeds.envelope import Batch, PackedBatch
from feeds.names import AgencyId, SourceId
from feeds.sequences import Range


class BatchId(NamedTuple):
    """A journal id: milliseconds, then a count within the millisecond. Compares in journal order."""

    ms: int
    n: int

    def __str__(self) -> str:
        """Return it as Redis writes it."""
        return f"{self.ms}-{self.n}"

    @classmethod
    def parse(cls, text: str | bytes) -> "BatchId":
        """Return the id written as `ms-n`. Raises ValueError."""
        ms, _, n = (text.decode() if isinstance(text, bytes) else text).partition("-")
        return cls(int(ms), int(n))

    def next(self) -> "BatchId":
        """Return the smallest id after this one."""
        return BatchId(self.ms, self.n + 1)


BEGINNING = BatchId(0, 0)


class Delivery(NamedTuple):
    """One batch as a subscriber gets it."""

    agency: AgencyId
    id: BatchId
    batch: Batch


class SourceHealth(Struct, frozen=True, omit_defaults=True):
    """What the door knows of one source; counts are since the gateway started.

    Sums are exact: reports in = accepted + duplicate + rejected.
    """

    source: SourceId
    adapter: str
    cadence_s: float
    """How often the source says it reports, seconds."""
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    gaps: int = 0
    """Sequence numbers missing between the smallest and the largest seen, over its runs."""
    connections: int = 0
    received_at: float | None = None
    """When it was last heard, Unix seconds; None: never."""
    observed_at: float | None = None
    """Newest observation, Unix seconds by the source's clock."""
    reasons: dict[str, int] = {}
    """Refused messages by reason."""
    closed: dict[str, int] = {}
    """Connections refused or cut by us, by reason."""
    last_reason: str = ""
    """The newest of both."""
    last_sample: str = ""
    """The shape of the newest refused message, masked (`feeds/masked.py`); for the agency's own people."""
    held_s: float = 0.0
    """For how long its senders were held back because they brought more than `rate_max`, seconds."""
    clock_offset_s: float | None = None
    """By how much its clock is ahead of ours, seconds; negative: behind; None: not known (`feeds/clock_offset.py`)."""
    clock_error_s: float | None = None
    """How far the true offset may be from that, seconds."""
    gateway: str = ""
    """Which gateway counted: an agency may have several side by side."""
    journal: str = ""
    """Why the journal takes nothing from this gateway now (`disk full`); empty: it takes."""


class Beat(NamedTuple):
    """The agency's heartbeat, once a second from each gateway."""

    agency: AgencyId
    last_id: BatchId
    sent_at: float
    sources: tuple[SourceHealth, ...]


class LineLost(NamedTuple):
    """The subscriber lost the bus; what was published meanwhile will be read back."""

    at: float


class LineBack(NamedTuple):
    """The subscriber has the bus again and has caught up with every journal."""

    at: float


BusEvent = Delivery | Beat | LineLost | LineBack

Pace = Callable[[], Awaitable[None]]
"""Awaited by a subscription whenever it has given all that came, before it listens on; returns well within a second."""


class Bus(Protocol):
    """What the gateway, the hub and the recorder need of a bus. All may raise BusDown."""

    async def append(self, batch: Batch | PackedBatch) -> BatchId:
        """Journal and publish the batch; return its id. Appends of one agency are taken one after the other.

        After BusDown the batch may still land: append the same batch again (it is then found, never stored
        twice) before any other of this agency.
        """
        ...

    async def beat(self, agency: AgencyId, sources: Sequence[SourceHealth], at: float) -> None:
        """Publish the agency's heartbeat."""
        ...

    def subscribe(
        self, agencies: Sequence[AgencyId], after: Mapping[AgencyId, BatchId], pace: Pace | None = None
    ) -> AsyncIterator[BusEvent]:
        """Yield every batch after `after` (absent: from the journal's beginning), then live ones, for ever.

        Never raises BusDown: it yields LineLost, tries again, and yields LineBack when it has caught up.
        The backlog comes first; the first LineBack says that it is through.
        """
        ...

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` journaled batches after `after`, oldest first; empty at the end."""
        ...

    async def others(
        self, agency: AgencyId, after: BatchId, own: Container[BatchId]
    ) -> tuple[list[Delivery], BatchId, bool]:
        """Return journaled batches after `after` but the `own` ones, oldest first; up to where; whether that is all.

        Whatever reached the server before this was called is in it, and is written to the journal's file.
        """
        ...

    async def trim(self, agency: AgencyId, before: BatchId) -> int:
        """Drop journaled batches with ids smaller than `before`; return how many went."""
        ...

    async def sequences(self, agency: AgencyId) -> dict[tuple[SourceId, str], list[Range]]:
        """Return the inclusive ranges of sequence numbers journaled, by source and run, trimmed entries included.

        Of the trimmed entries the newest 10,000 runs are known.
        """
        ...

    async def save_keyframe(self, data: bytes) -> None:
        """Keep `data` as the latest keyframe of the picture."""
        ...

    async def load_keyframe(self) -> bytes | None:
        """Return the latest keyframe, or None."""
        ...

    async def save_recorder(self, data: bytes) -> None:
        """Keep the recorder's newest word (`feeds/recording/word.py`); empty: nobody records any more."""
        ...

    async def load_recorder(self) -> bytes | None:
        """Return the recorder's newest word, or None."""
        ...

    async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
        """Keep an entry of a log of the site (`CUTS`, ...) made at `at`, Unix seconds; return its id: they grow."""
        ...

    async def read_log(self, log: AgencyId, after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
        """Return up to `count` entries of a log of the site after `after`, oldest first; empty at the end."""
        ...

    async def trim_log(self, log: AgencyId, before: BatchId) -> None:
        """Drop entries of a log of the site with ids smaller than `before`."""
        ...

    async def ping(self) -> None:
        """Return when the server answered within a second, all that it has done being written to its file.

        Raises BusDown otherwise.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
