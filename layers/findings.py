"""Findings of an after-action review: what happened, what the response was, what to do differently, who sees to it.

A finding is pinned to a moment, a view of it, a place and things, and is an item of the improvement plan (AAR/IP): it
has an owner, a due date and a state. It is never edited: each change is a new version, and who reads sees the newest
and all before it. Findings speak of positions and roles, never of persons by name. Pure: time is an argument.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.report import Id, Instant, Lat, Lon

Words = Annotated[str, Meta(max_length=4000)]
Position = Annotated[str, Meta(max_length=80)]
State = Literal["open", "in progress", "done", "rejected"]
STATES: tuple[State, ...] = ("open", "in progress", "done", "rejected")
CLOSED: frozenset[State] = frozenset({"done", "rejected"})
REFS_MAX = 50


class Thing(Struct, frozen=True):
    """What a finding is about."""

    layer: Literal["units", "incidents", "cameras", "zones", "log"]
    agency: Id
    id: Id


class Draft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer says: of a new finding all of it, of a changed one what it says from then on."""

    at: Instant
    """The moment it is pinned to, Unix seconds."""
    until: Instant | None = None
    """The end, of a stretch of time."""
    view: Annotated[str, Meta(max_length=80)] = "known"
    """Which view of the moment was looked at."""
    lon: Lon | None = None
    lat: Lat | None = None
    refs: Annotated[tuple[Thing, ...], Meta(max_length=REFS_MAX)] = ()
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    happened: Words = ""
    """What happened?"""
    response: Words = ""
    """What was our response?"""
    differently: Words = ""
    """What would we do differently?"""
    owner: Position = ""
    """Who sees to it: a position or role."""
    due: date | None = None
    state: State = "open"
    shared: bool = False
    """Whether every agency of the site may read it, not only the author's own."""


class Finding(Struct, frozen=True, kw_only=True):
    """One version of a finding."""

    id: Id
    version: Annotated[int, Meta(ge=1)]
    agency: AgencyId
    """Of its author."""
    author_role: Position
    made_at: Instant
    """When this version was written, Unix seconds."""
    said: Draft


class Conflict(ValueError):
    """The finding was changed meanwhile."""


_decode_draft = msgspec.json.Decoder(Draft).decode
_encode = msgspec.json.Encoder().encode


def draft(data: bytes) -> Draft:
    """Return the draft in JSON `data`. Raises DecodeError that says what is wrong and where."""
    try:
        said = _decode_draft(data)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DecodeError(str(error)) from error
    if (said.lon is None) != (said.lat is None):
        raise DecodeError("a place needs both lon and lat", "$.lon")
    if said.until is not None and said.until < said.at:
        raise DecodeError("ends before it begins", "$.until")
    if not said.title.strip():
        raise DecodeError("a finding needs a title", "$.title")
    return said


class Findings:
    """All versions of all findings, oldest first."""

    def __init__(self, versions: Iterable[Finding] = ()) -> None:
        self._versions: dict[str, list[Finding]] = {}
        for version in versions:
            self.take(version)

    def take(self, version: Finding) -> None:
        """Add a version that was written before, or has just been. Raises Conflict when it does not come next."""
        before = self._versions.get(version.id, [])
        if version.version != len(before) + 1:
            raise Conflict(f"finding {version.id} is at version {len(before)}, not {version.version - 1}")
        if before and before[0].agency != version.agency:
            raise Conflict(f"finding {version.id} is of another agency")
        self._versions.setdefault(version.id, []).append(version)

    def next(
        self, finding_id: str, said: Draft, agency: AgencyId, author_role: str, changes: int, at: float
    ) -> Finding:
        """Return the version that makes (`changes` 0) or changes the version `changes` of a finding; nothing is taken.

        Raises Conflict when that is not the newest, or not the agency's own.
        """
        newest = self._versions.get(finding_id, [])
        if len(newest) != changes or (newest and newest[0].agency != agency):
            raise Conflict("it was changed meanwhile: read it again" if newest else "there is no such finding")
        return Finding(
            id=finding_id, version=changes + 1, agency=agency, author_role=author_role, made_at=at, said=said
        )

    def again(self, finding_id: str, said: Draft, agency: AgencyId, changes: int) -> Finding | None:
        """Return the version that the same saying made before, while it is the newest; None: it did not.

        Who got no answer says it again.
        """
        versions = self._versions.get(finding_id, [])
        newest = versions[-1] if len(versions) == changes + 1 else None
        return newest if newest is not None and (newest.agency, newest.said) == (agency, said) else None

    def __contains__(self, version: Finding) -> bool:
        """Say whether a version is among them."""
        return version in self._versions.get(version.id, [])

    def seen_by(self, agency: AgencyId) -> list[Finding]:
        """Return the newest version of each finding that people of `agency` may read, by the moment it is pinned to."""
        newest = (versions[-1] for versions in self._versions.values())
        seen = [f for f in newest if f.agency == agency or f.said.shared]
        return sorted(seen, key=lambda f: (f.said.at, f.id))

    def history(self, finding_id: str, agency: AgencyId) -> list[Finding]:
        """Return the versions of a finding that people of `agency` may read, oldest first; else nothing."""
        versions = self._versions.get(finding_id, [])
        if not versions or (versions[0].agency != agency and not versions[-1].said.shared):
            return []
        # What was written before it was shared stays the agency's own.
        own = versions[0].agency == agency
        return [f for f in versions if own or f.said.shared]


def as_json(findings: Sequence[Finding], stamp: Mapping[str, str]) -> bytes:
    """Return findings as one JSON object: `stamp` (who exported what and when) and `findings`."""
    return msgspec.json.format(_encode({"stamp": stamp, "findings": findings}), indent=1)


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 0; } dl { margin: .5rem 0 0; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; white-space: pre-wrap; }
article { border-top: 1px solid #c8ccd1; padding: 1rem 0; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; }
th { font-weight: 600; border-bottom: 1px solid #c8ccd1; } .quiet { color: #57606a; font-size: .9rem; }
"""


def as_html(findings: Sequence[Finding], stamp: Mapping[str, str], timezone: str, today: date, site: str = "") -> str:
    """Return findings as one HTML page that needs nothing else: the improvement plan, then each finding.

    `today`: what is due before it and not closed is told as overdue. `site`: the address that leads back to their
    moments, "" for none.
    """
    zone = ZoneInfo(timezone)
    items = sorted(findings, key=lambda f: (f.said.state in CLOSED, f.said.due or date.max, f.said.at))
    rows = "".join(_row(f, today) for f in items)
    articles = "".join(_article(f, zone, site) for f in findings)
    stamped = " · ".join(f"{_text(name)}: {_text(value)}" for name, value in stamp.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Findings</title>'
        f'<style>{_STYLE}</style></head><body><h1>Findings</h1><p class="quiet">{stamped}</p>'
        "<h2>Improvement plan</h2>"
        "<table><thead><tr><th>Finding</th><th>Owner</th><th>Due</th><th>State</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{articles}</body></html>\n"
    )


def _row(finding: Finding, today: date) -> str:
    said = finding.said
    due = "" if said.due is None else said.due.isoformat()
    if said.due is not None and said.due < today and said.state not in CLOSED:
        due += " (overdue)"
    title = f'<a href="#{_text(finding.id)}">{_text(said.title)}</a>'
    return f"<tr><td>{title}</td><td>{_text(said.owner)}</td><td>{due}</td><td>{_text(said.state)}</td></tr>"


def _view_words(view: str) -> str:
    kind, _, of = view.partition(":")
    return {"known": "as known then", "truth": "truth as known today", "agency": f"as available to {of}",
            "screen": f"as on the screen {of}"}.get(kind, view)  # fmt: skip


def _moment(finding: Finding, site: str) -> str:
    """Return a link to the moment in a review, in HTML."""
    said = finding.said
    place = "" if said.lat is None or said.lon is None else f"&map={said.lat:.5f},{said.lon:.5f},15"
    at = datetime.fromtimestamp(said.at, UTC)
    address = f"{site.rstrip('/')}/review?at={at:%Y-%m-%dT%H:%M:%SZ}&view={quote(said.view, safe=':-')}{place}"
    return f' · <a href="{_text(address)}">to that moment</a>' if site else ""


def _article(finding: Finding, zone: ZoneInfo, site: str) -> str:
    said = finding.said
    when = _when(said.at, zone) + ("" if said.until is None else f" to {_when(said.until, zone)}")
    facts = [when, _view_words(said.view), f"by {finding.agency} ({finding.author_role}), version {finding.version}"]
    if said.lon is not None and said.lat is not None:
        facts.append(f"at {said.lat:.6f}, {said.lon:.6f}")
    if said.refs:
        facts.append(", ".join(f"{ref.layer} {ref.agency}/{ref.id}" for ref in said.refs))
    answers = (
        ("What happened?", said.happened),
        ("What was our response?", said.response),
        ("What would we do differently?", said.differently),
    )
    told = "".join(f"<dt>{question}</dt><dd>{_text(answer)}</dd>" for question, answer in answers if answer)
    stood = " · ".join(_text(fact) for fact in facts) + _moment(finding, site)
    return (
        f'<article id="{_text(finding.id)}"><h2>{_text(said.title)}</h2>'
        f'<p class="quiet">{stood}</p><dl>{told}</dl></article>'
    )


def _when(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _text(value: str) -> str:
    return html.escape(value)
