"""Feeds that this gateway fetches: receivers and servers that wait to be asked (`connect = "tcp://HOST:PORT"`), as
aircraft receivers (SBS, port 30003), GPS servers and TAK servers do. When the line breaks it is opened again.
"""

import asyncio
import logging

from feeds.byte_feed import CHUNK, ByteFeed
from feeds.ledger import Ledger

log = logging.getLogger(__name__)

OPEN_WITHIN_S = 5.0
PAUSE_S, PAUSE_MOST_S = 0.5, 30.0
"""Waits before it is tried again, seconds: doubled each time, and short again once something came."""
NOT_REACHED = "no connection to the address it is fetched from"
ENDED = "the line it is fetched by ended"


class DialledFeed:
    """One source's line out, kept open until cancelled."""

    def __init__(self, feed: ByteFeed, ledger: Ledger, host: str, port: int) -> None:
        self._feed = feed
        self._ledger = ledger
        self._host, self._port = host, port

    async def run(self) -> None:
        """Fetch for ever."""
        pause = PAUSE_S
        while True:
            before = self._ledger.heard
            await self._once()
            pause = PAUSE_S if self._ledger.heard > before else min(2 * pause, PAUSE_MOST_S)
            await asyncio.sleep(pause)

    async def _once(self) -> None:
        source = self._ledger.settings.id
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=CHUNK)
        except (OSError, TimeoutError, UnicodeError) as error:  # UnicodeError: a name that is no host's
            self._ledger.cut(NOT_REACHED)
            log.info("dial_failed source=%s error=%s", source, type(error).__name__)
            return
        log.info("dial_open source=%s", source)
        peer = self._feed.peer(self._host, writer.write, writer.transport.get_write_buffer_size)
        reason = ENDED
        try:
            reason = await peer.read(reader) or ENDED
        except OSError as error:  # not ConnectionError alone: a route may be lost under an open line
            log.info("dial_broken source=%s error=%s", source, type(error).__name__)
        except asyncio.CancelledError:
            reason = ""  # the gateway stops
            raise
        finally:
            peer.forget()
            if reason:
                self._ledger.cut(reason)
            writer.transport.abort()
        log.info("dial_closed source=%s reason=%r", source, reason)
