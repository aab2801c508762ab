"""The documentation is tested against the code."""

import importlib
import re
from pathlib import Path

import msgspec
import pytest

from feeds import adapter, adapters, byte_feed, door, feed_port, plausible, sequences, stream_port, subjects
from feeds.recording import columns, parcels, parquet
from layers.exports.formats import FORMATS
from layers.exports.stamp import Stamp
from layers.exports.table import COLUMNS
from layers.frame import FrameHeader
from tests.feeds.adapters import test_contract
from tests.support import settings_table

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_every_setting_is_in_the_settings_page_as_the_code_declares_it() -> None:
    text = settings_table.PAGE.read_text(encoding="utf-8")
    assert settings_table.tables() in text, "run `python -m tests.support.settings_table`"


def test_every_field_of_a_frame_header_is_in_the_wire_page() -> None:
    text = (DOCS / "wire.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(FrameHeader):
        assert f"`{field.name}" in text, f"docs/wire.md does not name {field.name}"


def test_every_column_of_a_recording_is_in_the_recording_page():
    text = (DOCS / "recording.md").read_text(encoding="utf-8")
    reports, parcels_ = text.split("## parcels.parquet")
    for page, schema in ((reports, columns.SCHEMA), (parcels_, parcels.SCHEMA)):
        for name in schema.names:
            assert re.search(rf"^\|[^|]*`{name}`", page, re.MULTILINE), f"docs/recording.md does not name {name}"
    for name, (_, scale) in columns.DECIMALS.items():
        assert re.search(rf"^\|[^|]*`{name}`[^|]*\| decimal, {scale} places", reports, re.MULTILINE), name
    assert f"{parquet.ROW_GROUP:,}" in text and f"`jointops.recording` = `{parquet.VERSION}`" in text


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


def test_the_page_for_senders_names_the_reasons_and_the_bounds_as_they_are() -> None:
    text = (DOCS / "feeds.md").read_text(encoding="utf-8")
    at_the_door = (door.TOO_LARGE, door.TOO_EARLY, door.TOO_FAST, door.NO_ROOM, plausible.IMPLAUSIBLE)
    by_line = (byte_feed.CUT_SHORT, byte_feed.NOT_WHOLE, feed_port.NOT_WHOLE, feed_port.NO_PONG, feed_port.NOT_READ)
    named = [adapter.TOO_MANY, *at_the_door, *by_line, *subjects.TOO_MANY.values()]
    for reason in (*named, "wrong agency", "seq missing", "unsupported type", "DTD not allowed", "adapter failed"):
        assert f"`{reason}`" in text, f"docs/feeds.md does not name {reason!r}"
    bounds = (subjects.TOKEN_MAX, subjects.OPEN_MAX, feed_port.CONNECTIONS_MAX, sequences.RANGES_MAX // 2)
    for bound in bounds:
        assert f"{bound:,}" in text, f"docs/feeds.md does not name the bound {bound:,}"
    for share in (feed_port.PLACE_MAX, stream_port.PLACE_MAX, feed_port.HALF_OPEN_MAX):
        assert str(share) in text, f"docs/feeds.md does not name the bound {share}"
    assert feed_port.CONNECTIONS_MAX == stream_port.CONNECTIONS_MAX
    assert feed_port.HALF_OPEN_MAX == stream_port.SILENT_MAX


def test_every_format_column_and_field_of_the_stamp_is_in_the_page_of_exports() -> None:
    text = (DOCS / "exports.md").read_text(encoding="utf-8")
    for name, each in FORMATS.items():
        assert f"| `{name}` | `{each.suffix}` |" in text
    for name in (*(column.name for column in COLUMNS), *Stamp.__struct_fields__):
        assert f"`{name}`" in text, f"docs/exports.md does not name {name}"


def test_the_dialect_that_the_guide_makes_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DOCS / "add-an-adapter.md").read_text(encoding="utf-8")
    code, own_test = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "towline.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])
    assert "towline" in adapters.names()
    made = adapters.load("towline")
    for name in dir(test_contract):
        if name.startswith("test_"):
            getattr(test_contract, name)(adapter=made)
    space: dict[str, object] = {}
    exec(own_test, space)
    for name in [name for name in space if name.startswith("test_")]:
        space[name]()  # type: ignore[operator]
    assert importlib.import_module("feeds.adapters.towline").__file__ == str(tmp_path / "towline.py")
