import asyncio
import time

import pytest

from dashboard import first_views
from dashboard.audience import Audience
from dashboard.first_views import FirstViews
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from layers.delta import keyframe
from layers.picture import Picture
from layers.policy import Rules, ViewerClass
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import T0, delivery, heard, unit
from tests.support.live import hub_on, wait_for, watching
from tests.support.pair import Client, Pair

CPD = ViewerClass(AgencyId("cpd"))


class Making:
    """First views of one picture, without a hub: `tick` is what the hub does at each."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.ready: dict[ViewerClass, Audience] = {}
        self.failed: list[str] = []
        self.views = FirstViews(self.make, self.ready, lambda what, error: self.failed.append(what))
        picture.flush()

    def make(self, viewer_class: ViewerClass, t: float) -> Audience:
        return Audience(self.picture, Rules(()), viewer_class, t, whole=False)

    def tick(self, t: float) -> None:
        self.views.step(*self.picture.flush(), t)


def six_units() -> Picture:
    return heard(delivery(1, *[unit(f"u{n}", at=T0) for n in range(6)]))


@pytest.fixture(autouse=True)
def _two_at_once(monkeypatch) -> None:
    monkeypatch.setattr(first_views, "RECORDS_AT_ONCE", 2)


async def test_a_class_that_asks_while_the_picture_changes_gets_one_equal_to_one_made_at_once() -> None:
    making = Making(six_units())
    future = making.views.want(CPD)
    making.tick(T0)
    assert not future.done()
    making.picture.apply(delivery(2, unit("u0", at=T0 + 1, lat=41.0, call_sign="1"), unit("new", at=T0 + 1)))
    making.tick(T0 + 1)
    assert not future.done() and not making.ready
    working = asyncio.create_task(making.views.work())
    audience = await asyncio.wait_for(future, 5)
    working.cancel()
    assert making.ready == {CPD: audience}
    client, fresh = Client(), Pair(making.picture, "cpd", t=T0 + 1).client
    client.take(keyframe(audience.view))
    assert client.by_id("units") == fresh.by_id("units")
    assert len(client.by_id("units")) == 7


async def test_a_small_view_is_there_at_the_tick_it_was_asked_for() -> None:
    making = Making(heard(delivery(1, unit("a"), unit("b"))))
    future = making.views.want(CPD)
    assert making.views.want(CPD) is future
    making.tick(T0)
    assert future.result() is making.ready[CPD]


async def test_a_view_that_was_being_made_of_another_picture_is_made_anew() -> None:
    making = Making(six_units())
    future = making.views.want(CPD)
    making.tick(T0)
    making.picture = heard(delivery(1, unit("only")))
    making.views.begin_anew()
    making.tick(T0 + 1)
    client = Client()
    client.take(keyframe(future.result().view))
    assert set(client.by_id("units")) == {("cpd", "only")}


async def test_a_view_that_fails_while_it_is_made_is_refused_and_asked_for_again_it_is_made(monkeypatch) -> None:
    making = Making(six_units())
    future = making.views.want(CPD)
    making.tick(T0)
    with monkeypatch.context() as broken:
        broken.setattr(Audience, "step", lambda *said: 1 / 0)
        making.tick(T0 + 1)
    with pytest.raises(TimeoutError):
        future.result()
    assert making.failed == ["class:cpd"] and not making.ready
    again = making.views.want(CPD)
    for n in (2, 3, 4):
        making.tick(T0 + n)
    assert again.result() is making.ready[CPD]


async def test_a_view_is_made_though_the_loop_has_much_else_to_do() -> None:
    making = Making(heard(delivery(1, *[unit(f"u{n}", at=T0) for n in range(60)])))
    future = making.views.want(CPD)
    making.tick(T0)
    working = asyncio.create_task(making.views.work())
    rounds = 0
    while not future.done():
        rounds += 1
        time.sleep(0.02)  # noqa: ASYNC251 - this is what keeps the loop
        await asyncio.sleep(0)
    working.cancel()
    assert rounds < 15, "with a slice a round it were thirty"


async def test_a_newcomer_of_a_new_class_gets_it_all_while_others_go_on() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub:
        await say(bus, *[unit(f"u{n}", at=now()) for n in range(40)])
        await wait_for(lambda: hub.picture.counts()["units"] == 40)
        async with watching(hub) as jcc, watching(hub, "fire-token") as fire:
            await wait_for(lambda: len(units(jcc)) == 40 and fire.client.frames)
            await say(bus, unit("u40", at=now()))
            await wait_for(lambda: "u40" in units(jcc))
