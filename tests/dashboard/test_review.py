"""A review through its door: who comes in, what is shown, where it goes when told."""

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard import review as review_module
from layers.frame import FrameType, decode
from layers.keyframe import keyframe
from tests.dashboard.test_stream import refused
from tests.support.heard import T0, camera, delivery, entry, heard, incident, unit
from tests.support.live import wait_for
from tests.support.recorded import Record
from tests.support.reviewing import review_on, reviewing


async def ten_minutes() -> Record:
    """A unit that drives, one that is late, an incident that closes, an emergency, a plate that was hit."""
    record = Record(("cpd", "fire", "fbi", "jcc"))
    for n in range(60):
        t = T0 + 10 * n
        await record.say(t, unit(at=t, lat=41.0 + n / 100, call_sign="3A12"))
        if n == 10:
            await record.say(t + 1, incident(at=t, type_common="FIRE", status_common=("Active",)))
        if n == 20:
            await record.say(t + 1, unit("in-need", at=t, emergency="panic"))
            await record.say(t + 1, unit("e7", at=t, lat=41.5), agency="fire")
        if n == 30:
            await record.say(
                t + 1, camera(at=t, event_type="gunshot_detected"), incident(at=t, status_common=("Closed",))
            )
        if n == 42:
            await record.say(t + 1, unit("late", at=T0 + 5))
            await record.say(t + 2, entry(at=t, entry_kind="note", text="withdraw"))
    record.end(T0 + 600)
    return record


async def test_only_a_reviewer_comes_in() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        assert await refused(review.port, {}) == 401
        assert await refused(review.port, {"Authorization": "Bearer live-only-token"}) == 403
        async with reviewing(review) as reviewer:
            assert reviewer.hello["replay"]["views"][:2] == ["known", "truth"]


async def test_hello_says_from_when_to_when_and_of_whom_there_is_a_record() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, "fire-token") as fire:
        replay = fire.hello["replay"]
        assert (replay["from"], round(replay["to"] - T0, 3)) == (T0, 600)
        assert replay["agencies"] == ["cpd", "fire"]
        assert replay["views"] == ["known", "truth", "agency:fire"]
        assert "epoch" not in fire.hello


async def test_it_opens_at_the_end_and_goes_where_it_is_told() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review) as reviewer:
        assert round(reviewer.clock["at"] - T0, 3) == 600
        assert reviewer.ids() == {"u1", "in-need", "e7", "late"}
        clock = await reviewer.epoch("seek", at=T0 + 95)
        assert clock["at"] == T0 + 95
        assert reviewer.client.by_id("units")["cpd", "u1"]["lat"] == 410900000
        assert reviewer.ids() == {"u1"}
        assert reviewer.ids("incidents") == set()
        assert decode(reviewer.epochs[-1][1][0]).type is FrameType.KEYFRAME
        assert decode(reviewer.epochs[-1][1][0]).header.at == T0 + 95
        assert (await reviewer.epoch("seek", at=0))["at"] == T0
        assert round((await reviewer.epoch("seek", at=T0 + 9999))["at"] - T0, 3) == 600


async def test_a_late_report_is_known_when_it_came_and_true_from_when_it_was_so() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 400) as reviewer:
        assert "late" not in reviewer.ids()
        assert (await reviewer.epoch("view", view="truth"))["view"] == "truth"
        assert "late" in reviewer.ids()
        await reviewer.epoch("seek", at=T0 + 4)
        assert reviewer.ids() == {"u1"}
        await reviewer.epoch("view", view="known")
        await reviewer.epoch("seek", at=T0 + 421)
        assert "late" in reviewer.ids()


async def test_it_plays_from_where_it_stands_at_the_speed_asked_and_stands_when_told() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 94, speed=64) as reviewer:
        await wait_for(lambda: reviewer.client.by_id("units")["cpd", "u1"]["lat"] >= 411200000)
        assert reviewer.clock["playing"]
        assert reviewer.clock["epoch"] == reviewer.epochs[0][0]["epoch"]
        paused = await _paused(reviewer)
        frames = len(reviewer.client.frames)
        assert not paused["playing"]
        assert paused["at"] > T0 + 114
        again = len(reviewer.said("clock"))
        await wait_for(lambda: len(reviewer.said("clock")) > again)
        assert reviewer.clock["at"] == paused["at"]
        assert len(reviewer.client.frames) == frames, "nothing moves, and no heartbeat is needed"


async def _paused(reviewer) -> dict:
    await reviewer.say("pause")
    await wait_for(lambda: not reviewer.clock["playing"])
    return reviewer.clock


async def test_at_the_end_it_stands_and_says_so() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 590, speed=64) as reviewer:
        await wait_for(lambda: reviewer.said("notice"))
        assert "end of the recording" in reviewer.said("notice")[0]["text"]
        await wait_for(lambda: not reviewer.clock["playing"])
        assert T0 + 593 < reviewer.clock["at"] <= T0 + 600.001


async def test_of_many_places_wanted_only_the_newest_counts() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review) as reviewer:
        for n in range(200):
            await reviewer.say("seek", at=T0 + n)
        await wait_for(lambda: reviewer.clock["at"] == T0 + 199 and reviewer.epochs[-1][1])
        assert len(reviewer.epochs) < 100


async def test_it_steps_to_what_the_viewer_sees_and_back() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0) as reviewer:
        found = await reviewer.stepped("incident")
        assert (found["found"], round(found["at"] - T0)) == (True, 101)
        assert [e["event"] for e in found["events"]] == ["Active"]
        assert reviewer.ids("incidents") == {"i1"}
        assert round((await reviewer.stepped("incident"))["at"] - T0) == 301
        assert not (await reviewer.stepped("incident"))["found"]
        assert round(reviewer.clock["at"] - T0) == 301
        assert "no later incident" in reviewer.said("notice")[-1]["text"]
        alarm = await reviewer.stepped("alarm", -1)
        assert (alarm["units"], round(alarm["at"] - T0)) == ([["cpd", "in-need"]], 201)
        assert (await reviewer.stepped("camera"))["events"][0]["event"] == "gunshot_detected"
        assert round((await reviewer.stepped("incident", -1))["at"] - T0) == 101
        assert not (await reviewer.stepped("camera", -1))["found"]


async def test_what_a_viewer_may_not_see_is_no_place_to_step_to() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        async with reviewing(review, "fire-token", at=T0) as fire:
            for what in ("incident", "camera", "alarm", "log"):
                assert not (await fire.stepped(what))["found"]
        async with reviewing(review, "jcc-token", at=T0) as jcc:
            assert not (await jcc.stepped("log"))["found"]
        async with reviewing(review, "cpd-token", at=T0) as cpd:
            assert (await cpd.stepped("log"))["events"][0]["text"] == "withdraw"


async def test_stepping_in_truth_goes_by_when_it_was_so() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0, view="truth") as reviewer:
        assert round((await reviewer.stepped("incident"))["at"] - T0, 1) == 100
        assert round((await reviewer.stepped("alarm"))["at"] - T0, 1) == 200


async def test_a_card_says_what_stood_then() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 95) as reviewer:
        card = await reviewer.card("units", "u1")
        assert (card["title"], card["position"]) == ("3A12", [-87.63, 41.09])
        assert card["observed_at"] == T0 + 90
        assert not (await reviewer.card("incidents", "i1"))["found"]


async def test_each_sees_by_its_own_shares() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        async with reviewing(review, "fbi-token") as fbi:
            assert fbi.client.rows == {}
        async with reviewing(review, "fire-token") as fire:
            assert fire.ids() == {"u1", "in-need", "e7", "late"}
            assert "call_sign" not in fire.client.by_id("units")["cpd", "u1"]["record"]


async def test_through_anothers_eyes_looks_only_who_is_granted_as_much() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        async with reviewing(review, "fire-token") as fire:
            refusal = await fire.answer_refused("view", view="agency:cpd")
            assert refusal["what"] == "view"
            assert fire.clock["view"] == "known"
        async with reviewing(review, "fire-token", view="agency:fire", at=T0 + 95) as fire:
            assert fire.clock["view"] == "agency:fire"
            assert fire.ids() == {"u1"}


async def test_what_cannot_be_followed_is_refused_in_words_and_the_rest_goes_on() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review, reviewing(review, view="truth", at=T0 + 9) as reviewer:
        for message in ("not json", '{"type":"seek","at":"noon"}', '{"type":"play","speed":1000}', '{"type":"fly"}',
                        '{"type":"open"}', '{"type":"card","x":' + "[" * 4000):  # fmt: skip
            before = len(reviewer.said("refused"))
            await reviewer.socket.send(message)
            await wait_for(lambda before=before: len(reviewer.said("refused")) > before)
        assert [r["what"] for r in reviewer.said("refused")] == ["", "seek", "play", "fly", "open", ""]
        await reviewer.epoch("seek", at=T0 + 95)


async def test_one_who_says_nothing_gets_the_end(monkeypatch) -> None:
    monkeypatch.setattr(review_module, "OPEN_WITHIN_S", 0.1)
    record = await ten_minutes()
    headers = {"Authorization": "Bearer jcc-token"}
    async with (
        review_on(record.recording) as review,
        connect(f"ws://127.0.0.1:{review.port}/stream", additional_headers=headers) as quiet,
    ):
        said = [json.loads(await asyncio.wait_for(quiet.recv(), 5)) for _ in range(2)]
        assert [m["type"] for m in said] == ["hello", "clock"]
        assert isinstance(await asyncio.wait_for(quiet.recv(), 5), bytes)


async def test_reviews_are_bounded() -> None:
    record = await ten_minutes()
    headers = {"Authorization": "Bearer jcc-token"}
    async with review_on(record.recording) as review, reviewing(review), reviewing(review), reviewing(review):
        async with reviewing(review):
            async with connect(f"ws://127.0.0.1:{review.port}/stream", additional_headers=headers) as fifth:
                with pytest.raises(ConnectionClosed) as closed:
                    await asyncio.wait_for(fifth.recv(), 5)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4429
            async with reviewing(review, "fire-token"):
                pass
        async with reviewing(review):
            pass


async def test_counts_by_the_minute_are_of_what_the_caller_may_see() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        url = f"http://127.0.0.1:{review.port}/read/recording"
        async with httpx.AsyncClient(trust_env=False) as http:
            sums = {}
            for who in ("cpd", "jcc", "fire", "fbi"):
                answer = (await http.get(url, headers={"Authorization": f"Bearer {who}-token"})).json()
                assert answer["from"] == T0
                kinds = ("unit", "incident", "camera", "log")
                sums[who] = {a: [sum(m[k] for m in answer["minutes"] if m["agency"] == a) for k in kinds]
                             for a in {m["agency"] for m in answer["minutes"]}}  # fmt: skip
            assert sums["cpd"] == {"cpd": [62, 2, 1, 1]}
            assert sums["jcc"] == {"cpd": [62, 2, 1, 0], "fire": [1, 0, 0, 0]}
            assert sums["fire"] == {"cpd": [62, 0, 0, 0], "fire": [1, 0, 0, 0]}
            assert sums["fbi"] == {}
            assert (await http.get(f"{url}s", headers={"Authorization": "Bearer fbi-token"})).status_code == 404


async def test_a_track_is_of_what_was_known_or_true_and_only_for_who_may_see_the_unit() -> None:
    record = await ten_minutes()
    async with review_on(record.recording) as review:
        ask = {"ask": 7, "agency": "cpd", "id": "u1", "from": T0 + 30, "to": T0 + 60}
        async with reviewing(review, at=T0 + 45) as jcc:
            points = (await jcc.answer("track", **ask))["points"]
            assert [p[0] - T0 for p in points] == [30, 40], "what came later was not known"
            assert points[0][1:3] == [-87.63, 41.03]
            await jcc.epoch("view", view="truth")
            assert [p[0] - T0 for p in (await jcc.answer("track", **ask))["points"]] == [30, 40, 50, 60]
            late = {**ask, "id": "late", "from": T0, "to": T0 + 60}
            assert len((await jcc.answer("track", **late))["points"]) == 1
        async with reviewing(review, "fbi-token", at=T0 + 45) as fbi:
            assert (await fbi.answer("track", **ask))["points"] == []


async def test_who_was_near_a_place_and_when() -> None:
    record = await ten_minutes()
    ask = {"ask": 1, "lon": -87.63, "lat": 41.05, "metres": 1500, "from": T0, "to": T0 + 600}
    async with review_on(record.recording) as review:
        async with reviewing(review) as jcc:
            (u1,) = (await jcc.answer("near", **ask))["units"]
            assert (u1["call_sign"], u1["first"] - T0, u1["last"] - T0) == ("3A12", 40, 60)
            assert (u1["nearest_m"], u1["nearest_at"] - T0) == (0.0, 50)
        async with reviewing(review, "fire-token") as fire:
            assert (await fire.answer("near", **ask))["units"][0]["call_sign"] is None
        async with reviewing(review, "fbi-token") as fbi:
            assert (await fbi.answer("near", **ask))["units"] == []


async def test_a_label_of_today_counts_in_the_past_for_others_and_not_for_its_own_people() -> None:
    record = Record(("cpd", "jcc"))
    await record.say(T0, unit("sleeper", at=T0), unit("u1", at=T0), camera("c9", at=T0, event_type="gunshot_detected"))
    await record.say(T0 + 5, unit("sleeper", at=T0 + 5))
    record.end(T0 + 60)
    today = heard(delivery(1, unit("sleeper", at=T0 + 9e6, labels=("undercover",)), camera("c9", labels=("victim",))))
    near = {"ask": 1, "lon": -87.63, "lat": 41.88, "metres": 100, "from": T0, "to": T0 + 9}
    async with review_on(record.recording, today=keyframe(today)) as review:
        async with reviewing(review, "jcc-token", at=T0 + 2) as jcc:
            assert (jcc.ids(), jcc.client.events) == ({"u1"}, {})
            assert jcc.client.by_id("cameras") == {}
            assert [u["id"] for u in (await jcc.answer("near", **near))["units"]] == ["u1"]
            await jcc.say("play", speed=64)
            await wait_for(lambda: jcc.clock["at"] > T0 + 6)
            assert jcc.ids() == {"u1"}
            assert not (await jcc.stepped("camera", -1))["found"]
        async with reviewing(review, "cpd-token", at=T0 + 2) as cpd:
            assert cpd.ids() == {"u1", "sleeper"}
            assert len(cpd.client.events) == 1


async def test_a_thing_with_a_label_leaves_no_track_count_or_place_for_those_it_is_denied_to() -> None:
    record = Record(("cpd", "jcc"))
    await record.say(T0, unit("covert", at=T0), unit("u1", at=T0))
    await record.say(T0 + 1, unit("covert", at=T0 + 1, labels=("undercover",)))
    await record.say(T0 + 2, unit("covert", at=T0 + 2))
    record.end(T0 + 10)
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 1.5) as jcc:
        assert jcc.ids() == {"u1"}
        ask = {"ask": 1, "agency": "cpd", "id": "covert", "from": T0, "to": T0 + 9}
        assert (await jcc.answer("track", **ask))["points"] == []
        near = {"ask": 1, "lon": -87.63, "lat": 41.88, "metres": 100, "from": T0, "to": T0 + 9}
        assert [u["id"] for u in (await jcc.answer("near", **near))["units"]] == ["u1"]


async def test_the_timeline_of_an_incident_grows_with_the_moment_and_hides_from_whom_it_is_not_granted() -> None:
    record = Record(("cpd", "jcc", "fire", "fbi"))
    await record.say(T0, incident(at=T0, type_common="FIRE", status_common=("Active",)))
    await record.say(T0 + 20, incident(at=T0 + 20, status_common=("Closed",)))
    record.end(T0 + 60)
    ask = {"ask": 7, "agency": "cpd", "id": "i1"}
    async with review_on(record.recording) as review:
        async with reviewing(review, "cpd-token", at=T0 + 5) as cpd:
            answer = await cpd.answer("chronology", **ask)
            assert (answer["ask"], [line["event"] for line in answer["lines"]]) == (7, ["Active"])
            await cpd.epoch("seek", at=T0 + 30)
            lines = (await cpd.answer("chronology", **ask, metres=50))["lines"]
            assert [line["event"] for line in lines] == ["Active", "Closed"]
            refused = await cpd.answer_refused("chronology", **ask, metres=9000)
            assert refused["what"] == "chronology"
        async with reviewing(review, "fbi-token", at=T0 + 30) as fbi:
            assert (await fbi.answer("chronology", **ask))["found"] is False
