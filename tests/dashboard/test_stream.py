import asyncio
import json
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard import stream, stream_door
from dashboard.subscription import HIGH_WATER
from feeds.memory_bus import MemoryBus
from layers.frame import FrameType, decode
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import camera, unit
from tests.support.live import LogIns, cookie_headers, hub_on, wait_for, watching


async def refused(port: int, headers: dict[str, str], path: str = "/stream") -> int:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers):
            pass
    return refusal.value.response.status_code


async def test_without_a_credential_or_with_a_wrong_one_nobody_gets_in() -> None:
    async with hub_on(MemoryBus()) as hub:
        assert await refused(hub.port, {}) == 401
        assert await refused(hub.port, {"Authorization": "Bearer wrong"}) == 401
        assert await refused(hub.port, {**cookie_headers(hub.port, "ended"), "Origin": "http://127.0.0.1:8050"}) == 401


async def test_a_log_in_is_taken_from_the_sites_own_page_on_any_port_and_from_no_other() -> None:
    async with hub_on(MemoryBus()) as hub:
        cookie = cookie_headers(hub.port)
        assert await refused(hub.port, {**cookie, "Origin": "http://evil.example"}) == 403
        assert await refused(hub.port, {**cookie, "Origin": "null"}) == 403
        assert await refused(hub.port, cookie) == 403
        async with watching(hub, headers={**cookie, "Origin": "http://127.0.0.1:8050"}) as viewer:
            assert viewer.hello["viewer"]["name"] == "wall"


async def test_behind_a_proxy_only_the_public_address_is_the_sites_own() -> None:
    from msgspec.structs import replace

    from tests.support.live import site

    settings = site()
    settings = replace(settings, site=replace(settings.site, public_url="https://ops.example"))
    async with hub_on(MemoryBus(), settings=settings) as hub:
        cookie = cookie_headers(hub.port)
        assert await refused(hub.port, {**cookie, "Origin": "http://127.0.0.1:8050"}) == 403
        async with watching(hub, headers={**cookie, "Origin": "https://ops.example"}):
            pass


async def test_while_log_ins_cannot_be_checked_the_door_says_so() -> None:
    log_ins = LogIns()
    async with hub_on(MemoryBus(), log_ins) as hub:
        log_ins.down = True
        headers = {**cookie_headers(hub.port), "Origin": "http://127.0.0.1:8050"}
        assert await refused(hub.port, headers) == 503


async def test_a_log_in_that_ends_closes_its_open_stream(monkeypatch) -> None:
    monkeypatch.setattr(stream_door, "SESSION_EVERY_S", 0.05)
    log_ins = LogIns()
    async with hub_on(MemoryBus(), log_ins) as hub:
        headers = {**cookie_headers(hub.port), "Origin": "http://127.0.0.1:8050"}
        async with connect(f"ws://127.0.0.1:{hub.port}/stream", additional_headers=headers) as socket_:
            await socket_.recv()
            log_ins.people.clear()
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(8):
                    while True:
                        await socket_.recv()
            assert closed.value.rcvd.code == 4401


async def test_other_paths_and_methods_are_refused() -> None:
    async with hub_on(MemoryBus()) as hub:
        assert await refused(hub.port, {}, "/nope") == 404
        assert await refused(hub.port, {"Authorization": "Bearer jcc-token"}, "/read/nope") == 404
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(b"POST /read/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 405 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_junk_on_the_port_and_junk_messages_cost_nobody_else(caplog) -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        _, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(b"\0\xff junk\r\n" * 50)
        await viewer.socket.send("not json")
        await viewer.socket.send(b"\0\1")
        await viewer.socket.send(json.dumps({"type": "card", "ask": 1, "layer": "secrets", "agency": "cpd", "id": "x"}))
        await say(bus, unit(at=now()))
        await wait_for(lambda: units(viewer) == {"u1"})
        writer.close()


async def test_a_viewer_who_says_nothing_gets_its_picture_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr(stream, "RESUME_WITHIN_S", 0.1)
    async with (
        hub_on(MemoryBus()) as hub,
        connect(f"ws://127.0.0.1:{hub.port}/stream", additional_headers={"Authorization": "Bearer jcc-token"}) as quiet,
    ):
        assert isinstance(await asyncio.wait_for(quiet.recv(), 5), str)
        while isinstance(message := await asyncio.wait_for(quiet.recv(), 5), str):
            pass
        assert decode(message).type is FrameType.KEYFRAME


async def test_asks_beyond_the_rate_are_not_answered() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as viewer:
        for n in range(200):
            ask = {"type": "card", "ask": n, "layer": "units", "agency": "cpd", "id": "x"}
            await viewer.socket.send(json.dumps(ask))
        await wait_for(lambda: len(viewer.said("health")) >= 2)
        assert 15 <= len(viewer.said("card")) <= 60


async def test_a_stalled_viewer_costs_bounded_memory_is_not_cut_and_is_right_again_on_return() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as quick:
        slow_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        slow_socket.connect(("127.0.0.1", hub.port))
        slow_socket.setblocking(False)
        async with watching(hub, sock=slow_socket) as slow:
            await say(bus, *[unit(f"u{n}", at=now(), call_sign="x" * 30) for n in range(400)])
            await wait_for(lambda: len(units(slow)) == 400)
            slow.socket.transport.pause_reading()
            (seat,) = [s for a in hub.audiences.values() for s in a.seats if s.connection.remote_address ==
                       slow.socket.local_address]  # fmt: skip
            peak = rounds = 0
            while not seat.subscription.slow:
                rounds += 1
                assert rounds < 2000
                moved = [unit(f"u{n}", at=now(), call_sign=f"{rounds}-{'y' * 30}") for n in range(400)]
                before = quick.client.rev
                await say(bus, *moved, camera(at=now(), event_type="recording_started", event_id=str(rounds)))
                await wait_for(lambda before=before: quick.client.rev > before)
                peak = max(peak, seat.unsent())
            for n in range(20):
                before = quick.client.rev
                await say(bus, *[unit(f"u{k}", at=now(), call_sign=f"last-{n}") for k in range(400)],
                          camera(at=now(), event_type="recording_stopped", event_id=f"z{n}"))  # fmt: skip
                await wait_for(lambda before=before: quick.client.rev > before)
                peak = max(peak, seat.unsent())
            assert peak < HIGH_WATER + 200_000
            slow.socket.transport.resume_reading()
            await wait_for(lambda: slow.client.rev == quick.client.rev)
            assert slow.client.by_id("units") == quick.client.by_id("units")
            assert slow.client.events == quick.client.events
            assert sum(decode(f).type is FrameType.KEYFRAME for f in slow.client.frames) == 1


async def test_a_cookie_that_a_proxy_has_split_is_taken_and_odd_origins_are_refused_in_words() -> None:
    async with hub_on(MemoryBus()) as hub:
        cookie = cookie_headers(hub.port)["Cookie"]
        split = [("Cookie", "theme=night"), ("Cookie", cookie), ("Origin", "http://127.0.0.1:8050")]
        async with watching(hub, headers=split):
            pass
        for origin in ("http://[", "http://127.0.0.1:port", "http://127.0.0.1:99999"):
            assert await refused(hub.port, {"Cookie": cookie, "Origin": origin}) == 403
        twice = [("Cookie", cookie), ("Origin", "http://127.0.0.1:8050"), ("Origin", "http://127.0.0.1:8050")]
        assert await refused(hub.port, twice) == 403


async def test_a_deeply_nested_message_is_let_go_by() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub) as viewer:
        await viewer.socket.send('{"type":"card","x":' + "[" * 4000)
        assert (await viewer.card("units", "u9"))["type"] == "card"


async def test_silent_connections_push_out_their_own_and_no_viewer(monkeypatch) -> None:
    monkeypatch.setattr(stream_door, "HALF_OPEN_MAX", 5)
    async with hub_on(MemoryBus()) as hub, watching(hub) as seated:
        silent = [await asyncio.open_connection("127.0.0.1", hub.port) for _ in range(8)]
        gone = [asyncio.create_task(reader.read()) for reader, _ in silent]
        await wait_for(lambda: sum(task.done() for task in gone) == 3)
        assert all(task.done() for task in gone[:3])
        async with watching(hub) as newcomer:
            await wait_for(lambda: newcomer.said("health"))
        assert seated.reading is not None
        assert not seated.reading.done()
        for _, writer in silent:
            writer.close()
        await asyncio.gather(*gone, return_exceptions=True)
