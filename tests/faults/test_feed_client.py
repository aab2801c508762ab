"""What an agency installs, FeedClient, through kills of the gateway and of Redis: all of it arrives, once."""

import time
from pathlib import Path

import pytest

from feeds.client import FeedClient
from tests.support.faults import CPD, FORM, site
from tests.support.redis import until
from tests.support.senders import TOKENS, latitude
from tests.support.subscriber import hearing, journaled

pytestmark = [pytest.mark.redis, pytest.mark.chaos]


async def test_all_that_a_feed_client_took_is_journaled_once_through_kills_of_gateway_and_redis(tmp_path: Path):
    sent = 0

    def reports(count: int) -> list[dict[str, object]]:
        nonlocal sent
        sent += count
        return [
            {"kind": "unit", "unit_id": f"U{n % 50}", "observed_at": time.time(), "lat": latitude(n), "lon": -87.63}
            for n in range(sent - count, sent)
        ]

    async with site(tmp_path) as running:
        gateway = await running.started("gateway")
        url = f"ws://127.0.0.1:{gateway.port}"
        async with (
            hearing(running.redis.url, CPD) as heard,
            FeedClient(url, "cpd-avl", TOKENS["cpd-avl"], tmp_path / "spool") as feed,
        ):
            for kill in range(2 * FORM.gateway_kills):
                for _ in range(20):
                    await feed.send(reports(40))
                await until(lambda: feed.counts.answered > 0, what="answers")
                if kill % 2:
                    await running.kill_redis()
                else:
                    gateway.kill()
                    await feed.send(reports(500))
                    await gateway.start()
            await feed.flush(within_s=60)
            assert (feed.counts.refused.total(), feed.waiting) == (0, 0)
            await until(lambda: len(heard.of("cpd-avl")) >= sent, what="all reports")
            assert sorted(set(heard.of("cpd-avl"))) == sorted(heard.of("cpd-avl")), "none twice"
        assert await journaled(running.redis.url, CPD, "cpd-avl") == heard.of("cpd-avl")
        assert len(heard.of("cpd-avl")) == sent
