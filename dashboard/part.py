"""One part of a site as a process: its work runs until told to stop, and never outlives who started it."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from dashboard.config import Settings
from feeds.clock import SystemClock
from feeds.errors import ConfigError
from feeds.names import AgencyId

log = logging.getLogger(__name__)

PARENT = "JOINTOPS_PARENT"
"""Environment variable: pid of the supervisor; the process stops when that one is gone."""
READER = "JOINTOPS_READER"
"""Another, set by `jointops replay` of a folder for its review alone: the agency of whoever has the files."""
_LOOK_EVERY_S = 0.5
_GRACE_S = 1.8
"""How long the work may take to end after it was told to, seconds."""

Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def redis_url(settings: Settings) -> str:
    """Return the address of the site's Redis. Raises ConfigError when none is named."""
    url = settings.site.redis_url or os.environ.get("REDIS_URL", "")
    if not url:
        raise ConfigError(
            "site.redis_url", "no Redis: set it, or $REDIS_URL, or run `jointops serve`, which brings its own"
        )
    return url


def run(work: Work) -> int:
    """Run `work(stop)` until SIGTERM, SIGINT or the supervisor's end; return the exit status."""
    _take_all_files()
    return asyncio.run(_run(work))


def _take_all_files() -> None:
    """Let this process open as many files as it may: each viewer is one, and the usual 1,024 are soon gone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError) as error:
        log.warning("open_files_limited soft=%d reason=%s", soft, error)


async def _run(work: Work) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(sign, stop.set)
    watch = asyncio.create_task(_follow_parent(stop))
    job = asyncio.create_task(work(stop))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({job, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            await asyncio.wait({job}, timeout=_GRACE_S)
        if not job.done():
            log.warning("slow_stop after_s=%s", _GRACE_S)
            job.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({job}, timeout=1.0)
        if job.done() and not job.cancelled():
            job.result()
        return 0
    finally:
        for task in (watch, stopping):
            task.cancel()


async def _follow_parent(stop: asyncio.Event) -> None:
    parent = int(os.environ.get(PARENT, "0"))
    if not parent:
        return
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells us when a parent ends
        await asyncio.sleep(_LOOK_EVERY_S)
    if not stop.is_set():
        log.warning("supervisor_gone pid=%d", parent)
    stop.set()


def _collect_seldom() -> None:
    """Look for garbage in cycles less often: ten thousand things that live for hours are walked in vain each time."""
    gc.set_threshold(50_000, 20, 100)


async def gateway(settings: Settings, redis: str, stop: asyncio.Event, of: Collection[str] = ()) -> None:
    """Run the gateway of the site, or one for the sources of some of its agencies (`of`). Raises ConfigError."""
    from feeds.gateway import Gateway
    from feeds.redis_bus import RedisBus

    _collect_seldom()
    agencies = settings.agency_ids()
    for unknown in sorted(set(of) - set(agencies)):
        raise ConfigError("--agency", f"no agency {unknown!r}; there are {', '.join(agencies)}")
    sources = settings.sources()
    if of:
        agencies = tuple(agency for agency in agencies if agency in of)
        sources = tuple(source for source in sources if source.agency in of)
    clock = SystemClock()
    bus = RedisBus(redis, clock)
    try:
        await Gateway(
            bus,
            sources,
            agencies,
            clock,
            bind=settings.site.bind,
            feed_port=settings.site.feed_port,
            cot_port=settings.site.cot_port,
        ).run(stop)
    finally:
        await bus.close()


async def hub(settings: Settings, redis: str, stop: asyncio.Event) -> None:
    """Run the hub of the site."""
    from dashboard.hub import Hub
    from dashboard.sessions import Sessions
    from dashboard.viewer import Gate
    from feeds.redis_bus import RedisBus

    _collect_seldom()
    clock = SystemClock()
    bus = RedisBus(redis, clock)
    sessions = Sessions(redis, settings.site.session_s)
    try:
        await Hub(
            bus, settings, clock, Gate(settings, sessions), bind=settings.site.bind, port=settings.site.live_port
        ).run(stop)
    finally:
        await sessions.close()
        await bus.close()


async def review(settings: Settings, redis: str, stop: asyncio.Event) -> None:
    """Run the review of the site, which reads the record and writes its audit alone."""
    from dashboard.hub import roster_of
    from dashboard.overviews import Overviews
    from dashboard.reader_recording import ReaderRecording
    from dashboard.review import Review
    from dashboard.sessions import Sessions
    from dashboard.site import archive_dir, audit_file
    from dashboard.viewer import Gate
    from feeds.recording.archive import Archive
    from feeds.recording.audit import Audit
    from feeds.redis_bus import RedisBus
    from feeds.replay.archived import ArchivedRecording
    from feeds.replay.journal import JournalRecording
    from feeds.replay.sealed import Sealed

    _collect_seldom()
    clock = SystemClock()
    bus = RedisBus(redis, clock)
    sessions = Sessions(redis, settings.site.session_s)
    journal = JournalRecording(bus, settings.agency_ids(), clock)
    sealed = Sealed(Archive(archive_dir(settings))) if settings.site.record else None
    reader = AgencyId(os.environ.get(READER, ""))
    recording = (
        journal
        if sealed is None
        else ReaderRecording(sealed, journal, reader)
        if reader
        else ArchivedRecording(sealed, journal)
    )
    overviews = None if sealed is None else Overviews(sealed, bus.load_recorder, roster_of(settings))
    gate, site, audit = Gate(settings, sessions), settings.site, Audit(audit_file(settings))
    try:
        review = Review(
            recording, bus.load_keyframe, settings, clock, gate, site.bind, site.review_port, audit, overviews
        )
        await review.run(stop)
    finally:
        await sessions.close()
        await bus.close()


async def exercise(settings: Settings, units: int, seed: int, rate: float, stop: asyncio.Event) -> None:
    """Run the exercise's agencies, speaking to the site's gateway."""
    from feeds.exercise.run import ExerciseSettings
    from feeds.exercise.run import run as run_exercise
    from feeds.openings import Listen
    from layers import basemap

    found = basemap.find()
    site = settings.site
    await run_exercise(
        ExerciseSettings(
            seed=seed,
            units=units,
            rate=rate,
            feed_url=f"ws://{site.host}:{site.feed_port}",
            cot_host=site.host.strip("[]"),
            cot_port=site.cot_port,
            tokens={s.id: s.token for s in settings.source if s.token},
            ports={s.id: Listen.parse(s.listen).port for s in settings.source if s.listen},
            streets_path=found.streets if found else None,
        ),
        stop,
    )
