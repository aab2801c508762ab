"""The banner over the full width while the picture does not move: what is gone, and since when."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "frozen"


def layout(settings: Settings) -> html.Div:
    """Return the banner, hidden until something is gone."""
    return html.Div(id=Id.ROOT, className="frozen", role="alert", hidden=True, **attributes(data_panel="frozen"))
