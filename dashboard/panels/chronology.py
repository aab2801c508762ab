"""The timeline of one incident: what became of it, who was on it, what happened near it, and its findings."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "chronology"


def layout(settings: Settings) -> html.Section:
    """Return the panel, closed: it is opened from an incident's card."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Incident timeline", className="panel-name"),
                    html.Button("Close", type="button", className="button chronology-close"),
                ],
                className="panel-head",
            ),
            html.Div(className="chronology-of"),
            html.Ol(className="chronology-rows rows"),
            html.P(className="panel-empty"),
        ],
        id=Id.ROOT,
        className="panel chronology",
        **attributes(data_panel="chronology"),
    )
