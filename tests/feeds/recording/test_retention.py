"""What goes, what stays, and why."""

from pathlib import Path

import pytest

from feeds.names import CUTS, SCREENS, AgencyId
from feeds.recording.holds import Said
from feeds.recording.retention import DAY_MS, FOR_EVER, NOT_NEEDED, Fate, Rule, fates, log_fates, longest
from tests.support.recording import CPD, T0, TEN, sealed
from tests.support.site_cuts import sealed_log

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


@pytest.mark.parametrize("log", [CUTS, SCREENS])
def test_a_log_of_the_site_goes_when_no_record_of_its_time_is_left_and_none_may_be_kept_as_long(
    tmp_path: Path, log: AgencyId
):
    segments = sealed(tmp_path).segments(CPD)
    parts = sealed_log(tmp_path, 3, log=log).segments(log)
    young = (False, "younger than 1 days", "")
    assert told(log_fates(parts, segments, 1, (), DAY_LATER)) == [(False, "there is record of its time", "")] * 2 + [
        young
    ]
    found = log_fates(parts, segments[1:], 1, (), DAY_LATER)
    assert told(found) == [(True, NOT_NEEDED, ""), (False, "there is record of its time", ""), young]
    assert [fate.reports for fate in found] == [0, 0, 0]
    assert told(log_fates(parts, [], None, (), 4e9)) == [(False, "an agency's record is kept for ever", "")] * 3
    assert told(log_fates(parts, [], 1, (), 4e9)) == [(True, NOT_NEEDED, "")] * 3
    hold = Said(act="hold", case="c", agency=AgencyId("isp"), since=T0, until=T0 + 1, actor="clerk", at=1.0)
    assert told(log_fates(parts, [], 1, [hold], 4e9)) == [(False, "held: case c", ""), *[(True, NOT_NEEDED, "")] * 2]


def test_the_longest_that_an_agency_is_kept_counts_and_for_ever_is_longest():
    a, b, kind = Rule(30, "MOU 1"), Rule(90, "MOU 2"), Rule(400, "MOU 3", "unit")
    assert longest([[a], [b, kind]]) == 90
    assert longest([[a], [kind]]) is None
    assert longest([[a], []]) is None
    assert longest([]) is None
