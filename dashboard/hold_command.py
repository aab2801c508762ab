"""`jointops hold`: what of the record is kept for a case."""

import argparse
import sys
import time

from dashboard import audit_command, config_file
from dashboard.audit_command import actor_of
from dashboard.hold_words import missing_words, words
from dashboard.verify_command import archive_of
from feeds.errors import ConfigError
from feeds.names import agency_id
from feeds.recording import holds
from feeds.recording.archive import Archive
from feeds.recording.holds import Said
from feeds.recording.span import Span


def add(args: argparse.Namespace) -> int:
    """Keep what `args` name; say how many segments that is. Raises ConfigError, ArchiveDamaged."""
    folder, span = archive_of(args), Span.parse(args.range)
    if not args.case.strip():
        raise ConfigError("--case", "name the case; it is what the hold is released by")
    agency, archive = agency_id(args.agency), Archive(folder)
    known = config_file.load(args.config).agency_ids() if args.config else ()
    if args.config and agency not in (*known, *archive.agencies()):
        raise ConfigError(
            "--agency", f"the site knows no agency {agency!r}, and nothing is recorded of one; {_there(archive)}"
        )
    hold = Said(
        act="hold",
        case=args.case,
        agency=agency,
        since=span.since,
        until=span.until,
        units=tuple(args.unit or ()),
        actor=actor_of(args),
        at=time.time(),
    )
    with audit_command.noted(args, "hold", span=span, agencies=(hold.agency,), unit=", ".join(hold.units)):
        holds.say(folder, hold)
    archive.refresh()
    there = [sealed for sealed in archive.segments(hold.agency) if hold.covers(sealed.manifest)]
    kept = sum(sealed.tombstone is None for sealed in there)
    gone = f"; {len(there) - kept} were deleted before" if len(there) > kept else ""
    sys.stdout.write(f"{words(hold)}. It holds {kept} segments of those sealed until now{gone}.\n")
    if hold.agency not in archive.agencies():
        sys.stdout.write(f"Nothing is recorded of {hold.agency} yet; {_there(archive)}.\n")
    return 0


def _there(archive: Archive) -> str:
    return f"there is something of {', '.join(archive.agencies()) or 'nobody'}"


def list_(args: argparse.Namespace) -> int:
    """List the holds that stand; return 1 when some are missing. Raises ConfigError, ArchiveDamaged, NotAudited."""
    told = holds.said(archive_of(args))
    missing = audit_command.missing_holds(args, told)
    standing = holds.standing(told)
    sys.stdout.write("".join(f"{words(hold)}\n" for hold in standing) or "no hold stands\n")
    sys.stdout.write("".join(f"{missing_words(hold)}\n" for hold in missing))
    return 1 if missing else 0


def release(args: argparse.Namespace) -> int:
    """Release all holds of a case, those too that are missing. Raises ConfigError, ArchiveDamaged, NotAudited."""
    folder = archive_of(args)
    told = holds.said_whole(folder)
    missing = audit_command.missing_holds(args, told)
    release = Said(act="release", case=args.case, actor=actor_of(args), at=time.time())
    holds.mind_case(release.case, [*holds.standing(told), *missing])
    with audit_command.noted(args, "release"):
        holds.say(folder, release, missing)
    sys.stdout.write(f"case {args.case}: released; what it held may go when its retention says so\n")
    return 0
