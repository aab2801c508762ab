"""An hour of the exercise as if it had been recorded, made in seconds: sealed segments, and the hub's cuts of it.

The day is stepped with a made clock, and what it says goes the sources' ways (`feeds.exercise.lines`), with a story in
it and faults worth a review. The same seed, units and times give the same bytes. Of the real way it leaves out the
sockets and the dialects: reports are journaled as the gateway would have understood them.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from dashboard.config import Settings
from dashboard.hub import grants_of, roster_of
from feeds.bus import BatchId, Delivery
from feeds.exercise.city import City, lonlat
from feeds.exercise.day import PHASES, Day
from feeds.exercise.lines import Faults, Lines
from feeds.exercise.story import Story
from feeds.names import AgencyId
from feeds.recording.summary import SEGMENT_MS
from feeds.recording.word import RECORDING, Word
from feeds.replay.cuts import CutLog, CutsEntry
from layers.policy_record import encode_policy

Seal = Callable[[AgencyId, int, int, Sequence[Delivery], tuple[int, int] | None], None]
"""Commits an agency's entries from when to before when (Unix ms); between which times batches were lost."""

CALL = 0.4
"""When the call comes; like all below a share of the hour."""
_OUT = (0.36, 0.45)
_LOST = (0.7, 0.73)
_MISSING = 0.8
_MISSING_COUNT = 9
FAST_S = 37.0
"""How far fire's position feed is ahead."""


class Hour(Struct, frozen=True, kw_only=True):
    """What was recorded. Times are Unix seconds."""

    since: float
    until: float
    call_at: float
    call: tuple[str, str] = ("", "")
    """The priority-1 call: agency and incident id."""
    words: str = ""
    """What and where it is, for people."""
    place: tuple[float, float] = (0.0, 0.0)
    """Longitude, latitude, degrees."""


def faults(since: float, length_s: float) -> Faults:
    """Return what goes wrong in an hour of that length."""
    return Faults(
        fast="cfd-avl", fast_s=FAST_S,
        out="ccso", out_since=since + _OUT[0] * length_s, out_until=since + _OUT[1] * length_s,
        lost="isp", lost_since=since + _LOST[0] * length_s, lost_until=since + _LOST[1] * length_s,
        missing="cpd-cad", missing_at=since + _MISSING * length_s, missing_count=_MISSING_COUNT,
    )  # fmt: skip


def record_hour(
    settings: Settings,
    city: City,
    seal: Seal,
    *,
    seed: int,
    units: int,
    until: int,
    minutes: int,
    wanted: Callable[[float], bool] = lambda done: True,
) -> tuple[Hour, list[CutsEntry]] | None:
    """Record `minutes` of the exercise that end at `until` (Unix seconds): a segment after the other to `seal`.

    `wanted` is told how much is done (0 to 1) and says whether to go on; None: it did not.
    """
    since, length_s = float(until - 60 * minutes), 60.0 * minutes
    day = Day(seed, units, city, since)
    story = Story(day, seed, CALL * length_s)
    wrong = faults(since, length_s)
    lines = Lines(seed, wrong)
    segments = _Segments(seal, settings, wrong, int(since * 1000), until * 1000)
    cuts = _Cuts(settings, since)
    for second in range(60 * minutes):
        at = since + second
        for phase in range(PHASES):
            moment = at + phase / PHASES
            lines.put(day.step(moment), moment)
        deliveries = lines.take(at + 1)
        segments.take(deliveries)
        cuts.take(deliveries, at + 1)
        if int(at + 1) % 60 == 0:
            segments.seal(int(at + 1) * 1000)
        if not wanted((second + 1) / length_s):
            return None
    segments.seal(until * 1000)
    hour = Hour(since=since, until=until, call_at=since + CALL * length_s)
    if (call := story.incident) is not None:
        hour = Hour(
            since=hour.since, until=hour.until, call_at=hour.call_at, call=(call.type.owner, call.id),
            words=f"{call.type.words}, {call.address}", place=lonlat(call.x, call.y),
        )  # fmt: skip
    return hour, cuts.entries


def recorded_word(settings: Settings, until: float) -> Word:
    """Return what the recorder says when it has recorded everything until then (Unix seconds)."""
    mark = BatchId(int(until * 1000), 0)
    return Word(until, RECORDING, until, until, dict.fromkeys(settings.agency_ids(), mark))


class _Segments:
    """What waits to be sealed."""

    def __init__(self, seal: Seal, settings: Settings, wrong: Faults, since: int, until: int) -> None:
        self._seal, self._wrong = seal, wrong
        self._t0, self._until = since, until
        self._waiting: dict[AgencyId, list[Delivery]] = {agency: [] for agency in settings.agency_ids()}

    def take(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self._waiting[delivery.agency].append(delivery)

    def seal(self, now: int) -> None:
        """Seal what is closed at `now`, Unix ms."""
        t1 = min((self._t0 // SEGMENT_MS + 1) * SEGMENT_MS, self._until)
        if now < t1 or t1 <= self._t0:
            return
        for agency, entries in list(self._waiting.items()):
            if entries:
                self._seal(agency, self._t0, t1, entries, self._lost(agency, t1))
                self._waiting[agency] = []
        self._t0 = t1

    def _lost(self, agency: AgencyId, t1: int) -> tuple[int, int] | None:
        """Return the stretch that is lost, told by the segment in which it ends."""
        since, until = int(self._wrong.lost_since * 1000), int(self._wrong.lost_until * 1000)
        return (since, until) if agency == self._wrong.lost and self._t0 < until <= t1 else None


class _Cuts:
    """What a hub would have noted."""

    def __init__(self, settings: Settings, since: float) -> None:
        self._log = CutLog(encode_policy(grants_of(settings), roster_of(settings)))
        self._step = settings.site.tick_ms / 1000
        self._since, self._ticks = since, 0
        self.entries: list[CutsEntry] = []

    def take(self, deliveries: list[Delivery], until: float) -> None:
        """Note the ticks before `until`, by which these were heard; the last of them may be heard at the next."""
        waiting = iter(deliveries)
        ahead = next(waiting, None)
        while (at := round(self._since + (self._ticks + 1) * self._step, 3)) <= until:
            while ahead is not None and ahead.id.ms <= at * 1000:
                self._log.heard(ahead.agency, ahead.id)
                ahead = next(waiting, None)
            self._log.tick(at, ())
            self._ticks += 1
        while ahead is not None:
            self._log.heard(ahead.agency, ahead.id)
            ahead = next(waiting, None)
        if (entry := self._log.entry()) is not None:
            self.entries.append(entry)
            self._log.kept(entry)
