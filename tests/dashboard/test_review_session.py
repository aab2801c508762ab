"""What a review does when the record is slow, cannot be read, or changes its policy on the way."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from dashboard import review_answers, review_session
from dashboard.hub import grants_of, roster_of
from dashboard.review_answers import ASKS_MAX, WENT_ON
from feeds.errors import BusDown
from feeds.names import CUTS, AgencyId
from feeds.recording.pictures import PICTURES
from feeds.recording.segment import REPORTS
from feeds.replay import journal_pages
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from feeds.replay.journal import JournalRecording
from layers.frame import decode
from layers.policy_record import encode_policy
from tests.dashboard.test_review import ten_minutes
from tests.support.archived import M0, archived, at
from tests.support.heard import T0, unit
from tests.support.live import wait_for
from tests.support.recorded import Record
from tests.support.reviewing import Reviewer, review_on, review_site, reviewing


class Slow(JournalRecording):
    """A record that can be made to wait, or not to be read, by hand."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.bus, record.recording.agencies, record.clock)
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.broken = False
        self.takes_s = 0.0
        self.reads = 0

    async def read(self, agency, after, count):
        if self.broken:
            raise BusDown("the server did not answer")
        self.reads += count > 1
        if count > 1:  # a look at where it begins is not held up
            await asyncio.sleep(self.takes_s)
            await self.may_read.wait()
        return await super().read(agency, after, count)


async def test_what_is_shown_stays_while_the_next_place_is_on_its_way_and_is_told_of() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.may_read.clear()
        await reviewer.say("seek", at=T0 + 500)
        await wait_for(lambda: reviewer.said("seeking"))
        assert reviewer.said("seeking")[0]["at"] == T0 + 500
        assert reviewer.ids() == {"u1"}
        assert len(reviewer.epochs) == 1
        recording.may_read.set()
        await wait_for(lambda: reviewer.clock["at"] == T0 + 500)


async def test_a_view_that_is_asked_for_on_the_way_does_not_lead_back() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.may_read.clear()
        await reviewer.say("seek", at=T0 + 500)
        await wait_for(lambda: reviewer.said("seeking"))
        await reviewer.say("view", view="truth")
        await reviewer.answer_refused("nonsense")  # the view was heard before it
        recording.may_read.set()
        await wait_for(lambda: reviewer.clock["view"] == "truth" and len(reviewer.epochs) > 1)
        assert reviewer.clock["at"] == T0 + 500


async def test_a_record_that_cannot_be_read_is_said_and_the_review_goes_on_when_it_can() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.broken = True
        await reviewer.say("seek", at=T0 + 9)
        await wait_for(lambda: reviewer.said("notice"))
        assert "cannot be read: the server did not answer" in reviewer.said("notice")[0]["text"]
        recording.broken = False
        assert (await reviewer.epoch("seek", at=T0 + 9))["at"] == T0 + 9
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] == 410000000


async def test_after_a_seek_that_failed_it_stands_where_it_stood_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review_session, "AGAIN_S", 0.1)
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 405) as reviewer:
        recording.broken = True
        await reviewer.say("seek", at=T0 + 9)
        await wait_for(lambda: reviewer.said("notice"))
        await reviewer.say("play", speed=32)
        await asyncio.sleep(0.3)
        assert len(reviewer.said("notice")) == 1, "it is said once, not at each try"
        recording.broken = False
        await wait_for(lambda: len(reviewer.epochs) > 1)
        assert not reviewer.clock["playing"]
        assert reviewer.clock["at"] == T0 + 405
        assert await reviewer.answer("track", ask=1, agency="cpd", id="u1", **{"from": T0, "to": T0 + 90})
        await reviewer.say("play", speed=32)
        await wait_for(lambda: reviewer.clock["at"] > T0 + 430)
        await reviewer.say("pause")
        await wait_for(lambda: not reviewer.clock["playing"])
        passed = int(reviewer.clock["at"] - T0) // 10
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] == 410000000 + 100000 * passed


async def test_what_is_asked_before_there_is_a_picture_is_answered_when_there_is() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review:
        recording.may_read.clear()
        address, headers = f"ws://127.0.0.1:{review.port}/stream", {"Authorization": "Bearer jcc-token"}
        async with connect(address, additional_headers=headers, proxy=None) as line:
            await line.send(json.dumps({"type": "open", "at": T0 + 95}))
            await line.send(
                json.dumps({"type": "track", "ask": 7, "agency": "cpd", "id": "u1", "from": T0, "to": T0 + 90})
            )
            await asyncio.sleep(0.2)
            recording.may_read.set()
            async with asyncio.timeout(10):
                said: dict[str, object] = {}
                while said.get("ask") != 7:
                    message = await line.recv()
                    said = json.loads(message) if isinstance(message, str) else said
            assert said["points"]


async def test_asks_that_pile_up_are_refused() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.may_read.clear()
        for n in range(ASKS_MAX + 2):
            await reviewer.say("track", ask=n, agency="cpd", id="u1", **{"from": T0, "to": T0 + 90})
        await wait_for(lambda: reviewer.said("refused"))
        assert reviewer.said("refused")[0]["what"] == "track"
        recording.may_read.set()
        await wait_for(lambda: len(reviewer.said("track")) >= ASKS_MAX)


async def asked_while_it_goes(recording: Slow, reviewer: Reviewer) -> None:
    """Ask for a track, and go elsewhere before it is answered."""
    await reviewer.answer("track", ask=0, agency="cpd", id="nobody", **{"from": T0, "to": T0 + 1})  # nothing else waits
    recording.may_read.clear()
    recording.reads = 0
    await reviewer.say("track", ask=1, agency="cpd", id="u1", **{"from": T0, "to": T0 + 590})
    await wait_for(lambda: recording.reads)
    await reviewer.say("seek", at=T0 + 500)
    await wait_for(lambda: reviewer.said("seeking") or len(reviewer.epochs) > 1)
    recording.may_read.set()


async def test_what_is_asked_while_it_goes_elsewhere_is_answered_of_where_it_is_then() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        await asked_while_it_goes(recording, reviewer)
        await wait_for(lambda: len(reviewer.said("track")) > 1)
        _, answer = reviewer.said("track")
        assert T0 + 400 < answer["points"][-1][0] <= T0 + 500
        assert reviewer.texts.index(answer) > reviewer.texts.index(reviewer.epochs[-1][0])


async def test_what_cannot_be_answered_of_one_moment_is_said(monkeypatch) -> None:
    monkeypatch.setattr(review_answers, "TRIES", 1)
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        await asked_while_it_goes(recording, reviewer)
        await wait_for(lambda: len(reviewer.said("track")) > 1)
        assert reviewer.said("track")[1] == {"type": "track", "ask": 1, "error": WENT_ON}
        answer = await reviewer.answer("track", ask=2, agency="cpd", id="u1", **{"from": T0, "to": T0 + 590})
        assert answer["ask"] == 2 and "error" not in answer


async def test_where_a_way_led_nowhere_what_is_asked_is_not_answered_of_what_stands_half_way(monkeypatch) -> None:
    monkeypatch.setattr(review_answers, "STANDS_WITHIN_S", 0.05)
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.broken = True
        await reviewer.say("seek", at=T0 + 9)
        await wait_for(lambda: reviewer.said("notice"))
        recording.broken = False
        await reviewer.say("track", ask=1, agency="cpd", id="u1", **{"from": T0, "to": T0 + 90})
        await wait_for(lambda: reviewer.said("track"))
        assert reviewer.said("track") == [{"type": "track", "ask": 1, "error": WENT_ON}]


async def test_what_cannot_be_read_for_an_ask_is_its_answer_and_the_next_is_answered() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.broken = True
        of = {"agency": "cpd", "id": "u1", "from": T0, "to": T0 + 90}
        answer = await reviewer.answer("track", ask=1, **of)
        assert answer["ask"] == 1 and "cannot be read: the server did not answer" in answer["error"]
        recording.broken = False
        assert (await reviewer.answer("track", ask=2, **of))["points"]


async def test_an_ask_that_is_called_off_is_read_no_further_and_the_next_is_answered_at_once() -> None:
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        of = {"agency": "cpd", "id": "u1", "from": T0, "to": T0 + 90}
        await reviewer.answer("track", ask=0, **of)
        recording.may_read.clear()
        recording.reads = 0
        await reviewer.say("track", ask=1, **of)
        await wait_for(lambda: recording.reads)
        await reviewer.say("track", ask=2, **of)
        await reviewer.say("track", ask=3, **of)
        await reviewer.say("enough", ask=2)
        await reviewer.say("enough", ask=1)
        await wait_for(lambda: recording.reads == 2)  # the third is being read, though the first never was
        recording.may_read.set()
        await wait_for(lambda: len(reviewer.said("track")) > 1)
        assert [one["ask"] for one in reviewer.said("track")] == [0, 3]


async def test_where_the_policy_on_record_changes_the_view_is_made_anew() -> None:
    record, settings = Record(("cpd", "jcc")), review_site()
    for n in range(10):
        await record.say(T0 + n, unit(at=T0 + n))
    roster = roster_of(settings)
    for t, policy in ((T0, encode_policy((), roster)), (T0 + 5, encode_policy(grants_of(settings), roster))):
        cut = Cut(t, tuple((d.agency, d.id) for d in await record.deliveries() if d.id.ms <= t * 1000))
        await record.bus.append_log(CUTS, encode_cuts(CutsEntry((cut,), policy=policy)), t)
    record.end(T0 + 9)
    async with review_on(record.recording, settings) as review:
        async with reviewing(review, at=T0 + 4, speed=8) as reviewer:
            assert reviewer.ids() == set()
            await wait_for(lambda: len(reviewer.epochs) == 2 and reviewer.ids() == {"u1"})
        async with reviewing(review, at=T0 + 4) as reviewer:
            assert reviewer.ids() == set()
            await reviewer.epoch("seek", at=T0 + 6)
            assert reviewer.ids() == {"u1"}


async def test_who_cannot_keep_up_goes_slower_and_skips_nothing(monkeypatch) -> None:
    monkeypatch.setattr(journal_pages, "PAGE", 2)
    monkeypatch.setattr(review_session, "BEHIND_S", 0.01)
    recording = Slow(await ten_minutes())
    async with review_on(recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        recording.takes_s = 0.5
        await reviewer.say("play", speed=64)
        await wait_for(lambda: reviewer.clock["at"] > T0 + 200)
        assert 0 < min(c["pace"] for c in reviewer.said("clock") if c["at"] > T0 + 120) < 50
        times = [decode(frame).header.at for frame in reviewer.epochs[-1][1]]
    stride = 64 * 0.02
    assert [after - before for before, after in pairwise(times[1:])] == pytest.approx([stride] * (len(times) - 2))


async def test_behind_a_damaged_stretch_a_label_that_was_said_in_it_counts_while_it_plays_on(tmp_path: Path) -> None:
    said = [at(s, unit(at=M0 + s, lat=41.8 + s / 1e5)) for s in range(0, 1780, 20)]
    said.append(at(705, unit(at=M0 + 705, labels=("juvenile",), primary_status="NotAvailable")))
    async with archived(tmp_path, sorted(said, key=lambda one: one.id)) as made:
        second = made.archive.segments(AgencyId("cpd"))[1]
        for name in (REPORTS, PICTURES):
            (second.folder / name).write_bytes(b"PAR1")
        async with reviewing(made.review, "fire-token", at=M0 + 1170) as reviewer:
            assert reviewer.ids() == {"u1"}, "what was known before the hole stands"
            await reviewer.say("play", speed=64)
            await wait_for(lambda: reviewer.clock["at"] > M0 + 1202)
            await wait_for(lambda: len(reviewer.epochs) > 1)
            assert reviewer.ids() == set()
            assert [one["text"] for one in reviewer.said("notice") if "damaged" in one["text"]]
