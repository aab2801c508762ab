"""The life of a log entry: its words said once, never changed; corrected by another, off the map after half a day.

Rules
- Of several reports of one entry the words of the first in the journal stand, whatever time the others tell: its
  line was read. Another says only where the mark on the map is and how long it stays (`lat` and `lon`, `stale_at`:
  of each the newest word counts, by effective time) or which labels it has. The line keeps the place of the first.
- An entry leaves the map, and its card goes, at `stale_at`, else 12 h after it was observed. Its line stays in the
  log as long as events are kept.
- What corrects an entry `supersedes` it: the corrected one is marked for whoever may see the correction, and for
  nobody else. Both lines stay.
- An entry is remembered for a week after it left the map, whatever it corrects or is corrected by: longer for what it
  corrects would tell of that. So what stays on the map for longer than its correction and that week stands again.

Pure: time is an argument.
"""

from typing import Any

from feeds.names import AgencyId
from feeds.report import CATEGORIES, Category, LogReport
from layers.track import BIT, FieldTrack, Said

ON_MAP_S = 12 * 3600.0
"""How long an entry is on the map when its sender does not say, seconds."""

REMEMBERED_S = 7 * 24 * 3600.0
"""How long an entry is remembered after it left the map, seconds: what is said of it meanwhile is no new one."""

BASE_BIT = BIT[Category.LOG_ENTRY]
_FIELDS = ("entry_kind", "text", "author_position", "refs", "incident_id", "supersedes")
_BITS = tuple((f, BIT[CATEGORIES[LogReport][f]]) for f in _FIELDS)


def log_values(report: LogReport) -> list[tuple[str, Any, int]]:
    """Return what the report says: `(field, value, category bit)`; `place` is (lon, lat)."""
    values = [(f, v, bit) for f, bit in _BITS if (v := getattr(report, f)) is not None]
    if report.lat is not None and report.lon is not None:
        values.append(("place", (report.lon, report.lat), BASE_BIT))
    return values


def hear_entry(track: FieldTrack, said: Said) -> bool:
    """Take in a report of an entry; return whether it is the first, whose words stand."""
    assert isinstance(said.report, LogReport)
    first = not track.known
    values = log_values(said.report)
    track.hear(said, values if first else [v for v in values if v[0] == "place"], BASE_BIT)
    stale_at, until = said.report.stale_at, track.cells.get("stale_at")
    if stale_at is not None and (until is None or said.effective_at >= until[1].effective_at):
        track.cells["stale_at"] = (stale_at, said, BASE_BIT)
    return first


def entry_of(track: FieldTrack) -> Said:
    """Return the report that is the entry."""
    return track.cells["entry_kind"][1]


def entry_leaves_at(track: FieldTrack) -> float:
    """Return when the entry goes from every view, Unix seconds."""
    stale_at: float | None = track.value("stale_at")
    return stale_at if stale_at is not None else entry_of(track).effective_at + ON_MAP_S


def entry_forgotten_at(track: FieldTrack) -> float:
    """Return when nothing is to be known of the entry any more, Unix seconds."""
    return entry_leaves_at(track) + REMEMBERED_S


class Corrections:
    """Which entries correct which, by agency: an id is unique within its agency only."""

    def __init__(self) -> None:
        self._by: dict[tuple[AgencyId, str], dict[str, None]] = {}
        self._of: dict[tuple[AgencyId, str], str] = {}

    def set(self, track: FieldTrack) -> None:
        """Take note of what the entry corrects, if anything; what it said before of that is void."""
        self.drop(track)
        corrected = track.value("supersedes")
        if corrected is not None and corrected != track.id:
            self._of[track.agency, track.id] = corrected
            self._by.setdefault((track.agency, corrected), {})[track.id] = None

    def drop(self, track: FieldTrack) -> None:
        """Forget what the entry corrects."""
        corrected = self._of.pop((track.agency, track.id), None)
        if corrected is None:
            return
        others = self._by[track.agency, corrected]
        del others[track.id]
        if not others:
            del self._by[track.agency, corrected]

    def corrected(self, track: FieldTrack) -> str | None:
        """Return the id of the entry that this one corrects, or None."""
        return self._of.get((track.agency, track.id))

    def correcting(self, agency: AgencyId, entry_id: str) -> tuple[str, ...]:
        """Return the ids of the entries that correct this one, in the order they came."""
        return tuple(self._by.get((agency, entry_id), ()))
