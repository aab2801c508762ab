"""What is not in an agency's record, as far as its chain tells: links that are gone, and where it begins and ends."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from feeds.recording import verifier
from feeds.recording.manifest import FIRST
from feeds.recording.span import Span, utc_words
from feeds.recording.verifier import Link


class Hole(NamedTuple):
    """From when to when segments may have been whose links are gone, Unix ms; 0, and that of `Span`: nobody knows."""

    since: int
    until: int

    def __str__(self) -> str:
        """Return it in words."""
        since = utc_words(self.since / 1000)
        if self.until == Span().until:
            return f"after {since}"
        until = utc_words(self.until / 1000)
        return f"{since} to {until}" if self.since else f"before {until}"


class Extent(NamedTuple):
    """From when to when there is a record that is sealed, Unix ms."""

    begins: int
    sealed_to: int

    @classmethod
    def of(cls, segments: Iterable[tuple[int, int]]) -> "Extent":
        """Return that of segments from when to before when; of none there is no end that anything could lie beyond."""
        ends = list(segments)
        return cls(min(t0 for t0, _ in ends), max(t1 for _, t1 in ends)) if ends else cls(0, Span().until)

    def lacks(self, span: Span) -> tuple[str, ...]:
        """Return what of the span, an open end aside, is not in it, in words."""
        lacking = []
        if 0 < span.since < self.begins:
            lacking.append(f"before {utc_words(self.begins / 1000)} (the record begins there)")
        if self.sealed_to < span.until != Span().until:
            lacking.append(f"from {utc_words(self.sealed_to / 1000)} on (not sealed yet)")
        return tuple(lacking)

    def ends(self, span: Span) -> str:
        """Return where the record begins and is sealed to, if the span reaches beyond, as lines for people."""
        lines = []
        if 0 < span.since < self.begins:
            lines.append(f"the record begins at {utc_words(self.begins / 1000)} UTC\n")
        if self.sealed_to < span.until:
            lines.append(f"sealed is up to {utc_words(self.sealed_to / 1000)} UTC: what came after is not in it\n")
        return "".join(lines)

    def why_nothing(self, span: Span) -> str:
        """Return why nothing of the span is there, in words; "": because nothing was recorded."""
        if span.since >= self.sealed_to:
            return f"nothing of that time is sealed yet: sealed is up to {utc_words(self.sealed_to / 1000)} UTC"
        if span.until <= self.begins:
            return f"nothing is recorded of that time: the record begins at {utc_words(self.begins / 1000)} UTC"
        return ""


def holes(agency: Path) -> list[Hole]:
    """Return where links are gone from the chain of the agency in this folder, oldest first. Raises OSError."""
    if not agency.is_dir():
        return []
    package = verifier.is_part(agency)
    chain = verifier.links(agency, package)
    found = []
    number, unreadable, since = 0 if package else FIRST - 1, 0, 0
    for place, link in enumerate(chain):
        if not link.body:  # it is there, and told of as damaged
            unreadable += 1
            continue
        gone = link.body["number"] - number - 1 - unreadable
        until = min((other.body["t0"] for other in chain[place:] if _is_segment(other)), default=Span().until)
        if gone > 0 and since < until and (number or not package):
            found.append(Hole(since, until))
        number, unreadable = link.body["number"], 0
        if _is_segment(link):
            since = max(since, link.body["t1"])
    return found


def _is_segment(link: Link) -> bool:
    return link.body.get("link") == "segment" and not link.body.get("revision")
