"""Words and actors of holds; the commands themselves are in test_retention_command.py."""

import argparse
import getpass

import pytest

from dashboard import hold_command
from feeds.errors import ConfigError
from feeds.names import AgencyId
from feeds.recording.holds import Said


def test_a_hold_is_told_in_a_line_with_who_and_when():
    hold = Said(
        act="hold", case="26-114", agency=AgencyId("cpd"), since=1_790_000_400_000, until=1_790_004_000_000,
        units=("12A", "12B"), actor="clerk", at=1_790_010_000.0,
    )  # fmt: skip
    said = hold_command.words(hold)
    assert said.startswith("case 26-114: cpd, units 12A, 12B from 2026-09-21") and said.endswith("17:00:00 UTC)")
    assert "(by clerk, " in said


def test_who_does_it_is_who_is_named_else_whom_the_system_knows(monkeypatch: pytest.MonkeyPatch):
    assert hold_command.actor_of(argparse.Namespace(actor="records")) == "records"
    assert hold_command.actor_of(argparse.Namespace(actor="")) == getpass.getuser()

    def nobody() -> str:
        raise KeyError("no such uid")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(ConfigError, match="say who you are"):
        hold_command.actor_of(argparse.Namespace(actor=""))
