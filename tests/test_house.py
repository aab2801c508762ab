"""The house's own rules."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("feeds", "layers", "dashboard")
BANNED = {"utils", "helpers", "common", "misc", "manager", "handler", "data", "service", "core"}

WITHOUT_OWN_TEST = {
    "feeds/errors.py": "values",
    "feeds/registry.py": "values",
    "feeds/source.py": "values",
    "feeds/exercise/air.py": "played by tests/feeds/exercise/test_day.py",
    "feeds/exercise/watch.py": "played by tests/feeds/exercise/test_day.py",
    "dashboard/cli_texts.py": "values",
    "dashboard/cli_keeping.py": "run through the command line by tests/dashboard/test_retention_command.py",
    "dashboard/import_command.py": "run through the command line by tests/dashboard/test_import_command.py",
    "dashboard/site.py": "run as a process by tests/dashboard/test_site.py",
}


def _sources() -> list[Path]:
    return [p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py")) if p.name != "__init__.py"]


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [p.name for p in _sources() if p.stem in BANNED] == []


def test_there_are_no_hex_colours_in_style_sheets_outside_the_tokens() -> None:
    for sheet in (ROOT / "assets").glob("*.css"):
        if sheet.name != "00-tokens.css":
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", sheet.read_text(encoding="utf-8"))
            assert not found, f"{sheet.name}: {found[:5]}"


def test_there_is_no_javascript_in_python_strings() -> None:
    for source in _sources():
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"function\s*\(|=>\s*\{|document\.|window\.", text), source.name


def test_nothing_third_party_lies_in_the_assets() -> None:
    endings = {p.suffix for p in (ROOT / "assets").rglob("*") if p.is_file()}
    assert endings <= {".css", ".js", ".mjs", ".ts", ".svg", ".json"}
    assert not list((ROOT / "assets").rglob("*.min.*"))


def test_the_floors_below_the_pages_start_without_dash_or_a_map_maker() -> None:
    check = (
        "import sys, feeds.gateway, feeds.redis_bus, layers.picture, dashboard.hub, dashboard.site;"
        "print([m for m in ('dash', 'plotly', 'geopandas', 'pandas', 'shapely') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("source", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_source_file_is_used_by_a_test(source: Path) -> None:
    name = str(source.relative_to(ROOT))
    if name in WITHOUT_OWN_TEST:
        return
    package, _, stem = name.removesuffix(".py").replace("/", ".").rpartition(".")
    imported = rf"(?:from|import) {re.escape(package)}\.{stem}\b|from {re.escape(package)} import [^\n]*\b{stem}\b"
    assert re.search(imported, _all_tests()), f"no test imports {package}.{stem}"


@functools.cache
def _all_tests() -> str:
    """Return the text of every test, with imports over several lines joined."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py"))
    return re.sub(r"import \(\s*([^)]*)\)", lambda m: "import " + " ".join(m[1].split()), text)
