import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import BusDown
from feeds.redis_line import Line, Unreached, accepted
from tests.support.redis import Cable, command, until

pytestmark = pytest.mark.redis


@pytest.fixture
async def line(fresh_redis: EmbeddedRedis) -> AsyncIterator[Line]:
    made = Line(fresh_redis.url)
    yield made
    made.close()
    await asyncio.sleep(0)


async def test_replies_come_in_the_order_of_the_commands_and_an_error_is_one_of_them(line: Line):
    replies = await line.ask((b"SET", "k", b"\0\xff"), (b"INCR", "k"), (b"GET", "k"), within=2.0)
    assert replies[0] == b"OK"
    assert isinstance(replies[1], ResponseError)
    assert replies[2] == b"\0\xff"
    with pytest.raises(BusDown, match="refused"):
        accepted(replies)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("MISCONF Errors writing to the AOF file: No space left on device", "disk full"),
        ("MISCONF Errors writing to the AOF file: File too large", "disk full"),
        ("MISCONF Errors writing to the AOF file: Input/output error", "journal cannot be written"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "memory full"),
        ("ERR something with a payload", "refused by the server"),
    ],
)
def test_a_refusal_says_why_in_words_for_people_and_never_the_servers_text(said: str, why: str):
    with pytest.raises(BusDown) as refusal:
        accepted([b"OK", ResponseError(said)])
    assert refusal.value.why == why
    assert "payload" not in str(refusal.value)


async def test_after_a_timeout_the_late_reply_is_not_taken_for_the_next_one(line: Line, fresh_redis: EmbeddedRedis):
    await line.ask((b"SET", "k", b"1"), within=2.0)
    os.kill(fresh_redis.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unreached, match=r"0\.2 s"):
            await line.ask((b"GET", "k"), within=0.2)
    finally:
        os.kill(fresh_redis.pid, signal.SIGCONT)
    assert await line.ask((b"PING",), within=2.0) == [b"PONG"]


async def test_a_cancelled_ask_leaves_nothing_behind(line: Line, fresh_redis: EmbeddedRedis):
    await line.ask((b"PING",), within=2.0)
    waiting = asyncio.create_task(line.ask((b"BLPOP", "never", 5), within=6.0))
    await asyncio.wait([waiting], timeout=0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await line.ask((b"ECHO", b"hi"), within=2.0) == [b"hi"]


async def test_a_line_that_was_cut_while_idle_opens_again_with_the_next_command(line: Line, fresh_redis: EmbeddedRedis):
    await line.ask((b"PING",), within=2.0)
    await command(fresh_redis.url, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await until(lambda: line._wire is None or line._wire.lost)
    assert await line.ask((b"PING",), within=2.0) == [b"PONG"]


async def test_a_line_that_breaks_under_a_command_says_so_and_opens_with_the_next(
    line: Line, fresh_redis: EmbeddedRedis
):
    asked = asyncio.create_task(line.ask((b"BLPOP", "never", 5), within=6.0))
    while not await command(fresh_redis.url, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"):
        assert not asked.done()
    with pytest.raises(Unreached):
        await asked
    assert await line.ask((b"PING",), within=2.0) == [b"PONG"]


async def test_a_line_is_never_opened_by_what_expects_it_open(line: Line):
    with pytest.raises(Unreached):
        line.say(b"SUBSCRIBE", "c")


async def test_a_closed_line_stays_closed(line: Line):
    await line.ask((b"PING",), within=2.0)
    line.close()
    with pytest.raises(BusDown, match="closed"):
        await line.ask((b"PING",), within=2.0)


async def test_hearing_nothing_is_none_and_a_cut_is_an_error(line: Line, fresh_redis: EmbeddedRedis, tmp_path: Path):
    await line.ask((b"PING",), within=2.0)
    line.say(b"SUBSCRIBE", "c")
    assert await line.hear(2.0) == [b"subscribe", b"c", 1]
    assert await line.hear(0.05) is None
    await command(fresh_redis.url, "PUBLISH", "c", b"x")
    assert await line.hear(2.0) == [b"message", b"c", b"x"]
    await command(fresh_redis.url, "CLIENT", "KILL", "TYPE", "pubsub")
    with pytest.raises(Unreached):
        await line.hear(2.0)


async def test_a_message_that_comes_in_pieces_is_heard_whole(fresh_redis: EmbeddedRedis, tmp_path: Path):
    async with Cable(fresh_redis.url, tmp_path / "cable") as cable:
        line = Line(cable.url)
        body = os.urandom(3_000_000)
        await line.ask((b"SET", "k", body), within=5.0)
        assert await line.ask((b"GET", "k"), within=5.0) == [body]
        line.close()


async def test_a_password_that_is_wrong_is_bus_down(fresh_redis: EmbeddedRedis):
    await command(fresh_redis.url, "CONFIG", "SET", "requirepass", "right")
    for address, fine in ((f"{fresh_redis.url}?password=right", True), (f"{fresh_redis.url}?password=wrong", False)):
        line = Line(address)
        if fine:
            assert await line.ask((b"PING",), within=2.0) == [b"PONG"]
        else:
            with pytest.raises(BusDown) as down:
                await line.ask((b"PING",), within=2.0)
            assert "wrong" not in str(down.value)
        line.close()
