"""The commit point of a segment: what it holds, the hashes of its files, and the link to the one before. Pure.

A link of an agency's chain is the manifest of a segment or, when its files were lawfully deleted, a tombstone.
Rules
- `number` counts on from 1, `prev` is the SHA-256 of the bytes of the link before, `check` that of the link's own
  bytes, taken while `check` was empty: the newest link, which no other vouches for yet, vouches for itself.
- A segment that is there is never written again. A later revision is a link of its own; so is a tombstone.
- The encoding is canonical: the same link is the same bytes. `feeds/recording/verifier.py` knows it by its bytes alone.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.recording.verifier import blocks, check_of, digest

VERSION = 1
"""Of the schema of links."""
FIRST = 1
"""Number of a chain's first link."""


class FileEntry(Struct, frozen=True):
    """One file of a segment."""

    bytes: int
    sha256: str
    blocks: str
    """CRC-32 of each 4 KiB, 8 hex digits each: says where a file was altered. Empty for derived files."""


class SourceCounts(Struct, frozen=True):
    """What came of one source in a segment. Reports in = accepted + duplicate + the sum of rejected."""

    accepted: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = {}
    """By reason."""
    gaps: int = 0
    """By how much the numbers missing became more; negative: gaps were filled."""


class Contents(Struct, frozen=True):
    """What a segment holds, counted."""

    first: str
    """Id of its first journal entry, `ms-n`."""
    last: str
    kinds: dict[str, int]
    """Reports by kind."""
    minutes: dict[str, list[int]]
    """Reports by kind, journaled in each minute of the ten that the segment lies in."""
    observed: tuple[float, float] | None
    """Smallest and largest, Unix seconds by the sources' clocks; None: no report."""
    received: tuple[float, float] | None
    """Smallest and largest, Unix seconds by our clock."""
    late: int
    """Reports received more than 30 s after they were observed."""
    sources: dict[SourceId, SourceCounts]


class Revised(Struct, frozen=True):
    """Why a segment was written anew without some of its reports. Says nothing of what they held."""

    of: str
    """SHA-256 of the manifest that this one takes the place of."""
    clause: str
    """Of the agreement or order that says so."""
    actor: str
    at: float
    """Unix seconds."""
    removed: dict[str, int]
    """Reports that are gone, by kind."""


class Manifest(Struct, frozen=True, kw_only=True, tag_field="link", tag="segment"):
    """The link of one segment: journal ids with milliseconds from `t0` to before `t1`."""

    version: int = VERSION
    number: int
    agency: AgencyId
    """Whose, or a log of the site (`feeds.names.is_site_log`)."""
    t0: int
    """Unix milliseconds, UTC."""
    t1: int
    revision: int = 0
    """Of its files: counts up when they are written anew."""
    contents: Contents
    files: dict[str, FileEntry]
    derived: dict[str, FileEntry] = {}
    """Files made of the others, and of what was known before, at the sealing: they may be absent, which costs time."""
    made_with: dict[str, str] = {}
    """Versions of the libraries that wrote the files: another may write the same rows as other bytes."""
    lost: tuple[int, int] | None = None
    """Between these journal times (Unix ms) batches may have gone before they were recorded; None: none did."""
    imported: dict[str, str] = {}
    """Files that it was made of, not a journal, by name their SHA-256: `received` is then what they say as well."""
    revised: Revised | None = None
    """None: as it was sealed."""
    prev: str
    check: str = ""


class Tombstone(Struct, frozen=True, kw_only=True, tag_field="link", tag="tombstone"):
    """The link that says of a segment that its files were deleted, when, by whom and under which clause."""

    version: int = VERSION
    number: int
    agency: AgencyId
    t0: int
    t1: int
    revision: int
    """The revision that was deleted."""
    clause: str
    """Of the agreement or order that says so."""
    actor: str
    at: float
    """Unix seconds."""
    prev: str
    check: str = ""


Link = Manifest | Tombstone

_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder: "msgspec.json.Decoder[Link]" = msgspec.json.Decoder(Link)


def encode(link: Link) -> bytes:
    """Return the link's bytes, `check` filled in."""
    body = _encode(replace(link, check=""))
    return body[: -len(b'"}')] + digest(body).encode() + b'"}'


def decode(data: bytes) -> Link:
    """Return the link in `data`. Raises DecodeError: not a link, of another version, or not as it was written."""
    try:
        link = _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DecodeError(f"not a manifest: {error}") from error
    if link.version != VERSION:
        raise DecodeError(f"a manifest of version {link.version}, expected {VERSION}", "$.version")
    if link.check != check_of(data):
        raise DecodeError("a manifest that was altered: its `check` is of other bytes", "$.check")
    return link


def describe(data: bytes, *, derived: bool = False) -> FileEntry:
    """Return a file's entry."""
    return FileEntry(len(data), digest(data), "" if derived else blocks(data))


def add(one: SourceCounts, other: SourceCounts) -> SourceCounts:
    """Return the sum of both."""
    return SourceCounts(
        one.accepted + other.accepted,
        one.duplicate + other.duplicate,
        _sum(one.rejected, other.rejected),
        one.gaps + other.gaps,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, Any]:
    return {reason: one.get(reason, 0) + other.get(reason, 0) for reason in sorted({*one, *other})}
