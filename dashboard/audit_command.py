"""`jointops audit`, and how every command that takes something out of the record writes that it does."""

import argparse
import getpass
import sys
import time
from collections.abc import Iterator, Sequence

from dashboard import config_file
from dashboard.config import Settings
from dashboard.site import archive_dir, audit_file
from feeds.errors import ConfigError
from feeds.recording.audit import Act, Audit, Entry
from feeds.recording.span import Span, utc_words

ALL = Span()
WORDS = {
    "open": "opened a review",
    "seek": "went",
    "seen": "watched",
    "track": "asked for the track",
    "near": "asked who was near",
    "timeline": "asked for the timeline",
    "spans": "fetched stretches",
    "export": "exported",
    "evidence": "packed evidence",
    "retention": "looked what is to be deleted",
    "remove": "took reports out",
    "hold": "held",
    "release": "released",
    "import": "imported",
}


def actor_of(args: argparse.Namespace) -> str:
    """Return who does it, as named or as the system knows. Raises ConfigError."""
    try:
        actor: str = args.actor or getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError("--actor", "this machine does not know you; say who you are") from None
    return actor


def audit_of(args: argparse.Namespace) -> Audit:
    """Return the audit of the site that a command names by --config, else of this user. Raises ConfigError."""
    return Audit(audit_file(config_file.load(args.config) if args.config else Settings()))


def note(
    args: argparse.Namespace,
    act: Act,
    *,
    span: Span = ALL,
    agency: str = "",
    agencies: Sequence[str] = (),
    view: str = "",
    unit: str = "",
    what: str = "",
) -> None:
    """Write what a command is about to do. Raises NotAudited, ConfigError (nobody knows who does it)."""
    settings = config_file.load(args.config) if args.config else Settings()
    own = args.archive is None or args.archive.resolve() == archive_dir(settings).resolve()
    entry = Entry(
        act=act,
        who=actor_of(args),
        agency=agency,
        via="command",
        at=time.time(),
        since=None if span.since == ALL.since else span.since / 1000,
        until=None if span.until == ALL.until else span.until / 1000,
        view=view,
        agencies=tuple(agencies),
        unit=unit,
        case=getattr(args, "case", None) or "",
        what=" ".join(filter(None, (what, "" if own else f"of {args.archive}"))),
    )
    Audit(audit_file(settings)).write([entry])


def run(args: argparse.Namespace) -> int:
    """Print the audit. Raises ConfigError, ArchiveDamaged (a line was altered)."""
    span, audit = Span.parse(args.range), audit_of(args)
    entries = audit.entries()
    if not entries:
        raise ConfigError("--config", f"there is no audit in {audit.path}; name the site's file")
    found = [one for one in entries if _is_asked_for(one, args, span)]
    sys.stdout.write("".join(f"{line}\n" for line in words(found)))
    sys.stdout.write(f"{len(found)} of {len(entries)} entries; chained to {audit.head()}\n")
    return 0


def _is_asked_for(one: Entry, args: argparse.Namespace, span: Span) -> bool:
    return (
        span.since <= one.at * 1000 < span.until
        and args.viewer in ("", None, one.who)
        and (not args.agency or args.agency == one.agency or args.agency in one.agencies)
        and args.case in ("", None, one.case)
    )


def words(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a line for each entry."""
    for one in entries:
        who = f"{one.who} ({one.agency})" if one.agency else one.who
        told = [f"{utc_words(one.at)}  {who}", WORDS[one.act]]
        told += [one.what] if one.what else []
        told += [f"of {one.unit}"] if one.unit else []
        if one.place is not None:
            lon, lat, metres = one.place
            told.append(f"within {metres:.0f} m of {lat:.5f},{lon:.5f}")
        told.append(_stretch(one))
        told += [f"as {one.view}"] if one.view else []
        told += [f"record of {', '.join(one.agencies)}"] if one.agencies else []
        told += [f"case {one.case}"] if one.case else []
        # Some of these words a viewer chose: none of them is to look like a line of its own.
        yield "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in "  ".join(filter(None, told)))


def _stretch(one: Entry) -> str:
    if one.since is None and one.until is None:
        return "all of it" if one.act not in ("release", "import", "retention") else ""
    if one.since == one.until and one.since is not None:
        return f"at {utc_words(one.since)}"
    since = "the beginning" if one.since is None else utc_words(one.since)
    return f"{since} to {'the end' if one.until is None else utc_words(one.until)}"
