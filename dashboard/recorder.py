"""The recorder of a site as a process (`jointops record`), and what the hub makes of its word."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from dashboard.config import Settings
from feeds.bus import BEGINNING, BatchId, Bus
from feeds.clock import Clock, SystemClock
from feeds.errors import BusDown, DecodeError
from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording import word as words
from feeds.recording.site_log import SiteLog
from feeds.recording.word import Word
from feeds.replay.cuts import told
from feeds.replay.screens import outline

if TYPE_CHECKING:
    from feeds.recording.archive import Archive, Derive
    from feeds.recording.sheets import Sheet

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
SILENT_S = 5.0
"""A recorder that has said nothing new for so long is not there, seconds."""
_BUS_S = 5.0


async def record(settings: Settings, redis: str, stop: asyncio.Event) -> None:
    """Run the recorder of the site. Raises ConfigError when another writes the archive."""
    from dashboard.site import archive_dir
    from feeds.recording.archive import Archive
    from feeds.recording.recorder import Recorder
    from feeds.redis_bus import RedisBus

    clock = SystemClock()
    bus = RedisBus(redis, clock)
    try:
        archive = Archive(archive_dir(settings))
        with archive.writing():
            derive = deriving(settings, archive)
            await Recorder(bus, archive, settings.agency_ids(), clock, derive=derive, logs=logs_of(bus)).run(stop)
    finally:
        await bus.close()


def logs_of(bus: Bus) -> list[SiteLog]:
    """Return the logs of the site that are on the bus."""
    return [SiteLog(name, partial(bus.read_log, name), tells) for name, tells in ((CUTS, told), (SCREENS, outline))]


def deriving(settings: Settings, archive: "Archive") -> "Derive":
    """Return what makes the derived files of the archive's segments, each agency's in their order."""
    from dashboard.archive_past import ArchivePast
    from dashboard.hub import roster_of
    from feeds.replay.sealed import labels_before, survey_file
    from layers.derived import Deriver

    pictures = Deriver(roster_of(settings), ArchivePast(archive))
    revisions: dict[AgencyId, int] = {}

    def derive(agency: AgencyId, t0: int, coming: "Iterable[Sheet]") -> dict[str, bytes]:
        archive.refresh()
        if revisions.setdefault(agency, archive.revisions(agency)) != archive.revisions(agency):
            pictures.forget(agency)  # it may know of what was removed
            revisions[agency] = archive.revisions(agency)
        return survey_file(agency, t0, coming, pictures, labels_before(archive, agency, t0))

    return derive


class RecorderWatch:
    """Follows what the recorder of the site says of itself; of a site without one, that there is none."""

    def __init__(self, bus: Bus, clock: Clock, *, recorded: bool) -> None:
        self._bus = bus
        self._clock = clock
        self._recorded = recorded
        self._word: Word | None = None
        self._heard_at = clock.now()
        """When it last said something new, by our own clock: its clock may be another."""

    async def follow(self) -> None:
        """Read its word each second, for ever."""
        while self._recorded:
            try:
                word = await self._load()
            except (BusDown, TimeoutError):
                self._heard_at = self._clock.now()  # the bus is what is not heard
            else:
                if word is not None and (self._word is None or word.at != self._word.at):
                    self._word, self._heard_at = word, self._clock.now()
            await asyncio.sleep(LOOK_EVERY_S)

    def health(self, t: float) -> dict[str, Any]:
        """Return `state`, `since` and `sealed_to` (Unix seconds; None: unknown) at `t`: the site's, no agency's.

        States: `off`, `recording`, `behind`, `silent` (nothing is heard of it), or why nothing is sealed.
        """
        if not self._recorded:
            return {"state": "off", "since": None, "sealed_to": None}
        sealed_to = (self._word.sealed_to or None) if self._word is not None else None
        if abs(t - self._heard_at) > SILENT_S:  # abs: a clock may be set back
            return {"state": "silent", "since": self._heard_at, "sealed_to": sealed_to}
        if self._word is None:
            return {"state": "starting", "since": self._heard_at, "sealed_to": None}
        return {"state": self._word.state, "since": self._word.since, "sealed_to": sealed_to}

    async def limits(self, agencies: list[AgencyId]) -> dict[AgencyId, BatchId | None]:
        """Return before which id each journal or log may be trimmed; None: the recorder sets no limit. Raises BusDown.

        Where nobody records, that is said on the bus: a recorder that comes later then knows that something may have
        gone before it was recorded.
        """
        if not self._recorded:
            await asyncio.wait_for(self._bus.save_recorder(b""), _BUS_S)
            return dict.fromkeys(agencies)
        word = await self._load()
        return {agency: word.mark(agency) if word is not None else BEGINNING for agency in agencies}

    async def _load(self) -> Word | None:
        data = await asyncio.wait_for(self._bus.load_recorder(), _BUS_S)
        try:
            return words.decode(data)
        except DecodeError as error:
            log.error("recorder_word_unreadable reason=%s", error)
            return None
