"""The web process."""

import asyncio
import time

import pytest

from dashboard import web
from tests.support.pages import log_in, serving, settings
from tests.support.wall_page import free_port


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
