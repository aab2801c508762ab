"""How units move: along the streets, with braking for turns, a second or less at a time, in columns.

Rules
- Everything is arrays with a slot per unit; Python runs only for units that reach the end of a street.
- A unit on the street is on the edge `u -> v`, `pos` metres along, and knows its next node `w` in advance
  (-1: it stops at `v`), so that it slows for the corner it is going to take.
- No clock and one source of chance, given at the start.
"""

import math
from random import Random

import numpy as np
import numpy.typing as npt

from feeds.exercise.city import MOTORWAY, City, Floats

_ACCEL_MPS2 = 2.5
_BRAKE_MPS2 = 3.5
_CREEP_MPS = 2.5
"""A unit under way is never slower than this, so that it always gets round the corner."""
_TURN_DEG_PER_S = 70.0
_NOISE_KEEP = 0.92
"""How much of a second's error is the last second's: receivers wander, they do not jump."""
_NOISE_M = 1.0


class Fleet:
    """Places and motion of all units."""

    def __init__(self, city: City, start: list[int], chance: Random, seed: int) -> None:
        n = len(start)
        self.city = city
        self.x: Floats = np.array([city.place(s)[0] for s in start])
        self.y: Floats = np.array([city.place(s)[1] for s in start])
        self.speed: Floats = np.zeros(n)
        self.course: Floats = np.zeros(n)
        self.rolling = np.zeros(n, np.bool_)
        self.hold_until: Floats = np.zeros(n)
        """Waits (a light, a look) until then, exercise seconds."""
        self.pace: Floats = np.ones(n)
        """How fast it takes a street, over the street's speed."""
        self.cap: Floats = np.full(n, 45.0)
        """Fastest it can go at all, m/s."""
        self.short_m: Floats = np.zeros(n)
        """How far before its goal it stops: units at one scene park one behind the other."""
        self.noise: Floats = np.zeros((2, n))
        self.home_x, self.home_y = self.x.copy(), self.y.copy()
        self.radius: Floats = np.full(n, 1500.0)
        self.highway = np.zeros(n, np.bool_)
        """Patrols the expressways."""
        self._u = list(start)
        self._v = list(start)
        self._w = [-1] * n
        self._path: list[list[int] | None] = [None] * n
        self._at = [0] * n
        self._edge = [0] * n
        self._pos: Floats = np.zeros(n)
        self._len: Floats = np.ones(n)
        self._limit: Floats = np.zeros(n)
        self._bear: Floats = np.zeros(n)
        self._corner: Floats = np.zeros(n)
        self._xu, self._yu = self.x.copy(), self.y.copy()
        self._xv, self._yv = self.x.copy(), self.y.copy()
        self._chance = chance
        self._numbers = np.random.default_rng(seed)

    def node(self, i: int) -> int:
        """Return the node the unit comes to next (or stands at)."""
        return self._v[i]

    def put(self, i: int, node: int, course: float | None = None) -> None:
        """Stand the unit at a node, headed along one of its streets."""
        self.halt(i)
        links = self.city.links[node]
        link = links[self._chance.randrange(len(links))]
        self._u[i], self._v[i], self._w[i] = link.to, node, -1
        self._enter(i, link.to, node)
        self._pos[i] = max(0.0, self._len[i] - self.short_m[i])
        self._corner[i] = 0.0
        self._settle(i)
        self.course[i] = self._bear[i] if course is None else course

    def halt(self, i: int) -> None:
        """Stop the unit where it is."""
        self.rolling[i] = False
        self.speed[i] = 0.0
        self._path[i] = None

    def follow(self, i: int, path: list[int]) -> None:
        """Drive the nodes of `path`, which begins at `node(i)`; the unit stops at its end."""
        self._path[i] = path
        self._at[i] = 0
        self._w[i] = path[1] if len(path) > 1 else -1
        self._aim(i)
        self.rolling[i] = True
        self.hold_until[i] = 0.0

    def patrol(self, i: int) -> None:
        """Drive about the home beat until told otherwise."""
        self._path[i] = None
        self._w[i] = self._wander(i)
        self._aim(i)
        self.rolling[i] = True

    def fly(self, i: int, x: float, y: float, course: float, speed: float) -> None:
        """Put an aircraft at a place; its flight is the caller's."""
        self.x[i], self.y[i], self.course[i], self.speed[i] = x, y, course % 360, speed

    def advance(self, group: npt.NDArray[np.int64], now: float, dt: float = 1.0) -> list[int]:
        """Move the units of `group` by `dt` seconds; return those that reached the end of their path."""
        g = group[self.rolling[group] & (self.hold_until[group] <= now)]
        waits = group[self.rolling[group] & (self.hold_until[group] > now)]
        self.speed[waits] = 0.0
        if not len(g):
            return []
        left = np.maximum(self._len[g] - self._pos[g], 0.0)
        wish = np.minimum(np.minimum(self._limit[g] * self.pace[g], self.cap[g]),
                          np.sqrt(self._corner[g] ** 2 + 2 * _BRAKE_MPS2 * left))  # fmt: skip
        was = self.speed[g]
        speed = np.maximum(np.clip(wish, was - 2 * _BRAKE_MPS2 * dt, was + _ACCEL_MPS2 * dt), _CREEP_MPS)
        self.speed[g] = speed
        self._pos[g] += speed * dt
        arrived = []
        for i in g[self._pos[g] >= self._len[g] - np.where(self._corner[g] == 0, self.short_m[g], 0.0)].tolist():
            if self._cross(i, now):
                arrived.append(i)
        share = np.clip(self._pos[g] / self._len[g], 0, 1)
        self.x[g] = self._xu[g] + (self._xv[g] - self._xu[g]) * share
        self.y[g] = self._yu[g] + (self._yv[g] - self._yu[g]) * share
        swing = (self._bear[g] - self.course[g] + 180) % 360 - 180
        self.course[g] = (self.course[g] + np.clip(swing, -_TURN_DEG_PER_S * dt, _TURN_DEG_PER_S * dt)) % 360
        fresh = self._numbers.normal(0.0, _NOISE_M, (2, len(g)))
        self.noise[:, g] = self.noise[:, g] * _NOISE_KEEP + fresh
        return arrived

    def _cross(self, i: int, now: float) -> bool:
        """Take the unit over the node(s) it has reached; say whether its way ends there."""
        while True:
            w = self._w[i]
            if w < 0:
                if self._pos[i] < self._len[i] - self.short_m[i]:
                    return False
                self._pos[i] = max(0.0, self._len[i] - self.short_m[i])
                self.halt(i)
                return True
            if self._pos[i] < self._len[i]:
                return False
            over = float(self._pos[i] - self._len[i])
            v = self._v[i]
            self._u[i], self._v[i] = v, w
            self._enter(i, v, w)
            self._pos[i] = over
            path = self._path[i]
            if path is None:
                self._w[i] = self._wander(i)
                # A light or a slow look now and then; never on an expressway.
                if len(self.city.links[v]) > 2 and self._limit[i] < 20 and self._chance.random() < 0.06:
                    self.hold_until[i] = now + self._chance.uniform(4, 22)
                    self._pos[i] = 0.0
            else:
                self._at[i] += 1
                nxt = self._at[i] + 1
                self._w[i] = path[nxt] if nxt < len(path) else -1
            self._aim(i)

    def _enter(self, i: int, u: int, v: int) -> None:
        link = next(a for a in self.city.links[u] if a.to == v)
        self._edge[i] = link.edge
        self._len[i] = self.city.lengths[link.edge]
        self._limit[i] = self.city.speeds[link.edge]
        self._bear[i] = math.degrees(math.atan2(link.dx, link.dy)) % 360
        self._xu[i], self._yu[i] = self.city.place(u)
        self._xv[i], self._yv[i] = self.city.place(v)

    def _aim(self, i: int) -> None:
        """Set the speed at which the coming corner can be taken."""
        v, w = self._v[i], self._w[i]
        if w < 0:
            self._corner[i] = 0.0
            return
        link = next(a for a in self.city.links[v] if a.to == w)
        bear = math.radians(self._bear[i])
        along = link.dx * math.sin(bear) + link.dy * math.cos(bear)
        self._corner[i] = 40.0 if along > 0.9 else 12.0 if along > 0.6 else 5.0 if along > -0.3 else 3.0

    def _wander(self, i: int) -> int:
        """Choose the next node of a patrol: straight on by preference, home when it has strayed, no turning back."""
        u, v = self._u[i], self._v[i]
        city = self.city
        links = city.links[v]
        if len(links) == 1:
            return links[0].to
        bear = math.radians(float(self._bear[i]))
        ahead_x, ahead_y = math.sin(bear), math.cos(bear)
        x, y = city.place(v)
        hx, hy = float(self.home_x[i]) - x, float(self.home_y[i]) - y
        far = math.hypot(hx, hy)
        strayed = far > float(self.radius[i])
        highway = bool(self.highway[i])
        best, choice = -math.inf, links[0].to
        for link in links:
            if link.to == u:
                continue
            score = 0.8 * (link.dx * ahead_x + link.dy * ahead_y) + self._chance.random()
            if strayed:
                score += 1.2 * (link.dx * hx + link.dy * hy) / far
            if city.kinds[link.edge] == MOTORWAY:
                score += 1.5 if highway else -2.5
            if score > best:
                best, choice = score, link.to
        return choice

    def edge(self, i: int) -> int:
        """Return the edge the unit is on."""
        return self._edge[i]

    def _settle(self, i: int) -> None:
        share = float(self._pos[i] / self._len[i])
        self.x[i] = self._xu[i] + (self._xv[i] - self._xu[i]) * share
        self.y[i] = self._yu[i] + (self._yv[i] - self._yu[i]) * share
