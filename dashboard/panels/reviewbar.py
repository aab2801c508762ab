"""The top bar of a review: which site, that this is a replay, counts and clocks of the moment, the way back to live."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "reviewbar"
    COUNTS = "reviewbar-counts"
    CLOCKS = "reviewbar-clocks"
    VIEWER = "reviewbar-viewer"
    LINK = "reviewbar-link"
    THEME = "reviewbar-theme"


def layout(settings: Settings) -> html.Header:
    """Return the bar."""
    demo = [html.Span("DEMO DATA", className="badge badge-demo")] if settings.site.demo else []
    return html.Header(
        [
            html.Div(
                [
                    html.H1(settings.site.name, className="bar-name"),
                    html.Span("REPLAY", className="badge badge-replay"),
                    *demo,
                ],
                className="bar-site",
            ),
            html.Div(id=Id.COUNTS, className="bar-counts"),
            html.Div(id=Id.CLOCKS, className="bar-clocks"),
            html.Div(
                [
                    html.Div(id=Id.VIEWER, className="bar-who"),
                    html.Button("Copy link", id=Id.LINK, type="button", className="button button-quiet"),
                    html.Button("Theme", id=Id.THEME, type="button", className="button button-quiet"),
                    html.A("Back to live", href="/wall", className="button button-main back-to-live"),
                ],
                className="bar-viewer",
            ),
        ],
        id=Id.ROOT,
        className="bar review-bar",
        **attributes(data_panel="reviewbar"),
    )
