"""What every way in has in common: decode a frame, check and sort its reports, journal them, answer.

    frame -> decode() -> Decoded -> Door.take() -> parcels -> Lane -> journal -> Pending.done -> answer()

Rules
- Acknowledged means journaled: an answer is ready only when the lane has landed every report of its message.
- A report that is on its way to the journal already is waited for, and then is a duplicate.
- A frame of many units whose reports are numbered without a hole, and none of them known, is taken as one range of
  numbers and one table: the usual case, at a fraction of the cost. Every other frame is taken report by report.
- A source speaks of a bounded number of things (`feeds/subjects.py`).
- A source publishes for its own agency only, with its own clock, at most 24 h ahead of ours; its units do not jump
  (`feeds/plausible.py`).
- Agencies are served in turn (`feeds/turns.py`), each source up to its rate (`feeds/rate.py`): a flood waits for
  itself. Who can be held back is held back; a datagram that comes too fast is refused.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping

import numpy as np
from msgspec.structs import replace

from feeds.adapter import FRAME_MAX, Decoded, Decoder, Refusal
from feeds.envelope import MAX_LEAD_S, Parcel, pack
from feeds.errors import BusDown, DecodeError
from feeds.ids import named
from feeds.lane import BATCH_MAX, Lane
from feeds.ledger import SAMPLE_BYTES, Key, Ledger
from feeds.names import AgencyId, SourceId
from feeds.pending import Pending
from feeds.plausible import IMPLAUSIBLE
from feeds.report import AnyReport
from feeds.subjects import TOO_MANY
from feeds.turns import Turns
from feeds.unit_columns import UnitTable, table_of

log = logging.getLogger(__name__)

TOO_LARGE = "larger than 64 kB"
TOO_FAST = "more reports a second than the source may bring"
NO_ROOM = "the journal does not keep up"
"""Both are the refusals of senders that cannot be held back: datagrams."""
TOO_EARLY = f"observed_at more than {MAX_LEAD_S / 3600:.0f} h ahead"

CATCH_UP_AGAIN_S = 0.2
"""Between two tries to read what other gateways journaled, while the bus is down, seconds."""
LOOK_S = 1.0
"""Who is held back is looked after so often: he may have left, seconds."""


def decode(decoder: Decoder, frame: bytes, received_at: float) -> Decoded:
    """Return what the frame held; a frame that cannot be read is one refusal. Never raises."""
    if len(frame) > FRAME_MAX:
        return refused(TOO_LARGE, frame=frame)
    try:
        decoded = named(decoder.decode(frame, received_at))
    except DecodeError as error:
        return refused(error.reason, error.path, frame)
    except Exception as error:
        # A fault of the dialect costs one frame, never the feed. Its text is not logged: it may quote the frame.
        log.error("adapter_failed decoder=%s error=%s", type(decoder).__module__, type(error).__name__)
        return refused("adapter failed", frame=frame)
    # Not `_replace`, which costs a message of one report half a microsecond more.
    return Decoded(*decoded[:-1], frame[:SAMPLE_BYTES])


def refused(reason: str, path: str = "", frame: bytes = b"") -> Decoded:
    """Return a frame of which nothing was taken."""
    return Decoded([], [], [Refusal(0, reason, path)], frame=frame[:SAMPLE_BYTES])


def _marked(decoded: Decoded, status: str) -> Decoded:
    """Return it with reports that say nothing else marked as an exercise's or a test's."""
    reports = [replace(report, status=status) if report.status == "actual" else report for report in decoded.reports]
    return decoded._replace(reports=reports)


class _Landing:
    """One parcel on its way to the journal, and who waits for it."""

    __slots__ = ("keys", "numbers", "reports", "waiting")

    def __init__(self, numbers: range | None = None) -> None:
        self.reports: tuple[AnyReport, ...] = ()
        self.keys: list[tuple[SourceId, Key]] = []
        """Under which `Door` knows it, unless it is a range."""
        self.numbers = numbers
        self.waiting: list[tuple[Pending, int | None]] = []
        """Repetitions of these reports: duplicates as soon as it has landed."""


class Door:
    """Takes decoded frames of all sources; `lanes` must hold every agency of every source."""

    def __init__(
        self, lanes: Mapping[AgencyId, Lane], catch_up: Callable[[AgencyId], Awaitable[None]] | None = None
    ) -> None:
        """`catch_up(agency)` reads on what other gateways of the agency journaled; None: there are no others."""
        self.lanes = lanes
        self.turns = Turns()
        self._catch_up = catch_up
        self._flying: dict[Hashable, _Landing] = {}
        self._ranges: dict[tuple[SourceId, str], list[_Landing]] = {}
        """Ranges on their way, by source and run: a lane holds a few hundred at most."""

    async def catch_up(self, ledger: Ledger, is_there: Callable[[], bool] = lambda: True) -> bool:
        """Return when all is known that the source's other gateways journaled: before a connection's first frame.

        False: `is_there` said that the sender has left meanwhile.
        """
        while self._catch_up is not None:
            try:
                await self._catch_up(ledger.settings.agency)
                break
            except BusDown:
                if not is_there():
                    return False
                await asyncio.sleep(CATCH_UP_AGAIN_S)
        return True

    async def enter(self, ledger: Ledger, size: int, is_there: Callable[[], bool] = lambda: True) -> bool:
        """Return when a frame of so many bytes may be taken of the source, which must follow without an await.

        Its rate, its agency's room in the journal's queue, and its agency's turn. False: `is_there` said that the
        sender has left meanwhile.
        """
        loop = asyncio.get_running_loop()
        while (wait_s := min(ledger.rate.wait_s(loop.time()), LOOK_S)) > 0:
            ledger.hold(wait_s)
            await asyncio.sleep(wait_s)
            if not is_there():
                return False
        agency = ledger.settings.agency
        lane = self.lanes[agency]
        while True:
            while not lane.has_room:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await lane.room()
                if not is_there():
                    return False
            await self.turns.take(agency, size)
            if lane.has_room:  # who had the turn before may have taken the last of it
                return True

    def most(self, ledger: Ledger) -> float:
        """Return how many reports of the source may be taken together after one `enter`; one always may."""
        left = min(ledger.rate.left(asyncio.get_running_loop().time()), self.lanes[ledger.settings.agency].left)
        return max(left, 1)

    def shut(self, ledger: Ledger) -> str:
        """Return why a frame of the source cannot be taken now, `""` when it can: for senders that cannot be held."""
        if ledger.rate.wait_s(asyncio.get_running_loop().time()) > 0:
            return TOO_FAST
        return "" if self.lanes[ledger.settings.agency].has_room else NO_ROOM

    def take(self, ledger: Ledger, run: str, decoded: Decoded, received_at: float, ordinal: int) -> Pending:
        """Queue the frame's new reports and return the answer in the making; `enter` comes right before."""
        if ledger.settings.status != "actual":
            decoded = _marked(decoded, ledger.settings.status)
        ledger.hear(received_at)
        ledger.rate.spend(len(decoded.reports) + len(decoded.refusals), asyncio.get_running_loop().time())
        pending = Pending(None if ledger.sequenced else ordinal)
        for refusal in decoded.refusals:
            self._refuse(ledger, run, pending, refusal, decoded)
        if whole := self._whole(ledger, run, decoded, received_at):
            self._launch_range(ledger, run, *whole, received_at, pending)
        else:
            self._one_by_one(ledger, run, decoded, received_at, pending)
        pending.release()
        return pending

    def _whole(self, ledger: Ledger, run: str, decoded: Decoded, received_at: float) -> tuple[range, UnitTable] | None:
        """Return the numbers and the table of a frame that can be taken whole, else None."""
        if not ledger.sequenced or decoded.agencies or (table := table_of(decoded.reports)) is None:
            return None
        seq = table.column("seq")
        if seq is None or (seq[1:] - seq[:-1] != 1).any() or np.isnan(seq[0]):
            return None
        numbers = range(int(seq[0]), int(seq[-1]) + 1)
        if ledger.knows_of(run, numbers) or table.newest - received_at > MAX_LEAD_S:
            return None
        source = ledger.settings.id
        for other in self._ranges.get((source, run), ()):
            assert other.numbers is not None
            if other.numbers.start < numbers.stop and numbers.start < other.numbers.stop:
                return None
        if self._flying and any((source, (run, seq)) in self._flying for seq in numbers):
            return None
        rows = ledger.subjects.hear_all(table.ids, received_at)
        now = asyncio.get_running_loop().time()
        if rows is None or not ledger.plausible.all_plain(table, decoded.reports, rows, received_at, now):
            return None
        return numbers, table

    def _launch_range(
        self, ledger: Ledger, run: str, numbers: range, table: UnitTable, received_at: float, pending: Pending
    ) -> None:
        landing = _Landing(numbers)
        observed_at = table.newest
        where = (ledger.settings.id, run)
        self._ranges.setdefault(where, []).append(landing)

        def landed() -> None:
            assert landing.numbers is not None
            ledger.accept_range(run, landing.numbers, observed_at, received_at)
            flying = self._ranges[where]
            flying.remove(landing)
            if not flying:
                del self._ranges[where]
            pending.ack_all(landing.numbers)
            self._landed(ledger, run, landing, pending)

        pending.hold()
        self.lanes[ledger.settings.agency].put(pack(Parcel(*where, received_at, table.packed())), landed)

    def _landed(self, ledger: Ledger, run: str, landing: _Landing, pending: Pending) -> None:
        pending.release()
        for other, seq in landing.waiting:
            ledger.repeat(run, seq)
            other.duplicate(seq)
            other.release()

    def _on_its_way(self, ledger: Ledger, run: str, key: Hashable, seq: int | None) -> _Landing | None:
        landing = self._flying.get(key)
        if landing is None and ledger.sequenced:
            for other in self._ranges.get((ledger.settings.id, run), ()):
                if other.numbers is not None and seq in other.numbers:
                    return other
        return landing

    def _one_by_one(self, ledger: Ledger, run: str, decoded: Decoded, received_at: float, pending: Pending) -> None:
        landings: list[tuple[_Landing, list[AnyReport]]] = []
        agency = ledger.settings.agency
        now = asyncio.get_running_loop().time()

        def refuse(index: int, reason: str, path: str, seq: int | None) -> None:
            self._refuse(ledger, run, pending, Refusal(index, reason, path, seq), decoded)

        for report, index in zip(decoded.reports, decoded.indexes, strict=True):
            if decoded.agencies and decoded.agencies.get(index, agency) != agency:
                refuse(index, "wrong agency", "$.agency", report.seq)
            elif ledger.sequenced and report.seq is None:
                refuse(index, "seq missing", "$.seq", None)
            elif report.observed_at - received_at > MAX_LEAD_S:
                refuse(index, TOO_EARLY, "$.observed_at", report.seq)
            elif ledger.is_journaled(same := ledger.key(run, report)):
                ledger.repeat(run, report.seq)
                pending.duplicate(report.seq)
            else:
                key = (ledger.settings.id, same)
                if (other := self._on_its_way(ledger, run, key, report.seq)) is not None:
                    other.waiting.append((pending, report.seq))
                    pending.hold()
                    continue
                if (row := ledger.subjects.hear(report, received_at)) is None:
                    refuse(index, TOO_MANY[type(report)], "", report.seq)
                    continue
                if not ledger.plausible.believes(report, row, received_at, now):
                    refuse(index, IMPLAUSIBLE, "", report.seq)
                    continue
                if not landings or len(landings[-1][1]) >= BATCH_MAX:
                    landings.append((_Landing(), []))
                landing, reports = landings[-1]
                self._flying[key] = landing
                landing.keys.append(key)
                reports.append(report)
        for landing, reports in landings:
            landing.reports = tuple(reports)
            self._launch(ledger, run, landing, received_at, pending)

    def _refuse(self, ledger: Ledger, run: str, pending: Pending, refusal: Refusal, decoded: Decoded) -> None:
        ledger.refuse(run, refusal.reason, refusal.seq, decoded.messages.get(refusal.index, decoded.frame))
        pending.refuse(refusal)

    def _launch(self, ledger: Ledger, run: str, landing: _Landing, received_at: float, pending: Pending) -> None:
        def landed() -> None:
            ledger.accept(run, landing.reports, [key for _, key in landing.keys], received_at)
            for key in landing.keys:
                del self._flying[key]
            for report in landing.reports:
                pending.ack(report.seq)
            self._landed(ledger, run, landing, pending)

        pending.hold()
        parcel = Parcel(ledger.settings.id, run, received_at, landing.reports)
        self.lanes[ledger.settings.agency].put(pack(parcel), landed)
