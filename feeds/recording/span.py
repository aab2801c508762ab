"""A span of time as people write it: `2026-11-27`, `2026-11-27T12:00..13:30`, `2026-11-27..`. Pure.

A record has times from 1970 to 9999: what lies before is the beginning, what lies after the end.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from feeds.errors import ConfigError

HOW = "write a day (2026-11-27), or A..B with days or times (2026-11-27T12:00..13:30, UTC)"

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d\d:\d\d.*")
_ZONE = re.compile(r"T\d\d:\d\d.*(Z|[+-]\d\d(?::?\d\d)?)")
_END = 2**53
_LAST = 253_402_300_799_999
"""The last time that a calendar has, Unix milliseconds."""


class Span(NamedTuple):
    """From `since` to before `until`, Unix milliseconds."""

    since: int = 0
    until: int = _END

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Return the span in `text`; empty: all time. Times without an offset are UTC.

        An end without a day is on the day of the beginning, and without an offset by that of the beginning. Raises
        ConfigError.
        """
        if not text:
            return cls()
        first, dots, last = text.partition("..")
        if not dots:
            if not _DAY.fullmatch(first):
                raise ConfigError("RANGE", f"{text!r} is no day; {HOW}")
            last = first
        elif _DAY.match(first) and _CLOCK.fullmatch(last):
            begins, ends = _ZONE.fullmatch(first[10:]), _ZONE.fullmatch(f"T{last}")
            last = f"{first[:10]}T{last}{begins[1] if begins and not ends else ''}"
        span = cls(_ms(first, 0) if first else 0, _ms(last, 1) if last else _END)
        if span.until == 0:
            raise ConfigError("RANGE", f"{text!r} is before 1970, of which there is no record; {HOW}")
        if span.since >= span.until:
            raise ConfigError("RANGE", f"{text!r} ends before it begins; {HOW}")
        return span

    def words(self) -> tuple[str, str]:
        """Return both ends as people read them, UTC."""
        ends = (self.since, "the beginning"), (self.until, "the end")
        return tuple(open_ if at in (0, _END) else utc_words(at // 1000) for at, open_ in ends)  # type: ignore[return-value]


def utc_words(t: float) -> str:
    """Return a time, Unix seconds, as people read it, UTC."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _ms(text: str, days: int) -> int:
    """Return the time in `text`; of a whole day its beginning, or `days` later."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("RANGE", f"{text!r} is no time; {HOW}") from None
    try:
        if _DAY.fullmatch(text):
            at += timedelta(days=days)
        ms = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except OverflowError:
        return _END
    return _END if ms > _LAST else max(ms, 0)
