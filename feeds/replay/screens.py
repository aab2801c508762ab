"""What the screens showed: of each session where its map looked, what was on, and the last revision it drew.

An entry holds what changed in about a second, of all sessions. Now and then one is whole: it tells all of every
session again, so that a reader who begins anywhere needs a minute of them. The bytes are msgpack, deflated. Pure.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError
from feeds.recording import site_log

VERSION = 1
WHOLE_EVERY_S = 60.0
"""All is told again this often, seconds."""
HEARD_WITHIN_S = 3.0
"""What was drawn is in an entry made at most this much later, seconds, unless its line was slower than that."""
_INFLATED_MAX = 16 * 1024 * 1024

Kind = Literal["wall", "desk", "field", "api"]
Box = tuple[float, float, float, float]
"""West, south, east, north, degrees."""


class Look(NamedTuple):
    """How a screen showed the picture."""

    box: Box
    zoom: float
    width: int
    """Of the map, CSS pixels; so is `height`."""
    height: int
    layers: tuple[str, ...]
    """Those that were on."""
    without: tuple[str, ...]
    """Agencies whose things were off."""
    theme: str
    chosen: tuple[str, str, str] | None
    """Layer, agency, id."""
    away: bool
    """Nobody could see the page: its tab was behind another one, or the window was closed down to an icon."""


class ScreenSession(NamedTuple):
    """One page on one connection: of whom it is told no more than the agency."""

    number: int
    """Unix second of its beginning, or the next one that was free: it is given once."""
    agency: str
    roles: tuple[str, ...]
    """With `agency` the viewer class."""
    kind: Kind
    """Of page."""
    epoch: str
    """Of the revisions that it drew."""
    since: float

    @property
    def id(self) -> str:
        """Return its name: `AGENCY-KIND-NUMBER`."""
        return f"{self.agency}-{self.kind}-{self.number}"


class Told(NamedTuple):
    """A session said at `at` (Unix seconds) that it looks so."""

    number: int
    at: float
    look: Look


class Drawn(NamedTuple):
    """A session had drawn a revision by `at` (Unix seconds)."""

    number: int
    at: float
    rev: int


class Gone(NamedTuple):
    """A session ended at `at` (Unix seconds)."""

    number: int
    at: float


class ScreensEntry(NamedTuple):
    """About a second of changes; times are to the millisecond. Of a session at most one of each."""

    at: float
    """When the entry was made."""
    began: bool = False
    """It is the first of a hub's life: whatever was open before is over."""
    whole: bool = False
    """It tells of every session that is open."""
    sessions: tuple[ScreenSession, ...] = ()
    """Those that began, in a whole one all."""
    told: tuple[Told, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    gone: tuple[Gone, ...] = ()


class _Form(Struct, array_like=True, frozen=True):
    version: int
    at_ms: int
    began: bool
    whole: bool
    sessions: tuple[tuple[int, str, tuple[str, ...], Kind, str, int], ...]
    told: tuple[tuple[int, int, Look], ...]
    drawn: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    """Numbers, ms before `at_ms`, revisions: the first and the last as differences, as one follows the other."""
    gone: tuple[tuple[int, int], ...]


class _Outline(Struct, array_like=True, frozen=True):
    """The head of a form."""

    version: int
    at_ms: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Form).decode
_decode_outline = msgspec.msgpack.Decoder(_Outline).decode


def encode_screens(entry: ScreensEntry) -> bytes:
    """Return the entry as bytes."""
    at = _ms(entry.at)
    drawn = sorted(entry.drawn)
    form = _Form(
        VERSION,
        at,
        entry.began,
        entry.whole,
        tuple((*one[:5], at - _ms(one.since)) for one in entry.sessions),
        tuple((one.number, at - _ms(one.at), one.look) for one in entry.told),
        (
            _differences([one.number for one in drawn]),
            tuple(at - _ms(one.at) for one in drawn),
            _differences([one.rev for one in drawn]),
        ),
        tuple((one.number, at - _ms(one.at)) for one in entry.gone),
    )
    return deflate(_encode(form))


def decode_screens(data: bytes) -> ScreensEntry:
    """Return the entry in `data`, what was drawn by number. Raises DecodeError, also for a version we do not know."""
    try:
        form = _decode(inflate(data, _INFLATED_MAX))
    except msgspec.DecodeError as error:
        raise DecodeError(f"entry of screens cannot be read: {error}") from error
    if form.version != VERSION:
        raise DecodeError(f"entry of screens has version {form.version}, expected {VERSION}")
    numbers, agos, revs = form.drawn
    if not len(numbers) == len(agos) == len(revs):
        raise DecodeError("entry of screens cannot be read: its columns differ in length")
    at = form.at_ms
    return ScreensEntry(
        at / 1000,
        form.began,
        form.whole,
        tuple(ScreenSession(*one[:5], (at - one[5]) / 1000) for one in form.sessions),
        tuple(Told(number, (at - ago) / 1000, look) for number, ago, look in form.told),
        tuple(
            Drawn(number, (at - ago) / 1000, rev)
            for number, ago, rev in zip(_sums(numbers), agos, _sums(revs), strict=True)
        ),
        tuple(Gone(number, (at - ago) / 1000) for number, ago in form.gone),
    )


def outline(data: bytes) -> site_log.Told | None:
    """Return what an entry tells of itself, for the archive; None: it cannot be read."""
    try:
        said = _decode_outline(inflate(data, _INFLATED_MAX))
    except (msgspec.DecodeError, DecodeError):
        return None
    return None if said.version != VERSION else site_log.Told(said.at_ms / 1000, said.at_ms / 1000)


def _ms(t: float) -> int:
    return round(t * 1000)


def _differences(values: Sequence[int]) -> tuple[int, ...]:
    return tuple(now - before for before, now in zip([0, *values], values, strict=False))


def _sums(differences: Iterable[int]) -> list[int]:
    sums, value = [], 0
    for difference in differences:
        value += difference
        sums.append(value)
    return sums


class Shown(NamedTuple):
    """What is on record of one screen at a time."""

    session: ScreenSession
    look: Look | None
    look_at: float
    rev: int
    """0: it had drawn nothing."""
    drawn_at: float
    until: float | None
    """It was over since then, Unix seconds; None: it was open."""


def shown(entries: Iterable[ScreensEntry], number: int, t: float) -> Shown | None:
    """Return what session `number` showed at `t`, by entries from a whole one before to HEARD_WITHIN_S after it.

    None: nothing is on record of it then.
    """
    session: ScreenSession | None = None
    told: Told | None = None
    drawn: Drawn | None = None
    until: float | None = None
    for entry in entries:
        if entry.began and entry.at <= t and session is not None and until is None:
            until = entry.at
        session = next((one for one in entry.sessions if one.number == number), session)
        for told_now in entry.told:
            if told_now.number == number and told_now.at <= t:
                told = told_now
        for drawn_now in entry.drawn:
            if drawn_now.number == number and drawn_now.at <= t:
                drawn = drawn_now
        for gone in entry.gone:
            if gone.number == number and gone.at <= t:
                until = gone.at
    if session is None or session.since > t:
        return None
    look, look_at = (None, session.since) if told is None else (told.look, told.at)
    rev, drawn_at = (0, session.since) if drawn is None else (drawn.rev, drawn.at)
    return Shown(session, look, look_at, rev, drawn_at, until)


def sessions(entries: Iterable[ScreensEntry]) -> list[tuple[ScreenSession, float | None]]:
    """Return the sessions that entries tell of, and until when each was open, Unix seconds; None: to their end."""
    found: dict[int, ScreenSession] = {}
    until: dict[int, float] = {}
    for entry in entries:
        if entry.began:
            until |= {number: entry.at for number in found if number not in until}
        found |= {one.number: one for one in entry.sessions}
        until |= {gone.number: gone.at for gone in entry.gone}
    return [(found[number], until.get(number)) for number in sorted(found)]


class _Open:
    """A session that is open, and what it said last."""

    def __init__(self, session: ScreenSession) -> None:
        self.session = session
        self.told: Told | None = None
        self.drawn: Drawn | None = None


class ScreenLog:
    """What a hub notes on the way: a word for each change, an entry now and then. Time is an argument."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._last = 0
        self._began = True
        self._whole_at = float("-inf")
        self._new: dict[int, ScreenSession] = {}
        self._told: dict[int, Told] = {}
        self._drawn: dict[int, Drawn] = {}
        self._gone: list[Gone] = []

    def __len__(self) -> int:
        """Return how many sessions are open."""
        return len(self._open)

    def begin(self, agency: str, roles: tuple[str, ...], kind: Kind, epoch: str, t: float) -> ScreenSession:
        """Note a session that begins at `t`."""
        self._last = max(self._last + 1, int(t))
        session = ScreenSession(self._last, agency, roles, kind, epoch, _ms(t) / 1000)
        self._open[session.number] = _Open(session)
        self._new[session.number] = session
        return session

    def look(self, session: ScreenSession, look: Look, t: float) -> None:
        """Note how it looks at `t`; the same as before costs nothing."""
        of = self._open[session.number]
        if of.told is None or of.told.look != look:
            of.told = self._told[session.number] = Told(session.number, t, look)

    def drew(self, session: ScreenSession, rev: int, at: float) -> None:
        """Note that it had drawn `rev` by `at`."""
        of = self._open[session.number]
        if of.drawn is None or of.drawn.rev < rev:
            of.drawn = self._drawn[session.number] = Drawn(session.number, at, rev)

    def end(self, session: ScreenSession, t: float) -> None:
        """Note that it is over."""
        del self._open[session.number]
        self._gone.append(Gone(session.number, t))

    def entry(self, t: float) -> ScreensEntry | None:
        """Return what was noted since the last entry, None for nothing."""
        whole = bool(self._open) and abs(t - self._whole_at) >= WHOLE_EVERY_S  # abs: a clock may be set back
        changed = self._new or self._told or self._drawn or self._gone
        if not (whole or changed or self._began):
            return None
        if whole:
            self._whole_at = t
            every = self._open.values()
            self._new |= {of.session.number: of.session for of in every}
            self._told |= {of.told.number: of.told for of in every if of.told is not None}
            self._drawn |= {of.drawn.number: of.drawn for of in every if of.drawn is not None}
        said = (tuple(self._new.values()), tuple(self._told.values()), tuple(self._drawn.values()), tuple(self._gone))
        entry = ScreensEntry(t, self._began, whole, *said)
        self._began = False
        self._new, self._told, self._drawn, self._gone = {}, {}, {}, []
        return entry
