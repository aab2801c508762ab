"""The policy in force as bytes and back: who there was, how often they spoke, and what each let others see.

The hub puts it on record, so that a review knows what was permitted then. No token is in it. Pure.
"""

import msgspec
from msgspec import Struct

from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.report import Category
from feeds.source import SourceSettings
from layers.policy import Grant
from layers.roster import AgencyInfo, Roster

VERSION = 1


class _Source(Struct, frozen=True, array_like=True):
    id: str
    agency: str
    adapter: str
    cadence_s: float
    cadence_by_state: dict[str, float]


class _Grant(Struct, frozen=True, array_like=True):
    from_: str
    to: tuple[str, ...]
    categories: tuple[str, ...]
    labels: tuple[str, ...]


class _Form(Struct, frozen=True, array_like=True):
    version: int
    agencies: tuple[AgencyInfo, ...]
    sources: tuple[_Source, ...]
    grants: tuple[_Grant, ...]


def encode_policy(grants: tuple[Grant, ...], roster: Roster) -> bytes:
    """Return both as bytes; the same give the same."""
    return msgspec.msgpack.encode(
        _Form(
            VERSION,
            tuple(roster.agencies.values()),
            tuple(_Source(s.id, s.agency, s.adapter, s.cadence_s, s.cadence_by_state) for s in roster.sources.values()),
            tuple(
                _Grant(g.from_, tuple(sorted(g.to)), tuple(sorted(g.categories)), tuple(sorted(g.labels)))
                for g in grants
            ),
        )
    )


def decode_policy(data: bytes) -> tuple[tuple[Grant, ...], Roster]:
    """Return what `encode_policy` was given. Raises DecodeError, also for a version we do not know.

    A category that there is no more is left out: nobody can be granted it.
    """
    try:
        form = msgspec.msgpack.decode(data, type=_Form)
    except msgspec.DecodeError as error:
        raise DecodeError(f"policy on record cannot be read: {error}") from error
    if form.version != VERSION:
        raise DecodeError(f"policy on record has version {form.version}, expected {VERSION}")
    known = frozenset(Category)
    grants = tuple(
        Grant(g.from_, frozenset(g.to), frozenset(Category(c) for c in g.categories if c in known), frozenset(g.labels))
        for g in form.grants
    )
    sources = [
        SourceSettings(
            id=SourceId(s.id),
            agency=AgencyId(s.agency),
            adapter=s.adapter,
            cadence_s=s.cadence_s,
            cadence_by_state=s.cadence_by_state,
        )
        for s in form.sources
    ]
    return grants, Roster(form.agencies, sources)
