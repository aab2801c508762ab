"""One connection to the door: what it does not wait for, and what it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection

from feeds import feed_line
from feeds.errors import FeedLost
from feeds.feed_line import Answer, Line, open_line
from tests.support.one_connection import one_connection


@asynccontextmanager
async def door() -> AsyncIterator[tuple[Line, ServerConnection]]:
    async with one_connection() as (address, served):
        line = await open_line(address, "s", "t")
        yield line, await served
    await line.close()


async def test_frames_arrive_whole_and_in_order_and_answers_come_back():
    async with door() as (line, connection), asyncio.timeout(10):
        for n in range(20):
            await line.send(b"[%d]" % n)
        assert [await connection.recv() for _ in range(20)] == [f"[{n}]" for n in range(20)]
        await connection.send('{"ack":[1,2]}')
        assert await line.answer(within_s=None) == Answer(ack=(1, 2))


async def test_a_line_that_takes_no_more_is_waited_for():
    async with door() as (line, connection), asyncio.timeout(20):
        connection.transport.pause_reading()
        frame, sent = b"x" * 100_000, 0
        while True:
            sending = asyncio.create_task(line.send(frame))
            await asyncio.sleep(0)
            sent += 1
            if not sending.done():
                break
            await sending
        connection.transport.resume_reading()
        for _ in range(sent):
            assert len(await connection.recv()) == len(frame)
        await sending


async def test_a_line_that_takes_nothing_for_long_is_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_line, "SEND_WITHIN_S", 0.1)
    async with door() as (line, connection), asyncio.timeout(20):
        connection.transport.pause_reading()
        with pytest.raises(FeedLost):
            while True:
                await line.send(b"x" * 100_000)
        connection.transport.resume_reading()


async def test_nothing_is_sent_on_a_line_that_is_gone():
    async with door() as (line, connection), asyncio.timeout(10):
        connection.transport.abort()
        with pytest.raises(FeedLost):
            await line.answer(within_s=None)
        with pytest.raises(FeedLost):
            await line.send(b"[]")
