import asyncio
import json

from dashboard.audience import Audience
from dashboard.reads import KEEP_S, Reads, health, unknown
from dashboard.viewer import Viewer
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from tests.support.heard import T0, delivery, heard, unit

CPD = AgencyId("cpd")


def audience_of(count: int) -> Audience:
    picture = heard(delivery(1, *[unit(f"u{n}") for n in range(count)]))
    picture.flush()
    return Audience(picture, Rules(()), ViewerClass(CPD), T0)


async def test_a_layer_is_made_once_for_all_who_ask_within_half_a_second() -> None:
    reads, audience = Reads(), audience_of(600)
    one, two = await asyncio.gather(reads.collection(audience, "units"), reads.collection(audience, "units"))
    assert one is two
    assert len(json.loads(one)["features"]) == 600
    audience.view.at += KEEP_S + 0.1
    assert await reads.collection(audience, "units") is not one


async def test_while_a_large_layer_is_made_others_get_their_turn() -> None:
    reads, audience = Reads(), audience_of(2000)
    turns = 0
    making = asyncio.create_task(reads.collection(audience, "units"))
    while not making.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 8


async def test_what_was_made_for_a_class_that_is_gone_is_dropped() -> None:
    reads, audience = Reads(), audience_of(3)
    await reads.collection(audience, "units")
    reads.forget(audience)
    assert not reads._kept
    assert not reads._making


def test_how_many_look_is_told_to_programs_alone() -> None:
    audience = audience_of(3)
    person = Viewer(name="p", agency=CPD, roles=(), kind="wall")
    program = Viewer(name="p", agency=CPD, roles=(), kind="api", api=True)
    bodies = [json.loads(health(v, audience, (), {"bus": "live"}, {"viewers": 7})[1]) for v in (person, program)]
    counts = {"units": 3, "incidents": 0, "cameras": 0, "zones": 0, "log": 0}
    assert bodies[0] == {"feeds": [], "picture": counts, "bus": "live"}
    assert bodies[1]["viewers"] == 7


def test_an_unknown_path_is_told_what_there_is() -> None:
    status, body = unknown()
    assert status == 404
    assert "units.geojson" in json.loads(body)["error"]
