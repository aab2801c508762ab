"""Findings over HTTP and on disk."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from dashboard.findings import FindingsApi, FindingsFile
from dashboard.viewer import Gate, Viewer
from feeds.names import AgencyId
from feeds.recording.audit import Audit
from layers.findings import draft
from tests.support.pages import TOKEN, log_in, serving, settings

SAID = {"at": 1_777_921_387.5, "title": "Nearest car was not asked", "happened": "Two cars were nearer."}


async def written(
    visitor: httpx.AsyncClient, said: dict[str, Any] = SAID, path: str = "/api/findings"
) -> httpx.Response:
    return await visitor.post(path, json=said, headers={"Origin": str(visitor.base_url).rstrip("/")})


async def test_a_desk_writes_changes_and_reads_findings_and_they_are_there_after_a_restart(
    redis_url: str, tmp_path: Path
) -> None:
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        await log_in(visitor, name="desk")
        answer = await written(visitor)
        assert answer.status_code == 201
        finding = answer.json()["finding"]
        assert (finding["version"], finding["agency"], finding["said"]["title"]) == (1, "cpd", SAID["title"])
        path = f"/api/findings/{finding['id']}"
        changed = await written(visitor, SAID | {"state": "done"}, f"{path}?version=1")
        assert (changed.status_code, changed.json()["finding"]["version"]) == (200, 2)
        again = await written(visitor, SAID, f"{path}?version=1")
        assert again.status_code == 409 and "read it again" in again.json()["error"]
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        await log_in(visitor, name="desk")
        (read,) = (await visitor.get("/api/findings")).json()["findings"]
        assert (read["version"], read["said"]["state"]) == (2, "done")
        assert [v["version"] for v in (await visitor.get(path)).json()["versions"]] == [1, 2]
        assert (await visitor.get("/api/findings/none")).status_code == 404


async def test_findings_are_files_to_keep(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor, name="desk")
        await written(visitor, SAID | {"title": "<script>"})
        page = await visitor.get("/api/findings.html")
        assert "attachment" in page.headers["content-disposition"] and ".html" in page.headers["content-disposition"]
        assert "<script>" not in page.text and "&lt;script&gt;" in page.text
        kept = json.loads((await visitor.get("/api/findings.json")).content)
        assert kept["stamp"]["for"] == "cpd" and len(kept["findings"]) == 1
        assert (await visitor.get("/api/findings.docx")).status_code == 404


async def test_a_finding_that_is_sent_again_because_no_answer_came_is_there_once(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor, name="desk")
        new = "/api/findings/f-0123456789abcdef?version=0"
        first, again = await written(visitor, path=new), await written(visitor, path=new)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json() and first.json()["finding"]["id"] == "f-0123456789abcdef"
        other = await written(visitor, SAID | {"title": "Meanwhile I thought again"}, new)
        assert other.status_code == 409 and "read it again" in other.json()["error"]
        next_ = new.replace("=0", "=1")
        changed, sent = [await written(visitor, SAID | {"state": "done"}, next_) for _ in range(2)]
        assert (changed.status_code, changed.json()) == (200, sent.json())
        assert changed.json()["finding"]["version"] == 2
        assert (await written(visitor, path=new)).status_code == 409, "it was changed since"
        assert len((await visitor.get("/api/findings")).json()["findings"]) == 1
        for name in ("f-1", "f-0123456789ABCDEF", "mine", "f-" + "0" * 33):
            assert (await written(visitor, path=f"/api/findings/{name}?version=0")).status_code == 400
        assert (await written(visitor, path="/api/findings?version=0")).status_code == 400


class NoSessions:
    """A store in which nobody is logged in."""

    async def find(self, cookie: str) -> Viewer | None:
        return None


class At:
    """A clock that stands."""

    def __init__(self, *when: int) -> None:
        self._at = datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]

    def now(self) -> float:
        return self._at


@pytest.mark.parametrize(("hour", "told"), [(5, "2026-11-27</td>"), (6, "2026-11-27 (overdue)</td>")])
async def test_a_finding_is_overdue_once_its_day_is_over_where_the_site_is(
    tmp_path: Path, hour: int, told: str
) -> None:
    clock = At(2026, 11, 28, hour, 30)  # in Chicago half an hour before midnight, and after it
    file = FindingsFile(tmp_path / "findings.jsonl")
    said = draft(json.dumps(SAID | {"due": "2026-11-27"}).encode())
    await file.write(lambda all_: all_.next("f-1", said, AgencyId("cpd"), "supervisor", 0, clock.now()))
    site = settings()
    server = FastAPI()
    audit = Audit(tmp_path / "audit.jsonl")
    server.include_router(FindingsApi(site, Gate(site, NoSessions()), file, clock, audit).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://site") as reader:
        page = await reader.get("/api/findings.html", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told in page.text


async def test_a_file_of_findings_is_audited_first_or_not_given_out(redis_url: str, tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        assert (await visitor.get("/api/findings.html")).status_code == 401
        await log_in(visitor, name="desk")
        await written(visitor)
        await visitor.get("/api/findings")
        assert (await visitor.get("/api/findings.docx")).status_code == 404
        assert audit.entries() == []
        for kind in ("html", "json"):
            assert (await visitor.get(f"/api/findings.{kind}")).status_code == 200
        told = [(e.act, e.who, e.agency, e.via, e.agencies, e.what) for e in audit.entries()]
        assert told == [("export", "desk", "cpd", "review", ("cpd",), f"findings.{kind}") for kind in ("html", "json")]
        audit.path.write_bytes(audit.path.read_bytes() + b"not json\n")
        answer = await visitor.get("/api/findings.html")
        assert answer.status_code == 503 and answer.json()["error"].startswith("Not given out")
        assert "content-disposition" not in answer.headers


async def test_walls_tokens_and_strangers_write_nothing(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.get("/api/findings")).status_code == 401
        assert (await written(visitor)).status_code == 401
        authorized = {"Authorization": f"Bearer {TOKEN}"}
        assert (await visitor.get("/api/findings", headers=authorized)).json() == {"findings": []}
        assert (await visitor.post("/api/findings", json=SAID, headers=authorized)).status_code == 403
        await log_in(visitor)
        answer = await written(visitor)
        assert answer.status_code == 403 and "walls" in answer.json()["error"]
        foreign = await visitor.post("/api/findings", json=SAID, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403


async def test_what_is_no_finding_is_told_where(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor, name="field")
        answer = await written(visitor, {"at": 1, "title": "", "happened": ""})
        assert answer.status_code == 400 and "$.title" in answer.json()["error"]
        assert (await written(visitor, SAID, "/api/findings/f-1")).status_code == 400
        assert (await written(visitor, SAID, "/api/findings/f-1?version=3")).status_code == 409
        assert (await written(visitor, SAID | {"happened": "x" * 70_000})).status_code == 413


async def test_a_line_that_a_crash_cut_goes_and_a_damaged_file_gives_nothing_and_takes_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "archive" / "findings.jsonl"
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        await log_in(visitor, name="desk")
        await written(visitor)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    file = FindingsFile(path)
    file.load()
    assert (file.fault, path.read_bytes()) == ("", whole)
    path.write_bytes(b"{}\n" + whole)
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        await log_in(visitor, name="desk")
        for answer in (await visitor.get("/api/findings"), await written(visitor)):
            assert answer.status_code == 503 and "cannot be read" in answer.json()["error"]
    assert path.read_bytes() == b"{}\n" + whole


async def test_a_folder_that_cannot_be_written_is_told(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("not a folder")
    async with serving(redis_url, data_dir=str(tmp_path)) as visitor:
        await log_in(visitor, name="desk")
        answer = await written(visitor)
        assert answer.status_code == 503 and answer.json()["error"].startswith("Not written")
        assert (await visitor.get("/api/findings")).json() == {"findings": []}
