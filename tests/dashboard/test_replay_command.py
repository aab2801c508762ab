"""`jointops replay`: real processes on a real record; what it needs is started, and nothing of it is left."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import argon2
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from dashboard import cli, config_file, replay_command
from dashboard.recorder import logs_of
from dashboard.replay_command import path, site_of
from dashboard.site_file import toml
from feeds.bus import BatchId
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.audit import Audit
from feeds.recording.log_sealer import LogSealer
from feeds.recording.span import Span
from layers.policy import Grant
from layers.policy_record import encode_policy
from layers.roster import AgencyInfo, Roster
from tests.support.demo import running
from tests.support.pair import grant
from tests.support.recording import CPD, T0, TEN, sealed
from tests.support.replay import Replay, replaying
from tests.support.reviewing import Reviewer
from tests.support.site_cuts import entry

pytestmark = pytest.mark.redis

SITE = """
[site]
timezone = "America/Chicago"
data_dir = "{data}"
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[agency]]
id = "cfd"
name = "Fire"
tag = "CFD"
[[share]]
from = "cpd"
to = ["cfd"]
categories = ["unit.position"]
[[account]]
name = "ann"
agency = "cpd"
password_hash = "{hashed}"
roles = ["reviewer"]
"""


async def units_at(replay: Replay, cookie: str, view: str, at: float) -> set[tuple[str, str]]:
    """Open the review as the page does; return the units shown."""
    site = config_file.load(next(replay.aside.glob("jointops-replay-*/site.toml"))).site
    async with connect(
        f"ws://127.0.0.1:{site.review_port}/stream",
        additional_headers={"Cookie": cookie},
        origin=Origin("{0.scheme}://{0.netloc}".format(urlsplit(replay.address))),
        compression=None,
    ) as socket:
        reviewer = Reviewer(socket)
        reviewer.hello = json.loads(await socket.recv())
        reading = asyncio.create_task(reviewer.read())
        try:
            await reviewer.epoch("open", at=at, view=view)
            return set(reviewer.client.by_id("units"))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_an_archive_of_nobody_here_is_opened_at_the_range_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    sealed(tmp_path / "archive", 3)
    sealed(tmp_path / "archive", 1, AgencyId("cpd-air"))
    words = ("2026-09-21T14:20..14:30", "--archive", tmp_path / "archive", "--view", "truth")
    before = sorted(tmp_path.joinpath("archive").rglob("*"))
    with replaying(tmp_path, *words) as replay:
        address = urlsplit(replay.address)
        assert address.path == "/review"
        assert parse_qs(address.query) == {
            "at": ["2026-09-21T14:20:00Z"],
            "view": ["truth"],
            "range": ["2026-09-21T14:20:00Z~2026-09-21T14:30:00Z"],
        }
        word = next(line for line in replay.lines if line.startswith("log-in ")).split()
        assert await units_at(replay, replay.log_in(word[1], word[3]), "truth", T0 / 1000 + 1) == {
            ("cpd", f"u{k}") for k in range(3)
        } | {("cpd-air", f"u{k}") for k in range(3)}
        assert len(replay.pids) == 4, "itself, Redis, review, web"
        assert replay.interrupt() == 0
        assert list(replay.runtime.iterdir()) == []
    assert list(replay.aside.iterdir()) == []
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert sorted(path.name for path in left) == [".audit", "audit.jsonl"], "that it was looked at stays"
    (opened,) = Audit(next(path for path in left if path.suffix)).entries()
    assert (opened.act, opened.who, opened.what) == ("open", "reviewer", str(tmp_path / "archive"))
    assert sorted(tmp_path.joinpath("archive").rglob("*")) == before
    assert "Traceback" not in replay.errors()


def with_cuts(folder: Path, *grants: Grant) -> None:
    """Seal the hub's cuts of ten minutes beside the agencies' record, with the shares of then."""
    archive = Archive(folder)
    (sealer,) = (LogSealer(one, archive) for one in logs_of(MemoryBus()) if one.name == CUTS)
    agencies = [AgencyInfo(id_, id_, id_.upper()[:4]) for id_ in archive.agencies()]
    policy = encode_policy(grants, Roster(agencies, []))
    times = [T0 + n * 1000 for n in range(5)]
    applied = [{str(agency): ms for agency in archive.agencies()} for ms in times]
    ticks = [entry(ms / 1000, b"" if n else policy, **applied[n]) for n, ms in enumerate(times)]
    sealer.seal(T0, T0 + TEN, [(BatchId(ms, 0), tick) for ms, tick in zip(times, ticks, strict=True)], None)


async def test_a_whole_sites_archive_is_seen_whole_by_whoever_has_its_folder(tmp_path: Path) -> None:
    sealed(tmp_path / "archive", 1)
    sealed(tmp_path / "archive", 1, AgencyId("cfd"))
    with_cuts(tmp_path / "archive", grant("cpd", "cfd", "unit.position"))
    with replaying(tmp_path, "--archive", tmp_path / "archive") as replay:
        word = next(line for line in replay.lines if line.startswith("log-in ")).split()
        cookie = replay.log_in(word[1], word[3])
        cpd, cfd = ({(agency, f"u{k}") for k in range(3)} for agency in ("cpd", "cfd"))
        assert await units_at(replay, cookie, "known", T0 / 1000 + 1) == cpd | cfd
        assert await units_at(replay, cookie, "agency:cpd", T0 / 1000 + 1) == cpd
        assert await units_at(replay, cookie, "agency:cfd", T0 / 1000 + 1) == cpd | cfd, "by the shares of then"


async def test_with_the_sites_file_its_log_ins_and_shares_count(tmp_path: Path) -> None:
    data = tmp_path / "data"
    sealed(data / "archive", 1)
    sealed(data / "archive", 1, AgencyId("cfd"))
    sealed(data / "archive", 1, AgencyId("isp"))
    file = tmp_path / "site.toml"
    hashed = argon2.PasswordHasher(time_cost=1).hash("let me see")
    file.write_text(SITE.format(data=data, hashed=hashed))
    with replaying(tmp_path, "--config", file) as replay:
        assert "not shown, as the site's file does not know them: isp" in replay.lines
        assert any("role `reviewer`: ann" in line for line in replay.lines)
        assert parse_qs(urlsplit(replay.address).query)["at"] == ["2026-09-21T14:20:00Z"]
        seen = await units_at(replay, replay.log_in("ann", "let me see"), "known", T0 / 1000 + 1)
        assert {agency for agency, _ in seen} == {"cpd"}, "fire shares nothing with the police"
        (tmp_path / "second").mkdir()
        with replaying(tmp_path / "second", "--config", file) as second:
            assert second.lines[-2] == "a site serves this record already; log in there"
            assert urlsplit(second.address).netloc == urlsplit(replay.address).netloc
            assert second.process.wait(5) == 0
        replay.interrupt()
    assert not (data / "serving.json").exists()


def test_where_the_site_runs_its_own_page_is_opened_instead_of_a_second_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").mkdir()
    with running(tmp_path / "demo") as demo:
        file, now = demo.data_dir / "site.toml", datetime.now(UTC)
        since, until = (f"{now + timedelta(minutes=by):%Y-%m-%dT%H:%M}" for by in (-1, 9))
        with replaying(tmp_path, f"{since}..{until}", "--config", file) as replay:
            assert replay.process.wait(5) == 0
            assert replay.address.startswith(f"{demo.url}/review?at={since}:00Z&view=known&range=")
        status, words = said(capsys, "2026-01-01", "--config", file)
        assert status == 2 and "nothing is recorded from 2026-01-01 00:00:00 to 2026-01-02 00:00:00" in words
        status, words = said(capsys, "--view", "agency:zzz", "--config", file)
        assert status == 2 and "no agency of 'agency:zzz'; there are cpd" in words
        assert demo.get("/healthz")[0] == 200


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    status = cli.main(["replay", "--no-open", *map(str, words)])
    out, err = capsys.readouterr()
    return status, out + err


def test_what_is_not_there_is_said_with_what_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REDIS_URL", raising=False)
    status, words = said(capsys)
    assert status == 2 and "nothing is recorded in" in words and "jointops import" in words
    assert not (tmp_path / "home").exists()
    assert said(capsys, "--archive", "isp")[0] == 2
    sealed(tmp_path / "archive", 2)
    status, words = said(capsys, "2026-09-22", "--archive", tmp_path / "archive")
    assert status == 2
    assert "there is 2026-09-21 14:20:00 to 2026-09-21 14:40:00 (UTC)" in words
    status, words = said(capsys, "--view", "agency:isp", "--archive", tmp_path / "archive")
    assert status == 2 and "no agency of 'agency:isp'; there are cpd" in words
    status, words = said(capsys, "--view", "wall", "--archive", tmp_path / "archive")
    assert status == 2 and "known, truth and agency:ID" in words
    assert said(capsys, "noon", "--archive", tmp_path / "archive")[0] == 2


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["replay", "--help"])
    assert "jointops replay 2026-11-27T12:00..12:30 --config site.toml" in capsys.readouterr().out


def test_agencies_whose_ids_begin_alike_have_tags_of_their_own(tmp_path: Path) -> None:
    archive = sealed(tmp_path, 1)
    for agency in ("cpd-1", "cpd-2", "cpd-air", "x", "reader"):
        sealed(tmp_path, 1, AgencyId(agency))
    archive = Archive(tmp_path)
    settings = config_file.parse(toml(site_of(archive, "secret")))
    assert len({a.tag for a in settings.agency}) == len(settings.agency) == 7
    assert settings.account[0].agency == "reader-2"


def test_an_address_names_the_range_and_where_the_record_begins_in_it() -> None:
    whole = Span()
    assert path(whole, "known") == "/review?view=known&range=all"
    assert path(whole, "known", T0 / 1000) == "/review?at=2026-09-21T14:20:00Z&view=known&range=all"
    some = Span(T0 - TEN, T0 + TEN)
    assert path(some, "agency:cpd", T0 / 1000).startswith("/review?at=2026-09-21T14:20:00Z&view=agency:cpd&range=")
    assert "range=2026-09-21T14:10:00Z~2026-09-21T14:30:00Z" in path(some, "known")


def test_stretches_that_adjoin_are_one(tmp_path: Path) -> None:
    archive = sealed(tmp_path, 2)
    archive.seal(CPD, T0 + 5 * TEN, T0 + 6 * TEN, archive.entries(archive.segments(CPD)[0])[:1])
    found = replay_command._stretches(archive, [CPD], None)
    assert [(a * 1000 - T0, b * 1000 - T0) for a, b in found] == [(0, 2 * TEN), (5 * TEN, 6 * TEN)]
