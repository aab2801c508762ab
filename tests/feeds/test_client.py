"""FeedClient against a real door and a real Redis: nothing is lost, nothing is there twice, whatever breaks."""

import asyncio
import contextlib
import os
import random
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds import client, disk_spool
from feeds.client import FeedClient
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import ConfigError, DecodeError, SpoolFull
from feeds.feed_line import Line
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.outbox import MEMORY_BYTES, Refused
from feeds.redis_bus import RedisBus
from feeds.report import UnitReport
from feeds.unit_columns import are_columns
from tests.support.door_process import door_process
from tests.support.gateway import CPD, NOW, LooseBus, gateway, health, journaled, source, unit
from tests.support.redis import until
from tests.support.tcp_cable import TcpCable

ROOT = Path(__file__).resolve().parents[2]


def feed_to(url: str, spool: Path | None = None, name: str = "cpd-avl", **more: object) -> FeedClient:
    return FeedClient(url, name, f"token-{name}", spool, chance=random.Random(1), **more)  # type: ignore[arg-type]


def url_of(door: Gateway) -> str:
    return f"ws://127.0.0.1:{door.feed_port}"


def units(first: int, count: int) -> list[UnitReport]:
    return [UnitReport(observed_at=NOW, unit_id=name, lat=41.8, lon=-87.6) for name in names(first, count)]


def names(first: int, count: int) -> list[str]:
    return [f"U{n % 50_000}" for n in range(first, first + count)]  # a source speaks of 100,000 different ones


@contextlib.asynccontextmanager
async def bus_on(url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(url)
    try:
        yield bus
    finally:
        await bus.close()
        await asyncio.sleep(0)  # the sockets go in the next turn of the loop


async def assert_exactly_once(bus: RedisBus | MemoryBus, agency: AgencyId, expected: list[str]) -> None:
    """Each unit is in the journal once, in the order sent, and no number of a run is used twice."""
    entries = await journaled(bus, agency)
    assert [name for _, _, _, name in entries] == expected
    assert len({(run, seq) for _, run, seq, _ in entries}) == len(entries)


# ---- what goes in


async def test_what_was_sent_is_acknowledged_once_and_in_order(tmp_path: Path) -> None:
    bus = MemoryBus()
    async with gateway(bus) as door, feed_to(url_of(door), tmp_path) as feed:
        await feed.send(units(0, 1)[0])
        await feed.send(unit(None, "U1"))
        feed.put(units(2, 500))
        feed.put([unit(None, "U502"), *units(503, 2)])
        await feed.flush(within_s=10)
        assert (feed.waiting, feed.waiting_bytes, feed.held_bytes, feed.trouble) == (0, 0, 0, "")
        assert (feed.counts.accepted, feed.counts.duplicate, feed.counts.refused) == (505, 0, {})
        await assert_exactly_once(bus, CPD, names(0, 505))
        assert health(door, "cpd-avl").gaps == 0


async def test_units_go_as_columns_to_a_door_that_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[bytes] = []
    send = Line.send

    async def heard(line: Line, frame: bytes) -> None:
        frames.append(frame)
        await send(line, frame)

    monkeypatch.setattr(Line, "send", heard)
    bus = MemoryBus()
    async with gateway(bus) as door:
        async with feed_to(url_of(door), tmp_path) as feed:
            await until(lambda: not feed.trouble)
            await feed.send(units(0, 400))
            await feed.flush(within_s=10)
        native = door._feeds._adapters["native"]
        monkeypatch.setitem(door._feeds._adapters, "native", replace(native, subprotocols=()))
        async with feed_to(url_of(door), tmp_path) as feed:
            await until(lambda: not feed.trouble)
            await feed.send(units(400, 400))
            await feed.flush(within_s=10)
    assert [are_columns(frame) for frame in frames] == [True, True, False, False]
    await assert_exactly_once(bus, CPD, names(0, 800))


async def test_one_wrong_among_many_units_is_refused_alone(tmp_path: Path) -> None:
    bus, refused = MemoryBus(), []
    async with gateway(bus) as door, feed_to(url_of(door), tmp_path, on_refused=refused.append) as feed:
        await until(lambda: not feed.trouble)
        said = units(0, 100)
        said[40] = replace(said[40], lat=141.0)
        await feed.send(said)
        await feed.flush(within_s=10)
    assert [(r.report["unit_id"], r.reason) for r in refused] == [("U40", "lat out of range")]
    await assert_exactly_once(bus, CPD, [name for name in names(0, 100) if name != "U40"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lat": 141.0}, r"^lat out of range - at \$\[1\]\.lat$"),
        ({"unit_id": ""}, r"^unit_id has a wrong length - at \$\[1\]\.unit_id$"),
        ({"unit_id": "Zoë"}, r"^unit_id outside its grammar - at \$\[1\]\.unit_id$"),
        ({"incident_id": " I-1"}, r"^incident_id outside its grammar - at \$\[1\]\.incident_id$"),
        ({"kind": "ghost"}, r"^unsupported kind - at \$\[1\]\.kind$"),
        ({"agency": "isp"}, r"own agency only - at \$\[1\]\.agency$"),
    ],
)
async def test_a_dict_that_is_no_report_is_told_at_once_and_nothing_of_its_call_is_taken(
    wrong: dict[str, object], words: str
) -> None:
    feed = feed_to("ws://127.0.0.1:9")
    with pytest.raises(DecodeError, match=words):
        feed.put([unit(None), unit(None) | wrong])
    assert feed.waiting == 0


async def test_more_dicts_than_a_message_may_hold_are_taken_in_one_call() -> None:
    feed = feed_to("ws://127.0.0.1:9")
    feed.put([unit(None, f"U{n}") for n in range(2500)])
    assert feed.waiting == 2500
    with pytest.raises(DecodeError, match=r"\$\[2400\]"):
        feed.put([unit(None, f"U{n}", lat=999 if n == 2400 else 1) for n in range(2500)])


async def test_what_the_door_refuses_is_told_counted_and_not_sent_again() -> None:
    told: list[Refused] = []

    def tell(refused: Refused) -> None:
        told.append(refused)
        raise RuntimeError("a callback that fails costs nothing")

    bus = MemoryBus()
    async with gateway(bus) as door, feed_to(url_of(door), on_refused=tell) as feed:
        early = UnitReport(observed_at=9e9, unit_id="EARLY")
        feed.put([*units(0, 2), early, *units(2, 2)])
        await feed.flush(within_s=10)
        (refused,) = told
        assert (refused.report["unit_id"], refused.reason) == ("EARLY", "observed_at more than 24 h ahead")
        assert (feed.counts.accepted, feed.counts.refused) == (4, {refused.reason: 1})
        await assert_exactly_once(bus, CPD, names(0, 4))
        assert health(door, "cpd-avl").rejected == 1


async def test_a_full_spool_refuses_to_put_and_makes_send_wait() -> None:
    bus = LooseBus()
    bus.flow.clear()
    async with gateway(bus) as door, feed_to(url_of(door), spool_bytes=20_000) as feed:
        feed.put(units(0, 200))
        with pytest.raises(SpoolFull, match="200 reports wait"):
            feed.put(units(200, 200))
        sending = asyncio.create_task(feed.send(units(200, 200)))
        await until(lambda: bus.tried > 0, what="the append")
        assert not sending.done()
        bus.flow.set()
        await asyncio.wait_for(sending, 10)
        await feed.flush(within_s=10)
        with pytest.raises(SpoolFull):
            await feed.send(units(400, 2000))
        await assert_exactly_once(bus, CPD, names(0, 400))


async def test_leaving_says_what_is_lost_of_a_spool_in_memory(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FAREWELL_S", 0.01)
    async with feed_to("ws://127.0.0.1:9") as feed:
        feed.put(units(0, 3))
        with pytest.raises(TimeoutError):
            await feed.flush(within_s=0.05)
    assert "waiting=3 lost" in caplog.text


async def test_two_clients_cannot_share_a_spool(tmp_path: Path) -> None:
    async with feed_to("ws://127.0.0.1:9", tmp_path):
        with pytest.raises(ConfigError, match="in use"):
            feed_to("ws://127.0.0.1:9", tmp_path)


# ---- the line


async def test_a_line_cut_again_and_again_loses_nothing_and_duplicates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAUSE_MOST_S", 0.05)
    bus, chance = MemoryBus(), random.Random(7)
    async with gateway(bus) as door, TcpCable(door.feed_port) as cable, feed_to(cable.url, tmp_path) as feed:
        for n in range(10):
            feed.put(units(n * 1000, 1000))
            cable.cut_after = chance.randrange(200, 6000)
            await until(lambda: cable.cut_after is None or not feed.waiting, what="the cut")
            if n % 3 == 0:
                await cable.cut()
        await feed.flush(within_s=20)
        assert feed.counts.duplicate > 0
        await assert_exactly_once(bus, CPD, names(0, 10_000))
        assert health(door, "cpd-avl").gaps == 0


async def test_a_line_that_swallows_everything_is_noticed_and_opened_again() -> None:
    bus = MemoryBus()
    async with gateway(bus) as door, TcpCable(door.feed_port) as cable:
        troubles: list[str] = []
        async with feed_to(cable.url, silence_s=0.3, on_trouble=troubles.append) as feed:
            await feed.send(units(0, 1))
            await feed.flush(within_s=5)
            cable.swallow = True
            await feed.send(units(1, 500))
            await until(lambda: feed.trouble != "", within=5, what="the silence")
            cable.swallow = False
            await feed.flush(within_s=10)
        assert troubles[0] == troubles[-1] == ""
        await assert_exactly_once(bus, CPD, names(0, 501))


async def test_a_wrong_token_is_told_and_asked_again_until_the_site_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REFUSED_PAUSE_S", 0.1)
    bus = MemoryBus()
    wrong = source("other", CPD)
    async with TcpCable(0) as cable, gateway(bus, [wrong]) as door, feed_to(cable.url, tmp_path) as feed:
        cable.port = door.feed_port
        feed.put(units(0, 10))
        await until(lambda: "404 No such source" in feed.trouble, what="the refusal")
        assert feed.waiting == 10
        async with gateway(bus) as mended:
            cable.port = mended.feed_port
            await feed.flush(within_s=10)
            assert feed.trouble == ""
    await assert_exactly_once(bus, CPD, names(0, 10))


# ---- the great cuts


@pytest.mark.redis
async def test_a_killed_gateway_costs_nothing(redis_url: str, agency: AgencyId, tmp_path: Path) -> None:
    async with TcpCable(0) as cable, feed_to(cable.url, tmp_path, "avl") as feed:
        sent = 0
        for _ in range(2):
            with door_process(redis_url, agency) as (process, port):
                cable.port = port
                for _ in range(30):
                    feed.put(units(sent, 200))
                    sent += 200
                    if feed.waiting > 2000:
                        await feed.flush(1000, within_s=20)
                process.kill()  # with much under way
            feed.put(units(sent, 200))
            sent += 200
        with door_process(redis_url, agency) as (_, port):
            cable.port = port
            await feed.flush(within_s=30)
            assert feed.counts.accepted + feed.counts.duplicate == sent
    async with bus_on(redis_url) as bus:
        await assert_exactly_once(bus, agency, names(0, sent))


@pytest.mark.redis
async def test_a_killed_client_goes_on_where_it_was(redis_url: str, agency: AgencyId, tmp_path: Path) -> None:
    sent = 0
    with door_process(redis_url, agency) as (_, port):
        for _ in range(3):
            command = [sys.executable, "-m", "tests.support.feed_process", f"ws://127.0.0.1:{port}", tmp_path]
            child = await asyncio.create_subprocess_exec(*command, str(sent), "100000", stdout=subprocess.PIPE)
            assert child.stdout is not None
            for _ in range(500):
                said = int(await asyncio.wait_for(child.stdout.readline(), 20))
            child.kill()
            while line := await child.stdout.readline():
                said = int(line) if line.endswith(b"\n") else said
            await child.wait()
            # What `send` returned for is there; the one it was about may be, and is then not sent again.
            with contextlib.closing(disk_spool.DiskSpool(tmp_path, "avl", disk_spool.boot_id())) as spool:
                kept = spool.next_seq - 1
                run = spool.run
            assert said + 1 <= kept <= said + 2
            sent = kept
        async with feed_to(f"ws://127.0.0.1:{port}", tmp_path, "avl") as feed:
            await feed.flush(within_s=20)
    async with bus_on(redis_url) as bus:
        await assert_exactly_once(bus, agency, names(0, sent))
        assert {r for _, r, _, _ in await journaled(bus, agency)} == {run}


@pytest.mark.redis
@pytest.mark.slow
async def test_an_hours_cut_is_sent_in_order_with_bounded_memory(
    fresh_redis: EmbeddedRedis, agency: AgencyId, tmp_path: Path
) -> None:
    count, step = 200_000, 2000
    async with TcpCable(0) as cable:
        async with feed_to(cable.url, tmp_path, "avl") as feed:
            for first in range(0, count // 2, step):
                await feed.send(units(first, step))
            assert feed.held_bytes < 2 * MEMORY_BYTES < feed.waiting_bytes
            with contextlib.suppress(TimeoutError):
                await feed.flush(within_s=0.05)
            raised = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with feed_to(cable.url, tmp_path, "avl") as feed:
            assert feed.waiting == count // 2
            for first in range(count // 2, count, step):
                feed.put(units(first, step))
            with door_process(fresh_redis.url, agency) as (_, port):
                cable.port = port
                while feed.waiting:
                    await feed.flush(feed.waiting - 1, within_s=20)
                    assert feed.held_bytes < 2 * MEMORY_BYTES
            assert (feed.counts.accepted, feed.counts.duplicate) == (count, 0)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - raised) * 1024
            assert grown < 8 * MEMORY_BYTES
    assert [name for name in os.listdir(tmp_path) if name.endswith(".spool")] == []
    async with bus_on(fresh_redis.url) as bus:
        await assert_exactly_once(bus, agency, names(0, count))


async def test_who_leaves_with_half_of_it_answered_sends_the_rest_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FAREWELL_S", 0.01)
    bus = LooseBus()
    async with gateway(bus) as door:
        async with feed_to(url_of(door), tmp_path) as feed:
            feed.put(units(0, 1000))
            await feed.flush(within_s=10)
            bus.plugged = False
            feed.put(units(1000, 1000))
        bus.plugged = True
        async with feed_to(url_of(door), tmp_path) as feed:
            assert feed.waiting == 1000
            await feed.flush(within_s=10)
        await assert_exactly_once(bus, CPD, names(0, 2000))


async def test_what_waits_from_an_older_run_goes_first_under_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = MemoryBus()
    monkeypatch.setattr(client, "FAREWELL_S", 0.01)
    async with feed_to("ws://127.0.0.1:9", tmp_path) as feed:
        feed.put(units(0, 300))
    (tmp_path / "about.json").unlink()  # as after a power loss: nobody can say which numbers were used
    async with gateway(bus) as door, feed_to(url_of(door), tmp_path) as feed:
        feed.put(units(300, 300))
        await feed.flush(within_s=10)
        runs = [run for _, run, _, _ in await journaled(bus, CPD)]
        assert len(set(runs[:300])) == len(set(runs[300:])) == 1
        assert runs[0] != runs[-1]
        await assert_exactly_once(bus, CPD, names(0, 600))


# ---- what an agency installs


def test_it_needs_nothing_but_msgspec_numpy_and_websockets() -> None:
    code = (
        "import sys, feeds.client;"
        "known = sys.stdlib_module_names | {'feeds', 'msgspec', 'numpy', 'websockets', 'typing_extensions'};"
        "print(sorted({m.partition('.')[0] for m in sys.modules} - known))"
    )
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert {m for m in eval(done.stdout) if not m.startswith(("_", "sitecustomize"))} == set()


async def test_the_example_in_the_documentation_works(tmp_path: Path) -> None:
    example = ROOT / "docs" / "examples" / "send_positions.py"
    assert example.read_text(encoding="utf-8") in (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    bus = MemoryBus()
    async with gateway(bus) as door:
        arguments = (url_of(door), "cpd-avl", "token-cpd-avl")
        child = await asyncio.create_subprocess_exec(
            sys.executable, example, *arguments, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE
        )
        await asyncio.wait_for(child.communicate(b"3A12 41.88 -87.63\n3A14 41.90 -87.65\n"), 30)
        assert child.returncode == 0
        await assert_exactly_once(bus, CPD, ["3A12", "3A14"])
