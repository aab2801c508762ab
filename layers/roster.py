"""What the site declares about agencies and their sources: who there is, not what they said."""

from collections.abc import Iterable

from msgspec import Struct

from feeds.names import AgencyId, SourceId
from feeds.source import SourceSettings

CADENCE_S = 10.0
"""Taken for a source that the site's file no longer names, seconds."""


class AgencyInfo(Struct, frozen=True):
    """One agency as people know it."""

    id: AgencyId
    name: str
    tag: str
    """Two to four capitals, drawn beside each of its things."""
    family: str = "police"
    """What its units are when they do not say."""


class Roster:
    """Agencies and sources of the site, by id."""

    def __init__(self, agencies: Iterable[AgencyInfo], sources: Iterable[SourceSettings] = ()) -> None:
        self.agencies: dict[str, AgencyInfo] = {a.id: a for a in agencies}
        self.sources: dict[str, SourceSettings] = {s.id: s for s in sources}

    def cadence(self, source: SourceId | str, states: Iterable[str] = ()) -> float:
        """Return how often `source` reports a thing that is in one of `states`, seconds.

        The longest declared cadence of the states wins: a camera that buffers and records is heard seldom.
        """
        settings = self.sources.get(source)
        if settings is None:
            return CADENCE_S
        if settings.cadence_by_state:
            told = [settings.cadence_by_state[s] for s in states if s in settings.cadence_by_state]
            if told:
                return max(told)
        return settings.cadence_s

    def name(self, agency: str) -> str:
        """Return the agency's name for people, its id when it is not declared."""
        info = self.agencies.get(agency)
        return info.name if info else agency

    def tag(self, agency: str) -> str:
        """Return the agency's tag."""
        info = self.agencies.get(agency)
        return info.tag if info else agency[:4].upper()

    def family(self, agency: str) -> str:
        """Return what the agency's units are when they do not say."""
        info = self.agencies.get(agency)
        return info.family if info else "other"
