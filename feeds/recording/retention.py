"""How long what is recorded may be kept: which segments would go, under which clause, and why the others stay."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feeds.recording.catalogue import Segment
from feeds.recording.holds import Said

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
        """How many."""
        kinds = self.segment.manifest.contents.kinds
        return kinds.get(self.kind, 0) if self.kind else sum(kinds.values())


FOR_EVER = "kept for ever: no [[retention]] says otherwise"


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
