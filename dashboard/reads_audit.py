"""What is handed out over HTTP, into the site's audit before: stretches of the record, findings as files.

Rules
- Stretches are one line for each viewer, view, agency, level and hour of the record; the same again within `LATELY_S`
  is the same line.
- Of one viewer only so many lines a second are taken; more are refused, so that nobody fills the disk.
"""

import asyncio
from collections.abc import Sequence

from dashboard.review_audit import TOO_OFTEN
from dashboard.subscription import Allowance
from dashboard.viewer import Viewer
from feeds.clock import Clock
from feeds.recording.audit import Act, Audit, Entry

HOUR_S = 3600
LATELY_S = 3600.0
LATELY_MAX = 20_000
"""Lines that are kept in mind; of more the oldest are written again."""
LINES_A_SECOND, LINES_AT_ONCE = 5, 200
"""A page that goes to another range fetches some hours of each agency at once."""


class ReadsAudit:
    """One process's. `record`: which record, "" the site's own."""

    def __init__(self, audit: Audit, clock: Clock, record: str = "") -> None:
        self._audit = audit
        self._clock = clock
        self._record = record
        self._lately: dict[tuple[str, str, str, str, str, float], float] = {}
        """When what was written, oldest first."""
        self._lines: dict[str, Allowance] = {}
        self._one = asyncio.Lock()

    async def spans(self, viewer: Viewer, view: str, level: str, agency: str, at: float) -> None:
        """Write that a stretch at `at` (Unix seconds) is handed out. Raises NotAudited; PermissionError: too often."""
        hour = at // HOUR_S * HOUR_S
        key = (viewer.name, viewer.agency, view, level, agency, hour)
        async with self._one:
            now = self._clock.now()
            if abs(now - self._lately.get(key, float("-inf"))) < LATELY_S:  # abs: a clock may be set back
                return
            await self._write(viewer, "spans", view=view, agencies=(agency,), what=level, span=(hour, hour + HOUR_S))
            self._lately.pop(key, None)
            self._lately[key] = now
            if len(self._lately) > LATELY_MAX:
                del self._lately[next(iter(self._lately))]

    async def findings(self, viewer: Viewer, kind: str, agencies: Sequence[str]) -> None:
        """Write that the findings of these are taken away as a file. Raises NotAudited; PermissionError: too often."""
        await self._write(viewer, "export", agencies=tuple(agencies), what=f"findings.{kind}")

    async def _write(
        self,
        viewer: Viewer,
        act: Act,
        *,
        agencies: tuple[str, ...],
        what: str,
        view: str = "",
        span: tuple[float | None, float | None] = (None, None),
    ) -> None:
        lines = self._lines.setdefault(viewer.name, Allowance(LINES_A_SECOND, LINES_AT_ONCE))
        if not lines.take(asyncio.get_running_loop().time()):
            raise PermissionError(TOO_OFTEN)
        entry = Entry(
            act=act,
            who=viewer.name,
            agency=viewer.agency,
            via="review",
            at=self._clock.now(),
            since=span[0],
            until=span[1],
            view=view,
            agencies=agencies,
            what=" ".join(filter(None, (what, self._record))),
        )
        await asyncio.to_thread(self._audit.write, [entry])
