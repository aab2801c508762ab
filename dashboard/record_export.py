"""Part of one agency's record in a format of `layers/exports`, as one agency may see it.

The record is read segment by segment into sorted runs on disk, then written as it is merged: what is held in memory is
one segment, or 131,072 rows. An agency's own positions come from columns, no report is built; for another agency every
report goes through the picture and the door of the live stream.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from dashboard.before import OTHERS, UNIT, Before
from dashboard.config import Settings
from dashboard.export_clocks import ExportClocks
from dashboard.hub import roster_of, rules_of
from feeds.errors import ArchiveDamaged, ConfigError, DecodeError
from feeds.names import AgencyId
from feeds.recording import segment
from feeds.recording.archive import MANIFEST, Archive
from feeds.recording.catalogue import Segment
from feeds.recording.holes import Extent, holes
from feeds.recording.manifest import Manifest
from feeds.recording.positions import unit_columns
from feeds.recording.span import Span
from feeds.recording.summary import SEGMENT_MS
from feeds.recording.verifier import digest, folder_name
from feeds.report import Category
from layers.exports.formats import FORMATS
from layers.exports.rows import Occurrence, TrackPoint
from layers.exports.runs import SCHEMA, Runs
from layers.exports.stamp import Stamp
from layers.labels_now import labels_of
from layers.policy import Rules, ViewerClass
from layers.retelling import Retelling

View = Literal["known", "truth"]
Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it, and of how much."""

_AFTER_ALL = "~"
"""Stands after every folder's name."""
TOLD_EACH = 10_000
"""Rows between two words of progress."""

_NUMBERS = ("lat", "lon", "speed_mps", "course_deg", "hae_m", "h_err_m")
_TEXTS = ("call_sign", "unit_type", "primary_status", "emergency", "incident_id", "status")


class Asked(NamedTuple):
    """What is to be exported."""

    format: str
    agency: AgencyId
    viewer: AgencyId
    """Whose people it is for."""
    view: View
    span: Span
    units: tuple[str, ...] = ()
    """Empty: all units, and what happened."""
    skip_damaged: bool = False
    actor: str = ""
    """Who asks."""
    case: str = ""


class Exported(NamedTuple):
    """What was written."""

    positions: int
    occurrences: int
    missing: tuple[str, ...]
    withheld: int
    """Things that were left out because something went wrong with them."""
    extent: Extent


class Export:
    """One export: `gather` it, then write the `pieces`."""

    def __init__(self, folder: Path, settings: Settings, asked: Asked) -> None:
        """Read the catalogue.

        Raises ConfigError (nothing was recorded then, or nothing is shared), ArchiveDamaged, OSError.
        """
        self._archive = Archive(folder)
        self._asked = asked
        self._settings = settings
        self._rules = rules_of(settings)
        self._own = asked.viewer == asked.agency
        self._occurrences: list[tuple[float, Occurrence]] = []
        self._missing: list[str] = []
        self._left_out: set[Path] = set()
        self._holes = holes(folder / asked.agency)
        self._mind_shares()
        self._roster = roster_of(settings)
        self._since, self._until = (ms / 1000.0 for ms in asked.span)
        self._mind_manifests(*self._names())
        self._mind_holes(asked.span.since, Span().until if self._is_open() else asked.span.until)
        self._sealed = self._archive.segments(asked.agency)
        self._extent = Extent.of((one.manifest.t0, one.manifest.t1) for one in self._sealed)
        self._chosen = [one for one in self._sealed if self._reaches(one.manifest)]
        if not self._chosen:
            raise self._nothing()
        self._missing += self._extent.lacks(asked.span)
        self._first, self._last = self._sealed.index(self._chosen[0]), self._sealed.index(self._chosen[-1])
        self._close_span()
        tells = self._own or self._rules.may(_class_of(self._rules, asked.viewer), asked.agency, Category.FEED_HEALTH)
        self._clocks = ExportClocks(self._archive, tells=tells)

    def gather(self, aside: IO[bytes], progress: Progress) -> Runs:
        """Read the record; return its positions, put aside in the empty file `aside`.

        Raises ArchiveDamaged, ConfigError (a unit is not there, nothing to be seen), OSError.
        """
        asked = self._asked
        before = Before(self._archive, self._sealed, self._roster, self._damaged)
        picture, begins = before.stands(self._first, units=not self._own)
        if not self._own:
            self._mind_manifests(folder_name(self._sealed[begins].manifest.t0) if begins else "", _AFTER_ALL)
            self._mind_holes(self._sealed[begins].manifest.t0 if begins else 0, Span().until)
        today = {} if self._own else labels_of(before.stands(len(self._sealed))[0])
        told = Retelling(picture, self._rules, _class_of(self._rules, asked.viewer), today)
        read = self._sealed[self._first : self._last + 1]
        for one in self._sealed[max(0, self._first - 1) : self._first]:
            self._clocks.take(one)
        runs = Runs(aside, asked.agency, len(self._chosen))
        chosen = {one.folder for one in self._chosen}
        for done, one in enumerate(read):
            progress("reading", done, len(read))
            if one.tombstone is not None:
                if one.folder in chosen:
                    self._missing.append(f"{one.name} (deleted)")
                    self._left_out.add(one.folder)
                continue
            self._clocks.take(one)
            try:
                if self._own:
                    self._take_own(one, told, runs, in_range=one.folder in chosen)
                else:
                    runs.add_points(self._retold(one, told, in_range=one.folder in chosen))
            except (ArchiveDamaged, DecodeError) as error:
                self._damaged(one, error)
        progress("reading", len(read), len(read))
        self._chosen = [one for one in self._chosen if one.folder not in self._left_out]
        if absent := sorted(set(asked.units) - runs.units):
            raise ConfigError("--unit", f"{asked.viewer} sees no unit {absent[0]!r} of {asked.agency} in that time")
        if not runs.rows and not self._occurrences:
            raise self._nothing()
        return runs

    def pieces(self, runs: Runs, made_at: float, version: str, progress: Progress) -> Iterator[bytes]:
        """Yield the file."""
        asked = self._asked
        stamp = Stamp(
            agency=asked.viewer,
            viewer="command line",
            actor=asked.actor,
            case=asked.case,
            view=asked.view,
            since=self._since,
            until=self._until,
            sources=tuple(digest(self._archive.link(one)) for one in self._chosen),
            made_at=made_at,
            version=version,
            record=asked.agency,
            policy=policy_digest(self._settings),
            missing=tuple(self._missing),
        )
        self._occurrences.sort(key=lambda pair: pair[0])
        points = _counted(runs, progress)
        yield from FORMATS[asked.format].write(points, (seen for _, seen in self._occurrences), stamp)

    def exported(self, runs: Runs) -> Exported:
        """Return what was written."""
        missing = tuple(self._missing)
        return Exported(runs.rows, len(self._occurrences), missing, self._rules.alarms, self._extent)

    def _nothing(self) -> ConfigError:
        asked = self._asked
        if why := self._extent.why_nothing(asked.span):
            return ConfigError("--range", why)
        if self._own:
            return ConfigError(
                "--range", f"nothing is recorded of {asked.agency} in that time; `jointops verify` says what is"
            )
        return ConfigError("--range", f"{asked.viewer} sees nothing of {asked.agency} in that time")

    def _mind_shares(self) -> None:
        asked = self._asked
        if self._own:
            return
        if asked.viewer not in self._settings.agency_ids():
            raise ConfigError("--for", f"the site's file (--config) names no agency {asked.viewer!r}")
        if not self._rules.sees_of(_class_of(self._rules, asked.viewer), asked.agency):
            raise ConfigError("--for", f"{asked.agency} shares nothing with {asked.viewer}")

    def _reaches(self, manifest: Manifest) -> bool:
        """Say whether the segment may hold something of the range, by the view's clock."""
        told = manifest.contents
        if told.received is None or told.observed is None:
            return False
        first, last = told.received
        if self._asked.view == "truth":
            first, last = min(first, told.observed[0]), min(last, told.observed[1])
        return first < self._until and last >= self._since

    def _close_span(self) -> None:
        """Let an open end be where what is recorded ends."""
        if not self._asked.span.since:
            self._since = min(one.manifest.t0 for one in self._chosen) / 1000.0
        if self._asked.span.until == Span().until:
            self._until = max(one.manifest.t1 for one in self._chosen) / 1000.0

    def _when(self, observed_at: Any, received_at: Any) -> Any:
        """Return by what time a row stands, Unix seconds: a number, or n of them."""
        return received_at if self._asked.view == "known" else np.minimum(observed_at, received_at)

    def _mind_manifests(self, first: str, last: str) -> None:
        """Segments whose manifest is damaged are in no list: those after `first` to before `last` are told of."""
        for folder in self._archive.damaged(self._asked.agency):
            if first < (name := f"{folder.parent.name}/{folder.name}") < last:
                self._pass_over(name, ArchiveDamaged(folder / MANIFEST, "it cannot be read"))

    def _mind_holes(self, since: int, until: int) -> None:
        """Segments whose links are gone are in no list either: those of `since` to `until` (Unix ms) are told of."""
        for hole in self._holes:
            if hole.since < until and since < hole.until:
                damaged = ArchiveDamaged(self._archive.folder / self._asked.agency, f"links are missing: {hole}")
                self._pass_over(str(hole), damaged, "lost")

    def _is_open(self) -> bool:
        """Say whether what was received after the range may be of it."""
        return self._asked.span.until == Span().until or self._asked.view == "truth"

    def _names(self) -> tuple[str, str]:
        """Return after which and before which folder's name a segment may hold something of the range."""
        since, until = self._asked.span
        return folder_name(since - SEGMENT_MS) if since else "", _AFTER_ALL if self._is_open() else folder_name(until)

    def _damaged(self, one: Segment, error: ArchiveDamaged | DecodeError) -> None:
        damaged = error if isinstance(error, ArchiveDamaged) else ArchiveDamaged(one.folder, str(error))
        self._pass_over(one.name, damaged)
        self._left_out.add(one.folder)

    def _pass_over(self, name: str, damaged: ArchiveDamaged, how: str = "damaged") -> None:
        if not self._asked.skip_damaged:
            raise damaged
        if not self._own:
            # It may have held the label by which a unit is withheld.
            raise ConfigError("--skip-damaged", f"only {self._asked.agency} itself may pass over a segment: {damaged}")
        if f"{name} ({how})" not in self._missing:
            self._missing.append(f"{name} ({how})")

    def _take_own(self, one: Segment, told: Retelling, runs: Runs, *, in_range: bool) -> None:
        happened = not self._asked.units and any(kind != UNIT for kind in one.manifest.contents.kinds)
        if not in_range and not happened:
            return
        files = self._archive.files(one)
        if in_range:
            runs.add(self._columns(files))
        if happened:
            for delivery in segment.decode_some(self._asked.agency, files, OTHERS):
                self._keep(told.take(delivery))

    def _retold(self, one: Segment, told: Retelling, *, in_range: bool) -> Iterator[tuple[float, TrackPoint]]:
        """Yield what may be seen of a segment's positions in the range, each with the time by which it stands."""
        agency, units = self._asked.agency, self._asked.units or None
        # Out of the range too, all is taken in: what is not yet may be late there, under labels of here.
        for delivery in segment.decode(agency, self._archive.files(one)):
            self._keep(told.take(delivery))
            for point in told.positions(delivery, units) if in_range else ():
                at = float(self._when(point.observed_at, point.received_at))
                if self._since <= at < self._until:
                    yield at, self._clocks.aligned(point)

    def _keep(self, occurrences: list[Occurrence]) -> None:
        if self._asked.units:
            return
        for seen in occurrences:
            at = float(self._when(seen.observed_at, seen.received_at))
            if self._since <= at < self._until:
                self._occurrences.append((at, self._clocks.aligned(seen)))

    def _columns(self, files: segment.Files) -> pa.Table:
        """Return the agency's own positions in the range, as runs take them."""
        asked = self._asked
        told = unit_columns(asked.agency, files, asked.units or None, _NUMBERS, _TEXTS)
        at = self._when(told["observed_at"], told["received_at"])
        placed = ~np.isnan(told["lat"]) & ~np.isnan(told["lon"])
        told |= {"unit_id": told["subject"], "at": at, **self._clocks.columns(told)}
        numbers = {f.name for f in SCHEMA if f.type == pa.float64()}
        columns = [
            pa.array(told[name], mask=np.isnan(told[name])) if name in numbers else told[name].cast(pa.string())
            for name in SCHEMA.names
        ]
        table = pa.Table.from_arrays(columns, schema=SCHEMA)
        return table.filter(pa.array(placed & (self._since <= at) & (at < self._until)))


def policy_digest(settings: Settings) -> str:
    """Return the SHA-256 of the site's shares, in whatever order they stand."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    return hashlib.sha256(b"\n".join(sorted(encode(share) for share in settings.share))).hexdigest()


def _class_of(rules: Rules, viewer: AgencyId) -> ViewerClass:
    return rules.class_of(viewer, ())


def _counted(runs: Runs, progress: Progress) -> Iterator[Any]:
    for number, point in enumerate(runs.merged()):
        if number % TOLD_EACH == 0:
            progress("writing", number, runs.rows)
        yield point
    progress("writing", runs.rows, runs.rows)
