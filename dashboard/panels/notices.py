"""What the recordings have to say to the person: the end, a stretch that is missing, what cannot be done."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "notices"


def layout(settings: Settings) -> html.Div:
    """Return the list, empty."""
    return html.Div(id=Id.ROOT, className="notices", role="status", **attributes(data_panel="notices"))
