"""The way of the chosen unit: its speed and status over time, its trail, and following it."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "track"
    GRAPH = "track-graph"


def layout(settings: Settings) -> html.Aside:
    """Return the panel, hidden while no unit is chosen."""
    return html.Aside(
        [
            html.Div(
                [
                    html.Button("Follow", type="button", className="button", **attributes(data_act="follow")),
                    html.Button("Trail", type="button", className="button", **attributes(data_act="trail")),
                    html.Span(className="track-note"),
                ],
                className="track-acts",
            ),
            html.Div(html.Div(id=Id.GRAPH, className="track-graph"), className="track-plot"),
        ],
        id=Id.ROOT,
        className="track",
        hidden=True,
        **attributes(data_panel="track", aria_label="Track"),
    )
