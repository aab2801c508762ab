"""THE HUB: batches in, one picture, one view per viewer class, one frame per class and tick out.

Stages
  hear    batches from the bus, applied as they come; beats; the line lost and back
  tick    picture.flush -> each audience's view steps -> each audience sends          (`tick_ms`)
  begin   the first view of a class, in slices between ticks                          (`first_views.py`)
  keep    the picture's keyframe on the bus every 10 s, then the journal trimmed behind it and the recorder
  cuts    which tick applied what, on the bus each second                            (`hub_cuts.py`)
  screens what the viewers' screens show, on the bus each second                     (`hub_screens.py`)
A restarted hub is the keyframe and the journal after it. What fails in one batch, class or viewer is logged
and costs no other. This file owns the tasks; what they do is in the files it names.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from dashboard.audience import Audience
from dashboard.config import Settings
from dashboard.first_views import FirstViews
from dashboard.hub_cuts import HubCuts
from dashboard.hub_screens import HubScreens
from dashboard.messages import card_answer, hello
from dashboard.reads import GEOJSON, Reads, health, unknown
from dashboard.recorder import RecorderWatch
from dashboard.stream import Ask, Stream
from dashboard.viewer import Gate, Viewer
from feeds.bus import BatchId, Beat, Bus, BusEvent, Delivery, LineBack, LineLost
from feeds.clock import Clock
from feeds.errors import BusDown, DecodeError
from feeds.names import CUTS, SCREENS
from layers import keyframe
from layers.delta import LINE_UP, BusLine
from layers.feed_health import FeedRow, feed_rows
from layers.gateways import Gateways
from layers.picture import Picture
from layers.policy import Grant, Rules, ViewerClass
from layers.policy_record import encode_policy
from layers.roster import AgencyInfo, Roster

log = logging.getLogger(__name__)

KEEP_EVERY_S = 10.0
TRIM_EVERY_S = 60.0
HEALTH_EVERY_S = 1.0
CLASS_KEPT_S = 120.0
"""A class nobody looks at keeps its revisions this long, seconds: its viewers may come back."""
PIECE_S = 0.005
"""What is heard between two ticks is taken in pieces of about this long, seconds..."""
PIECES_MAX = 8
"""...at most so many."""
_BUS_S = 5.0
_FIRST_VIEW_S = 60.0
"""Longest wait for the view of a class that nobody looked at before, seconds."""
_RETRY_S = 0.25
_CAUGHT_UP_S = 5.0
"""The door opens when the backlog was heard, or after this, seconds."""

_encode = msgspec.json.Encoder().encode


def roster_of(settings: Settings) -> Roster:
    """Return the site's agencies and sources as the layers know them."""
    agencies = zip(settings.agency_ids(), settings.agency, strict=True)
    return Roster([AgencyInfo(id_, a.name, a.tag, a.family) for id_, a in agencies], settings.sources())


def grants_of(settings: Settings) -> tuple[Grant, ...]:
    """Return the site's shares."""
    return tuple(Grant(s.from_, frozenset(s.to), frozenset(s.categories), frozenset(s.labels)) for s in settings.share)


def rules_of(settings: Settings) -> Rules:
    """Return the site's shares, compiled."""
    return Rules(grants_of(settings))


class Hub:
    """One hub. `port` is the port really listened on once `run` has opened the door (`opened`)."""

    def __init__(self, bus: Bus, settings: Settings, clock: Clock, gate: Gate, bind: str, port: int) -> None:
        self._bus = bus
        self._settings = settings
        self._zone = ZoneInfo(settings.site.timezone)
        self._clock = clock
        self._bind = bind
        self.port = port
        self.opened = asyncio.Event()
        self.roster = roster_of(settings)
        self.rules = rules_of(settings)
        self.picture = Picture(self.roster)
        self.audiences: dict[ViewerClass, Audience] = {}
        self.line: BusLine = LINE_UP
        self._first_views = FirstViews(self._new_audience, self.audiences, self._failed)
        self._gateways = Gateways()
        self._recorder = RecorderWatch(bus, clock, recorded=settings.site.record)
        self._cuts = HubCuts(bus, encode_policy(grants_of(settings), self.roster))
        self.screens = HubScreens(
            bus, lambda viewer, id_: id_ in self.roster.agencies and self.rules.sees_of(viewer, id_)
        )
        self._caught_up = asyncio.Event()
        self._ticking = asyncio.Event()
        self._took_s = 0.0
        """What was heard since the last tick took so long to apply."""
        self._kept: dict[Any, BatchId] = {}
        self._trimmed_at = 0.0
        self._told_at = 0.0
        self._reads = Reads()
        self._stream = Stream(self, gate, settings.site.public_url)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises OSError when the port is taken."""
        tasks: list[asyncio.Task[None]] = []
        try:
            works = (self._hear, self._tick, self._keep, self._follow, self._first_views.work, self._note)
            tasks = [asyncio.create_task(work()) for work in works]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._caught_up.wait(), _CAUGHT_UP_S)
            self.port = await self._stream.open(self._bind, self.port)
            self.opened.set()
            log.info("hub.open port=%d units=%d", self.port, self.picture.counts()["units"])
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            for task in tasks:
                if task.done():
                    task.result()  # one that ended by itself tells why
        finally:
            with contextlib.suppress(TimeoutError):
                await self._stream.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(BusDown, TimeoutError):
                await asyncio.wait_for(self._save(), 1.0)
                await asyncio.wait_for(self._cuts.append(), 1.0)
                await asyncio.wait_for(self.screens.append(self.now()), 1.0)

    async def _restore(self) -> None:
        """Begin with the kept keyframe, however long the bus takes to give it.

        Starting from the journal alone would lose what the journal was trimmed of, and then keep that loss.
        """
        while True:
            try:
                data = await asyncio.wait_for(self._bus.load_keyframe(), _BUS_S)
                break
            except (BusDown, TimeoutError):
                if self.line is LINE_UP:
                    self.line = BusLine("lost", self._clock.now())
                self._caught_up.set()
                await asyncio.sleep(_RETRY_S)
        if data is not None:
            try:
                self.picture = await asyncio.to_thread(keyframe.restore, data, self.roster)
            except DecodeError as error:
                log.error("hub.keyframe_refused reason=%s", error)
        self._kept = dict(self.picture.last)
        self._cuts.start(self.picture.last)
        self._renew_all()

    async def _hear(self) -> None:
        await self._restore()
        events = self._bus.subscribe(self._settings.agency_ids(), dict(self.picture.last), self._turn)
        try:
            async for event in events:
                self._take(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def _follow(self) -> None:
        await self._recorder.follow()
        await asyncio.Event().wait()  # a site that records nothing has nothing to follow

    async def _note(self) -> None:
        """Keep the logs of this hub on the bus."""
        await asyncio.gather(self._cuts.follow(), self.screens.follow(self.now))

    async def _turn(self) -> None:
        """Return when `_tick` says so: what came until then is taken in one go, a fifth cheaper than as it comes."""
        self._ticking.clear()
        await self._ticking.wait()

    def _take(self, event: BusEvent) -> None:
        match event:
            case Delivery():
                try:
                    self.picture.apply(event)
                except Exception:
                    log.exception("hub.batch_failed agency=%s id=%s", event.agency, event.id)
                    self.picture.last[event.agency] = event.id
                self._cuts.heard(event.agency, event.id)
            case Beat():
                self._gateways.hear(event.sources, self._clock.now())
            case LineLost():
                self.line = BusLine("lost", event.at)
                self._told_at = 0.0
                self._caught_up.set()
                log.warning("hub.line_lost")
            case LineBack():
                self.line = LINE_UP
                self._told_at = 0.0
                self._caught_up.set()
                log.info("hub.line_back")

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        step = self._settings.site.tick_ms / 1000.0
        at = loop.time()
        while True:
            took = await self._take_waiting()
            self.tick(self._clock.now())
            # A late tick is not made up for: the next one carries what it would have.
            at = max(at + step, loop.time())
            # What is much is taken in pieces on the way: taken at the tick alone, it would all be late by that long.
            pieces = min(1 + int(took / PIECE_S), PIECES_MAX)
            self._took_s = 0.0
            early = [step * left / pieces for left in range(pieces - 1, 0, -1)]
            # The last shortly before, so that little is left for the tick itself.
            for ahead in [*early, PIECE_S] if early else []:
                await asyncio.sleep(at - ahead - loop.time())
                await self._take_waiting()
                self._gather()
            await asyncio.sleep(at - loop.time())

    async def _take_waiting(self) -> float:
        """Let `_hear` take all that waits; return how long that took since the last tick, seconds."""
        began = asyncio.get_running_loop().time()
        self._ticking.set()
        await asyncio.sleep(0)  # `_hear` runs first
        self._took_s += asyncio.get_running_loop().time() - began
        return self._took_s

    def _gather(self) -> None:
        try:
            self.picture.gather()
        except Exception as error:
            self._picture_failed(error)

    def _picture_failed(self, error: Exception) -> None:
        """Begin anew: what changed is lost to the views, and new ones are made of all the picture."""
        self._failed("picture", error)
        self._renew_all()

    def tick(self, t: float) -> None:
        """Move everything on to `t` and send each class its frame."""
        picture = self.picture
        try:
            picture.expire(t)
            touched, happenings = picture.flush()
        except Exception as error:
            self._picture_failed(error)
            return
        for audience in list(self.audiences.values()):
            try:
                audience.step(touched, happenings, t)
                audience.send(t, self.line)
            except Exception as error:
                # Fails closed: the class's view is thrown away; its seats get a new one by a keyframe.
                self._failed(f"class:{audience.viewer.agency}", error)
                self._renew(audience)
        self._first_views.step(touched, happenings, t)
        self._cuts.tick(t, self.audiences)
        if abs(t - self._told_at) >= HEALTH_EVERY_S:  # abs: a clock may be set back
            self._told_at = t
            self._each_second(t)

    def _failed(self, what: str, error: Exception) -> None:
        self.rules.alarm(what, error)
        log.error("hub.failed what=%s", what, exc_info=error)

    def _renew(self, old: Audience) -> None:
        del self.audiences[old.viewer]
        self._reads.forget(old)
        old.end()

    def _renew_all(self) -> None:
        for audience in list(self.audiences.values()):
            self._renew(audience)
        self._first_views.begin_anew()

    def _new_audience(self, viewer_class: ViewerClass, t: float) -> Audience:
        return Audience(self.picture, self.rules, viewer_class, t, whole=False)

    def _each_second(self, t: float) -> None:
        self._gateways.settle(t)
        for viewer_class, audience in list(self.audiences.items()):
            if audience.seats:
                try:
                    self._tell_health(viewer_class, audience, t)
                except Exception as error:
                    self._failed("health", error)
            elif t - audience.wanted_at > CLASS_KEPT_S:
                self._renew(audience)

    def _tell_health(self, viewer_class: ViewerClass, audience: Audience, t: float) -> None:
        message = {
            "type": "health",
            "at": t,
            **self._bus_health(),
            "feeds": self.feeds(viewer_class, t),
        }
        audience.tell(_encode(message).decode())

    def _bus_health(self) -> dict[str, Any]:
        """Return how the bus and the recorder are, and why the journal takes nothing: the site's state, no agency's."""
        now = self._clock.now()
        return {
            "bus": self.line.bus or "live",
            "bus_since": self.line.since,
            "journal": self._gateways.journal(now),
            "recorder": self._recorder.health(now),
        }

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            try:
                await self._save()
                await self._trim_now_and_then(self._clock.now())
            except (BusDown, TimeoutError):
                log.warning("hub.keyframe_not_saved")

    async def _save(self) -> None:
        if self.picture.last == self._kept:
            return
        cut, taking = keyframe.begin(self.picture)
        for _ in taking:
            await asyncio.sleep(0)
        data = await asyncio.to_thread(keyframe.encode, cut)
        await asyncio.wait_for(self._bus.save_keyframe(data), _BUS_S)
        self._kept = cut.last

    async def _trim_now_and_then(self, t: float) -> None:
        if abs(t - self._trimmed_at) >= TRIM_EVERY_S:  # abs: a clock may be set back
            self._trimmed_at = t
            await self._trim()

    async def _trim(self) -> None:
        """Drop what is older than the site keeps, in the kept keyframe, and recorded, if the site records."""
        oldest = BatchId(int((self._clock.now() - self._settings.site.journal_s) * 1000), 0)
        limits = await self._recorder.limits([*self._kept, CUTS, SCREENS])
        for agency, last in self._kept.items():
            limit = limits[agency]
            before = min(oldest, last.next()) if limit is None else min(oldest, last.next(), limit)
            await asyncio.wait_for(self._bus.trim(agency, before), _BUS_S)
        await self._cuts.trim(self._clock.now(), self._settings.site.journal_s, limits[CUTS])
        await self.screens.trim(self._clock.now(), self._settings.site.journal_s, limits[SCREENS])

    # --- what the stream asks ---------------------------------------------------------------

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock.now()

    async def audience(self, viewer: Viewer) -> Audience:
        """Return the audience of the viewer's class; a new one is begun at the next tick, from a flushed picture."""
        viewer_class = self.rules.class_of(viewer.agency, viewer.roles)
        audience = self.audiences.get(viewer_class)
        if audience is None:
            audience = await asyncio.wait_for(asyncio.shield(self._first_views.want(viewer_class)), _FIRST_VIEW_S)
        audience.wanted_at = self._clock.now()
        return audience

    def feeds(self, viewer_class: ViewerClass, t: float) -> tuple[FeedRow, ...]:
        """Return feed health as the class may know it."""
        return feed_rows(self._gateways.sources, self.roster, self.rules, viewer_class, t)

    def hello(self, viewer: Viewer, audience: Audience) -> bytes:
        """Return the first message of a connection."""
        site, at = self._settings.site, self._clock.now()
        return hello(viewer, audience.viewer, site, self.roster, self.rules, at, epoch=audience.epoch)

    def card(self, audience: Audience, ask: Ask) -> bytes:
        """Return the answer to an ask."""
        return card_answer(audience, ask, self.roster, self.rules, self._clock.now(), self._zone)

    async def read(self, path: str, viewer: Viewer) -> tuple[HTTPStatus, bytes]:
        """Return the answer to `GET path` for the viewer: what its class sees, nothing else."""
        layer = GEOJSON.get(path)
        if layer is None and path != "/read/health":
            return unknown()
        audience = await self.audience(viewer)
        if layer is not None:
            return HTTPStatus.OK, await self._reads.collection(audience, layer)
        agency = viewer.agency  # of others not even how many look
        viewers = sum(seat.viewer.agency == agency for a in self.audiences.values() for seat in a.seats)
        looks = {"viewers": viewers, "screens": self.screens.of(agency)}
        return health(viewer, audience, self.feeds(audience.viewer, self._clock.now()), self._bus_health(), looks)
