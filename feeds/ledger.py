"""What one source has said: its counts, and which of its reports are journaled. Pure: time is an argument.

Rules
- Reports in = accepted + duplicate + rejected, exactly. Accepted means journaled.
- A duplicate is a report that IS journaled (or on its way there), never one that merely has a smaller number.
- In dialects with sequences the key of a report is its number within the run. In the others it is the report
  itself: subject, observed time and all that was said, as 64 bits of its bytes; the last 65,536 are remembered.
- A message that was refused was heard: its number is no gap, and it may be sent again, mended.
"""

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from feeds.bus import SourceHealth
from feeds.clock_offset import ClockWatch
from feeds.masked import masked
from feeds.plausible import Plausible
from feeds.rate import Rate
from feeds.report import AnyReport
from feeds.sequences import RANGES_MAX, Range, Seen
from feeds.source import SourceSettings
from feeds.subjects import OPEN_MAX, TOKEN_MAX, Subjects

Key = tuple[str, int] | int
"""Run and number of a report that is numbered; else a digest of all that it says."""

RUNS_MAX = 1000
"""Runs remembered of one source; the one heard longest ago is forgotten first."""
ALL_RANGES_MAX = 8 * RANGES_MAX
"""Ranges remembered of all runs; the run heard longest ago is forgotten first: it would be journaled again."""
REPORTS_MAX = 65_536
"""Reports remembered of a source without sequences."""
REASONS_MAX = 50
"""Different reasons counted; what comes after is `other`."""
SAMPLE_BYTES = 640
"""What is kept of the newest refused message, bytes."""


_encode = msgspec.msgpack.Encoder().encode


class _Run:
    """One run: what is journaled, and what was heard at all since the door opened."""

    __slots__ = ("heard", "journaled", "ranges")

    def __init__(self) -> None:
        self.journaled = Seen()
        self.heard = Seen()
        self.ranges = 0
        """As last added to the ledger's sum."""


class Ledger:
    """The door's book about one source."""

    def __init__(self, settings: SourceSettings, *, sequenced: bool) -> None:
        self.settings = settings
        self.sequenced = sequenced
        self.connections = 0
        self.plausible = Plausible(settings.speed_max_mps)
        self.subjects = Subjects(OPEN_MAX if settings.is_open else TOKEN_MAX, self.plausible.forget)
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._reports: OrderedDict[int, None] = OrderedDict()
        self._accepted = self._duplicate = self._rejected = self._ranges = 0
        self.rate = Rate(settings.rate_max)
        self._reasons: dict[str, int] = {}
        self._closed: dict[str, int] = {}
        self._last_reason = ""
        self._last_message = b""
        self._held_s = 0.0
        self._received_at: float | None = None
        self._observed_at: float | None = None
        self._clock = ClockWatch()

    @property
    def heard(self) -> int:
        """How many messages have come."""
        return self._accepted + self._duplicate + self._rejected

    def recover(self, run: str, ranges: Iterable[Range]) -> None:
        """Note what the journal holds of a run, before the door opens."""
        known = self._run(run)
        known.journaled.merge(ranges)
        self._bound(known)

    def remember(self, report: AnyReport, received_at: float) -> None:
        """Note a report without a sequence that the journal holds, before the door opens."""
        self._remember(_digest(report))
        self.subjects.hear(report, received_at)

    def overhear(self, run: str, reports: Iterable[AnyReport], received_at: float) -> None:
        """Note reports that another gateway of the agency journaled: known and heard, but not counted here."""
        known = self._run(run) if self.sequenced else None
        for report in reports:
            if known is None:
                self.remember(report, received_at)
            elif report.seq is not None:
                known.journaled.add(report.seq)
                known.heard.add(report.seq)
        if known is not None:
            self._bound(known)

    def key(self, run: str, report: AnyReport) -> Key:
        """Return what makes this report the same as another of the source; its number is there where it must have one.

        Made once a report and passed on: a digest costs about a microsecond.
        """
        return (run, report.seq or 0) if self.sequenced else _digest(report)

    def is_journaled(self, key: Key) -> bool:
        """Say whether the journal holds the report with this key."""
        if isinstance(key, int):
            return key in self._reports
        run, seq = key
        known = self._runs.get(run)
        return known is not None and seq in known.journaled

    def knows_of(self, run: str, numbers: range) -> bool:
        """Say whether the journal holds any of a sequenced source's `numbers`, which are not empty."""
        known = self._runs.get(run)
        return known is not None and known.journaled.meets(numbers[0], numbers[-1])

    def hear(self, at: float) -> None:
        """Note that the source spoke at `at`, Unix seconds by our clock."""
        self._received_at = at

    def accept(self, run: str, reports: Iterable[AnyReport], keys: Iterable[Key], received_at: float) -> None:
        """Count reports of a message, which came at `received_at`, that the journal now holds, each with its key."""
        known = self._run(run) if self.sequenced else None
        newest = 0.0
        for report, key in zip(reports, keys, strict=True):
            self._accepted += 1
            if report.observed_at > newest:
                newest = report.observed_at
            if isinstance(key, int):
                self._remember(key)
            elif known is not None:
                known.journaled.add(key[1])
                known.heard.add(key[1])
        self._observe(newest, received_at)
        if known is not None:
            self._bound(known)

    def accept_range(self, run: str, numbers: range, observed_at: float, received_at: float) -> None:
        """Count reports of a sequenced source that the journal now holds; the newest was observed at `observed_at`."""
        known = self._run(run)
        self._accepted += len(numbers)
        self._observe(observed_at, received_at)
        known.journaled.merge([(numbers[0], numbers[-1])])
        known.heard.merge([(numbers[0], numbers[-1])])
        self._bound(known)

    def _observe(self, observed_at: float, received_at: float) -> None:
        if self._observed_at is None or observed_at > self._observed_at:
            self._observed_at = observed_at
        self._clock.hear(observed_at, received_at)

    def _bound(self, known: _Run) -> None:
        """Keep the run that was just added to, the newest, and all runs together within their bounds."""
        known.journaled.bound()
        known.heard.bound()
        ranges = known.journaled.count + known.heard.count
        self._ranges += ranges - known.ranges
        known.ranges = ranges
        while self._ranges > ALL_RANGES_MAX:
            self._forget_run()

    def _forget_run(self) -> None:
        _, run = self._runs.popitem(last=False)
        self._ranges -= run.ranges

    def repeat(self, run: str, seq: int | None) -> None:
        """Count a report that was journaled before."""
        self._duplicate += 1
        if self.sequenced and seq is not None:
            known = self._run(run)
            known.heard.add(seq)
            self._bound(known)

    def refuse(self, run: str, reason: str, seq: int | None = None, message: bytes = b"") -> None:
        """Count a message that was not taken; of `message`, if at hand, the start is kept as a sample."""
        self._rejected += 1
        self._last_reason = _count(self._reasons, reason)
        self._last_message = message[:SAMPLE_BYTES]
        if self.sequenced and seq is not None:
            known = self._run(run)
            known.heard.add(seq)
            self._bound(known)

    def cut(self, reason: str) -> None:
        """Count a connection that we ended, or that could not be made."""
        self._last_reason = _count(self._closed, reason)
        self._last_message = b""

    def turn_away(self, reason: str) -> None:
        """Count a connection of somebody who may be anybody: it is not told as the newest reason."""
        _count(self._closed, reason)

    def hold(self, seconds: float) -> None:
        """Count for how long a sender was held back."""
        self._held_s += seconds

    def health(self) -> SourceHealth:
        """Return the counts as they are now."""
        clock = self._clock.offset()
        return SourceHealth(
            source=self.settings.id,
            adapter=self.settings.adapter,
            cadence_s=self.settings.cadence_s,
            accepted=self._accepted,
            duplicate=self._duplicate,
            rejected=self._rejected,
            gaps=sum(run.heard.gaps for run in self._runs.values()),
            connections=self.connections,
            received_at=self._received_at,
            observed_at=self._observed_at,
            reasons=dict(self._reasons),
            closed=dict(self._closed),
            last_reason=self._last_reason,
            last_sample=masked(self._last_message) if self._last_message else "",
            held_s=round(self._held_s, 1),
            clock_offset_s=clock.offset_s if clock else None,
            clock_error_s=clock.error_s if clock else None,
        )

    def _run(self, run: str) -> _Run:
        known = self._runs.get(run)
        if known is None:
            known = self._runs[run] = _Run()
            if len(self._runs) > RUNS_MAX:
                self._forget_run()
        self._runs.move_to_end(run)
        return known

    def _remember(self, key: int) -> None:
        self._reports[key] = None
        self._reports.move_to_end(key)
        if len(self._reports) > REPORTS_MAX:
            self._reports.popitem(last=False)


def _digest(report: AnyReport) -> int:
    """Return what tells a report from every other, in this process: 64 bits of SipHash, in about a microsecond.

    Of the bytes: a number's own hash is no digest, -1.0 has that of -2.0.
    """
    return hash(_encode(report))


def _count(reasons: dict[str, int], reason: str) -> str:
    """Count one more under `reason`, or under `other` when there are too many; return under what."""
    if reason not in reasons and len(reasons) >= REASONS_MAX:
        reason = "other"
    reasons[reason] = reasons.get(reason, 0) + 1
    return reason
