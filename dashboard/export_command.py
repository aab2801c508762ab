"""`jointops export`: part of the record as a file for somebody else, with a progress bar."""

import argparse
import importlib.metadata
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from rich.progress import Progress

from dashboard import audit_command, config_file, progress_bar
from dashboard.config import Settings
from dashboard.record_export import Asked, Export, Exported
from dashboard.verify_command import archive_of
from feeds.errors import ConfigError
from feeds.names import AgencyId, agency_id
from feeds.recording.evidence import Asker, open_private, package
from feeds.recording.span import Span

EVIDENCE = "evidence"
STDOUT = Path("-")


def run(args: argparse.Namespace) -> int:
    """Write what `args` name; return 0. Raises ConfigError, ArchiveDamaged."""
    archive, span = archive_of(args), Span.parse(args.range)
    if len(args.agency or ()) != 1:
        raise ConfigError("--agency", "name the one agency whose record it is")
    agency = agency_id(args.agency[0])
    _mind_out(args)
    asked = audit_command.noted(
        args,
        "evidence" if args.format == EVIDENCE else "export",
        span=span,
        agency=args.for_ or agency,
        agencies=(agency,),
        view=args.view or ("" if args.format == EVIDENCE else "known"),
        unit=", ".join(args.unit or ()),
        what=f"{args.format} into {args.out.name}",
    )
    try:
        with asked, progress_bar.counting() as bar:
            if args.format == EVIDENCE:
                said = _evidence(args, archive, agency, span, bar)
            else:
                said = _export(args, archive, agency, span, bar)
    except OSError as error:
        raise _cannot_write(args.out, error) from error
    (sys.stderr if args.out == STDOUT else sys.stdout).write(said)
    return 0


def _mind_out(args: argparse.Namespace) -> None:
    """Refuse what cannot be written before it is audited. Raises ConfigError."""
    if args.format == EVIDENCE and (args.out == STDOUT or args.unit or args.for_ or args.view or args.skip_damaged):
        raise ConfigError(
            "--format", "an evidence package is whole: it takes no --unit, --for, --view or --skip-damaged, and a file"
        )
    if args.out == STDOUT:
        return
    try:
        there, has_folder = args.out.exists(), args.out.absolute().parent.is_dir()
    except OSError as error:
        raise _cannot_write(args.out, error) from error
    if there:
        raise ConfigError("OUT", f"{args.out} is there already; name another file")
    if not has_folder:
        raise ConfigError("OUT", f"cannot write {args.out}: there is no such folder")


def _cannot_write(out: Path, error: OSError) -> ConfigError:
    return ConfigError("OUT", f"cannot write {out}: {error.strerror or error}")


def _evidence(args: argparse.Namespace, archive: Path, agency: AgencyId, span: Span, bar: Progress) -> str:
    task = bar.add_task("packing", total=None)
    asker = Asker(audit_command.actor_of(args), args.case)
    packed = package(archive, agency, span, args.out, lambda n, of: bar.update(task, completed=n, total=of), asker)
    sys.stderr.write(packed.extent.ends(span))
    deleted = f" ({packed.deleted} deleted lawfully)" if packed.deleted else ""
    for finding in packed.elsewhere:
        line = f"elsewhere in the record, and not in the package: ALTERED {finding}"
        bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
    return (
        f"{args.out}: {packed.segments} segments{deleted}, {packed.links} links of the chain, {packed.bytes:,} bytes. "
        "Whoever gets it unpacks it and runs `python3 verify.py`.\n"
    ) + _lacking(packed.missing)


def _export(args: argparse.Namespace, archive: Path, agency: AgencyId, span: Span, bar: Progress) -> str:
    asked = Asked(
        format=args.format,
        agency=agency,
        viewer=agency_id(args.for_) if args.for_ else agency,
        view=args.view or "known",
        span=span,
        units=tuple(args.unit or ()),
        skip_damaged=args.skip_damaged,
        actor=audit_command.actor_of(args),
        case=args.case,
    )
    export = Export(archive, config_file.load(args.config) if args.config else Settings(), asked)
    tasks = {name: bar.add_task(name, total=None) for name in ("reading", "writing")}

    def progress(what: str, done: int, of: int) -> None:
        bar.update(tasks[what], completed=done, total=of)

    folder = None if args.out == STDOUT else args.out.absolute().parent
    # Without a name: whatever ends the process, nothing of it stays behind.
    with tempfile.TemporaryFile(dir=folder) as aside:
        runs = export.gather(aside, progress)
        version = importlib.metadata.version("jointops")
        _write(args.out, export.pieces(runs, time.time(), version, progress))
        exported = export.exported(runs)
    sys.stderr.write(exported.extent.ends(span))
    return said(args.out, exported)


def _write(out: Path, pieces: Iterable[bytes]) -> None:
    """Write the file whole or not at all; `-` is the standard output."""
    if out == STDOUT:
        _write_to(sys.stdout.buffer, pieces)
        return
    temporary = out.with_name(f".{out.name}.part")
    try:
        with open_private(temporary) as file:
            _write_to(file, pieces)
            os.fsync(file.fileno())
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_to(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()


def said(out: Path, exported: Exported) -> str:
    """Return what was written in words."""
    where = "" if out == STDOUT else f"{out}: "
    words = f"{where}{exported.positions:,} positions, {exported.occurrences:,} occurrences\n"
    words += _lacking(exported.missing)
    if exported.withheld:
        words += f"{exported.withheld} things were withheld because of an error; the log says which kind\n"
    return words


def _lacking(missing: tuple[str, ...]) -> str:
    return f"not in it: {', '.join(missing)}\n" if missing else ""
