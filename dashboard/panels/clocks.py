"""The sources whose clock was off at the moment under review: by how much, and how well that is known."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "clocks"


def layout(settings: Settings) -> html.Section:
    """Return the list, empty."""
    return html.Section(
        [
            html.Div(
                [html.H2("Clocks off", className="panel-name"), html.Span(className="panel-note")],
                className="panel-head",
            ),
            html.Ol(className="clocks-rows rows"),
            html.P(className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel clocks",
        **attributes(data_panel="clocks", data_none="true"),
    )
