"""What a page says of its own screen: how it looks, and what it drew last (docs/wire.md). Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Lon = Annotated[float, Meta(ge=-540, le=540)]
"""Degrees; a map that shows the date line counts on."""
Lat = Annotated[float, Meta(ge=-90, le=90)]
Pixels = Annotated[int, Meta(ge=1, le=32768)]
LayerName = Literal["units", "incidents", "cameras", "zones", "log"]
_AgencyName = Annotated[str, Meta(min_length=1, max_length=32)]
_Rev = Annotated[int, Meta(ge=0, le=2**53)]
_Ago = Annotated[int, Meta(ge=0, le=86_400_000)]


class Chosen(Struct, forbid_unknown_fields=True):
    """A thing."""

    layer: LayerName
    agency: Annotated[str, Meta(min_length=1, max_length=64)]
    id: Annotated[str, Meta(min_length=1, max_length=128)]


class ScreenWord(Struct, tag_field="type", tag="screen", forbid_unknown_fields=True):
    """How the screen looks now."""

    box: tuple[Lon, Lat, Lon, Lat]
    """West, south, east, north, degrees."""
    zoom: Annotated[float, Meta(ge=0, le=24)]
    width: Pixels
    """Of the map, CSS pixels."""
    height: Pixels
    layers: set[LayerName]
    """Those that are on."""
    rev: _Rev
    """The last revision drawn; 0: none."""
    ago_ms: _Ago
    """How long ago that was, milliseconds."""
    theme: Annotated[str, Meta(pattern="^[a-z]{1,16}$")] = "dark"
    without: Annotated[tuple[_AgencyName, ...], Meta(max_length=64)] = ()
    """Agencies whose things are off."""
    chosen: Chosen | None = None
    away: bool = False
    """Nobody can see the page now."""

    def __post_init__(self) -> None:
        """Raise ValueError for a box that is none."""
        west, south, east, north = self.box
        if not (west <= east and south <= north and east - west <= 360):
            raise ValueError("box is [west, south, east, north] in degrees")


class DrawnWord(Struct, tag_field="type", tag="drawn", forbid_unknown_fields=True):
    """What was drawn last; else it looks as before."""

    rev: Annotated[int, Meta(ge=1, le=2**53)]
    ago_ms: _Ago


class _Typed(Struct):
    type: Annotated[str, Meta(max_length=32)] = ""


_decode_type = msgspec.json.Decoder(_Typed).decode


def type_of(message: str | bytes) -> str:
    """Return the type of a message that was not understood, "" when there is none."""
    try:
        return _decode_type(message).type
    except (msgspec.DecodeError, RecursionError):
        return ""
