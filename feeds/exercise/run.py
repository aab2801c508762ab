"""Runs the exercise: the day by the wall clock, each report to the speaker of its source. The thin shell."""

import asyncio
import contextlib
import logging
import time
from itertools import groupby
from pathlib import Path

from msgspec import Struct

from feeds.exercise import city
from feeds.exercise.day import Day
from feeds.exercise.post_speaker import Cad, PostSpeaker, Words, cameras, phones
from feeds.exercise.site import GUEST, SOURCES
from feeds.exercise.speakers import CotSpeaker, NativeSpeaker, Speaker
from feeds.exercise.spoken import by_system
from feeds.exercise.stage import Saying
from feeds.exercise.taip_speaker import TaipSpeaker

log = logging.getLogger(__name__)

_OFTEN_S, _SELDOM_S = 0.1, 0.25
"""Shortest and longest time between two steps of the day; at rate 1 it is stepped right when a tick falls due."""
_FAREWELL_S = 0.7
"""How long the end waits for its last reports to be acknowledged."""
_SLICE_S = 0.1
"""Longest piece of a day simulated at once, wall seconds of the day, so that lines stay served."""
_ASLEEP_S = 5.0
"""A day that is further behind than this (the machine slept, the rate is too high) is not made up for."""
_DIALECTS = {source.id: source.adapter for source in SOURCES}


class ExerciseSettings(Struct, frozen=True, kw_only=True):
    """What an exercise needs to know."""

    seed: int = 1
    units: int = 300
    rate: float = 1.0
    """Exercise seconds per second."""
    feed_url: str = "ws://127.0.0.1:8052"
    cot_host: str = "127.0.0.1"
    cot_port: int = 8087
    tokens: dict[str, str] = {}
    """source -> bearer token. A source that needs one and has none stays silent."""
    ports: dict[str, int] = {}
    """source -> the TCP port of its own."""
    streets_path: Path | None = None
    """`streets.npz` of the basemap; None: the synthetic grid."""


async def run(settings: ExerciseSettings, stop: asyncio.Event) -> None:
    """Run the exercise until `stop` is set."""
    streets = await asyncio.to_thread(city.load, settings.streets_path)
    if streets.synthetic:
        log.warning("exercise_on_plain_ground reason=no streets file, or one that cannot be read")
    day = await asyncio.to_thread(Day, settings.seed, settings.units, streets, time.time(), settings.rate)
    day.skip_to(time.time())
    speakers = _speakers(settings)
    log.info("exercise_begins units=%d seed=%d sources=%d", settings.units, settings.seed, len(speakers))
    tasks: list[asyncio.Task[None]] = [
        asyncio.create_task(s.run(), name=f"exercise {s.source}") for s in speakers.values()
    ]
    ended = asyncio.create_task(stop.wait())
    try:
        while not ended.done():
            await _catch_up(day, speakers)
            for task in tasks:
                if task.done():
                    task.result()  # a speaker ends by cancellation alone: let its error be seen
            due_in = -day.lag_s(time.time()) + 0.001
            await asyncio.wait((ended,), timeout=min(max(due_in, _OFTEN_S), _SELDOM_S))
        _hand_out(day.end(), speakers)
        await _farewell(speakers)
    finally:
        ended.cancel()
        for task in tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await asyncio.gather(*tasks, ended, return_exceptions=True)


def _speakers(settings: ExerciseSettings) -> dict[str, Speaker]:
    speakers: dict[str, Speaker] = {}
    for source in SOURCES:
        if source.agency == GUEST:
            continue
        if (speaker := _speaker(settings, source.id, source.adapter)) is None:
            log.warning("exercise_source_silent source=%s reason=no token or port", source.id)
        else:
            speakers[source.id] = speaker
    return speakers


def _speaker(settings: ExerciseSettings, source: str, dialect: str) -> Speaker | None:
    """Return the voice of a source; None when it has no way in."""
    if dialect == "cot":
        return CotSpeaker(source, settings.cot_host, settings.cot_port)
    if dialect == "taip":
        port = settings.ports.get(source)
        return None if port is None else TaipSpeaker(source, "127.0.0.1", port)
    if not (token := settings.tokens.get(source)):
        return None
    words: dict[str, Words] = {"owntracks": phones, "camera_webhook": cameras, "eido": Cad()}
    if dialect in words:
        return PostSpeaker(source, settings.feed_url, token, words[dialect])
    return NativeSpeaker(source, settings.feed_url, token)


async def _catch_up(day: Day, speakers: dict[str, Speaker]) -> None:
    """Bring the day to now, slice by slice, and hand out what was said."""
    now = time.time()
    if not -1.0 < day.lag_s(now) < _ASLEEP_S:
        log.warning("exercise_skips seconds=%.1f", day.lag_s(now))
        day.skip_to(now)
    at = now - max(day.lag_s(now), 0.0)
    while at < now:
        at = min(at + _SLICE_S, now)
        _hand_out(day.step(at), speakers)
        await asyncio.sleep(0)


async def _farewell(speakers: dict[str, Speaker]) -> None:
    """Wait, for a moment, until the door has everything."""
    until = time.monotonic() + _FAREWELL_S
    while time.monotonic() < until and any(s.waiting for s in speakers.values()):  # noqa: ASYNC110 - bounded
        await asyncio.sleep(0.02)


def _hand_out(day_said: list[Saying], speakers: dict[str, Speaker]) -> None:
    said = list(by_system(day_said, _DIALECTS))
    said.sort(key=lambda s: s.source)  # stable: the order within a source is the day's
    for (agency, source), sayings in groupby(said, key=lambda s: (s.agency, s.source)):
        if speaker := speakers.get(source):
            speaker.put(agency, [s.report for s in sayings])
