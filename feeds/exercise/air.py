"""Aircraft: straight to where they are sent, circling or hovering there, and back.

They are few, so plain Python moves them one by one, with the rest of the fleet.
"""

import math
from typing import NamedTuple

from feeds.exercise.dispatch import Dispatch
from feeds.exercise.incidents import Incident, Part
from feeds.exercise.roster import AIR_ROLES, Role
from feeds.exercise.stage import Job, Stage
from feeds.exercise.watch import Watch


class _Craft(NamedTuple):
    """How a kind of aircraft flies."""

    cruise_mps: float
    orbit_m: float
    """Radius of its circles on station, metres; 0: it hovers."""


_CRAFT = {Role.HELICOPTER: _Craft(48.0, 320.0), Role.DRONE: _Craft(17.0, 0.0)}


class Air:
    """All aircraft."""

    def __init__(self, stage: Stage, dispatch: Dispatch, watch: Watch) -> None:
        self._s, self._dispatch, self._watch = stage, dispatch, watch
        self.slots = [i for i, m in enumerate(stage.members) if m.kind.role in AIR_ROLES]
        self._base = {i: (float(stage.fleet.x[i]), float(stage.fleet.y[i])) for i in self.slots}
        self._aloft: set[int] = set()
        dispatch.on_open.append(self._opened)

    def _opened(self, incident: Incident) -> None:
        """Send the nearest helicopter to what is worth its fuel."""
        if incident.type.priority >= 9 and self._s.now > 0:
            for i in self._dispatch.nearest(frozenset({Role.HELICOPTER}), incident.x, incident.y, 1):
                self._dispatch.assign(i, incident)

    def advance(self, i: int, dt: float) -> None:
        """Fly `dt` seconds."""
        stage, fleet = self._s, self._s.fleet
        craft = _CRAFT[stage.members[i].kind.role]
        incident = stage.incident[i]
        x, y = float(fleet.x[i]), float(fleet.y[i])
        if incident is not None and not incident.closed:
            if stage.job[i] is Job.DISPATCHED:
                self._aloft.add(i)
                incident.parts[i] = Part.EN_ROUTE
                stage.set_job(i, Job.EN_ROUTE, incident)
            if self._towards(i, x, y, incident.x, incident.y, craft, dt):
                if stage.job[i] is Job.EN_ROUTE:
                    self._dispatch.arrived(i)
                    self._watch.on_station(i)
                self._circle(i, x, y, incident, craft, dt)
        elif i in self._aloft:
            bx, by = self._base[i]
            if self._towards(i, x, y, bx, by, _Craft(craft.cruise_mps, 0.0), dt):
                self._aloft.discard(i)
                fleet.fly(i, bx, by, float(fleet.course[i]), 0.0)
                stage.set_job(i, Job.STANDBY)
                self._watch.landed(i)
            elif stage.job[i] is not Job.RETURNING:
                stage.set_job(i, Job.RETURNING)

    def _towards(self, i: int, x: float, y: float, gx: float, gy: float, craft: _Craft, dt: float) -> bool:
        """Fly towards a place; say whether it is reached (the circle's edge, when it circles)."""
        dx, dy = gx - x, gy - y
        far = math.hypot(dx, dy)
        if far <= craft.orbit_m + craft.cruise_mps * dt:
            return True
        step = min(craft.cruise_mps * dt, far) / far
        self._s.fleet.fly(i, x + dx * step, y + dy * step, math.degrees(math.atan2(dx, dy)), craft.cruise_mps)
        return False

    def _circle(self, i: int, x: float, y: float, incident: Incident, craft: _Craft, dt: float) -> None:
        if craft.orbit_m == 0:
            # A drone hovers a little off, looking at it.
            gx, gy = incident.x + 25.0, incident.y + 25.0
            near = math.hypot(gx - x, gy - y) or 1.0
            step = min(1.0, 6.0 * dt / near)
            look = math.degrees(math.atan2(incident.x - x, incident.y - y))
            self._s.fleet.fly(i, x + (gx - x) * step, y + (gy - y) * step, look, 6.0 if near > 6 else 0.0)
            return
        speed = 28.0
        angle = math.atan2(y - incident.y, x - incident.x) + speed * dt / craft.orbit_m
        nx, ny = incident.x + craft.orbit_m * math.cos(angle), incident.y + craft.orbit_m * math.sin(angle)
        # From the approach onto the circle without a jump: never further than it can fly.
        far = math.hypot(nx - x, ny - y) or 1.0
        step = min(1.0, craft.cruise_mps * dt / far)
        self._s.fleet.fly(i, x + (nx - x) * step, y + (ny - y) * step, -math.degrees(angle), speed)
