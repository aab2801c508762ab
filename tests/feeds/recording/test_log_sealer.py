"""A log of the site into sealed parts: closed ones, whole, once; and each knows what stood when it began."""

from pathlib import Path

import pytest

from feeds.bus import BEGINNING, BatchId
from feeds.errors import BusDown
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS
from feeds.recording import log_sealer
from feeds.recording.archive import Archive
from feeds.recording.recorder import Recorder
from feeds.recording.site_log import ENTRIES, Part, decode_part
from feeds.recording.verifier import verify
from tests.feeds.recording.test_recorder import Hands
from tests.support.recording import CPD, T0, TEN, flip
from tests.support.site_cuts import note, recorder_of


class Scene:
    """A bus with cuts and a recorder of them."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.bus, self.folder = Hands(), MemoryBus(), folder
        self.recorder = recorder_of(self.bus, folder, self.clock, [CPD])

    def begin(self) -> Recorder:
        """Start a recorder, as after a restart."""
        self.recorder = recorder_of(self.bus, self.folder, self.clock, [CPD])
        return self.recorder

    async def say(self, ms: int, policy: bytes = b"") -> BatchId:
        return await note(self.bus, (T0 + ms) / 1000, policy)

    async def seal(self) -> None:
        for chain in (CPD, CUTS):
            await self.recorder._follow(chain)

    @property
    def parts(self) -> list[Part]:
        archive = Archive(self.folder)
        return [decode_part(CUTS, archive.file(one, ENTRIES)) for one in archive.segments(CUTS)]

    @property
    def mark(self) -> BatchId:
        return self.recorder.word().mark(CUTS)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "archive")


async def test_a_part_is_sealed_when_the_log_has_passed_its_end_and_the_mark_follows(scene: Scene):
    for ms in (0, 1000, TEN - 1):
        await scene.say(ms)
    await scene.seal()
    assert not scene.parts and scene.mark <= BatchId(T0, 0)
    on_bus = await scene.bus.read_log(CUTS, BEGINNING, 99)
    past = await scene.say(TEN)
    await scene.seal()
    assert [part.entries for part in scene.parts] == [on_bus]
    assert on_bus[-1][0] < scene.mark <= past
    (one,) = Archive(scene.folder).segments(CUTS)
    assert (one.manifest.t0, one.manifest.t1, one.manifest.contents.kinds) == (T0, T0 + TEN, {"cuts": 3})
    assert Archive(scene.folder).agencies() == []
    assert Archive(scene.folder).logs() == [CUTS]


async def test_a_log_that_falls_silent_is_not_behind_and_its_next_entry_closes_it(scene: Scene):
    await scene.say(5)
    scene.clock.ms = T0 + 9 * TEN
    await scene.seal()
    assert not scene.parts and scene.recorder.word().state == "recording"
    await scene.say(9 * TEN)
    await scene.seal()
    assert len(scene.parts) == 1
    assert scene.mark == BatchId(T0 + TEN - 1, 2**63).next()


async def test_a_restarted_recorder_goes_on_and_knows_what_stood(scene: Scene):
    said = {0: b"a", 1: b"", 2: b"b", 3: b""}
    for k, policy in said.items():
        await scene.say(k * TEN, policy)
        scene.begin()
        await scene.seal()
    await scene.say(4 * TEN)
    await scene.seal()
    assert [part.stood for part in scene.parts] == [b"", b"a", b"a", b"b"]
    assert [one.manifest.number for one in Archive(scene.folder).segments(CUTS)] == [1, 2, 3, 4]
    assert [v.state for v in verify(scene.folder / CUTS)] == ["good"] * 4


async def test_what_stood_is_unknown_behind_a_part_that_is_damaged_until_it_is_said_again(scene: Scene):
    await scene.say(0, b"a")
    await scene.say(TEN)
    await scene.seal()
    flip(Archive(scene.folder).segments(CUTS)[0].folder / ENTRIES, 40)
    scene.begin()
    await scene.say(2 * TEN, b"c")
    await scene.say(3 * TEN)
    await scene.say(4 * TEN)
    await scene.seal()
    archive = Archive(scene.folder)
    parts = [decode_part(CUTS, archive.file(one, ENTRIES)) for one in archive.segments(CUTS)[1:]]
    assert [part.stood for part in parts] == [None, None, b"c"]


async def test_what_stood_is_unknown_behind_what_may_have_been_lost(scene: Scene):
    await scene.say(0, b"a")
    await scene.say(TEN)
    await scene.seal()
    await scene.bus.save_recorder(b"")  # a site that did not record for a while
    await scene.begin()._begin()
    last = await scene.say(5 * TEN)
    await scene.bus.trim_log(CUTS, last)
    await scene.say(6 * TEN)
    await scene.seal()
    assert [part.stood for part in scene.parts] == [b"", None]
    assert Archive(scene.folder).segments(CUTS)[1].manifest.lost == (T0 + TEN, T0 + 5 * TEN)


async def test_a_new_log_under_a_clock_set_back_is_told_and_kept_until_the_clock_is_where_it_was(scene: Scene):
    for k in range(3):
        await scene.say(k * TEN)
    await scene.seal()
    scene.bus = MemoryBus()  # its server lost its data
    await scene.begin()._begin()
    scene.clock.ms = T0 + TEN
    await scene.seal()
    assert scene.recorder.word().state == "recording", "an empty log is not older than anything"
    old = await scene.say(TEN)
    await scene.seal()
    assert scene.recorder.word().state == "journal is older than the record"
    assert scene.mark <= old, "nothing of it is trimmed"
    scene.clock.ms = T0 + 3 * TEN
    for k in (2, 3):
        await scene.say(k * TEN)
    await scene.seal()
    assert scene.recorder.word().state == "recording"
    assert len(scene.parts) == 3 and scene.parts[-1].stood is None
    assert Archive(scene.folder).segments(CUTS)[-1].manifest.lost is not None


async def test_a_part_that_grows_too_large_ends_early(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_sealer, "BYTES_MAX", 100)
    monkeypatch.setattr(log_sealer, "PAGE", 2)
    for ms in range(9):
        await scene.say(ms)
    await scene.say(TEN)
    await scene.seal()
    assert len(scene.parts) > 1
    assert [id_.ms - T0 for part in scene.parts for id_, _ in part.entries] == list(range(9))


async def test_what_the_server_has_not_written_to_its_file_is_not_sealed(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    async def refused() -> None:
        raise BusDown("not written", "disk full")

    await scene.say(0)
    await scene.say(TEN)
    with monkeypatch.context() as patched:
        patched.setattr(scene.bus, "ping", refused)
        await scene.seal()
    assert not scene.parts
    await scene.seal()
    assert len(scene.parts) == 1


async def test_an_entry_that_cannot_be_read_is_sealed_as_it_is(scene: Scene):
    await scene.bus.append_log(CUTS, b"junk", T0 / 1000)
    await scene.say(TEN)
    await scene.seal()
    assert [data for _, data in scene.parts[0].entries] == [b"junk"]
    assert Archive(scene.folder).segments(CUTS)[0].manifest.contents.received is None
