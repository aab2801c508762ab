"""What the demo's agencies share with each other."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import config_file, demo
from dashboard.hub import rules_of
from dashboard.site_file import table
from feeds.exercise import site as exercise
from feeds.names import AgencyId
from feeds.report import Category
from layers.policy import Rules, ViewerClass

HASH = "$argon2id$v=19$m=1024,t=1,p=1$YtqztJNkfrKbgIp3M7k9BA$vZTiaOoqJ4wlbFg1bSVsoEJCWUfYR+WVT3jujqb7qKc"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return rules_of(config_file.parse(demo.site_toml({"name": "Demo", "demo": True}, "t" * 32, HASH)))


def seen_by(rules: Rules, viewer: str, category: Category) -> set[str]:
    agencies = [AgencyId(a.id) for a in exercise.AGENCIES if a.id != viewer]
    return {agency for agency in agencies if rules.may(ViewerClass(AgencyId(viewer)), agency, category)}


def test_the_command_centre_sees_every_zone_and_the_whole_log(rules: Rules) -> None:
    everybody = {a.id for a in exercise.AGENCIES if a.id != exercise.COMMAND}
    assert seen_by(rules, exercise.COMMAND, Category.ZONE) == everybody
    assert seen_by(rules, exercise.COMMAND, Category.LOG_ENTRY) == everybody


def test_local_agencies_and_the_federal_ones_see_the_zones_of_the_local(rules: Rules) -> None:
    local = {"cpd", "ccso", "isp", "cfd", "tpd"}
    for viewer in (*local, exercise.FEDERAL):
        assert seen_by(rules, viewer, Category.ZONE) == local - {viewer} | {exercise.GUEST}


def test_only_those_who_work_scenes_under_one_command_read_each_others_log(rules: Rules) -> None:
    command = {"cpd", "ccso", "cfd"}
    for viewer in ("cpd", "ccso", "cfd", "isp", "tpd", exercise.FEDERAL):
        others = command - {viewer} if viewer in command else set()
        assert seen_by(rules, viewer, Category.LOG_ENTRY) == others | {exercise.GUEST}


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)))
def test_whatever_a_word_holds_its_table_is_read_back(words: dict[str, str]) -> None:
    lines = table("[one]", {"words": words} if words else {"word": "none"})
    assert tomllib.loads("\n".join(lines))["one"] == ({"words": words} if words else {"word": "none"})
