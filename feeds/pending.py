"""The answer to one message, in the making: ready when the journal has everything that it acknowledges."""

import asyncio
from collections.abc import Iterable

import msgspec

from feeds.adapter import Refusal

_encode = msgspec.json.Encoder().encode


class Pending:
    """The answer to one message, in the making."""

    def __init__(self, ordinal: int | None) -> None:
        """Take the message's ordinal on its connection, or None where reports carry their own numbers."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ordinal = ordinal
        self._ack: list[int] = []
        self._duplicate: list[int] = []
        self._refused: list[dict[str, int | str]] = []
        self._open = 1
        """What is still on its way, and one for the message itself."""

    def ack(self, seq: int | None) -> None:
        """Note a report that the journal has."""
        self._ack.append(seq or 0)

    def ack_all(self, seqs: Iterable[int]) -> None:
        """Note reports that the journal has."""
        self._ack.extend(seqs)

    def duplicate(self, seq: int | None) -> None:
        """Note a report that the journal had."""
        self._duplicate.append(seq or 0)

    def refuse(self, refusal: Refusal) -> None:
        """Note a message that was not taken."""
        seq = refusal.seq if self._ordinal is None else self._ordinal
        entry: dict[str, int | str] = {} if seq is None else {"seq": seq}
        entry |= {"index": refusal.index, "reason": refusal.reason}
        if refusal.path:
            entry["path"] = refusal.path
        self._refused.append(entry)

    def hold(self) -> None:
        """Wait for one thing more."""
        self._open += 1

    def release(self) -> None:
        """Wait for one thing less; the answer is ready when nothing is left."""
        self._open -= 1
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)

    @property
    def nothing_taken(self) -> bool:
        """Whether all of the message was refused."""
        return bool(self._refused) and not self._ack and not self._duplicate

    def answer(self) -> bytes:
        """Return the answer as JSON, empty parts left out."""
        ack, duplicate = self._ack, self._duplicate
        if self._ordinal is not None:
            # One number for the whole message: journaled if any of it was new (or it held nothing to journal).
            new = bool(ack) or not (duplicate or self._refused)
            ack, duplicate = ([self._ordinal], []) if new else ([], [self._ordinal] if duplicate else [])
        parts = {"ack": ack, "duplicate": duplicate, "refused": self._refused}
        return _encode({name: part for name, part in parts.items() if part})
