"""Short commands of many callers on one line."""

import asyncio

import pytest

from feeds.errors import BusDown
from feeds.redis_errands import Errands
from feeds.redis_line import Command, Line


class Counted(Line):
    """A line that notes what went in one piece."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.pieces: list[int] = []

    async def ask(self, *commands: Command, within: float) -> list[object]:
        self.pieces.append(len(commands))
        return await super().ask(*commands, within=within)


async def test_what_is_asked_at_the_same_moment_goes_in_one_piece_and_each_gets_his_own_replies(redis_url: str):
    line = Counted(redis_url)
    errands = Errands(line, 2.0)

    async def errand(n: int) -> list[object]:
        (before,) = await errands.ask((b"ECHO", b"before %d" % n))
        return [before, *await errands.ask((b"ECHO", b"%d" % n), (b"NO-SUCH-COMMAND",), (b"ECHO", b"after %d" % n))]

    answers = await asyncio.gather(*map(errand, range(7)))
    for n, (before, mine, refused, after) in enumerate(answers):
        assert (before, mine, after) == (b"before %d" % n, b"%d" % n, b"after %d" % n)
        assert "unknown command" in str(refused)
    assert line.pieces == [7, 21]
    line.close()


async def test_who_waits_no_longer_costs_the_others_of_his_piece_nothing(redis_url: str):
    errands = Errands(Line(redis_url), 2.0)
    leaves, stays = (asyncio.create_task(errands.ask((b"ECHO", word))) for word in (b"a", b"b"))
    await asyncio.sleep(0)
    leaves.cancel()
    assert await stays == [b"b"]
    with pytest.raises(asyncio.CancelledError):
        await leaves
    assert await errands.ask((b"ECHO", b"c")) == [b"c"]
    errands.line.close()


async def test_a_line_that_breaks_is_told_to_all_who_wait_and_the_next_errand_opens_it_again(redis_url: str):
    errands = Errands(Line(redis_url), 2.0)
    assert await errands.ask((b"PING",)) == [b"PONG"]
    waiting = [asyncio.create_task(errands.ask((b"BLPOP", b"nothing", b"0"))) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    errands.line.abort()
    for told in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(told, BusDown)
    assert await errands.ask((b"PING",)) == [b"PONG"]
    errands.line.close()
