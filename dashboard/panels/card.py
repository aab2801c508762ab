"""The detail card of what is chosen on the map or the board."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "card"


def layout(settings: Settings) -> html.Aside:
    """Return the card, hidden while nothing is chosen."""
    return html.Aside(id=Id.ROOT, className="card", hidden=True, **attributes(data_panel="card", aria_label="Details"))
