"""`jointops feed`: send a captured file through the door, with a progress bar and what became of each message."""

import argparse
import asyncio
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from feeds.access import find_way
from feeds.file_feed import Totals, looks_like, send_file


def run(args: argparse.Namespace) -> int:
    """Send `args.file`; return 0 unless messages were sent and every one of them was refused.

    Raises ConfigError (source, token, file), FeedRefused, FeedLost.
    """
    way = find_way(args.source, args.feed_port, host=args.host, token=args.token or "")
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(args.file.name, total=None)

        def show(totals: Totals) -> None:
            bar.update(task, total=totals.messages, completed=totals.answered)

        totals = asyncio.run(
            send_file(args.file, args.source, way, rate=args.rate, keep_times=args.keep_times, progress=show)
        )
        show(totals)
    sys.stdout.write(report(totals))
    if not totals.messages or totals.refused.total() < totals.messages:
        return 0
    sys.stderr.write(advice(args.file, args.source, way.adapter))
    return 1


def advice(file: Path, source: str, speaks: str) -> str:
    """Return a hint for a file of which everything was refused: `""` when its beginning says nothing."""
    with file.open("rb") as opened:
        looks = looks_like(opened.read(4096))
    if looks is None or looks.name == speaks:
        return ""
    return f"hint: the file looks like {looks.name!r}, and {source} speaks {speaks!r}; choose another source\n"


def report(totals: Totals) -> str:
    """Return the counts in words, one line, and a line for each reason of refusal."""
    lines = [f"acknowledged {totals.accepted}  duplicate {totals.duplicate}  refused {totals.refused.total()}"]
    lines += [f"  {count} x {reason}" for reason, count in totals.refused.most_common()]
    return "\n".join(lines) + "\n"
