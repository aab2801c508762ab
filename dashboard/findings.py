"""Findings over HTTP and on disk: one line of JSON for each version, appended and synced before it is acknowledged.

| request | answer |
|---|---|
| `GET /api/findings` | `findings`: the newest version of each that the caller's agency may read |
| `GET /api/findings.html`, `/api/findings.json` | the same, as a file to keep; audited first |
| `GET /api/findings/ID` | `versions`, oldest first |
| `POST /api/findings` | a draft (`layers.findings.Draft`) as JSON: 201 and the finding |
| `POST /api/findings/ID?version=0` | the same under an id that the writer made: `f-` and 12 to 32 hexadecimal digits |
| `POST /api/findings/ID?version=N` | what it says from now on; 409 when version N is not the newest |

Who names the finding and gets no answer sends the same again: the answer is the version that is there. Walls and api
tokens only read. Nothing here touches the live picture.
"""

import asyncio
import logging
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard.config import Settings
from dashboard.front import refusal, unverified, who
from dashboard.reads_audit import ReadsAudit
from dashboard.viewer import Gate, Viewer
from feeds.clock import Clock
from feeds.errors import BusDown, DecodeError
from feeds.recording.audit import Audit, NotAudited
from layers.findings import Conflict, Finding, Findings, as_html, as_json, draft

log = logging.getLogger(__name__)

PATH = "/api/findings"
_OWN_NAME = re.compile(r"f-[0-9a-f]{12,32}")
_line = msgspec.json.Decoder(Finding).decode
_encode = msgspec.json.Encoder().encode
_Write = Callable[[Findings], Finding]


class FindingsFile:
    """The findings of a site, in one file. One process writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self.all = Findings()
        self.fault = ""
        """Why the file cannot be read; then nothing is given out and nothing is written, so that nothing is lost."""

    def load(self) -> None:
        """Read the file. A last line that a crash cut was never acknowledged, and goes."""
        self.all = Findings()
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            for number, line in enumerate(whole.splitlines(), 1):
                try:
                    self.all.take(_line(line))
                except (msgspec.DecodeError, msgspec.ValidationError, Conflict) as error:
                    raise DecodeError(f"line {number}: {error}") from error
            if len(whole) < len(data):
                log.warning("findings.torn_line file=%s bytes=%d", self._path, len(data) - len(whole))
                os.truncate(self._path, len(whole))
        except (OSError, DecodeError) as error:
            self.fault = str(error)
            log.error("findings.unreadable file=%s reason=%s", self._path, error)

    async def write(self, make: _Write) -> Finding:
        """Append the version that `make` gives of what there is, and return it. Raises Conflict and OSError.

        One that is there already is not written again.
        """
        async with self._lock:
            version = make(self.all)
            if version in self.all:
                return version
            await asyncio.to_thread(self._append, _encode(version) + b"\n")
            self.all.take(version)
            return version

    def _append(self, line: bytes) -> None:
        new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            end = file.tell()
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self._path, end)  # the next one must not be glued to half a line
                raise
        if new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


class FindingsApi:
    """The addresses."""

    def __init__(self, settings: Settings, gate: Gate, file: FindingsFile, clock: Clock, audit: Audit) -> None:
        self._site = settings.site
        self._gate = gate
        self._file = file
        self._clock = clock
        self._audit = ReadsAudit(audit, clock, settings.site.archive if settings.site.audit else "")

    def router(self) -> APIRouter:
        """Return the addresses."""
        routes = APIRouter()
        routes.add_api_route(PATH, self.read, methods=["GET"])
        routes.add_api_route(f"{PATH}.{{kind}}", self.export, methods=["GET"])
        routes.add_api_route(f"{PATH}/{{finding_id}}", self.versions, methods=["GET"])
        routes.add_api_route(PATH, self.write, methods=["POST"])
        routes.add_api_route(f"{PATH}/{{finding_id}}", self.write, methods=["POST"])
        return routes

    async def _caller(self, request: Request) -> Viewer | Response:
        try:
            viewer = await who(self._gate, request.headers)
        except BusDown:
            return unverified(PATH)
        if viewer is None:
            return refusal(PATH, 401, "Log in first.")
        if self._file.fault:
            return refusal(PATH, 503, "The site's findings cannot be read; its log says why.")
        return viewer

    async def read(self, request: Request) -> Response:
        """Return the findings that the caller may read."""
        viewer = await self._caller(request)
        if isinstance(viewer, Response):
            return viewer
        return _json({"findings": self._file.all.seen_by(viewer.agency)})

    async def versions(self, request: Request, finding_id: str) -> Response:
        """Return one finding with all that it said before."""
        viewer = await self._caller(request)
        if isinstance(viewer, Response):
            return viewer
        found = self._file.all.history(finding_id, viewer.agency)
        return _json({"versions": found}) if found else refusal(PATH, 404, "There is no such finding.")

    async def export(self, request: Request, kind: str) -> Response:
        """Return the findings as a file, once it is audited that they are taken away."""
        viewer = await self._caller(request)
        if isinstance(viewer, Response):
            return viewer
        if kind not in ("json", "html"):
            return refusal(PATH, 404, "Findings come as .html and as .json.")
        seen = self._file.all.seen_by(viewer.agency)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        stamp = {"site": self._site.name, "for": viewer.agency, "made": now.isoformat(timespec="seconds")}
        if kind == "json":
            body, media = as_json(seen, stamp), "application/json"
        else:
            today = now.astimezone(ZoneInfo(self._site.timezone)).date()
            page = as_html(seen, stamp, self._site.timezone, today, self._site.public_url)
            body, media = page.encode(), "text/html; charset=utf-8"
        try:
            await self._audit.findings(viewer, kind, sorted({one.agency for one in seen}))
        except NotAudited as error:
            log.error("findings.not_audited reason=%s", error)
            return refusal(PATH, 503, "Not given out: it cannot be written into the site's audit. Its log says why.")
        except PermissionError as error:
            return refusal(PATH, 429, str(error))
        name = f"findings-{now:%Y%m%d-%H%M}.{kind}"
        return Response(body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    async def write(self, request: Request, finding_id: str = "", version: int | None = None) -> Response:
        """Write a finding, or its next version."""
        viewer = await self._caller(request)
        if isinstance(viewer, Response):
            return viewer
        if viewer.kind not in ("desk", "field"):
            return refusal(
                PATH, 403, "Findings are written by people at a desk or in the field, not by walls or tokens."
            )
        if bool(finding_id) != (version is not None):
            return refusal(PATH, 400, "Name the version that is changed: POST /api/findings/ID?version=N.")
        if version == 0 and not _OWN_NAME.fullmatch(finding_id):
            return refusal(PATH, 400, "The id of a new finding is f- and 12 to 32 hexadecimal digits.")
        try:
            said = draft(await request.body())  # the front bounds its length
        except DecodeError as error:
            return refusal(PATH, 400, f"Not a finding: {error}")
        name, changes = finding_id or f"f-{secrets.token_hex(6)}", version or 0
        role = viewer.roles[0] if viewer.roles else viewer.kind
        at = self._clock.now()
        try:
            written = await self._file.write(
                lambda f: (
                    f.again(name, said, viewer.agency, changes) or f.next(name, said, viewer.agency, role, changes, at)
                )
            )
        except Conflict as error:
            return refusal(PATH, 409, f"Not written: {error}.")
        except OSError as error:
            log.error("findings.not_written reason=%s", error.strerror)
            return refusal(PATH, 503, f"Not written: {error.strerror}.")
        return _json({"finding": written}, 200 if version else 201)


def _json(said: dict[str, object], status: int = 200) -> Response:
    return Response(_encode(said), status, media_type="application/json")
