"""What the hub makes of the recorder's word."""

import asyncio

import pytest

from dashboard import recorder
from dashboard.recorder import SILENT_S, RecorderWatch
from feeds.bus import BatchId
from feeds.errors import BusDown
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.recording import word as words
from feeds.recording.word import Word
from tests.support.gateway import NOW, HandClock
from tests.support.redis import until

CPD = AgencyId("cpd")


class Scene:
    """A watch that follows while a test runs, on a clock set by hand."""

    def __init__(self) -> None:
        self.clock, self.bus = HandClock(), MemoryBus()
        self.watch = RecorderWatch(self.bus, self.clock, recorded=True)
        self.looks = 0
        load = self.bus.load_recorder

        async def counted() -> bytes | None:
            self.looks += 1
            return await load()

        self.bus.load_recorder = counted  # type: ignore[method-assign]

    @property
    def state(self) -> str:
        return str(self.watch.health(self.clock.now())["state"])

    async def say(self, **more: object) -> None:
        fields = {"at": self.clock.at, "state": "recording", "since": 1.0, "sealed_to": 2.0} | more
        await self.bus.save_recorder(words.encode(Word(**fields)))  # type: ignore[arg-type]
        await self.look()

    async def look(self) -> None:
        enough = self.looks + 2
        await until(lambda: self.looks >= enough)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder, "LOOK_EVERY_S", 0.0)
    scene = Scene()
    task = asyncio.create_task(scene.watch.follow())
    yield scene
    assert not task.done()
    task.cancel()


async def test_a_recorder_that_says_nothing_new_is_silent_though_its_last_word_was_good(scene: Scene):
    assert scene.state == "starting"
    await scene.say()
    assert scene.state == "recording"
    scene.clock.at += SILENT_S + 0.1
    await scene.look()
    assert scene.watch.health(scene.clock.at) == {"state": "silent", "since": NOW, "sealed_to": 2.0}
    await scene.say()
    assert scene.state == "recording"


async def test_one_that_never_spoke_is_silent_too(scene: Scene):
    scene.clock.at += SILENT_S + 0.1
    await scene.look()
    assert scene.watch.health(scene.clock.at) == {"state": "silent", "since": NOW, "sealed_to": None}


async def test_its_clock_may_be_another_one(scene: Scene):
    await scene.say(at=NOW - 86_400)
    assert scene.state == "recording"


async def test_while_the_bus_is_down_nothing_new_is_known_of_it(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    await scene.say()

    async def down() -> bytes | None:
        scene.looks += 1
        raise BusDown("not there")

    monkeypatch.setattr(scene.bus, "load_recorder", down)
    scene.clock.at += SILENT_S + 0.1
    await scene.look()
    assert scene.state == "recording"


async def test_a_word_that_cannot_be_read_lets_nothing_be_trimmed(scene: Scene):
    await scene.bus.save_recorder(b"\xc1")
    await scene.look()
    assert scene.state == "starting"
    assert await scene.watch.limits([CPD]) == {CPD: BatchId(0, 0)}
