"""`kill -9` of the gateway: senders that send again lose nothing, and nothing is journaled twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.names import SourceId
from feeds.redis_bus import RedisBus
from tests.support.faults import CPD, FORM, ISP, site
from tests.support.redis import until
from tests.support.senders import Frame, Sender, cot, exchange, native, sending
from tests.support.subscriber import assert_exactly_once, hearing, journaled

pytestmark = [pytest.mark.redis, pytest.mark.chaos]


async def test_senders_that_send_again_lose_nothing_and_duplicate_nothing(tmp_path: Path):
    async with site(tmp_path) as running:
        gateway = await running.started("gateway")
        bus = RedisBus(running.redis.url)
        senders = (
            Sender("cpd-avl", lambda: gateway.port),
            Sender("cpd-cad", lambda: gateway.port, run="other", per_frame=1, window=60),
            Sender("isp-cot", lambda: gateway.port, make=cot, window=60),
        )
        async with hearing(running.redis.url, CPD, ISP) as heard, sending(*senders):
            for kill in range(FORM.gateway_kills):
                for sender in senders:
                    await sender.more(80)
                gateway.kill()
                if kill % 2 == 0:
                    # the tail alone no longer knows: what is trimmed must come from the record
                    assert await bus.trim(CPD, max(id_ for agency, id_ in heard.batches if agency == CPD)) > 0
                await gateway.start()
            for sender in senders:
                await sender.finish()
                assert sender.cuts == FORM.gateway_kills
            await until(lambda: all(heard.newest(s.source) == s.sent for s in senders))
            for sender in senders:
                assert sender.acknowledged == list(range(1, sender.sent + 1))
                assert_exactly_once(heard.of(sender.source), sender.acknowledged)
        known = await bus.sequences(CPD)
        assert known == {
            (SourceId("cpd-avl"), "r1"): [(1, senders[0].sent)],
            (SourceId("cpd-cad"), "other"): [(1, senders[1].sent)],
        }
        await bus.close()


@pytest.mark.parametrize(("source", "make"), [("cpd-avl", native), ("isp-cot", cot)], ids=["native", "cot"])
async def test_what_was_journaled_before_the_kill_is_told_as_a_duplicate_after_it(
    tmp_path: Path, source: str, make: Callable[[int, int], Frame]
):
    frames = [make(1 + n, 1) for n in range(50)]
    async with site(tmp_path) as running:
        gateway = await running.started("gateway")
        answers = await exchange(gateway.port, source, frames)
        assert [a.ack for a in answers] == [(n,) for n in range(1, 51)]
        gateway.kill()
        await gateway.start()
        answers = await exchange(gateway.port, source, frames)
        assert [a.duplicate for a in answers] == [(n,) for n in range(1, 51)]
        for agency in (CPD, ISP):
            found = await journaled(running.redis.url, agency, source)
            assert found in ([], list(range(1, 51)))
