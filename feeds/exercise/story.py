"""A story worth a review: somebody barricaded where several agencies are near, and a sensor that hears it first.

    LEAD_S before the call   the place is chosen, within hearing of an acoustic sensor; a deputy drives there by chance
    HEARD_S before the call  the sensor reports shots; nobody has looked yet
    the call                 priority 1; a person confirms the shots; units of several agencies are sent

What follows (perimeter, log, cameras turned, a drone) is the day's own.
"""

from functools import partial
from random import Random

import numpy as np

from feeds.exercise.cameras import Camera
from feeds.exercise.city import MOTORWAY
from feeds.exercise.day import Day
from feeds.exercise.incidents import TYPES, Incident
from feeds.exercise.roster import Role

LEAD_S, HEARD_S = 200.0, 28.0
_NEAR = ("cpd", "cfd", "tpd", "isp")
"""Agencies that should be near..."""
_BLOCKS_M, _ALONE_M = 400.0, 250.0
"""...about this far, and nobody nearer than that, metres."""
_FAR_M = 3000.0
"""What is farther counts as this far, metres."""
_DEPUTY_M = 1300.0
"""How far the deputy has to drive, about, metres."""
_STOP_S = 900.0
_CALL = next(kind for kind in TYPES if kind.common == "BARICADE")


class Story:
    """Put into a day before its first step; `call_s` is exercise seconds from its start."""

    def __init__(self, day: Day, seed: int, call_s: float) -> None:
        self._day, self._stage = day, day.stage
        self._chance = Random(f"story {seed}")  # noqa: S311 - the exercise is repeatable, not secret
        self.incident: Incident | None = None
        """The call, once it has come."""
        self._stage.after(max(0.0, call_s - LEAD_S), partial(self._begin, call_s))

    def _begin(self, call_s: float) -> None:
        sensor, node = self._place()
        x, y = self._stage.city.place(node)
        slots = [int(i) for i in self._stage.slots[Role.SHERIFF] if self._stage.free[i]]
        if slots:
            fleet = self._stage.fleet
            far = np.hypot(fleet.x[slots] - x, fleet.y[slots] - y)
            deputy = slots[int(np.argmin(np.abs(far - _DEPUTY_M)))]
            self._day.shift.stop_at(deputy, node, _STOP_S)
        self._stage.after(call_s - HEARD_S - self._stage.now, partial(self._heard, sensor, node, call_s))

    def _place(self) -> tuple[Camera, int]:
        """Return a sensor and a corner within its hearing, with nobody at it and several agencies some blocks away."""
        city, fleet, members = self._stage.city, self._stage.fleet, self._stage.members
        expressway = np.array([any(city.kinds[link.edge] == MOTORWAY for link in links) for links in city.links])
        places: list[tuple[float, Camera, int]] = []
        for sensor in self._day.watch.cameras:
            if sensor.sort.kind != "acoustic":
                continue
            heard = np.hypot(city.x - sensor.x, city.y - sensor.y) < 0.8 * sensor.sort.range_m
            nodes = np.flatnonzero(heard & ~expressway)
            if not len(nodes):
                nodes = np.array([city.nearest(sensor.x, sensor.y)])
            far_m = np.hypot(city.x[nodes, None] - fleet.x, city.y[nodes, None] - fleet.y)
            score = np.where(far_m.min(axis=1) < _ALONE_M, _FAR_M * len(_NEAR), 0.0)
            for agency in _NEAR:
                of = [i for i, member in enumerate(members) if member.kind.agency == agency]
                if of:
                    score += np.minimum(np.abs(far_m[:, of].min(axis=1) - _BLOCKS_M), _FAR_M)
            best = int(np.argmin(score))
            places.append((float(score[best]), sensor, int(nodes[best])))
        _, sensor, node = min(places, key=lambda place: place[0])
        return sensor, node

    def _heard(self, sensor: Camera, node: int, call_s: float) -> None:
        event, sure = self._day.watch.event_id(sensor), self._chance.uniform(0.8, 0.95)
        self._day.watch.finding(sensor, "gunshot_detected", event, sure, None)
        self._stage.after(call_s - self._stage.now, partial(self._called, sensor, node, event, sure))

    def _called(self, sensor: Camera, node: int, event: str, sure: float) -> None:
        edges = [link.edge for link in self._stage.city.links[node]]
        edge = next((e for e in edges if self._stage.city.street(e)), edges[0])
        self.incident = self._day.dispatch.call(_CALL, edge, self._stage.city.place(node))
        self.incident.node = node
        self._day.watch.finding(sensor, "gunshot_detected", event, sure, True, self.incident)
