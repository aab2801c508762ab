"""What a review tells over HTTP of a record that is sealed: no count, no word of what the caller may not see."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from feeds.names import CUTS, AgencyId
from feeds.recording.archive import Archive
from feeds.recording.removal import Removal
from feeds.recording.segment import REPORTS
from feeds.registry import SENSITIVE_LABELS
from feeds.replay import archived as archived_recording
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from layers.policy_record import encode_policy
from tests.dashboard.test_review_shares import ROSTER
from tests.support.archived import M0, archived, at
from tests.support.heard import T0, unit
from tests.support.recorded import Record
from tests.support.recording import flip
from tests.support.reviewing import review_on, reviewing

LABEL = min(SENSITIVE_LABELS)
CPD = AgencyId("cpd")


async def told(port: int, who: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{port}") as http:
        answer = await http.get("/read/recording", headers={"Authorization": f"Bearer {who}-token"})
        return dict(answer.json())


async def test_who_was_labelled_once_is_counted_for_nobody_else_in_the_ten_minutes_after(tmp_path: Path) -> None:
    said = [
        at(1, unit("hidden", at=M0 + 1, labels=(LABEL,))),
        *(at(s, unit("hidden", at=M0 + s), unit("plain", at=M0 + s)) for s in (2, 650, 700, 1250)),
    ]
    async with archived(tmp_path, said, minutes=20, sealed_to=M0 + 1200) as site:
        for one in said[-1:]:  # and in what is not sealed yet
            await site.bus.append(one.batch)
        own, other = await told(site.review.port, "cpd"), await told(site.review.port, "jcc")
    assert sum(minute["unit"] for minute in own["minutes"]) == 9
    assert [(minute["at"] - M0, minute["unit"]) for minute in other["minutes"] if minute["at"] < M0 + 1200] == [
        (0, 1), (600, 1), (660, 1),
    ]  # fmt: skip
    assert sum(minute["unit"] for minute in other["minutes"]) == 4


async def test_what_was_not_shared_at_its_time_is_not_counted_today() -> None:
    record = Record()
    nothing = CutsEntry((Cut(T0 - 1, ()),), policy=encode_policy((), ROSTER))
    await record.bus.append_log(CUTS, encode_cuts(nothing), T0 - 1)
    await record.say(T0 + 1, unit(at=T0 + 1))
    record.end(T0 + 200)
    async with review_on(record.recording) as review:
        assert [minute["unit"] for minute in (await told(review.port, "cpd"))["minutes"]] == [1]
        assert (await told(review.port, "jcc"))["minutes"] == []


async def test_only_its_own_people_are_told_what_was_removed_and_which_file_is_damaged(tmp_path: Path) -> None:
    said = [at(s, unit("gone", at=M0 + s), unit("stays", at=M0 + s)) for s in range(5, 1200, 30)]
    async with archived(tmp_path, said, minutes=20) as site:
        first, second = site.archive.segments(CPD)
        Archive(tmp_path).revise(first, Removal("gone"), "order 7", "clerk", 1.0)
        flip(second.folder / REPORTS, 200)
        async with reviewing(site.review, at=M0 + 900):
            own, other = [(await told(site.review.port, who))["gaps"] for who in ("cpd", "fire")]
    assert [(gap["from"] - M0, gap["text"]) for gap in other if gap["agency"]] == [(600, "damaged")]
    removed, damaged = [gap for gap in own if gap["agency"]]
    assert removed["from"] == M0
    assert "20 reports" in removed["text"]
    assert "order 7" in removed["text"]
    assert "reports.parquet" in damaged["text"]
    assert str(tmp_path) not in damaged["text"]


async def test_who_was_removed_is_in_no_picture_that_a_review_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived_recording, "REFRESH_EVERY_S", 0.0)
    said = [at(s, unit("gone", at=M0 + s), unit("stays", at=M0 + s)) for s in range(5, 1200, 30)]
    async with archived(tmp_path, said, minutes=20) as site, reviewing(site.review, at=M0 + 1100) as reviewer:
        assert reviewer.ids() == {"gone", "stays"}
        other = Archive(tmp_path)
        for one in other.segments(CPD):
            other.revise(one, Removal("gone"), "order", "clerk", 1.0)
        for t in (700, 1100, 1101):
            await reviewer.epoch("seek", at=M0 + t)
            assert reviewer.ids() == {"stays"}


async def test_an_answer_names_the_parts_of_its_stretch_that_are_damaged_to_who_may_know_of_the_agency(
    tmp_path: Path,
) -> None:
    said = [at(s, unit("u1", at=M0 + s)) for s in range(5, 1200, 30)]
    async with archived(tmp_path, said, minutes=20) as site:
        flip(site.archive.segments(CPD)[1].folder / REPORTS, 200)
        place = {"lon": -87.63, "lat": 41.88, "metres": 100.0}
        for who, damaged in (("jcc", [("cpd", 600)]), ("fbi", [])):
            async with reviewing(site.review, f"{who}-token", at=M0 + 60) as reviewer:
                for n, (since, until, expected) in enumerate(((0, 300, []), (700, 800, damaged), (590, 1100, damaged))):
                    span = {"from": M0 + since, "to": M0 + until}
                    near = await reviewer.answer("near", ask=2 * n, **place, **span)
                    track = await reviewer.answer("track", ask=2 * n + 1, agency="cpd", id="u1", **span)
                    for answer in (near, track):
                        assert [(one["agency"], one["from"] - M0) for one in answer["missing"]] == expected
