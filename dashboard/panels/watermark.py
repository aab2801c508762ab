"""The words over the map of a review: that it is a replay, of which moment, in which view; of a screen what it drew."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "watermark"


def layout(settings: Settings) -> html.Div:
    """Return the words, to be filled."""
    return html.Div(
        [
            html.Div([html.B("REPLAY "), html.Span(className="watermark-time")], className="watermark-head"),
            html.Div(className="watermark-view"),
            html.Div(className="watermark-rest"),
            html.Div(className="watermark-screen", hidden=True),
        ],
        id=Id.ROOT,
        className="watermark",
        **attributes(data_panel="watermark", aria_live="off"),
    )
