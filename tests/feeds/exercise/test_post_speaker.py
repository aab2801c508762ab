"""feeds.exercise.post_speaker against the real door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from feeds.adapters import load
from feeds.exercise.post_speaker import Cad, PostSpeaker, cameras, phones
from feeds.memory_bus import MemoryBus
from feeds.report import CameraReport, IncidentReport, UnitReport
from tests.support.exercise import TOKENS, eventually, journaled, journaled_count, open_door

AT = 1_790_000_000.0


def place(unit: str, at: float = AT) -> UnitReport:
    return UnitReport(observed_at=at, unit_id=unit, lat=41.88, lon=-87.63, course_deg=0.0, speed_mps=1.0)


def engine(at: float = AT) -> UnitReport:
    return UnitReport(
        observed_at=at, unit_id="CFD-E-1", lat=41.88, lon=-87.63, call_sign="E-1", unit_type="Engine",
        primary_status="Available", secondary_status=("InQuarters",),
    )  # fmt: skip


@contextlib.asynccontextmanager
async def speaking(speaker: PostSpeaker) -> AsyncIterator[PostSpeaker]:
    task = asyncio.create_task(speaker.run())
    try:
        yield speaker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_phones_post_each_for_itself_and_a_door_that_goes_away_costs_nothing() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        port = gate.feed_port
        speaker = PostSpeaker("tpd-avl", f"ws://127.0.0.1:{port}", TOKENS["tpd-avl"], phones)
        async with speaking(speaker):
            speaker.put("tpd", [place("TPD-T-1"), place("TPD-T-2")])
            await eventually(lambda: speaker.waiting == 0)
        assert len(await journaled(bus, "tpd")) == 2
    async with speaking(speaker):
        speaker.put("tpd", [place(f"TPD-T-{n}", AT + 1) for n in range(1, 6)])
        async with open_door(bus, feed_port=port):
            await eventually(lambda: speaker.waiting == 0)
    reports = await journaled(bus, "tpd")
    assert [r.unit_id for r in reports[2:]] == [f"TPD-T-{n}" for n in range(1, 6)]  # type: ignore[union-attr]
    assert {r.status for r in reports} == {"exercise"}, "by its source: OwnTracks has no word for it"


async def test_cameras_post_their_events_together() -> None:
    bus = MemoryBus()
    events = [CameraReport(observed_at=AT, camera_id=f"POD-{n}", camera_kind="ptz", camera_state="live", lat=41.88,
                           lon=-87.63) for n in range(100)]  # fmt: skip
    assert len(cameras("cpd", events)) == 3
    async with open_door(bus) as gate:
        speaker = PostSpeaker("cpd-cam", f"ws://127.0.0.1:{gate.feed_port}", TOKENS["cpd-cam"], cameras)
        async with speaking(speaker):
            speaker.put("cpd", events)
            assert len(await journaled_count(bus, "cpd", 100)) == 100


def test_a_cad_says_a_resource_whole_also_when_only_its_place_is_new() -> None:
    cad = Cad()
    assert cad("cfd", [place("CFD-E-1")]) == [], "nobody knows yet what it is"
    (first,) = cad("cfd", [engine()])
    (moved,) = cad("cfd", [place("CFD-E-1", AT + 5)])
    eido = load("eido")
    (before,), (after,) = (eido.open().decode(body, AT + 6).reports for body in (first, moved))
    assert isinstance(before, UnitReport) and isinstance(after, UnitReport)
    assert (after.unit_id, after.observed_at, after.speed_mps) == (before.unit_id, AT + 5, 1.0)
    assert (after.call_sign, after.unit_type, after.primary_status) == ("E-1", "Engine", "Available")


async def test_a_cad_speaks_eido_of_incidents_and_resources() -> None:
    bus = MemoryBus()
    fire = IncidentReport(observed_at=AT, incident_id="urn:emergency:uid:incidentid:7:cfd.exercise.invalid",
                          type_common="STRUCTFR", status_common=("Active",), priority_common=10)  # fmt: skip
    async with open_door(bus) as gate:
        speaker = PostSpeaker("cfd-cad", f"ws://127.0.0.1:{gate.feed_port}", TOKENS["cfd-cad"], Cad())
        async with speaking(speaker):
            speaker.put("cfd", [fire, engine()])
            reports = await journaled_count(bus, "cfd", 2)
        assert speaker.refused == 0
    assert {type(r) for r in reports} == {IncidentReport, UnitReport}


async def test_a_wrong_token_is_tried_again_and_nothing_is_lost() -> None:
    async with open_door(MemoryBus()) as gate:
        speaker = PostSpeaker("tpd-avl", f"ws://127.0.0.1:{gate.feed_port}", "wrong", phones)
        async with speaking(speaker):
            speaker.put("tpd", [place("TPD-T-1")])
            await eventually(lambda: gate.refused["wrong token"] > 0)
        assert speaker.waiting == 1
