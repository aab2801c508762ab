"""What goes, what stays, and why."""

from pathlib import Path

from feeds.recording.holds import Said
from feeds.recording.retention import DAY_MS, FOR_EVER, Fate, Rule, fates
from tests.support.recording import CPD, T0, TEN, sealed

DAY_LATER = (T0 + 2 * TEN + DAY_MS) / 1000
"""Two of three segments are a day old."""


def told(found: list[Fate]) -> list[tuple[bool, str, str]]:
    return [(fate.goes, fate.why, fate.kind) for fate in found]


def test_without_a_rule_everything_is_kept_for_ever(tmp_path: Path):
    segments = sealed(tmp_path).segments(CPD)
    assert told(fates(segments, (), (), 4e9)) == [(False, FOR_EVER, "")] * 3


def test_what_is_old_enough_goes_under_its_clause_and_the_rest_is_younger(tmp_path: Path):
    segments = sealed(tmp_path).segments(CPD)
    found = fates(segments, [Rule(1, "MOU 4.2")], (), DAY_LATER)
    assert told(found) == [(True, "MOU 4.2", "")] * 2 + [(False, "younger than 1 days", "")]
    assert [fate.reports for fate in found] == [12, 12, 12]


def test_a_hold_wins_and_names_its_cases(tmp_path: Path):
    segments = sealed(tmp_path).segments(CPD)
    holds = [Said(act="hold", case=case, agency=CPD, until=T0 + 1, actor="clerk", at=1.0) for case in ("b", "a")]
    found = fates(segments, [Rule(1, "MOU 4.2")], holds, DAY_LATER)
    assert told(found)[:2] == [(False, "held: case a, b", ""), (True, "MOU 4.2", "")]


def test_the_reports_of_a_kind_may_go_before_the_rest_and_what_was_deleted_is_not_told_again(tmp_path: Path):
    archive = sealed(tmp_path)
    archive.bury(archive.segments(CPD)[0], "order", "clerk", 1.0)
    rules = [Rule(90, "MOU 4.1"), Rule(1, "MOU 4.3", "unit"), Rule(1, "MOU 4.4", "camera_event")]
    assert told(fates(archive.segments(CPD), rules, (), DAY_LATER)) == [
        (False, "younger than 90 days", ""),
        (True, "MOU 4.3", "unit"),
        (False, "younger than 90 days", ""),
    ]
