"""The incident board: what is open, the most urgent first."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "board"


def layout(settings: Settings) -> html.Section:
    """Return the board, empty."""
    return html.Section(
        [
            html.Div(
                [html.H2("Incidents", className="panel-name"), html.Span(className="panel-note")],
                className="panel-head",
            ),
            html.Ol(className="board-rows rows"),
            html.P("No open incidents", className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel board",
        **attributes(data_panel="board"),
    )
