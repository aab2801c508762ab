"""A record as whoever has its folder reads it: the shares of then are known, and hold nobody who has the files.

`jointops replay` of a folder makes an agency for its reader (`replay_command.site_of`). No share that is on record can
name it, so the policies on record come with one that does. What the agencies let each other see stays as it was.
"""

from collections.abc import Callable

from feeds.errors import DecodeError
from feeds.names import ANY, AgencyId
from feeds.registry import SENSITIVE_LABELS
from feeds.replay.archived import ArchivedRecording
from feeds.replay.cuts import UNREADABLE
from feeds.replay.journal import JournalRecording
from feeds.replay.sealed import Sealed
from feeds.report import Category
from layers.policy import Grant
from layers.policy_record import decode_policy, encode_policy


def lending(reader: AgencyId) -> Callable[[bytes], bytes]:
    """Return what adds to a policy on record that the reader sees everything.

    One that cannot be read is as good as none on record, as of a record that never had any.
    """
    everything = Grant(ANY, frozenset({reader}), frozenset(Category), frozenset(SENSITIVE_LABELS))
    lent: dict[bytes, bytes] = {b"": b"", UNREADABLE: b""}

    def lend(data: bytes) -> bytes:
        if data not in lent:
            try:
                grants, roster = decode_policy(data)
                lent[data] = encode_policy((*grants, everything), roster)
            except (DecodeError, ValueError):
                lent[data] = b""
            lent[lent[data]] = lent[data]
        return lent[data]

    return lend


class ReaderRecording(ArchivedRecording):
    """The record of an archive, for `reader`."""

    def __init__(self, sealed: Sealed, tail: JournalRecording, reader: AgencyId) -> None:
        super().__init__(sealed, tail)
        self._lend = lending(reader)

    async def policy(self, t: float) -> bytes:
        """Return the policy that was in force at `t`, b"" when it is not on record. Raises BusDown, OSError."""
        return self._lend(await super().policy(t))

    async def policies(self, since: float, until: float) -> list[bytes]:
        """Return each policy that was in force at some time from `since` to `until`. Raises BusDown, OSError."""
        return list(dict.fromkeys(self._lend(data) for data in await super().policies(since, until)))
