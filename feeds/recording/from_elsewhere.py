"""A recording of another site, taken as it is: verified, then copied with its own chain, beside nothing of ours."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import AgencyId, agency_id, is_site_log
from feeds.recording import verifier
from feeds.recording.durable import make_folder, sync_folder, write
from feeds.recording.verifier import IMPORTED, digest

Progress = Callable[[int, int], None]
"""Told how many segments are verified, or copied after that, and how many there are to do both with."""


class Taken(NamedTuple):
    """The chain of one agency, or of a log of the site, that was taken."""

    agency: AgencyId
    segments: int
    number: int
    """Of its newest link."""
    head: str
    """SHA-256 of its newest link: to compare with one that somebody else wrote down."""


def archive_in(folder: Path) -> Path | None:
    """Return where the agencies' folders are, of an archive or an unpacked evidence package; None: it is neither."""
    for root in (folder / "archive", folder):
        if root.is_dir() and any(root.glob("*/*/*/manifest.json")):
            return root
    return None


def take(folder: Path, archive: Path, actor: str, at: float, progress: Progress = lambda *_: None) -> list[Taken]:
    """Verify the recording in `folder` and copy it into `archive`; of each agency whole or not at all.

    Raises ArchiveDamaged (nothing is copied), ConfigError (something is there already), GrammarError, OSError.
    """
    root = archive_in(folder)
    if root is None:
        raise ConfigError("PATH", f"{folder} holds no recording")
    agencies = [path for path in verifier.agencies(root) if verifier.links(path, package=True)]
    _mind_logs(agencies, archive)
    done, of = 0, 2 * sum(len(_folders(path)) for path in agencies)
    for path in agencies:
        if (archive / (path.name if is_site_log(path.name) else agency_id(path.name))).exists():
            raise ConfigError("--archive", f"something of {path.name} is in {archive}; name another folder")
        for verdict in verifier.verify(path, package=verifier.is_part(path)):
            for finding in verdict.findings:
                raise ArchiveDamaged(path / finding.segment / finding.file, finding.what)
            done += 1
            progress(min(done, of // 2), of)
    done = of // 2
    taken = []
    for path in agencies:
        taken.append(_copy(path, archive, actor, at))
        done += len(_folders(path))
        progress(done, of)
    return taken


def _folders(agency: Path) -> set[Path]:
    return {link.path.parent for link in verifier.links(agency, package=True)}


def has_log(chains: Iterable[Path]) -> bool:
    """Say whether one of these folders of an archive is a log of its site, which knows nothing of another's record."""
    return any(is_site_log(path.name) for path in chains)


def chains_in(archive: Path) -> list[Path]:
    """Return the folders of agencies and logs in an archive that need not be there."""
    return verifier.agencies(archive) if archive.is_dir() else []


def _mind_logs(chains: list[Path], archive: Path) -> None:
    there = chains_in(archive)
    if there and has_log([*chains, *there]):
        raise ConfigError("--archive", f"a whole site's record is alone in its folder; {archive} is not empty")


def _copy(agency: Path, archive: Path, actor: str, at: float) -> Taken:
    aside = archive / f".{agency.name}.part"
    if aside.exists():
        shutil.rmtree(aside)  # of one that was killed
    for folder in _folders(agency):
        to = aside / folder.relative_to(agency)
        make_folder(to.absolute())
        for path in folder.iterdir():
            if path.is_file() and not path.name.startswith("."):
                write(to / path.name, path.read_bytes())
        sync_folder(to)
    chain = verifier.links(aside, package=True)
    head = chain[-1]
    write(aside / IMPORTED, json.dumps({"actor": actor, "at": at, "head": digest(head.data)}).encode())
    sync_folder(aside)
    aside.rename(archive / agency.name)
    sync_folder(archive)
    segments = len({link.segment for link in chain if link.path.parents[1].name != verifier.APART})
    return Taken(AgencyId(agency.name), segments, head.body["number"], digest(head.data))
