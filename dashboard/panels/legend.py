"""The legend: what each shape and mark on the map means."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings

ROWS: tuple[tuple[str, str, str], ...] = (
    ("unit", "avl", "available"),
    ("unit", "enr", "en route"),
    ("unit", "ons", "on scene"),
    ("unit", "cmt", "committed, ask"),
    ("unit", "oos", "out of service"),
    ("unit", "emg", "emergency"),
    ("unit", "stl", "stale, age shown"),
    ("incident", "p1", "life threat"),
    ("incident", "p2", "urgent"),
    ("incident", "p3", "soon"),
    ("incident", "p4", "routine"),
    ("camera", "recording", "recording"),
    ("camera", "buffering", "buffering"),
    ("camera", "offline", "offline"),
)
"""Layer, mark, words."""


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "legend"


def layout(settings: Settings) -> html.Section:
    """Return the rows; the ES module draws each mark."""
    return html.Section(
        [
            html.H2("Legend", className="panel-name"),
            html.Ol(
                [
                    html.Li(
                        [
                            html.Span(className="legend-mark", **{"data-layer": layer, "data-mark": mark}),
                            html.Span(words, className="legend-words"),
                        ]
                    )
                    for layer, mark, words in ROWS
                ],
                className="legend-rows",
            ),
        ],
        id=Id.ROOT,
        className="panel legend",
        **{"data-panel": "legend"},
    )
