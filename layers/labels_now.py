"""Labels that a thing got later count in a review too: what is denied today was not always.

For others than its own agency a thing counts by the labels it has where the picture stands and by those it has today.
Pure.
"""

from collections.abc import Mapping

from feeds.names import AgencyId
from layers.picture import Happening, Picture

LabelsNow = Mapping[tuple[str, AgencyId, str], frozenset[str]]
"""(layer, agency, id) -> its labels today, as policy knows them; of what has any."""


def labels_of(picture: Picture) -> dict[tuple[str, AgencyId, str], frozenset[str]]:
    """Return the labels of everything in today's picture that has any."""
    return {
        (layer, track.agency, track.id): origin.labels
        for layer, shelf in picture.shelves.items()
        for track in shelf.live()
        if (origin := picture.origins[int(shelf.origin[track.slot])]).labels
    }


def add_labels(picture: Picture, labels: LabelsNow) -> None:
    """Let things and past events count by these labels as well: after each flush, before a view looks."""
    if not labels:
        return
    for (layer, agency, id_), today in labels.items():
        shelf = picture.shelves[layer]
        track = shelf.find(agency, id_)
        if track is not None:
            shelf.origin[track.slot] = _code(picture, int(shelf.origin[track.slot]), today)
    for kept in picture.events.values():
        for i, event in enumerate(kept):
            today = _of(picture, event, labels)
            if today:
                kept[i] = event._replace(origin=_code(picture, event.origin, today))


def labelled(picture: Picture, happenings: list[Happening], labels: LabelsNow) -> list[Happening]:
    """Return what happened, counting by these labels as well."""
    if not labels:
        return happenings
    return [
        event._replace(origin=_code(picture, event.origin, today)) if (today := _of(picture, event, labels)) else event
        for event in happenings
    ]


def _of(picture: Picture, event: Happening, labels: LabelsNow) -> frozenset[str]:
    return labels.get((event.layer, picture.origins[event.origin].agency, event.id), frozenset())


def _code(picture: Picture, origin: int, today: frozenset[str]) -> int:
    agency, then = picture.origins[origin]
    return picture.origin(agency, then | today)
