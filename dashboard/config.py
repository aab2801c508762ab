"""Every setting of a site, declared once: one TOML file, frozen types, unknown keys are errors.

Secrets may be given by the name of an environment variable (`..._env`). `dashboard/config_file.py` reads the
file; `docs/settings.md` lists every setting and is tested against this one.
"""

import hashlib
import os
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from feeds.names import AgencyId, SourceId
from feeds.recording.retention import Rule
from feeds.report import Category
from feeds.source import SourceSettings

PORTS = ("port", "live_port", "review_port", "feed_port", "cot_port")
"""The settings of a site that are its own doors."""

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: the site as a whole."""

    name: str = "JointOps"
    """Shown on every page."""
    timezone: str = "UTC"
    """IANA name of the local clock on the wall."""
    demo: bool = False
    """Shows "demo data" on every page."""
    bind: str = "127.0.0.1"
    """Address the servers listen on."""
    port: Port = 8050
    """Web pages."""
    live_port: Port = 8051
    """Live stream (hub)."""
    review_port: Port = 8053
    """Replay of the record (review)."""
    feed_port: Port = 8052
    """Feeds by WebSocket (gateway)."""
    cot_port: Port = 8087
    """CoT streams by TCP (gateway)."""
    public_url: str = ""
    """Address of the web pages behind a proxy, `https://...`; empty: as the browser reached it."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies that are believed who asks (`X-Forwarded-For`, `-Proto`); empty: with a
    `public_url` a proxy on this host, else none."""
    live_url: str = ""
    """Address of the live stream behind a proxy, `wss://.../stream`; empty: the page's host and `live_port`."""
    review_url: str = ""
    """Address of the review's stream behind a proxy, `wss://.../stream`; empty: the page's host and `review_port`."""
    redis_url: str = ""
    """A Redis or Valkey server; empty: `$REDIS_URL`, else the embedded one."""
    data_dir: str = ""
    """Journal and keyframes of the embedded server; empty: the user's data folder."""
    fsync: Literal["everysec", "always"] = "everysec"
    """How the embedded journal reaches the disk: `everysec` can lose a second at a power loss, `always` nothing."""
    journal_s: Annotated[float, Meta(ge=60, le=7 * 86400)] = 3600.0
    """How much journal is kept, seconds; with `record`, no less than what is not recorded yet."""
    record: bool = True
    """Whether all that arrives is recorded in `archive` (`jointops record`)."""
    archive: str = ""
    """Folder of the record; empty: `archive` in the data folder."""
    audit: str = ""
    """File of the audit of reviews and exports; empty: `audit.jsonl` in the data folder."""
    basemap: str = ""
    """PMTiles, MBTiles or OSM extract (path), or a tile server (`https://.../{z}/{x}/{y}.mvt`); empty: our own."""
    tick_ms: Annotated[int, Meta(ge=20, le=5000)] = 100
    """Interval of live frames, milliseconds."""
    view: tuple[float, float, float] = (-87.69, 41.87, 11.6)
    """Where the map starts: longitude, latitude (degrees), zoom."""
    session_s: Annotated[float, Meta(ge=60, le=86400)] = 43200.0
    """Longest log-in, seconds."""

    @property
    def host(self) -> str:
        """Host by which this machine reaches the site's servers, as it stands in a URL."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.bind, self.bind)  # noqa: S104
        return f"[{host}]" if ":" in host else host


class Agency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[agency]]`: who owns data, units and people."""

    id: str
    name: str
    tag: Annotated[str, Meta(min_length=2, max_length=4, pattern="^[A-Z0-9]+$")]
    """Two to four capitals, drawn beside each unit."""
    family: Literal["police", "fire", "ems", "transit", "federal", "other"] = "police"
    """What its units are when they do not say."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[source]]`: one feed of one agency."""

    id: str
    agency: str
    adapter: str = "native"
    """Dialect (docs/feeds.md): `native`, `cot`, `taip`, ..."""
    token: str = ""
    """Bearer token (prefer `token_env`)."""
    token_env: str = ""
    """Environment variable that holds the bearer token."""
    cadence_s: Seconds = 10.0
    """How often it reports each thing, seconds."""
    cadence_by_state: dict[str, Seconds] = {}
    """Other cadences by camera state or unit status, seconds."""
    listen: str = ""
    """A port without a token, `tcp:9001` or `udp:10.0.0.4:9001` (else the site's `bind`), for who cannot send one;
    sources of one dialect may share it."""
    connect: str = ""
    """Where the gateway goes to fetch a byte stream, `tcp://HOST:PORT`."""
    unit: str = ""
    """Whom messages are about that name nobody (NMEA, GPX); empty: the source's id."""
    status: Literal["actual", "exercise", "test"] = "actual"
    """What its reports are that do not say otherwise: most dialects have no word for an exercise."""
    uid_prefixes: tuple[str, ...] = ()
    """Shared port: ids that start so belong to this source."""
    peers: tuple[str, ...] = ()
    """Shared port: senders at these addresses, or in these networks, belong to this source."""
    catch_all: bool = False
    """Shared port: takes what no other source claims."""
    rate_max: Annotated[float, Meta(ge=0, le=1e6)] = 5000.0
    """Reports a second, over some seconds, before its senders are held back; 0: as many as come."""
    speed_max_mps: Annotated[float, Meta(ge=0, le=1e6)] = 100.0
    """Faster than this from report to report, metres a second, is an implausible jump (aircraft: four times this);
    0: every place is believed."""


class Share(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[share]]`: what one agency lets others see. Without one, nothing."""

    from_: str = field(name="from")
    """Agency whose data it is; `*` for all."""
    to: tuple[str, ...]
    """Agencies that may see it; `*` for all."""
    categories: tuple[Category, ...]
    """Data categories, closed list (docs/settings.md)."""
    labels: tuple[str, ...] = ()
    """Sensitive labels this share includes; without it labelled things stay at home."""


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[retention]]`: how long an agency's record may be kept. Without one, for ever."""

    agency: str
    days: Annotated[float, Meta(gt=0, le=36525)]
    """It goes so long after it was received; when `jointops retention --do` is run, never by itself."""
    clause: Annotated[str, Meta(min_length=1, max_length=400)]
    """What says so: the agreement and its paragraph. It stays in the record for ever."""
    kind: Literal["", "unit", "incident", "camera_event", "zone", "log_entry"] = ""
    """Only the reports of this kind; empty: everything."""


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[account]]`: a local log-in."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    agency: str
    password_hash: str
    """From `jointops password` (argon2)."""
    roles: tuple[str, ...] = ("wall",)
    """`wall`, `supervisor`, `dispatcher`, `watch_center`, ...; `reviewer` may look back."""
    kind: Literal["wall", "desk", "field"] = "wall"
    """A wall is receive-only."""


class ApiToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[api_token]]`: a program that reads."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    agency: str
    token: str = ""
    """Bearer token (prefer `token_env`)."""
    token_env: str = ""
    """Environment variable that holds it."""
    roles: tuple[str, ...] = ("api",)
    """As an account's."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    site: Site = Site()
    agency: tuple[Agency, ...] = ()
    source: tuple[Source, ...] = ()
    share: tuple[Share, ...] = ()
    retention: tuple[Retention, ...] = ()
    account: tuple[Account, ...] = ()
    api_token: tuple[ApiToken, ...] = ()

    def agency_ids(self) -> tuple[AgencyId, ...]:
        """Return the ids of all agencies, in the file's order."""
        return tuple(AgencyId(a.id) for a in self.agency)

    def retention_rules(self, agency: AgencyId) -> list[Rule]:
        """Return how long this agency's record may be kept."""
        return [Rule(r.days, r.clause, r.kind) for r in self.retention if r.agency == agency]

    def sources(self) -> tuple[SourceSettings, ...]:
        """Return the sources as the gateway takes them, tokens hashed."""
        return tuple(
            SourceSettings(
                id=SourceId(s.id),
                agency=AgencyId(s.agency),
                adapter=s.adapter,
                token_sha256=digest(secret(s.token, s.token_env)),
                cadence_s=s.cadence_s,
                cadence_by_state=dict(s.cadence_by_state),
                listen=s.listen,
                connect=s.connect,
                unit=s.unit,
                status=s.status,
                uid_prefixes=s.uid_prefixes,
                peers=s.peers,
                catch_all=s.catch_all,
                rate_max=s.rate_max,
                speed_max_mps=s.speed_max_mps,
            )
            for s in self.source
        )


def secret(value: str, env: str) -> str:
    """Return the secret given in the file or by the environment variable named there; `""` when neither is."""
    return os.environ.get(env, "") if env else value


def digest(token: str) -> str:
    """Return the SHA-256 (hex) of a token, `""` for an empty one."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""
