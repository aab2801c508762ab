"""The wall's layout."""

from typing import get_type_hints

from dashboard.views import wall
from tests.support.pages import settings

ROOT_TYPES = "assets/types.d.ts"


def test_the_browser_is_told_what_its_type_says(pytestconfig) -> None:  # type: ignore[no-untyped-def]
    config = wall.page_config(settings(live_port=8051), "/basemap/style.json", "")
    declared = (
        (pytestconfig.rootpath / ROOT_TYPES).read_text().split("export interface PageConfig")[1].split("}\ndeclare")[0]
    )
    for name in config:
        assert f"{name}:" in declared
    assert get_type_hints(wall.layout)["settings"].__name__ == "Settings"
