"""The words of `jointops retention`, `jointops hold` and `jointops import`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dashboard import cli_texts as texts

KINDS = ("unit", "incident", "camera_event", "zone", "log_entry")
RANGE = "a day, A..B, or `..` for all time"


class Command(Protocol):
    """Makes the parser of one command."""

    def __call__(
        self, name: str, run: Callable[[argparse.Namespace], int], help_: str, text: str = ""
    ) -> argparse.ArgumentParser:
        """Return it."""


def add(command: Command) -> None:
    """Add the commands."""
    retention = command("retention", _retention, "what of the record may not be kept longer", texts.RETENTION)
    retention.add_argument("--agency", metavar="ID", help="this agency's only (all)")
    _done_by(retention)
    remove = _part(retention, "remove", _remove, "take one unit or one kind of report out", texts.REMOVE)
    remove.add_argument("--agency", required=True, metavar="ID", help="whose record it is")
    what = remove.add_mutually_exclusive_group(required=True)
    what.add_argument("--unit", metavar="ID", help="the unit's id, as the agency's feed has it")
    what.add_argument("--kind", choices=KINDS, help="every report of this kind")
    remove.add_argument("--range", required=True, metavar="RANGE", help=RANGE)
    remove.add_argument("--clause", required=True, metavar="TEXT", help="the order or agreement that says so")
    _done_by(remove, argparse.SUPPRESS)

    hold = command("hold", _hold_list, "keep part of the record for a case", texts.HOLD)
    new = _part(hold, "add", _hold_add, "keep what is named until the case is released")
    new.add_argument("--case", required=True, metavar="ID", help="the case that it is kept for")
    new.add_argument("--agency", required=True, metavar="ID", help="whose record")
    new.add_argument("--range", required=True, metavar="RANGE", help=RANGE)
    new.add_argument("--unit", action="append", metavar="ID", help="this unit; may be given again (everything)")
    _said_by(new)
    _archive(new)
    _archive(_part(hold, "list", _hold_list, "list the holds that stand"))
    release = _part(hold, "release", _hold_release, "let go what a case kept")
    release.add_argument("--case", required=True, metavar="ID", help="the case")
    _said_by(release)
    _archive(release)
    _parts(hold).required = True

    import_ = command("import", _import, "take a recording of another site, or logs, to review", texts.IMPORT)
    import_.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="a recording, an evidence package, or logs"
    )
    import_.add_argument("--name", default="", help="name of the folder in the site's imports (the first PATH's)")
    import_.add_argument("--agency", metavar="ID", help="of logs: whose they are")
    import_.add_argument("--source", default="", metavar="ID", help="of logs: the source they came from (the dialect)")
    import_.add_argument("--unit", default="", metavar="ID", help="of logs: whom they are about that name nobody")
    import_.add_argument(
        "--day", default="", metavar="DAY", help="of logs: the (first) day of those that say the time of day alone"
    )
    _said_by(import_)
    _archive(import_)


def _part(
    parent: argparse.ArgumentParser, name: str, run: Callable[[argparse.Namespace], int], help_: str, text: str = ""
) -> argparse.ArgumentParser:
    part: argparse.ArgumentParser = _parts(parent).add_parser(
        name, help=help_, description=text or help_, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    part.set_defaults(run=run)
    return part


def _parts(parent: argparse.ArgumentParser) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    there = next((action for action in parent._actions if isinstance(action, argparse._SubParsersAction)), None)
    return there or parent.add_subparsers(metavar="PART")


def _done_by(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """`default`: SUPPRESS in a part of a command that takes the same words, so that they count before it too."""
    parser.add_argument("--do", action="store_true", default=default or False, help="do it (else only say what it is)")
    parser.add_argument(
        "--dry-run", action="store_true", default=default or False, help="only say what it is, as without --do"
    )
    _said_by(parser, default or "")
    _archive(parser, default)


def _said_by(parser: argparse.ArgumentParser, default: str = "") -> None:
    parser.add_argument("--actor", default=default, metavar="NAME", help="who says so (you, as this machine knows you)")


def _archive(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    parser.add_argument("--archive", type=Path, default=default, metavar="FOLDER", help="folder of the record")
    parser.add_argument(
        "--config", type=Path, default=default, metavar="site.toml", help="the site's file, which names the folder"
    )


def _retention(args: argparse.Namespace) -> int:
    from dashboard import retention_command

    return retention_command.run(args)


def _remove(args: argparse.Namespace) -> int:
    from dashboard import retention_command

    return retention_command.remove(args)


def _import(args: argparse.Namespace) -> int:
    from dashboard import import_command

    return import_command.run(args)


def _hold_add(args: argparse.Namespace) -> int:
    from dashboard import hold_command

    return hold_command.add(args)


def _hold_list(args: argparse.Namespace) -> int:
    from dashboard import hold_command

    return hold_command.list_(args)


def _hold_release(args: argparse.Namespace) -> int:
    from dashboard import hold_command

    return hold_command.release(args)
