"""A review on a real archive of an hour, sealed as a recorder would have, and what it hands out over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from dashboard.hub import roster_of
from dashboard.overviews import Overviews
from dashboard.recorder import deriving
from dashboard.review import Review
from dashboard.review_spans import PATH
from feeds.bus import BatchId, Delivery
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.recording import word
from feeds.recording.archive import Archive
from feeds.recording.audit import Audit
from feeds.replay.archived import ArchivedRecording
from feeds.replay.journal import JournalRecording
from feeds.replay.sealed import Sealed
from feeds.report import AnyReport
from tests.support.heard import delivery
from tests.support.live import LogIns
from tests.support.recorded import HandClock
from tests.support.reviewing import review_on, review_site

M0 = 1_790_002_800.0
"""An hour begins."""
AGENCIES = ("cpd", "fire", "fbi", "jcc")


def at(s: float, *reports: AnyReport, agency: str = "cpd") -> Delivery:
    """What an agency said so many seconds after the hour began."""
    said = delivery(0, *reports, agency=agency, received_at=M0 + s)
    return said._replace(id=BatchId(round((M0 + s) * 1000), 0))


class Archived(NamedTuple):
    archive: Archive
    bus: MemoryBus
    get: Callable[..., Awaitable[httpx.Response]]
    review: Review


def seal(archive: Archive, agency: str, deliveries: list[Delivery], since: float, minutes: int) -> None:
    """Seal the ten minutes of an agency from `since` on in which there is something."""
    derive, begin = deriving(review_site(), archive), since
    while begin < since + 60 * minutes:
        until = min(since + 60 * minutes, (begin // 600 + 1) * 600)
        part = [d for d in deliveries if begin * 1000 <= d.id.ms < until * 1000]
        if part:
            archive.seal(AgencyId(agency), int(begin * 1000), int(until * 1000), part, derive)
        begin = until


@asynccontextmanager
async def archived(
    folder: Path,
    deliveries: list[Delivery],
    *,
    since: float = M0,
    more: dict[str, list[Delivery]] | None = None,
    today: bytes | None = None,
    sealed_to: float = M0 + 1800,
    recorded_here: bool = True,
    minutes: int = 30,
    log_ins: LogIns | None = None,
    audit: Audit | None = None,
) -> AsyncIterator[Archived]:
    archive = Archive(folder)
    for agency, said in {"cpd": deliveries, **(more or {})}.items():
        seal(archive, agency, said, since, minutes)
    clock = HandClock(sealed_to + 1200)
    bus = MemoryBus(clock)
    if recorded_here:
        await bus.save_recorder(word.encode(word.Word(clock.at, word.RECORDING, M0, sealed_to)))
    sealed = Sealed(archive)
    recording = ArchivedRecording(sealed, JournalRecording(bus, [AgencyId(a) for a in AGENCIES], clock))
    overviews = Overviews(sealed, bus.load_recorder, roster_of(review_site()))
    async with (
        review_on(recording, clock=clock, overviews=overviews, today=today, log_ins=log_ins, audit=audit) as review,
        httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{review.port}") as http,
    ):

        async def get(who: str, what: str, agency: str = "cpd", at: float = M0, view: str = "known", **headers: str):
            path = f"{PATH}{view}/{what}/{agency}/{at:.0f}"
            return await http.get(path, headers={"Authorization": f"Bearer {who}-token", **headers})

        yield Archived(archive, bus, get, review)
