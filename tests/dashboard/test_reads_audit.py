"""What is handed out over HTTP is in the site's audit first, in few lines; what cannot be written is not handed out."""

from pathlib import Path

import pytest

from dashboard import reads_audit
from dashboard.reads_audit import ReadsAudit
from dashboard.viewer import Viewer
from feeds.names import AgencyId
from feeds.recording.audit import Audit
from layers.span import Span
from tests.support.archived import M0, archived
from tests.support.patrol import driven
from tests.support.recorded import HandClock

CITY = driven(4, 1800, M0, seed=4, before=0)
ANN = Viewer(name="ann", agency=AgencyId("jcc"), roles=("reviewer",), kind="desk")


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "site" / "audit.jsonl")


async def test_stretches_of_an_hour_are_one_line_of_each_viewer_view_and_level(tmp_path: Path, audit: Audit) -> None:
    async with archived(tmp_path / "archive", CITY, audit=audit) as made:
        for at in (M0, M0 + 600, M0 + 1200, M0):
            assert (await made.get("jcc", "l1", at=at)).status_code == 200
        (line,) = audit.entries()
        assert (line.act, line.agency, line.via, line.view) == ("spans", "jcc", "review", "known")
        assert (line.agencies, line.what, line.since, line.until) == (("cpd",), "l1", M0, M0 + 3600)
        assert line.who != ""
        await made.get("jcc", "l2")
        await made.get("cpd", "l1")
        await made.get("cpd", "minute", at=M0 + 60, view="truth")
        assert [(e.agency, e.view, e.what) for e in audit.entries()[1:]] == [
            ("jcc", "known", "l2"),
            ("cpd", "known", "l1"),
            ("cpd", "truth", "minute"),
        ]


async def test_what_is_not_handed_out_is_not_written(tmp_path: Path, audit: Audit) -> None:
    async with archived(tmp_path / "archive", CITY, audit=audit) as made:
        for who, level, agency in [("fbi", "l2", "cpd"), ("jcc", "minute", "cpd"), ("jcc", "l1", "nobody")]:
            assert (await made.get(who, level, agency)).status_code == 204
    assert audit.entries() == []


async def test_a_stretch_that_cannot_be_audited_is_not_handed_out(tmp_path: Path, audit: Audit) -> None:
    (tmp_path / "site").write_text("in the way")
    async with archived(tmp_path / "archive", CITY, audit=audit) as made:
        answer = await made.get("cpd", "l1")
        assert answer.status_code == 503 and "cannot be written into the site's audit" in answer.json()["error"]
        assert str(tmp_path) not in answer.text
        (tmp_path / "site").unlink()
        assert Span((await made.get("cpd", "l1")).content).ids
        assert len(audit.entries()) == 1


async def test_who_fetches_faster_than_is_audited_is_refused(tmp_path: Path, audit: Audit, monkeypatch) -> None:
    monkeypatch.setattr(reads_audit, "LINES_AT_ONCE", 1)
    monkeypatch.setattr(reads_audit, "LINES_A_SECOND", 0)
    async with archived(tmp_path / "archive", CITY, audit=audit) as made:
        assert (await made.get("cpd", "l1")).status_code == 200
        refused = await made.get("cpd", "l2")
        assert refused.status_code == 429 and "Wait" in refused.json()["error"]
        assert (await made.get("cpd", "l1", at=M0 + 600)).status_code == 200, "of an hour that is written"
        assert (await made.get("jcc", "l1")).status_code == 200, "another viewer"
    assert len(audit.entries()) == 2


async def test_what_was_written_long_ago_or_is_no_longer_kept_in_mind_is_written_again(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads_audit, "LATELY_MAX", 2)
    clock = HandClock(M0)
    one = ReadsAudit(audit, clock, "elsewhere")
    await one.spans(ANN, "known", "l1", "cpd", M0)
    clock.at = M0 + reads_audit.LATELY_S - 1
    await one.spans(ANN, "known", "l1", "cpd", M0)
    assert [line.at for line in audit.entries()] == [M0]
    clock.at = M0 + reads_audit.LATELY_S
    await one.spans(ANN, "known", "l1", "cpd", M0)
    assert [line.at for line in audit.entries()] == [M0, clock.at]
    for hour in (1, 2, 0):
        await one.spans(ANN, "known", "l1", "cpd", M0 + 3600 * hour)
    assert [line.since for line in audit.entries()[2:]] == [M0 + 3600, M0 + 7200, M0]
    assert {line.what for line in audit.entries()} == {"l1 elsewhere"}
