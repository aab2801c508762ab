"""A source whose cars say where they are in TAIP, over one TCP line, as a fleet's modem server passes them on.

Each message is numbered; what the door has not acknowledged when the line breaks is said again, and told there as a
duplicate. At most `LINES_MAX` wait; then the oldest goes, and is counted.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence

from feeds.exercise.stream_line import StreamLine
from feeds.exercise.taip_line import acknowledged, line
from feeds.formats.framing import Delimited
from feeds.report import AnyReport, UnitReport

LINES_MAX = 20_000
UNANSWERED_MAX = 4_000
"""Messages without an acknowledgement, fewer than there are numbers."""


class TaipSpeaker:
    """See the head."""

    def __init__(self, source: str, host: str, port: int) -> None:
        self.source = source
        self.dropped = 0
        self._line = StreamLine(source, host, port, again=self._again, more=self._next, hear=self._hear)
        self._replies = Delimited(b"<")
        self._reports: deque[UnitReport] = deque()
        self._unanswered: OrderedDict[int, bytes] = OrderedDict()
        self._number = 0

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits. What is no place has no words in TAIP."""
        self._reports.extend(r for r in reports if isinstance(r, UnitReport) and r.lat is not None)
        while len(self._reports) > LINES_MAX:
            self._reports.popleft()
            self.dropped += 1
        self._line.wake()

    @property
    def waiting(self) -> int:
        """Messages not acknowledged yet."""
        return len(self._reports) + len(self._unanswered)

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        await self._line.run()

    def _again(self) -> bytes:
        """Return what was not acknowledged when the last line broke; of a reply cut in two the rest never comes."""
        self._replies = Delimited(b"<")
        return b"".join(self._unanswered.values())

    def _next(self) -> bytes:
        lines = []
        while self._reports and len(self._unanswered) < UNANSWERED_MAX:
            self._number = (self._number + 1) & 0xFFFF
            said = line(self._reports.popleft(), self._number)
            self._unanswered[self._number] = said
            lines.append(said)
        return b"".join(lines)

    def _hear(self, chunk: bytes) -> None:
        for reply in self._replies.feed(chunk):
            if (number := acknowledged(reply)) is not None:
                self._unanswered.pop(number, None)
