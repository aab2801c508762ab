"""The tabs of the bottom sheet that holds the panels on a tablet."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings

TABS = (("board", "Incidents"), ("events", "Cameras"), ("feeds", "Feeds"), ("legend", "Legend"))
"""Panel shown and the tab's word, in order."""


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "sheet"


def layout(settings: Settings) -> html.Nav:
    """Return the tabs; a wall does not show them."""
    return html.Nav(
        [
            html.Button(word, type="button", className="tab", **{"data-tab": panel, "aria-pressed": "false"})
            for panel, word in TABS
        ],
        id=Id.ROOT,
        className="sheet-tabs",
        **{"data-panel": "sheet", "aria-label": "Panels"},
    )
