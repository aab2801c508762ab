"""Holds as lines for people."""

from feeds.recording.holds import FILE, Said
from feeds.recording.span import Span, utc_words


def words(hold: Said) -> str:
    """Return a hold."""
    since, until = Span(hold.since, hold.until).words()
    units = f", units {', '.join(hold.units)}" if hold.units else ""
    return f"case {hold.case}: {hold.agency}{units} from {since} to {until} (by {hold.actor}, {utc_words(hold.at)} UTC)"


def missing_words(hold: Said) -> str:
    """Return a hold that only the audit tells of."""
    return f"MISSING {words(hold)}: the audit says that it stands, {FILE} does not"
