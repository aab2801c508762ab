"""How a journal and its channel look on Redis: commands, replies and the bytes of a message. Pure.

A stream entry has one field, the encoded batch. A message on the channel is one byte that says what it
is, then for a batch its id, the id before it as its writer knew it, and the same bytes as the entry;
for a heartbeat msgpack of `[ms, n, sent_at, [SourceHealth...]]`.
"""

import logging
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import ResponseError

from feeds.bus import BEGINNING, BatchId, Beat, Delivery, SourceHealth
from feeds.envelope import decode_batch
from feeds.errors import DecodeError
from feeds.names import AgencyId, journal_key, live_channel
from feeds.redis_line import Command, accepted

log = logging.getLogger(__name__)

PAGE = 20
"""Journal entries read at a time; an entry holds up to 500 reports."""

_HEAD = struct.Struct(">QQQQ")
_BATCH, _BEAT = b"B", b"H"
_FIELD = b"d"
_encode = msgspec.msgpack.Encoder().encode
_decode_beat = msgspec.msgpack.Decoder(tuple[int, int, float, tuple[SourceHealth, ...]]).decode


WRITTEN: Command = (b"PING",)
"""Asked after an answer was read: accepted only if all that was done before it is written to the server's file."""


class Entry(NamedTuple):
    """A batch on its way into the journal."""

    id: BatchId
    previous: BatchId
    """The journal's last id as the writer knew it."""
    data: bytes


def append_commands(agency: AgencyId, entry: Entry) -> tuple[Command, ...]:
    """Return the one transaction that appends and publishes."""
    message = _BATCH + _HEAD.pack(*entry.id, *entry.previous) + entry.data
    return (
        (b"MULTI",),
        (b"XADD", journal_key(agency), str(entry.id), _FIELD, entry.data),
        (b"PUBLISH", live_channel(agency), message),
        (b"EXEC",),
    )


def was_appended(replies: Sequence[Any]) -> bool:
    """Return whether the journal took the entry; False: its id is not the largest. Raises BusDown otherwise."""
    done = accepted(replies)[-1]
    if isinstance(done[0], ResponseError) and "equal or smaller" in str(done[0]):
        return False
    accepted(done[:1])
    return True


def page_command(agency: AgencyId, after: BatchId, count: int) -> Command:
    """Return the command that reads up to `count` entries after `after`."""
    return (b"XRANGE", journal_key(agency), str(after.next()), b"+", b"COUNT", count)


def info_command(agency: AgencyId) -> Command:
    """Return the command whose reply `last_id` reads."""
    return (b"XINFO", b"STREAM", journal_key(agency))


def last_id(info: Any) -> BatchId:
    """Return the last id the journal ever gave, trimmed or not; a journal that is not there gave none."""
    if isinstance(info, ResponseError) and "no such key" in str(info):
        return BEGINNING
    accepted([info])
    return BatchId.parse(dict(zip(info[::2], info[1::2], strict=True))[b"last-generated-id"])


def entry_data(fields: Sequence[bytes]) -> bytes:
    """Return the encoded batch of a stream entry's fields."""
    return fields[1]


def deliveries(agency: AgencyId, entries: Sequence[Any]) -> list[Delivery]:
    """Return the entries that can be read; one that cannot is logged and left out."""
    found = []
    for id_, fields in entries:
        try:
            found.append(Delivery(agency, BatchId.parse(id_), decode_batch(entry_data(fields))))
        except DecodeError as error:
            log.error("journal_entry_unreadable agency=%s id=%s reason=%s", agency, id_.decode(), error)
    return found


def encode_beat(last: BatchId, sources: Sequence[SourceHealth], at: float) -> bytes:
    """Return a heartbeat's message."""
    return _BEAT + _encode((*last, at, sources))


def decode_message(agency: AgencyId, body: bytes) -> Beat | Entry:
    """Return what a message on the agency's channel holds; the batch is still encoded. Raises DecodeError."""
    try:
        if body[:1] == _BATCH:
            ms, n, previous_ms, previous_n = _HEAD.unpack_from(body, 1)
            return Entry(BatchId(ms, n), BatchId(previous_ms, previous_n), body[1 + _HEAD.size :])
        if body[:1] == _BEAT:
            ms, n, at, sources = _decode_beat(body[1:])
            return Beat(agency, BatchId(ms, n), at, sources)
    except (msgspec.DecodeError, struct.error) as error:
        raise DecodeError(f"message on the bus cannot be read: {error}") from error
    raise DecodeError("message on the bus is neither batch nor heartbeat")
