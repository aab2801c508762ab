"""A TCP line that the exercise speaks over: opened again whenever it breaks, written to as soon as there is more."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

_OPEN_S = 5.0
_WRITE_S = 10.0
_IDLE_S = 30.0
"""Longest sleep between two looks at the line, seconds."""
_PAUSE_S, _PAUSE_MOST_S = 0.2, 5.0


class StreamLine:
    """One source's line. It is told what there is by its owner, and tells its owner what comes back."""

    def __init__(
        self,
        source: str,
        host: str,
        port: int,
        *,
        again: Callable[[], bytes] = lambda: b"",
        more: Callable[[], bytes],
        hear: Callable[[bytes], None] = lambda chunk: None,
    ) -> None:
        """`again`: what is said first over each new line; `more`: what is new since; `hear`: takes what comes back."""
        self.host, self.port = host, port
        self._source = source
        self._again, self._take, self._hear = again, more, hear
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Note that there is more to say."""
        self._more.set()

    async def run(self) -> None:
        """Keep the line up and say what there is, until cancelled; losing and finding it is logged once each."""
        pause, trouble = _PAUSE_S, ""
        while True:
            try:
                async with asyncio.timeout(_OPEN_S):
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                if trouble:
                    log.warning("exercise_line_back source=%s", self._source)
                pause, trouble = _PAUSE_S, ""
                try:
                    await self._talk(reader, writer)
                finally:
                    writer.close()
            except (OSError, TimeoutError) as error:
                if not trouble:
                    log.warning("exercise_line_lost source=%s reason=%s", self._source, type(error).__name__)
                trouble = type(error).__name__
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE_MOST_S)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(self._listen(reader))
        listening.add_done_callback(lambda _: self._more.set())
        try:
            writer.write(self._again())
            while not listening.done():
                self._more.clear()
                # One write for all there is, and nothing to a line that has just ended.
                writer.write(self._take())
                async with asyncio.timeout(_WRITE_S):
                    await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_S):
                        await self._more.wait()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await listening

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            self._hear(chunk)
            self._more.set()
