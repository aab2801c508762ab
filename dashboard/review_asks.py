"""What a reviewer may say: the messages of a review's stream (docs/wire.md). Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from dashboard.stream import Ask
from feeds.replay.clock import SPEED_MAX, SPEED_MIN
from feeds.replay.recording import What

Instant = Annotated[float, Meta(ge=0, le=32503680000)]
Speed = Annotated[float, Meta(ge=SPEED_MIN, le=SPEED_MAX)]
ViewName = Annotated[str, Meta(min_length=1, max_length=64)]
_Lon = Annotated[float, Meta(ge=-180, le=180)]
_Lat = Annotated[float, Meta(ge=-90, le=90)]
_Metres = Annotated[float, Meta(gt=0, le=5000)]
_Id = Annotated[str, Meta(min_length=1, max_length=128)]
_Agency = Annotated[str, Meta(min_length=1, max_length=64)]


class Open(Struct, tag_field="type", tag="open"):
    """First message: where to begin. `at` None: the end; `speed` 0: paused."""

    at: Instant | None = None
    view: ViewName = "known"
    speed: Annotated[float, Meta(ge=0, le=SPEED_MAX)] = 0.0


class Seek(Struct, tag_field="type", tag="seek"):
    """Go there."""

    at: Instant


class Play(Struct, tag_field="type", tag="play"):
    """Go on, so many recorded seconds a second."""

    speed: Speed = 1.0


class Pause(Struct, tag_field="type", tag="pause"):
    """Stand."""


class SetView(Struct, tag_field="type", tag="view"):
    """See it otherwise."""

    view: ViewName


class StepTo(Struct, tag_field="type", tag="step"):
    """Go to the next of a kind, or the one before."""

    to: What
    by: Literal[1, -1] = 1


class Track(Struct, tag_field="type", tag="track"):
    """Where was a unit?"""

    ask: int
    agency: _Agency
    id: _Id
    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")


class Near(Struct, tag_field="type", tag="near"):
    """Who was there?"""

    ask: int
    lon: _Lon
    lat: _Lat
    metres: _Metres
    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")


class Within(Struct, tag_field="type", tag="within"):
    """What was there? Of a box, or of a circle."""

    ask: int
    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")
    box: tuple[_Lon, _Lat, _Lon, _Lat] | None = None
    """West, south, east, north."""
    circle: tuple[_Lon, _Lat, _Metres] | None = None
    """lon, lat, metres."""


class Chronology(Struct, tag_field="type", tag="chronology"):
    """What became of an incident, and what happened near it?"""

    ask: int
    agency: _Agency
    id: _Id
    metres: _Metres = 300.0


class Screens(Struct, tag_field="type", tag="screens"):
    """Which screens were open around a moment?"""

    ask: int
    at: Instant


class Enough(Struct, tag_field="type", tag="enough"):
    """No answer to this ask is wanted any more."""

    ask: int


Question = Track | Near | Within | Chronology
"""What is answered out of the record."""
Said = Open | Seek | Play | Pause | SetView | StepTo | Question | Screens | Ask | Enough
_decode = msgspec.json.Decoder(Said).decode


def understood(message: str | bytes) -> Said:
    """Return what was said. Raises ValueError, whose text says what is wrong with it."""
    try:
        said: Said = _decode(message)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    return said
