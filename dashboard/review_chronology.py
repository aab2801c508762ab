"""A reviewer asks for an incident's timeline: what of the record belongs to it is read, and told after policy.

In a view of what was known, what came later is not told, as everywhere (`dashboard.review_history`), nor what was not
granted at its time.
"""

import math
from typing import Any, TypeVar

import msgspec

from dashboard.review_asks import Chronology as Ask
from dashboard.review_history import Asker, damage, reports
from feeds.names import AgencyId
from feeds.report import AnyReport, IncidentReport
from layers.chronology import KINDS, Chronology
from layers.picture import INCIDENTS, UNITS, closed_at
from layers.policy import BASE
from layers.timeline import timeline
from layers.track import Said, Stamp, bits

BEFORE_S = 300.0
"""What happened near it so long before it was first heard of may belong to it, seconds."""
AFTER_S = 600.0
"""So long after it was closed, too."""
CHRONOLOGY_MAX_S = 6 * 3600.0
LINES_MAX = 1000
R = TypeVar("R", bound=AnyReport)


async def chronology_answer(ask: Ask, asker: Asker) -> dict[str, Any]:
    """Return an incident's timeline; of one that may not be seen as of one that does not exist."""
    answer: dict[str, Any] = {"type": "chronology", "ask": ask.ask, "agency": ask.agency, "id": ask.id}
    unknown = answer | {"found": False, "at": asker.known_by, "lines": []}
    agency = AgencyId(ask.agency)
    track = asker.picture.shelves[INCIDENTS].find(agency, ask.id)
    if agency not in asker.recording.agencies or track is None:
        return unknown
    granted = asker.granted(INCIDENTS, agency, ask.id, ())
    known = bits(granted & track.known)
    if not granted & BASE[INCIDENTS] or not known:
        return unknown
    since = min(track.first[bit] for bit in known) - BEFORE_S
    whole = since + BEFORE_S + CHRONOLOGY_MAX_S
    known_by = asker.recording.settled() if asker.known_by is None else asker.known_by
    until = min(whole, known_by, _end(closed_at(track)))
    chronology = Chronology(agency, ask.id, asker.picture)
    origin = asker.origin(INCIDENTS, agency, ask.id, ())
    # Its own agency first: that says when it was closed, and nothing need be read beyond.
    for each in (agency, *(a for a in asker.recording.agencies if a != agency)):
        if asker.sees_of(each):
            async for one in reports(asker, each, since, until, KINDS, changes=True):
                # Of a time at which the incident was not shared nobody's but the asker's own belongs to it.
                shared = asker.owns(each) or await asker.granted_at(origin, one.at, one.received_at) & BASE[INCIDENTS]
                if one.granted and shared:
                    report = await _naming(one.report, asker, each, one.at, one.received_at)
                    chronology.hear(each, Said(one.at, report, Stamp(one.source, one.received_at)), one.granted)
                else:
                    chronology.label(each, one.report)
        until = min(until, _end(chronology.closed_at()))
    known_from = await _known_from(chronology, asker, min(until, known_by))
    told = timeline(chronology, asker.granted, asker.rules.viewer.agency, ask.metres)
    if told is None:
        return unknown
    lines = [line for line in told.lines if line["at"] <= until]
    more = len(lines) > LINES_MAX or until == whole
    lines = lines[:LINES_MAX]
    return answer | {
        "found": True,
        "at": asker.known_by,
        "from": round(since, 3),
        "to": round(lines[-1]["at"] if len(lines) == LINES_MAX else until, 3),
        "more": more,
        "metres": ask.metres,
        "place": told.place,
        "lines": lines,
        "known": known_from,
        "missing": damage(asker, asker.recording.agencies, since, until),
    }


async def _known_from(of: Chronology, asker: Asker, until: float) -> list[tuple[AgencyId, float | None]]:
    """Return from when on each agency that the asker may look through could know of the incident; None: it could not.

    That is when something of it that was shared with them was received, or when what was received came to be shared.
    """
    found: list[tuple[AgencyId, float | None]] = []
    heard = sorted(of.reports, key=lambda said: said.stamp.received_at)
    for agency, shares in asker.others.items():
        at: float | None = None
        labels: set[str] = set()
        for nth, said in enumerate(heard):
            labels.update(said.report.labels)
            following = heard[nth + 1].stamp.received_at if nth + 1 < len(heard) else until
            since = said.stamp.received_at
            origin = asker.origin(INCIDENTS, of.agency, of.id, labels)
            at = since if agency == of.agency else await shares.first(since, following, BASE[INCIDENTS], origin)
            if at is not None:
                break
        found.append((agency, at))
    return found


async def _naming(report: R, asker: Asker, agency: AgencyId, *times: float) -> R:
    """Return the report with those units alone that it could name then: an agency's own data stays whole."""
    if not isinstance(report, IncidentReport) or not report.assigned_units or asker.owns(agency):
        return report
    units = asker.picture.shelves[UNITS].by_id
    named = []
    for unit in report.assigned_units:
        owners = [owner for owner, things in units.items() if unit in things] or [agency]
        origins = [asker.origin(UNITS, owner, unit, ()) for owner in owners]
        if all([await asker.granted_at(origin, *times) & BASE[UNITS] for origin in origins]):
            named.append(unit)
    return msgspec.structs.replace(report, assigned_units=tuple(named))


def _end(closed: float | None) -> float:
    return math.inf if closed is None else closed + AFTER_S
