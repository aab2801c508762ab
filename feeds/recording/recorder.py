"""The recorder: each agency's journal into sealed segments, ten minutes at a time; then it may be trimmed.

Rules
- A segment is closed when the journal holds an entry past its end: ids only grow, so nothing can enter it any more.
- An agency that falls silent is given such an entry, a batch without parcels. No look at a clock would do: a gateway
  that was cut off sends its last batch again under its old id, however late (`feeds/redis_tail.py`).
- What is committed is told as a mark, and only then; the journal is trimmed elsewhere, never past the mark.
- Where the recorder's own word is gone from the bus, or an old one is there, its server lost what it held: the next
  manifests say so.
- One segment of one agency is in memory at a time, and a segment of more than `REPORTS_MAX` reports ends early.
- Logs of the site are sealed in the same way, in chains of their own. A silent one is closed by its next entry.
- What stops one agency (a full disk, a damaged chain) is told, tried again, and costs no other. Nothing is skipped.
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Sequence

from feeds.bus import BEGINNING, BatchId, Bus, Delivery
from feeds.clock import Clock
from feeds.envelope import WIRE_VERSION, Batch
from feeds.errors import ArchiveDamaged, BusDown, DecodeError, JointOpsError
from feeds.names import AgencyId
from feeds.recording import word as words
from feeds.recording.archive import Archive, Derive
from feeds.recording.durable import At, nowhere
from feeds.recording.held import Held
from feeds.recording.log_sealer import LogSealer
from feeds.recording.site_log import SiteLog
from feeds.recording.summary import SEGMENT_MS
from feeds.recording.word import BEHIND, BEHIND_S, RECORDING, Word

log = logging.getLogger(__name__)

LENGTH_S = SEGMENT_MS / 1000
"""Of a segment."""
QUIET_S = 30.0
"""An agency silent for so long past the end of a segment is given an entry that closes it, seconds."""
TELL_S = 1.0
PAGE = 20
"""Journal entries read at a time; an entry holds up to 500 reports."""
REPORTS_MAX = 1_000_000
"""Reports in one segment: 0.7 GB while it is sealed."""
OLD_S = 60.0
"""A word on the bus that is older than the newest by so much is of a back-up, seconds. A server that is killed may lose
its last second: of batches, what nobody was told to be journaled."""
RETRY_S = 1.0
"""Before what failed is tried again, seconds."""

_END = BatchId(2**63 - 1, 0)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class JournalStuck(JointOpsError):
    """The journal cannot be recorded; `why` says so in short words."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why = why


class Recorder:
    """Records `agencies` into the archive, of which it must be the only writer."""

    def __init__(
        self,
        bus: Bus,
        archive: Archive,
        agencies: Sequence[AgencyId],
        clock: Clock,
        *,
        length_s: float = LENGTH_S,
        quiet_s: float = QUIET_S,
        derive: Derive | None = None,
        logs: Sequence[SiteLog] = (),
        at: At = nowhere,
    ) -> None:
        self._bus = bus
        self._archive = archive
        self._agencies = agencies
        self._clock = clock
        self._length = round(length_s * 1000)
        self._quiet = round(quiet_s * 1000)
        self._derive = derive
        self._at = at
        self._logs = {log_.name: LogSealer(log_, archive) for log_ in logs}
        self._chains = (*agencies, *self._logs)
        """Agencies, then logs of the site."""
        self._cursor = {chain: _before(archive.sealed_to(chain) or 0) for chain in self._chains}
        """Everything up to here is committed, or holds nothing."""
        self._to: dict[AgencyId, int] = {}
        """Up to when all is committed, Unix ms."""
        self._lost: dict[AgencyId, int] = {}
        self._losses = 0
        """How often the server was found to have lost its data."""
        self._telling = asyncio.Lock()
        self._told_at: float | None = None
        """Of the newest word that is on the bus."""
        self._older: set[AgencyId] = set()
        self._why: dict[AgencyId, str] = {}
        self._hears = True
        self._state = RECORDING
        self._since = clock.now()
        self._began = round(clock.now() * 1000) // self._length * self._length
        """Unix ms."""

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop` is set."""
        stopping = asyncio.create_task(stop.wait())
        tasks = {stopping}
        try:
            beginning = asyncio.create_task(self._begin())
            tasks.add(beginning)  # type: ignore[arg-type]
            await asyncio.wait({stopping, beginning}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                beginning.result()
                work = {asyncio.create_task(self._tell_on()), asyncio.create_task(self._work())}
                tasks |= work  # type: ignore[arg-type]
                done, _ = await asyncio.wait({stopping, *work}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopping}:
                    task.result()  # a fault, and the process ends with it
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def word(self) -> Word:
        """Return how the recorder is now."""
        now = self._clock.now()
        to = min((self._to.get(agency, self._cursor[agency].ms) for agency in self._agencies), default=0) / 1000
        why = next((why for why in map(self._why.get, self._chains) if why), "")
        is_told = all(agency in self._to for agency in self._agencies)
        state = why or (BEHIND if now - to > BEHIND_S and is_told else RECORDING)
        if state != self._state:
            log.log(logging.INFO if state == RECORDING else logging.ERROR, "recorder_state state=%r", state)
            self._state, self._since = state, now
        marks = {agency: cursor.next() for agency, cursor in self._cursor.items() if agency not in self._older}
        return Word(now, state, self._since, to, marks, dict(self._lost))

    async def step(self, chain: AgencyId) -> bool:
        """Seal the next segment of an agency or a log if it is closed; return whether there may be more to do at once.

        Raises BusDown, OSError, ArchiveDamaged, JournalStuck.
        """
        return await (self._step_log(self._logs[chain]) if chain in self._logs else self._step_agency(chain))

    async def _step_agency(self, agency: AgencyId) -> bool:
        now = round(self._clock.now() * 1000)
        cursor = self._cursor[agency]
        page = await self._bus.read(agency, cursor, 1)
        if not page:
            if now < (self._archive.sealed_to(agency) or 0):
                _, tip, _ = await self._bus.others(agency, _END, ())
                self._refuse_older(agency, tip)
            self._older.discard(agency)
            self._to[agency] = now // self._length * self._length
            return False
        self._older.discard(agency)
        (first,) = page
        if _is_empty(first):
            self._cursor[agency] = first.id
            return True
        t0, t1 = self._span(agency, first.id)
        self._to[agency] = t0
        if not await self._bus.read(agency, _before(t1), 1):
            if now < t1 + self._quiet:
                return False
            await self._bus.append(Batch(WIRE_VERSION, agency, ()))
            return True
        entries, t1 = await self._collect(agency, cursor, t1)
        # What a server with a full disk holds in memory alone is not acknowledged, and comes again if it is killed.
        await self._bus.ping()
        await self._tell()  # what was lost until now is to be in the manifest
        lost, losses = self._lost_before(agency, first.id), self._losses
        await asyncio.to_thread(self._archive.seal, agency, t0, t1, entries, self._derive, lost)
        await self._mark(agency, t1, losses)
        return True

    async def _step_log(self, log_: LogSealer) -> bool:
        cursor = self._cursor[log_.name]
        page = await log_.read(cursor, 1)
        if not page:
            if self._clock.now() * 1000 < (self._archive.sealed_to(log_.name) or 0):
                for id_, _ in await log_.read(BEGINNING, 1):
                    self._refuse_older(log_.name, id_)
            self._older.discard(log_.name)
            return False
        self._older.discard(log_.name)
        first = page[0][0]
        t0, t1 = self._span(log_.name, first)
        if not await log_.read(_before(t1), 1):
            return False
        entries, t1 = await log_.collect(cursor, t1)
        if not entries:
            raise JournalStuck("a log cannot be read", f"the log {log_.name} goes on after {cursor} and gives nothing")
        await self._bus.ping()
        await self._tell()  # what was lost until now is to be in the manifest
        lost, losses = self._lost_before(log_.name, first), self._losses
        await asyncio.to_thread(log_.seal, t0, t1, entries, lost)
        await self._mark(log_.name, t1, losses)
        return True

    def _span(self, chain: AgencyId, first: BatchId) -> tuple[int, int]:
        """Return from when to before when a segment is whose first entry this is, Unix ms."""
        begins = first.ms // self._length * self._length
        return max(begins, self._archive.sealed_to(chain) or 0), begins + self._length

    def _lost_before(self, chain: AgencyId, first: BatchId) -> tuple[int, int] | None:
        return (min(self._lost[chain], first.ms), first.ms) if chain in self._lost else None

    async def _mark(self, chain: AgencyId, t1: int, losses: int) -> None:
        """Note and tell that everything before `t1` is committed, and with it what so many `losses` took."""
        self._at("mark:begin")
        self._cursor[chain] = _before(t1)
        self._to[chain] = t1
        if losses == self._losses:
            self._lost.pop(chain, None)
        else:
            self._lost[chain] = t1
        with contextlib.suppress(BusDown):
            await self._tell()
        self._at("mark:told")

    async def _collect(self, agency: AgencyId, after: BatchId, t1: int) -> tuple[Held, int]:
        """Return what the journal holds after `after` and before `t1`, and where the segment ends: earlier if large."""
        entries = Held(agency)
        while page := await self._bus.read(agency, after, PAGE):
            for delivery in page:
                if delivery.id.ms >= t1:
                    return entries, t1
                if entries.reports > REPORTS_MAX and delivery.id.ms > entries.last_id.ms:
                    return entries, delivery.id.ms
                if not _is_empty(delivery):
                    entries.add(delivery)
            after = page[-1].id
        raise JournalStuck("journal cannot be read", f"the journal of {agency} goes on after {after} and gives nothing")

    def _refuse_older(self, chain: AgencyId, entry: BatchId) -> None:
        """Raise JournalStuck where an entry has the id of a time that is sealed: a new journal, a clock set back.

        What is there stays there until the clock is where it was; the next manifest says that it is not recorded.
        """
        if BEGINNING < entry < self._cursor[chain]:
            self._older.add(chain)
            self._lost.setdefault(chain, entry.ms)
            raise JournalStuck("journal is older than the record", f"the journal of {chain} is at {entry}")

    async def _begin(self) -> None:
        """Learn what the recorder said last; without that, the journal may have been trimmed of unrecorded batches."""
        while True:
            try:
                said = words.decode(await self._bus.load_recorder())
                break
            except DecodeError as error:
                log.error("word_unreadable reason=%s", error)
                said = None
                break
            except BusDown as error:
                log.warning("recorder_waits error=%s", error)
                await asyncio.sleep(RETRY_S)
        for chain in self._chains:
            sealed_to = self._archive.sealed_to(chain)
            if said is not None and chain in said.lost:
                self._lost[chain] = said.lost[chain]
            elif sealed_to is not None and (said is None or chain not in said.marks):
                self._lost[chain] = sealed_to
                log.warning("journal_is_new agency=%s recorded_to_ms=%d", chain, sealed_to)

    async def _work(self) -> None:
        while True:
            for chain in self._chains:
                await self._follow(chain)
            await asyncio.sleep(RETRY_S if any(self._why.values()) else min(TELL_S, self._length / 10_000))

    async def _follow(self, chain: AgencyId) -> None:
        try:
            while await self.step(chain):
                pass
        except BusDown as error:
            if self._hears:
                log.warning("recorder_waits error=%s", error)
            self._hears = False
        except OSError as error:
            self._stall(chain, "disk full" if error.errno in _FULL else f"archive: {error.strerror}", error)
        except ArchiveDamaged as error:
            self._stall(chain, "archive damaged", error)
        except JournalStuck as error:
            self._stall(chain, error.why, error)
        except Exception as error:
            log.exception("seal_failed agency=%s", chain)
            self._stall(chain, "a segment cannot be sealed", error)
        else:
            self._why.pop(chain, None)
            self._hears = True

    def _stall(self, chain: AgencyId, why: str, error: Exception) -> None:
        if self._why.get(chain) != why:
            log.error("recorder_stalled agency=%s why=%r error=%s", chain, why, error)
        self._why[chain] = why

    async def _tell_on(self) -> None:
        while True:
            with contextlib.suppress(BusDown):
                await self._tell()
            await asyncio.sleep(TELL_S)

    async def _tell(self) -> None:
        async with self._telling:
            await self._look_back()
            word = self.word()
            await self._bus.save_recorder(words.encode(word))
            self._told_at = word.at

    async def _look_back(self) -> None:
        """Take note of it when the word that was told last is not on the bus any more: nor is then what was with it."""
        if self._told_at is None:
            return
        try:
            said = words.decode(await self._bus.load_recorder())
        except DecodeError:
            said = None
        if said is not None and self._told_at - said.at < OLD_S:
            return
        log.error("server_lost_its_data word_at=%s", None if said is None else said.at)
        self._losses += 1
        for chain in self._chains:
            self._lost.setdefault(chain, self._archive.sealed_to(chain) or self._began)


def _before(ms: int) -> BatchId:
    """Return an id that every entry at `ms` or later is after."""
    return BatchId(ms - 1, 2**63) if ms else BEGINNING


def _is_empty(delivery: Delivery) -> bool:
    """Say whether the batch is there only to close a segment."""
    return not delivery.batch.parcels and not delivery.batch.tallies
