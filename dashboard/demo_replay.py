"""`jointops demo --replay`: an hour of the exercise on record before the site starts, and where to look at it.

What the hour is stays beside the record, so that `--keep` opens it again.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from dashboard import progress_bar, site
from dashboard.config import Settings
from dashboard.recorded_hour import Hour, record_hour, recorded_word
from dashboard.sealing import Sealing
from feeds.clock import SystemClock
from feeds.errors import ConfigError
from feeds.exercise import city
from feeds.names import CUTS
from feeds.recording import word
from feeds.recording.archive import Archive
from feeds.redis_bus import RedisBus
from feeds.replay.cuts import CutsEntry, encode_cuts
from layers import basemap

ENDED_AGO_S = 60
_FILE = "replay.json"
_ZOOM = 14.2
_KNOWN_S = 1.0
"""A second after the call it is known."""


class Replay:
    """The hour of one demo."""

    def __init__(self, settings: Settings, config: Path, seed: int, units: int, minutes: int, *, keep: bool) -> None:
        self._settings, self._config = settings, config
        self._seed, self._units, self._minutes, self._keep = seed, units, minutes, keep
        self._file = site.data_dir(settings) / _FILE
        self._hour: Hour | None = None

    def prepare(self, redis_url: str, stopping: Callable[[], bool]) -> None:
        """See to it that there is an hour on record. Raises ConfigError, SiteFailed (stopped meanwhile)."""
        folder = site.archive_dir(self._settings)
        if self._keep and Archive(folder).agencies():
            self._hour = self._kept()
            return
        self._file.unlink(missing_ok=True)
        hour, cuts = self._record(stopping)
        asyncio.run(self._tell(redis_url, hour, cuts))
        self._file.write_bytes(msgspec.json.encode(hour))
        self._hour = hour

    @property
    def hour(self) -> Hour:
        """What is on record, once it is prepared."""
        assert self._hour is not None
        return self._hour

    def words(self) -> str:
        """Return what is on record as a line for people."""
        zone, hour = ZoneInfo(self._settings.site.timezone), self.hour
        since, until, call = (
            f"{datetime.fromtimestamp(t, zone):%H:%M:%S}" for t in (hour.since, hour.until, hour.call_at)
        )
        return f"on record {since} to {until}; priority 1 at {call}: {hour.words}"

    def path(self) -> str:
        """Return path and query of the page of recordings at the moment of the call."""
        hour, (lon, lat) = self.hour, self.hour.place
        at = f"{datetime.fromtimestamp(hour.call_at + _KNOWN_S, UTC):%Y-%m-%dT%H:%M:%SZ}"
        chosen = quote("~".join(("incidents", *hour.call)), safe="~:")
        return f"/review?at={at}&chosen={chosen}&map={lat:.5f},{lon:.5f},{_ZOOM}&range=all"

    def _kept(self) -> Hour:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Hour)
        except (OSError, msgspec.DecodeError):
            raise ConfigError("--keep", "what is on record is not an hour of --replay; leave out --keep") from None

    def _record(self, stopping: Callable[[], bool]) -> tuple[Hour, list[CutsEntry]]:
        found = basemap.find()
        streets = city.load(found.streets if found else None)
        with progress_bar.going() as bar, Sealing(self._config) as sealing:
            task = bar.add_task(f"recording {self._minutes} minutes of the exercise", total=1.0)

            def wanted(done: float) -> bool:
                bar.update(task, completed=done)
                return not stopping()

            until = int(time.time()) - ENDED_AGO_S
            made = record_hour(
                self._settings, streets, sealing.seal,
                seed=self._seed, units=self._units, until=until, minutes=self._minutes, wanted=wanted,
            )  # fmt: skip
            if made is None:
                raise site.SiteFailed("stopped before it was ready")
        return made

    async def _tell(self, redis_url: str, hour: Hour, cuts: list[CutsEntry]) -> None:
        """Put the hub's cuts on the bus, and the word of a recorder that has recorded everything until now."""
        bus = RedisBus(redis_url, SystemClock())
        try:
            for entry in cuts:
                await bus.append_log(CUTS, encode_cuts(entry), entry.cuts[0].at)
            await bus.save_recorder(word.encode(recorded_word(self._settings, hour.until)))
        finally:
            await bus.close()
