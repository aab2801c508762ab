"""feeds.exercise.run: the whole exercise through the real door."""

import asyncio
from pathlib import Path

from feeds.exercise.run import ExerciseSettings, run
from feeds.memory_bus import MemoryBus
from feeds.report import CameraReport, IncidentReport, UnitReport
from tests.support.exercise import TOKENS, journaled, open_door

AGENCIES = ("cpd", "ccso", "isp", "cfd", "tpd", "ftf")


async def test_the_first_picture_is_full_within_seconds_and_nothing_is_refused(tmp_path: Path) -> None:
    bus = MemoryBus()
    stop = asyncio.Event()
    async with open_door(bus) as gate:
        settings = ExerciseSettings(
            units=300, feed_url=f"ws://127.0.0.1:{gate.feed_port}", cot_host="127.0.0.1", cot_port=gate.cot_port,
            tokens=TOKENS, ports={"cpd-avl": gate.listening["tcp:0"]}, streets_path=tmp_path / "absent.npz",
        )  # fmt: skip
        running = asyncio.create_task(run(settings, stop))
        units: set[str] = set()
        incidents: set[str] = set()
        cameras: set[str] = set()
        async with asyncio.timeout(30):
            while len(units) < 300 or len(incidents) < 40 or len(cameras) < 60:
                await asyncio.sleep(0.05)
                for agency in AGENCIES:
                    for report in await journaled(bus, agency):
                        if isinstance(report, UnitReport):
                            units.add(report.unit_id)
                        elif isinstance(report, IncidentReport):
                            incidents.add(report.incident_id)
                        elif isinstance(report, CameraReport):
                            cameras.add(report.camera_id)
        stop.set()
        async with asyncio.timeout(5):
            await running
        assert gate.refused.total() == 0
        assert {x.settings.id: x.health().reasons for x in gate.ledgers if x.health().rejected} == {}
        silent = [x.settings.id for x in gate.ledgers if not x.health().accepted and x.settings.agency != "guest"]
        assert silent in ([], ["cfd-ops"]), "every system of every agency has spoken, in its own dialect"
    status = {r.incident_id: r.status_common for r in await journaled(bus, "cpd") if isinstance(r, IncidentReport)}
    assert set(status.values()) == {("Closed",)}
    assert await journaled(bus, "guest") == []
    assert await journaled(bus, "jocc") == []
