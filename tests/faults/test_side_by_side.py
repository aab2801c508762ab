"""Two gateways of one agency side by side, one killed: its senders go to the other, nothing is lost or doubled."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from feeds.errors import FeedRefused
from tests.support.faults import CPD, FORM, ISP, site, viewing
from tests.support.redis import until
from tests.support.senders import Frame, Sender, cot, exchange, native, sending
from tests.support.subscriber import assert_exactly_once, hearing

pytestmark = [pytest.mark.redis, pytest.mark.chaos]


async def test_senders_of_a_killed_gateway_go_to_the_other_and_nothing_is_lost_or_doubled(tmp_path: Path):
    async with site(tmp_path) as running:
        gateways = [await running.started("gateway"), await running.started("gateway")]
        doors = [cycle(g.port for g in gateways) for _ in range(3)]
        senders = (
            Sender("cpd-avl", lambda: next(doors[0])),
            Sender("cpd-cad", lambda: next(doors[1]), run="other", per_frame=1, window=60),
            Sender("isp-cot", lambda: next(doors[2]), make=cot, window=60),
        )
        async with hearing(running.redis.url, CPD, ISP) as heard, sending(*senders):
            for kill in range(FORM.failovers):
                for sender in senders:
                    await sender.more(80)
                gateways[kill % 2].kill()
                for sender in senders:
                    await sender.more(80)
                await gateways[kill % 2].start()
            for sender in senders:
                await sender.finish()
                assert sender.cuts == FORM.failovers, "each was on the gateway that was killed"
            await until(lambda: all(heard.newest(s.source) == s.sent for s in senders))
            for sender in senders:
                assert sender.acknowledged == list(range(1, sender.sent + 1))
                assert_exactly_once(heard.of(sender.source), sender.acknowledged)


@pytest.mark.parametrize(("source", "make"), [("cpd-avl", native), ("isp-cot", cot)], ids=["native", "cot"])
async def test_what_one_gateway_journaled_is_a_duplicate_at_the_other_at_once(
    tmp_path: Path, source: str, make: Callable[[int, int], Frame]
):
    async with site(tmp_path) as running:
        one, other = await running.started("gateway"), await running.started("gateway")
        hub = await running.started("hub")
        for round_ in range(FORM.failovers):
            first, second = 1 + 50 * round_, 26 + 50 * round_
            frames = [make(n, 1) for n in range(first, second)]
            assert all(a.ack for a in await exchange(one.port, source, frames))
            assert all(a.duplicate for a in await exchange(other.port, source, frames))
            frames = [make(n, 1) for n in range(second, second + 25)]
            assert all(a.ack for a in await exchange(other.port, source, frames))
            assert all(a.duplicate for a in await exchange(one.port, source, frames))
        taken = 50 * FORM.failovers
        async with viewing(hub.port) as viewer:

            def feed() -> tuple[object, ...]:
                feeds = viewer.said("health")[-1]["feeds"] if viewer.said("health") else []
                return next(
                    (
                        (f["accepted"], f["duplicate"], f["rejected"], f["gaps"], f["state"])
                        for f in feeds
                        if f["source"] == source
                    ),
                    (),
                )

            await until(lambda: feed() == (taken, taken, 0, 0, "live"), what="what both took, as one feed")


async def test_gateways_for_some_agencies_each_take_those_feeds_and_no_others(tmp_path: Path):
    async with site(tmp_path) as running:
        city = await running.started("gateway", "--agency", "cpd")
        state = await running.started("gateway", "--agency", "isp", "--agency", "jcc")
        async with hearing(running.redis.url, CPD, ISP) as heard:
            assert all(answer.ack for answer in await exchange(city.port, "cpd-avl", [native(n, 1) for n in (1, 2)]))
            assert all(answer.ack for answer in await exchange(state.port, "isp-cot", [cot(n, 1) for n in (1, 2)]))
            await until(lambda: heard.newest("cpd-avl") == heard.newest("isp-cot") == 2)
        for gateway, source, make in ((city, "isp-cot", cot), (state, "cpd-avl", native)):
            with pytest.raises(FeedRefused):
                await exchange(gateway.port, source, [make(3, 1)])
