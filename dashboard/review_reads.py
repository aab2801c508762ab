"""What a review answers over HTTP: from when to when there is a record, how much came when, and what is missing."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

import msgspec

from dashboard.review_audit import NOT_AUDITED
from dashboard.review_shares import Shares
from dashboard.review_told import cannot_read
from dashboard.stream_door import Answer
from feeds.names import AgencyId
from feeds.replay.recording import KINDS, Gap, Recording, Span
from layers.picture import Origin
from layers.review_rules import ReviewRules
from layers.track import BIT, known_labels

log = logging.getLogger(__name__)

PATH = "/read/recording"

_encode = msgspec.json.Encoder().encode


async def recording(record: Recording, rules: ReviewRules, shares: Shares) -> Answer:
    """Return the answer for one who sees by `rules` today, by `shares` at each time. Raises as the recording does."""
    own = rules.viewer.agency
    span = await record.span() or Span(0.0, 0.0)
    seen = [agency for agency in record.agencies if rules.sees_of(rules.viewer, agency)]
    minutes = []
    for agency in seen:
        minutes += await _minutes(record, rules, shares, agency)
        await asyncio.sleep(0)
    minutes.sort(key=lambda minute: (minute["at"], minute["agency"]))
    gaps = [
        {"from": gap.since, "to": gap.until, "agency": gap.agency, "text": _words(gap, own=gap.agency == own)}
        for gap in await record.gaps()
        if not gap.agency or (gap.agency in seen and (not gap.own or gap.agency == own))
    ]
    return Answer(HTTPStatus.OK, _encode({"from": span.since, "to": span.until, "minutes": minutes, "gaps": gaps}))


def _words(gap: Gap, *, own: bool) -> str:
    return f"{gap.text}: {gap.detail}" if own and gap.detail else gap.text


async def _minutes(record: Recording, rules: ReviewRules, shares: Shares, agency: AgencyId) -> list[dict[str, Any]]:
    found = []
    own = agency == rules.viewer.agency
    for minute, counts in (await record.counts(agency)).items():
        by_kind: dict[str, int] = dict.fromkeys(KINDS, 0)
        for sort, count in counts.items():
            origin = Origin(agency, known_labels(sort.labels))
            granted = rules.granted(rules.viewer, origin)
            # What was shared at a part of the minute only is not counted.
            for bits in () if own else await shares.ever(minute * 60, minute * 60 + 59.999, origin):
                granted &= bits
            if granted & BIT[sort.category]:
                by_kind[sort.kind] += count
        if any(by_kind.values()):
            found.append({"at": minute * 60, "agency": agency, **by_kind})
    return found


def unknown() -> Answer:
    """Return the answer to a path there is not."""
    return Answer(HTTPStatus.NOT_FOUND, _encode({"error": f"There are {PATH} and /read/spans/."}))


def unreadable(error: Exception) -> Answer:
    """Return the answer while the record cannot be read."""
    return Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, _encode({"error": f"The record cannot be read now: {cannot_read(error)}."})
    )


def unaudited(error: Exception) -> Answer:
    """Return the answer while what is handed out cannot be audited."""
    log.error("review.not_audited reason=%s", error)
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, _encode({"error": NOT_AUDITED}))


def too_often(error: Exception) -> Answer:
    """Return the answer to who asks faster than is audited."""
    return Answer(HTTPStatus.TOO_MANY_REQUESTS, _encode({"error": str(error)}))
