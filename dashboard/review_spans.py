"""What a review hands out over HTTP for scrubbing: stored minutes, and blocks of the time pyramid.

    GET /read/spans/<view>/<level>/<agency>/<at>      level: minute, l1, l2; at: Unix seconds where it begins

Whoever may not have it gets the answer of what there is not: 204. What is handed out is audited first.
"""

from http import HTTPStatus
from urllib.parse import unquote

from dashboard.labels_today import LabelsToday
from dashboard.overviews import LEVELS, Extent, NotThere, Overviews, TooMany
from dashboard.reads_audit import ReadsAudit
from dashboard.review_reads import too_often, unaudited, unreadable
from dashboard.review_views import TRUTH, Views
from dashboard.stream_door import Answer
from dashboard.viewer import Viewer
from feeds.errors import JointOpsError
from feeds.names import AgencyId
from feeds.recording.audit import NotAudited
from feeds.replay.recording import Recording
from layers.chunk import MINUTE_S
from layers.entitlement import entitled
from layers.review_rules import ReviewRules

PATH = "/read/spans/"
NOTHING = Answer(HTTPStatus.NO_CONTENT, b"")
"""What there is not, what nobody made, and what is not for who asks: no error, the caller then seeks."""
KIND = "application/octet-stream"
_MINUTE = "minute"
_LATEST = 32503680000
_DIGITS = 11
_WORDS = 4


class ReviewSpans:
    """The answers of one review process; `overviews` None: its record is no archive."""

    def __init__(
        self, recording: Recording, views: Views, labels: LabelsToday, overviews: Overviews | None, audit: ReadsAudit
    ) -> None:
        self._audit = audit
        self._recording = recording
        self._views = views
        self._labels = labels
        self._overviews = overviews

    async def answer(self, path: str, viewer: Viewer) -> Answer:
        """Return the answer to `GET path`, which begins with `PATH`, for a viewer who may review."""
        words = [unquote(word) for word in path.removeprefix(PATH).split("/")]
        if self._overviews is None or len(words) != _WORDS or not words[3].isdecimal():
            return NOTHING
        if len(words[3]) > _DIGITS or int(words[3]) > _LATEST:
            return NOTHING
        view, level, agency, at = words[0], words[1], AgencyId(words[2]), float(words[3])
        if not self._views.may(viewer, view) or agency not in self._recording.agencies:
            return NOTHING
        try:
            span = await self._span(self._overviews, viewer, view, level, agency, at)
            await self._audit.spans(viewer, view, level, agency, at)
        except NotThere:
            return NOTHING
        except NotAudited as error:
            return unaudited(error)
        except PermissionError as error:
            return too_often(error)
        except (TooMany, JointOpsError, OSError) as error:
            return unreadable(error)
        return Answer(HTTPStatus.OK, span, KIND)

    async def _span(
        self, overviews: Overviews, viewer: Viewer, view: str, level: str, agency: AgencyId, at: float
    ) -> bytes:
        span = await self._recording.span()

        async def rules_in(extent: Extent) -> list[ReviewRules]:
            told = await self._recording.policies(extent.at, extent.until)
            return [self._views.rules(viewer, view, self._views.policy(data)) for data in told]

        if level == _MINUTE and at % MINUTE_S == 0:
            rules = await rules_in(Extent(at, at + MINUTE_S))
            if all(entitled(one, one.viewer, agency) for one in rules):
                return await overviews.minute(agency, at)
        # What was true is not told by what was known each few seconds.
        if level not in LEVELS or span is None or view == TRUTH:
            raise NotThere
        seen = self._views.rules(viewer, view, self._views.policy(b""))
        if not seen.sees_of(seen.viewer, agency):
            raise NotThere
        return await overviews.block(level, agency, at, span, rules_in, await self._labels.now(), viewer.name)
