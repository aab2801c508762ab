"""What the map draws: layers and agencies, each on or off; what is off is said while it is."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "layerswitch"


def layout(settings: Settings) -> html.Details:
    """Return the switch, closed; its choices come with the stream."""
    return html.Details(
        [
            html.Summary(
                [html.Span("Layers"), html.Span(className="layerswitch-off")], className="button button-quiet"
            ),
            html.Div(
                [
                    html.Div(className="layerswitch-layers"),
                    html.Div(className="layerswitch-agencies"),
                    html.Button("Show all", type="button", className="button"),
                ],
                className="layerswitch-choices",
            ),
        ],
        id=Id.ROOT,
        className="layerswitch",
        **attributes(data_panel="layerswitch"),
    )
