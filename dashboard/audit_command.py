"""`jointops audit`, and how every command that takes something out of the record writes that it does.

What is written before is what was asked for. A command that fails after that says so in a second line.
"""

import argparse
import contextlib
import getpass
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from dashboard import config_file
from dashboard.config import Settings
from dashboard.site import archive_dir, audit_file
from feeds.errors import ConfigError
from feeds.recording import from_elsewhere, holds
from feeds.recording.audit import Act, Audit, Entry, NotAudited
from feeds.recording.holds import HoldsMissing, Said
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
    "export": "asked to export",
    "evidence": "asked to pack evidence",
    "retention": "asked what is to be deleted",
    "remove": "asked to take reports out",
    "hold": "asked to hold",
    "release": "asked to release",
    "import": "asked to import",
}
_OF_HOLDS = ("hold", "release")
DO = "--do"
"""In `what` of a retention that is to delete."""
NOTHING_DONE = "(nothing done)"
"""At the end of `what` of a removal that only looks."""


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


@contextlib.contextmanager
def noted(
    args: argparse.Namespace,
    act: Act,
    *,
    span: Span = ALL,
    agency: str = "",
    agencies: Sequence[str] = (),
    view: str = "",
    unit: str = "",
    what: str = "",
) -> Iterator[Callable[[int], int]]:
    """Write what a command is about to do before the block; when the block fails, that it did.

    It gives what takes the command's exit status on its way out: other than 0 is a failure too.

    Raises NotAudited, ConfigError (nobody knows who does it).
    """
    settings = config_file.load(args.config) if args.config else Settings()
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
        what=" ".join(filter(None, (what, "" if _is_own(args, settings) else f"of {args.archive}"))),
        archive=str((args.archive or archive_dir(settings)).resolve()) if act in _OF_HOLDS else "",
    )
    audit = Audit(audit_file(settings))
    audit.write([entry])

    def failed(status: int) -> int:
        if status:
            audit.write([replace(entry, at=time.time(), failed=True)])
        return status

    try:
        yield failed
    except BaseException:
        with contextlib.suppress(NotAudited):  # why it fails is what is to be told
            failed(1)
        raise


def _is_own(args: argparse.Namespace, settings: Settings) -> bool:
    return args.archive is None or args.archive.resolve() == archive_dir(settings).resolve()


def missing_holds(args: argparse.Namespace, told: Sequence[Said]) -> list[Said]:
    """Return the holds of the archive that stand by the audit, and not by what was `told` in its file.

    Raises NotAudited (it cannot be read), ConfigError, ArchiveDamaged (a line of it was altered).
    """
    settings = config_file.load(args.config) if args.config else Settings()
    audit = Audit(audit_file(settings))
    try:
        entries = audit.entries()
    except OSError as error:
        raise NotAudited(audit.path, error) from error
    folder, is_own = (args.archive or archive_dir(settings)).resolve(), _is_own(args, settings)
    return holds.missing(told, (one for one in entries if one.act in _OF_HOLDS and _is_of(one, folder, is_own)))


def _is_of(one: Entry, folder: Path, is_own: bool) -> bool:
    """Say whether it tells of the archive in the folder.

    The site's own archive has what was said of it where it lay before, too: while it lies there still, it is another.
    """
    if one.archive == str(folder):
        return True
    return is_own and not one.what and (not one.archive or from_elsewhere.archive_in(Path(one.archive)) is None)


def all_holds(args: argparse.Namespace, folder: Path) -> list[Said]:
    """Return the holds that stand, for whoever is about to delete.

    Raises HoldsMissing, ArchiveDamaged (either file was altered), NotAudited, ConfigError.
    """
    told = holds.said(folder)
    if missing := missing_holds(args, told):
        raise HoldsMissing(missing)
    return holds.standing(told)


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
        told = [f"{utc_words(one.at)}  {who}", *_asked(one)]
        told += [f"of {one.unit}"] if one.unit else []
        if one.place is not None:
            lon, lat, metres = one.place
            told.append(f"within {metres:.0f} m of {lat:.5f},{lon:.5f}")
        told.append(_stretch(one))
        told += [f"as {one.view}"] if one.view else []
        told += [f"record of {', '.join(one.agencies)}"] if one.agencies else []
        told += [f"case {one.case}"] if one.case else []
        told += ["IT FAILED: nothing of it was done, or not all"] if one.failed else []
        # Some of these words a viewer chose: none of them is to look like a line of its own.
        yield "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in "  ".join(filter(None, told)))


def _asked(one: Entry) -> tuple[str, str]:
    """Return in words what was asked for, and of what."""
    if one.act == "retention" and one.what.startswith(DO):
        return "asked to delete what is due", one.what.removeprefix(DO).strip()
    if one.act == "remove" and NOTHING_DONE in one.what:
        return "asked what would be taken out", one.what
    return WORDS[one.act], one.what


def _stretch(one: Entry) -> str:
    if one.since is None and one.until is None:
        return "all of it" if one.act not in ("release", "import", "retention") else ""
    if one.since == one.until and one.since is not None:
        return f"at {utc_words(one.since)}"
    since = "the beginning" if one.since is None else utc_words(one.since)
    return f"{since} to {'the end' if one.until is None else utc_words(one.until)}"
