"""What a review needs of a record, wherever it lies: sealed segments, a journal, both."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.names import AgencyId
from feeds.replay.clocks import Clocks
from feeds.replay.cuts import CutsEntry
from feeds.replay.screens import ScreensEntry
from feeds.report import Category

LATE_S = 30.0
"""A report journaled longer than this after it was effective is a late one, seconds."""

What = Literal["incident", "camera", "alarm", "log"]
"""What a review steps to. `alarm`: a unit's emergency that begins."""


Kind = Literal["unit", "incident", "camera", "zone", "log"]
KINDS: tuple[Kind, ...] = ("unit", "incident", "camera", "zone", "log")


class Sort(NamedTuple):
    """Reports that policy looks at alike."""

    kind: Kind
    category: Category
    """Without which nobody knows of them."""
    labels: frozenset[str]
    """All that were ever said of the thing until then."""


Counts = Mapping[int, Mapping[Sort, int]]
"""Reports by the minute they were journaled in (Unix minutes)."""


class Span(NamedTuple):
    """From when to when there is a record, Unix seconds. It may grow."""

    since: float
    until: float


class Mark(NamedTuple):
    """Where in the record something may have happened; what of it a viewer sees is another matter."""

    agency: AgencyId
    id: BatchId
    """Of the batch that says so."""
    effective_at: float


class Sieve(NamedTuple):
    """What an answer needs of a stretch: reports effective from `since` to `until`, not late, and journaled by `by`.

    All Unix seconds. What else there is may be left out (`feeds.replay.sieve`).
    """

    since: float
    until: float
    by: float
    kinds: frozenset[str]
    """As `feeds.recording.sheets.KINDS` has them."""
    unit: str | None = None
    """Of units this one alone; None: all."""
    changes: bool = False
    """Of each unit those reports alone that say other words than the one before, or a place in `box`."""
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees."""
    stood_at: float | None = None
    """Of each unit its newest place before then, too, Unix seconds."""

    @property
    def ends(self) -> float:
        """Nothing journaled later is needed, Unix seconds."""
        return min(self.until + LATE_S, self.by)


class Gap(NamedTuple):
    """A stretch that is missing or cannot be read."""

    since: float
    until: float
    agency: AgencyId | Literal[""]
    """Whose; "": the site's."""
    text: str
    """For people."""
    detail: str = ""
    """More of it, for people of the agency itself."""
    own: bool = False
    """Nobody but the agency itself is told of it."""


class Pictures(NamedTuple):
    """Pictures (`layers.keyframe`) of different agencies, each as of a time from `since` to `until` (Unix seconds)."""

    since: float
    until: float
    data: tuple[bytes, ...]


class Recording(Protocol):
    """A record. An id's ms are the time at which its batch was journaled: a batch is known from then on.

    All may raise BusDown, OSError or ArchiveDamaged, whose text says what cannot be read.
    """

    @property
    def agencies(self) -> Sequence[AgencyId]:
        """Whose record it is."""
        ...

    def settled(self) -> float:
        """Return until when, Unix seconds, nothing that is not there yet can have been journaled."""
        ...

    async def span(self) -> Span | None:
        """Return from when to when; all that was journaled until the end can be read. None: nothing is recorded."""
        ...

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` batches after `after`, oldest first; empty at the end."""
        ...

    def sifted(self, agency: AgencyId, sieve: Sieve) -> AsyncIterator[list[Delivery]]:
        """Yield the batches that hold what the sieve wants, oldest first, some at a time; they may hold more."""
        ...

    async def late(self, agency: AgencyId, since: float, until: float, after: BatchId = BEGINNING) -> list[Delivery]:
        """Return what became effective after `since` and at or before `until`, and was late; oldest batch first.

        Of batches after `after`; they hold these reports alone.
        """
        ...

    async def marks(
        self, what: What, t: float, by: Literal[1, -1], *, truth: bool, until: float, of: Collection[AgencyId]
    ) -> list[Mark]:
        """Return the marks of the nearest time after (1) or before (-1) `t`, by effective or by journal time.

        Effective when `truth`; of these agencies; not beyond `until`. Empty: there are none.
        """
        ...

    async def cuts(self, after: float, count: int) -> list[CutsEntry]:
        """Return up to `count` entries whose last tick is after `after`, oldest first; empty at the end."""
        ...

    async def screens(self, after: float, count: int) -> list[ScreensEntry]:
        """Return up to `count` entries of what the screens showed, made after `after`, oldest first."""
        ...

    def screens_missing(self, since: float, until: float) -> Gap | None:
        """Return the newest stretch of `since` to `until` in which nobody can tell what the screens showed, or None.

        As far as it was tried.
        """
        ...

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when it is not on record; `cuts.UNREADABLE`."""
        ...

    def ticks_unread(self, t: float) -> str:
        """Return why neither the hub's ticks at `t` nor the policy of then can be read, in words; "": they can be."""
        ...

    async def policies(self, since: float, until: float) -> list[bytes]:
        """Return each policy that was in force at some time from `since` to `until`; b"": none is on record for it."""
        ...

    async def pictures(self, t: float) -> Pictures | None:
        """Return the newest pictures on record that hold nothing journaled after `t`, or None."""
        ...

    async def counts(self, agency: AgencyId) -> Counts:
        """Return how much of the agency's was journaled when."""
        ...

    async def clocks(self, agency: AgencyId, since: float, until: float) -> Clocks:
        """Return what was known of the clocks of the agency's sources from `since` to `until` (Unix seconds)."""
        ...

    async def gaps(self) -> Sequence[Gap]:
        """Return what is missing."""
        ...

    def damage(self, agency: AgencyId, since: float, until: float) -> Sequence[Gap]:
        """Return what of the agency's was found damaged in a stretch, by now: it is looked at when it is read."""
        ...

    def deletions(self) -> int:
        """Return how often something was lawfully deleted by now: pictures made before may show it."""
        ...

    def damaged(self, t: float) -> Sequence[Gap]:
        """Return what was found damaged where `t` lies, by now: a stretch is looked at when it is read."""
        ...
