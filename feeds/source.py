"""A source as the site declares it: one feed of one agency, with its dialect, credential and cadence."""

from msgspec import Struct

from feeds.names import AgencyId, SourceId


class SourceSettings(Struct, frozen=True, kw_only=True):
    """One `[[source]]` of the site's file, resolved."""

    id: SourceId
    agency: AgencyId
    """The agency that owns every report of this source."""
    adapter: str
    """Dialect: a file name in `feeds/adapters`."""
    token_sha256: str = ""
    """SHA-256 (hex) of the bearer token; empty: no WebSocket log-in for this source."""
    cadence_s: float = 10.0
    """How often it reports each thing, seconds; 3 times this is stale, 10 times is lost (see layers/track.py)."""
    cadence_by_state: dict[str, float] = {}
    """Other cadences by camera state or unit status, seconds: `{buffering = 900}`."""
    uid_prefixes: tuple[str, ...] = ()
    """On the CoT port: uids that start with one of these belong to this source."""
    peers: tuple[str, ...] = ()
    """On the CoT port: connections from these addresses belong to this source."""
    catch_all: bool = False
    """On the CoT port: takes what no other source claims."""


class FeedAccess(Struct, frozen=True, kw_only=True):
    """What `jointops feed` needs to send as a source of a site on this machine (0600 file in the runtime folder)."""

    url: str
    """`ws://127.0.0.1:8052`."""
    pid: int
    tokens: dict[str, str]
    """source id -> bearer token."""
    adapters: dict[str, str] = {}
    """source id -> dialect; a source that is not here: told from the file."""
