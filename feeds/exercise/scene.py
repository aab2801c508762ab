"""Command at the scene of a P1: an inner and an outer perimeter, a staging place, and the lines of its log (ICS-214).

Rules
- Only what is worth it: priority 1 and longer than an officer's cry for help. One to three such scenes are open at a
  time, each with four or five lines in its whole life: a wall stays calm.
- Perimeters lie along the street; the fire department's inner one is a disc. They are lifted when the incident closes.
- Entries are written by position, never by name.
- Chance of its own: the rest of the day is the same with and without it.
"""

import math
from collections.abc import Callable
from functools import partial
from random import Random

from msgspec import Struct, structs

from feeds.exercise.city import lonlat
from feeds.exercise.dispatch import CAD_SOURCES, Dispatch
from feeds.exercise.incidents import OFFICER_HELP, Incident
from feeds.exercise.stage import Stage
from feeds.report import LogReport, Point, Polygon, ZoneReport

INNER_M, OUTER_M = (110.0, 80.0), (270.0, 210.0)
"""Half length along the street and across it, metres."""
FIRE_INNER_M = 90.0
"""Radius."""
_STAGING_M = 340.0
_STANDS_S = 4 * 3600.0
"""A zone that nobody lifts ends by itself, exercise seconds."""
_CORRECTED = 0.25
"""Share of staging places that are corrected."""

_FOUND = {
    "STRUCTFR": "Primary search clear",
    "BARICADE": "Subject contained on the second floor, rear",
    "WEAPON": "Area search: weapon recovered",
    "ROBBERY": "Witness canvass done, video secured",
}
_WANTED = {"STRUCTFR": "Second alarm company to staging", "BARICADE": "Negotiator requested to the command post"}


class Scene(Struct):
    """One scene while its incident is open."""

    incident: Incident
    along: tuple[float, float]
    """Unit vector of its street."""
    staging: tuple[float, float]
    """Metres."""
    zones: list[ZoneReport] = []
    entries: int = 0


class Command:
    """All scenes under command."""

    def __init__(self, stage: Stage, dispatch: Dispatch, seed: int) -> None:
        self._s = stage
        self._chance = Random(f"scene {seed}")  # noqa: S311 - the exercise is repeatable, not secret
        self.scenes: dict[str, Scene] = {}
        dispatch.on_arrival.append(self._arrival)
        dispatch.on_close.append(self._closed)

    def end(self) -> None:
        """Lift every zone: an exercise that is over leaves none behind."""
        for scene in self.scenes.values():
            self._lift(scene)
        self.scenes.clear()

    def _arrival(self, i: int, incident: Incident) -> None:
        worth_it = incident.type.priority >= 9 and incident.type.words != OFFICER_HELP
        if not worth_it or incident.closed or incident.id in self.scenes:
            return
        city, chance = self._s.city, self._chance
        link = city.links[incident.node][0]
        far = self._s.city.nearest(incident.x + link.dx * _STAGING_M, incident.y + link.dy * _STAGING_M)
        scene = self.scenes[incident.id] = Scene(incident, (link.dx, link.dy), city.place(far))
        # Scenes that are there when the day starts have their perimeter already.
        wait = 0.02 if self._s.now <= 0 else 1.0
        self._then(scene, wait * chance.uniform(15, 40), self._established)
        self._then(scene, wait * chance.uniform(60, 130), self._perimeter)
        self._then(scene, wait * chance.uniform(150, 260), self._staging)
        left = (incident.clears_at or self._s.now) - self._s.now
        wanted = _WANTED.get(incident.type.common)
        if wanted:
            self._then(scene, left * chance.uniform(0.2, 0.35), partial(self._write, kind="request", text=wanted))
        self._then(scene, left * chance.uniform(0.45, 0.7), self._found)

    def _then(self, scene: Scene, seconds: float, act: Callable[[Scene], object]) -> None:
        """Do `act(scene)` later, if its incident is still open then."""

        def run() -> None:
            if not scene.incident.closed:
                act(scene)

        self._s.after(seconds, run)

    # -- zones --------------------------------------------------------------------------------------------

    def _perimeter(self, scene: Scene) -> None:
        incident = scene.incident
        if incident.type.owner == "cfd":
            lon, lat = lonlat(incident.x, incident.y)
            self._put_up(scene, "inner", "perimeter_inner", Point(coordinates=(lon, lat)), radius_m=FIRE_INNER_M)
        else:
            self._put_up(scene, "inner", "perimeter_inner", _block(scene, INNER_M))
        self._put_up(scene, "outer", "perimeter_outer", _block(scene, OUTER_M))
        refs = tuple(zone.zone_id for zone in scene.zones)
        self._write(scene, "order", "Inner and outer perimeter set", "OperationsSectionChief", refs=refs)

    def _staging(self, scene: Scene) -> None:
        name = self._corner(*scene.staging)
        lon, lat = lonlat(*scene.staging)
        self._put_up(scene, "staging", "staging", Point(coordinates=(lon, lat)), name=f"Staging {name}")
        entry = self._write(scene, "note", f"Staging at {name}", "StagingAreaManager")
        if self._chance.random() < _CORRECTED:
            again = partial(self._move_staging, entry_id=entry, was=name)
            self._then(scene, self._chance.uniform(40, 120), again)

    def _move_staging(self, scene: Scene, entry_id: str, was: str) -> None:
        """Correct the staging place: one block further."""
        (x, y), (dx, dy) = scene.staging, scene.along
        scene.staging = self._s.city.place(self._s.city.nearest(x + dx * 200, y + dy * 200))
        name = self._corner(*scene.staging)
        if name == was:
            return
        lon, lat = lonlat(*scene.staging)
        self._put_up(scene, "staging", "staging", Point(coordinates=(lon, lat)), name=f"Staging {name}")
        text = f"Staging at {name}, not {was}"
        self._write(scene, "correction", text, "StagingAreaManager", supersedes=entry_id)

    def _put_up(
        self,
        scene: Scene,
        what: str,
        kind: str,
        geometry: Point | Polygon,
        radius_m: float | None = None,
        name: str | None = None,
    ) -> None:
        stage, incident = self._s, scene.incident
        zone = ZoneReport(
            observed_at=stage.wall(), status="exercise", zone_id=f"{incident.number}-{what}", zone_kind=kind, name=name,
            geometry=geometry, radius_m=radius_m, valid_from=stage.wall(), valid_to=stage.wall(stage.now + _STANDS_S),
            incident_id=incident.id,
        )  # fmt: skip
        scene.zones = [z for z in scene.zones if z.zone_id != zone.zone_id] + [zone]
        self._say(incident, zone)

    def _lift(self, scene: Scene) -> None:
        at = self._s.wall()
        for zone in scene.zones:
            self._say(
                scene.incident, structs.replace(zone, observed_at=at, geometry=None, valid_from=None, valid_to=at)
            )

    # -- the log ------------------------------------------------------------------------------------------

    def _established(self, scene: Scene) -> None:
        self._write(scene, "decision", "Command established")

    def _found(self, scene: Scene) -> None:
        text = _FOUND.get(scene.incident.type.common, "Scene secure")
        turn, far = self._chance.uniform(0, math.tau), self._chance.uniform(50, 80)
        place = (scene.incident.x + far * math.cos(turn), scene.incident.y + far * math.sin(turn))
        self._write(scene, "finding", text, "OperationsSectionChief", place=place)

    def _closed(self, incident: Incident) -> None:
        scene = self.scenes.pop(incident.id, None)
        if scene is not None:
            self._lift(scene)
            self._write(scene, "handover", "Command terminated, scene released")

    def _write(
        self,
        scene: Scene,
        kind: str,
        text: str,
        position: str = "IncidentCommander",
        refs: tuple[str, ...] | None = None,
        place: tuple[float, float] | None = None,
        supersedes: str | None = None,
    ) -> str:
        incident = scene.incident
        scene.entries += 1
        lon, lat = lonlat(*place) if place else (None, None)
        entry_id = f"{incident.number}-log-{scene.entries:02d}"
        entry = LogReport(
            observed_at=self._s.wall(), status="exercise", entry_id=entry_id, entry_kind=kind, text=text,
            author_position=position, incident_id=incident.id, refs=refs, lat=lat, lon=lon, supersedes=supersedes,
        )  # fmt: skip
        self._say(incident, entry)
        return entry_id

    def _say(self, incident: Incident, report: ZoneReport | LogReport) -> None:
        self._s.say(incident.type.owner, CAD_SOURCES[incident.type.owner], report)

    def _corner(self, x: float, y: float) -> str:
        """Return the street there, or the hundred block where it has no name."""
        city = self._s.city
        links = city.links[city.nearest(x, y)]
        return next(filter(None, (city.street(link.edge) for link in links)), "") or city.address(links[0].edge)


def _block(scene: Scene, half_m: tuple[float, float]) -> Polygon:
    """Return a rectangle round the incident along its street; `half_m`: along, across."""
    (dx, dy), (along, across) = scene.along, half_m
    corners = [(-along, -across), (along, -across), (along, across), (-along, across), (-along, -across)]
    x, y = scene.incident.x, scene.incident.y
    return Polygon(coordinates=(tuple(lonlat(x + a * dx - b * dy, y + a * dy + b * dx) for a, b in corners),))
