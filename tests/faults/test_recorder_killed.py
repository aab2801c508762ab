"""The recorder killed wherever it writes, its disk full, Redis killed: each acknowledged report is recorded once.

All the while somebody trims the journal right up to the recorder's mark, as a site would that keeps nothing.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from feeds.errors import BusDown
from feeds.names import AgencyId
from feeds.recording import segment, verifier
from feeds.recording import word as words
from feeds.recording.archive import Archive
from feeds.recording.word import Word
from feeds.redis_bus import RedisBus
from tests.support import recorder_process
from tests.support.faults import CPD, FORM, ISP, LONG, Site, SmallDisk, limit_files, site, viewing
from tests.support.recording import on_record
from tests.support.redis import until
from tests.support.senders import Sender, cot, sending
from tests.support.subscriber import assert_exactly_once, numbers

pytestmark = [pytest.mark.redis, pytest.mark.chaos]

FILES = (segment.REPORTS, segment.PARCELS, "replay.bin")
POINTS = (
    "folder:made",
    *(f"{name}:{step}" for name in FILES for step in ("begin", "half", "written", "synced", "renamed")),
    "files:synced",
    *(f"manifest.json:{step}" for step in ("begin", "half", "written", "synced", "renamed", "committed")),
    "mark:begin",
    "mark:told",
)
HANDFUL = (
    "reports.parquet:half",
    "parcels.parquet:renamed",
    "manifest.json:synced",
    "manifest.json:renamed",
    "mark:begin",
)


class Recording:
    """A site under load whose journal is trimmed as far as the recorder allows."""

    def __init__(self, running: Site, folder: Path) -> None:
        self.site = running
        self.folder = folder
        self.trimmed = 0
        self.processes: list[asyncio.subprocess.Process] = []
        self.senders: tuple[Sender, ...] = ()

    async def recorder(self, point: str = "-") -> asyncio.subprocess.Process:
        """Start a recorder."""
        self.processes.append(await recorder_process.start(self.site.redis.url, self.folder, CPD, ISP, point=point))
        return self.processes[-1]

    async def word(self) -> Word:
        """Return what the recorder said last."""
        bus = RedisBus(self.site.redis.url)
        try:
            word = words.decode(await bus.load_recorder())
            assert word is not None
            return word
        finally:
            await bus.close()

    async def trim(self) -> None:
        """Trim up to the mark, over and over."""
        bus = RedisBus(self.site.redis.url)
        try:
            while True:
                with contextlib.suppress(BusDown):
                    if (word := words.decode(await bus.load_recorder())) is not None:
                        for agency in (CPD, ISP):
                            self.trimmed += await bus.trim(agency, word.mark(agency))
                await asyncio.sleep(0.05)
        finally:
            await bus.close()

    def recorded(self, agency: AgencyId, source: str) -> list[int]:
        """Return the numbers of a source in the archive, in its order."""
        archive = Archive(self.folder)
        found = on_record(archive, agency)
        assert [d.id for d in found] == sorted({d.id for d in found}), "in the journal's order, each batch once"
        return [number for delivery in found for name, number in numbers(delivery) if name == source]

    async def finish(self) -> None:
        """Send no more; everything acknowledged must come into the archive, once and in order, and the chain hold."""
        for sender in self.senders:
            await sender.finish()
        newest = {s.source: s.sent for s in self.senders}
        await until(lambda: self._newest() == newest, 30.0, "the end in the archive")
        for sender in self.senders:
            agency = AgencyId(sender.source[:3])
            assert_exactly_once(self.recorded(agency, sender.source), sender.acknowledged)
        verdicts = [v for agency in verifier.agencies(self.folder) for v in verifier.verify(agency)]
        assert {v.state for v in verdicts} == {"good"}, [str(f) for v in verdicts for f in v.findings]
        await until(lambda: self.trimmed > 0, 20.0, "the journal trimmed")

    def _newest(self) -> dict[str, int]:
        archive = Archive(self.folder)
        newest = {s.source: 0 for s in self.senders}
        for agency in archive.agencies():
            for delivery in archive.entries(archive.segments(agency)[-1]):
                for name, number in numbers(delivery):
                    newest[name] = max(newest[name], number)
        return newest


@contextlib.asynccontextmanager
async def recording(tmp_path: Path, folder: Path | None = None) -> AsyncIterator[Recording]:
    """A site with senders of two agencies that go on all the while; nothing of it is left after the block."""
    async with site(tmp_path) as running:
        gateway = await running.started("gateway")
        scene = Recording(running, folder or tmp_path / "archive")
        scene.senders = (
            Sender("cpd-avl", lambda: gateway.port, pause_s=0.02),
            Sender("isp-cot", lambda: gateway.port, make=cot, window=2, pause_s=0.02),
        )
        trimming = asyncio.create_task(scene.trim())
        try:
            async with sending(*scene.senders):
                yield scene
                assert not trimming.done() or trimming.result()
        finally:
            trimming.cancel()
            await asyncio.gather(trimming, return_exceptions=True)
            for process in scene.processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


async def test_killed_wherever_it_writes_it_loses_and_doubles_nothing(tmp_path: Path):
    points = POINTS * 2 if FORM is LONG else HANDFUL
    async with recording(tmp_path) as scene:
        for point in points:
            process = await scene.recorder(point)
            assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL, f"never came to {point}"
        await scene.recorder()
        await scene.finish()


async def test_with_redis_killed_under_it_it_goes_on(tmp_path: Path):
    async with recording(tmp_path) as scene:
        await scene.recorder()
        for _ in range(FORM.redis_kills):
            for sender in scene.senders:
                await sender.more(30)
            await scene.site.kill_redis()
        await scene.finish()


async def stalled(scene: Recording) -> Word:
    """Return the recorder's word when it and the wall say that its disk is full."""
    hub = await scene.site.started("hub")
    async with viewing(hub.port) as viewer:
        await until(
            lambda: bool(viewer.said("health")) and viewer.said("health")[-1]["recorder"]["state"] == "disk full",
            20.0,
            "health that says why",
        )
    return await scene.word()


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process by prlimit")
async def test_while_its_disk_is_full_nothing_is_trimmed_and_with_room_it_goes_on(tmp_path: Path):
    async with recording(tmp_path) as scene:
        process = await scene.recorder()
        await until(lambda: scene.trimmed > 0, 20.0, "the first segment")
        limit_files(process.pid, 1000)
        word = await stalled(scene)
        trimmed = scene.trimmed
        for sender in scene.senders:
            await sender.more(30)
        assert (await scene.word()).marks == word.marks
        assert scene.trimmed == trimmed
        limit_files(process.pid, None)
        await scene.finish()
        assert (await scene.word()).state == "recording"


async def test_a_file_system_that_is_really_full_is_told_and_survived(tmp_path: Path):
    with SmallDisk(tmp_path / "small", "64k") as disk:
        async with recording(tmp_path, disk.folder) as scene:
            process = await scene.recorder()
            await stalled(scene)
            process.kill()  # and killed on top of it
            await process.wait()
            await scene.recorder()
            await stalled(scene)
            disk.grow()
            await scene.finish()
