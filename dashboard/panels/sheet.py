"""The tabs of the bottom sheet that holds the panels on a tablet."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes

TABS = (("board", "Incidents"), ("events", "Events"), ("feeds", "Feeds"), ("legend", "Legend"))
"""On the wall: panel shown and the tab's word, in order."""


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "sheet"


def layout(settings: Settings, tabs: tuple[tuple[str, str], ...] = TABS) -> html.Nav:
    """Return the tabs; a wall does not show them."""
    return html.Nav(
        [
            html.Button(word, type="button", className="sheet-tab", **attributes(data_tab=panel, aria_pressed="false"))
            for panel, word in tabs
        ],
        id=Id.ROOT,
        className="sheet-tabs",
        **attributes(data_panel="sheet", aria_label="Panels"),
    )
