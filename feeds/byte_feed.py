"""Feeds that come as bytes without a token: what a listening port, a datagram port and a line we open have in common.

    bytes -> dialect's stream -> frame -> decode() -> claimed by a source -> Door.take() -> the dialect's reply

Rules
- What one read brought of one source is taken as one, each frame in it counted, refused and replied to by itself.
- A frame is at most 64 kB. Junk without an end is dropped and counted at 64 kB; after 8 such in a row we hang up.
- A frame that is not whole after a minute is dropped and counted: a slow sender holds nothing for ever.
- A stream that says nothing for ten minutes is closed: half-open ones would stay for ever.
- A reply is written once the journal has what the frame held, or it is refused for good; what was only not taken now,
  or did not come whole, is not replied to. Nothing else is ever sent.
- While the journal does not take, or the source is over its rate, we do not read: the sender's own line holds it back.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from feeds.adapter import FRAME_MAX, Adapter, Decoded
from feeds.claims import UNCLAIMED, Claims
from feeds.clock import Clock
from feeds.door import TOO_LARGE, Door, decode, refused
from feeds.ledger import Ledger
from feeds.subjects import subject
from feeds.together import joined
from feeds.turns import TURN_BYTES

log = logging.getLogger(__name__)

IDLE_S = 600.0
"""Longest silence of a stream, seconds."""
WHOLE_WITHIN_S = 60.0
"""By when a frame that began must have ended, seconds."""
OVERFLOWS_MAX = 8
"""Frames without an end, one after the other, before we hang up."""
CHUNK = 64 * 1024
WEIGHT = 8
"""A byte of these dialects costs as much to decode as so many of JSON, in which turns are counted."""
TOGETHER = TURN_BYTES // WEIGHT
"""Frames of one read are taken together up to so many bytes: a turn's worth."""
REPLIES_MAX = 16 * 1024
"""A peer that does not read gets no more replies than fit in here, bytes."""

CUT_SHORT = "cut short"
NOT_WHOLE = f"not whole within {WHOLE_WITHIN_S:.0f} s"
HANGS_UP = "nothing but junk"
SILENT = f"silent for {IDLE_S:.0f} s"


class ByteFeed:
    """One dialect on one port or line, for the sources that may speak there.

    `refused` counts what belongs to no source, by reason.
    """

    def __init__(
        self,
        door: Door,
        adapter: Adapter,
        ledgers: Sequence[Ledger],
        clock: Clock,
        refused: Counter[str],
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        """Prepare. Raises ValueError for a claim that is no address."""
        self.door = door
        self.adapter = adapter
        self.clock = clock
        self.refused = refused
        self.idle_s = idle_s
        self._ledgers = ledgers
        self._claims = Claims(ledgers)
        self.by_id = self._claims.by_id
        """Whether it depends on a frame's own id whose it is."""

    def peer(self, address: str, write: Callable[[bytes], None], unsent: Callable[[], int]) -> "Peer":
        """Return a new peer at `address`. `write` sends him bytes, `unsent` says how many he has not taken yet."""
        return Peer(self, address, write, unsent)

    def route(self, frame: bytes, address: str) -> Ledger | None:
        """Return the source that claims the frame by the id that it gives itself, before it is decoded."""
        speaker = self.adapter.speaker if self.by_id else None
        return self._claims.source("" if speaker is None else speaker(frame[:FRAME_MAX]), address)

    def source(self, routed: Ledger | None, decoded: Decoded, address: str) -> Ledger | None:
        """Return the source that claims what was decoded; None, and counted, when none does."""
        ledger = routed
        if decoded.reports and self.by_id:
            # An emergency has an id of its own and belongs to the source of the unit that it is about.
            ledger = self._claims.source(subject(decoded.reports[0]), address)
        if ledger is None:
            self.refused[UNCLAIMED] += len(decoded.reports) + len(decoded.refusals)
        return ledger

    def opened_for(self, address: str) -> Ledger | None:
        """Return the source whose unit a stream from this address is about, when that can be told beforehand."""
        return self._claims.source("", address)


class Peer:
    """Who speaks from one address: his decoder, his unfinished frame, and the sources he has spoken as."""

    def __init__(self, feed: ByteFeed, address: str, write: Callable[[bytes], None], unsent: Callable[[], int]) -> None:
        self._feed = feed
        self._address = address
        self._write = write
        self._unsent = unsent
        first = feed.opened_for(address)
        self._only = None if feed.by_id else first
        """The source that all he sends is of, where that does not depend on what he sends."""
        self._decoder = feed.adapter.open(*(() if first is None else (first.settings.opening(),)))
        self._sources: dict[int, Ledger] = {}
        self._ordinal = 0

    async def read(self, reader: asyncio.StreamReader, admit: Callable[[], bool] = lambda: True) -> str:
        """Read until the peer leaves; return why we hang up on him, `""` when he left by himself.

        `admit` is asked once a whole frame has come; False hangs up.
        """
        assert self._feed.adapter.stream is not None
        loop = asyncio.get_running_loop()
        stream = self._feed.adapter.stream()
        overflows, began = 0, 0.0
        while True:
            wait_s = began + WHOLE_WITHIN_S - loop.time() if len(stream) else self._feed.idle_s
            try:
                async with asyncio.timeout(max(wait_s, 0.0)):
                    chunk = await reader.read(CHUNK)
            except TimeoutError:
                if not len(stream):
                    return SILENT
                await self._take(stream.drop(), NOT_WHOLE)
                continue
            if not chunk:
                if held := stream.drop():
                    await self._take(held, CUT_SHORT)
                return ""
            if not len(stream):
                began = loop.time()
            frames = stream.feed(chunk)
            if frames:
                began, overflows = loop.time(), 0
                if not admit():
                    return ""
            await self._take_all(frames)
            if len(stream) > FRAME_MAX:
                await self._take(stream.drop(), TOO_LARGE)
                overflows += 1
                if overflows >= OVERFLOWS_MAX:
                    return HANGS_UP

    def datagram(self, datagram: bytes) -> None:
        """Take what one datagram holds; it cannot be held back, so what comes too fast is refused."""
        if self._feed.adapter.stream is None:
            frames = [datagram]
        else:
            stream = self._feed.adapter.stream()
            frames = stream.feed(datagram)
            if held := stream.drop():  # a datagram ends what it brings
                frames.append(held)
        for frame in frames:
            now = self._feed.clock.now()
            routed = self._feed.route(frame, self._address)
            # Before it is decoded: what comes too fast shall not cost what it brings.
            if routed is not None and (reason := self._feed.door.shut(routed)):
                self._hand(routed, (frame,), refused(reason, frame=frame), now, for_good=False)
                continue
            decoded = decode(self._decoder, frame, now)
            ledger = self._feed.source(routed, decoded, self._address)
            if ledger is None:
                self._greet(frame, decoded)
            elif ledger is not routed and (reason := self._feed.door.shut(ledger)):
                self._hand(ledger, (frame,), refused(reason, frame=frame), now, for_good=False)
            else:
                self._hand(ledger, (frame,), decoded, now)

    def forget(self, reason: str = "") -> None:
        """Count this peer no more; `reason`: why we hung up on him."""
        for ledger in self._sources.values():
            ledger.connections -= 1
            if reason:
                ledger.cut(reason)

    def _route(self, frame: bytes) -> Ledger | None:
        return self._only or self._feed.route(frame, self._address)

    async def _take_all(self, frames: Sequence[bytes]) -> None:
        """Take what one read brought, in its order; what stands together and is of one source is taken as one."""
        at = 0
        while at < len(frames):
            ledger = self._route(frames[at])
            if ledger is None:
                await self._take(frames[at])
                at += 1
                continue
            end, size = at + 1, len(frames[at])
            while end < len(frames) and size + len(frames[end]) <= TOGETHER and self._route(frames[end]) is ledger:
                size += len(frames[end])
                end += 1
            await self._enter(ledger, size)
            at += await self._take_together(ledger, frames[at:end])

    async def _take_together(self, ledger: Ledger, frames: Sequence[bytes]) -> int:
        """Take frames of a source that has entered with them; return how many there was room for, at least one."""
        now = self._feed.clock.now()
        most = self._feed.door.most(ledger)
        parts: list[Decoded] = []
        count = 0
        for frame in frames:
            decoded = decode(self._decoder, frame, now)
            if (whose := self._feed.source(ledger, decoded, self._address)) is not ledger:
                if parts:
                    self._hand(ledger, frames[: len(parts)], joined(parts), now)
                await self._settle(None, whose, frame, decoded, now)
                return len(parts) + 1
            parts.append(decoded)
            count += len(decoded.reports) + len(decoded.refusals)
            if count >= most:
                break
        self._hand(ledger, frames[: len(parts)], joined(parts), now)
        return len(parts)

    async def _take(self, frame: bytes, fault: str = "") -> None:
        routed = self._route(frame)
        if routed is None:  # decoded all the same, to see whose it is: strangers have one turn together
            await self._feed.door.turns.take(UNCLAIMED, len(frame) * WEIGHT)
        else:
            await self._enter(routed, len(frame))
        now = self._feed.clock.now()
        decoded = refused(fault, frame=frame) if fault else decode(self._decoder, frame, now)
        whose = self._feed.source(routed, decoded, self._address)
        await self._settle(routed, whose, frame, decoded, now, for_good=not fault)

    async def _settle(
        self,
        entered: Ledger | None,
        whose: Ledger | None,
        frame: bytes,
        decoded: Decoded,
        received_at: float,
        *,
        for_good: bool = True,
    ) -> None:
        """Hand over what one frame held to the source `whose` it is, which is not always the one that has `entered`."""
        if whose is None:
            self._greet(frame, decoded)
            return
        if whose is not entered:
            await self._enter(whose, len(frame))
        self._hand(whose, (frame,), decoded, received_at, for_good=for_good)

    async def _enter(self, ledger: Ledger, size: int) -> None:
        if id(ledger) not in self._sources:
            await self._feed.door.catch_up(ledger)
        await self._feed.door.enter(ledger, size * WEIGHT)

    def _hand(
        self, ledger: Ledger, frames: Sequence[bytes], decoded: Decoded, received_at: float, *, for_good: bool = True
    ) -> None:
        """Give the door what frames held, and reply; not `for_good`: it may be sent again, so nothing is replied."""
        if id(ledger) not in self._sources:
            self._sources[id(ledger)] = ledger
            ledger.connections += 1
        self._ordinal += 1
        pending = self._feed.door.take(ledger, "", decoded, received_at, self._ordinal)
        if self._feed.adapter.reply is None or not for_good:
            return
        if pending.done.done():
            self._reply(frames)
        else:
            pending.done.add_done_callback(lambda _: self._reply(frames))

    def _greet(self, frame: bytes, decoded: Decoded) -> None:
        """Reply to who belongs to no source and said nothing that could: asking whether we are there is free."""
        if not decoded.reports and not decoded.refusals:
            self._reply((frame,))

    def _reply(self, frames: Sequence[bytes]) -> None:
        if self._feed.adapter.reply is None:
            return
        now = self._feed.clock.now()
        for frame in frames:
            if self._unsent() >= REPLIES_MAX:
                return
            if reply := self._feed.adapter.reply(frame, now):
                self._write(reply)
