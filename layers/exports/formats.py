"""The formats there are, by name."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from layers.exports import csv_table, czml, geojson, geoparquet, gpx, kml
from layers.exports.rows import Occurrence, TrackPoint
from layers.exports.stamp import Stamp


class Format(NamedTuple):
    """One format."""

    title: str
    """For people."""
    suffix: str
    """Of the file's name, with its point."""
    media_type: str
    write: Callable[[Iterable[TrackPoint], Iterable[Occurrence], Stamp], Iterator[bytes]]
    """Yields the file as it is made. Points stand by unit, then by observed time."""


FORMATS = {
    "geojson": Format("GeoJSON", ".geojson", "application/geo+json", geojson.write),
    "geojsonseq": Format("GeoJSON text sequence", ".geojsons", "application/geo+json-seq", geojson.write_sequence),
    "csv": Format("CSV table", ".csv", "text/csv; charset=utf-8", csv_table.write),
    "gpx": Format("GPX 1.1 tracks", ".gpx", "application/gpx+xml", gpx.write),
    "kml": Format("KML 2.2 for Google Earth", ".kml", "application/vnd.google-earth.kml+xml", kml.write),
    "czml": Format("CZML for Cesium", ".czml", "application/vnd.cesium.czml+json", czml.write),
    "geoparquet": Format("GeoParquet 1.1", ".parquet", "application/vnd.apache.parquet", geoparquet.write),
}
