"""`jointops verify`: re-hash the archive, follow its chain, and name what was altered, with a progress bar."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from dashboard import audit_command, config_file, progress_bar
from dashboard.config import Settings
from dashboard.hold_words import missing_words
from dashboard.site import archive_dir, audit_file
from feeds.errors import ArchiveDamaged, ConfigError
from feeds.recording import holds, verifier
from feeds.recording.audit import Audit, NotAudited
from feeds.recording.parts import parts, within
from feeds.recording.span import Span
from feeds.recording.verifier import Finding, Verdict

NAMED = 4
"""Columns named of an altered stretch of a file; of more it is said that there are more."""


def run(args: argparse.Namespace) -> int:
    """Verify what `args` name; return 0 when all of it is as recorded, 1 when not, 2 when nothing is of that time.

    Raises ConfigError.
    """
    folder = archive_of(args)
    span = Span.parse(args.range)
    agencies = [path for path in verifier.agencies(folder) if path.name in (args.agency or [path.name])]
    if missing := set(args.agency or ()) - {path.name for path in agencies}:
        raise ConfigError("--agency", f"nothing is recorded of {', '.join(sorted(missing))} in {folder}")
    verdicts: list[Verdict] = []
    with progress_bar.counting() as bar:
        for path in agencies:
            task = bar.add_task(path.name, total=sum(1 for _ in path.glob("*/*/manifest.json")))
            for verdict in verifier.verify(path, *span, package=verifier.is_part(path)):
                verdicts.append(verdict)
                for finding in verdict.findings:
                    bar.console.print(f"ALTERED {said(folder, finding)}", highlight=False, soft_wrap=True)
                if verdict.note:
                    bar.console.print(verifier.note_of(verdict), highlight=False, markup=False, soft_wrap=True)
                bar.advance(task)
            bar.update(task, completed=bar.tasks[task].total)
    sys.stdout.write(report(agencies, verdicts))
    good = all(verdict.state != "altered" for verdict in verdicts)
    for told, is_good in (holds_report(args, folder), audit_report(args)):
        sys.stdout.write(told)
        good &= is_good
    if good and args.range and not verdicts:
        first, last = span.words()
        raise ConfigError("RANGE", f"nothing is recorded from {first} to {last} (UTC); without RANGE all of it is read")
    return 0 if good else 1


def holds_report(args: argparse.Namespace, folder: Path) -> tuple[str, bool]:
    """Return what is to be said of the archive's holds, and whether they are as they were said, by the audit too."""
    try:
        told = holds.said(folder)
        head = f"; head {len(told)} {holds.head(folder)}" if told else ""
    except ArchiveDamaged as error:
        return f"holds: ALTERED {error.words}; nothing is deleted meanwhile\n", False
    except OSError as error:
        return f"holds: cannot be read ({error})\n", False
    standing = holds.standing(told)
    said = f"holds: {len(standing)} stand, {len(told)} lines good{head}\n" if told else ""
    try:
        missing = audit_command.missing_holds(args, told)
    except (ArchiveDamaged, NotAudited):
        return f"{said}holds: not compared with the audit, which cannot be read\n", False
    return said + "".join(f"holds: {missing_words(hold)}\n" for hold in missing), not missing


def audit_report(args: argparse.Namespace) -> tuple[str, bool]:
    """Return what is to be said of the site's audit, and whether it is as it was written."""
    audit = Audit(audit_file(config_file.load(args.config) if args.config else Settings()))
    try:
        count = len(audit.entries())
        return (f"audit: {count} entries good; head {count} {audit.head()}\n" if count else ""), True
    except ArchiveDamaged as error:
        return f"audit: ALTERED {error.words}\n", False
    except OSError as error:
        return f"audit: cannot be read ({error}); run this as the user that the site runs as\n", False


def archive_of(args: argparse.Namespace) -> Path:
    """Return the archive's folder: as named, or the site's. Raises ConfigError when there is none."""
    folder = args.archive or archive_dir(config_file.load(args.config) if args.config else Settings())
    if not folder.is_dir():
        raise ConfigError("--archive", f"no archive at {folder}; name it, or the site's file by --config")
    found: Path = folder
    return found


def said(folder: Path, finding: Finding) -> str:
    """Return a finding in words, with the columns and rows it touches where the file still tells them."""
    path = folder / finding.agency / finding.segment / finding.file
    if path.suffix != ".parquet" or not finding.end or not path.is_file():
        return str(finding)
    names = within(parts(path.read_bytes()), finding.start, finding.end)
    more = f"; {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{finding}: {'; '.join(names[:NAMED])}{more}" if names else f"{finding}: its footer cannot be read"


def report(agencies: list[Path], verdicts: list[Verdict]) -> str:
    """Return what was found of each agency, with the head of its chain: for whoever keeps one elsewhere to compare."""
    lines = []
    for path in agencies:
        own = [verdict for verdict in verdicts if verdict.agency == path.name]
        counts = Counter(verdict.state for verdict in own)
        words = f"{path.name}: {counts['good']} good"
        words += f", {counts['revised']} good but for what was lawfully removed" if counts["revised"] else ""
        words += f", {counts['deleted']} deleted lawfully" if counts["deleted"] else ""
        words += f", {counts['altered']} ALTERED" if counts["altered"] else ""
        words += f", {counts['apart']} of which only the link was taken" if counts["apart"] else ""
        words += "; taken from another site" if verifier.is_imported(path) else ""
        chain = verifier.links(path, verifier.is_part(path))
        if chain:
            first = chain[0].body.get("number", 1)
            words += f"; begins with link {first}" if first != 1 else ""
            words += f"; head {chain[-1].body.get('number', '?')} {verifier.digest(chain[-1].data)}"
        lines.append(words)
    return "\n".join(lines) + "\n" if lines else "nothing is recorded yet\n"
