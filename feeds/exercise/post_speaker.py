"""A source that posts: OwnTracks phones, the cameras' webhook, a CAD that speaks EIDO. One request after the other.

What the door has not answered for is posted again, and told there as a duplicate. At most `BODIES_MAX` wait; then the
oldest goes, and is counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import httpx

from feeds.exercise.eido_event import eido
from feeds.exercise.phone import location
from feeds.exercise.webhook_event import webhook
from feeds.report import AnyReport, CameraReport, IncidentReport, UnitReport

log = logging.getLogger(__name__)

BODIES_MAX = 20_000
TOGETHER = 40
"""Camera events or resources in one message: EIDO's take about 1 kB each."""
_ANSWER_S = 25.0
_PAUSE_S, _PAUSE_MOST_S = 0.2, 5.0

Words = Callable[[str, Sequence[AnyReport]], list[bytes]]
"""The bodies that say these reports of this agency."""


def phones(agency: str, reports: Sequence[AnyReport]) -> list[bytes]:
    """Return one body a position, as each phone speaks for itself."""
    return [location(r, agency) for r in reports if isinstance(r, UnitReport) and r.lat is not None]


def cameras(agency: str, reports: Sequence[AnyReport]) -> list[bytes]:
    """Return the camera events as arrays."""
    events = [webhook(report) for report in reports if isinstance(report, CameraReport)]
    return [b"[" + b",".join(events[i : i + TOGETHER]) + b"]" for i in range(0, len(events), TOGETHER)]


class Cad:
    """Words of a dispatcher's system that speaks EIDO: a resource is always said whole, so it remembers them."""

    def __init__(self) -> None:
        self._units: dict[str, UnitReport] = {}

    def __call__(self, agency: str, reports: Sequence[AnyReport]) -> list[bytes]:
        """Return the documents that say these reports; a resource whose kind was never said is not said yet."""
        said: list[IncidentReport | UnitReport] = []
        for report in reports:
            if isinstance(report, IncidentReport):
                said.append(report)
            elif isinstance(report, UnitReport) and (whole := self._whole(report)) is not None:
                said.append(whole)
        bodies = []
        for i in range(0, len(said), TOGETHER):
            part = said[i : i + TOGETHER]
            incidents = [r for r in part if isinstance(r, IncidentReport)]
            units = [r for r in part if isinstance(r, UnitReport)]
            bodies.append(eido(agency, max(r.observed_at for r in part), incidents, units))
        return bodies

    def _whole(self, report: UnitReport) -> UnitReport | None:
        known = self._units.get(report.unit_id)
        if report.primary_status is None or report.unit_type is None:
            if known is None:
                return None
            report = UnitReport(
                observed_at=report.observed_at, status=report.status, unit_id=report.unit_id,
                lat=report.lat, lon=report.lon, course_deg=report.course_deg, speed_mps=report.speed_mps,
                hae_m=report.hae_m, h_err_m=report.h_err_m, fix_method=report.fix_method,
                call_sign=known.call_sign, unit_type=known.unit_type, capabilities=known.capabilities,
                primary_status=known.primary_status, secondary_status=known.secondary_status,
                status_internal=known.status_internal, incident_id=known.incident_id,
            )  # fmt: skip
        self._units[report.unit_id] = report
        return report


class PostSpeaker:
    """See the head."""

    def __init__(self, source: str, feed_url: str, token: str, words: Words) -> None:
        self.source = source
        self.dropped = 0
        self.refused = 0
        """Bodies of which nothing was taken."""
        self._url = f"http{feed_url.removeprefix('ws')}/feed/{source}"
        self._token = token
        self._words = words
        self._bodies: deque[bytes] = deque()
        self._more = asyncio.Event()

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits."""
        self._bodies.extend(self._words(agency, reports))
        while len(self._bodies) > BODIES_MAX:
            self._bodies.popleft()
            self.dropped += 1
        self._more.set()

    @property
    def waiting(self) -> int:
        """Bodies not answered for yet."""
        return len(self._bodies)

    async def run(self) -> None:
        """Post what there is, until cancelled."""
        pause, trouble = _PAUSE_S, ""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(headers=headers, timeout=_ANSWER_S, trust_env=False) as line:
            while True:
                if not self._bodies:
                    self._more.clear()
                    await self._more.wait()
                body = self._bodies[0]
                why = await self._post(line, body)
                if why and why != trouble:
                    log.warning("exercise_line_lost source=%s reason=%s", self.source, why)
                elif trouble and not why:
                    log.warning("exercise_line_back source=%s", self.source)
                trouble = why
                if why:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _PAUSE_MOST_S)
                    continue
                pause = _PAUSE_S
                if self._bodies and self._bodies[0] is body:
                    self._bodies.popleft()

    async def _post(self, line: httpx.AsyncClient, body: bytes) -> str:
        """Post one body; return why it has to go again, `""` when it was dealt with."""
        try:
            answer = await line.post(self._url, content=body)
        except httpx.HTTPError as error:
            return type(error).__name__
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            self.refused += 1
            log.warning("exercise_report_refused source=%s", self.source)
            return ""
        return "" if answer.is_success else f"HTTP {answer.status_code}"
