"""`jointops feed`: what became of each message is said."""

from collections import Counter
from pathlib import Path

import pytest

from dashboard import cli, feed_command
from feeds.file_feed import Totals


def test_the_counts_and_every_reason_are_said() -> None:
    totals = Totals(messages=7, accepted=4, duplicate=1, refused=Counter({"unsupported type": 2}))
    assert feed_command.report(totals).splitlines() == [
        "acknowledged 4  duplicate 1  refused 2",
        "  2 x unsupported type",
    ]


def test_without_a_site_or_a_token_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JOINTOPS_FEED_TOKEN", raising=False)
    capture = tmp_path / "one.xml"
    capture.write_text("<event/>")
    assert cli.main(["feed", "--source", "guest-cot", "--feed-port", "1", str(capture)]) == 2
    assert "--token" in capsys.readouterr().err


def test_a_file_in_another_dialect_than_the_sources_gets_a_hint(tmp_path: Path) -> None:
    capture = tmp_path / "one.xml"
    capture.write_text("<event/>")
    assert "looks like 'cot'" in feed_command.advice(capture, "guest-native", "native")
    assert feed_command.advice(capture, "guest-cot", "cot") == ""
