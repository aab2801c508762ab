"""`jointops import`: a recording of another site, or logs, as an archive to review."""

import argparse
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from dashboard import config_file
from dashboard.audit_command import actor_of, note
from dashboard.config import Settings
from dashboard.feed_command import found, unit_of
from dashboard.site import archive_dir, imports_dir
from feeds.errors import ConfigError
from feeds.names import agency_id
from feeds.recording import from_elsewhere, from_logs
from feeds.recording.archive import Archive
from feeds.recording.durable import sync_folder


def run(args: argparse.Namespace) -> int:
    """Import what `args` name; return 0. Raises ConfigError, ArchiveDamaged (nothing of it is taken then)."""
    settings = config_file.load(args.config) if args.config else Settings()
    first: Path = args.paths[0]
    folder = args.archive or imports_dir(settings) / (args.name or first.stem)
    if folder.resolve() == archive_dir(settings).resolve() or (folder / ".lock").exists():
        raise ConfigError("--archive", f"{folder} is what a recorder writes; name another folder")
    note(args, "import", agencies=(args.agency,) if args.agency else (), what=f"{first.name} as {folder.name}")
    try:
        if zipfile.is_zipfile(first) or from_elsewhere.archive_in(first) is not None:
            return _recording(args, folder)
        return _logs(args, folder)
    except OSError as error:
        raise ConfigError("PATH", f"cannot be imported: {error}") from error


def _recording(args: argparse.Namespace, folder: Path) -> int:
    if len(args.paths) != 1 or args.agency or args.source or args.unit:
        raise ConfigError("PATH", "a recording is imported alone and as it is: give one PATH, no agency, source, unit")
    (path,) = args.paths
    with tempfile.TemporaryDirectory(dir=_made(folder), prefix=".import-") as unpacked:
        if path.is_file():
            with zipfile.ZipFile(path) as zipped:
                zipped.extractall(unpacked)
            path = Path(unpacked)
        for taken in from_elsewhere.take(path, folder, actor_of(args), time.time()):
            sys.stdout.write(
                f"{taken.agency}: {taken.segments} segments into {folder}, verified; head {taken.number} {taken.head}\n"
            )
    return 0


def _logs(args: argparse.Namespace, folder: Path) -> int:
    if not args.agency:
        raise ConfigError("--agency", "say whose logs these are")
    agency = agency_id(args.agency)
    logs = [from_logs.read(path, agency, args.unit or unit_of(path), args.source) for path in found(args.paths)]
    for name, count in Counter(log.file for log in logs).items():
        if count > 1:
            raise ConfigError("PATH", f"{count} files are called {name}; the manifest names them, so rename one")
    if (folder / agency).exists():
        raise ConfigError("--archive", f"something of {agency} is in {folder}; name another folder")
    if from_elsewhere.has_log(from_elsewhere.chains_in(folder)):
        raise ConfigError("--archive", f"{folder} is a whole site's record; name another folder")
    with tempfile.TemporaryDirectory(dir=_made(folder), prefix=".import-") as aside:
        sealed = from_logs.seal(Archive(Path(aside)), agency, logs)
        (Path(aside) / agency).rename(folder / agency)
        sync_folder(folder)
    for log in logs:
        sys.stdout.write(f"{log.file} ({log.dialect}) as {log.source}: {len(log.reports)} reports\n")
        for reason, count in log.refused.most_common():
            sys.stdout.write(f"  left out: {count} x {reason}\n")
    sys.stdout.write(f"{agency}: {len(sealed)} segments into {folder}, {sealed[0].name} to {sealed[-1].name}\n")
    return 0


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
