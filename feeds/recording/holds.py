"""Legal holds: what of the record may not be deleted, whatever its retention says.

They stand in one file of the archive, `holds.jsonl`, a line for each thing that was said, which only grows:

    {"act":"hold","case":"26-114","agency":"cpd","since":...,"until":...,"units":[],"actor":"...","at":...,"prev":"..."}

Rules
- A hold stands until its case is released. `prev` is the SHA-256 of the line before.
- What is written is synced, under the lock under which is deleted: once a hold is said, nothing it covers goes.
- A file that is not as it was written keeps everything: nobody could tell what it held.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from feeds.errors import ConfigError
from feeds.names import AgencyId, is_site_log
from feeds.recording import chained, lock
from feeds.recording.chained import Line
from feeds.recording.durable import make_folder
from feeds.recording.manifest import Manifest

FILE = "holds.jsonl"


class Said(Line, frozen=True, kw_only=True):
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


def said(folder: Path) -> list[Said]:
    """Return all that was said of the archive in `folder`, oldest first. Raises ArchiveDamaged, OSError."""
    return list(chained.read(folder / FILE, _decoder, "say that hold again"))


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
        told = chained.whole(folder / FILE, _decoder)  # nobody was told that half a line stands
        if one.act == "release" and not any(hold.case == one.case for hold in standing(told)):
            raise ConfigError("--case", f"no hold stands of case {one.case!r}; `jointops hold list` lists them")
        chained.append(folder / FILE, [one])
