"""The web process."""

import asyncio
import contextlib
import time

import pytest

from dashboard import web
from dashboard.free_ports import free_port
from tests.support.pages import PASSWORD, log_in, serving, settings


async def test_it_stops_within_five_seconds_also_with_a_page_open(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        _, writer = await asyncio.open_connection("127.0.0.1", visitor.base_url.port)
        writer.write(b"GET /login HTTP/1.1\r\nHost: x\r\n")  # never ends its request
        await writer.drain()
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    writer.close()


async def test_a_port_that_is_taken_is_told(redis_url: str) -> None:
    port = free_port()
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
        await asyncio.wait_for(web.run(settings(port, free_port()), redis_url, asyncio.Event()), 20)
    taken.close()


async def test_a_basemap_that_cannot_be_read_costs_the_streets_and_not_the_picture(redis_url: str) -> None:
    async with serving(redis_url, basemap="/nowhere/streets.pmtiles") as visitor:
        await log_in(visitor)
        layout = (await visitor.get("/_dash-layout")).text
        assert "No street map: the one this site names cannot be read" in layout
        assert "nowhere" not in layout
        assert (await visitor.get("/basemap/11/525/761.mvt")).status_code == 204


async def _ends(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the connection ends, however it ends."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(8):
            while data := await reader.read(65536):
                got += data
    return got


@pytest.mark.parametrize("begun", [b"", b"GET /login HTTP/1.1\r\nHost: x\r\n"])
async def test_who_does_not_ask_in_time_is_cut(redis_url: str, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "HEAD_S", 0.3)
    async with serving(redis_url) as visitor:
        reader, writer = await asyncio.open_connection("127.0.0.1", visitor.base_url.port)
        writer.write(begun)
        assert await _ends(reader) == b""
        writer.close()


async def test_a_head_that_comes_byte_by_byte_has_no_more_time(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "HEAD_S", 0.5)
    whole = b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(redis_url) as visitor:
        reader, writer = await asyncio.open_connection("127.0.0.1", visitor.base_url.port)
        writer.write(whole)
        assert await asyncio.wait_for(reader.readline(), 8) == b"HTTP/1.1 200 OK\r\n"
        ended = asyncio.create_task(_ends(reader))
        begun = time.monotonic()
        while not ended.done() and time.monotonic() - begun < 5:
            writer.write(b"G")
            await asyncio.wait({ended}, timeout=0.1)
        assert ended.done()
        assert time.monotonic() - begun < 3
        writer.close()


async def test_the_same_connection_may_ask_again_and_two_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEAD_S", 0.3)
    whole = b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(redis_url) as visitor:
        reader, writer = await asyncio.open_connection("127.0.0.1", visitor.base_url.port)
        writer.write(whole * 2)
        writer.write(b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = await _ends(reader)
        assert got.count(b"HTTP/1.1 200 OK") == 2
        assert got.count(b"HTTP/1.1 404 ") == 1
        writer.close()


async def test_an_answer_that_nobody_takes_ends(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "EXCHANGE_S", 0.3)
    async with serving(redis_url) as visitor:
        reader, writer = await asyncio.open_connection("127.0.0.1", visitor.base_url.port)
        writer.write(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nname=")
        assert await _ends(reader) == b""
        writer.close()


async def test_silent_connections_never_shut_the_port(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "WAITING_MAX", 8)
    async with serving(redis_url) as visitor:
        lines = [await asyncio.open_connection("127.0.0.1", visitor.base_url.port) for _ in range(60)]
        for _ in range(3):
            assert (await visitor.get("/login")).status_code == 200
        assert await _ends(lines[0][0]) == b""
        for _, writer in lines:
            writer.close()


async def _tries_of_two_places_behind_a_proxy(redis_url: str, **site: object) -> int:
    """Return the answer to the second place's right log-in, after the first has used up its tries."""
    async with serving(redis_url, **site) as visitor:

        async def log_in_from(place: str, password: str) -> int:
            form = {"name": "wall", "password": password}
            return (await visitor.post("/login", data=form, headers={"X-Forwarded-For": place})).status_code

        for _ in range(8):
            assert await log_in_from("198.51.100.7", "wrong") == 401
        assert await log_in_from("198.51.100.7", PASSWORD) == 429
        return await log_in_from("198.51.100.8", PASSWORD)


async def test_a_proxy_that_the_site_names_is_believed_who_asks(redis_url: str) -> None:
    assert await _tries_of_two_places_behind_a_proxy(redis_url, trusted_proxies=("127.0.0.0/8",)) == 303
    assert await _tries_of_two_places_behind_a_proxy(redis_url, public_url="https://ops.example") == 303


async def test_nobody_else_is_believed_who_asks(redis_url: str) -> None:
    assert await _tries_of_two_places_behind_a_proxy(redis_url) == 429
    elsewhere = {"public_url": "https://ops.example", "trusted_proxies": ("10.0.0.4",)}
    assert await _tries_of_two_places_behind_a_proxy(redis_url, **elsewhere) == 429
