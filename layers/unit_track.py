"""The life of one unit: which report stands for each of its groups, at a microsecond a report.

Pure: time is an argument.
"""

from operator import attrgetter
from typing import Any

from feeds.names import AgencyId, SourceId
from feeds.report import UnitReport
from feeds.unit_columns import WORDS
from layers.fixes import Fixes, Words
from layers.track import GROUP_BIT, NEVER, POSITION, STATUS, Said, Stamp, known_labels

_POSITION_BIT = GROUP_BIT[POSITION]

_words_of = attrgetter(*WORDS)


class UnitTrack:
    """One unit. `moved` and `reworded` gather what changed since the picture was last flushed (category bits).

    A report that differs from the one before it in its numbers only (`repeats`, `Fixes.all_again`) is not kept: its
    time and its numbers are put into `fixes`, and what was `_said` before goes on to stand for its words.
    """

    __slots__ = ("_effs", "_fixes", "_repeated", "_said", "_stamps", "_words",
                 "agency", "id", "known", "labelled", "moved", "queued", "reworded", "slot")  # fmt: skip

    def __init__(self, agency: AgencyId, unit_id: str, slot: int, fixes: Fixes) -> None:
        self.agency = agency
        self.id = unit_id
        self.slot = slot
        self.known = 0
        """Category bits of the groups that were ever said."""
        self.labelled = False
        self.moved = 0
        self.reworded = 0
        self.queued = False
        """Among what the picture flushes next."""
        fixes.fit(slot)
        self._fixes = fixes
        self._effs: list[float] = [NEVER] * 6
        self._said: list[Any] = [None] * 6
        self._stamps: list[Any] = [None] * 6
        """By group; while there are `_words`, the time and stamp of what `_said[0]` stands for are in `fixes`."""
        self._words: Words | None = None
        """Of the newest report, when it had a position and no labels and all that it said stands."""
        self._repeated = False
        """The numbers of `_said[0]` are older than those in `fixes`."""

    def repeats(self, report: UnitReport, eff: float, stamp: Stamp) -> bool:
        """Take in a report that says the newest one's words again; return False, nothing done, when it does not.

        The hot path: it touches little that is not in the cache, and of the words only what all units share. They are
        written out here, in the order of `WORDS`: an attrgetter takes 0.15 us more a report.
        """
        slot, fixes = self.slot, self._fixes
        if (
            self._words is not None
            and eff >= fixes.at[slot]
            and (
                stamp.source, report.status, report.unit_type, report.primary_status, report.secondary_status,
                report.incident_id, report.status_internal, report.emergency, report.capabilities, report.crew,
                report.fix_method, report.labels,
            ) == self._words
            and report.lat is not None
            and report.call_sign == fixes.call_signs[slot]
        ):  # fmt: skip
            self.moved |= _POSITION_BIT
            fixes.again(slot, report, eff, stamp.received_at)
            return True
        return False

    def hear(self, report: UnitReport, eff: float, stamp: Stamp) -> bool:  # noqa: C901 - the groups, one after the other
        """Take in a report; return whether labels may have changed."""
        self._settle()
        said = self._said
        effs = self._effs
        stands = True
        placed = (
            report.lat is not None
            or report.lon is not None
            or report.speed_mps is not None
            or report.course_deg is not None
            or report.hae_m is not None
            or report.h_err_m is not None
            or report.v_err_m is not None
            or report.fix_method is not None
        )
        bare = not placed
        moves = placed and eff >= effs[0]
        # Without a position the age drawn is that of what else was said, so hearing it again is a change too.
        placeless = said[0] is None and not moves
        if (
            report.primary_status is not None
            or report.secondary_status is not None
            or report.status_internal is not None
            or report.incident_id is not None
        ):
            bare = False
            if eff >= effs[1]:
                old = said[1]
                if (
                    placeless
                    or old is None
                    or old.primary_status != report.primary_status
                    or old.secondary_status != report.secondary_status
                    or old.incident_id != report.incident_id
                    or old.status_internal != report.status_internal
                ):
                    self._changed(1)
                self._stand(1, report, eff, stamp)
            else:
                stands = False
        if report.call_sign is not None or report.unit_type is not None:
            bare = False
            if eff >= effs[3]:
                old = said[3]
                if placeless or old is None or old.call_sign != report.call_sign or old.unit_type != report.unit_type:
                    self._changed(3)
                self._stand(3, report, eff, stamp)
            else:
                stands = False
        if report.emergency is not None:
            bare = False
            if eff >= effs[2]:
                old = said[2]
                if placeless or old is None or old.emergency != report.emergency:
                    self._changed(2)
                self._stand(2, report, eff, stamp)
            else:
                stands = False
        if report.capabilities is not None or report.crew is not None:
            bare = False
            if eff >= effs[4]:
                old = said[4]
                if placeless or old is None or old.capabilities != report.capabilities or old.crew != report.crew:
                    self._changed(4)
                self._stand(4, report, eff, stamp)
            else:
                stands = False
        if bare and eff >= effs[5]:
            if placeless:
                self._changed(5)
            self._stand(5, report, eff, stamp)
            self.known |= _POSITION_BIT
        if moves:
            self._move(report, eff, stamp)
        labels = bool(report.labels) or self.labelled
        if moves and stands and not labels and report.lat is not None:
            words = (stamp.source, *_words_of(report))
            self._words = self._fixes.speak(self.slot, words, report.call_sign, eff, stamp.received_at)
        elif self._words is not None:
            self._words = None
            self._fixes.hush(self.slot)
        return labels

    def _move(self, report: UnitReport, eff: float, stamp: Stamp) -> None:
        old = self._said[0]
        if old is None or old.status != report.status or self._stamps[0].source != stamp.source:
            self.reworded |= _POSITION_BIT
            self.known |= _POSITION_BIT
        if self._repeated:
            left = [group for group in range(1, 6) if self._said[group] is old]
            if left:
                # These stay with the report whose numbers go now.
                whole = self._fixes.report(old, self.slot)
                for group in left:
                    self._said[group] = whole
            self._repeated = False
        self.moved |= _POSITION_BIT
        self._fixes.hold(self.slot, report, stamp.received_at)
        self._stand(0, report, eff, stamp)

    def _stand(self, group: int, report: UnitReport, eff: float, stamp: Stamp) -> None:
        self._effs[group], self._said[group], self._stamps[group] = eff, report, stamp

    def _changed(self, group: int) -> None:
        bit = GROUP_BIT[group]
        self.known |= bit
        self.moved |= bit
        self.reworded |= bit

    def _settle(self) -> None:
        """Put the time and the stamp of the newest report to each group that it stands for."""
        if self._words is not None and self._fixes.repeated[self.slot]:
            self._fixes.repeated[self.slot] = 0
            self._repeated = True
            at, stamp = self._newest(self._words)
            one = self._said[0]
            for group, report in enumerate(self._said):
                if report is one:
                    self._effs[group], self._stamps[group] = at, stamp

    def _newest(self, words: Words) -> tuple[float, Stamp]:
        return self._fixes.at[self.slot], Stamp(words[0], self._fixes.received[self.slot])

    def restore(self, group: int, said: Said) -> None:
        """Let a report stand for a group, as it did in the picture that was kept."""
        assert isinstance(said.report, UnitReport)
        self._stand(group, said.report, said.effective_at, said.stamp)
        if group == POSITION:
            self._fixes.hold(self.slot, said.report, said.stamp.received_at)

    def labels(self) -> frozenset[str]:
        """Return the labels of every report that still speaks for the unit."""
        labels = frozenset(label for report in self._said if report is not None for label in report.labels)
        self.labelled = bool(labels)
        return known_labels(labels)

    def words(self, group: int) -> UnitReport | None:
        """Return a report with the words that stand for a group, or None; its numbers and times may be older ones."""
        report: UnitReport | None = self._said[group]
        return report

    def group(self, group: int) -> Said | None:
        """Return the report that stands for a group, or None."""
        report = self._said[group]
        if report is None:
            return None
        self._settle()
        if self._repeated and report is self._said[POSITION]:
            report = self._fixes.report(report, self.slot)
        return Said(self._effs[group], report, self._stamps[group])

    def groups(self, newest: UnitReport | None) -> tuple[list[int], list[tuple[float, UnitReport, Stamp]]]:
        """Return for each group the index of what stands for it, -1 for none; and what stands, each once, as of `Said`.

        `newest`: the report that stands for the position, of which `_said` may have the words only.
        """
        one = self._said[POSITION]
        which = [-1 if report is None else 0 if report is one else 1 for report in self._said]
        if newest is not None and 1 not in which:  # nearly always one stands for all that was said
            if self._words is None:
                return which, [(self._effs[POSITION], newest, self._stamps[POSITION])]
            at, stamp = self._newest(self._words)
            return which, [(at, newest, stamp)]
        self._settle()
        found: dict[int, int] = {}
        each: list[tuple[float, UnitReport, Stamp]] = []
        for group, report in enumerate(self._said):
            if report is not None:
                which[group] = found.setdefault(id(report), len(each))
                if which[group] == len(each):
                    said = newest if newest is not None and report is one else report
                    each.append((self._effs[group], said, self._stamps[group]))
        return which, each

    def source(self) -> SourceId | None:
        """Return who said the position, or None."""
        stamp: Stamp | None = self._stamps[POSITION]
        return None if stamp is None else stamp.source

    def newest_stamp(self) -> Stamp:
        """Return the stamp of what was received last."""
        self._settle()
        stamps: list[Stamp] = [stamp for stamp in self._stamps if stamp is not None]
        return max(stamps, key=lambda stamp: stamp.received_at)

    def heard_at(self) -> float:
        """Return the newest effective time of anything said, Unix seconds."""
        return max(*self._effs, self._fixes.at[self.slot] if self._words is not None else NEVER)

    def receipt(self, mask: int) -> float:
        """Return the oldest receipt among the groups of these category bits, Unix seconds; inf for none."""
        self._settle()
        stamps = [stamp for stamp, bit in zip(self._stamps, GROUP_BIT, strict=True) if bit & mask and stamp is not None]
        return min((stamp.received_at for stamp in stamps), default=float("inf"))


def unit_states(track: UnitTrack) -> tuple[str, ...]:
    """Return a unit's statuses as `cadence_by_state` names them."""
    report = track.words(STATUS)
    if report is None:
        return ()
    return (*(report.secondary_status or ()), *((report.primary_status,) if report.primary_status else ()))
