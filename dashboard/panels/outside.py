"""How many units are outside the view, with a jump to all of them."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "outside"


def layout(settings: Settings) -> html.Div:
    """Return the notice, hidden while everything is in view."""
    return html.Div(
        [
            html.Span(className="outside-words"),
            html.Button("Show all", type="button", className="button"),
        ],
        id=Id.ROOT,
        className="outside",
        hidden=True,
        **attributes(data_panel="outside"),
    )
