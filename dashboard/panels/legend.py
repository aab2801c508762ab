"""The legend: what each shape and mark on the map means."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes
from layers import symbol


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "legend"


def short(row: symbol.Symbol) -> str:
    """Return the row's label in so few words that all rows fit one line."""
    said = row.label.split(":")[0].split(",")
    return said[-1 if row.layer == "incidents" else 0].split(" or ")[0].strip().lower()


def layout(settings: Settings) -> html.Section:
    """Return the rows; the ES module draws each mark."""
    return html.Section(
        [
            html.H2("Legend", className="panel-name"),
            html.Ol(
                [
                    html.Li(
                        [
                            html.Span(
                                className="legend-mark", **attributes(data_layer=row.layer, data_mark=row.code.lower())
                            ),
                            html.Span(short(row), className="legend-words"),
                        ],
                        title=f"{row.label} ({row.mark})",
                    )
                    for row in symbol.legend()
                ],
                className="legend-rows",
            ),
        ],
        id=Id.ROOT,
        className="panel legend",
        **attributes(data_panel="legend"),
    )
