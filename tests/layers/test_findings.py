"""Findings: versions, who reads them, and the file to keep."""

import json
from datetime import date

import pytest

from feeds.errors import DecodeError
from feeds.names import AgencyId
from layers.findings import Conflict, Draft, Finding, Findings, Thing, as_html, as_json, draft

CPD, CFD = AgencyId("cpd"), AgencyId("cfd")
SAID = Draft(at=1_777_921_387.5, title="Nearest car was not asked", owner="Watch commander", due=date(2026, 6, 1))


def written(
    findings: Findings, said: Draft = SAID, agency: AgencyId = CPD, changes: int = 0, name: str = "f-1"
) -> Finding:
    version = findings.next(name, said, agency, "supervisor", changes, 2e9 + changes)
    findings.take(version)
    return version


def test_each_change_is_a_version_and_none_is_lost():
    findings = Findings()
    written(findings)
    done = written(findings, Draft(at=SAID.at, title="Nearest car", state="done"), changes=1)
    assert findings.seen_by(CPD) == [done]
    assert [f.version for f in findings.history("f-1", CPD)] == [1, 2]
    assert findings.history("f-1", CPD)[0].said == SAID


def test_who_changes_what_was_changed_meanwhile_is_told():
    findings = Findings()
    written(findings)
    written(findings, changes=1)
    with pytest.raises(Conflict, match="read it again"):
        written(findings, changes=1)
    with pytest.raises(Conflict, match="no such finding"):
        written(findings, name="f-2", changes=3)


def test_who_got_no_answer_says_the_same_again_and_it_is_there_once():
    findings = Findings()
    first = findings.next("f-1", SAID, CPD, "supervisor", 0, 2e9)
    assert first not in findings and findings.again("f-1", SAID, CPD, 0) is None
    findings.take(first)
    assert first in findings and findings.again("f-1", SAID, CPD, 0) == first
    assert findings.again("f-1", SAID, CFD, 0) is None, "an agency is not told what another's says"
    assert findings.again("f-1", Draft(at=SAID.at, title="Otherwise"), CPD, 0) is None
    second = written(findings, Draft(at=SAID.at, title="Nearest car"), changes=1)
    assert findings.again("f-1", second.said, CPD, 1) == second
    assert findings.again("f-1", SAID, CPD, 0) is None, "it was changed since"


def test_another_agency_reads_what_is_shared_and_changes_nothing():
    findings = Findings()
    written(findings)
    assert findings.seen_by(CFD) == [] and findings.history("f-1", CFD) == []
    shared = written(findings, Draft(at=SAID.at, title="For all", shared=True), changes=1)
    assert findings.seen_by(CFD) == [shared]
    assert findings.history("f-1", CFD) == [shared], "what was written before it was shared stays the agency's own"
    with pytest.raises(Conflict):
        written(findings, agency=CFD, changes=2)


def test_a_file_of_versions_must_fit_together():
    versions = [written(Findings())]
    with pytest.raises(Conflict, match="version 1"):
        Findings(versions * 2)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"title": ""}, r"\$.title"),
        ({"title": "  "}, "needs a title"),
        ({"lon": 3.0}, "both lon and lat"),
        ({"until": 1.0}, "ends before it begins"),
        ({"state": "lost"}, r"\$.state"),
        ({"due": "soon"}, r"\$.due"),
        ({"author": "somebody"}, "author"),
        ({"refs": [{"layer": "persons", "agency": "cpd", "id": "x"}]}, r"\$.refs\[0\].layer"),
        ({"happened": "x" * 4001}, r"\$.happened"),
    ],
)
def test_a_draft_that_cannot_be_taken_says_why(changed: dict[str, object], told: str):
    fields = {"at": 1_777_921_387.5, "title": "Nearest car was not asked"}
    assert draft(json.dumps(fields).encode()).title == fields["title"]
    with pytest.raises(DecodeError, match=told):
        draft(json.dumps(fields | changed).encode())


def test_the_page_to_keep_has_the_plan_first_and_escapes_what_people_wrote():
    findings = Findings()
    written(findings, Draft(at=SAID.at, title="<b>bold</b>", happened="a < b\nc", refs=(Thing("units", "cpd", "1<2"),)))
    written(findings, SAID, name="f-2")
    written(findings, Draft(at=SAID.at, title="Over", due=date(2026, 1, 1), state="done"), name="f-3")
    page = as_html(findings.seen_by(CPD), {"site": "A & B"}, "America/Chicago", date(2026, 7, 1))
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page and "a &lt; b\nc" in page and "cpd/1&lt;2" in page
    assert "A &amp; B" in page
    assert "2026-06-01 (overdue)" in page and "2026-01-01 (overdue)" not in page
    assert "2026-05-04 14:03:07 CDT" in page
    assert page.index("Improvement plan") < page.index("What happened?")
    assert "as known then" in page and "to that moment" not in page
    page = as_html(findings.seen_by(CPD), {}, "America/Chicago", date(2026, 7, 1), "https://ops.example/")
    assert 'href="https://ops.example/review?at=2026-05-04T19:03:07Z&amp;view=known"' in page


def test_as_json_has_the_stamp_and_all_fields():
    findings = Findings()
    written(findings)
    found = json.loads(as_json(findings.seen_by(CPD), {"for": "cpd"}))
    assert found["stamp"] == {"for": "cpd"}
    assert found["findings"][0]["said"]["due"] == "2026-06-01"
