"""The door of a site: feeds by WebSocket and HTTP, by byte stream and datagram, into the journal and onto the bus.

Rules
- The sequences already journaled are read back before any port opens.
- Each agency has a heartbeat a second, with the health of all its sources, idle ones too.
- Told to stop, it reads no more, finishes the appends in flight, answers them, and is gone within a second.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from feeds import adapters
from feeds.bus import BatchId, Bus, SourceHealth
from feeds.clock import Clock, OnwardClock
from feeds.door import Door
from feeds.errors import BusDown, ConfigError
from feeds.feed_port import HUNG_UP, FeedPort
from feeds.lane import Lane
from feeds.ledger import Ledger
from feeds.names import AgencyId
from feeds.openings import COT, Openings
from feeds.side_by_side import SideBySide
from feeds.source import SourceSettings
from feeds.tally import Tallies

log = logging.getLogger(__name__)

BEAT_S = 1.0
BUS_WITHIN_S = 5.0
FINISH_S = 0.5
"""What a stop leaves to appends in flight, seconds."""
REMEMBER_S = 600.0
"""How far back reports of dialects without sequences are read at start, seconds."""


class Gateway:
    """Runs all ways into a site. Ports given as 0 are chosen by the system; read them once `ready` is set."""

    def __init__(
        self,
        bus: Bus,
        sources: Sequence[SourceSettings],
        agencies: Sequence[AgencyId],
        clock: Clock,
        bind: str = "127.0.0.1",
        feed_port: int = 8052,
        cot_port: int = 8087,
    ) -> None:
        """Prepare the doors. Raises ConfigError for a source whose agency or adapter does not exist."""
        self.feed_port = feed_port
        self.cot_port = cot_port
        self.listening: dict[str, int] = {}
        """The ports that listen for byte streams and datagrams, by what the site's file calls them; once `ready`."""
        self.ready = asyncio.Event()
        self.refused: Counter[str] = Counter()
        """Connections, and events on the CoT port, that belong to no source: counted by reason."""
        self._bus = bus
        self._name = secrets.token_hex(4)
        self._clock = clock = OnwardClock(clock)
        self._bind = bind
        self._lanes = {agency: Lane(agency, bus) for agency in agencies}
        self._ledgers: dict[str, Ledger] = {}
        for i, source in enumerate(sources):
            if source.agency not in self._lanes:
                raise ConfigError(f"source[{i}].agency", f"no agency {source.agency!r}")
            try:
                adapter = adapters.load(source.adapter)
            except KeyError:
                raise ConfigError(f"source[{i}].adapter", f"no adapter {source.adapter!r}") from None
            self._ledgers[source.id] = Ledger(source, sequenced=adapter.sequenced)
        self._beside = SideBySide(bus, self._lanes, self._ledgers)
        door = Door(self._lanes, self._beside.catch_up)
        self._feeds = FeedPort(door, self._ledgers, clock, self.refused)
        try:
            self._openings = Openings(self._ledgers.values(), door, clock, self.refused)
        except ValueError as error:
            raise ConfigError("source.peers", f"not an address: {error}") from error
        self._tallies = Tallies()
        self._told: Counter[str] = Counter()
        self._beating = True

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The books of all sources, in the site's order."""
        return tuple(self._ledgers.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. Raises OSError when a port is taken."""
        stopping = asyncio.create_task(stop.wait())
        tasks = [asyncio.create_task(lane.run()) for lane in self._lanes.values()]
        try:
            recovering = asyncio.create_task(self._recover())
            tasks.append(recovering)
            await asyncio.wait({stopping, recovering}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            recovering.result()
            tasks.remove(recovering)
            await self._open()
            tasks.append(asyncio.create_task(self._beat()))
            tasks += [asyncio.create_task(dialled.run()) for dialled in self._openings.dialled]
            log.info("gateway_open feed_port=%d cot_port=%d", self.feed_port, self.cot_port)
            self.ready.set()
            done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # a lane or the heartbeat ended: a fault, and the process ends with it
        finally:
            await self._close()
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    async def _open(self) -> None:
        await self._feeds.start(self._bind, self.feed_port)
        self.feed_port = self._feeds.port
        self.listening = await self._openings.open(self._bind, self.cot_port)
        self.cot_port = self.listening[COT]

    async def _close(self) -> None:
        await asyncio.gather(self._feeds.stop(), self._openings.close())
        for agency in self._lanes:
            self._tally(agency, self._health(agency))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S / 2):
                await asyncio.gather(*(lane.idle() for lane in self._lanes.values()))
        log.info("gateway_closed unfinished=%d", sum(lane.queued for lane in self._lanes.values()))

    # ---- before the door opens

    async def _recover(self) -> None:
        """Read back what is journaled, so that a sender that resends after our restart gets duplicates."""
        for agency in self._lanes:
            while True:
                try:
                    await self._recover_agency(agency)
                    break
                except BusDown as error:
                    log.warning("recover_waits agency=%s error=%s", agency, error)
                    await asyncio.sleep(0.2)

    async def _recover_agency(self, agency: AgencyId) -> None:
        await self._beside.begin(agency)
        for (source, run), ranges in (await self._bus.sequences(agency)).items():
            if (ledger := self._ledgers.get(source)) is not None and ledger.sequenced:
                ledger.recover(run, ranges)
        plain = {x.settings.id: x for x in self._of(agency) if not x.sequenced}
        at = BatchId(max(0, int((self._clock.now() - REMEMBER_S) * 1000)), 0)
        while plain and (page := await self._bus.read(agency, at, 50)):
            at = page[-1].id
            for delivery in page:
                for parcel in delivery.batch.parcels:
                    if (ledger := plain.get(parcel.source)) is not None:
                        for report in parcel.reports:
                            ledger.remember(report, parcel.received_at)

    def _of(self, agency: AgencyId) -> list[Ledger]:
        return [ledger for ledger in self._ledgers.values() if ledger.settings.agency == agency]

    # ---- heartbeat

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await asyncio.gather(*(self._beat_agency(agency) for agency in self._lanes))
            self._tell()
            due = max(due + BEAT_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _beat_agency(self, agency: AgencyId) -> None:
        health = self._health(agency)
        self._tally(agency, health)
        try:
            async with asyncio.timeout(BUS_WITHIN_S):
                await self._bus.beat(agency, health, self._clock.now())
                await self._beside.catch_up(agency)
        except (BusDown, TimeoutError) as error:
            if self._beating:
                log.warning("beat_failed agency=%s error=%s", agency, error)
            self._beating = False
        else:
            self._beating = True

    def _tally(self, agency: AgencyId, health: Sequence[SourceHealth]) -> None:
        lane = self._lanes[agency]
        if not lane.tallies:  # else the journal does not take now, and they wait here as one
            lane.tell(self._tallies.since(health))

    def _health(self, agency: AgencyId) -> list[SourceHealth]:
        why = self._lanes[agency].why
        return [replace(x.health(), gateway=self._name, journal=why) for x in self._of(agency)]

    def _tell(self) -> None:
        """Say once a second what was refused since, not once per refusal: a scanner must not fill the log."""
        for reason, count in (self.refused - self._told).items():
            level = logging.DEBUG if reason == HUNG_UP else logging.WARNING
            log.log(level, "refused reason=%r count=%d", reason, count)
        self._told = Counter(self.refused)
