"""Who was within so many metres of a place, or in a box, between two moments; and to show that alone."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "near"


def layout(settings: Settings) -> html.Section:
    """Return the question and the list of answers, empty."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Near", className="panel-name"),
                    html.Span(className="panel-note"),
                    html.Button("Circle", type="button", className="button near-toggle"),
                    html.Button("Box", type="button", className="button near-box"),
                ],
                className="panel-head",
            ),
            html.Div(className="near-ask"),
            html.Button("Show only what was there", type="button", className="button near-only", hidden=True),
            html.Ol(className="near-rows rows"),
            html.P(className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel near",
        **attributes(data_panel="near"),
    )
