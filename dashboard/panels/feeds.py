"""The feed health strip: per agency and feed, whether it speaks, how old its newest word is, what was lost."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "feeds"


def layout(settings: Settings) -> html.Section:
    """Return the strip, empty."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Feeds", className="panel-name"),
                    html.Span(className="panel-note"),
                    html.Span("age / cadence", className="panel-note"),
                    html.Span(className="feeds-record", role="status"),
                ],
                className="panel-head",
            ),
            html.Ol(className="feeds-cells"),
            html.P("No feeds that you may see", className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel feeds",
        **attributes(data_panel="feeds"),
    )
