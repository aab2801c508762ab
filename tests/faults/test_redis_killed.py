"""`kill -9` of Redis under load: what was acknowledged is heard once, in order, and soon after the restart."""

import time
from pathlib import Path

import pytest

from feeds.bus import LineBack
from tests.support.faults import CPD, FORM, ISP, site
from tests.support.redis import until
from tests.support.senders import Sender, cot, sending
from tests.support.subscriber import assert_exactly_once, hearing, journaled

pytestmark = [pytest.mark.redis, pytest.mark.chaos]

CAUGHT_UP_S = 2.0


async def test_every_acknowledged_batch_is_heard_exactly_once_and_in_order_however_often_redis_is_killed(
    tmp_path: Path,
):
    async with site(tmp_path) as running:
        gateway = await running.started("gateway")
        senders = {
            CPD: Sender("cpd-avl", lambda: gateway.port),
            ISP: Sender("isp-cot", lambda: gateway.port, make=cot),
        }
        small = Sender("cpd-cad", lambda: gateway.port, run="other", per_frame=3)
        everybody = (*senders.values(), small)
        async with hearing(running.redis.url, CPD, ISP) as heard, sending(*everybody):
            for kill in range(1, FORM.redis_kills + 1):
                for sender in everybody:
                    await sender.more(60)
                await running.kill_redis()
                began = time.monotonic()
                acknowledged = {s.source: s.acknowledged[-1] for s in everybody}
                await until(
                    lambda kill=kill, known=acknowledged: (
                        heard.counts[LineBack] > kill and all(heard.newest(s) >= n for s, n in known.items())
                    ),
                    CAUGHT_UP_S,
                    "the subscriber's return",
                )
                for sender in everybody:  # the lanes, too, have found the server
                    await sender.more(1, began + CAUGHT_UP_S - time.monotonic())
            for sender in everybody:
                await sender.finish()
            await until(lambda: all(heard.newest(s.source) == s.sent for s in everybody))
            for sender in everybody:
                assert sender.cuts == 0, "a lost bus is not a lost line"
                assert_exactly_once(heard.of(sender.source), sender.acknowledged)
        for agency, sender in senders.items():
            assert await journaled(running.redis.url, agency, sender.source) == sender.acknowledged
