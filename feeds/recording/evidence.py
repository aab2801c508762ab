"""The evidence package: segments as they were sealed, their chain, and a verifier that needs nothing of the product.

README.txt     what this is and how to verify it
verify.py      `feeds/recording/verifier.py`, alone
about.json     agency, span, what of it is not in the record, who asked, first and last link
parts.json     which columns and rows lie where in the Parquet files, to name what was altered
archive/...    the segments that reach into the span, and each link of the chain between them
"""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import AgencyId
from feeds.recording import verifier
from feeds.recording.catalogue import began_at
from feeds.recording.holes import Extent
from feeds.recording.parts import Part, parts
from feeds.recording.span import Span, utc_words
from feeds.recording.summary import SEGMENT_MS
from feeds.recording.verifier import Finding, Link

Progress = Callable[[int, int], None]
"""Told how many segments are packed, and of how many."""

README = """\
Evidence package of {agency}: what its systems sent to the joint picture, from {since} to {until} (UTC),
as it was recorded. Whole segments of the record are packed, so that some minutes before and after may be in it.
{lacking}Asked for: {asked_since} to {asked_until}{by}. The record was sealed up to {sealed_to} (UTC) when it was made.

Verify it
    python3 verify.py            Python 3.9 or newer, on any machine, without a network and without other software

It reads every file, compares it with the hash in the segment's manifest.json, and follows the chain of manifests:
each holds the SHA-256 of the one before. What was altered is named. Exit status 0: all is as recorded; 1: it is not.

What it proves, and what not
    A package that verifies was not altered since its newest manifest was made: {links} links,
    numbers {first} to {last}, the last one's SHA-256
    {head}
    Whoever could write the archive could also have made a whole new chain. So compare this SHA-256 with one that
    somebody else wrote down: the shift log, a partner agency, an earlier package.

What is in it
    archive/{agency}/DAY/TIME/manifest.json     what the segment holds: counts, files, hashes, link to the one before
    archive/{agency}/DAY/TIME/reports.parquet   every report of those ten minutes, a row each
    archive/{agency}/DAY/TIME/parcels.parquet   in which messages they came, from which source, when
    archive/{agency}/DAY/TIME/tombstone.json    its files were lawfully deleted: when, under which clause
    archive/{agency}/DAY/TIME/manifest-1.json   reports were lawfully removed: how many, when, under which clause
    archive/{agency}/chain/...                  links in between, of segments that are not in this package

Parquet files open in DuckDB, pandas, R, Spark and many other programs.
"""


class Packaged(NamedTuple):
    """What went into a package."""

    segments: int
    deleted: int
    """Of these, segments of which only the manifest and a tombstone are left."""
    links: int
    bytes: int
    missing: tuple[str, ...]
    """What of the span is not in the record, or not yet, in words."""
    extent: Extent
    elsewhere: tuple[Finding, ...]
    """What is wrong with the agency's chain where nothing of it is in the package."""


class Asker(NamedTuple):
    """Who has it packed, and for which case."""

    actor: str = ""
    case: str = ""

    def __str__(self) -> str:
        """Return it as it stands behind what is asked for."""
        return "".join([f", by {self.actor}" if self.actor else "", f", for case {self.case}" if self.case else ""])


NOBODY = Asker()


def package(
    archive: Path,
    agency: AgencyId,
    span: Span,
    out: Path,
    progress: Progress = lambda *_: None,
    asker: Asker = NOBODY,
) -> Packaged:
    """Write the package to `out`, whole or not at all, for its owner to read.

    Raises ConfigError (nothing was recorded then), ArchiveDamaged (nothing altered is packed as evidence), OSError.
    """
    folder = archive / agency
    is_part = verifier.is_part(folder)
    chain = verifier.links(folder, is_part) if folder.is_dir() else []
    chosen = [link for link in chain if link.body and link.body["t0"] < span.until and link.body["t1"] > span.since]
    extent = Extent.of((link.body["t0"], link.body["t1"]) for link in chain if link.body)
    if not chosen:
        nothing = f"nothing is recorded of {agency} in that time; `jointops verify` lists what is"
        raise ConfigError("--range", extent.why_nothing(span) or nothing)
    links = chain[chain.index(chosen[0]) : chain.index(chosen[-1]) + 1]
    begins, ends = min(link.body["t0"] for link in chosen), max(link.body["t1"] for link in chosen)
    segments = {link.segment for link in chosen}
    concerned = _links_of(span, chain, links, begins, ends)
    elsewhere: list[Finding] = []
    for verdict in verifier.verify(folder, begins, ends, is_part):
        for finding in verdict.findings:
            is_file = finding.segment in segments and finding.file != verifier.CHAIN
            if is_file or (finding.segment, finding.file) in concerned:
                raise ArchiveDamaged(folder / finding.segment / finding.file, finding.what)
            elsewhere.append(finding)
    temporary = out.with_name(f".{out.name}.part")
    try:
        about = _about(agency, span, extent, links, asker)
        packed = _write(temporary, agency, about, links, {link.path.parent for link in chosen}, asker, progress)
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    deleted = sum(link.body["link"] == "tombstone" for link in chosen)
    size = out.stat().st_size
    return Packaged(packed, deleted, len(links), size, extent.lacks(span), extent, tuple(elsewhere))


def _links_of(span: Span, chain: list[Link], links: list[Link], begins: int, ends: int) -> set[tuple[str, str]]:
    """Return of which links nothing may be wrong, by segment and file as a finding names them.

    `links` are to be packed; what is known of the span in the `chain` is from `begins` to `ends` (Unix ms): where the
    span goes on beyond that, a link that is missing there may be of it.
    """
    first = chain.index(links[0]) + (begins <= span.since)
    end = chain.index(links[-1]) + 1 + (ends < span.until)
    found = {(link.segment, link.path.name) for link in links}
    found |= {(link.segment, verifier.CHAIN) for link in chain[first:end]}
    for link in chain:
        began = None if link.body else began_at(link.path.parent)
        if began is not None and began < span.until and began + SEGMENT_MS > span.since:
            found.add((link.segment, link.path.name))
    return found


def open_private(path: Path) -> BinaryIO:
    """Make, or make anew, a file that its owner alone may read: no share was applied to what it will hold."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "wb")


def _about(agency: AgencyId, span: Span, extent: Extent, links: list[Link], asker: Asker) -> dict[str, Any]:
    since, until = Span(max(span.since, extent.begins), min(span.until, extent.sealed_to)).words()
    asked_since, asked_until = span.words()
    return {
        "agency": agency,
        "since": since,
        "until": until,
        "links": len(links),
        "first": links[0].body["number"],
        "last": links[-1].body["number"],
        "head": verifier.digest(links[-1].data),
        "asked_since": asked_since,
        "asked_until": asked_until,
        "sealed_to": utc_words(extent.sealed_to / 1000),
        "missing": extent.lacks(span),
        "actor": asker.actor,
        "case": asker.case,
    }


def _write(
    out: Path,
    agency: AgencyId,
    about: dict[str, Any],
    links: list[Link],
    folders: set[Path],
    asker: Asker,
    progress: Progress,
) -> int:
    named: dict[str, list[Part]] = {}
    lacking = "".join(f"Not in it: {words}.\n" for words in about["missing"])
    # Stored, not packed: Parquet is packed already, and a byte in the package is then a byte of a file.
    with open_private(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as package:
        package.writestr("README.txt", README.format(**about, lacking=lacking, by=asker))
        package.write(verifier.__file__, "verify.py")
        for link in links:
            stays = link.path.parent in folders or link.path.parents[1].name == verifier.APART
            at = link.segment if stays else f"{verifier.APART}/{link.segment.replace('/', '-')}"
            package.writestr(f"archive/{agency}/{at}/{link.path.name}", link.data)
        for done, folder in enumerate(sorted(folders), 1):
            segment = f"{folder.parent.name}/{folder.name}"
            for path in sorted(folder.iterdir()):
                if path.name.startswith(".") or any(path.match(kind) for kind in verifier.LINKS):
                    continue
                data = path.read_bytes()
                package.writestr(f"archive/{agency}/{segment}/{path.name}", data)
                if path.suffix == ".parquet":
                    named[f"{agency}/{segment}/{path.name}"] = parts(data)
            progress(done, len(folders))
        package.writestr("parts.json", json.dumps(named))
        package.writestr("about.json", json.dumps(about, indent=1))
    return len(folders)
