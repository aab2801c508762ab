"""`jointops import`: a recording of another site, or logs, as an archive to review."""

import argparse
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from rich.progress import Progress

from dashboard import config_file, progress_bar
from dashboard.audit_command import actor_of, noted
from dashboard.config import Settings
from dashboard.feed_command import found, unit_of
from dashboard.site import archive_dir, imports_dir
from feeds.errors import ConfigError
from feeds.names import AgencyId, agency_id
from feeds.recording import from_elsewhere, from_logs
from feeds.recording.archive import Archive
from feeds.recording.durable import sync_folder
from feeds.recording.span import Span


def run(args: argparse.Namespace) -> int:
    """Import what `args` name; return 0. Raises ConfigError, ArchiveDamaged (nothing of it is taken then)."""
    settings = config_file.load(args.config) if args.config else Settings()
    first: Path = args.paths[0]
    folder = args.archive or imports_dir(settings) / _named(args.name or first.stem)
    if folder.resolve() == archive_dir(settings).resolve() or (folder / ".lock").exists():
        raise ConfigError("--archive", f"{folder} is what a recorder writes; name another folder")
    try:
        is_recording = zipfile.is_zipfile(first) or from_elsewhere.archive_in(first) is not None
        if is_recording and (len(args.paths) != 1 or args.agency or args.source or args.unit or args.day):
            raise ConfigError(
                "PATH", "a recording is imported alone and as it is: give one PATH, no agency, source, unit, day"
            )
        if not is_recording and not args.agency:
            raise ConfigError("--agency", "say whose logs these are")
        what, agencies = f"{first.name} as {folder.name}", (args.agency,) if args.agency else ()
        with noted(args, "import", agencies=agencies, what=what), progress_bar.counting() as bar:
            said = _recording(args, folder, bar) if is_recording else _logs(args, folder, bar)
    except OSError as error:
        raise ConfigError("PATH", f"cannot be imported: {error}") from error
    sys.stdout.write(said)
    return 0


def _named(name: str) -> str:
    """Return the name of a folder in the site's imports. Raises ConfigError for what would lie elsewhere."""
    if name.startswith(".") or not name or Path(name).name != name:
        raise ConfigError("--name", f"{name!r} is no name of a folder in the site's imports; give one, without a path")
    return name


def _recording(args: argparse.Namespace, folder: Path, bar: Progress) -> str:
    (path,) = args.paths
    task = bar.add_task("taking", total=None)

    def progress(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)

    with tempfile.TemporaryDirectory(dir=_made(folder), prefix=".import-") as unpacked:
        if path.is_file():
            with zipfile.ZipFile(path) as zipped:
                zipped.extractall(unpacked)
            path = Path(unpacked)
        all_taken = from_elsewhere.take(path, folder, actor_of(args), time.time(), progress)
    return "".join(
        f"{taken.agency}: {taken.segments} segments into {folder}, verified; head {taken.number} {taken.head}\n"
        for taken in all_taken
    )


def _logs(args: argparse.Namespace, folder: Path, bar: Progress) -> str:
    agency = agency_id(args.agency)
    day = Span.parse(args.day).since / 1000 if args.day else None
    logs = [_read(path, agency, args, day, bar) for path in found(args.paths)]
    for name, count in Counter(log.file for log in logs).items():
        if count > 1:
            raise ConfigError("PATH", f"{count} files are called {name}; the manifest names them, so rename one")
    if (folder / agency).exists():
        raise ConfigError("--archive", f"something of {agency} is in {folder}; name another folder")
    if from_elsewhere.has_log(from_elsewhere.chains_in(folder)):
        raise ConfigError("--archive", f"{folder} is a whole site's record; name another folder")
    said = "".join(_words(log) for log in logs)
    if not any(log.reports for log in logs):
        sys.stderr.write(said)
    task = bar.add_task("sealing", total=sum(len(log.reports) for log in logs))
    with tempfile.TemporaryDirectory(dir=_made(folder), prefix=".import-") as aside:
        sealed = from_logs.seal(Archive(Path(aside)), agency, logs, lambda count: bar.advance(task, count))
        (Path(aside) / agency).rename(folder / agency)
        sync_folder(folder)
    return f"{said}{agency}: {len(sealed)} segments into {folder}, {sealed[0].name} to {sealed[-1].name}\n"


def _read(path: Path, agency: AgencyId, args: argparse.Namespace, day: float | None, bar: Progress) -> from_logs.Read:
    task = bar.add_task(path.name, total=None)

    def progress(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)

    return from_logs.read(path, agency, args.unit or unit_of(path), args.source, progress, day)


def _words(log: from_logs.Read) -> str:
    left_out = "".join(f"  left out: {count} x {reason}\n" for reason, count in log.refused.most_common())
    return f"{log.file} ({log.dialect}) as {log.source}: {len(log.reports)} reports\n{left_out}"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
