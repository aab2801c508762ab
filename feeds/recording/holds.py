"""Legal holds: what of the record may not be deleted, whatever its retention says.

They stand in one file of the archive, `holds.jsonl`, a line for each thing that was said, which only grows:

    {"act":"hold","case":"26-114","agency":"cpd","since":...,"until":...,"units":[],"actor":"...","at":...,"prev":"..."}

Rules
- A hold stands until its case is released. `prev` is the SHA-256 of the line before.
- What is written is synced, under the lock under which is deleted: once a hold is said, nothing it covers goes.
- A file that is not as it was written keeps everything: nobody could tell what it held.
- Lines at its end, or all of it, could be gone without a trace in it. So it is compared with the site's audit, into
  which each hold was written before: while one is `missing`, nothing is deleted.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from feeds.errors import ConfigError, JointOpsError
from feeds.names import AgencyId, is_site_log
from feeds.recording import chained, lock
from feeds.recording.audit import Entry
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


class HoldsMissing(JointOpsError):
    """Holds stand by the site's audit, and not by the archive: nothing is deleted while nobody can tell why."""

    def __init__(self, missing: Sequence[Said]) -> None:
        cases = ", ".join(dict.fromkeys(hold.case for hold in missing))
        super().__init__(
            f"holds are missing: the audit says that there are some of case {cases}, {FILE} does not; nothing is "
            "deleted. `jointops verify` lists them: say them again (`jointops hold add`) or release the case"
        )


def said(folder: Path) -> list[Said]:
    """Return all that was said of the archive in `folder`, oldest first. Raises ArchiveDamaged, OSError."""
    return list(chained.read(folder / FILE, _decoder, "say that hold again"))


def said_whole(folder: Path) -> list[Said]:
    """Return the same without half a line at the end, of one that was killed. Raises ArchiveDamaged, OSError."""
    return chained.whole(folder / FILE, _decoder)  # nobody was told that half a line stands


def standing(told: Sequence[Said]) -> list[Said]:
    """Return the holds that were not released."""
    held: list[Said] = []
    for one in told:
        if one.act == "hold":
            held.append(one)
        else:
            held = [hold for hold in held if hold.case != one.case]
    return held


def missing(told: Sequence[Said], audited: Iterable[Entry]) -> list[Said]:
    """Return the holds that stand by the audit's entries of this archive, oldest first, and not by what was `told`."""
    held: list[Said] = []
    released: dict[str, list[Said]] = {}
    for one in audited:
        if one.act == "hold":
            hold = _of_entry(one)
            if not one.failed:
                held.append(hold)
            elif there := [k for k, other in enumerate(held) if _same(other) == _same(hold)]:
                del held[there[-1]]
        elif one.act == "release" and one.failed:
            held += released.pop(one.case, [])
        elif one.act == "release":
            released[one.case] = [hold for hold in held if hold.case == one.case]
            held = [hold for hold in held if hold.case != one.case]
    there_are = {_same(hold) for hold in standing(told)}
    return [hold for hold in held if _same(hold) not in there_are]


def _of_entry(one: Entry) -> Said:
    return Said(
        act="hold",
        case=one.case,
        agency=AgencyId("".join(one.agencies[:1])),
        since=0 if one.since is None else round(one.since * 1000),
        until=2**53 if one.until is None else round(one.until * 1000),
        units=tuple(one.unit.split(", ")) if one.unit else (),
        actor=one.who,
        at=one.at,
    )


def _same(hold: Said) -> tuple[object, ...]:
    return hold.case, hold.agency, hold.since, hold.until, hold.units


def covering(folder: Path, manifest: Manifest) -> list[Said]:
    """Return the holds that stand on a segment. Raises ArchiveDamaged, OSError."""
    return [hold for hold in standing(said(folder)) if hold.covers(manifest)]


def head(folder: Path) -> str:
    """Return the SHA-256 of the newest line, for whoever keeps one elsewhere. Raises ArchiveDamaged, OSError."""
    return chained.head(folder / FILE)


def mind_case(case: str, held: Iterable[Said]) -> None:
    """Raise ConfigError when none of these holds is of the case."""
    if not any(hold.case == case for hold in held):
        raise ConfigError("--case", f"no hold stands of case {case!r}; `jointops hold list` lists them")


def say(folder: Path, one: Said, missing: Collection[Said] = ()) -> None:
    """Add a hold, or release a case's holds, those too that are `missing`.

    Raises ConfigError (no such case), ArchiveDamaged, OSError.
    """
    make_folder(folder.absolute())
    with lock.chain(folder):
        told = said_whole(folder)
        if one.act == "release":
            mind_case(one.case, [*standing(told), *missing])
        chained.append(folder / FILE, [one])
