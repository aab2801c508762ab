"""Says whether an archive, or a part of one, is what was recorded. One file, Python 3.9 or newer, nothing else needed.

    python verify.py [FOLDER]        the folder that holds `archive`; default: where this file lies

How it is known
- Each ten minutes of an agency are a folder with a `manifest.json`, which names the folder's files by size and SHA-256.
- Manifests are a chain: `number` counts on, `prev` is the SHA-256 of the link before, `check` that of the manifest
  itself, taken while it was empty. What was lawfully deleted left a `tombstone.json`, a link of the same chain; of
  what single reports were lawfully removed, `manifest-1.json` (and so on) says how many, when and under which clause.
- CRC-32 sums of each 4 KiB say where in a file something was altered.

Whoever holds a later link, or its hash, can tell that nothing before it was changed. Nobody can tell from the archive
alone that its newest links were cut off: compare the head that is printed with one that somebody else kept.
"""

import hashlib
import json
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple, Optional

BLOCK = 4096
"""Bytes that share one CRC-32 in a manifest."""
CHECK = b'"check":"'
"""How the last field of a link begins; its 64 hex digits, `"` and `}` follow, and nothing else."""
LINKS = ("manifest*.json", "tombstone*.json")
APART = "chain"
"""Folder beside the days, in an evidence package only: links of segments that are not in it."""
CHAIN = "chain"
"""What a finding has for a file when a link is missing before its segment's."""
IMPORTED = "imported.json"
"""In an agency's folder that was taken from another site, which may have been such a package."""


class Finding(NamedTuple):
    """Something that is not as it was recorded."""

    agency: str
    segment: str
    """Folder below the agency's, `2026-11-27/1210`."""
    file: str
    what: str
    start: int = 0
    end: int = 0
    """Bytes of the file in which it was altered, `start` to before `end`; both 0: unknown, or all of it."""

    def __str__(self) -> str:
        """Return it as a line for people."""
        where = f" (bytes {self.start} to {self.end - 1})" if self.end else ""
        return f"{self.agency} {self.segment} {self.file}: {self.what}{where}"


class Link(NamedTuple):
    """A manifest or a tombstone as it lies on the disk."""

    path: Path
    data: bytes
    body: dict[str, Any]
    """Empty when it cannot be read."""

    @property
    def segment(self) -> str:
        """The segment's folder below the agency's."""
        return f"{self.path.parent.parent.name}/{self.path.parent.name}"

    @property
    def is_whole(self) -> bool:
        """Whether it is the link that was written, by its own word."""
        return bool(self.body) and check_of(self.data) == self.body.get("check")


class Verdict(NamedTuple):
    """What was found of one segment."""

    agency: str
    segment: str
    state: str
    """`good`, `revised` (reports were lawfully removed, the rest is good), `deleted` (lawfully, a tombstone says why),
    `altered`, or `apart`: not in this package, only its link."""
    findings: list[Finding]
    note: str = ""
    """Of what was revised or deleted: how many reports, by whom, when and under which clause."""


def digest(data: bytes) -> str:
    """Return the SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def folder_name(t0: int) -> str:
    """Return a segment's folder below its agency's: `YYYY-MM-DD/HHMM`, with seconds and ms where `t0` has them.

    `t0`: where it begins, Unix ms. Raises ValueError, OverflowError, OSError for a time of no calendar.
    """
    at = datetime.fromtimestamp(t0 // 1000, timezone.utc)
    rest = "" if t0 % 60_000 == 0 else f"{t0 // 1000 % 60:02d}" if t0 % 1000 == 0 else f"{t0 % 60_000:05d}"
    return f"{at:%Y-%m-%d/%H%M}{rest}"


def check_of(data: bytes) -> str:
    """Return what the `check` of an encoded link must be; `""` when the bytes do not end as a link does."""
    end = data.rfind(CHECK) + len(CHECK)
    if end < len(CHECK) or data[end + 64 :] != b'"}':
        return ""
    return digest(data[:end] + b'"}')


def blocks(data: bytes) -> str:
    """Return the CRC-32 of each 4 KiB, 8 hex digits each."""
    return "".join(f"{zlib.crc32(data[at : at + BLOCK]):08x}" for at in range(0, len(data), BLOCK))


def altered(data: bytes, entry: dict[str, Any]) -> Optional[tuple[str, int, int]]:
    """Return what is wrong with a file, and from where to where it was first altered; None: nothing."""
    if digest(data) == entry["sha256"]:
        return None
    what = "altered" if len(data) == entry["bytes"] else f"has {len(data)} bytes, not {entry['bytes']}"
    known, found = entry["blocks"], blocks(data)
    if not known:
        return what, 0, 0
    start = next((at for at in range(0, len(known), 8) if known[at : at + 8] != found[at : at + 8]), None)
    if start is None:
        return what, min(len(data), entry["bytes"]), max(len(data), entry["bytes"])
    return what, start // 8 * BLOCK, min(start // 8 * BLOCK + BLOCK, max(len(data), entry["bytes"]))


def links(agency: Path, package: bool = False) -> list[Link]:
    """Return the agency's chain, oldest link first; what cannot be read comes where a number is missing.

    `package`: with the links of segments that are not there. In an archive a segment whose files are gone is lost.
    """
    paths = (path for kind in LINKS for path in agency.glob(f"*/*/{kind}"))
    found = [_read(path) for path in paths if package or path.parents[1].name != APART]
    chain = sorted((link for link in found if link.body), key=lambda link: int(link.body["number"]))
    for lost in sorted((link for link in found if not link.body), key=lambda link: (link.segment, link.path.name)):
        numbers = [link.body.get("number", 0) for link in chain]
        after = (at for at in range(1, len(chain)) if numbers[at - 1] and numbers[at] > numbers[at - 1] + 1)
        early = bool(chain) and numbers[0] != 1 and lost.segment < chain[0].segment
        chain.insert(0 if early else next(after, len(chain)), lost)
    return chain


def _read(path: Path) -> Link:
    data = path.read_bytes()
    try:
        body = json.loads(data)
        if (
            not isinstance(body["number"], int)
            or not isinstance(body["prev"], str)
            or not isinstance(body.get("t0", 0), int)
        ):
            raise TypeError
    except (ValueError, TypeError, KeyError):
        body = {}
    return Link(path, data, body)


def is_imported(agency: Path) -> bool:
    """Say whether the agency's recording was taken from another site."""
    return (agency / IMPORTED).is_file()


def is_part(agency: Path) -> bool:
    """Say whether only a part of the agency's chain need be there: it is in an evidence package, or was imported."""
    return is_imported(agency) or any((root / "about.json").is_file() for root in (agency.parent, agency.parent.parent))


def agencies(archive: Path) -> list[Path]:
    """Return the folders of the archive's agencies."""
    return sorted(p for p in archive.iterdir() if p.is_dir() and not p.name.startswith("."))


def verify(agency: Path, since: int = 0, until: int = 2**63, package: bool = False) -> Iterator[Verdict]:
    """Yield a verdict on each segment that begins between `since` and `until` (Unix ms), in the chain's order.

    The chain is checked whole. A link that is missing is a verdict of its own.
    """
    chain = links(agency, package)
    broken = _broken(agency.name, chain, package)
    buried = {link.segment: link for link in chain if link.body.get("link") == "tombstone"}
    newest = {link.segment: link for link in chain if link.body.get("link") == "segment"}
    removed = _removals(chain)
    for link in chain:
        findings = broken.get(link.path, [])
        if link.body and not since <= link.body.get("t0", 0) < until and not findings:
            continue
        if link.body.get("link") == "tombstone":
            if findings:
                yield Verdict(agency.name, link.segment, "altered", findings)
            continue
        apart, latest = link.path.parents[1].name == APART, newest.get(link.segment) is link
        if not findings and not latest and link.body:
            continue  # another took its place
        if not findings and not apart:
            findings = _files(agency.name, link, link.segment in buried)
        if findings:
            yield Verdict(agency.name, link.segment, "altered", findings)
        elif apart:
            yield Verdict(agency.name, link.segment, "apart", [])
        elif link.segment in buried:
            yield Verdict(agency.name, link.segment, "deleted", [], _note(buried[link.segment].body))
        else:
            notes = removed.get(link.segment, [])
            yield Verdict(agency.name, link.segment, "revised" if notes else "good", [], "; ".join(notes))
    for finding in broken.get(agency, []) + _not_as_told(agency, chain):
        yield Verdict(agency.name, finding.segment, "altered", [finding])


def _removals(chain: list[Link]) -> dict[str, list[str]]:
    """Return of each segment why reports were removed from it, oldest first."""
    found: dict[str, list[str]] = {}
    for link in chain:
        if link.body.get("revised"):
            found.setdefault(link.segment, []).append(_note(link.body["revised"]))
    return found


def _not_as_told(agency: Path, chain: list[Link]) -> list[Finding]:
    """Return in what a package's chain is not the one that its `about.json` tells of."""
    about = agency.parent.parent / "about.json"
    if not about.is_file() or not all(link.is_whole for link in chain):
        return []  # what is altered is told of by itself
    try:
        told = json.loads(about.read_bytes())
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return [Finding(agency.name, "package", about.name, "cannot be read any more")]
    if told.get("agency") != agency.name:
        return [
            Finding(agency.name, "package", about.name, f"is of {told.get('agency')!r}: the folder has another name")
        ]
    numbers = [link.body.get("number") for link in chain] or [None]
    found = {"links": len(chain), "first": numbers[0], "last": numbers[-1]}
    found["head"] = digest(chain[-1].data) if chain else None
    wrong = [f"{name} {found[name]}, not {told.get(name)}" for name in found if found[name] != told.get(name)]
    return [Finding(agency.name, "package", CHAIN, f"not as about.json says: {'; '.join(wrong)}")] if wrong else []


def _folder_of(link: Link) -> str:
    try:
        return folder_name(link.body["t0"])
    except (ValueError, OverflowError, OSError):
        return "no day that there is"


def _note(body: dict[str, Any]) -> str:
    """Return what a tombstone or a revision says; what it does not say right is for `_broken` to tell."""
    try:
        at = datetime.fromtimestamp(body["at"], timezone.utc)
        what = ", ".join(f"{n} of kind {kind}" for kind, n in sorted(body.get("removed", {}).items()))
        return (
            f"{what + ' ' if what else ''}under {body['clause']!r} by {body['actor']!r} at {at:%Y-%m-%d %H:%M:%S} UTC"
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        return "its link does not say why"


def _broken(agency: str, chain: list[Link], package: bool) -> dict[Path, list[Finding]]:
    """Return what is wrong with the chain, by link; by the agency's folder what no link is there for.

    A chain begins with number 1, but in a package, which is a part of one.
    """
    broken: dict[Path, list[Finding]] = {}

    def bad(path: Path, link: Link, what: str) -> None:
        name = link.path.name if path == link.path else CHAIN
        broken.setdefault(path, []).append(Finding(agency, link.segment, name, what))

    for link in chain:
        if not link.is_whole:
            bad(link.path, link, "altered" if link.body else "altered: it cannot be read any more")
        elif link.body.get("agency") != agency:
            bad(link.path, link, f"is of {link.body.get('agency')!r}: its folder was renamed, or it was put here")
        elif link.path.parents[1].name != APART and link.segment != (folder := _folder_of(link)):
            bad(link.path, link, f"is of {folder}: its folder was renamed, or it was put here")
    if chain and not package and chain[0].body.get("number", 1) != 1 and chain[0].is_whole:
        bad(chain[0].path.parents[2], chain[0], f"links before number {chain[0].body['number']} are missing")
    for before, link in zip(chain, chain[1:]):
        if not link.body or not link.is_whole:
            continue
        if before.body and before.body["number"] + 1 != link.body["number"]:
            bad(link.path.parents[2], link, f"links before number {link.body['number']} are missing")
        elif digest(before.data) != link.body["prev"] and before.is_whole:
            bad(before.path, before, f"not the one that link {link.body['number']} was chained to: it was replaced")
    return broken


def _files(agency: str, link: Link, buried: bool) -> list[Finding]:
    """Return what is wrong with the files of a segment. Derived files may be absent: they were dropped."""
    folder = link.path.parent
    named = {**link.body["files"], **link.body["derived"]}
    findings = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or any(path.match(kind) for kind in LINKS):
            continue
        if buried:
            findings.append(Finding(agency, link.segment, path.name, "is there, though a tombstone says it is deleted"))
        elif path.name not in named:
            findings.append(Finding(agency, link.segment, path.name, "is in no manifest"))
    for name, entry in sorted(named.items()):
        path = folder / name
        if buried:
            break
        if not path.is_file():
            if name in link.body["files"]:
                findings.append(Finding(agency, link.segment, name, "is missing"))
        elif (wrong := altered(path.read_bytes(), entry)) is not None:
            findings.append(Finding(agency, link.segment, name, *wrong))
    return findings


def main(words: list[str]) -> int:
    """Print what is found; return 0 when all is as recorded, 1 when not, 2 when there is nothing to look at."""
    if words[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    root = Path(words[0]) if words else Path(__file__).resolve().parent
    archive = root / "archive" if (root / "archive").is_dir() else root
    try:
        parts = json.loads((root / "parts.json").read_bytes())
    except (OSError, ValueError):
        parts = {}
    counts = {"good": 0, "revised": 0, "deleted": 0, "altered": 0, "apart": 0}
    for agency in agencies(archive):
        package = is_part(agency)
        for verdict in verify(agency, package=package):
            counts[verdict.state] += 1
            for finding in verdict.findings:
                print(f"ALTERED {finding}{part_of(parts, finding)}")
            if verdict.note:
                print(note_of(verdict))
        chain = links(agency, package)
        if chain:
            head = chain[-1]
            print(f"{agency.name}: {len(chain)} links, head {head.body.get('number')} {digest(head.data)}")
    revised = f", {counts['revised']} good but for what was lawfully removed" if counts["revised"] else ""
    print(f"{counts['good']} segments good{revised}, {counts['deleted']} deleted lawfully, {counts['altered']} ALTERED")
    if counts["apart"]:
        print(f"of {counts['apart']} segments between them only the link is in this package")
    if not sum(counts.values()):
        return 2
    return 1 if counts["altered"] else 0


def note_of(verdict: Verdict) -> str:
    """Return as a line for people why something of a segment is not there any more."""
    what = "removed" if verdict.state == "revised" else "deleted"
    return f"{verdict.state} {verdict.agency} {verdict.segment}: lawfully {what} {verdict.note}"


def part_of(parts: dict[str, list[list[Any]]], finding: Finding) -> str:
    """Return which columns and rows lie where the file was altered, as `parts` ({file: [[start, end, what]]}) says."""
    try:
        within = parts.get(f"{finding.agency}/{finding.segment}/{finding.file}", [])
        names = [str(what) for start, end, what in within if start < finding.end and finding.start < end]
    except (AttributeError, TypeError, ValueError):
        return ""  # it was altered, too
    return f": {'; '.join(names[:4])}{' ...' if len(names) > 4 else ''}" if names else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
