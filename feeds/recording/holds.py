"""Legal holds: what of the record may not be deleted, whatever its retention says.

They stand in one file of the archive, `holds.jsonl`, a line for each thing that was said, which only grows:

    {"act":"hold","case":"26-114","agency":"cpd","since":...,"until":...,"units":[],"actor":"...","at":...,"prev":"..."}

Rules
- A hold stands until its case is released. `prev` is the SHA-256 of the line before.
- What is written is synced, under the lock under which is deleted: once a hold is said, nothing it covers goes.
- A file that is not as it was written keeps everything: nobody could tell what it held.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from feeds.errors import ArchiveDamaged, ConfigError
from feeds.names import AgencyId, is_site_log
from feeds.recording import lock
from feeds.recording.durable import make_folder, sync_folder
from feeds.recording.manifest import Manifest
from feeds.recording.verifier import digest

FILE = "holds.jsonl"


class Said(Struct, frozen=True, kw_only=True):
    """A line of the file."""

    act: Literal["hold", "release"]
    case: str
    agency: AgencyId = AgencyId("")
    since: int = 0
    """Unix milliseconds."""
    until: int = 2**53
    units: tuple[str, ...] = ()
    """Empty: everything."""
    actor: str
    at: float
    """Unix seconds."""
    prev: str = ""

    def covers(self, manifest: Manifest) -> bool:
        """Say whether it holds the segment: journaled in its time, or observed in it and late.

        A hold of some units keeps the whole segment, whose files go together. Any hold keeps the site's logs.
        """
        spans = [(manifest.t0, manifest.t1)]
        if manifest.contents.observed is not None:
            first, last = manifest.contents.observed
            spans.append((int(first * 1000), int(last * 1000) + 1))
        is_of = self.agency == manifest.agency or is_site_log(manifest.agency)
        return is_of and any(t0 < self.until and self.since < t1 for t0, t1 in spans)


_decoder = msgspec.json.Decoder(Said)
_encode = msgspec.json.Encoder(order="deterministic").encode


def said(folder: Path) -> list[Said]:
    """Return all that was said of the archive in `folder`, oldest first. Raises ArchiveDamaged, OSError."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return list(_lines(path, data))


def _lines(path: Path, data: bytes) -> Iterator[Said]:
    before = ""
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            raise ArchiveDamaged(path, "its last line was not written to its end: say that hold again")
        try:
            one = _decoder.decode(line)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ArchiveDamaged(path, f"line {number} cannot be read: {error}") from error
        if one.prev != before:
            raise ArchiveDamaged(path, f"line {number} does not follow the line before it: one was altered")
        before = digest(line)
        yield one


def standing(told: Sequence[Said]) -> list[Said]:
    """Return the holds that were not released."""
    held: list[Said] = []
    for one in told:
        if one.act == "hold":
            held.append(one)
        else:
            held = [hold for hold in held if hold.case != one.case]
    return held


def covering(folder: Path, manifest: Manifest) -> list[Said]:
    """Return the holds that stand on a segment. Raises ArchiveDamaged, OSError."""
    return [hold for hold in standing(said(folder)) if hold.covers(manifest)]


def say(folder: Path, one: Said) -> None:
    """Add a hold, or release a case's holds. Raises ConfigError (no such case), ArchiveDamaged, OSError."""
    make_folder(folder.absolute())
    with lock.chain(folder):
        path = folder / FILE
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]  # nobody was told that half a line stands
        told = list(_lines(path, whole))
        if one.act == "release" and not any(hold.case == one.case for hold in standing(told)):
            raise ConfigError("--case", f"no hold stands of case {one.case!r}; `jointops hold list` lists them")
        lines = whole.splitlines(keepends=True)
        one = msgspec.structs.replace(one, prev=digest(lines[-1]) if lines else "")
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(len(whole))
            file.seek(len(whole))
            file.write(_encode(one) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)
