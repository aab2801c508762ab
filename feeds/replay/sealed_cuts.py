"""The hub's cuts out of the archive.

Where a file is damaged there are no ticks on record, and what the shares were nobody knows.
"""

from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from feeds.names import CUTS
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.site_log import Entry, Part
from feeds.recording.verifier import folder_name
from feeds.replay.cuts import LOOK_BACK_S, UNREADABLE, CutsEntry, told
from feeds.replay.journal import policies_told, readable_cuts
from feeds.replay.sealed_log import Form, SealedLog, ms


class _Held(NamedTuple):
    until: float
    entry: Entry


class _Part(NamedTuple):
    stood: bytes | None
    entries: list[_Held]
    policies: list[tuple[float, bytes]]
    """From when on which was in force, of those told in it."""


def _part(sealed: Part) -> _Part:
    outlines = [(said, entry) for entry in sealed.entries if (said := told(entry[1])) is not None]
    return _Part(
        sealed.stood,
        [_Held(said.until, entry) for said, entry in outlines],
        list(policies_told(sealed.entries)),
    )


_FORM = Form(CUTS, "the hub's ticks and the shares of then", _part, _Part(None, [], []))


class SealedCuts:
    """The cuts in `archive`, which somebody else refreshes."""

    def __init__(self, archive: Archive) -> None:
        self._log = SealedLog(archive, _FORM)
        self.gaps = self._log.damaged

    @property
    def until(self) -> float:
        """Up to when there are some, Unix seconds."""
        return self._log.until

    async def cuts(self, after: float, count: int) -> list[CutsEntry]:
        """Return up to `count` entries whose last tick is after `after`, oldest first. Raises OSError."""
        found: list[CutsEntry] = []
        for one in self._log.parts(after - LOOK_BACK_S):
            span = one.manifest.contents.received
            if one.tombstone is not None or span is None or span[1] <= after:
                continue
            for held in (await self._log.read(one)).entries:
                if held.until > after:
                    found += readable_cuts([held.entry], after)
                    if len(found) >= count:
                        return found
        return found

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when that is before the first that is on record.

        UNREADABLE where nobody can tell. Raises OSError.
        """
        one = self._newest(t)
        if self._hidden(t, one):
            return UNREADABLE
        if one is None:
            return b""
        part = await self._log.read(one)
        at = bisect_right(part.policies, t, key=lambda policy: policy[0])
        stands = part.policies[at - 1][1] if at else part.stood
        return UNREADABLE if stands is None else stands

    async def told(self, since: float, until: float) -> list[bytes]:
        """Return the policies told of after `since` until `until`, oldest first. Raises OSError."""
        found: list[bytes] = []
        for one in self._log.parts(since - LOOK_BACK_S, until):
            if one.tombstone is None:
                found += [policy for at, policy in (await self._log.read(one)).policies if since < at <= until]
        return found

    def unread(self, t: float) -> str:
        """Return why neither the ticks at `t` nor the policy of then can be read, as far as that was tried; or ""."""
        for gap in self.gaps():
            if gap.since <= t < gap.until:
                return gap.text
        return self._log.gone if self._hidden(t, self._newest(t)) else ""

    def _newest(self, t: float) -> Segment | None:
        """Return the newest segment that begins until `t`."""
        before = self._log.parts(0, t)
        return before[-1] if before else None

    def _hidden(self, t: float, newest: Segment | None) -> bool:
        """Say whether a policy may have been told before `t` and after the newest segment, where nobody can read it."""
        if newest is not None and newest.tombstone is not None:
            return True
        name = newest.name if newest is not None else ""
        if any(name < _name(folder) <= folder_name(ms(t)) for folder in self._log.unreadable()):
            return True
        following = (one.manifest for one in self._log.parts(t) if one.manifest.t0 > t * 1000)
        lost = manifest.lost if (manifest := next(following, None)) is not None else None
        return lost is not None and lost[0] <= t * 1000


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
