"""Which view of the moment: as known then, as known today, as available to an agency, on a screen."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "viewswitch"


def layout(settings: Settings) -> html.Section:
    """Return the switch; its choices come with the recording."""
    return html.Section(
        [
            html.Div(className="segments viewswitch-views"),
            html.Label(
                [
                    html.Span("As seen by", className="viewswitch-word"),
                    # A plain select, not Dash's: its choices come from the stream, and a tablet shows its own list.
                    html.Div(className="viewswitch-choice"),
                ],
                className="viewswitch-agency",
                hidden=True,
            ),
        ],
        id=Id.ROOT,
        className="viewswitch",
        **attributes(data_panel="viewswitch", aria_label="View of the moment"),
    )
