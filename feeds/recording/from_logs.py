"""Logs with their own clocks as a recording to review: captured files of any dialect, by the times they say.

Rules
- What a message says of its time is both when it was observed and when it was received: nobody knows better. The
  manifests say `imported`, with the files' names and hashes.
- A message that says no time, or cannot be read, is left out and counted by reason, in the manifest too. So is one
  with a time of day alone (NMEA, TAIP), when neither its log nor whoever imports it says the day.
- A message that names another agency than the one that is imported is left out as well.
- Nothing else is asked of it: no ledger, no plausibility. It is what the log says.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from feeds.adapter import Adapter, Opening
from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel, Tally
from feeds.errors import ConfigError, DecodeError
from feeds.file_feed import dialect_of
from feeds.names import AgencyId, SourceId, source_id
from feeds.recording import csv_log
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.summary import SEGMENT_MS
from feeds.recording.verifier import digest
from feeds.report import AnyReport

NO_TIME, NO_DAY, WRONG_AGENCY = "no time", "no day", "wrong agency"
DAYS_BEGIN = 315_964_800.0
"""1980-01-06, when GPS began, Unix seconds: what is earlier has a time of day alone, or a clock that was never set."""
TOLD_EACH = 1000
"""Messages between two words of progress."""

Progress = Callable[[int, int], None]
"""Told how many messages of a log are read, and of how many."""


class Read(NamedTuple):
    """What a log holds."""

    file: str
    sha256: str
    dialect: str
    source: SourceId
    reports: list[AnyReport]
    refused: Counter[str]
    """By reason."""


def read(
    path: Path,
    agency: AgencyId,
    unit: str,
    source: str = "",
    progress: Progress = lambda *_: None,
    day: float | None = None,
) -> Read:
    """Return what the file at `path` holds; `unit`: whom messages are about that name nobody.

    `source`: as whose it is recorded; empty: the dialect's name. `day`: when the first day of times that name none
    begins, Unix seconds. Raises ConfigError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError("PATH", f"cannot read {path}: {error.strerror}") from error
    dialect = "csv" if path.suffix.lower() == ".csv" else ""
    try:
        said = csv_log.messages(data) if dialect else data
        adapter = dialect_of(said, "native" if dialect else "")
    except ConfigError as error:
        raise ConfigError(error.path, f"{path.name}: {error.reason}") from error
    reports, refused = _reports(agency, adapter, said, unit, progress, day)
    dialect = dialect or adapter.name
    name = source_id(source or dialect.replace("_", "-"))
    return Read(path.name, digest(data), dialect, name, reports, refused)


def _reports(
    agency: AgencyId, adapter: Adapter, data: bytes, unit: str, progress: Progress, day: float | None
) -> tuple[list[AnyReport], Counter[str]]:
    assert adapter.capture is not None
    decoder = adapter.open(Opening(unit))
    reports: list[AnyReport] = []
    refused: Counter[str] = Counter()
    messages = adapter.capture.split(data)
    for number, message in enumerate(messages):
        if number % TOLD_EACH == 0:
            progress(number, len(messages))
        at = message.at
        if at is not None and at < DAYS_BEGIN and day is not None:
            at += day
        if message.whole and (at is None or at < DAYS_BEGIN):
            refused[NO_TIME if at is None else NO_DAY] += 1
            continue
        try:
            decoded = decoder.decode(message.raw, at or 0.0)
        except DecodeError as error:
            refused[error.reason] += 1
            continue
        for report, index in zip(decoded.reports, decoded.indexes, strict=True):
            if decoded.agencies.get(index, agency) == agency:
                reports.append(report)
            else:
                refused[WRONG_AGENCY] += 1
        refused.update(refusal.reason for refusal in decoded.refusals)
    progress(len(messages), len(messages))
    return reports, refused


def seal(
    archive: Archive, agency: AgencyId, logs: Sequence[Read], progress: Callable[[int], object] = lambda _: None
) -> list[Segment]:
    """Seal what the logs hold as the agency's segments; `progress` is told how many reports each has.

    Raises ConfigError, OSError, ArchiveDamaged.
    """
    entries = list(deliveries(agency, logs))
    if not entries:
        raise ConfigError("PATH", "nothing in these files says when and where something was; nothing is written")
    imported = {log.file: log.sha256 for log in logs}
    sealed = []
    for t0, of in groupby(entries, lambda delivery: delivery.id.ms // SEGMENT_MS * SEGMENT_MS):
        sealed.append(archive.seal(agency, t0, t0 + SEGMENT_MS, list(of), imported=imported))
        progress(sum(sealed[-1].manifest.contents.kinds.values()))
    return sealed


def deliveries(agency: AgencyId, logs: Sequence[Read]) -> Iterator[Delivery]:
    """Yield the logs' reports as a journal would have them: by time, a batch for each millisecond."""
    said = ((report.observed_at, log.source, report) for log in logs for report in log.reports)
    tallies = tuple(Tally(log.source, rejected=dict(log.refused)) for log in logs if log.refused)
    for ms, of in groupby(sorted(said, key=lambda one: one[:2]), lambda one: int(one[0] * 1000)):
        parcels = tuple(
            Parcel(source, "", at, tuple(report for *_, report in together))
            for (at, source), together in groupby(of, lambda one: one[:2])
        )
        yield Delivery(agency, BatchId(ms, 0), Batch(WIRE_VERSION, agency, parcels, tallies))
        tallies = ()
