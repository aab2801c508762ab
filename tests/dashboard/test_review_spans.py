"""What a review hands out for scrubbing, through its door and from a real archive."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboard import overviews as overviews_module
from dashboard.hub import roster_of
from feeds.bus import Delivery
from feeds.names import CUTS, AgencyId
from feeds.recording.chunk_file import chunk_at
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from feeds.report import Category
from layers.derived import CHUNKS, L1
from layers.frame import decode
from layers.keyframe import keyframe
from layers.policy import Grant
from layers.policy_record import encode_policy
from layers.span import Span
from tests.support.archived import M0, Archived, archived, at
from tests.support.heard import delivery, heard, unit
from tests.support.patrol import driven
from tests.support.reviewing import review_site, reviewing

CITY = driven(12, 1800, M0, seed=4, before=0)


@asynccontextmanager
async def site(folder: Path, deliveries: list[Delivery] = CITY, **more: Any) -> AsyncIterator[Archived]:
    """The city's record unless told otherwise."""
    async with archived(folder, deliveries, **more) as made:
        yield made


async def test_an_agencys_own_people_get_what_was_sealed_byte_for_byte(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        first = made.archive.segments(AgencyId("cpd"))[0]
        stored = made.archive.file(first, L1)
        answer = await made.get("cpd", "l1")
        assert answer.content == stored
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert (await made.get("cpd", "l1", view="agency:cpd")).content == stored
        minute = await made.get("cpd", "minute", at=M0 + 120)
        assert minute.content == chunk_at(made.archive.file(first, CHUNKS), M0 + 120)
        assert (await made.get("cpd", "minute", at=M0 + 120, view="truth")).content == minute.content
        # Asked for again nothing is sent again, but who asks is looked at.
        again = {"If-None-Match": answer.headers["ETag"]}
        same = await made.get("cpd", "l1", **again)
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", answer.headers["ETag"])
        assert (await made.get("fbi", "l1", **again)).status_code == 204


@pytest.mark.parametrize("who", ["jcc", "fire", "cpd"])
@pytest.mark.parametrize(("level", "s"), [("l1", 610.0), ("l2", 1260.0)])
async def test_a_block_has_the_picture_of_its_class_at_that_instant(
    tmp_path: Path, who: str, level: str, s: float
) -> None:
    async with site(tmp_path) as made:
        answer = await made.get(who, level, at=M0 + (600 if level == "l1" else 0))
        assert answer.status_code == 200, answer.text
        block = Span(answer.content)
        state, records = block.state_at(M0 + s), block.records_at(M0 + s)
        async with reviewing(made.review, f"{who}-token", at=M0 + s) as reviewer:
            exact = reviewer.client.by_id("units")
        assert len(exact) == 12
        assert {("cpd", record["id"]): record for _, record in records} == {k: u["record"] for k, u in exact.items()}
        for i, (_, record) in enumerate(records):
            one = exact["cpd", record["id"]]
            assert [int(state[name][i]) for name in ("status", "flags", "err")] == [
                one[name] for name in ("status", "flags", "err")
            ]
            assert abs(int(state["lon"][i]) - one["lon"]) <= 50 and abs(int(state["lat"][i]) - one["lat"]) <= 50


async def test_others_get_none_of_the_stored_bytes_and_nothing_that_is_hidden(tmp_path: Path) -> None:
    ghost = at(5, unit("shadow-7", at=M0 + 5, labels=("undercover",), call_sign="GHOST"))
    said = sorted([*CITY, ghost], key=lambda d: d.id)
    async with site(tmp_path / "with", said) as made, site(tmp_path / "without") as plain:
        stored = made.archive.file(made.archive.segments(AgencyId("cpd"))[0], L1)
        assert "shadow-7" in Span(stored).ids
        for level in ("l1", "l2"):
            answer = await made.get("jcc", level)
            assert "shadow-7" not in Span(answer.content).ids
            assert answer.content == (await plain.get("jcc", level)).content
            assert decode(answer.content).frames == ()
            assert "shadow-7" in Span((await made.get("cpd", level)).content).ids
        assert (await made.get("jcc", "minute")).status_code == 204


async def test_who_may_see_nothing_of_an_agency_hears_the_same_of_any(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        refusals = {
            (answer.status_code, answer.content)
            for answer in [
                await made.get("fbi", "l2"),
                await made.get("fbi", "l2", agency="nobody"),
                await made.get("fbi", "minute"),
                await made.get("fire", "l1", agency="jcc"),
                await made.get("jcc", "l2", view="agency:fbi2"),
                await made.get("fire", "l2", view="agency:cpd"),
                await made.get("jcc", "l2", view="truth"),
                await made.get("jcc", "l3"),
                await made.get("jcc", "l2", at=M0 + 60),
                await made.get("jcc", "l2", at=M0 - 7200),
                await made.get("jcc", "l2", at=M0 + 3600),
            ]
        }
        assert len(refusals) == 1
        assert refusals.pop()[0] == 204
        assert (await made.get("live-only", "l2")).status_code == 403
        assert (await made.get("nobody", "l2")).status_code == 401


async def test_an_hour_of_hidden_things_is_an_hour_of_nothing(tmp_path: Path) -> None:
    hidden = [at(60, unit("x", at=M0 + 60, labels=("undercover",)), agency="fire")]
    async with site(tmp_path / "a", more={"fire": hidden}) as some, site(tmp_path / "b") as none:
        answers = [await made.get("jcc", "l2", agency="fire") for made in (some, none)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].content == answers[1].content
        assert Span(answers[0].content).n == 0
        assert Span((await some.get("fire", "l2", agency="fire")).content).ids == ["x"]


async def test_a_label_of_today_hides_a_unit_in_the_past(tmp_path: Path) -> None:
    name = "unit-0003"
    today = heard(delivery(1, unit(name, at=M0 + 9e6, labels=("undercover",))))
    async with site(tmp_path, today=keyframe(today)) as made:
        assert name not in Span((await made.get("jcc", "l2")).content).ids
        assert name in Span((await made.get("cpd", "l2")).content).ids


async def test_what_was_not_granted_at_any_time_of_the_block_is_not_in_it(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        assert "call_sign" in Span((await made.get("jcc", "l2")).content).records_at(M0 + 600)[0][1]
        narrow = [Grant("*", frozenset({"jcc"}), frozenset({Category.UNIT_POSITION}))]
        policy = encode_policy(narrow, roster_of(review_site()))
        cuts = CutsEntry((Cut(M0 + 700, ()),), policy=policy)
        await made.bus.append_log(CUTS, encode_cuts(cuts), M0 + 700)
        answer = await made.get("jcc", "l2")
        assert "call_sign" not in Span(answer.content).records_at(M0 + 600)[0][1]
        assert "call_sign" in Span((await made.get("jcc", "l1")).content).records_at(M0 + 300)[0][1]
        assert "call_sign" not in Span((await made.get("jcc", "l1", at=M0 + 600)).content).records_at(M0 + 900)[0][1]


async def test_a_record_that_begins_between_two_ten_minutes_has_blocks_from_there_on(tmp_path: Path) -> None:
    since = M0 + 137
    async with site(tmp_path, [d for d in CITY if d.id.ms >= since * 1000], since=since) as made:
        for who in ("cpd", "jcc"):
            first, hour = [Span((await made.get(who, level)).content) for level in ("l1", "l2")]
            assert (first.at, first.until, hour.at, hour.until) == (M0 + 140, M0 + 600, M0 + 180, M0 + 1800)
            assert len(hour.state_at(M0 + 900)["row"]) == 12


async def test_units_stand_where_they_were_while_their_agency_is_silent(tmp_path: Path) -> None:
    said = [d for d in CITY if d.id.ms < (M0 + 300) * 1000]
    async with site(tmp_path, said) as made:
        for who in ("cpd", "jcc"):
            block = Span((await made.get(who, "l1", at=M0 + 1200)).content)
            state = block.state_at(M0 + 1500)
            assert len(state["row"]) == 12
            assert (state["flags"] >> 1 & 3).min() == 2, "lost"


async def test_where_a_file_is_gone_or_altered_there_is_no_block_and_beside_it_there_is(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        _, second, third = made.archive.segments(AgencyId("cpd"))
        (second.folder / L1).write_bytes(b"JOF1")
        assert (await made.get("jcc", "l1", at=M0 + 600)).status_code == 204
        assert (await made.get("cpd", "l1", at=M0 + 600)).status_code == 204
        assert (await made.get("cpd", "l2")).status_code == 204
        assert (await made.get("jcc", "l1", at=M0 + 1200)).status_code == 200
        (third.folder / L1).unlink()
        assert (await made.get("jcc", "l1", at=M0 + 1200)).status_code == 204


async def test_a_record_that_nobody_adds_to_has_blocks_up_to_its_end(tmp_path: Path) -> None:
    async with site(tmp_path, recorded_here=False) as made:
        for who in ("cpd", "jcc"):
            last, hour = (
                Span((await made.get(who, "l1", at=M0 + 1200)).content),
                Span((await made.get(who, "l2")).content),
            )
            assert (last.until, hour.until) == (M0 + 1800, M0 + 1800)
            assert len(hour.state_at(M0 + 1740)["row"]) == 12
        assert (await made.get("jcc", "l1", at=M0 + 1800)).status_code == 204


async def test_too_much_at_once_is_refused_and_told_when_to_come_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(overviews_module, "WAITING_MAX", 0)
    async with site(tmp_path) as made:
        answer = await made.get("jcc", "l2")
        assert answer.status_code == 503
        assert (await made.get("cpd", "l1")).status_code == 200, "what is sealed needs no making"
