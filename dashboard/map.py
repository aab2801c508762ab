"""The map as Plotly draws it: a bare, constant style and one empty trace; everything else is added in the browser.

Rules
- The figure is made once and never sent again: a second one would move the viewer's camera.
- One permanent empty trace: removing a figure's last map trace destroys the map and the canvas laid over it.
- The style holds no address and one empty source: an error while Plotly makes the map would leave it without
  traces for good. `assets/map/plotly_map.mjs` takes the map over; streets come from `assets/map/basemap.mjs`.
"""

from enum import StrEnum
from typing import Any

from dash import dcc

from dashboard.config import Settings


class Id(StrEnum):
    """Ids of the map's elements."""

    GRAPH = "map-graph"


def style() -> dict[str, Any]:
    """Return the bare MapLibre style; the ground shows through until the theme has painted it."""
    return {
        "version": 8,
        "name": "bare",
        "sources": {"bare": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}},
        "layers": [{"id": "background", "type": "background", "paint": {"background-color": "rgba(0,0,0,0)"}}],
    }


def figure(view: tuple[float, float, float]) -> dict[str, Any]:
    """Return the figure that starts at `view`: longitude, latitude (degrees), zoom."""
    lon, lat, zoom = view
    return {
        "data": [{"type": "scattermap", "lon": [], "lat": [], "mode": "markers", "hoverinfo": "skip"}],
        "layout": {
            "map": {
                "style": style(),
                "center": {"lon": lon, "lat": lat},
                "zoom": zoom,
                "bearing": 0,
                "pitch": 0,
                "uirevision": "constant",
            },
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": False,
            "dragmode": "pan",
            "uirevision": "constant",
        },
    }


def layout(settings: Settings) -> dcc.Graph:
    """Return the map, starting at the site's view."""
    return dcc.Graph(
        id=Id.GRAPH,
        figure=figure(settings.site.view),
        config={"displayModeBar": False, "scrollZoom": True, "doubleClick": False, "responsive": True},
        className="map-graph",
        responsive=True,
    )
