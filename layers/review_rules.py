"""The rules of a review: what every one of several pairs of eyes may see, each by every one of several rules.

A reviewer sees what was permitted then and is permitted now. Who looks through another agency's eyes sees what that
agency saw then and may itself see, now and then. Pure.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feeds.names import AgencyId
from layers.picture import Origin
from layers.policy import Rules, ViewerClass
from layers.track import EVERYTHING

NOBODY = ViewerClass(AgencyId(""))
"""A class that owns nothing: nothing is told to it whole because it is its own."""


class Eyes(NamedTuple):
    """A class, and the rules it is held to."""

    viewer: ViewerClass
    rules: tuple[Rules, ...]


class ReviewRules(Rules):
    """Grants what all of `eyes` are granted, whoever asks: there is one viewer, `viewer`."""

    def __init__(self, eyes: Sequence[Eyes]) -> None:
        super().__init__(())
        self._eyes = tuple(eyes)
        classes = {one.viewer for one in eyes}
        self.viewer = classes.pop() if len(classes) == 1 else NOBODY
        """The class to make the view for."""

    def granted(self, viewer: ViewerClass, origin: Origin) -> int:
        """Return the category bits that may be seen of things of this origin."""
        granted = EVERYTHING
        for one in self._eyes:
            for rules in one.rules:
                granted &= rules.granted(one.viewer, origin)
        return granted


def granted_by_all(rules: Sequence[ReviewRules], origin: Origin, what: str) -> int:
    """Return the category bits that all the rules grant their viewer; of none, and where one goes wrong, none.

    `what`: by which name an error counts among the alarms.
    """
    granted = EVERYTHING if rules else 0
    for one in rules:
        try:
            granted &= one.granted(one.viewer, origin)
        except Exception as error:
            one.alarm(what, error)
            return 0
    return granted


def is_granted_all_of(rules: Rules, viewer: ViewerClass, other: ViewerClass, agencies: Iterable[str]) -> bool:
    """Say whether `viewer` may see all that `other` may of what carries no label."""
    origins = [Origin(AgencyId(agency), frozenset()) for agency in agencies]
    return all(not rules.granted(other, origin) & ~rules.granted(viewer, origin) for origin in origins)
