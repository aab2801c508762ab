"""`jointops feed`: send captured files through the door, with a progress bar and what became of each message."""

import argparse
import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dashboard import progress_bar
from feeds.access import find_way, guest_source
from feeds.errors import ConfigError
from feeds.file_feed import Totals, dialect_of, looks_like, send_file

HEAD_BYTES = 4096
_NOT_IN_AN_ID = re.compile(r"[^!-~]+")


def run(args: argparse.Namespace) -> int:
    """Send `args.paths`; return 0 unless every message of every file was refused.

    One file that cannot be sent does not keep the others from it. Raises ConfigError (a lone file, source, token),
    FeedRefused, FeedLost.
    """
    files = list(found(args.paths))
    if not files:
        raise ConfigError("PATH", "no files there")
    went = False
    for file in files:
        try:
            totals = _send(args, file)
        except ConfigError as error:
            if len(files) == 1:
                raise
            sys.stdout.write(f"{file}: not sent: {error.reason}\n")
            continue
        went |= not totals.messages or was_taken(totals)
    return 0 if went else 1


def found(paths: list[Path]) -> Iterator[Path]:
    """Yield the files, and those in the folders, hidden files and folders left out, in the order of their names."""
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            yield from sorted(p for p in inside if not any(n.startswith(".") for n in p.relative_to(path).parts))
        else:
            yield path


def was_taken(totals: Totals) -> bool:
    """Say whether the door took anything, or had it: of one message it may refuse more things than it takes."""
    return totals.accepted + totals.duplicate > 0


def unit_of(file: Path) -> str:
    """Return whom a file is about that names nobody: its own name, as an id."""
    return _NOT_IN_AN_ID.sub("-", file.stem).strip("-")[:128]


def _send(args: argparse.Namespace, file: Path) -> Totals:
    source = args.source or guest_source(dialect_of(_head(file)).name, args.feed_port)
    way = find_way(source, args.feed_port, host=args.host, token=args.token or "")
    with progress_bar.counting() as bar:
        task = bar.add_task(file.name, total=None)

        def show(totals: Totals) -> None:
            bar.update(task, total=totals.messages, completed=totals.answered)

        unit = args.unit or unit_of(file)
        sending = send_file(file, source, way, rate=args.rate, keep_times=args.keep_times, unit=unit, progress=show)
        totals = asyncio.run(sending)
        show(totals)
    sys.stdout.write(f"{file} as {source}\n{report(totals)}")
    if totals.messages and not was_taken(totals):
        sys.stderr.write(advice(file, source, way.adapter))
    return totals


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(HEAD_BYTES)
    except OSError as error:
        raise ConfigError("PATH", f"cannot read {file}: {error.strerror}") from error


def advice(file: Path, source: str, speaks: str) -> str:
    """Return a hint for a file of which everything was refused: `""` when its beginning says nothing."""
    looks = looks_like(_head(file))
    if looks is None or looks.name == speaks:
        return ""
    return f"hint: the file looks like {looks.name!r}, and {source} speaks {speaks!r}; choose another source\n"


def report(totals: Totals) -> str:
    """Return the counts in words, one line, and a line for each reason of refusal."""
    lines = [f"acknowledged {totals.accepted}  duplicate {totals.duplicate}  refused {totals.refused.total()}"]
    lines += [f"  {count} x {reason}" for reason, count in totals.refused.most_common()]
    return "\n".join(lines) + "\n"
