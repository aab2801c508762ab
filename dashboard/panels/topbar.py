"""The top bar: which site, that it is a demo, counts, clocks, the way back in time, who looks, the way out."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "topbar"
    COUNTS = "topbar-counts"
    CLOCKS = "topbar-clocks"
    VIEWER = "topbar-viewer"
    BACK = "topbar-back"
    THEME = "topbar-theme"


BACK = ((30, "30 s"), (300, "5 min"), (1800, "30 min"))
"""How far back in time one press leads: seconds, and its words."""


def layout(settings: Settings) -> html.Header:
    """Return the bar."""
    badge = (
        [html.Span(["DEMO DATA", html.Span(" · ", className="badge-dot"), "EXERCISE"], className="badge badge-demo")]
        if settings.site.demo
        else []
    )
    return html.Header(
        [
            html.Div([html.H1(settings.site.name, className="bar-name"), *badge], className="bar-site"),
            html.Div(id=Id.COUNTS, className="bar-counts"),
            html.Div(id=Id.CLOCKS, className="bar-clocks"),
            html.Div(
                [
                    html.Div(id=Id.VIEWER, className="bar-who"),
                    html.Details(
                        [
                            html.Summary("Back", className="button button-quiet"),
                            html.Div(
                                [
                                    html.A(
                                        words, href="/review", className="button", **attributes(data_back=str(seconds))
                                    )
                                    for seconds, words in BACK
                                ],
                                className="back-choices",
                            ),
                        ],
                        id=Id.BACK,
                        className="back",
                        hidden=True,
                        title="See the picture as it was",
                    ),
                    html.Button("Theme", id=Id.THEME, type="button", className="button button-quiet"),
                    html.Form(
                        html.Button("Log out", type="submit", className="button button-quiet"),
                        method="POST",
                        action="/logout",
                    ),
                ],
                className="bar-viewer",
            ),
        ],
        id=Id.ROOT,
        className="bar",
        **attributes(data_panel="topbar"),
    )
