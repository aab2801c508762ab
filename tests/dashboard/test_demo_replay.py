"""The demo that looks back, as somebody starts it: real processes, real sockets, a ten-minute hour."""

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.client import connect

from dashboard import config_file, demo_replay
from dashboard import demo as demo_module
from dashboard.hub import grants_of
from feeds.errors import ConfigError
from feeds.names import CUTS
from feeds.recording.archive import Archive
from feeds.recording.site_log import ENTRIES, decode_part
from feeds.recording.verifier import verify
from feeds.replay.cuts import decode_cuts
from layers.policy_record import decode_policy
from tests.dashboard.test_demo import HASH
from tests.support.demo import Demo, alive, running, until
from tests.support.recording import sealed
from tests.support.reviewing import Reviewer

pytestmark = pytest.mark.redis

MINUTES = 10
WORDS = ("--replay", "--minutes", str(MINUTES), "--units", "30")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Demo]:
    with running(folder, *WORDS) as started:
        yield started


def hour_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "replay.json").read_text())
    return found


def recording(demo: Demo) -> dict[str, Any]:
    url = f"http://127.0.0.1:{demo.setting('review_port')}/read/recording"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {demo.token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_it_sends_the_browser_to_the_page_of_recordings_at_the_moment_of_the_call(demo: Demo, folder: Path) -> None:
    hour, opened = hour_of(folder), urlsplit(demo.opened)
    assert opened.path == "/review"
    query = parse_qs(opened.query)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hour["call_at"] + 1))
    assert query["at"] == [at]
    assert query["chosen"] == ["~".join(("incidents", *hour["call"]))]
    assert any(line.startswith("on record ") and hour["words"] in line for line in demo.lines)


def test_the_hour_is_on_record_and_ends_a_minute_ago(demo: Demo, folder: Path) -> None:
    hour, found = hour_of(folder), recording(demo)
    assert found["from"] == hour["since"]
    assert hour["until"] - hour["since"] == MINUTES * 60
    assert hour["until"] <= found["to"] <= hour["until"] + 180
    minutes = {minute["at"] for minute in found["minutes"]}
    first = hour["since"] // 60 * 60
    assert {first + 60 * k for k in range(MINUTES)} <= minutes
    assert [(gap["agency"], gap["to"] - gap["from"]) for gap in found["gaps"]] == [("isp", pytest.approx(18))]


def test_its_cuts_and_its_shares_are_sealed_beside_it_by_the_recorder_of_the_site(demo: Demo, folder: Path) -> None:
    archive = Archive(folder / "archive")

    def is_sealed() -> bool:
        archive.refresh()
        return bool(archive.segments(CUTS))

    until(is_sealed, 20, "cuts in the archive")
    part = decode_part(CUTS, archive.file(archive.segments(CUTS)[0], ENTRIES))
    first = decode_cuts(part.entries[0][1])
    assert first.began and decode_policy(first.policy)[0] == grants_of(config_file.load(folder / "site.toml"))
    assert first.cuts[0].at == pytest.approx(hour_of(folder)["since"], abs=1)
    assert next(verify(folder / "archive" / CUTS)).state == "good"


async def test_the_stream_shows_the_call_at_its_moment_and_truth_shows_who_was_not_known_to_be_near(
    demo: Demo, folder: Path
) -> None:
    hour = hour_of(folder)
    at, (agency, incident), (lon, lat) = hour["call_at"], hour["call"], hour["place"]
    url = f"ws://127.0.0.1:{demo.setting('review_port')}/stream"
    headers = {"Authorization": f"Bearer {demo.token}"}
    async with connect(url, additional_headers=headers, compression=None, max_size=None) as socket:
        reviewer = Reviewer(socket)
        reviewer.hello = json.loads(await socket.recv())
        reading = asyncio.create_task(reviewer.read())
        try:
            await reviewer.epoch("open", at=at)
            assert incident not in reviewer.ids("incidents")
            assert len(reviewer.ids("units")) == 30
            await reviewer.epoch("seek", at=at + 1)
            assert (agency, incident) in reviewer.client.by_id("incidents")
            near = {"lon": lon, "lat": lat, "metres": 5000, "from": at - 20, "to": at}
            known = await reviewer.answer("near", ask=1, **near)
            await reviewer.epoch("view", view="truth")
            true = await reviewer.answer("near", ask=2, **near)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    assert "ccso" in {unit["agency"] for unit in true["units"]}
    last_known = [unit["last"] for unit in known["units"] if unit["agency"] == "ccso"]
    assert all(last < near["from"] for last in last_known), "where its units stood before its line was lost"


def test_a_second_start_with_keep_opens_the_same_hour_and_without_it_another(demo: Demo, folder: Path) -> None:
    first = hour_of(folder)
    demo.stop()
    assert "Traceback" not in demo.errors()
    with running(folder, *WORDS, "--keep") as again:
        assert hour_of(folder) == first
        assert recording(again)["from"] == first["since"]
        assert urlsplit(again.opened).query == urlsplit(demo.opened).query
        assert "lost" not in again.errors()
    with running(folder, "--replay", "--minutes", "1", "--units", "10") as anew:
        assert hour_of(folder)["since"] > first["since"]
        assert hour_of(folder)["call_at"] == hour_of(folder)["since"] + 24
        assert hour_of(folder)["call"][1]
        assert recording(anew)["from"] == hour_of(folder)["since"]


def test_what_is_kept_and_no_hour_of_replay_is_said_and_not_written_into(tmp_path: Path) -> None:
    archive = sealed(tmp_path / "archive", count=1)
    path = tmp_path / "site.toml"
    table = {"name": "Demo", "demo": True, "data_dir": str(tmp_path)}
    settings = config_file.parse(demo_module.site_toml(table, "t" * 32, HASH))
    replay = demo_replay.Replay(settings, path, 1, 10, 10, keep=True)
    with pytest.raises(ConfigError, match="leave out --keep"):
        replay.prepare("unix:///nowhere", lambda: False)
    assert len(archive.segments(archive.agencies()[0])) == 1


def test_a_signal_while_the_hour_is_made_stops_everything_within_five_seconds(tmp_path: Path) -> None:
    started = Demo(tmp_path, "--replay", "--units", "300")
    try:
        until(lambda: any("dashboard.sealing" in words for words in _words(started)), 30, "the hour is being made")
        pids = started.family()
    finally:
        took = started.stop()
    assert took < 5
    until(lambda: not any(map(alive, pids)), 2, "no process is left")
    assert "Traceback" not in (tmp_path / "stderr.log").read_text()


def _words(started: Demo) -> list[str]:
    found = []
    for pid in started.family():
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_text())
    return found
