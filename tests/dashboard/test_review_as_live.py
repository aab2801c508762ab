"""The strongest promise: what a class was sent live is what a review of the record makes, byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from dashboard import demo
from dashboard.audience import Audience
from dashboard.config import ApiToken, Settings
from dashboard.config_file import parse
from dashboard.hub import roster_of, rules_of
from dashboard.rerun import Rerun
from dashboard.review_keyframes import Keyframes
from feeds.clock import SystemClock
from feeds.exercise.run import ExerciseSettings, run
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.replay.cuts import decode_cuts
from feeds.replay.journal import EDGE_S, JournalRecording
from layers.delta import LINE_UP, delta
from layers.frame import FrameType, decode
from layers.policy import ViewerClass
from tests.support.exercise import TOKENS, open_door
from tests.support.live import Watcher, hub_on, wait_for, watching
from tests.support.recorded import HandClock
from tests.support.reviewing import review_on, reviewing

LIVE_S = 3.5


class Live(NamedTuple):
    """What was live, and the record of it."""

    settings: Settings
    bus: MemoryBus
    began: dict[str, tuple[float, str]]
    """agency -> when the first view of its class was made, and the epoch of that."""
    watchers: dict[str, Watcher]
    since: float
    until: float

    @property
    def recording(self) -> JournalRecording:
        return JournalRecording(self.bus, self.settings.agency_ids(), HandClock(self.until + EDGE_S))


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
async def exercise(bus: MemoryBus, nowhere: Path) -> AsyncIterator[None]:
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


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return asyncio.run(watched(tmp_path_factory.mktemp("nothing")))


async def watched(folder: Path) -> Live:
    """A hub that several classes watched for some seconds of an exercise."""
    bus, clock, settings = MemoryBus(), SystemClock(), _settings()
    watchers: dict[str, Watcher] = {}
    async with hub_on(bus, settings=settings) as hub:
        since = clock.now()
        # One class from the first moment, one that comes when much is known already, one that sees next to nothing.
        async with (
            exercise(bus, folder / "absent.npz"),
            watching(hub, "cfd-token") as watchers["cfd"],
            watching(hub, "guest-token") as watchers["guest"],
        ):
            await wait_for(lambda: len(watchers["cfd"].client.by_id("units")) > 20)
            async with watching(hub, "demo-token") as watchers["jocc"]:
                await asyncio.sleep(LIVE_S)
        until = clock.now()
    entries = [decode_cuts(data) for _, data in await bus.read_cuts((0, 0), 10_000)]  # type: ignore[arg-type]
    began: dict[str, tuple[float, str]] = {}
    for cut in (cut for entry in entries for cut in entry.cuts):
        for of in cut.classes:
            began.setdefault(of.agency, (cut.at, of.epoch))
    return Live(settings, bus, began, watchers, since, until)


async def test_a_review_makes_the_frames_that_were_live_byte_for_byte(live: Live) -> None:
    compared = {}
    for agency, watcher in live.watchers.items():
        at, epoch = live.began[agency]
        assert watcher.hello["epoch"] == epoch
        rerun = Rerun(live.recording, Keyframes(), roster_of(live.settings), live.settings.site.tick_ms / 1000)
        await rerun.reach(at, truth=False, overtaken=lambda: False)
        rerun.picture.expire(at)
        rerun.picture.flush()
        audience = Audience(rerun.picture, rules_of(live.settings), ViewerClass(AgencyId(agency)), at)
        made = {}
        while (step := await rerun.source.next(live.until)) is not None and step.is_tick:
            await rerun.take(step, lambda: False)
            before = audience.view.rev
            if audience.view.step(*rerun.picture.flush(), step.at):
                made[audience.view.rev] = delta(audience.view, before, LINE_UP)
        told = [f for f in watcher.client.frames if decode(f).type is FrameType.DELTA]
        assert [decode(f).header.rev for f in told if made.get(decode(f).header.rev) != f] == []
        compared[agency] = len(told)
    assert compared["jocc"] > 5
    assert compared["cfd"] > 10


async def test_a_review_through_its_door_gives_the_same_pictures_and_events_revision_by_revision(live: Live) -> None:
    at, _ = live.began["jocc"]
    told = {decode(f).header.rev: f for f in live.watchers["jocc"].client.frames if decode(f).type is FrameType.DELTA}
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
