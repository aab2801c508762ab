"""Findings of the review: a list, one to read, one to write. Its module asks `/api/findings`, which decides who may."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "findings"


def layout(settings: Settings) -> html.Section:
    """Return the panel, closed."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Findings", className="panel-name"),
                    html.Span(className="panel-note"),
                    html.Button("Write", type="button", className="button findings-write"),
                    html.Button("Open", type="button", className="button findings-toggle"),
                ],
                className="panel-head",
            ),
            html.Div(className="findings-list"),
            html.Article(className="finding-read", hidden=True),
            html.Form(className="finding-form", hidden=True, noValidate=True),
        ],
        id=Id.ROOT,
        className="panel findings",
        **attributes(data_panel="findings"),
    )
