"""How long what is recorded may be kept: which segments would go, under which clause, and why the others stay."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feeds.names import is_site_log
from feeds.recording.catalogue import Segment
from feeds.recording.holds import Said
from feeds.recording.summary import SEGMENT_MS

DAY_MS = 86_400_000


class Rule(NamedTuple):
    """What an agency's agreement says: its record, or the reports of a kind in it, go `days` after they came."""

    days: float
    clause: str
    kind: str = ""
    """Empty: everything."""


class Fate(NamedTuple):
    """What is to become of a segment, or of the reports of a kind in it."""

    segment: Segment
    goes: bool
    why: str
    """The clause under which it goes, or why it stays: `held: case 26-114`, `younger than 30 days`, ..."""
    kind: str = ""
    """Empty: everything."""

    @property
    def reports(self) -> int:
        """How many; a log has none."""
        kinds = self.segment.manifest.contents.kinds
        if is_site_log(self.segment.manifest.agency):
            return 0
        return kinds.get(self.kind, 0) if self.kind else sum(kinds.values())


FOR_EVER = "kept for ever: no [[retention]] says otherwise"
NOT_NEEDED = "no agency's record of its time is left"
"""Under which a part of a log of the site goes."""


def fates(segments: Iterable[Segment], rules: Sequence[Rule], holds: Sequence[Said], now: float) -> list[Fate]:
    """Return what is to become of an agency's segments that have not been deleted, at `now` (Unix seconds).

    Where a segment stays for being young or for ever, the reports of a kind in it may go before it.
    """
    found: list[Fate] = []
    for sealed in segments:
        if sealed.tombstone is not None:
            continue
        cases = sorted({hold.case for hold in holds if hold.covers(sealed.manifest)})
        held = f"held: case {', '.join(cases)}" if cases else ""
        due = [rule for rule in rules if sealed.manifest.t1 <= now * 1000 - rule.days * DAY_MS]
        whole = [rule for rule in rules if not rule.kind]
        if rule := next((rule for rule in due if not rule.kind), None):
            found.append(Fate(sealed, not held, held or rule.clause))
            continue
        found.append(Fate(sealed, False, f"younger than {whole[0].days:g} days" if whole else FOR_EVER))
        for rule in due:
            if sealed.manifest.contents.kinds.get(rule.kind):
                found.append(Fate(sealed, not held, held or rule.clause, rule.kind))
    return found


def log_fates(
    parts: Iterable[Segment], left: Sequence[Segment], days: float | None, holds: Sequence[Said], now: float
) -> list[Fate]:
    """Return what is to become of a log's parts that have not been deleted, at `now` (Unix seconds).

    It goes when no agency's record of its time is `left` and none may be kept as long: `days`, None for ever.
    """
    taken = {slot for one in left for slot in _slots(one)}
    found: list[Fate] = []
    for part in parts:
        if part.tombstone is not None:
            continue
        if cases := sorted({hold.case for hold in holds if hold.covers(part.manifest)}):
            found.append(Fate(part, False, f"held: case {', '.join(cases)}"))
        elif days is None:
            found.append(Fate(part, False, "an agency's record is kept for ever"))
        elif part.manifest.t1 > now * 1000 - days * DAY_MS:
            found.append(Fate(part, False, f"younger than {days:g} days"))
        elif not taken.isdisjoint(_slots(part)):
            found.append(Fate(part, False, "there is record of its time"))
        else:
            found.append(Fate(part, True, NOT_NEEDED))
    return found


def longest(rules: Iterable[Sequence[Rule]]) -> float | None:
    """Return for how many days the record of one of these agencies may be kept at most; None: for ever."""
    days = [max((rule.days for rule in of if not rule.kind), default=None) for of in rules]
    return max((day for day in days if day is not None), default=None) if None not in days else None


def _slots(one: Segment) -> range:
    """Return the ten minutes that it reaches into."""
    return range(one.manifest.t0 // SEGMENT_MS, -(-one.manifest.t1 // SEGMENT_MS))
