"""`jointops hold`: what of the record is kept for a case."""

import argparse
import sys
import time
from datetime import UTC, datetime

from dashboard import audit_command
from dashboard.audit_command import actor_of
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
    hold = Said(
        act="hold",
        case=args.case,
        agency=agency_id(args.agency),
        since=span.since,
        until=span.until,
        units=tuple(args.unit or ()),
        actor=actor_of(args),
        at=time.time(),
    )
    audit_command.note(args, "hold", span=span, agencies=(hold.agency,), unit=", ".join(hold.units))
    holds.say(folder, hold)
    archive = Archive(folder)
    there = [sealed for sealed in archive.segments(hold.agency) if hold.covers(sealed.manifest)]
    kept = sum(sealed.tombstone is None for sealed in there)
    gone = f"; {len(there) - kept} were deleted before" if len(there) > kept else ""
    sys.stdout.write(f"{words(hold)}. It holds {kept} segments of those sealed until now{gone}.\n")
    if hold.agency not in archive.agencies():
        known = ", ".join(archive.agencies()) or "nobody"
        sys.stdout.write(f"Nothing is recorded of {hold.agency} yet; there is something of {known}.\n")
    return 0


def list_(args: argparse.Namespace) -> int:
    """List the holds that stand. Raises ConfigError, ArchiveDamaged."""
    standing = holds.standing(holds.said(archive_of(args)))
    sys.stdout.write("".join(f"{words(hold)}\n" for hold in standing) or "no hold stands\n")
    return 0


def release(args: argparse.Namespace) -> int:
    """Release all holds of a case. Raises ConfigError, ArchiveDamaged."""
    folder = archive_of(args)
    audit_command.note(args, "release")
    holds.say(folder, Said(act="release", case=args.case, actor=actor_of(args), at=time.time()))
    sys.stdout.write(f"case {args.case}: released; what it held may go when its retention says so\n")
    return 0


def words(hold: Said) -> str:
    """Return a hold as a line for people."""
    since, until = Span(hold.since, hold.until).words()
    units = f", units {', '.join(hold.units)}" if hold.units else ""
    at = datetime.fromtimestamp(hold.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"case {hold.case}: {hold.agency}{units} from {since} to {until} (by {hold.actor}, {at} UTC)"
