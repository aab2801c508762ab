"""The command line: every command teaches, and says in words what is wrong."""

from pathlib import Path

import argon2
import pytest

from dashboard import cli, demo
from dashboard.site_file import write_private
from feeds.exercise import site as exercise

COMMANDS = (
    "demo",
    "serve",
    "gateway",
    "hub",
    "web",
    "feed",
    "check",
    "password",
    "basemap",
    "exercise",
    "replay",
    "audit",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_that_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_bench_lists_its_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in cli.BENCHES)


def test_check_names_path_and_reason_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "site.toml"
    file.write_text('[site]\ntimezone = "Mars/Base"\n')
    assert cli.main(["check", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert all(path in said for path in ("agency:", "account:", "site.timezone:"))


def test_the_demos_own_file_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "site.toml"
    write_private(
        file, demo.site_toml({"name": "Demo", "demo": True}, "token", argon2.PasswordHasher(time_cost=1).hash("demo"))
    )
    assert cli.main(["check", "--config", str(file)]) == 0
    assert f"{len(exercise.AGENCIES)} agencies" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600


def test_serving_without_a_file_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--config", str(tmp_path / "none.toml")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_a_gateway_alone_without_redis_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    file = tmp_path / "site.toml"
    write_private(file, demo.site_toml({"name": "Demo"}, "token", argon2.PasswordHasher(time_cost=1).hash("demo")))
    assert cli.main(["gateway", "--config", str(file)]) == 2
    assert "REDIS_URL" in capsys.readouterr().err


def test_a_gateway_for_an_agency_that_is_not_there_says_which_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    file = tmp_path / "site.toml"
    write_private(file, demo.site_toml({"name": "Demo"}, "token", argon2.PasswordHasher(time_cost=1).hash("demo")))
    assert cli.main(["gateway", "--config", str(file), "--agency", "police"]) == 2
    said = capsys.readouterr().err
    assert "no agency 'police'" in said and exercise.AGENCIES[0].id in said
