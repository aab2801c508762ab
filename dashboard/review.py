"""THE REVIEW: the record, read again for those who look back. A process of its own: a hard seek delays no live tick.

The same doors as the hub's, the same picture, policy and frames; only source and clock differ, one of each for every
connection (`dashboard.review_session`). It holds nothing that could write to live.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from dashboard import review_reads, review_spans
from dashboard.audience import Seat
from dashboard.config import Settings
from dashboard.hub import roster_of, rules_of
from dashboard.labels_today import LabelsToday
from dashboard.messages import hello
from dashboard.overviews import Overviews
from dashboard.reads_audit import ReadsAudit
from dashboard.review_asks import Open, Question, Screens, understood
from dashboard.review_audit import NOT_AUDITED, ReviewAudit, Standing
from dashboard.review_keyframes import Keyframes
from dashboard.review_session import Place, Session
from dashboard.review_shares import PolicyTimes, Shares
from dashboard.review_spans import ReviewSpans
from dashboard.review_views import KNOWN, REVIEWER, Policy, Views
from dashboard.screen_words import type_of
from dashboard.stream_door import Answer, StreamDoor
from dashboard.viewer import Gate, Viewer
from feeds.clock import Clock
from feeds.errors import JointOpsError
from feeds.recording.audit import Audit, NotAudited
from feeds.replay.recording import Recording, Span

log = logging.getLogger(__name__)

OPEN_WITHIN_S = 5.0
SESSIONS_MAX = 16
SESSIONS_OF_ONE_MAX = 4
_TOO_MANY = 4429
_FAILED = 1011
_UNAUDITED = "what is looked at cannot be audited"


class Review:
    """One review process. `port` is the port really listened on once `run` has opened the door (`opened`)."""

    def __init__(
        self,
        recording: Recording,
        today: Callable[[], Awaitable[bytes | None]],
        settings: Settings,
        clock: Clock,
        gate: Gate,
        bind: str,
        port: int,
        audit: Audit,
        overviews: Overviews | None = None,
    ) -> None:
        """`today` gives the picture that the hub keeps (`layers.keyframe`); `overviews` are those of its archive."""
        self._audit = audit
        self._recording = recording
        self._settings = settings
        self._clock = clock
        self._bind = bind
        self.port = port
        self.opened = asyncio.Event()
        self._roster = roster_of(settings)
        self._views = Views(self._roster, rules_of(settings))
        labels = LabelsToday(today, self._roster)
        self._place = Place(recording, PolicyTimes(recording), Keyframes(), self._views, labels, settings.site)
        self._spans = ReviewSpans(recording, self._views, labels, overviews, ReadsAudit(audit, clock, self._record))
        self._door = StreamDoor(self, gate, settings.site.public_url)
        self._reviewing: list[str] = []
        """Names of the viewers, one for each review that is open."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises OSError when the port is taken."""
        try:
            self.port = await self._door.open(self._bind, self.port)
            self.opened.set()
            log.info("review.open port=%d", self.port)
            await stop.wait()
        finally:
            with contextlib.suppress(TimeoutError):
                await self._door.close()

    # --- what the door asks -----------------------------------------------------------------

    def refuses(self, viewer: Viewer) -> str:
        """Return why this viewer may not review, in words; "" when it may."""
        return "" if REVIEWER in viewer.roles else f"Looking back needs the role `{REVIEWER}`."

    async def read(self, path: str, viewer: Viewer) -> Answer:
        """Return the answer to `GET path` for the viewer."""
        if path.startswith(review_spans.PATH):
            return await self._spans.answer(path, viewer)
        if path != review_reads.PATH:
            return review_reads.unknown()
        rules = self._views.rules(viewer, KNOWN, Policy(self._roster, None))
        shares = Shares(self._place.times, self._views.rules_of(viewer, KNOWN))
        try:
            return await review_reads.recording(self._recording, rules, shares)
        except (JointOpsError, OSError) as error:
            return review_reads.unreadable(error)

    async def seat(self, connection: ServerConnection, viewer: Viewer) -> None:
        """Serve one review until it ends."""
        if len(self._reviewing) >= SESSIONS_MAX or self._reviewing.count(viewer.name) >= SESSIONS_OF_ONE_MAX:
            await connection.close(_TOO_MANY, "too many reviews at once")
            return
        self._reviewing.append(viewer.name)
        try:
            await self._review(connection, viewer)
        except (ConnectionClosed, TimeoutError):
            pass
        except NotAudited as error:
            log.error("review.not_audited reason=%s", error)
            await connection.close(_FAILED, _UNAUDITED)
        except (JointOpsError, OSError) as error:
            log.warning("review.cannot_begin reason=%s", error)
            await connection.close(_FAILED, "the record cannot be read now")
        finally:
            self._reviewing.remove(viewer.name)

    async def _review(self, connection: ServerConnection, viewer: Viewer) -> None:
        now = self._clock.now()
        span = await self._recording.span() or Span(now, now)
        await asyncio.wait_for(connection.send(self._hello(viewer, span), text=True), OPEN_WITHIN_S)
        begin, refusals = await self._first(connection)
        seat = Seat(connection, viewer)
        try:
            session = Session(self._place, seat, span, begin)
        except PermissionError as error:
            session = Session(self._place, seat, span, Open(begin.at))
            refusals.append(("open", str(error)))
        for what, words in refusals:
            session.told.refused(what, words)
        audit = self._audit_of(viewer)
        try:
            await audit.opened(session.began, session.view)
        except NotAudited:
            session.told.refused("open", NOT_AUDITED)
            raise
        log.info("review.begin viewer=%s at=%s view=%s", viewer.name, begin.at, begin.view)

        def where() -> Standing:
            return Standing(session.began, session.at, session.view, session.epoch)

        playing = asyncio.create_task(session.run())

        async def auditing() -> None:
            try:
                await audit.run(where)
            except NotAudited as error:
                log.error("review.not_audited reason=%s", error)
                playing.cancel()
                session.told.refused("audit", NOT_AUDITED)
                await connection.close(_FAILED, _UNAUDITED)

        tasks = {playing, asyncio.create_task(auditing())}
        for task in tasks:
            task.add_done_callback(lambda done: _ended(done, connection))
        try:
            async for message in connection:
                said = None
                try:
                    said = understood(message)
                    session.check(said)
                    await audit.heard(said, where())
                    session.hear(said)
                except (ValueError, PermissionError) as error:
                    ask = said.ask if isinstance(said, Question | Screens) else None
                    session.told.refused(type_of(message), str(error), ask)
        except NotAudited:
            session.told.refused("audit", NOT_AUDITED)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await audit.closed(where())

    def _audit_of(self, viewer: Viewer) -> ReviewAudit:
        agencies = [agency for agency in self._views.sees_of(viewer) if agency in self._recording.agencies]
        return ReviewAudit(self._audit, self._clock, viewer, agencies, self._record)

    @property
    def _record(self) -> str:
        """What the audit calls a record that is not the site's own."""
        site = self._settings.site
        return site.archive if site.audit else ""

    async def _first(self, connection: ServerConnection) -> tuple[Open, list[tuple[str, str]]]:
        """Return where to begin; at the end, when nobody says or it is not understood, and the refusal of that."""
        message: str | bytes = ""
        try:
            message = await asyncio.wait_for(connection.recv(), OPEN_WITHIN_S)
            said = understood(message)
        except TimeoutError:
            return Open(), []
        except ValueError as error:
            return Open(), [(type_of(message), str(error))]
        return (said, []) if isinstance(said, Open) else (Open(), [(type_of(message), "the first message is open")])

    def _hello(self, viewer: Viewer, span: Span) -> bytes:
        rules = self._views.rules(viewer, "known", Policy(self._roster, None))
        seen = [agency for agency in self._recording.agencies if rules.sees_of(rules.viewer, agency)]
        replay = {"from": span.since, "to": span.until, "agencies": seen, "views": self._views.of(viewer)}
        site = self._settings.site
        return hello(viewer, rules.viewer, site, self._roster, rules, self._clock.now(), replay=replay)


def _ended(work: asyncio.Task[None], connection: ServerConnection) -> None:
    """Cut a connection whose review failed: it fails closed."""
    if not work.cancelled() and work.exception() is not None:
        log.error("review.failed", exc_info=work.exception())
        connection.transport.abort()
