"""What a source has to say and has not been acknowledged for: numbered, in messages, bounded. Pure.

Rules
- Messages go in order; at most `WINDOW` wait for their answer. Answers come in the order of the messages.
- After a broken line everything unanswered goes again, with the same numbers: the door tells duplicates apart.
- At most `REPORTS_MAX` reports wait. Then the oldest message not under way goes, is counted, and leaves a gap in the
  numbers that the door will show: an agency that lost reports shall not look as if it had not.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from feeds.report import AnyReport

WINDOW = 8
"""Messages sent and not yet answered."""
REPORTS_MAX = 20_000
MESSAGE_BYTES = 48 * 1024
"""Where a message is full; the door takes 64 kB."""

_encode = msgspec.json.Encoder().encode


class Parcel(NamedTuple):
    """One message ready to go."""

    body: bytes
    reports: int


class Outbox:
    """The messages of one source and run."""

    def __init__(self) -> None:
        self._waiting: deque[Parcel] = deque()
        self._sent: deque[Parcel] = deque()
        self._seq = 0
        self._held = 0
        self.dropped = 0
        """Reports given up because the line was away for too long."""
        self.answered = 0
        """Reports the door has answered for."""

    def __len__(self) -> int:
        """Return the number of reports not yet answered for."""
        return self._held

    def put(self, reports: Iterable[AnyReport]) -> None:
        """Number the reports and add them as one message, or as many as it takes."""
        texts: list[bytes] = []
        size = 0
        for report in reports:
            self._seq += 1
            text = b'{"seq":%d,' % self._seq + _encode(report)[1:]
            if texts and size + len(text) > MESSAGE_BYTES:
                self._add(texts)
                texts, size = [], 0
            texts.append(text)
            size += len(text) + 1
        if texts:
            self._add(texts)

    def _add(self, texts: list[bytes]) -> None:
        self._waiting.append(Parcel(b"[" + b",".join(texts) + b"]", len(texts)))
        self._held += len(texts)
        while self._held > REPORTS_MAX and len(self._waiting) > 1:
            gone = self._waiting.popleft()
            self._held -= gone.reports
            self.dropped += gone.reports

    def next(self) -> bytes | None:
        """Return the next message to send, or None while the window is full or nothing waits."""
        if not self._waiting or len(self._sent) >= WINDOW:
            return None
        parcel = self._waiting.popleft()
        self._sent.append(parcel)
        return parcel.body

    def answer(self) -> None:
        """Take note that the oldest message under way was answered. An answer to nothing is ignored."""
        if self._sent:
            reports = self._sent.popleft().reports
            self._held -= reports
            self.answered += reports

    def line_lost(self) -> None:
        """Put what was under way back in front, to go again."""
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
