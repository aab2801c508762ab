"""`jointops feed`: what became of each message is said."""

import asyncio
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from dashboard import cli, feed_command
from feeds import adapters
from feeds.access import offer_access
from feeds.file_feed import Totals
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from feeds.source import FeedAccess
from tests.support.gateway import GUEST, gateway, health, journal, journaled, shared_samples, source


def test_the_counts_and_every_reason_are_said() -> None:
    totals = Totals(messages=7, accepted=4, duplicate=1, refused=Counter({"unsupported type": 2}))
    assert feed_command.report(totals).splitlines() == [
        "acknowledged 4  duplicate 1  refused 2",
        "  2 x unsupported type",
    ]


def test_without_a_site_or_a_token_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JOINTOPS_FEED_TOKEN", raising=False)
    capture = tmp_path / "one.xml"
    capture.write_text("<event/>")
    assert cli.main(["feed", "--source", "guest-cot", "--feed-port", "1", str(capture)]) == 2
    assert "--token" in capsys.readouterr().err


def test_a_file_in_another_dialect_than_the_sources_gets_a_hint(tmp_path: Path) -> None:
    capture = tmp_path / "one.xml"
    capture.write_text("<event/>")
    assert "looks like 'cot'" in feed_command.advice(capture, "guest-native", "native")
    assert feed_command.advice(capture, "guest-cot", "cot") == ""


SOURCES = tuple(
    source(f"guest-{name.replace('_', '-')}", GUEST, name, catch_all=name == "cot", speed_max_mps=0)
    for name in adapters.names()
)


@pytest.fixture
def own_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))


def offered(door: Gateway) -> FeedAccess:
    return FeedAccess(
        url=f"ws://127.0.0.1:{door.feed_port}",
        pid=os.getpid(),
        tokens={s.id: f"token-{s.id}" for s in SOURCES},
        adapters={s.id: s.adapter for s in SOURCES},
    )


async def fed(door: Gateway, *words: str) -> int:
    offer_access(door.feed_port, offered(door))
    return await asyncio.to_thread(cli.main, ["feed", "--feed-port", str(door.feed_port), *words])


@pytest.mark.usefixtures("own_runtime_folder")
async def test_a_folder_goes_file_by_file_to_the_guest_of_each_dialect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captures = tmp_path / "captures"
    captures.mkdir()
    for name in adapters.names():
        (captures / f"{name}.txt").write_bytes(adapters.load(name).samples[0].frame)
    (captures / "notes.txt").write_text("nothing that anybody speaks")
    (captures / ".hidden").write_text("{}")
    (captures / ".git" / "objects").mkdir(parents=True)
    (captures / ".git" / "objects" / "index.txt").write_bytes(adapters.load("nmea").samples[0].frame)
    async with gateway(MemoryBus(), SOURCES) as door:
        assert await fed(door, str(captures)) == 0
        said = capsys.readouterr().out
        for name in adapters.names():
            told = health(door, f"guest-{name.replace('_', '-')}")
            assert (told.accepted > 0, told.rejected) == (True, 0), name
            assert f"{name}.txt as {told.source}" in said
        assert "notes.txt: not sent: cannot tell" in said and ".hidden" not in said and "index.txt" not in said


def test_a_hidden_folder_that_is_asked_for_by_name_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / ".captures").mkdir()
    (tmp_path / ".captures" / "one.xml").write_text("<event/>")
    assert list(feed_command.found([tmp_path / ".captures"])) == [tmp_path / ".captures" / "one.xml"]
    assert list(feed_command.found([tmp_path])) == []


@pytest.mark.usefixtures("own_runtime_folder")
async def test_one_message_of_which_something_was_taken_is_no_failure_however_much_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    envelope = next(s.frame.decode() for s in adapters.load("cap").samples if b"embeddedXML" in s.frame)
    before, alert, after = re.split(r"(?s)(?<=<embeddedXMLContent>)(.*)(?=</embeddedXMLContent>)", envelope)
    broken = re.sub(r"msgType>\w+<", "msgType>Ack<", alert)
    capture, nothing = tmp_path / "three.xml", tmp_path / "nothing.xml"
    capture.write_text(before + alert + broken + broken + after)
    nothing.write_text(before + broken + broken + after)
    async with gateway(MemoryBus(), SOURCES) as door:
        assert await fed(door, "--source", "guest-cap", str(capture)) == 0
        assert "acknowledged 1  duplicate 0  refused 2" in capsys.readouterr().out
        assert await fed(door, "--source", "guest-cap", str(capture), "--keep-times") == 0
        assert await fed(door, "--source", "guest-cap", str(nothing)) == 1


@pytest.mark.usefixtures("own_runtime_folder")
async def test_a_file_that_names_nobody_is_about_its_own_name_or_the_one_given(tmp_path: Path) -> None:
    drive = tmp_path / "car 7 (night).nmea"
    drive.write_bytes(adapters.load("nmea").samples[0].frame)
    bus = MemoryBus()
    async with gateway(bus, SOURCES) as door:
        assert await fed(door, str(drive)) == await fed(door, "--unit", "7-Adam", str(drive)) == 0
        assert {row[3] for row in await journaled(bus, GUEST)} == {"car-7-(night)", "7-Adam"}


@pytest.mark.usefixtures("own_runtime_folder")
async def test_every_file_of_the_real_samples_goes_in_or_is_refused_with_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = shared_samples("cot")[0].parents[1]
    bus = MemoryBus()
    async with gateway(bus, SOURCES) as door:
        assert await fed(door, str(root)) == 0
        said = capsys.readouterr().out
        files = [file for file in feed_command.found([root]) if file.is_file()]
        assert len(files) > 30
        for file in files:
            assert f"{file} as guest-" in said or f"{file}: not sent: cannot tell" in said, file
        for folder, dialect in (("cot", "cot"), ("cap", "cap"), ("gpx", "gpx"), ("eido", "eido"), ("nmea", "nmea"),
                                ("sbs", "sbs")):  # fmt: skip
            captures = [f for f in (root / folder).iterdir() if "LICENSE" not in f.name]
            assert captures and all(f"{file} as guest-{dialect}" in said for file in captures), folder
            assert health(door, f"guest-{dialect}").accepted > 0
        for device in ("owntracks", "taip"):
            assert f"{root / 'avl_devices' / device}.txt as guest-{device}" in said
    kinds = {type(e.report).__name__ for d in await journal(bus, GUEST) for e in d.batch.envelopes()}
    assert kinds == {"UnitReport", "IncidentReport", "ZoneReport", "LogReport"}
