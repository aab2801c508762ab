"""Senders of a site under fault: they send again what was not answered, and count what was acknowledged."""

import asyncio
import contextlib
import dataclasses
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from feeds.errors import FeedLost
from feeds.feed_line import Answer, Line, open_line
from tests.support.redis import until

TOKENS = {"cpd-avl": "token-avl", "cpd-bulk": "token-bulk", "cpd-cad": "token-cad", "isp-cot": "token-cot"}
"""By source, as in the site of `tests/support/faults.py`."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """What is sent in one message, and the numbers of its reports."""

    numbers: tuple[int, ...]
    data: bytes


def latitude(n: int) -> float:
    """Return where report `n` puts its unit, degrees: never further from its last place than the door believes."""
    return round(41.7 + n % 1999 / 1e6, 6)


def native(first: int, count: int, units: int = 50) -> Frame:
    """Return a frame of `count` unit reports numbered from `first`."""
    numbers = tuple(range(first, first + count))
    at = f"{time.time():.3f}"
    reports = [
        f'{{"kind":"unit","seq":{n},"unit_id":"U{n % units}","call_sign":"A{n % units}","observed_at":{at},'
        f'"lat":{latitude(n)},"lon":-87.63}}'
        for n in numbers
    ]
    return Frame(numbers, f"[{','.join(reports)}]".encode())


def cot(first: int, count: int = 1) -> Frame:
    """Return one CoT event, told from every other by its uid and time; a frame holds one."""
    now = time.time()
    whole, stale = (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) for at in (now, now + 600))
    stamp = f"{whole}.{int(now % 1 * 1e6):06d}Z"
    place = f'<point lat="{latitude(first)}" lon="-87.63" hae="0" ce="9999999" le="9999999"/>'
    event = (
        f'<event version="2.0" uid="ISP-{first % 20}" type="a-f-G-E-V-C" how="m-g" '
        f'time="{stamp}" start="{stamp}" stale="{stale}.000Z">'
        f'{place}<detail><contact callsign="I{first}"/></detail></event>'
    )
    return Frame((first,), event.encode())


class Sender:
    """Sends as one source under one run, over every cut of the line, and keeps what was not answered.

    After a cut it goes to the next door of `ports` and sends again, in order, all that has no answer.
    """

    def __init__(
        self,
        source: str,
        ports: Callable[[], int],
        run: str = "r1",
        make: Callable[[int, int], Frame] = native,
        per_frame: int = 20,
        window: int = 8,
        pause_s: float = 0.0,
    ) -> None:
        self.source = source
        self.acknowledged: list[int] = []
        """Numbers the door said are journaled, in the order of its answers; each once."""
        self.duplicates = 0
        """Of these, told as duplicates."""
        self.refused: Counter[str] = Counter()
        self.cuts = 0
        self.sent = 0
        self._ports = ports
        self._run = run
        self._make = make
        self._per_frame = 1 if make is cot else per_frame
        self._window = window
        self._pause_s = pause_s
        self._open: deque[Frame] = deque()
        self._stop = False
        self._moved = asyncio.Event()
        """Something was answered, or is to be."""
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> "Sender":
        """Send in the background."""
        self._task = asyncio.create_task(self._send())
        return self

    async def more(self, count: int, within: float = 30.0) -> None:
        """Return when so many more numbers are acknowledged."""
        goal = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= goal or self._ended(), within, f"{count} more of {self.source}")
        assert self._task is not None and not self._task.done()

    async def finish(self, within: float = 30.0) -> list[int]:
        """Send nothing new, wait for every answer, return what was acknowledged."""
        self._stop = True
        self._moved.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, within)
        assert not self._open
        return self.acknowledged

    async def cancel(self) -> None:
        """Give up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ended(self) -> bool:
        assert self._task is not None
        return self._task.done() and (self._task.result() or True)

    async def _send(self) -> None:
        while not (self._stop and not self._open):
            try:
                line = await open_line(f"ws://127.0.0.1:{self._ports()}", self.source, TOKENS[self.source], self._run)
            except FeedLost:
                await asyncio.sleep(0.02)
                continue
            try:
                await self._speak(line)
            except FeedLost:
                self.cuts += 1
            finally:
                await line.close()

    async def _speak(self, line: Line) -> None:
        """Write and listen at once, until the line goes or all is answered and nothing new is to be sent."""
        self._moved.set()
        ends = [asyncio.create_task(self._write(line)), asyncio.create_task(self._listen(line))]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for end in ends:
                end.cancel()
            ended = await asyncio.gather(*ends, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault

    async def _write(self, line: Line) -> None:
        for frame in list(self._open):
            await line.send(frame.data)
        while not self._stop:
            if len(self._open) >= self._window:
                self._moved.clear()
                await self._moved.wait()
                continue
            frame = self._make(self.sent + 1, self._per_frame)
            self.sent = frame.numbers[-1]
            self._open.append(frame)
            self._moved.set()
            await line.send(frame.data)
            await asyncio.sleep(self._pause_s)

    async def _listen(self, line: Line) -> None:
        ordinal = 0
        while self._open or not self._stop:
            if not self._open:
                self._moved.clear()
                await self._moved.wait()
                continue
            answer = await line.answer()
            ordinal += 1
            self._note(self._open.popleft(), answer, ordinal)
            self._moved.set()

    def _note(self, frame: Frame, answer: Answer, ordinal: int) -> None:
        expected = {ordinal} if self._make is cot else set(frame.numbers)
        self.refused.update(r.reason for r in answer.refused)
        assert not answer.refused, f"{self.source}: {answer.refused[:3]}"
        assert {*answer.ack, *answer.duplicate} == expected, "one answer for each number, in order"
        assert not {*answer.ack} & {*answer.duplicate}
        self.duplicates += len(answer.duplicate)
        self.acknowledged.extend(frame.numbers)


async def exchange(port: int, source: str, frames: Iterable[Frame], run: str = "r1") -> list[Answer]:
    """Send the frames one after the other on one line and return the door's answers."""
    line = await open_line(f"ws://127.0.0.1:{port}", source, TOKENS[source], run)
    try:
        answers = []
        for frame in frames:
            await line.send(frame.data)
            answers.append(await line.answer(10.0))
        return answers
    finally:
        await line.close()


@contextlib.asynccontextmanager
async def sending(*senders: Sender) -> AsyncIterator[Sequence[Sender]]:
    """Send while the block runs."""
    try:
        yield [sender.begin() for sender in senders]
    finally:
        for sender in senders:
            await sender.cancel()
