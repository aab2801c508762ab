"""The switch that puts a second moment beside the first."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "second"


def layout(settings: Settings) -> html.Div:
    """Return the switch; the second map is made when it is asked for."""
    return html.Div(
        html.Button(
            "Two moments", type="button", className="button button-quiet", title="A second map beside this one"
        ),
        id=Id.ROOT,
        className="second",
        **attributes(data_panel="second"),
    )
