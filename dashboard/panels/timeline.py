"""The timeline of a recording: counts per minute, what is missing, and the playhead over them.

The counts are a Plotly figure, drawn anew when its range changes; the playhead is an element of its own over it, for it
moves with every frame.
"""

from enum import StrEnum
from typing import Any

from dash import dcc, html

from dashboard.config import Settings
from dashboard.panels import attributes

RANGES = (("hour", "Last hour"), ("day", "Day"), ("all", "All"))
"""Ranges by name, and their words: the last hour of the recording, the day of the moment, all that is recorded."""


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "timeline"
    GRAPH = "timeline-graph"


def figure() -> dict[str, Any]:
    """Return the figure without data: lanes and ticks come with the recording."""
    return {
        "data": [],
        "layout": {
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": False,
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
        },
    }


def layout(settings: Settings) -> html.Section:
    """Return the timeline, empty."""
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        [
                            _segment("range", name, "Exercise" if name == "all" and settings.site.demo else word)
                            for name, word in RANGES
                        ]
                        + [_segment("range", "own", "From\u2013to")],
                        className="segments",
                        role="group",
                        **attributes(aria_label="Range of the timeline"),
                    ),
                    html.Form(className="timeline-own", hidden=True),
                    html.Div(
                        [_segment("lanes", "kind", "By kind"), _segment("lanes", "agency", "By agency")],
                        className="segments timeline-by",
                        role="group",
                        **attributes(aria_label="Lanes of the timeline"),
                    ),
                    html.Span(className="timeline-note"),
                ],
                className="timeline-head",
            ),
            html.Div(
                [
                    html.Div(className="timeline-lanes"),
                    html.Div(
                        dcc.Graph(
                            id=Id.GRAPH,
                            figure=figure(),
                            config={"displayModeBar": False, "staticPlot": True},
                            className="timeline-graph",
                        ),
                        className="timeline-figure",
                    ),
                    html.Div(
                        [
                            html.Div(className="timeline-gaps"),
                            html.Div(className="timeline-hover", hidden=True),
                            html.Div(
                                html.Span(className="playhead-time"),
                                className="playhead",
                                hidden=True,
                            ),
                        ],
                        className="timeline-track",
                        tabIndex=0,
                        role="slider",
                        **attributes(aria_label="Moment"),
                    ),
                ],
                className="timeline-plot",
            ),
        ],
        id=Id.ROOT,
        className="timeline",
        **attributes(data_panel="timeline"),
    )


def _segment(what: str, value: str, word: str) -> html.Button:
    return html.Button(
        word,
        type="button",
        className="segment",
        **attributes(**{f"data_{what}": value}, aria_pressed="false"),
    )
