"""What is heard of a stretch of the record for one incident's timeline (`layers.timeline`). Knows no viewer. Pure."""

from collections.abc import Mapping

from feeds.names import AgencyId
from feeds.report import AnyReport, CameraReport, Category, IncidentReport, LogReport, UnitReport
from layers.picture import CAMERAS, INCIDENTS, LOG, UNITS, Picture, is_closed
from layers.track import BIT, EVERYTHING, IDENTITY, NEVER, Said, occurrence_bit

KINDS = (IncidentReport, UnitReport, CameraReport, LogReport)
"""Reports that a timeline is made of."""

Key = tuple[AgencyId, str]
"""Agency and id."""
Place = tuple[float, float]
"""lon, lat in degrees."""
_CAMERA_PLACE = BIT[Category.CAMERA_LOCATION]
_OF_UNIT = ("primary_status", "secondary_status", "incident_id")


class Chronology:
    """What is heard of a stretch of the record, for one incident. Reports of one agency come in the journal's order."""

    def __init__(self, agency: AgencyId, incident_id: str, picture: Picture) -> None:
        """`picture`: where a camera is and what a unit is called that does not say so in the stretch."""
        self.agency = agency
        self.id = incident_id
        self._picture = picture
        self._reports: list[Said] = []
        self._labels: dict[tuple[str, AgencyId, str], set[str]] = {}
        self._units: dict[Key, list[Said]] = {}
        """The first report of each status in a row."""
        self._there: set[Key] = set()
        """Units that were heard of."""
        self._call_signs: dict[Key, str] = {}
        self._places: dict[Key, tuple[float, Place]] = {}
        """Where cameras said they are, and when."""
        self._occurrences: list[tuple[AgencyId, Said, int]] = []
        self._entries: dict[Key, Said] = {}

    def label(self, agency: AgencyId, report: AnyReport) -> None:
        """Take in the labels of a report of which nothing else is to be told."""
        if isinstance(report, UnitReport):
            self._label(UNITS, agency, report.unit_id, report)
        elif isinstance(report, IncidentReport):
            self._label(INCIDENTS, agency, report.incident_id, report)
        elif isinstance(report, LogReport):
            self._label(LOG, agency, report.entry_id, report)
        elif isinstance(report, CameraReport) and not occurrence_bit(report):
            self._label(CAMERAS, agency, report.camera_id, report)

    def hear(self, agency: AgencyId, said: Said, granted: int = EVERYTHING) -> None:
        """Take in a report of the agency. `granted`: the category bits by which it could be told at its time."""
        report = said.report
        if type(report) is UnitReport:
            self._unit(agency, report, said)
        elif isinstance(report, IncidentReport):
            if (agency, report.incident_id) == (self.agency, self.id):
                self._reports.append(said)
                self._label(INCIDENTS, agency, report.incident_id, report)
        elif isinstance(report, CameraReport):
            self._camera(agency, report, said, granted)
        elif isinstance(report, LogReport):
            key = (agency, report.entry_id)
            first = self._entries.get(key)
            if first is None or said.stamp.received_at < first.stamp.received_at:
                self._entries[key] = said
            self._label(LOG, agency, report.entry_id, report)

    def _label(self, layer: str, agency: AgencyId, entity_id: str, report: AnyReport) -> None:
        if report.labels:
            self._labels.setdefault((layer, agency, entity_id), set()).update(report.labels)

    def _unit(self, agency: AgencyId, report: UnitReport, said: Said) -> None:
        key = (agency, report.unit_id)
        self._there.add(key)
        self._label(UNITS, agency, report.unit_id, report)
        if report.call_sign:
            self._call_signs[key] = report.call_sign
        if report.primary_status is None and report.secondary_status is None and report.incident_id is None:
            return
        held = self._units.setdefault(key, [])
        if not held or any(getattr(held[-1].report, name) != getattr(report, name) for name in _OF_UNIT):
            held.append(said)

    def _camera(self, agency: AgencyId, report: CameraReport, said: Said, granted: int) -> None:
        key = (agency, report.camera_id)
        occurs = occurrence_bit(report)
        if occurs:
            self._occurrences.append((agency, said, granted))
        if occurs and report.labels:
            return  # as in the picture: on the camera itself it leaves no trace
        self._label(CAMERAS, agency, report.camera_id, report)
        if report.lat is not None and report.lon is not None and not occurs:
            at, _ = self._places.get(key, (NEVER, None))
            if said.effective_at >= at:
                self._places[key] = (said.effective_at, (report.lon, report.lat))

    def closed_at(self) -> float | None:
        """Return when it was closed, as far as was heard; None: it is open. For the class that may know of it."""
        since: float | None = None
        for said in sorted(self._reports, key=_when):
            assert isinstance(said.report, IncidentReport)
            if said.report.status_common is not None:
                closed = is_closed(said.report.status_common)
                since = (said.effective_at if since is None else since) if closed else None
        return since

    # --- what lines are made of ---

    @property
    def reports(self) -> list[Said]:
        """The incident's, by effective time."""
        return sorted(self._reports, key=_when)

    @property
    def units(self) -> dict[Key, list[Said]]:
        """Changes of the units' statuses, by effective time."""
        return {key: sorted(held, key=_when) for key, held in self._units.items()}

    @property
    def occurrences(self) -> list[tuple[AgencyId, Said, int]]:
        """Camera events, and by which category bits each could be told at its time."""
        return self._occurrences

    @property
    def entries(self) -> Mapping[Key, Said]:
        """Log entries: of each the report first heard, whose words stand."""
        return self._entries

    def labels(self, layer: str, agency: AgencyId, entity_id: str) -> set[str]:
        """Return the labels that a thing had in the stretch."""
        return self._labels.get((layer, agency, entity_id), set())

    def owners(self, layer: str, entity_id: str) -> list[AgencyId]:
        """Return the agencies that have or had a thing of this id, the incident's own first."""
        found = {a for a, things in self._picture.shelves[layer].by_id.items() if entity_id in things}
        if layer == UNITS:
            found |= {agency for agency, name in self._there if name == entity_id}
        return sorted(found, key=lambda agency: (agency != self.agency, agency))

    def call_sign(self, agency: AgencyId, unit_id: str) -> str | None:
        """Return what a unit is called."""
        track = self._picture.shelves[UNITS].find(agency, unit_id)
        said = None if track is None else track.words(IDENTITY)
        return self._call_signs.get((agency, unit_id)) or (None if said is None else said.call_sign)

    def camera_place(self, agency: AgencyId, camera_id: str) -> Place | None:
        """Return where a camera says it is when nothing happens."""
        heard = self._places.get((agency, camera_id))
        if heard is not None:
            return heard[1]
        track = self._picture.shelves[CAMERAS].find(agency, camera_id)
        cell = None if track is None else track.cells.get("place")
        place: Place | None = cell[0] if cell and cell[2] == _CAMERA_PLACE else None
        return place


def _when(said: Said) -> tuple[float, float]:
    return said.effective_at, said.stamp.received_at
