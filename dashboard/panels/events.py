"""The latest camera events and lines of the log, newest first."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "events"


def layout(settings: Settings) -> html.Section:
    """Return the list, empty."""
    return html.Section(
        [
            html.Div(
                [html.H2("Events and log", className="panel-name"), html.Span(className="panel-note")],
                className="panel-head",
            ),
            html.Ol(className="events-rows rows"),
            html.P("No events yet", className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel events",
        **attributes(data_panel="events"),
    )
