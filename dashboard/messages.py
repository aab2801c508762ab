"""Text messages that a viewer gets alone: the first of a connection, and the answer to an ask."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from dashboard.audience import Audience
from dashboard.config import Site
from dashboard.stream import Ask
from dashboard.viewer import Viewer
from feeds.clock_offset import ClockOffset
from layers.cards import card
from layers.policy import Rules, ViewerClass
from layers.roster import Roster

_encode = msgspec.json.Encoder().encode


def hello(
    viewer: Viewer, seen_by: ViewerClass, site: Site, roster: Roster, rules: Rules, at: float, **more: Any
) -> bytes:
    """Return the first message of a connection at `at` (Unix seconds), for one who sees what `seen_by` does."""
    seen = [a for a in roster.agencies.values() if rules.sees_of(seen_by, a.id)]
    return _encode(
        {
            "type": "hello",
            **more,
            "at": at,
            "tick_ms": site.tick_ms,
            "viewer": {"name": viewer.name, "agency": viewer.agency, "roles": viewer.roles},
            "site": {"name": site.name, "timezone": site.timezone, "demo": site.demo},
            "agencies": [{"id": a.id, "name": a.name, "tag": a.tag} for a in seen],
            "sees": rules.layers_shared(seen_by, roster.agencies),
        }
    )


def card_answer(
    audience: Audience,
    ask: Ask,
    roster: Roster,
    rules: Rules,
    t: float,
    zone: ZoneInfo,
    clock: ClockOffset | None = None,
) -> bytes:
    """Return the answer to an ask at `t`; of a thing the class does not see as of one that does not exist.

    `clock`: of the thing's source, where the class may know of it.
    """
    head = {"type": "card", "ask": ask.ask, "layer": ask.layer, "agency": ask.agency, "id": ask.id}
    try:
        found = card(audience.view, roster, ask.layer, ask.agency, ask.id, t, zone, clock)
    except Exception as error:
        rules.alarm("card", error)
        found = None
    if found is None:
        return _encode({**head, "found": False})
    return _encode({**head, "found": True, **msgspec.structs.asdict(found)})
