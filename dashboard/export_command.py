"""`jointops export`: part of the record as a file for somebody else, with a progress bar."""

import argparse
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dashboard.verify_command import archive_of
from feeds.errors import ConfigError
from feeds.names import agency_id
from feeds.recording.evidence import package
from feeds.recording.span import Span


def run(args: argparse.Namespace) -> int:
    """Write the package that `args` name; return 0. Raises ConfigError, ArchiveDamaged."""
    archive, span = archive_of(args), Span.parse(args.range)
    if len(args.agency or ()) != 1:
        raise ConfigError("--agency", "name the one agency whose record it is")
    if args.out.exists():
        raise ConfigError("OUT", f"{args.out} is there already; name another file")
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("packing", total=None)
        agency = agency_id(args.agency[0])
        try:
            packed = package(
                archive, agency, span, args.out, lambda done, of: bar.update(task, completed=done, total=of)
            )
        except OSError as error:
            raise ConfigError("OUT", f"cannot write {args.out}: {error.strerror}") from error
    deleted = f" ({packed.deleted} deleted lawfully)" if packed.deleted else ""
    sys.stdout.write(
        f"{args.out}: {packed.segments} segments{deleted}, {packed.links} links of the chain, {packed.bytes:,} bytes. "
        "Whoever gets it unpacks it and runs `python3 verify.py`.\n"
    )
    return 0
