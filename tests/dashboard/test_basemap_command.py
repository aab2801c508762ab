"""`jointops basemap`: says what is there, and a machine without a map runs all the same."""

from pathlib import Path

import pytest

from dashboard import basemap_command
from layers import basemap


def test_a_map_that_is_there_is_named_and_not_built_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    there = basemap.Basemap(
        name="Chicago", archive=tmp_path / "a", streets=tmp_path / "s", attribution="", bounds=(0.0, 0.0, 1.0, 1.0)
    )
    monkeypatch.setattr(basemap, "find", lambda: there)
    assert basemap_command.run(again=False) == 0
    assert "Chicago" in capsys.readouterr().out


def test_without_a_map_it_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(**_: object) -> basemap.Basemap:
        raise basemap.BasemapError("no network")

    monkeypatch.setattr(basemap, "find", lambda: None)
    monkeypatch.setattr(basemap, "build", none)
    basemap_command.ensure()
    assert "plain ground" in " ".join(capsys.readouterr().err.split())
