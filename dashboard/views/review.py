"""The page of recordings: any moment of them, as the wall's sister. Only places panels."""

from dash import html
from dash.development.base_component import Component

from dashboard import map as map_view
from dashboard.config import Settings
from dashboard.panels import (
    board,
    card,
    chronology,
    clocks,
    compare,
    events,
    findings,
    frozen,
    near,
    notices,
    outside,
    reviewbar,
    second,
    sheet,
    timeline,
    track,
    transport,
    viewswitch,
    watermark,
)
from dashboard.views.wall import config_element, page_config

TABS = (
    ("board", "Incidents"),
    ("events", "Events"),
    ("chronology", "Timeline"),
    ("findings", "Findings"),
    ("compare", "Compare"),
    ("clocks", "Clocks"),
    ("near", "Near"),
)
"""What a tablet's sheet holds: panel and the tab's word."""


def layout(settings: Settings, basemap: str = "", basemap_notice: str = "", kind: str = "wall") -> Component:
    """Return the page."""
    notice = [html.P(basemap_notice, className="ground-notice")] if basemap_notice else []
    return html.Div(
        [
            config_element(page_config(settings, basemap, basemap_notice, kind), "/assets/review/review.mjs"),
            reviewbar.layout(settings),
            frozen.layout(settings),
            html.Main(
                [
                    map_view.layout(settings),
                    watermark.layout(settings),
                    *notice,
                    outside.layout(settings),
                    html.Div([card.layout(settings), track.layout(settings)], className="card-column"),
                    notices.layout(settings),
                ],
                className="map-room",
            ),
            html.Div(
                [
                    sheet.layout(settings, TABS),
                    html.Div(
                        [board.layout(settings), near.layout(settings), chronology.layout(settings)],
                        className="side side-left",
                    ),
                    html.Div(
                        [
                            events.layout(settings),
                            clocks.layout(settings),
                            compare.layout(settings),
                            findings.layout(settings),
                        ],
                        className="side side-right",
                    ),
                ],
                className="rooms",
            ),
            html.Div(
                [
                    transport.layout(settings),
                    html.Div([second.layout(settings), viewswitch.layout(settings)], className="deck-views"),
                    timeline.layout(settings),
                ],
                className="deck",
            ),
        ],
        className="wall review",
    )
