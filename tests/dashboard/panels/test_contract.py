"""Every panel keeps the contract of dashboard/panels/__init__.py."""

from enum import StrEnum
from importlib import import_module

import pytest

from dashboard import panels
from dashboard.app import assets_folder
from dashboard.panels import (
    board,
    card,
    chronology,
    clocks,
    compare,
    events,
    feeds,
    findings,
    frozen,
    layerswitch,
    legend,
    near,
    notices,
    outside,
    reviewbar,
    second,
    sheet,
    timeline,
    topbar,
    track,
    transport,
    viewswitch,
    watermark,
)
from layers import symbol
from tests.support.pages import settings

PLACED = (
    *(
        board,
        card,
        chronology,
        clocks,
        compare,
        events,
        feeds,
        findings,
        frozen,
        layerswitch,
        legend,
        near,
        notices,
        outside,
    ),
    *(reviewbar, second, sheet, timeline, topbar, track, transport, viewswitch, watermark),
)
SHARED = {"dom", "finding_fields", "finding_form", "finding_read", "marks", "panels", "signs", "words"}


@pytest.mark.parametrize("name", panels.names())
def test_a_panel_names_itself_and_its_ids(name: str) -> None:
    module = import_module(f"dashboard.panels.{name}")
    made = panels.load(name).layout(settings()).to_plotly_json()["props"]
    assert made["data-panel"] == name
    assert made["id"] == name
    assert issubclass(module.Id, StrEnum)
    assert all(value == name or value.startswith(f"{name}-") for value in module.Id)
    assert "style" not in str(made)


@pytest.mark.parametrize("name", panels.names())
def test_a_panel_has_the_module_that_fills_it(name: str) -> None:
    module = assets_folder() / "panels" / f"{name}.mjs"
    assert "export function mount(root" in module.read_text()


def test_panels_are_found_by_file_name() -> None:
    assert [panels.load(name) for name in panels.names()] == list(PLACED)


def test_a_panels_module_belongs_to_a_panel() -> None:
    found = {path.stem for path in (assets_folder() / "panels").glob("*.mjs")}
    assert found - SHARED == set(panels.names())


def test_every_row_of_the_legend_has_a_drawing_and_words_of_its_own() -> None:
    drawings = (assets_folder() / "panels" / "marks.mjs").read_text()
    for row in symbol.legend():
        code = row.code.lower()
        assert f"  {code}: () =>" in drawings or f'  "{code}": () =>' in drawings, row
    words = [legend.short(row) for row in symbol.legend()]
    assert len(set(words)) == len(words)
    assert max(map(len, words)) <= 16
