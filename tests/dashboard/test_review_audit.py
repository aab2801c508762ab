"""What a reviewer looks at is in the site's audit before it is shown; what cannot be written is not shown."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard import review_answers, review_audit
from dashboard.review_asks import Seek, StepTo
from dashboard.review_audit import ReviewAudit, Standing
from dashboard.viewer import Viewer
from feeds.names import AgencyId
from feeds.recording.audit import Audit, Entry
from tests.support.heard import T0, unit
from tests.support.live import wait_for
from tests.support.recorded import Record
from tests.support.reviewing import Reviewer, review_on, reviewing


@pytest.fixture
async def record() -> Record:
    record = Record(["cpd", "fire"])
    for n in range(60):
        await record.say(T0 + n * 10, unit("p1", at=T0 + n * 10))
    await record.say(T0 + 601, unit("f1", at=T0 + 600), agency="fire")
    record.end(T0 + 700)
    return record


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "audit.jsonl")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_audit, "SETTLE_S", 0.3)


@contextlib.asynccontextmanager
async def audited(record: Record, audit: Audit) -> AsyncIterator[Reviewer]:
    """A review that opens at `T0 + 100`."""
    async with (
        review_on(record.recording, clock=record.clock, audit=audit) as review,
        reviewing(review, at=T0 + 100) as reviewer,
    ):
        yield reviewer


@pytest.fixture
async def told(record: Record, audit: Audit) -> AsyncIterator[list[Entry]]:
    """What a review wrote that was opened, dragged, asked, viewed otherwise and closed."""
    async with review_on(record.recording, clock=record.clock, audit=audit) as review:
        async with reviewing(review, at=T0 + 100) as reviewer:
            assert [one.act for one in audit.entries()] == ["open"]
            for n in range(20):
                await reviewer.say("seek", at=T0 + 200 + n * 5)
            await wait_for(lambda: reviewer.clock["at"] == T0 + 295)
            await wait_for(lambda: len(audit.entries()) == 3)
            await reviewer.answer("track", ask=1, agency="cpd", id="p1", **{"from": T0, "to": T0 + 300})
            await reviewer.answer("near", ask=2, lon=-87.63, lat=41.88, metres=300, **{"from": T0, "to": T0 + 60})
            await reviewer.epoch("view", view="truth")
            await reviewer.say("play", speed=64)
            await wait_for(lambda: reviewer.clock["at"] > T0 + 330)
            await reviewer.say("pause")
        await wait_for(lambda: audit.entries()[-1].act == "seen")
    yield audit.entries()


async def test_a_review_writes_what_was_opened_gone_to_asked_for_and_watched(told: list[Entry]) -> None:
    assert [one.act for one in told] == ["open", "seek", "seek", "track", "near", "seek", "seen"]
    opened, first, rest, track, near, view, seen = told
    assert {(one.agency, one.via, one.agencies) for one in told} == {("jcc", "review", ("cpd", "fire"))}
    assert {one.who for one in told} != {""}
    assert (opened.since, opened.until, opened.view) == (T0 + 100, T0 + 100, "known")
    assert (first.since, first.until) == (T0 + 200, T0 + 200), "the first step is written before it is gone"
    assert (rest.since, rest.until) == (T0 + 200, T0 + 295), "the steps of a finger are one"
    assert (track.unit, track.since, track.until) == ("cpd/p1", T0, T0 + 300)
    assert near.place == (-87.63, 41.88, 300)
    assert (view.view, view.since) == ("truth", T0 + 295)
    assert seen.view == "truth" and seen.since == T0 + 295 and seen.until is not None and seen.until > T0 + 330


async def test_a_review_that_cannot_be_audited_says_so_and_does_not_open(record: Record, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = Audit(tmp_path / "file" / "audit")
    async with (
        review_on(record.recording, clock=record.clock, audit=blocked) as review,
        connect(
            f"ws://127.0.0.1:{review.port}/stream",
            additional_headers={"Authorization": "Bearer jcc-token"},
            compression=None,
        ) as socket,
    ):
        assert json.loads(await socket.recv())["type"] == "hello"
        await socket.send(json.dumps({"type": "open", "at": T0 + 100}))
        said = []
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                said.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
        assert closed.value.rcvd is not None and "audited" in closed.value.rcvd.reason
        assert [one["type"] for one in said] == ["refused"]
        assert "cannot be written into the site's audit" in said[0]["text"]


async def test_a_review_whose_audit_fails_meanwhile_answers_nothing_more(record: Record, audit: Audit) -> None:
    async with audited(record, audit) as reviewer:
        audit.path.write_bytes(audit.path.read_bytes() + b"not json\n")
        await reviewer.say("track", ask=1, agency="cpd", id="p1", **{"from": T0, "to": T0 + 300})
        await asyncio.wait_for(reviewer.socket.wait_closed(), 5)
        assert reviewer.said("track") == []
        await wait_for(lambda: reviewer.said("refused"))


async def test_a_step_is_written_with_where_it_led(audit: Audit, record: Record) -> None:
    viewer = Viewer(name="ann", agency=AgencyId("cpd"), roles=("reviewer",), kind="desk")
    one = ReviewAudit(audit, record.clock, viewer, ["cpd"], "")
    await one.heard(StepTo("incident"), Standing(T0, T0 + 60, "known"))
    await one.closed(Standing(T0 + 400, T0 + 400, "known"))
    assert [(e.act, e.since, e.until) for e in audit.entries()] == [
        ("seen", T0, T0 + 60),
        ("seek", T0 + 60, T0 + 60),
        ("seek", T0 + 60, T0 + 400),
    ]


async def test_what_is_refused_is_not_written(record: Record, audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_answers, "ASKS_MAX", 0)
    async with audited(record, audit) as reviewer:
        asked = {"ask": 1, "agency": "cpd", "id": "p1", "from": T0, "to": T0 + 300}
        assert "asks wait already" in (await reviewer.answer_refused("track", **asked))["text"]
        assert "no view" in (await reviewer.answer_refused("view", view="agency:nobody"))["text"]
        assert "it is open" in (await reviewer.answer_refused("open", at=T0))["text"]
        assert "box" in (await reviewer.answer_refused("within", ask=2, **{"from": T0, "to": T0 + 1}))["text"]
        assert [one.act for one in audit.entries()] == ["open"]


async def test_asks_that_come_faster_than_is_audited_are_refused_in_words(
    record: Record, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_audit, "LINES_A_SECOND", 0)
    monkeypatch.setattr(review_audit, "LINES_AT_ONCE", 3)
    async with audited(record, audit) as reviewer:
        for n in range(50):
            await reviewer.say("view", view=("truth", "known")[n % 2])
        await wait_for(lambda: len(reviewer.said("refused")) == 47)
        assert "Wait a second" in reviewer.said("refused")[0]["text"]
        assert [one.act for one in audit.entries()] == ["open", "seek", "seek", "seek"]
        await reviewer.epoch("seek", at=T0 + 300)
        await wait_for(lambda: reviewer.clock["at"] == T0 + 300)


async def test_what_plays_between_two_seeks_of_a_finger_is_written(
    record: Record, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_audit, "SETTLE_S", 60.0)
    async with audited(record, audit) as reviewer:
        await reviewer.epoch("seek", at=T0 + 200)
        await reviewer.say("play", speed=64)
        await wait_for(lambda: reviewer.clock["at"] > T0 + 206)
        await reviewer.say("pause")
        await reviewer.epoch("seek", at=T0 + 50)
    await wait_for(lambda: len(audit.entries()) == 4)
    opened, first, seen, rest = audit.entries()
    assert [opened.act, first.act, seen.act, rest.act] == ["open", "seek", "seen", "seek"]
    assert seen.since == T0 + 200 and seen.until is not None and seen.until > T0 + 206
    assert (rest.since, rest.until) == (T0 + 50, T0 + 200)


async def test_what_played_is_written_once_and_much_between_seeks_in_few_lines(audit: Audit, record: Record) -> None:
    viewer = Viewer(name="ann", agency=AgencyId("cpd"), roles=("reviewer",), kind="desk")
    one = ReviewAudit(audit, record.clock, viewer, ["cpd"], "")
    for _ in range(3):  # the way to the first is not gone yet when the others come
        await one.heard(Seek(T0), Standing(T0 + 10, T0 + 70, "known", "a"))
    for n in range(40):
        await one.heard(Seek(T0), Standing(T0 + 100 * n, T0 + 100 * n + 2, "known", f"b{n}"))
    await one.closed(Standing(T0, T0, "known", "c"))
    seen = [(e.since, e.until) for e in audit.entries() if e.act == "seen"]
    assert seen[0] == (T0 + 10, T0 + 70)
    assert len(seen) == 1 + review_audit.SEEN_AT_ONCE
    for n in range(40):
        assert any(a is not None and b is not None and a <= T0 + 100 * n and T0 + 100 * n + 2 <= b for a, b in seen[1:])


async def test_a_finger_that_never_rests_is_written_all_the_same(
    record: Record, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_audit, "MOVING_MAX_S", 0.2)
    monkeypatch.setattr(review_audit, "SETTLE_S", 60.0)
    async with audited(record, audit) as reviewer:
        for n in range(1000):
            await reviewer.epoch("seek", at=T0 + 200 + n % 100)
            if len(audit.entries()) >= 3:
                break
        else:
            pytest.fail("it was never written where the finger went")
        assert [one.act for one in audit.entries()[:3]] == ["open", "seek", "seek"]


async def test_a_review_whose_audit_fails_when_the_finger_rests_says_so_and_closes(
    record: Record, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_audit, "SETTLE_S", 1.5)
    async with audited(record, audit) as reviewer:
        await reviewer.epoch("seek", at=T0 + 200)
        await reviewer.epoch("seek", at=T0 + 250)
        audit.path.write_bytes(audit.path.read_bytes() + b"not json\n")
        await asyncio.wait_for(reviewer.socket.wait_closed(), 5)
        assert (reviewer.socket.close_code, reviewer.said("refused")[-1]["what"]) == (1011, "audit")
        assert "cannot be written into the site's audit" in reviewer.said("refused")[-1]["text"]
