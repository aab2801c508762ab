"""Ids, their grammar, and the only place where names on the bus are made.

An agency's names carry its id as a Redis hash tag (`{cpd}`), so that on a cluster its journal and
its channel share a slot and one MULTI may touch both.
"""

import re
from typing import NewType

from feeds.errors import GrammarError

AgencyId = NewType("AgencyId", str)
SourceId = NewType("SourceId", str)

_WORD = re.compile(r"[a-z][a-z0-9-]{0,31}")
_ENTITY = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")

ANY = "*"
"""Stands for every agency in a share; no agency can be called so."""

CUTS = AgencyId("_cuts")
"""The hub's cuts as a log of the site: stands in the archive where an agency's id does, and none can be called so."""

SCREENS = AgencyId("_screens")
"""What the screens showed, as a log of the site."""

RUN_MAX = 64
"""Longest run id a sender may choose, characters."""


def agency_id(text: str) -> AgencyId:
    """Return `text` as an agency id: a lower-case letter, then up to 31 of `a-z 0-9 -`.

    Raises GrammarError.
    """
    if not _WORD.fullmatch(text):
        raise GrammarError(f"agency id {text[:40]!r} must be a-z, 0-9 or '-', 1 to 32 characters, a letter first")
    return AgencyId(text)


def source_id(text: str) -> SourceId:
    """Return `text` as a source id (same grammar as an agency's). Raises GrammarError."""
    if not _WORD.fullmatch(text):
        raise GrammarError(f"source id {text[:40]!r} must be a-z, 0-9 or '-', 1 to 32 characters, a letter first")
    return SourceId(text)


def is_site_log(name: str) -> bool:
    """Say whether what stands where an agency's id does is a log of the site: `_`, then a word."""
    return name.startswith("_") and _WORD.fullmatch(name[1:]) is not None


def is_entity_id(text: str) -> bool:
    """Say whether `text` can name a unit, an incident or any other thing: 1 to 128 printable ASCII characters."""
    return _ENTITY.fullmatch(text) is not None


def journal_key(agency: AgencyId) -> str:
    """Return the stream that holds the agency's journal."""
    return f"jointops:{{{agency}}}:journal"


def live_channel(agency: AgencyId) -> str:
    """Return the channel on which the agency's batches and heartbeats are published."""
    return f"jointops:{{{agency}}}:live"


def trimmed_key(agency: AgencyId) -> str:
    """Return the record written before each trim: what sequences the trimmed entries held."""
    return f"jointops:{{{agency}}}:trimmed"


def keyframe_key() -> str:
    """Return the key of the hub's latest keyframe of the picture."""
    return "jointops:picture:keyframe"


def recorder_key() -> str:
    """Return the key under which the recorder says how it is, and how far the journals are recorded."""
    return "jointops:recorder"


def site_log_key(log: AgencyId) -> str:
    """Return the stream of a log of the site (`CUTS`, `SCREENS`)."""
    return f"jointops:picture:{log.removeprefix('_')}"


def session_key(digest: str) -> str:
    """Return the key of a log-in session; `digest` is the SHA-256 (hex) of the cookie, never the cookie."""
    return f"jointops:session:{digest}"
