"""Feed health as a viewer class may know it: one row per source of the agencies that share `feed.health`.

live: heard within 3 cadences; stale: within 10; silent: longer ago; idle: never heard.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from feeds.bus import SourceHealth
from feeds.report import Category
from layers.policy import Rules, ViewerClass
from layers.roster import Roster
from layers.track import LOST_CADENCES, STALE_CADENCES


class FeedRow(Struct, frozen=True):
    """One source's health (docs/wire.md). Counts are since the gateway started."""

    agency: str
    source: str
    adapter: str
    state: Literal["live", "stale", "silent", "idle"]
    age_s: float | None
    """Since it was last heard, seconds; None: never."""
    cadence_s: float
    accepted: int
    duplicate: int
    rejected: int
    gaps: int
    held_s: float = 0.0
    """For how long its senders were held back, seconds."""
    clock_offset_s: float | None = None
    """By how much its clock is ahead of ours, seconds; negative: behind; None: not known."""
    clock_error_s: float | None = None
    last_reason: str = ""
    """Of the newest refusal or cut connection; own agency only, as are the next three."""
    last_sample: str = ""
    """The shape of the newest refused message, masked."""
    reasons: dict[str, int] = {}
    """Refused messages by reason."""
    closed: dict[str, int] = {}
    """Refused and cut connections by reason."""


def feed_state(age_s: float | None, cadence_s: float) -> Literal["live", "stale", "silent", "idle"]:
    """Return the state of a source last heard `age_s` seconds ago."""
    if age_s is None:
        return "idle"
    if age_s <= STALE_CADENCES * cadence_s:
        return "live"
    return "stale" if age_s <= LOST_CADENCES * cadence_s else "silent"


def feed_rows(
    heard: Mapping[str, SourceHealth], roster: Roster, rules: Rules, viewer: ViewerClass, t: float
) -> tuple[FeedRow, ...]:
    """Return the rows at `t`, in the site's order; `heard` is by source id. Only what the class may know."""
    rows = []
    for settings in roster.sources.values():
        if not rules.may(viewer, settings.agency, Category.FEED_HEALTH):
            continue
        health = heard.get(settings.id) or SourceHealth(settings.id, settings.adapter, settings.cadence_s)
        own = settings.agency == viewer.agency
        age = None if health.received_at is None else round(max(0.0, t - health.received_at), 1)
        rows.append(
            FeedRow(
                agency=settings.agency,
                source=settings.id,
                adapter=settings.adapter,
                state=feed_state(age, settings.cadence_s),
                age_s=age,
                cadence_s=settings.cadence_s,
                accepted=health.accepted,
                duplicate=health.duplicate,
                rejected=health.rejected,
                gaps=health.gaps,
                held_s=health.held_s,
                clock_offset_s=health.clock_offset_s,
                clock_error_s=health.clock_error_s,
                last_reason=health.last_reason if own else "",
                last_sample=health.last_sample if own else "",
                reasons=health.reasons if own else {},
                closed=health.closed if own else {},
            )
        )
    return tuple(rows)
