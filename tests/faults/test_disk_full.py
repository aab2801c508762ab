"""No room for the journal: nothing is acknowledged, health says why, nothing acknowledged is lost, and it goes on."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.faults import CPD, FORM, Part, Site, SmallDisk, limit_files, site, viewing
from tests.support.live import Watcher
from tests.support.redis import until
from tests.support.senders import Sender, sending
from tests.support.subscriber import Hearing, assert_exactly_once, hearing, journaled

pytestmark = [
    pytest.mark.redis,
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="limits another process by prlimit"),
]

ROOM = 60_000
"""What the journal may still grow by, bytes: some hundred batches."""


def give(running: Site, room: int | None) -> None:
    """Let the server's files grow by `room` bytes more; None: as they like. What is over it fails like a full disk."""
    limit_files(running.redis.pid, None if room is None else running.journal_bytes + room)


async def held(viewer: Watcher, senders: tuple[Sender, ...]) -> None:
    """Return when health says that the disk is full, and nothing is acknowledged while it says so."""
    await until(lambda: viewer.said("health")[-1]["journal"] == "disk full", 20.0, "health that says why")
    counts = [len(s.acknowledged) for s in senders]
    told = len(viewer.said("health"))
    await until(lambda: len(viewer.said("health")) >= told + 2, what="two more words of health")
    assert [len(s.acknowledged) for s in senders] == counts, "acknowledged, and the journal takes nothing"
    assert viewer.said("health")[-1]["journal"] == "disk full"
    assert viewer.said("health")[-1]["bus"] == "live", "beats and the picture go on"


async def taken_again(viewer: Watcher) -> None:
    """Return when health says that the journal takes."""
    await until(lambda: viewer.said("health")[-1]["journal"] == "", what="health that says taken again")


@asynccontextmanager
async def loaded(running: Site) -> AsyncIterator[tuple[Part, tuple[Sender, ...], Hearing, Watcher]]:
    """A gateway under load, a subscriber and a viewer; at the end every promise is looked at."""
    gateway, hub = await running.started("gateway"), await running.started("hub")
    senders = (
        Sender("cpd-avl", lambda: gateway.port),
        Sender("cpd-cad", lambda: gateway.port, run="other", per_frame=1),
    )
    # what was published and not written is lost with a killed server, was never acknowledged, and comes again
    async with hearing(running.redis.url, CPD, again=True) as heard, sending(*senders), viewing(hub.port) as viewer:
        await until(lambda: bool(viewer.said("health")), what="health")
        yield gateway, senders, heard, viewer
        for sender in senders:
            await sender.finish()
            assert sender.acknowledged == list(range(1, sender.sent + 1))
            found = await journaled(running.redis.url, CPD, sender.source)
            assert found == sender.acknowledged, "once each and in order"


async def test_while_the_disk_is_full_nothing_is_acknowledged_and_with_room_all_goes_on(tmp_path: Path):
    async with site(tmp_path) as running, loaded(running) as (_, senders, heard, viewer):
        for _ in range(FORM.rounds):
            give(running, ROOM)
            await held(viewer, senders)
            give(running, None)
            for sender in senders:
                await sender.more(20)
            await taken_again(viewer)
        for sender in senders:
            await sender.finish()
            await until(lambda s=sender: heard.newest(s.source) == s.sent)
            assert_exactly_once(heard.of(sender.source), sender.acknowledged)
        assert heard.given_again == 0


async def test_killed_while_the_disk_is_full_neither_redis_nor_a_gateway_loses_or_promises_what_is_not_written(
    tmp_path: Path,
):
    async with site(tmp_path) as running, loaded(running) as (gateway, senders, _, viewer):
        for _ in range(FORM.rounds):
            give(running, ROOM)
            await held(viewer, senders)
            await running.kill_redis()
            for sender in senders:
                await sender.more(20)
            await taken_again(viewer)

            give(running, ROOM)
            await held(viewer, senders)
            counts = [len(s.acknowledged) for s in senders]
            gateway.kill()
            starting = gateway.begin()
            # what is in the server's memory and not in its file is no duplicate yet: the door stays shut
            await until(lambda: "recover_waits" in gateway.said(), what="a gateway that waits for room")
            assert [len(s.acknowledged) for s in senders] == counts
            await running.kill_redis()
            await gateway.opened(starting)
            for sender in senders:
                await sender.more(20)
            await taken_again(viewer)


async def test_a_journal_that_syncs_each_append_ends_its_server_and_loses_nothing(tmp_path: Path):
    async with site(tmp_path, "always") as running, loaded(running) as (_, senders, _, viewer):
        for _ in range(FORM.rounds):
            give(running, ROOM)
            await until(lambda: running.redis.poll() is not None, 20.0, "the server's end")
            assert "AOF" in running.redis.last_words
            await until(lambda: viewer.said("health")[-1]["bus"] == "lost", 3.0, "health that says lost")
            running.redis.restart()
            for sender in senders:
                await sender.more(20)


async def test_a_file_system_that_is_really_full_is_told_and_survived(tmp_path: Path):
    with SmallDisk(tmp_path / "redis", "1m") as disk:
        async with site(tmp_path) as running, loaded(running) as (_, senders, _, viewer):
            await held(viewer, senders)
            disk.grow()
            for sender in senders:
                await sender.more(20)
