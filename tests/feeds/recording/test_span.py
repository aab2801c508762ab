"""A span of time as people write it."""

from datetime import UTC, datetime

import pytest

from feeds.errors import ConfigError
from feeds.recording.span import Span


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-27", ms(2026, 11, 27), ms(2026, 11, 28)),
        ("2026-11-27..2026-11-28", ms(2026, 11, 27), ms(2026, 11, 29)),
        ("2026-11-27T12:00..2026-11-27T13:30", ms(2026, 11, 27, 12), ms(2026, 11, 27, 13, 30)),
        ("2026-11-27T12:00Z..2026-11-27T13:30+01:00", ms(2026, 11, 27, 12), ms(2026, 11, 27, 12, 30)),
        ("2026-11-27T12:00..13:30", ms(2026, 11, 27, 12), ms(2026, 11, 27, 13, 30)),
        ("2026-11-27T12:00..13:30:05Z", ms(2026, 11, 27, 12), ms(2026, 11, 27, 13, 30, 5)),
        ("2026-11-27..", ms(2026, 11, 27), Span().until),
        ("..2026-11-27T01:00", 0, ms(2026, 11, 27, 1)),
        ("", 0, Span().until),
        ("2026-11-28T06:55-06:00..07:00", ms(2026, 11, 28, 12, 55), ms(2026, 11, 28, 13)),
        ("2026-11-28T06:55+0530..07:00Z", ms(2026, 11, 28, 1, 25), ms(2026, 11, 28, 7)),
        ("9999-12-31", ms(9999, 12, 31), Span().until),
        ("2026-11-27..9999-12-31T23:59-10:00", ms(2026, 11, 27), Span().until),
        ("0001-01-01T00:00+10:00..2026-11-27", 0, ms(2026, 11, 28)),
        ("0001-01-01..", 0, Span().until),
    ],
)
def test_days_and_times_are_read(text: str, since: int, until: int):
    assert Span.parse(text) == (since, until)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-11-27T12:00", "2026-13-01", "2026-11-28..2026-11-27T00:00", "a..b", "..11:00", "1960-01-01"],
)
def test_what_is_no_span_is_refused_with_an_example(text: str):
    with pytest.raises(ConfigError, match="write a day"):
        Span.parse(text)
