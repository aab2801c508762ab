"""The strongest promise: what a class was sent live is what a review of the record makes, byte for byte."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from dashboard import demo
from dashboard.audience import Audience
from dashboard.config import ApiToken, Settings
from dashboard.config_file import parse
from dashboard.rerun import Rerun
from dashboard.review_keyframes import Keyframes
from feeds import embedded_redis
from feeds.bus import BEGINNING, Bus
from feeds.clock import SystemClock
from feeds.exercise.run import ExerciseSettings, run
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.redis_bus import RedisBus
from feeds.replay.archived import ArchivedRecording
from feeds.replay.cuts import decode_cuts
from feeds.replay.journal import EDGE_S, JournalRecording
from feeds.replay.recording import Recording
from feeds.replay.sealed import Sealed
from layers.delta import LINE_UP, delta
from layers.frame import FrameType, decode
from layers.policy import Rules, ViewerClass
from layers.policy_record import decode_policy
from tests.support.exercise import TOKENS, open_door
from tests.support.live import Watcher, hub_on, wait_for, watching
from tests.support.recorded import HandClock
from tests.support.redis import command
from tests.support.reviewing import review_on, reviewing
from tests.support.site_cuts import note, recorder_of

LIVE_S = 3.5


class Live(NamedTuple):
    """What was live, and the record of it."""

    settings: Settings
    record: Callable[[HandClock], Recording]
    """Reads the record, whose end is as late as the clock says."""
    began: dict[str, float]
    """By epoch when the first view of a class was made."""
    watchers: dict[str, Watcher]
    since: float
    until: float

    @property
    def recording(self) -> Recording:
        return self.record(HandClock(self.until + EDGE_S))


def _settings() -> Settings:
    settings = parse(demo.site_toml({"tick_ms": 50}, "demo-token", demo_hash(), 60))
    tokens = tuple(
        ApiToken(name=agency, agency=agency, token=f"{agency}-token", roles=("reviewer",))
        for agency in ("cfd", "ftf", "guest")
    )
    return msgspec.structs.replace(settings, api_token=settings.api_token + tokens)


def demo_hash() -> str:
    return "$argon2id$v=19$m=1024,t=1,p=1$YtqztJNkfrKbgIp3M7k9BA$vZTiaOoqJ4wlbFg1bSVsoEJCWUfYR+WVT3jujqb7qKc"


@asynccontextmanager
async def exercise(bus: Bus, nowhere: Path) -> AsyncIterator[None]:
    """A joint exercise of sixty units that speaks to its own door while the block runs."""
    stop = asyncio.Event()
    async with open_door(bus) as gate:
        running = asyncio.create_task(
            run(
                ExerciseSettings(
                    units=60, feed_url=f"ws://127.0.0.1:{gate.feed_port}", cot_host="127.0.0.1", cot_port=gate.cot_port,
                    tokens=TOKENS, ports={"cpd-avl": gate.listening["tcp:0"]}, streets_path=nowhere,
                ),
                stop,
            )
        )  # fmt: skip
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)


@pytest.fixture(scope="module", params=["journal", "archive"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Of a journal in memory, and of an archive that was recorded from a real server, which then lost its data."""
    folder = tmp_path_factory.mktemp("live")
    if request.param == "journal":
        yield asyncio.run(watched(MemoryBus(), folder))
        return
    server = embedded_redis.start(folder / "redis", "no")
    try:
        yield asyncio.run(recorded(server.url, folder))
    finally:
        server.stop()


async def recorded(url: str, folder: Path) -> Live:
    """A hub that was watched while a recorder recorded, and of which only the archive is left."""
    clock, stop, archive = SystemClock(), asyncio.Event(), folder / "archive"
    live_bus, recorder_bus = RedisBus(url, clock), RedisBus(url, clock)
    recorder = recorder_of(recorder_bus, archive, clock, _settings().agency_ids(), length_s=1.0, quiet_s=0.5)
    recording = asyncio.create_task(recorder.run(stop))
    try:
        live = await watched(live_bus, folder)
        last, _ = (await live_bus.read_log(CUTS, BEGINNING, 10_000))[-1]
        await note(live_bus, live.until + 2)  # the next hub closes what this one said

        def is_sealed() -> bool:
            word = recorder.word()
            return recording.done() or (word.sealed_to > live.until and word.mark(CUTS) > last)

        await wait_for(is_sealed, 30)
        stop.set()
        await recording
        await command(url, "FLUSHALL")
    finally:
        recording.cancel()
        await live_bus.close()
        await recorder_bus.close()
    return live._replace(record=lambda at: ArchivedRecording(Sealed(Archive(archive)), of_bus(MemoryBus(), at)))


def of_bus(bus: Bus, clock: HandClock) -> JournalRecording:
    return JournalRecording(bus, _settings().agency_ids(), clock)


async def watched(bus: Bus, folder: Path) -> Live:
    """A hub that several classes watched for some seconds of an exercise, and a next one that shares less."""
    clock, settings = SystemClock(), _settings()
    watchers: dict[str, Watcher] = {}
    since = clock.now()
    async with exercise(bus, folder / "absent.npz"):
        # One class from the first moment, one that comes when much is known already, one that sees next to nothing.
        async with (
            hub_on(bus, settings=settings) as hub,
            watching(hub, "cfd-token") as watchers["cfd"],
            watching(hub, "guest-token") as watchers["guest"],
        ):
            await wait_for(lambda: len(watchers["cfd"].client.by_id("units")) > 20)
            async with watching(hub, "demo-token") as watchers["jocc"]:
                await asyncio.sleep(LIVE_S)
        async with hub_on(bus, settings=less(settings)) as hub, watching(hub, "demo-token") as watchers["jocc, less"]:
            await wait_for(lambda: len(deltas(watchers["jocc, less"])) > 5)
    until = clock.now()
    entries = [decode_cuts(data) for _, data in await bus.read_log(CUTS, BEGINNING, 10_000)]
    began: dict[str, float] = {}
    for cut in (cut for entry in entries for cut in entry.cuts):
        for of in cut.classes:
            began.setdefault(of.epoch, cut.at)
    return Live(settings, lambda at: of_bus(bus, at), began, watchers, since, until)


def less(settings: Settings) -> Settings:
    """Return the site where police shares nothing any more."""
    share = tuple(share for share in settings.share if share.from_ != "cpd")
    assert len(share) < len(settings.share)
    return msgspec.structs.replace(settings, share=share)


def deltas(watcher: Watcher) -> list[bytes]:
    return [frame for frame in watcher.client.frames if decode(frame).type is FrameType.DELTA]


async def test_a_review_makes_the_frames_that_were_live_byte_for_byte(live: Live) -> None:
    compared = {}
    for name, watcher in live.watchers.items():
        agency, at, recording = name.split(",")[0], live.began[watcher.hello["epoch"]], live.recording
        grants, roster = decode_policy(await recording.policy(at))
        rerun = Rerun(recording, Keyframes(), roster, live.settings.site.tick_ms / 1000)
        await rerun.reach(at, truth=False, overtaken=lambda: False)
        rerun.picture.expire(at)
        rerun.picture.flush()
        audience = Audience(rerun.picture, Rules(grants), ViewerClass(AgencyId(agency)), at)
        made = {}
        while (step := await rerun.source.next(live.until)) is not None and step.is_tick:
            await rerun.take(step, lambda: False)
            before = audience.view.rev
            if audience.view.step(*rerun.picture.flush(), step.at):
                made[audience.view.rev] = delta(audience.view, before, LINE_UP)
        told = deltas(watcher)
        assert [decode(f).header.rev for f in told if made.get(decode(f).header.rev) != f] == []
        compared[name] = len(told)
    assert compared["jocc"] > 5
    assert compared["cfd"] > 10


async def test_a_review_through_its_door_gives_the_same_pictures_and_events_revision_by_revision(live: Live) -> None:
    at = live.began[live.watchers["jocc"].hello["epoch"]]
    told = {decode(f).header.rev: f for f in deltas(live.watchers["jocc"])}
    assert live.until - at > 2
    async with (
        review_on(live.recording, live.settings) as review,
        reviewing(review, "demo-token", at=at, speed=1) as reviewer,
    ):
        assert reviewer.epochs[0][0]["at"] == at
        await wait_for(lambda: reviewer.said("notice"))
        replayed = {decode(f).header.rev: f for f in reviewer.epochs[0][1] if decode(f).type is FrameType.DELTA}
    both = replayed.keys() & told.keys()
    assert len(both) >= len(told) > 5
    assert all(replayed[rev] == told[rev] for rev in both)


async def test_the_same_review_twice_gives_the_same_frames_at_any_speed_and_in_any_view(live: Live) -> None:
    async with review_on(live.recording, live.settings) as review:
        for view in ("known", "truth", "agency:cfd"):
            runs = []
            for _ in range(2):
                async with reviewing(review, "demo-token", at=live.since + 1, speed=8, view=view) as reviewer:
                    await wait_for(lambda r=reviewer: r.said("notice"))
                    runs.append(reviewer.epochs[0][1])
            frames = [[f for f in run if decode(f).type is not FrameType.HEARTBEAT] for run in runs]
            assert len(frames[0]) > 3
            assert frames[0] == frames[1]
