"""Which things a source speaks of, at most so many: each stays in the picture for a day after it was last heard.

Without a bound one peer that makes up ids fills everybody's picture. Who is known goes on being heard;
a new one is refused until one is forgotten. Pure: time is an argument.
"""

from collections.abc import Sequence

from feeds.report import AnyReport, CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport

OPEN_MAX = 20_000
"""Different ids of a source that can be spoken for without a token."""
TOKEN_MAX = 100_000
"""Different ids of a source that has to show its token."""
FORGET_S = 25 * 3600.0
"""After this long unheard an id is free again, seconds: the picture keeps a thing for 24 h after it was lost."""
_LOOK_AGAIN_S = 10.0
"""Between two searches for ids to forget while there is no room, seconds."""

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
    """The ids of one source, with when they were last heard. One id of two kinds counts once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heard: dict[str, float] = {}
        self._looked_at = float("-inf")

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._heard)

    def hear(self, report: AnyReport, at: float) -> bool:
        """Note the report's subject, heard at `at` (Unix seconds); return False when it is new and there is no room."""
        name = subject(report)
        if name not in self._heard and not self._room(1, at):
            return False
        self._heard[name] = at
        return True

    def hear_all(self, reports: Sequence[AnyReport], at: float) -> bool:
        """Note every report's subject; return False, noting none, when there is no room for all."""
        try:
            heard = dict.fromkeys([report.unit_id for report in reports], at)  # type: ignore[union-attr]
        except AttributeError:  # not units alone
            heard = dict.fromkeys(map(subject, reports), at)
        # A sum that is too large may count known ids twice: only then is it worth looking.
        if len(self._heard) + len(heard) > self._most and not self._room(len(heard.keys() - self._heard.keys()), at):
            return False
        self._heard.update(heard)
        return True

    def _room(self, more: int, at: float) -> bool:
        if len(self._heard) + more > self._most and at - self._looked_at >= _LOOK_AGAIN_S:
            self._looked_at = at
            self._heard = {name: last for name, last in self._heard.items() if at - last <= FORGET_S}
        return len(self._heard) + more <= self._most
