"""The views of a review: who may ask for which, and by whose eyes and whose rules each is seen. Pure."""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dashboard.viewer import Viewer
from feeds.errors import DecodeError
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from layers.policy_record import decode_policy
from layers.review_rules import NOBODY, Eyes, ReviewRules, is_granted_all_of
from layers.roster import Roster

log = logging.getLogger(__name__)

RulesOf = Callable[[bytes], ReviewRules]
"""A policy as it is on record -> by which rules the viewer sees what was of its time, today's among them."""
REVIEWER = "reviewer"
"""The role without which nobody reviews."""
KNOWN, TRUTH = "known", "truth"
SCREEN = "screen:"
_NOTHING = Rules(())
_AGENCY = "agency:"


def screen_of(view: str) -> tuple[str, int]:
    """Return agency and number of the session in `screen:AGENCY-KIND-NUMBER`; ("", 0) when it is none."""
    agency, _, number = ([*view.removeprefix(SCREEN).rsplit("-", 2), "", ""])[:3]
    return (agency, int(number)) if number.isascii() and number.isdigit() else ("", 0)


class Policy(NamedTuple):
    """Who there was, and what each let others see. `rules` None: that is not on record."""

    roster: Roster
    rules: Rules | None


class Views:
    """The views of a site. `now`: its rules of today."""

    def __init__(self, roster: Roster, now: Rules) -> None:
        self._roster = roster
        self._now = now
        self._read: tuple[bytes, Policy] = (b"", Policy(roster, None))

    def policy(self, data: bytes) -> Policy:
        """Return the policy on record in `data`. One that cannot be read permitted nothing; b"": there is none."""
        if not data:
            return Policy(self._roster, None)
        if data != self._read[0]:
            try:
                grants, roster = decode_policy(data)
                self._read = (data, Policy(roster, Rules(grants)))
            except (DecodeError, ValueError) as error:
                log.error("review.policy_refused reason=%s", error)
                self._read = (data, Policy(self._roster, Rules(())))
        return self._read[1]

    def of(self, viewer: Viewer) -> list[str]:
        """Return the views that the viewer may ask for."""
        return [KNOWN, TRUTH, *(f"{_AGENCY}{a}" for a in self._roster.agencies if self._through(viewer, AgencyId(a)))]

    def through(self, viewer: Viewer) -> dict[AgencyId, RulesOf]:
        """Return through whose eyes the viewer may look, and by which rules what was of another policy's time."""
        views = [view for view in self.of(viewer) if view.startswith(_AGENCY)]
        return {AgencyId(view.removeprefix(_AGENCY)): self.rules_of(viewer, view) for view in views}

    def rules_of(self, viewer: Viewer, view: str, seen_by: ViewerClass | None = None) -> RulesOf:
        """Return by which rules the viewer sees in the view what is of the time of a policy on record; as `rules`."""
        return lambda data: self.rules(viewer, view, self.policy(data), seen_by)

    def may(self, viewer: Viewer, view: str) -> bool:
        """Say whether the viewer may ask for the view."""
        if view.startswith(SCREEN):
            return self.may_see_screens_of(viewer, AgencyId(screen_of(view)[0]))
        return view in self.of(viewer)

    def may_see_screens_of(self, viewer: Viewer, agency: AgencyId) -> bool:
        """Say whether the viewer may see what the agency's screens showed: only its own people.

        Where a map looked tells of things that labels hide, whatever else is shared.
        """
        return agency == viewer.agency and agency in self._roster.agencies

    def rules(self, viewer: Viewer, view: str, then: Policy, seen_by: ViewerClass | None = None) -> ReviewRules:
        """Return the rules by which the viewer sees the view at a time when `then` was in force.

        `seen_by` is the class before a screen, None when it showed nothing.
        """
        rules = (self._now,) if then.rules is None else (self._now, then.rules)
        eyes = [Eyes(self._class(viewer.agency, viewer.roles), rules)]
        if view.startswith(_AGENCY) and view != f"{_AGENCY}{viewer.agency}":
            other = self._class(AgencyId(view.removeprefix(_AGENCY)))
            eyes.append(Eyes(other, (then.rules or self._now,)))
        elif view.startswith(SCREEN):
            eyes.append(Eyes(NOBODY, (_NOTHING,)) if seen_by is None else Eyes(seen_by, (then.rules or self._now,)))
        return ReviewRules(eyes)

    def sees_of(self, viewer: Viewer) -> list[AgencyId]:
        """Return the agencies of which the viewer may see anything today."""
        seen_by = self._class(viewer.agency, viewer.roles)
        return [AgencyId(a) for a in self._roster.agencies if self._now.sees_of(seen_by, AgencyId(a))]

    def _through(self, viewer: Viewer, agency: AgencyId) -> bool:
        """Say whether the viewer may look through the eyes of the agency's people."""
        if viewer.agency == agency:
            return True
        seen_by, others = self._class(viewer.agency, viewer.roles), self._class(agency)
        return is_granted_all_of(self._now, seen_by, others, self._roster.agencies)

    def _class(self, agency: AgencyId, roles: Sequence[str] = ()) -> ViewerClass:
        return self._now.class_of(agency, roles)
