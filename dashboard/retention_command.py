"""`jointops retention`: what of the record may not be kept longer, and its deletion."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from dashboard import audit_command, config_file
from dashboard.audit_command import DO, NOTHING_DONE, actor_of
from dashboard.config import Settings
from dashboard.verify_command import archive_of
from feeds.errors import ArchiveDamaged, ConfigError, UnderHold
from feeds.names import AgencyId, agency_id
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.holds import Said
from feeds.recording.removal import UNIT, Removal
from feeds.recording.retention import Fate, fates, log_fates, longest
from feeds.recording.span import Span


class _Tally:
    """What is said of each segment, and what came of it."""

    def __init__(self, do: bool) -> None:
        self._do = do
        self._segments = self._reports = self._held = self._failed = 0

    def goes(self, name: str, reports: int, why: str, do: Callable[[], object], ask: Callable[[], object]) -> None:
        """Do it if it is to be done, else ask whether it may be; say what came of it."""
        try:
            do() if self._do else ask()
        except UnderHold as error:
            self.stays(name, reports, str(error))
        except (ArchiveDamaged, OSError) as error:
            self.fails(name, error)
        else:
            self._segments += 1
            self._reports += reports
            _say(f"{'gone' if self._do else 'would go'}  {name}  {reports} reports  under {why!r}")

    def stays(self, name: str, reports: int, why: str) -> None:
        """Say that it is held."""
        self._held += 1
        _say(f"stays  {name}  {reports} reports  {why}")

    def fails(self, name: str, error: Exception) -> None:
        """Say that it cannot be done."""
        self._failed += 1
        _say(f"FAILED  {name}  {error}")

    def status(self) -> int:
        """Say what came of all of it; return 1 when something failed."""
        what = f"{self._reports} reports in {self._segments} segments {'are gone' if self._do else 'would go'}"
        held = f"; {self._held} segments are held" if self._held else ""
        failed = f"; {self._failed} FAILED" if self._failed else ""
        _say(f"{what}{held}{failed}." + ("" if self._do else " Nothing was done: --do does it."))
        return 1 if self._failed else 0


def run(args: argparse.Namespace) -> int:
    """Say what may not be kept longer, and delete it when told to; return 1 when some of it cannot be deleted.

    Raises ConfigError, ArchiveDamaged (the holds cannot be read: nothing is deleted then), HoldsMissing, NotAudited.
    """
    _mind_dry_run(args)
    archive = Archive(archive_of(args))
    settings = config_file.load(args.config) if args.config else Settings()
    chosen = archive.agencies()
    if args.agency:
        chosen = [_recorded(archive, args.agency)]
    held = audit_command.all_holds(args, archive.folder)
    with audit_command.noted(args, "retention", agencies=chosen, what=DO if args.do else "") as told:
        return told(_retain(args, archive, settings, chosen, held))


def _retain(
    args: argparse.Namespace, archive: Archive, settings: Settings, chosen: Sequence[AgencyId], standing: Sequence[Said]
) -> int:
    actor, tally = actor_of(args), _Tally(args.do)
    left: list[Segment] = []
    for agency in chosen:
        if args.do:
            archive.finish(agency)
        rules = settings.retention_rules(agency)
        for rule in rules:
            _say(f"{agency}: {rule.kind or 'everything'} for {rule.days:g} days, {rule.clause!r}")
        found = fates(archive.segments(agency), rules, standing, time.time())
        _do(archive, agency, found, actor, tally)
        going = {fate.segment.folder for fate in found if fate.goes and not fate.kind and not args.do}
        left += [s for s in archive.segments(agency) if s.tombstone is None and s.folder not in going]
    if not args.agency:
        days = longest(settings.retention_rules(agency) for agency in settings.agency_ids())
        for log in archive.logs():
            if args.do:
                archive.finish(log)
            _do(archive, log, log_fates(archive.segments(log), left, days, standing, time.time()), actor, tally)
    return tally.status()


def _do(archive: Archive, chain: AgencyId, found: Sequence[Fate], actor: str, tally: _Tally) -> None:
    """Do, or say, what is to become of an agency's segments, or of a log's."""
    for fate in found:
        name = f"{chain} {fate.segment.name}{' ' + fate.kind if fate.kind else ''}"
        if fate.goes:
            _apply(archive, fate, name, actor, tally)
        elif fate.why.startswith("held"):
            tally.stays(name, fate.reports, fate.why)
    for why, count in Counter(f.why for f in found if not f.goes and not f.why.startswith("held")).items():
        _say(f"{chain}: {count} segments stay, {why}")


def _apply(archive: Archive, fate: Fate, name: str, actor: str, tally: _Tally) -> None:
    sealed, removal = fate.segment, Removal(kind=fate.kind) if fate.kind else None

    def do() -> None:
        if removal is None:
            archive.bury(sealed, fate.why, actor, time.time())
        else:
            archive.revise(sealed, removal, fate.why, actor, time.time())

    tally.goes(name, fate.reports, fate.why, do, lambda: archive.free(sealed, removal))


def remove(args: argparse.Namespace) -> int:
    """Take one unit, or one kind of report, out of the record; return 1 when some of it cannot be.

    Raises ConfigError, ArchiveDamaged, HoldsMissing, NotAudited.
    """
    _mind_dry_run(args)
    archive = Archive(archive_of(args))
    agency, span, actor = _recorded(archive, args.agency), Span.parse(args.range), actor_of(args)
    removal = Removal(args.unit or "", args.kind or UNIT, *span)
    if not args.clause.strip():
        raise ConfigError("--clause", "name the order or agreement that says so")
    if args.unit and args.unit in f"{args.clause} {actor}":
        raise ConfigError("--clause", "the unit's id is in it, and it stays in the record: name the order instead")
    # whose reports they were is not to stay anywhere
    what = f"{'a unit' if args.unit else args.kind}, {args.clause!r}{'' if args.do else f' {NOTHING_DONE}'}"
    audit_command.all_holds(args, archive.folder)
    with audit_command.noted(args, "remove", span=span, agencies=(agency,), what=what) as told:
        return told(_remove(args, archive, agency, removal, actor))


def _remove(args: argparse.Namespace, archive: Archive, agency: AgencyId, removal: Removal, actor: str) -> int:
    tally = _Tally(args.do)
    if args.do:
        archive.finish(agency)
    found = outside = mentions = 0
    for sealed in archive.segments(agency):
        name = f"{agency} {sealed.name}"
        if not _may_hold(sealed, removal):
            continue
        try:
            entries = archive.entries(sealed)
        except (ArchiveDamaged, OSError) as error:
            tally.fails(name, error)
            continue
        outside += removal.outside(entries)
        mentions += removal.mentions(entries)
        if reports := sum(removal.counted(entries).values()):
            found += reports
            do = partial(archive.revise, sealed, removal, args.clause, actor, time.time())
            tally.goes(name, reports, args.clause, do, partial(archive.free, sealed, removal))
    if not found and not outside:
        what = f"a unit {args.unit!r}" if args.unit else f"kind {args.kind}"
        _say(f"No report of {what} is on record of {agency} in that time, of what is sealed.")
    if outside:
        _say(f"{outside} reports of it in these segments were observed at another time and stay.")
    if mentions:
        _say(f"{mentions} reports of other things in these segments have its id in them and stay.")
    sealed_to = archive.sealed_to(agency) or 0
    if removal.until > sealed_to:
        _say(f"Sealed is up to {Span(0, sealed_to).words()[1]} UTC; run it again for what comes after.")
    return tally.status()


def _may_hold(sealed: Segment, removal: Removal) -> bool:
    """Say whether the segment may have something that goes, by its manifest."""
    contents = sealed.manifest.contents
    if sealed.tombstone is not None or not contents.kinds.get(removal.kind) or contents.observed is None:
        return False
    first, last = contents.observed
    return first * 1000 < removal.until and removal.since <= last * 1000


def _mind_dry_run(args: argparse.Namespace) -> None:
    if args.do and args.dry_run:
        raise ConfigError("--do", "it is not done with --dry-run; give one of them")


def _recorded(archive: Archive, text: str) -> AgencyId:
    agency = agency_id(text)
    if agency not in archive.agencies():
        known = ", ".join(archive.agencies()) or "nobody"
        raise ConfigError("--agency", f"nothing is recorded of {agency}; there is something of {known}")
    return agency


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
