"""The documentation is tested against the code."""

import re
from pathlib import Path

import msgspec

from layers.frame import FrameHeader
from tests.support import settings_table

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_every_setting_is_in_the_settings_page_as_the_code_declares_it() -> None:
    text = settings_table.PAGE.read_text(encoding="utf-8")
    assert settings_table.tables() in text, "run `python -m tests.support.settings_table`"


def test_every_field_of_a_frame_header_is_in_the_wire_page() -> None:
    text = (DOCS / "wire.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(FrameHeader):
        assert f"`{field.name}" in text, f"docs/wire.md does not name {field.name}"


def test_every_file_and_function_named_in_the_life_of_a_report_exists() -> None:
    text = (DOCS / "life-of-a-report.md").read_text(encoding="utf-8")
    root = DOCS.parent
    named = re.findall(r"`((?:feeds|layers|dashboard|assets)/[\w/.\-]+\.(?:py|mjs|js))`(?:[^`\n]{0,12}`(\w+)\()?", text)
    assert len(named) > 10
    for path, function in named:
        source = root / path
        assert source.exists(), f"{path} is named but not there"
        if function:
            assert re.search(rf"\b{function}\b", source.read_text(encoding="utf-8")), f"{path} has no {function}"
