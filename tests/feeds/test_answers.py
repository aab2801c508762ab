"""The answers of one connection: their order, their bound, and a line that does not take them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection

from feeds.adapter import Refusal
from feeds.answers import Answers
from feeds.pending import Pending
from tests.support.one_connection import one_connection


@contextlib.asynccontextmanager
async def line() -> AsyncIterator[tuple[ServerConnection, ClientConnection]]:
    async with one_connection() as (address, served), connect(address, compression=None) as client:
        yield await served, client


def pending(seq: int) -> Pending:
    made = Pending(None)
    made.ack(seq)
    return made


async def test_answers_come_in_the_order_of_the_messages_however_they_land():
    async with line() as (connection, client), asyncio.timeout(10):
        answers = Answers(connection, 64)
        three = [pending(seq) for seq in (1, 2, 3)]
        for one in three:
            await answers.add(one)
        for one in (three[1], three[2], three[0]):
            one.release()
        assert [await client.recv() for _ in three] == ['{"ack":[1]}', '{"ack":[2]}', '{"ack":[3]}']
        await answers.all_written()


async def test_no_more_are_taken_than_may_wait():
    async with line() as (connection, client), asyncio.timeout(10):
        answers = Answers(connection, 2)
        first, second = pending(1), pending(2)
        await answers.add(first)
        full = asyncio.create_task(answers.add(second))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not full.done()
        first.release()
        await full
        assert await client.recv() == '{"ack":[1]}'


async def test_a_line_that_takes_nothing_is_told_and_gets_the_rest_in_order_when_it_takes_again():
    async with line() as (connection, client), asyncio.timeout(20):
        connection.transport.set_write_buffer_limits(1024)
        client.transport.pause_reading()
        answers = Answers(connection, 64)
        sent = 0
        while not answers.stuck.is_set():
            sent += 1
            long = pending(sent)
            for n in range(2000):
                long.refuse(Refusal(n, "a reason of some length", seq=n))
            long.release()
            await answers.add(long)
            await asyncio.sleep(0)
        late = pending(sent + 1)
        late.release()
        await answers.add(late)
        taken = asyncio.create_task(answers.until_taken())
        await asyncio.sleep(0)
        assert not taken.done()
        client.transport.resume_reading()
        for n in range(1, sent + 2):
            assert f'"ack":[{n}]' in str(await client.recv())
        assert await taken and not answers.stuck.is_set()


async def test_a_line_that_is_gone_is_told():
    async with line() as (connection, client), asyncio.timeout(10):
        answers = Answers(connection, 64)
        client.transport.abort()
        await connection.wait_closed()
        one = pending(1)
        one.release()
        await answers.add(one)
        await answers.stuck.wait()
        assert not await answers.until_taken()
