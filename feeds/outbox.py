"""What a source has to say and has not been answered for: numbered, kept in its spool, made into messages.

Rules
- Reports go in order. While messages are unanswered, only full ones follow: whatever comes in until the next answer
  goes together, up to `MESSAGE_REPORTS`. Who says little is sent at once.
- At most `WINDOW` messages wait for their answer. Answers come in the order of the messages.
- After a broken line every unanswered message goes again as it was: the door tells duplicates apart.
- What the spool does not take is refused to the caller; nothing that was taken is ever given up.
- Reports of many units that are put together are one message, as columns, if the door of this line takes them.
- Of a long wait only some `MEMORY_BYTES` are in memory: the rest is read back from the spool when its turn comes.
- A connection is of one run. Reports of an older run go first; then the line has to be opened again.
"""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from feeds.adapter import FRAME_MAX
from feeds.errors import DecodeError, FeedLost, SpoolFull
from feeds.feed_line import Answer, Counts, RefusedMessage
from feeds.report import AnyReport
from feeds.spool import Parcel, Spool
from feeds.unit_columns import columns_of
from feeds.unit_columns import decode as _decode_columns
from feeds.unit_columns import encode as encode_columns

WINDOW = 16
"""Messages sent and not yet answered."""
MESSAGE_REPORTS = 200
MESSAGE_BYTES = 48 * 1024
"""Where a message is full; the door takes 64 kB."""
MEMORY_BYTES = 4 * 1024 * 1024
"""Reports that wait for their turn in memory, bytes; then they wait in the spool alone."""
PAGE_BYTES = 1024 * 1024
"""Read back at a time."""
UNANSWERED = "not answered for"
"""Counted for a report that the door's answer to its message does not name."""

_replace = msgspec.structs.replace
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Refused(NamedTuple):
    """A report that the door did not take; it is not sent again."""

    report: dict[str, Any]
    """As it was sent, without its number."""
    reason: str
    path: str


class Outbox:
    """The messages of one source."""

    def __init__(self, spool: Spool, most_bytes: int) -> None:
        """Take up what the spool holds. Of reports that wait it takes up to `most_bytes`."""
        self.counts = Counts()
        self._spool = spool
        self._most = most_bytes
        self._seq = spool.next_seq
        self._answered = spool.answered
        self._columns = False
        """Whether the door takes columns, as far as we know."""
        self._reports, self._size = spool.held()
        self._sent: deque[Parcel] = deque()
        self._again: deque[Parcel] = deque()
        self._ready: deque[Parcel] = deque()
        self._ready_reports = self._ready_bytes = 0
        self._read_from: int | None = spool.answered if self._reports else None
        """The number from which on what waits is in the spool alone; None: all is in memory."""

    def __len__(self) -> int:
        """Return the number of reports not yet answered for."""
        return self._reports

    @property
    def size(self) -> int:
        """Their size, bytes."""
        return self._size

    @property
    def in_memory(self) -> int:
        """How many bytes of them are in memory."""
        return self._ready_bytes + sum(p.size for p in (*self._sent, *self._again))

    @property
    def run(self) -> str:
        """The run of what is to be sent next, and so of the line to be opened."""
        head = self._head()
        return head.run if head else self._spool.run

    def put(self, reports: Sequence[AnyReport]) -> None:
        """Number the reports and keep them, all or none. Raises SpoolFull, DecodeError for one that fits no message."""
        numbered = [_replace(report, seq=seq) for seq, report in enumerate(reports, self._seq)]
        parcels: list[Parcel] = []
        for start in range(0, len(numbered), MESSAGE_REPORTS):
            self._cut(numbered[start : start + MESSAGE_REPORTS], parcels)
        if not parcels:
            return
        size = sum(parcel.size for parcel in parcels)
        if self._size + size > self._most:
            raise SpoolFull(f"{self._reports} reports wait, {self._size} bytes; the bound is {self._most}")
        self._spool.add(parcels)
        self._seq += len(numbered)
        self._reports += len(numbered)
        self._size += size
        for parcel in parcels:
            if self._read_from is None and self._ready_bytes > MEMORY_BYTES:
                self._read_from = parcel.first
            if self._read_from is None:
                self._make_ready(parcel)

    def _cut(self, numbered: list[AnyReport], parcels: list[Parcel]) -> None:
        """Add the reports as one parcel, or as many as it takes."""
        body = (_as_columns(numbered) if self._columns else b"") or _encode(numbered)[1:-1]
        if len(body) <= MESSAGE_BYTES or len(numbered) == 1:
            first = numbered[0].seq or 0
            if len(body) + 2 > FRAME_MAX:
                raise DecodeError(f"larger than {FRAME_MAX // 1024} kB", f"$[{first - self._seq}]")
            parcels.append(Parcel(first, len(numbered), self._spool.run, body))
        else:
            half = len(numbered) // 2
            self._cut(numbered[:half], parcels)
            self._cut(numbered[half:], parcels)

    def speak(self, *, columns: bool) -> None:
        """Note whether the door of this line takes columns; if not, what waits as columns is made JSON."""
        self._columns = columns
        if not columns:
            self._again = deque(chain.from_iterable(map(self._plain, self._again)))
            ready, self._ready = self._ready, deque()
            self._ready_reports = self._ready_bytes = 0
            for parcel in ready:
                self._make_ready(parcel)

    def _plain(self, parcel: Parcel) -> list[Parcel]:
        """Return the parcel as JSON, in as many as it takes."""
        if not parcel.is_columns:
            return [parcel]
        parcels: list[Parcel] = []
        self._cut(list(_decode_columns(parcel.body).reports()), parcels)
        self._size += sum(made.size for made in parcels) - parcel.size
        return [made._replace(run=parcel.run) for made in parcels]

    def lose(self, reports: int) -> None:
        """Leave a gap in the numbers: an agency that lost reports shall not look as if it had not."""
        self._seq += reports

    @property
    def is_full(self) -> bool:
        """Whether what waits fills a message."""
        return self._ready_reports >= MESSAGE_REPORTS or self._ready_bytes >= MESSAGE_BYTES or bool(self._again)

    def next(self, run: str) -> bytes | None:
        """Return the next message of this run, or None: nothing of it is to go now."""
        if len(self._sent) >= WINDOW:
            return None
        head = self._head()
        if head is None or head.run != run or (self._sent and not self.is_full):
            return None
        parcel = self._again.popleft() if self._again else self._message()
        self._sent.append(parcel)
        return parcel.message

    def is_through(self, run: str) -> bool:
        """Say whether a line of this run has done its work, and one of another run is needed."""
        return not self._sent and self.run != run

    def answer(self, answer: Answer) -> list[Refused]:
        """Take note of the answer to the oldest message under way; return what of it was refused.

        Raises FeedLost for an answer to nothing.
        """
        if not self._sent:
            raise FeedLost("the door answered what was not asked")
        parcel = self._sent.popleft()
        self._reports -= parcel.reports
        self._size -= parcel.size
        self._answered = parcel.after
        self.counts.note(answer)
        taken = len(answer.ack) + len(answer.duplicate)
        if taken == parcel.reports:
            return []
        return self._refused(parcel, answer)

    def line_lost(self) -> None:
        """Put what was under way back in front, to go again."""
        self._again.extendleft(reversed(self._sent))
        self._sent.clear()

    def save(self) -> None:
        """Let the spool forget what was answered. Until then a new start would send it again."""
        if self._answered > self._spool.answered:
            self._spool.forget(self._answered)

    def _refused(self, parcel: Parcel, answer: Answer) -> list[Refused]:
        told = {r.seq: r for r in answer.refused if r.seq is not None}
        whole = next((r for r in answer.refused if r.seq is None), RefusedMessage(UNANSWERED))
        taken = {*answer.ack, *answer.duplicate}
        refused: list[Refused] = []
        for report in _said(parcel):
            if (seq := report.pop("seq")) not in taken:
                why = told.get(seq, whole)
                refused.append(Refused(report, why.reason, why.path))
        if more := len(refused) - len(answer.refused):  # an answer may speak of a whole message at once
            self.counts.refused[whole.reason] += more
        return refused

    def _head(self) -> Parcel | None:
        """Return what is next to be sent; see to it that a message is filled, from the spool if need be."""
        if self._read_from is not None and not self.is_full:
            page, more = self._spool.read(self._read_from, PAGE_BYTES)
            self._read_from = page[-1].after if more else None
            for parcel in page:
                self._make_ready(parcel)
        if self._again:
            return self._again[0]
        return self._ready[0] if self._ready else None

    def _make_ready(self, parcel: Parcel) -> None:
        for each in [parcel] if self._columns else self._plain(parcel):
            self._ready.append(each)
            self._ready_reports += each.reports
            self._ready_bytes += each.size

    def _take(self) -> Parcel:
        """Return the first of what waits; it waits no longer."""
        parcel = self._ready.popleft()
        self._ready_reports -= parcel.reports
        self._ready_bytes -= parcel.size
        return parcel

    def _message(self) -> Parcel:
        """Return the first of what waits, together with what follows and fits beside it."""
        if self._ready[0].is_columns:
            return self._take()
        parts: list[bytes] = []
        first = self._ready[0].first
        run = self._ready[0].run
        after, size = first, 0
        while self._ready and not self._ready[0].is_columns:
            parcel = self._ready[0]
            size += parcel.size
            reports = parcel.after - first
            if parts and (
                parcel.first != after or parcel.run != run or reports > MESSAGE_REPORTS or size > MESSAGE_BYTES
            ):
                break
            parts.append(parcel.body)
            after = parcel.after
            self._take()
        return Parcel(first, after - first, run, parts[0] if len(parts) == 1 else b",".join(parts))


def _as_columns(reports: list[AnyReport]) -> bytes:
    """Return the reports as columns; empty where they are few, or not of units alone."""
    try:
        columns = columns_of(reports)
        return b"" if columns is None else encode_columns(columns)
    except (TypeError, ValueError, OverflowError):
        return b""  # something that no report may say: the door tells which, and what


def _said(parcel: Parcel) -> list[dict[str, Any]]:
    if parcel.is_columns:
        reports = _decode_columns(parcel.body).reports()
        return [{"kind": "unit"} | msgspec.to_builtins(report) for report in reports]
    return _decode(parcel.message)
