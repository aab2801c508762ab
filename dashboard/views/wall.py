"""The wall: the map, and around it the panels. Only places them."""

from typing import Any

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboard import map as map_view
from dashboard.config import Settings
from dashboard.panels import attributes, board, card, events, feeds, frozen, layerswitch, legend, outside, sheet, topbar

CONFIG_ID = "jointops-config"
"""The element that tells the browser's modules what they need to know (`PageConfig` in `assets/types.d.ts`)."""


def page_config(settings: Settings, basemap: str, basemap_notice: str, kind: str = "wall") -> dict[str, Any]:
    """Return `PageConfig`. `basemap`: path of its style, `""` when there is none and `basemap_notice` says why.

    `kind`: the viewer's (`dashboard.viewer`).
    """
    site = settings.site
    lon, lat, zoom = site.view
    return {
        "live_port": site.live_port,
        "live_url": site.live_url,
        "review_port": site.review_port,
        "review_url": site.review_url,
        "site": site.name,
        "timezone": site.timezone,
        "demo": site.demo,
        "basemap": basemap,
        "basemap_notice": basemap_notice,
        "view": {"lon": lon, "lat": lat, "zoom": zoom},
        "kind": kind,
    }


def config_element(config: dict[str, Any], entry: str) -> html.Div:
    """Return the element that holds a `PageConfig`. `entry`: address of the module that opens the page."""
    said = msgspec.json.encode(config).decode()
    return html.Div(id=CONFIG_ID, hidden=True, **attributes(data_config=said, data_entry=entry))


def layout(settings: Settings, basemap: str = "", basemap_notice: str = "", kind: str = "wall") -> Component:
    """Return the page."""
    notice = [html.P(basemap_notice, className="ground-notice")] if basemap_notice else []
    return html.Div(
        [
            config_element(page_config(settings, basemap, basemap_notice, kind), "/assets/map/map.mjs"),
            topbar.layout(settings),
            frozen.layout(settings),
            html.Main(
                [
                    map_view.layout(settings),
                    *notice,
                    outside.layout(settings),
                    layerswitch.layout(settings),
                    card.layout(settings),
                ],
                className="map-room",
            ),
            html.Div(
                [
                    sheet.layout(settings),
                    board.layout(settings),
                    events.layout(settings),
                    feeds.layout(settings),
                    legend.layout(settings),
                ],
                className="rooms",
            ),
        ],
        className="wall",
    )
