"""The recorder of the site's logs killed wherever it writes, its disk full, Redis killed: every entry is kept once.

All the while the log is trimmed right up to the recorder's mark, as by a hub that keeps nothing.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from feeds.bus import BEGINNING, BatchId
from feeds.errors import BusDown
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording import verifier
from feeds.recording import word as words
from feeds.recording.archive import Archive
from feeds.recording.site_log import ENTRIES, decode_part
from feeds.recording.word import Word
from feeds.redis_bus import RedisBus
from feeds.replay.cuts import decode_cuts
from tests.support import recorder_process
from tests.support.faults import FORM, LONG, Site, SmallDisk, limit_files, site
from tests.support.redis import until
from tests.support.site_cuts import entry, screens_entry

pytestmark = [pytest.mark.redis, pytest.mark.chaos]

POINTS = (
    "folder:made",
    *(f"{ENTRIES}:{step}" for step in ("begin", "half", "written", "synced", "renamed")),
    "files:synced",
    *(f"manifest.json:{step}" for step in ("begin", "half", "written", "synced", "renamed", "committed")),
    "mark:begin",
    "mark:told",
)
HANDFUL = (f"{ENTRIES}:half", "files:synced", "manifest.json:renamed", "mark:begin")


class Noting:
    """A log that is noted, and trimmed as far as the recorder allows."""

    def __init__(self, running: Site, folder: Path, log: AgencyId) -> None:
        self.site = running
        self.folder = folder
        self.log = log
        self.noted: list[BatchId] = []
        self.trimmed_to = BEGINNING
        self.word: Word | None = None
        self.processes: list[asyncio.subprocess.Process] = []

    async def recorder(self, point: str = "-") -> asyncio.subprocess.Process:
        """Start a recorder."""
        self.processes.append(await recorder_process.start(self.site.redis.url, self.folder, point=point))
        return self.processes[-1]

    async def append(self, bus: RedisBus, at: float) -> BatchId:
        """Put one on the bus."""
        # its policy is its own: each part must know what stood when it began
        data = screens_entry(at) if self.log == SCREENS else entry(at, str(at).encode())
        return await bus.append_log(self.log, data, at)

    async def note(self, bus: RedisBus) -> None:
        """Note a cut, trim behind the mark, over and over."""
        at = 1_790_000_000.0
        while True:
            at += 0.05
            with contextlib.suppress(BusDown):
                id_ = await self.append(bus, at)
                await bus.ping()  # written, so that a server that is killed has it
                self.noted.append(id_)
                if (word := words.decode(await bus.load_recorder())) is not None:
                    self.word = word
                    await bus.trim_log(self.log, word.mark(self.log))
                    self.trimmed_to = max(self.trimmed_to, word.mark(self.log))
            await asyncio.sleep(0.01)

    def sealed(self) -> list[BatchId]:
        """Return the ids in the archive, in its order."""
        found: list[BatchId] = []
        stands = b""
        archive = Archive(self.folder)
        for one in archive.segments(self.log):
            part = decode_part(self.log, archive.file(one, ENTRIES))
            assert part.stood == stands
            if self.log == CUTS:
                stands = decode_cuts(part.entries[-1][1]).policy
            found += [id_ for id_, _ in part.entries]
        return found

    async def more(self, count: int = 60) -> None:
        """Return when so many more were noted."""
        want = len(self.noted) + count
        await until(lambda: len(self.noted) >= want, 30.0, "more cuts")

    async def finish(self) -> None:
        """All that was noted until now must come into the archive, once and in order, and the chain hold."""
        want = list(self.noted)
        await until(
            lambda: (Archive(self.folder).sealed_to(self.log) or 0) > want[-1].ms, 30.0, "the end in the archive"
        )
        sealed = self.sealed()
        assert sealed == sorted(set(sealed))
        # what a killed server had not acknowledged may be there or not
        noted = set(want)
        assert [id_ for id_ in sealed if id_ in noted] == want
        assert {v.state for v in verifier.verify(self.folder / self.log)} == {"good"}
        assert self.trimmed_to > want[0]


@contextlib.asynccontextmanager
async def noting(tmp_path: Path, folder: Path | None = None, log: AgencyId = CUTS) -> AsyncIterator[Noting]:
    """A server on which a log is noted all the while; nothing of it is left after the block."""
    async with site(tmp_path) as running:
        scene, bus = Noting(running, folder or tmp_path / "archive", log), RedisBus(running.redis.url)
        task = asyncio.create_task(scene.note(bus))
        try:
            yield scene
            assert not task.done() or task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await bus.close()
            for process in scene.processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


@pytest.mark.parametrize("log", [CUTS, SCREENS])
async def test_killed_wherever_it_writes_it_loses_and_doubles_no_entry(tmp_path: Path, log: AgencyId):
    async with noting(tmp_path, log=log) as scene:
        for point in POINTS * 2 if FORM is LONG else HANDFUL:
            process = await scene.recorder(point)
            assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL, f"never came to {point}"
        await scene.recorder()
        await scene.more()
        await scene.finish()


async def stalled(scene: Noting) -> None:
    await until(lambda: scene.word is not None and scene.word.state == "disk full", 20.0, "a word that says why")


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process by prlimit")
async def test_while_its_disk_is_full_no_cut_is_trimmed_and_with_room_it_goes_on(tmp_path: Path):
    async with noting(tmp_path) as scene:
        process = await scene.recorder()
        await until(lambda: scene.trimmed_to > BEGINNING, 20.0, "the first part")
        limit_files(process.pid, 100)
        await stalled(scene)
        trimmed_to = scene.trimmed_to
        await scene.more()
        assert scene.trimmed_to == trimmed_to
        limit_files(process.pid, None)
        await scene.more()
        await scene.finish()


async def test_on_a_file_system_that_is_really_full_no_cut_is_lost(tmp_path: Path):
    with SmallDisk(tmp_path / "small", "32k") as disk:
        async with noting(tmp_path, disk.folder) as scene:
            process = await scene.recorder()
            await stalled(scene)
            process.kill()  # and killed on top of it
            await process.wait()
            await scene.recorder()
            await stalled(scene)
            disk.grow()
            await scene.more()
            await scene.finish()


async def test_with_redis_killed_under_it_it_goes_on(tmp_path: Path):
    async with noting(tmp_path) as scene:
        await scene.recorder()
        for _ in range(FORM.redis_kills):
            await scene.more(30)
            await scene.site.kill_redis()
        await scene.more()
        await scene.finish()
