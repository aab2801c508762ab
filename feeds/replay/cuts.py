"""The hub's cuts: at which of its ticks which batches were in the picture, so that a review steps as the hub did.

An entry holds the ticks of about a second: of each its time, the runs of batches applied since the one before (an
agency and up to which of its ids, in the order heard) and the revision of each viewer class after it. The bytes are
msgpack, deflated; the policy in force travels with the first entry of a hub's life and now and then after. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from feeds.bus import BatchId
from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording.site_log import Told

VERSION = 1
POLICY_EVERY_S = 600.0
"""The policy is told again this often, seconds: a stretch of the record that is cut out has it."""
LOOK_BACK_S = 600.0
"""An entry's ticks may reach so far beyond its first at most."""
TICKS_MAX = 600
"""Ticks that wait for the bus; beyond it the oldest go, and a review goes there by the journal's own times."""
UNREADABLE = b"unreadable"
"""Stands for a policy that is on record and cannot be read, or may have been another: it permitted nothing."""
_INFLATED_MAX = 16 * 1024 * 1024


class ClassAt(NamedTuple):
    """A viewer class and where its revisions stood after a tick."""

    agency: str
    roles: tuple[str, ...]
    epoch: str
    rev: int


class Cut(NamedTuple):
    """One tick of the hub."""

    at: float
    runs: tuple[tuple[AgencyId, BatchId], ...]
    """An agency, and up to which of its batches; in the order heard."""
    classes: tuple[ClassAt, ...] = ()


class CutsEntry(NamedTuple):
    """About a second of ticks. `began`: the first of a hub's life. `policy`: b"" when it is not told again."""

    cuts: tuple[Cut, ...]
    began: bool = False
    policy: bytes = b""


class _TickForm(Struct, array_like=True, frozen=True, gc=False):
    at: float
    runs: tuple[tuple[int, int, int], ...]
    """Index into `agencies`, milliseconds since the tick (mostly small and negative), count."""
    revs: tuple[tuple[int, int], ...]
    """Index into `classes`, revision."""


class _Form(Struct, array_like=True, frozen=True):
    version: int
    began: bool
    agencies: tuple[str, ...]
    classes: tuple[tuple[str, tuple[str, ...], str], ...]
    ticks: tuple[_TickForm, ...]
    policy: bytes


class _Outline(Struct, array_like=True, frozen=True):
    """A form whose ticks are not looked into: a twentieth of the work."""

    version: int
    began: bool
    agencies: msgspec.Raw
    classes: msgspec.Raw
    ticks: tuple[msgspec.Raw, ...]
    policy: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Form).decode
_decode_outline = msgspec.msgpack.Decoder(_Outline).decode
_decode_tick = msgspec.msgpack.Decoder(_TickForm).decode


def encode_cuts(entry: CutsEntry) -> bytes:
    """Return the entry as bytes."""
    agencies: dict[str, int] = {}
    classes: dict[tuple[str, tuple[str, ...], str], int] = {}
    ticks = []
    for cut in entry.cuts:
        ms = int(cut.at * 1000)
        runs = tuple((agencies.setdefault(a, len(agencies)), id_.ms - ms, id_.n) for a, id_ in cut.runs)
        revs = tuple((classes.setdefault(c[:3], len(classes)), c.rev) for c in cut.classes)
        ticks.append(_TickForm(cut.at, runs, revs))
    form = _Form(VERSION, entry.began, tuple(agencies), tuple(classes), tuple(ticks), entry.policy)
    return deflate(_encode(form))


def decode_cuts(data: bytes) -> CutsEntry:
    """Return the entry in `data`. Raises DecodeError, also for a version we do not know."""
    try:
        form = _decode(inflate(data, _INFLATED_MAX))
        if form.version != VERSION:
            raise DecodeError(f"entry of cuts has version {form.version}, expected {VERSION}")
        cuts = tuple(_cut(tick, form) for tick in form.ticks)
    except (msgspec.DecodeError, IndexError) as error:
        raise DecodeError(f"entry of cuts cannot be read: {error}") from error
    return CutsEntry(cuts, form.began, form.policy)


def told(data: bytes) -> Told | None:
    """Return what an entry tells of itself, for the archive; None: it has no ticks, or cannot be read."""
    try:
        outline = _decode_outline(inflate(data, _INFLATED_MAX))
        if outline.version != VERSION or not outline.ticks:
            return None
        return Told(_decode_tick(outline.ticks[0]).at, _decode_tick(outline.ticks[-1]).at, outline.policy)
    except (msgspec.DecodeError, DecodeError):
        return None


def _cut(tick: _TickForm, form: _Form) -> Cut:
    ms = int(tick.at * 1000)
    runs = tuple((AgencyId(form.agencies[agency]), BatchId(ms + since, n)) for agency, since, n in tick.runs)
    return Cut(tick.at, runs, tuple(ClassAt(*form.classes[which], rev) for which, rev in tick.revs))


class CutLog:
    """What a hub notes on the way: a word for each batch and each tick, an entry now and then."""

    def __init__(self, policy: bytes = b"") -> None:
        self._policy = policy
        self._told_at = float("-inf")
        self._began = True
        self._runs: list[tuple[AgencyId, BatchId]] = []
        self._cuts: list[Cut] = []

    def start(self, last: Mapping[AgencyId, BatchId]) -> None:
        """Note what a restored picture held."""
        self._runs = list(last.items())

    def heard(self, agency: AgencyId, id_: BatchId) -> None:
        """Note a batch that was applied."""
        runs = self._runs
        if runs and runs[-1][0] == agency:
            runs[-1] = (agency, id_)
        else:
            runs.append((agency, id_))

    def tick(self, at: float, classes: Iterable[ClassAt]) -> None:
        """Note a tick."""
        self._cuts.append(Cut(at, tuple(self._runs), tuple(classes)))
        self._runs = []
        if len(self._cuts) > TICKS_MAX:
            del self._cuts[0]

    def entry(self) -> CutsEntry | None:
        """Return what was noted and not yet `kept`; None: nothing."""
        if not self._cuts:
            return None
        telling = abs(self._cuts[0].at - self._told_at) >= POLICY_EVERY_S  # abs: a clock may be set back
        return CutsEntry(tuple(self._cuts), self._began, self._policy if self._began or telling else b"")

    def kept(self, entry: CutsEntry) -> None:
        """Forget what the bus has taken."""
        last = entry.cuts[-1]
        index = next((i for i, cut in enumerate(self._cuts) if cut is last), -1)
        del self._cuts[: index + 1]
        self._began = False
        if entry.policy:
            self._told_at = entry.cuts[0].at
