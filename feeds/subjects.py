"""Which things a source speaks of, at most so many: each stays in the picture for a day after it was last heard.

Without a bound one peer that makes up ids fills everybody's picture. Who is known goes on being heard;
a new one is refused until one is forgotten. Pure: time is an argument.
"""

from collections.abc import Callable, Sequence

import numpy as np

from feeds.report import AnyReport, CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport

OPEN_MAX = 20_000
"""Different ids of a source that can be spoken for without a token."""
TOKEN_MAX = 100_000
"""Different ids of a source that has to show its token."""
FORGET_S = 25 * 3600.0
"""After this long unheard an id is free again, seconds: the picture keeps a thing for 24 h after it was lost."""
_LOOK_AGAIN_S = 10.0
"""Between two searches for ids to forget while there is no room, seconds."""
_ROWS_FIRST = 64
"""Rows that there is room for at first."""

TOO_MANY: dict[type, str] = {
    UnitReport: "too many units",
    IncidentReport: "too many incidents",
    CameraReport: "too many cameras",
    ZoneReport: "too many zones",
    LogReport: "too many log entries",
}
"""The reason of a refusal, by the report's kind."""


def subject(report: AnyReport) -> str:
    """Return the id of the thing that the report is about."""
    match report:
        case UnitReport():
            return report.unit_id
        case IncidentReport():
            return report.incident_id
        case CameraReport():
            return report.camera_id
        case ZoneReport():
            return report.zone_id
        case LogReport():
            return report.entry_id


class Subjects:
    """The ids of one source, with when they were last heard. One id of two kinds counts once.

    Each has a row, a small number, under which others keep what they know of it (`feeds/plausible.py`).
    """

    def __init__(self, most: int, free: Callable[[Sequence[int]], None] = lambda rows: None) -> None:
        """`free(rows)` is told whose ids are forgotten: their rows are given to others."""
        self._most = most
        self._free = free
        self._rows: dict[str, int] = {}
        self._heard = np.zeros(_ROWS_FIRST)
        """By row."""
        self._freed: list[int] = []
        self._looked_at = float("-inf")

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._rows)

    def hear(self, report: AnyReport, at: float) -> int | None:
        """Note the report's subject, heard at `at` (Unix seconds), and return its row; None: it is new, and no room."""
        name = subject(report)
        row = self._rows.get(name)
        if row is None:
            if not self._room(1, at):
                return None
            row = self._new(name)
        self._heard[row] = at
        return row

    def hear_all(self, names: Sequence[str], at: float) -> np.ndarray | None:
        """Note ids as `hear` does, and return their rows; None, noting none, when there is no room for all."""
        row_of = self._rows.get
        try:
            rows = np.fromiter(map(row_of, names), np.intp, len(names))
        except TypeError:  # some are new
            new = [name for name in dict.fromkeys(names) if name not in self._rows]
            if not self._room(len(new), at):
                return None
            for name in new:
                self._new(name)
            rows = np.fromiter(map(row_of, names), np.intp, len(names))
        self._heard[rows] = at
        return rows

    def _new(self, name: str) -> int:
        row = self._freed.pop() if self._freed else len(self._rows)
        self._rows[name] = row
        if row >= len(self._heard):
            self._heard = np.concatenate((self._heard, np.zeros(len(self._heard))))
        return row

    def _room(self, more: int, at: float) -> bool:
        if len(self._rows) + more > self._most and at - self._looked_at >= _LOOK_AGAIN_S:
            self._looked_at = at
            heard = self._heard.tolist()
            gone = [name for name, row in self._rows.items() if at - heard[row] > FORGET_S]
            freed = [self._rows.pop(name) for name in gone]
            self._freed += freed
            self._free(freed)
        return len(self._rows) + more <= self._most
