"""A log of the site in the archive: what the site itself noted, in no agency's name. Ten minutes of it are one file.

    entries.bin    msgpack: version, log, what stood when it began, then each entry: its id (ms, count) and its bytes

The entries are as they were on the bus. What stood when it began was said in an entry before: a part of a log can be
read without the part before it, which may be gone or damaged. Pure.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from feeds.bus import BatchId
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording.manifest import Contents

VERSION = 1
ENTRIES = "entries.bin"
_MINUTE_MS = 60_000
_MINUTES = 10

Entry = tuple[BatchId, bytes]


class Told(NamedTuple):
    """What an entry says of itself."""

    since: float
    """From when to when it tells, Unix seconds."""
    until: float
    stands: bytes = b""
    """What stands from `since` on, until another entry says otherwise; b"": it says nothing of that."""


class SiteLog(NamedTuple):
    """A log and where it comes from."""

    name: AgencyId
    """Its place in the archive (`feeds.names.is_site_log`)."""
    read: Callable[[BatchId, int], Awaitable[list[Entry]]]
    """Gives up to so many entries after an id, oldest first. Ids only grow. Raises BusDown."""
    told: Callable[[bytes], Told | None]
    """None: the entry says nothing, or cannot be read."""


class Part(NamedTuple):
    """Ten minutes of a log."""

    stood: bytes | None
    """What stood when it began; b"": nothing was said before; None: that could not be read."""
    entries: list[Entry]


class _Form(Struct, array_like=True, frozen=True):
    version: int
    log: str
    stood: bytes | None
    entries: list[tuple[int, int, bytes]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Form).decode


def encode_part(log: AgencyId, part: Part) -> bytes:
    """Return the file. The same part gives the same bytes."""
    return _encode(_Form(VERSION, log, part.stood, [(*id_, data) for id_, data in part.entries]))


def decode_part(log: AgencyId, data: bytes) -> Part:
    """Return what is in the file. Raises DecodeError, also for another version or another log's."""
    try:
        form = _decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DecodeError(f"{ENTRIES} cannot be read: {error}") from error
    if (form.version, form.log) != (VERSION, log):
        raise DecodeError(f"{ENTRIES} is of log {form.log!r}, version {form.version}, not of {log!r}, {VERSION}")
    return Part(form.stood, [(BatchId(ms, n), data) for ms, n, data in form.entries])


def stands_after(stood: bytes | None, told: Iterable[Told | None]) -> bytes | None:
    """Return what stands after entries that tell this, where `stood` stood before."""
    for one in told:
        if one is not None and one.stands:
            stood = one.stands
    return stood


def contents(log: AgencyId, t0: int, entries: Sequence[Entry], told: Sequence[Told | None]) -> Contents:
    """Return what the manifest says of entries, at least one, of a part that begins at `t0` (Unix ms)."""
    began_ms = t0 // (_MINUTES * _MINUTE_MS) * (_MINUTES * _MINUTE_MS)
    minutes = [0] * _MINUTES
    for id_, _ in entries:
        minutes[min((id_.ms - began_ms) // _MINUTE_MS, _MINUTES - 1)] += 1
    spoken = [one for one in told if one is not None]
    kind = log.removeprefix("_")
    return Contents(
        first=str(entries[0][0]),
        last=str(entries[-1][0]),
        kinds={kind: len(entries)},
        minutes={kind: minutes},
        observed=None,
        received=(min(one.since for one in spoken), max(one.until for one in spoken)) if spoken else None,
        late=0,
        sources={},
    )
