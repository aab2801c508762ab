"""The whole site on one machine: started, watched, stopped, and what happens when a part is killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support import demo as demo_support
from tests.support.demo import Demo, alive, until

pytestmark = [pytest.mark.slow, pytest.mark.redis]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_support.running(tmp_path) as running:
        yield running


def _units(demo: Demo) -> int:
    _, body = demo.get("/healthz")
    return body["picture"]["units"] if isinstance(body, dict) and "picture" in body else 0


def test_the_demo_prints_log_ins_then_the_token_then_ready_and_every_agency_is_on_the_picture(demo: Demo) -> None:
    assert [line.split()[0] for line in demo.lines][-2:] == ["api-token", "ready"]
    assert any(line.startswith("log-in wall ") for line in demo.lines)
    until(lambda: _units(demo) >= 55, 20, "units on the picture")
    _, units = demo.get("/api/units.geojson")
    assert {f["properties"]["agency"] for f in units["features"]} >= {"cpd", "ccso", "isp", "cfd", "tpd", "ftf"}


def test_the_demos_log_ins_may_look_back_and_the_record_grows(demo: Demo) -> None:
    until(lambda: _units(demo) >= 55, 20, "units on the picture")
    review = f"http://127.0.0.1:{demo.setting('review_port')}/read/recording"
    request = urllib.request.Request(review, headers={"Authorization": f"Bearer {demo.token}"})

    def recorded() -> dict[str, Any]:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    until(lambda: sum(minute["unit"] for minute in recorded()["minutes"]) >= 55, 20, "units on record")
    first = until(lambda: (now := recorded())["to"] > now["from"] and now, 10, "a record of some seconds")
    until(lambda: recorded()["to"] > first["to"], 5, "a record that grows")


def test_sigterm_stops_everything_within_five_seconds_and_leaves_no_process_behind(demo: Demo) -> None:
    pids = demo.family()
    assert len(pids) >= 7
    assert demo.stop() < 5
    assert [p for p in pids if alive(p)] == []
    assert demo.process.returncode == 0


def test_parts_that_hang_are_killed_within_the_same_five_seconds(demo: Demo) -> None:
    pids = demo.family()
    for name in ("hub", "redis"):
        os.kill(demo.pid_of(name), signal.SIGSTOP)
    assert demo.stop() < 5
    until(lambda: not any(alive(p) for p in pids), 1, "every process gone")


def test_killing_the_parent_leaves_no_process_behind(demo: Demo) -> None:
    pids = demo.family()
    os.kill(demo.process.pid, signal.SIGKILL)
    until(lambda: not any(alive(p) for p in pids), 5, "every process gone")


def _named(demo: Demo) -> dict[str, set[str]]:
    return {
        layer: {f["id"] for f in demo.get(f"/api/{layer}.geojson")[1]["features"]}
        for layer in ("units", "incidents", "cameras")
    }


def test_a_killed_hub_comes_back_with_everything_it_knew(demo: Demo) -> None:
    until(lambda: _units(demo) >= 55, 20, "units on the picture")
    before = _named(demo)
    os.kill(demo.pid_of("hub"), signal.SIGKILL)
    until(lambda: demo.get("/api/units.geojson")[0] != 200, 5, "the hub is gone")
    until(lambda: demo.get("/api/units.geojson")[0] == 200, 15, "the hub answers again")
    assert {layer: before[layer] - there for layer, there in _named(demo).items()} == {layer: set() for layer in before}


def test_an_exercise_never_writes_into_a_server_that_others_use(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    with demo_support.running(tmp_path) as demo:
        until(lambda: _units(demo) >= 55, 20, "units on the picture")
        with redis.from_url(redis_url) as other:
            assert other.keys("jointops:{cpd}*") == []


def test_a_killed_redis_comes_back_and_the_feeds_go_on(demo: Demo) -> None:
    until(lambda: _units(demo) >= 55, 20, "units on the picture")
    os.kill(demo.pid_of("redis"), signal.SIGKILL)
    until(lambda: demo.get("/healthz", token=False)[1]["redis"] != "ok", 5, "health says that Redis is gone")
    until(lambda: demo.get("/healthz", token=False)[1]["redis"] == "ok", 10, "Redis is back")
    accepted = sum(f["accepted"] for f in demo.get("/healthz")[1]["feeds"])
    until(lambda: sum(f["accepted"] for f in demo.get("/healthz")[1].get("feeds", [])) > accepted, 10, "feeds go on")


def _recorder(demo: Demo) -> str:
    _, body = demo.get("/healthz")
    return str(body["recorder"]["state"]) if isinstance(body, dict) and "recorder" in body else ""


def _pid(demo: Demo, name: str) -> int:
    """Return the pid of a process, 0 while it is not what it will be: between fork and exec."""
    with contextlib.suppress(AssertionError):
        return demo.pid_of(name)
    return 0


def test_the_demo_is_recorded_from_the_start_and_a_killed_recorder_comes_back(demo: Demo) -> None:
    until(lambda: _recorder(demo) == "recording", 20, "health says that it is recorded")
    assert (demo.data_dir / "archive" / ".lock").exists()
    died = demo.pid_of("record")
    os.kill(died, signal.SIGKILL)
    until(lambda: "process_died name=record" in demo.errors(), 5, "it is gone")
    until(lambda: len(demo.family()) == len(demo.pids), 10, "it was started again")
    until(lambda: _pid(demo, "record") not in (0, died), 5, "it is a recorder by now")
    until(lambda: _recorder(demo) == "recording", 20, "it records again")


def test_a_port_in_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = [
            "demo",
            "--no-open",
            "--data-dir",
            str(tmp_path),
            "--port",
            port,
            "--live-port",
            "0",
            "--review-port",
            "0",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "dashboard.cli", *words, "--feed-port", "0", "--cot-port", "0"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr
