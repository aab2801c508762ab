"""`jointops replay RANGE`: the page of recordings at a stretch of a record, with nothing live beside it.

Rules
- Where the site of the record runs, its own page is the one: two sites on one journal would not do.
- Else Redis, review and web pages are started for this machine alone, on a copy of the site's file in a folder that
  goes with them. No gateway, hub or recorder: nothing is added to journal or record.
- With the site's file its log-ins and shares count. Without one nobody knows them: whoever can read the folder gets a
  log-in of the moment, to which every agency of the record is shared, then as well (`dashboard/reader_recording.py`).
"""

import argparse
import asyncio
import re
import secrets
import tempfile
import tomllib
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import argon2

from dashboard import config_file, demo, serving, site_file
from dashboard.config import PORTS, Settings
from dashboard.free_ports import LOOPBACK, ports_of
from dashboard.review_views import REVIEWER
from dashboard.site import Supervisor, archive_dir, audit_file, data_dir, imports_dir
from feeds.clock import SystemClock
from feeds.errors import ConfigError
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.span import Span, utc_words
from feeds.redis_bus import RedisBus
from feeds.registry import SENSITIVE_LABELS
from feeds.replay import recording
from feeds.replay.archived import ArchivedRecording
from feeds.replay.journal import JournalRecording
from feeds.replay.sealed import Sealed
from feeds.report import Category

PARTS = ("review", "web")
VIEW = re.compile(r"known|truth|agency:[a-z0-9][a-z0-9_-]*")
_ANSWER_S = 2.0
_JOURNAL_MAX_S = 7 * 86_400.0
"""How far back a journal goes at most."""


class Where(NamedTuple):
    """What is to be opened."""

    settings: Settings | None
    """None: nobody named the site's file."""
    archive: Path
    own: bool
    """The site's own record, of which the newest lies in the journal."""

    @property
    def data_dir(self) -> Path:
        """Where the site's journal lies."""
        return data_dir(self.settings or Settings())


def run(args: argparse.Namespace) -> int:
    """Open the review until a signal. Raises ConfigError, SiteFailed, ArchiveDamaged."""
    span = Span.parse(args.range)
    where = _where(args)
    if not VIEW.fullmatch(args.view):
        raise ConfigError("--view", f"no view {args.view!r}; there are known, truth and agency:ID")
    archive = Archive(where.archive)
    if where.own and (site := serving.find(where.data_dir)) is not None and _answers(site.url):
        known = where.settings.agency_ids() if where.settings else archive.agencies()
        _mind_view(args.view, known)
        _first_in(span, _stretches(archive, known, _unsealed(archive, known)))
        address = (site.public_url or site.url).rstrip("/") + path(span, args.view)
        demo.say("a site serves this record already; log in there")
        demo.say(f"open {address}")
        _open(args, address)
        return 0
    journaled = where.own and (where.data_dir / "appendonlydir").exists()
    elsewhere = where.own and where.settings is not None and bool(where.settings.site.redis_url)
    if not archive.agencies() and not journaled and not elsewhere:
        raise _nothing(where)
    with tempfile.TemporaryDirectory(prefix="jointops-replay-") as aside:
        return _serve(args, where, archive, span, Path(aside))


def _where(args: argparse.Namespace) -> Where:
    settings = config_file.load(args.config) if args.config else None
    own = archive_dir(settings or Settings())
    folder: Path = args.archive or own
    if args.archive is not None and not folder.is_dir():
        named = imports_dir(settings or Settings()) / folder  # as `jointops import` called it
        folder = named if len(folder.parts) == 1 and named.is_dir() else folder
        if not folder.is_dir():
            raise ConfigError("--archive", f"no archive at {folder}; name its folder, or what `jointops import` made")
    return Where(settings, folder, folder.resolve() == own.resolve())


def _nothing(where: Where) -> ConfigError:
    return ConfigError(
        "--archive",
        f"nothing is recorded in {where.archive}. Name the site's file by --config or a folder by --archive; "
        "`jointops import` takes other recordings and logs, `jointops demo --replay` makes an hour to try it on",
    )


def _serve(args: argparse.Namespace, where: Where, archive: Archive, span: Span, aside: Path) -> int:
    password = secrets.token_urlsafe(9)
    raw = tomllib.loads(args.config.read_text(encoding="utf-8")) if args.config else site_of(archive, password)
    raw["site"] = raw.get("site", {}) | _site(args, where, aside)
    file = aside / "site.toml"
    text = site_file.toml(raw)
    site_file.write_private(file, text)
    settings = config_file.parse(text)
    unknown = [agency for agency in archive.agencies() if agency not in settings.agency_ids()]
    _mind_view(args.view, settings.agency_ids())
    at = 0.0
    supervisor = Supervisor(
        settings,
        file,
        data_dir(settings),
        log_level=args.log_level,
        own_redis=not where.own,
        parts=PARTS,
        reader="" if where.settings else settings.account[0].agency,
    )

    def look(redis_url: str) -> None:
        nonlocal at
        at = asyncio.run(_begin(redis_url, archive, settings, span, where))

    with supervisor as site:
        site.start(look)
        address = site.url.rstrip("/") + path(span, args.view, at)
        if unknown:
            demo.say(f"not shown, as the site's file does not know them: {', '.join(unknown)}")
        if where.settings is None:
            demo.say(f"log-in {REVIEWER} password {password}    (sees all of {', '.join(archive.agencies())})")
        else:
            names = ", ".join(a.name for a in settings.account if REVIEWER in a.roles) or "nobody: give a role"
            demo.say(f"log-in with the site's accounts of role `{REVIEWER}`: {names}")
        demo.say(f"ready {address}")
        _open(args, address)
        site.watch()
    return 0


def _site(args: argparse.Namespace, where: Where, aside: Path) -> dict[str, Any]:
    """Return what is otherwise than in the site's file: on this machine alone, on ports that are free."""
    return {
        "bind": LOOPBACK,
        **ports_of(args, PORTS),
        **dict.fromkeys(("public_url", "live_url", "review_url"), ""),
        "trusted_proxies": (),
        "record": True,
        "archive": str(where.archive.absolute()),
        "audit": str(audit_file(where.settings or Settings()).absolute()),
        "data_dir": str(where.data_dir.absolute() if where.own else aside / "data"),
    }


def site_of(archive: Archive, password: str) -> dict[str, Any]:
    """Return a site's file for whoever reads a record of which nobody has one: every agency, shared to the reader."""
    agencies: Sequence[str] = archive.agencies()
    reader = next(name for name in ("reader", "reader-2", "reader-3") if name not in agencies)
    tags: dict[str, str] = {}
    for agency in (*agencies, reader):
        letters = re.sub(r"[^A-Z0-9]", "", agency.upper()) + "XX"
        tags[agency] = next(
            tag
            for n in range(100)
            if (tag := letters[: 4 - len(str(n))] + str(n) if n else letters[:4].rstrip("X").ljust(2, "X"))
            not in tags.values()
        )
    return {
        "site": {"name": "Record"},
        "agency": [{"id": a, "name": a, "tag": tags[a]} for a in (*agencies, reader)],
        "share": [
            {
                "from": "*",
                "to": [reader],
                "categories": [c.value for c in Category],
                "labels": sorted(SENSITIVE_LABELS),
            }
        ],
        "account": [
            {
                "name": REVIEWER,
                "agency": reader,
                "password_hash": argon2.PasswordHasher().hash(password),
                "roles": [REVIEWER],
                "kind": "desk",
            }
        ],
    }


async def _begin(redis_url: str, archive: Archive, settings: Settings, span: Span, where: Where) -> float:
    """Return where the record begins in the span, Unix seconds. Raises ConfigError when nothing lies in it."""
    clock = SystemClock()
    bus = RedisBus(redis_url, clock)
    try:
        tail = JournalRecording(bus, settings.agency_ids(), clock)
        whole = await ArchivedRecording(Sealed(archive), tail).span()
        journaled = await tail.span()
    finally:
        await bus.close()
    if whole is None:
        raise _nothing(where)
    return _first_in(span, _stretches(archive, settings.agency_ids(), journaled))


def _mind_view(view: str, agencies: Sequence[str]) -> None:
    if view.startswith("agency:") and view.removeprefix("agency:") not in agencies:
        raise ConfigError("--view", f"no agency of {view!r}; there are {', '.join(agencies)}")


def _unsealed(archive: Archive, agencies: Sequence[AgencyId]) -> recording.Span:
    """Return where a running site's journal, which is its own, may have what is not sealed yet."""
    now = SystemClock().now()
    sealed_to = max((archive.sealed_to(agency) or 0 for agency in agencies), default=0) / 1000
    return recording.Span(min(now, max(sealed_to, now - _JOURNAL_MAX_S)), now)


def _first_in(span: Span, stretches: Sequence[tuple[float, float]]) -> float:
    """Return where the first of the stretches begins in the span, Unix seconds. Raises ConfigError: none does."""
    since, until = span.since / 1000, span.until / 1000
    found = [max(a, since) for a, b in stretches if a < until and since < b]
    if not found:
        there = "; ".join(f"{utc_words(a)} to {utc_words(b)}" for a, b in stretches[-3:])
        more = f" and {len(stretches) - 3} stretches before" if len(stretches) > 3 else ""
        first, last = span.words()
        raise ConfigError("RANGE", f"nothing is recorded from {first} to {last}; there is {there}{more} (UTC)")
    return min(found)


def _stretches(
    archive: Archive, agencies: Sequence[AgencyId], journaled: recording.Span | None
) -> list[tuple[float, float]]:
    """Return from when to when there is something, Unix seconds; what adjoins is one."""
    parts = [(s.manifest.t0 / 1000, s.manifest.t1 / 1000) for a in agencies for s in archive.segments(a)]
    parts += [(journaled.since, journaled.until)] if journaled else []
    joined: list[tuple[float, float]] = []
    for since, until in sorted(parts):
        if joined and since <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until)
        else:
            joined.append((since, until))
    return joined


def path(span: Span, view: str, begin: float | None = None) -> str:
    """Return path and query of the page of recordings at the span; `begin`: where the record begins in it."""
    parts = []
    since = begin if begin is not None else (span.since / 1000 or None)
    if since is not None:
        parts.append(f"at={_iso(since)}")
    parts.append(f"view={quote(view, safe=':')}")
    ended = span.until != Span().until
    parts.append(f"range={_iso(span.since / 1000 or since or 0)}~{_iso(span.until / 1000)}" if ended else "range=all")
    return f"/review?{'&'.join(parts)}"


def _iso(t: float) -> str:
    return f"{datetime.fromtimestamp(int(t), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}healthz", timeout=_ANSWER_S):  # noqa: S310 - our own http address
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _open(args: argparse.Namespace, address: str) -> None:
    if not args.no_open and demo.has_screen():
        webbrowser.open(address)
