"""Counts what a segment holds, for its manifest: its files by `summary`, its tallies by addition. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from feeds.bus import BatchId, Delivery
from feeds.envelope import Tally
from feeds.names import AgencyId, SourceId
from feeds.recording.manifest import Contents, SourceCounts, add
from feeds.recording.summary import Summary, summary


class Counting:
    """Passes batches on to be encoded, and knows at the end what was in them."""

    def __init__(self, entries: Iterable[Delivery]) -> None:
        self._entries = entries
        self._ids: list[BatchId] = []
        self._tallies: list[Tally] = []

    def __iter__(self) -> Iterator[Delivery]:
        """Yield them as they are."""
        self._ids, self._tallies = [], []
        for delivery in self._entries:
            self._ids = [*self._ids[:1], delivery.id]
            self._tallies += delivery.batch.tallies
            yield delivery

    def contents(self, agency: AgencyId, files: Mapping[str, bytes]) -> Contents:
        """Return what was in them, at least one, and in the files that were made of them."""
        said = summary(agency, files)
        sources = {SourceId(source): SourceCounts(accepted) for source, accepted in said.sources.items()}
        for tally in self._tallies:
            counts = SourceCounts(0, tally.duplicate, tally.rejected, tally.gaps)
            sources[tally.source] = add(sources.get(tally.source, SourceCounts()), counts)
        return Contents(
            first=str(self._ids[0]),
            last=str(self._ids[-1]),
            sources=sources,
            **_counted(said),
        )


def recounted(before: Contents, agency: AgencyId, files: Mapping[str, bytes]) -> Contents:
    """Return what is in files of which reports were removed; what left no report behind stays as it was counted."""
    said = summary(agency, files)
    return replace(
        before,
        **_counted(said),
        sources={
            source: replace(counts, accepted=said.sources.get(source, 0)) for source, counts in before.sources.items()
        },
    )


def _counted(said: Summary) -> dict[str, Any]:
    """Return what a manifest takes from the files as it is."""
    return {name: getattr(said, name) for name in ("kinds", "minutes", "observed", "received", "late")}
