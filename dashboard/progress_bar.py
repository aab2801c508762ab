"""The progress bar of every command that takes long, on the error stream so that the output can be piped."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def counting() -> Progress:
    """Return a bar that tells what is done of how much, and how long it will take."""
    return _bar(TextColumn("{task.description}"), BarColumn(bar_width=32), MofNCompleteColumn(), TimeRemainingColumn())


def going() -> Progress:
    """Return a bar that tells what is done and how long it has taken."""
    return _bar(TextColumn("{task.description}"), BarColumn(bar_width=32), TimeElapsedColumn())


def stepping(what: str) -> Progress:
    """Return a bar that tells how far `what` is and at which step."""
    return _bar(TextColumn(what), BarColumn(bar_width=32), TextColumn("{task.description}"), TimeElapsedColumn())


def _bar(*columns: ProgressColumn) -> Progress:
    return Progress(*columns, console=Console(stderr=True))
