"""POSTs to the feed port, by a real client and by bare sockets."""

import asyncio
import contextlib
import json

import httpx
import pytest

from feeds import feed_port, http_feed
from feeds.gateway import Gateway
from feeds.http_feed import REQUEST_MAX, is_http
from feeds.memory_bus import MemoryBus
from tests.support.devices import event
from tests.support.gateway import CPD, GUEST, LooseBus, ask, gateway, health, journaled, sender, source, unit
from tests.support.redis import until


def client(door: Gateway, name: str = "cpd-avl", token: str | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{door.feed_port}",
        headers={"Authorization": f"Bearer {token or 'token-' + name}"},
        trust_env=False,
        timeout=10,
    )


async def test_a_post_is_answered_like_a_message_and_only_when_journaled():
    bus = MemoryBus()
    async with gateway(bus) as door, client(door) as http:
        answer = await http.post("/feed/cpd-avl?run=a", json=[unit(1), unit(2), unit(3, lat=99)])
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
        assert answer.json()["ack"] == [1, 2] and answer.json()["refused"][0]["reason"] == "lat out of range"
        again = await http.post("/feed/cpd-avl?run=a", json=unit(1))
        assert again.status_code == 200 and again.json() == {"duplicate": [1]}
        assert [row[2] for row in await journaled(bus, CPD)] == [1, 2]
        assert health(door, "cpd-avl").connections == 1
    assert health(door, "cpd-avl").connections == 0


async def test_every_dialect_may_be_posted():
    bus = MemoryBus()
    async with gateway(bus) as door, client(door, "guest-cot") as http:
        assert (await http.post("/feed/guest-cot", content=event("G-1"))).json() == {"ack": [1]}
        assert (await http.post("/feed/guest-cot", content=event("G-1"))).json() == {"duplicate": [2]}
        assert [row[3] for row in await journaled(bus, GUEST)] == ["G-1"]


async def test_a_message_of_which_nothing_was_taken_is_said_to_be_so():
    async with gateway(MemoryBus()) as door, client(door) as http:
        answer = await http.post("/feed/cpd-avl", content=b"{")
        assert answer.status_code == 422 and answer.json()["refused"][0]["reason"] == "not JSON"
        large = await http.post("/feed/cpd-avl", content=b" " * 100_000)
        assert large.status_code == 422 and large.json()["refused"][0]["reason"] == "larger than 64 kB"
        assert health(door, "cpd-avl").rejected == 2


async def test_who_is_turned_away_is_told_why():
    async with gateway(MemoryBus()) as door, client(door, token="wrong") as http:
        wrong = await http.post("/feed/cpd-avl", json=unit(1))
        assert wrong.status_code == 401 and "Bearer" in wrong.headers["www-authenticate"] and "token" in wrong.text
        assert (await http.post("/feed/nobody", json=unit(1))).status_code == 404
        put = await http.put("/feed/cpd-avl", json=unit(1))
        assert put.status_code == 405 and put.headers["allow"] == "POST"
        assert door.refused["wrong token"] == 1 and health(door, "cpd-avl").closed == {"wrong token": 1}


async def test_a_request_without_end_is_answered_and_cut():
    async with gateway(MemoryBus()) as door, client(door) as http:
        with contextlib.suppress(httpx.WriteError, httpx.ReadError):
            answer = await http.post("/feed/cpd-avl", content=b"x" * (REQUEST_MAX + 400_000))
            assert answer.status_code == 413
        assert (await http.post("/feed/cpd-avl?run=b", json=unit(1))).json() == {"ack": [1]}


async def test_a_journal_that_does_not_take_is_a_503_and_the_resend_a_duplicate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "JOURNALED_WITHIN_S", 0.2)
    bus = LooseBus()
    async with gateway(bus) as door, client(door) as http:
        bus.flow.clear()
        late = await http.post("/feed/cpd-avl?run=a", json=unit(1))
        assert late.status_code == 503 and late.headers["retry-after"]
        bus.flow.set()
        await until(lambda: health(door, "cpd-avl").accepted == 1)
        assert (await http.post("/feed/cpd-avl?run=a", json=unit(1))).json() == {"duplicate": [1]}


async def test_a_stop_answers_the_post_that_is_on_its_way():
    bus = LooseBus()
    async with contextlib.AsyncExitStack() as held:
        http = await held.enter_async_context(contextlib.AsyncExitStack())
        async with gateway(bus) as door:
            caller = await http.enter_async_context(client(door))
            bus.flow.clear()
            asking = asyncio.create_task(caller.post("/feed/cpd-avl?run=a", json=unit(1)))
            await until(lambda: bus.tried == 1)
            asyncio.get_running_loop().call_later(0.1, bus.flow.set)
        answer = await asking
        assert answer.json() == {"ack": [1]}


async def raw(port: int, *parts: bytes, end: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


def request(body: bytes, *more: bytes) -> bytes:
    head = [b"POST /feed/cpd-avl?run=a HTTP/1.1", b"Host: x", b"Authorization: Bearer token-cpd-avl", *more]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", body])


async def test_a_request_may_come_a_byte_at_a_time_and_two_in_one_piece():
    async with gateway(MemoryBus()) as door:
        whole = request(json.dumps(unit(1)).encode()) + request(json.dumps(unit(2)).encode(), b"Connection: close")
        answers = await raw(door.feed_port, *[bytes([byte]) for byte in whole])
        assert answers.count(b"HTTP/1.1 200") == 2 and b'{"ack":[1]}' in answers and b'{"ack":[2]}' in answers


async def test_what_is_no_http_after_all_is_told_so():
    async with gateway(MemoryBus()) as door:
        assert b"HTTP/1.1 400" in await raw(door.feed_port, b"POST nonsense\r\n\r\n")
        assert await raw(door.feed_port, b"\x00\x01 junk that is neither\r\n\r\n") == b""
        await until(lambda: door.refused["not a WebSocket request"] == 1)


async def test_a_slow_request_is_cut_with_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_feed, "WHOLE_WITHIN_S", 0.2)
    async with gateway(MemoryBus()) as door:
        assert b"HTTP/1.1 408" in await raw(door.feed_port, request(b"{" * 50)[:-30])


async def test_a_client_that_hangs_up_half_way_leaves_nothing_behind():
    async with gateway(MemoryBus()) as door:
        assert b"HTTP/1.1 400" in await raw(door.feed_port, request(b"{" * 50)[:-30], end=True)
        await until(lambda: len(door._feeds.crowd) == 0)


async def test_websockets_go_on_beside_posts():
    async with gateway(MemoryBus()) as door, client(door) as http, sender(door, "cpd-avl", "a") as line:
        assert await ask(line, unit(1)) == {"ack": [1]}
        assert (await http.post("/feed/cpd-avl?run=a", json=unit(1))).json() == {"duplicate": [1]}


def test_a_method_tells_http_from_the_rest():
    assert is_http(b"POST /feed") and is_http(b"DELETE /") and is_http(b"PUT ")
    assert is_http(b"GET /feed") is False and is_http(b"\x16\x03\x01 aaa") is False and is_http(b"x" * 20) is False
    assert is_http(b"") is None and is_http(b"POS") is None


async def test_a_phone_that_reads_no_reasons_is_not_made_to_send_again_for_ever():
    tracks = [source("cpd-phones", CPD, "owntracks")]
    async with gateway(MemoryBus(), tracks) as door, client(door, "cpd-phones") as http:
        for said in (b'{"_type":"location","tst":1,"lat":41,"lon":-87,"tid":"T7"}', b"{", b'{"_type":"encrypted"}'):
            answer = await http.post("/feed/cpd-phones", content=said)
            assert (answer.status_code, answer.content) == (200, b"[]")
        told = health(door, "cpd-phones")
        assert (told.accepted, told.rejected) == (1, 2)


async def test_who_may_not_send_is_told_before_his_message_is_read():
    head = b"POST /feed/cpd-avl HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\nContent-Length: 1000000\r\n\r\n"
    async with gateway(MemoryBus()) as door:
        answer = await raw(door.feed_port, head, b"x" * 1000)
        assert answer.startswith(b"HTTP/1.1 401") and b"close" in answer


async def test_who_reads_no_answers_is_cut_and_fills_no_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_feed, "READ_WITHIN_S", 0.2)
    async with gateway(MemoryBus()) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.feed_port, limit=1024)
        piece = request(b"[" + b",".join([b"{}"] * 1000) + b"]") * 10  # each answer is many times as large
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(10):
                while door._feeds.crowd:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        await until(lambda: len(door._feeds.crowd) == 0)
        writer.close()


async def test_a_head_has_an_answer_without_a_body():
    async with gateway(MemoryBus()) as door:
        answer = await raw(door.feed_port, b"HEAD /feed/cpd-avl HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 405") and answer.endswith(b"\r\n\r\n")


async def test_decoders_of_a_connection_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_port, "DECODERS_MAX", 3)
    async with gateway(MemoryBus()) as door, client(door) as http:
        for n in range(8):
            assert (await http.post(f"/feed/cpd-avl?run=a&unit=U{n}", json=unit(n))).status_code == 200
        (connection,) = door._feeds.crowd
        assert len(connection.decoders) == 3
