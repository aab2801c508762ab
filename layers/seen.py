"""What a viewer class may know of one thing: the only form in which anything leaves the policy."""

from typing import Any, NamedTuple

from msgspec import Struct

from feeds.names import AgencyId


class Alert(NamedTuple):
    """An alert of a camera that the viewer may know of."""

    event_type: str
    until: float
    """Unix seconds."""
    verification: str | None


class Line(NamedTuple):
    """One report of an incident's history: only what may be seen of it."""

    at: float
    """Effective time, Unix seconds."""
    fields: dict[str, Any]


class Seen(Struct, frozen=True, kw_only=True):
    """One thing as a viewer class may know it. Everything else about it does not exist."""

    layer: str
    agency: AgencyId
    id: str
    own: bool
    """The viewer's own agency owns it."""
    fields: dict[str, Any]
    """What was said and may be seen, by the vocabulary's names; `place` is (lon, lat) in degrees. Names only things
    that the viewer sees now; `assigned`: the unit says it is assigned, to whatever; `corrected_by`: the id of the log
    entry that corrects this one."""
    references: tuple[tuple[str, str], ...] = ()
    """`(layer, id)` of everything it names, seen or not: when one comes or goes, the view looks again. Never leaves."""
    observed_at: float
    """By the source's clock, Unix seconds."""
    received_at: float
    effective_at: float
    """What its age counts from."""
    stale_at: float
    lost_at: float
    opened_at: float
    """When anything was first said of it."""
    source: str
    cadence_s: float
    status: str
    """`actual`, `exercise`, `test`, ..."""
    skew: bool
    """The source's clock runs ahead of ours."""
    leave_at: float = float("inf")
    """When it leaves the view, Unix seconds."""
    alerts: tuple[Alert, ...] = ()
    flagged: tuple[str, ...] = ()
    """Fields whose value is not in its registry; only for cards."""
    history: tuple[Line, ...] = ()
    """Oldest first; only for cards."""


class SeenEvent(Struct, frozen=True, kw_only=True):
    """Something that happened, as a viewer class may know it."""

    layer: str
    agency: AgencyId
    id: str
    """Of the camera, incident or entry; "" when its place in the picture is not shared."""
    event: str
    at: float
    """Effective time, Unix seconds."""
    received_at: float
    fields: dict[str, Any]
    """By the vocabulary's names; `place` is (lon, lat); `first`: the incident was not known before."""
    own: bool
