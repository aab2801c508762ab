"""A screen is recorded live and sealed; when the bus has lost it all, a review shows of it what it showed before."""

import asyncio
from pathlib import Path
from typing import Any

from dashboard.recorder import logs_of
from feeds.bus import BEGINNING
from feeds.clock import SystemClock
from feeds.embedded_redis import EmbeddedRedis
from feeds.names import CUTS, SCREENS
from feeds.recording.archive import Archive
from feeds.recording.verifier import verify
from feeds.redis_bus import RedisBus
from feeds.replay.archived import ArchivedRecording
from feeds.replay.journal import EDGE_S, JournalRecording
from feeds.replay.recording import Recording
from feeds.replay.sealed import Sealed
from tests.dashboard.test_hub import now
from tests.dashboard.test_review_screens import Live, live
from tests.support.live import hub_on, wait_for
from tests.support.recorded import HandClock
from tests.support.redis import command
from tests.support.reviewing import review_on, review_site, reviewing
from tests.support.site_cuts import recorder_of

Seen = list[tuple[dict[str, Any], bytes]]


def on_bus(bus: RedisBus, until: float) -> JournalRecording:
    return JournalRecording(bus, review_site().agency_ids(), HandClock(until + EDGE_S))


async def seen(recording: Recording, of: Live) -> tuple[Seen, list[dict[str, Any]]]:
    """What a reviewer is told and shown at several moments, and which screens are offered."""
    (_, first), (_, second) = of.first, of.second
    found: Seen = []
    async with (
        review_on(recording) as review,
        reviewing(review, at=first - 0.3, view=f"screen:{of.id}") as reviewer,
    ):
        for at in (first + 0.1, second - 0.1, second + 0.5, of.closed + 0.5, first + 0.4):
            await reviewer.epoch("seek", at=at)
            found.append((reviewer.said("screen")[-1], reviewer.epochs[-1][1][0]))
        return found, (await reviewer.answer("screens", ask=1, at=second))["screens"]


async def test_from_the_archive_alone_a_screen_is_what_it_was_on_the_bus(fresh_redis: EmbeddedRedis, tmp_path: Path):
    clock, stop = SystemClock(), asyncio.Event()
    bus, its = RedisBus(fresh_redis.url, clock), RedisBus(fresh_redis.url, clock)
    recorder = recorder_of(its, tmp_path / "archive", clock, review_site().agency_ids(), length_s=1.0, quiet_s=0.5)
    recording = asyncio.create_task(recorder.run(stop))
    try:
        was = await live(bus)
        until = now()
        newest = {log.name: (await log.read(BEGINNING, 10_000))[-1][0] for log in logs_of(bus)}
        async with hub_on(bus):  # the next one's words close what this one said
            await wait_for(
                lambda: (
                    recorder.word().sealed_to > until
                    and all(recorder.word().mark(log) > last for log, last in newest.items())
                ),
                30,
            )
        stop.set()
        await recording
        before = await seen(on_bus(bus, until), was)
        assert [told["text"] for told, _ in before[0]] == ["", "", "", "This screen was closed by then.", ""]
        assert len({told["rev"] for told, _ in before[0]}) == 2
        await command(fresh_redis.url, "FLUSHALL")
        archive = Archive(tmp_path / "archive")
        assert len(archive.segments(SCREENS)) > 2, "there are seams"
        assert await seen(ArchivedRecording(Sealed(archive), on_bus(bus, until)), was) == before
        for log in (CUTS, SCREENS):
            assert {verdict.state for verdict in verify(archive.folder / log)} == {"good"}
    finally:
        recording.cancel()
        await bus.close()
        await its.close()
