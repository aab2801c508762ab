"""Holds as lines for people."""

from dashboard.hold_words import missing_words, words
from feeds.names import AgencyId
from feeds.recording.holds import Said


def test_a_hold_is_told_in_a_line_with_who_and_when():
    hold = Said(
        act="hold", case="26-114", agency=AgencyId("cpd"), since=1_790_000_400_000, until=1_790_004_000_000,
        units=("12A", "12B"), actor="clerk", at=1_790_010_000.0,
    )  # fmt: skip
    said = words(hold)
    assert said.startswith("case 26-114: cpd, units 12A, 12B from 2026-09-21") and said.endswith("17:00:00 UTC)")
    assert "(by clerk, " in said
    assert missing_words(hold) == f"MISSING {said}: the audit says that it stands, holds.jsonl does not"
