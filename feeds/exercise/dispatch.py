"""Dispatch: incidents open, units are chosen by kind and distance, drive there, work, clear.

Rules
- The number of open incidents is kept at `target`: each one that closes is followed by a new one within seconds.
- An incident takes the nearest free units of the kinds it wants; what is missing is asked for again each minute.
- Every change of an incident is said once, at the end of the tick in which it changed, and all of it each minute.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

from feeds.exercise.city import MOTORWAY, Floats
from feeds.exercise.incidents import OFFICER_HELP, Incident, Part, Type, draw, help_call
from feeds.exercise.roster import AIR_ROLES, LAW_ROLES, Role
from feeds.exercise.shift import Shift
from feeds.exercise.stage import Job, Stage

RESTATE_S = 60.0
"""How often an open incident is said again though nothing changed, wall seconds."""
_RETRY_S = 60.0
CAD_SOURCES = {"cpd": "cpd-cad", "cfd": "cfd-cad", "ccso": "ccso-cad", "tpd": "tpd-cad"}
CAD_AGENCIES = frozenset(CAD_SOURCES)


class Dispatch:
    """All open incidents and what their units do."""

    def __init__(self, stage: Stage, shift: Shift, target: int) -> None:
        self._s, self._shift, self.target = stage, shift, target
        self.open: dict[str, Incident] = {}
        self.on_open: list[Callable[[Incident], None]] = []
        """Told of each incident when it opens."""
        self.on_close: list[Callable[[Incident], None]] = []
        """Told of each incident that closes in the course of the day."""
        self.on_arrival: list[Callable[[int, Incident], None]] = []
        self._changed: dict[str, Incident] = {}
        self._count = 0
        self._coming = 0
        """Incidents on the agenda that have not opened yet."""
        self._weights = self._draw_weights()
        self._expressways = np.flatnonzero(stage.city.kind == MOTORWAY)

    # -- opening ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open all `target` incidents as they are in the middle of a shift: some new, most with units on scene."""
        chance = self._s.chance
        for _ in range(self.target):
            kind = self._draw()
            incident = self._create(kind, self._pick_edge(kind))
            shortest, longest = (60 * m for m in incident.type.minutes)
            stage = chance.random()
            if stage < 0.12:
                self._open(incident, chance.uniform(5, 60))
                self._s.after(incident.delay_s(chance), partial(self._dispatch, incident))
            elif stage < 0.37:
                self._open(incident, chance.uniform(60, 240))
                self._dispatch(incident)
            else:
                length = chance.uniform(shortest, longest)
                worked = length * chance.uniform(0.05, 0.95)
                self._open(incident, worked + chance.uniform(120, 600))
                self._teleport(incident, length - worked)
        self._s.run_routes(10_000)

    def keep_up(self) -> None:
        """See to it that enough incidents are open or about to be; then say what changed."""
        while len(self.open) + self._coming < self.target:
            self._coming += 1
            self._s.after(self._s.chance.expovariate(1 / 5), self._next)
        for incident in self._changed.values():
            self._say(incident, self._s.wall())
        self._changed.clear()

    def _next(self) -> None:
        self._coming -= 1
        if len(self.open) < self.target:
            kind = self._draw()
            self.call(kind, self._pick_edge(kind))

    def call(self, kind: Type, edge: int, place: tuple[float, float] | None = None) -> Incident:
        """Open an incident of `kind` on a street (at `place`, metres, when given); units follow."""
        incident = self._create(kind, edge)
        if place is not None:
            incident.x, incident.y = place
        self._open(incident, 0.0)
        self._s.after(incident.delay_s(self._s.chance), partial(self._dispatch, incident))
        return incident

    def _create(self, kind: Type, edge: int) -> Incident:
        stage, city = self._s, self._s.city
        self._count += 1
        started = datetime.fromtimestamp(stage.start_at, UTC)
        seconds = started.hour * 3600 + started.minute * 60 + started.second
        # The start of the day is in the number: another day never speaks of this one's incidents.
        number = f"{kind.owner[0].upper()}{started:%y%j}{seconds:05d}-{self._count:04d}"
        a, b = int(city.a[edge]), int(city.b[edge])
        (xa, ya), (xb, yb) = city.place(a), city.place(b)
        share = stage.chance.uniform(0.1, 0.9)
        suspects = stage.chance.random() < 0.4 if kind.hazards and kind.owner != "cfd" else None
        return Incident(
            id=f"urn:emergency:uid:incident:{number}:{kind.owner}", number=number, type=kind,
            node=b if share > 0.5 else a, x=xa + (xb - xa) * share, y=ya + (yb - ya) * share,
            address=city.address(edge), opened_at=stage.now, suspects=suspects,
        )  # fmt: skip

    def _open(self, incident: Incident, ago: float) -> None:
        incident.opened_at = self._s.now - ago
        self.open[incident.id] = incident
        # Its first report carries the time it was opened; those who join late still learn how old it is.
        self._say(incident, self._s.wall(incident.opened_at))
        self._s.after(RESTATE_S * self._s.rate * self._s.chance.uniform(0.05, 1), partial(self._restate, incident))
        for tell in self.on_open:
            tell(incident)

    def _restate(self, incident: Incident) -> None:
        if not incident.closed:
            self._changed[incident.id] = incident
            self._s.after(RESTATE_S * self._s.rate, partial(self._restate, incident))

    def _draw(self) -> Type:
        """Draw the next kind; an agency that is about to have no incident at all comes first.

        A dispatch system with nothing open has nothing to say, and its silence would look like a broken feed.
        """
        owners = [i.type.owner for i in self.open.values()]
        p1 = sum(i.type.priority >= 9 for i in self.open.values())
        poor = frozenset(a for a in CAD_AGENCIES if owners.count(a) < min(2, self.target // 10))
        return draw(self._s.chance, p1, poor or CAD_AGENCIES)

    def _draw_weights(self) -> Floats:
        """Return the cumulated chance of each street: more where the city is dense, none on expressways."""
        city = self._s.city
        x, y = (city.x[city.a] + city.x[city.b]) / 2, (city.y[city.a] + city.y[city.b]) / 2
        dense = 0.35 + np.exp(-np.hypot(x, y) / 4500.0)
        weight = np.minimum(city.length_m, 250.0) * dense * np.where(city.kind == MOTORWAY, 0.0, 1.0)
        return np.asarray(np.cumsum(weight) / weight.sum(), np.float64)

    def _pick_edge(self, kind: Type) -> int:
        chance = self._s.chance
        if kind.expressway and len(self._expressways):
            return int(self._expressways[chance.randrange(len(self._expressways))])
        edge = 0
        for _ in range(6):
            edge = min(int(np.searchsorted(self._weights, chance.random())), len(self._weights) - 1)
            if self._s.city.street(edge):  # an address people know, when there is one
                break
        return edge

    # -- units --------------------------------------------------------------------------------------------

    def nearest(self, roles: frozenset[Role], x: float, y: float, count: int) -> list[int]:
        """Return up to `count` free units of those roles, nearest first."""
        stage = self._s
        slots = np.concatenate([stage.slots[r] for r in sorted(roles)])
        slots = slots[stage.free[slots]]
        d = np.hypot(stage.fleet.x[slots] - x, stage.fleet.y[slots] - y)
        return [int(i) for i in slots[np.argsort(d, kind="stable")[:count]]]

    def _choose(self, incident: Incident) -> list[int]:
        chosen: list[int] = []
        have = [self._s.members[i].kind.role for i in incident.parts]
        for role, count in incident.type.wants:
            chosen += self.nearest(frozenset({role}), incident.x, incident.y, count - have.count(role))
        return chosen

    def _dispatch(self, incident: Incident) -> None:
        if incident.closed:
            return
        chosen = self._choose(incident)
        for i in chosen:
            self.assign(i, incident)
        if len(incident.parts) < sum(count for _, count in incident.type.wants) and not incident.clears_at:
            self._s.after(_RETRY_S, partial(self._dispatch, incident))

    def assign(self, i: int, incident: Incident) -> None:
        """Give a free unit to an incident; it acknowledges and rolls within seconds."""
        self._shift.called_away(i)
        incident.parts[i] = Part.ASSIGNED
        self._changed[incident.id] = incident
        self._s.set_job(i, Job.DISPATCHED, incident)
        self._s.after_unless_busy(i, self._s.chance.uniform(5, 25), self._roll)

    def _roll(self, i: int) -> None:
        incident = self._s.incident[i]
        if incident is not None and self._s.members[i].kind.role not in AIR_ROLES:
            self._s.send(i, incident.node, self._under_way)

    def _under_way(self, i: int, path: list[int] | None) -> None:
        incident = self._s.incident[i]
        if incident is None:
            return
        if path is None:
            self._leave(i, incident)
            return
        incident.parts[i] = Part.EN_ROUTE
        self._changed[incident.id] = incident
        self._s.set_job(i, Job.EN_ROUTE, incident)
        self._s.fleet.pace[i] = 1.45 if incident.urgent else 1.0
        self._s.fleet.follow(i, path)

    def arrived(self, i: int) -> None:
        """Take note that a unit has come to the end of its way, whatever it drove for."""
        incident = self._s.incident[i]
        if self._s.job[i] is Job.EN_ROUTE and incident is not None:
            self._on_scene(i, incident, None)
        elif self._s.job[i] is Job.TRANSPORT:
            self._s.set_job(i, Job.HOSPITAL)
            self._s.after_unless_busy(i, self._s.chance.uniform(400, 1200), self._shift.resume)

    def _on_scene(self, i: int, incident: Incident, left: float | None) -> None:
        stage = self._s
        incident.parts[i] = Part.ON_SCENE
        stage.set_job(i, Job.ON_SCENE, incident)
        self._changed[incident.id] = incident
        if incident.arrived_at is None:
            incident.arrived_at = stage.now
            shortest, longest = (60 * m for m in incident.type.minutes)
            length = left if left is not None else stage.chance.uniform(shortest, longest)
            incident.clears_at = stage.now + length
            stage.after(length, partial(self._close, incident))
            if incident.type.common == "STRUCTFR":
                stage.after(length * 0.5, partial(self._controlled, incident))
        elif incident.clears_at is not None and stage.chance.random() < 0.6:
            # Those who came second often leave first.
            rest = max(incident.clears_at - stage.now, 60.0)
            stage.after_unless_busy(i, rest * stage.chance.uniform(0.3, 0.95), self._clear)
        for tell in self.on_arrival:
            tell(i, incident)

    def _teleport(self, incident: Incident, left: float) -> None:
        """Start with the incident's units on scene, and `left` seconds of work before them."""
        for i in self._choose(incident):
            self._shift.called_away(i)
            self._s.fleet.put(i, incident.node)
            self._on_scene(i, incident, left)
        if not incident.parts:
            self._s.after(_RETRY_S, partial(self._dispatch, incident))

    def _clear(self, i: int) -> None:
        incident = self._s.incident[i]
        if incident is not None:
            self._leave(i, incident)

    def _leave(self, i: int, incident: Incident) -> None:
        """Let a unit go: to hospital with a patient, else back to its round."""
        was = incident.parts.pop(i, None)
        self._changed[incident.id] = incident
        takes = self._s.members[i].kind.role is Role.AMBULANCE and incident.type.patients
        if takes and was is Part.ON_SCENE and self._s.chance.random() < 0.7:
            self._s.set_job(i, Job.TRANSPORT)
            x, y = float(self._s.fleet.x[i]), float(self._s.fleet.y[i])
            hospitals = self._shift.hospitals
            goal = min(hospitals, key=lambda n: math.dist(self._s.city.place(n), (x, y)))
            self._s.fleet.pace[i] = 1.2
            self._s.send(i, goal, self._to_hospital)
        else:
            self._s.fleet.halt(i)
            self._shift.resume(i)

    def _to_hospital(self, i: int, path: list[int] | None) -> None:
        if path is None:
            self._shift.resume(i)
        else:
            self._s.fleet.follow(i, path)

    def _controlled(self, incident: Incident) -> None:
        incident.controlled = True
        self._changed[incident.id] = incident

    def _close(self, incident: Incident) -> None:
        if incident.closed:
            return
        for i in sorted(incident.parts):
            self._leave(i, incident)
        incident.closed = True
        incident.suspects = None
        self.open.pop(incident.id, None)
        self._changed[incident.id] = incident
        for tell in self.on_close:
            tell(incident)

    def end(self) -> None:
        """Close what is open: an exercise that is over leaves no incident behind."""
        for incident in self.open.values():
            incident.closed = True
            incident.parts.clear()
            self._say(incident, self._s.wall())
        self.open.clear()

    # -- a unit in trouble --------------------------------------------------------------------------------

    def cry_for_help(self) -> None:
        """Let one officer at work press the button: it opens an HLP1 incident and units converge."""
        stage = self._s
        busy = [
            i for i, m in enumerate(stage.members)
            if m.kind.role in LAW_ROLES and m.kind.agency in CAD_AGENCIES
            and stage.job[i] in (Job.STOP, Job.ON_SCENE) and stage.emergency[i] in (None, "none")
        ]  # fmt: skip
        if busy and not any(i.type.words == OFFICER_HELP for i in self.open.values()):
            i = stage.chance.choice(busy)
            stage.emergency[i] = "manual"
            stage.free[i] = False
            stage.speak_up(i)
            place = (float(stage.fleet.x[i]), float(stage.fleet.y[i]))
            incident = self.call(help_call(stage.members[i].kind.agency), stage.fleet.edge(i), place)
            incident.node = stage.fleet.node(i)
            if stage.job[i] is Job.STOP:
                incident.parts[i] = Part.ON_SCENE
                stage.set_job(i, Job.ON_SCENE, incident)
            stage.after(stage.chance.uniform(75, 110), partial(self._safe, i))
        stage.after(stage.chance.uniform(600, 900), self.cry_for_help)

    def _safe(self, i: int) -> None:
        self._s.emergency[i] = "none"
        self._s.free[i] = self._s.job[i].free
        self._s.speak_up(i)

    # -- saying -------------------------------------------------------------------------------------------

    def _say(self, incident: Incident, at: float) -> None:
        units = tuple(self._s.members[i].unit_id for i in sorted(incident.parts))
        owner = incident.type.owner
        self._s.say(owner, CAD_SOURCES[owner], incident.report(at, units))
