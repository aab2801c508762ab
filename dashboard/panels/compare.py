"""What differs between the chosen view of the moment and another one."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "compare"


def layout(settings: Settings) -> html.Section:
    """Return the list, empty and off."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Compare", className="panel-name"),
                    html.Span(className="panel-note"),
                    html.Button("Compare", type="button", className="button compare-toggle"),
                ],
                className="panel-head",
            ),
            html.Ol(className="compare-rows rows"),
            html.P(className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel compare",
        **attributes(data_panel="compare"),
    )
