"""A source as the site declares it: one feed of one agency, with its dialect, credential and cadence."""

from typing import Literal

from msgspec import Struct

from feeds.adapter import Opening
from feeds.names import AgencyId, SourceId


class SourceSettings(Struct, frozen=True, kw_only=True):
    """One `[[source]]` of the site's file, resolved."""

    id: SourceId
    agency: AgencyId
    """The agency that owns every report of this source."""
    adapter: str
    """Dialect: a file name in `feeds/adapters`."""
    token_sha256: str = ""
    """SHA-256 (hex) of the bearer token; empty: nobody is let in as this source at the feed port."""
    cadence_s: float = 10.0
    """How often it reports each thing, seconds; 3 times this is stale, 10 times is lost (see layers/track.py)."""
    cadence_by_state: dict[str, float] = {}
    """Other cadences by camera state or unit status, seconds: `{buffering = 900}`."""
    listen: str = ""
    """A port without a token, `tcp:9001` or `udp:10.0.0.4:9001`; sources of one dialect may share it."""
    connect: str = ""
    """Where this gateway goes to fetch a byte stream, `tcp://HOST:PORT`."""
    unit: str = ""
    """Whom messages are about that name nobody (NMEA, GPX); empty: the source's id."""
    status: Literal["actual", "exercise", "test"] = "actual"
    """What its reports are that do not say otherwise: most dialects have no word for an exercise."""
    uid_prefixes: tuple[str, ...] = ()
    """On a shared port: ids that start with one of these belong to this source."""
    peers: tuple[str, ...] = ()
    """On a shared port: connections from these addresses or networks belong to this source."""
    catch_all: bool = False
    """On a shared port: takes what no other source claims."""
    rate_max: float = 5000.0
    """Reports a second, over some seconds, before its senders are held back; 0: as many as come."""
    speed_max_mps: float = 100.0
    """Faster than this between two reports, metres a second, is an implausible jump (aircraft: four times this);
    0: every place is believed."""

    @property
    def is_open(self) -> bool:
        """Whether it needs no token: it has a port of its own, is fetched, or is heard on the site's CoT port."""
        return bool(self.listen or self.connect) or self.adapter == "cot"

    def opening(self, unit: str = "") -> Opening:
        """Return what a decoder of this source is told; `unit`: whom its sender said he speaks of."""
        return Opening(unit or self.unit or self.id)


class FeedAccess(Struct, frozen=True, kw_only=True):
    """What `jointops feed` needs to send as a source of a site on this machine (0600 file in the runtime folder)."""

    url: str
    """`ws://127.0.0.1:8052`."""
    pid: int
    tokens: dict[str, str]
    """source id -> bearer token."""
    adapters: dict[str, str] = {}
    """source id -> dialect; a source that is not here: told from the file."""
