import math
from random import Random

import numpy as np

from feeds.exercise.city import City
from feeds.exercise.fleet import Fleet


def _off_street(city: City, fleet: Fleet, i: int) -> float:
    """Return how far a unit is from the street it says it is on, metres."""
    e = fleet.edge(i)
    (xa, ya), (xb, yb) = city.place(int(city.a[e])), city.place(int(city.b[e]))
    size = math.hypot(xb - xa, yb - ya)
    return abs((xb - xa) * (fleet.y[i] - ya) - (yb - ya) * (fleet.x[i] - xa)) / size


def _fleet(city: City, *nodes: int) -> Fleet:
    fleet = Fleet(city, list(nodes), Random(1), 1)
    for i, node in enumerate(nodes):
        fleet.put(i, node)
    return fleet


def test_a_patrol_stays_on_the_streets_at_the_streets_speed(grid: City) -> None:
    fleet = _fleet(grid, *range(100, 120))
    group = np.arange(20)
    for i in range(20):
        fleet.patrol(i)
    moved = 0.0
    for t in range(600):
        x, y = fleet.x.copy(), fleet.y.copy()
        fleet.advance(group, float(t))
        steps = np.hypot(fleet.x - x, fleet.y - y)
        assert steps.max() < 36
        moved += float(steps.sum())
    assert max(_off_street(grid, fleet, i) for i in range(20)) < 0.5
    assert 3 < moved / 600 / 20 < 20


def test_a_unit_arrives_at_the_end_of_its_path_and_stands(grid: City) -> None:
    fleet = _fleet(grid, 0)
    path = grid.route(fleet.node(0), grid.nearest(-6000, 0))
    assert path is not None
    fleet.short_m[0] = 20.0
    fleet.follow(0, path)
    arrived = [t for t in range(3600) if fleet.advance(np.arange(1), float(t))]
    assert len(arrived) == 1
    gx, gy = grid.place(path[-1])
    assert 19 < math.hypot(fleet.x[0] - gx, fleet.y[0] - gy) < 21
    assert fleet.speed[0] == 0


def test_headings_turn_smoothly(grid: City) -> None:
    fleet = _fleet(grid, 3000)
    fleet.patrol(0)
    before = float(fleet.course[0])
    for t in range(400):
        fleet.advance(np.arange(1), float(t))
        swing = abs((fleet.course[0] - before + 180) % 360 - 180)
        assert swing <= 70.01
        before = float(fleet.course[0])


def test_a_unit_slows_for_a_corner(grid: City) -> None:
    start = grid.nearest(-6000, 2000)
    x, y = grid.place(start)
    path = grid.route(start, grid.nearest(x + 800, y + 800))
    assert path is not None
    fleet = _fleet(grid, start)
    fleet.follow(0, path)
    speeds = []
    while fleet.rolling[0]:
        fleet.advance(np.arange(1), 0.0)
        speeds.append(float(fleet.speed[0]))
    cruise = max(speeds)
    assert any(v < 0.65 * cruise for v in speeds[8:-8])


def test_the_receivers_error_wanders_and_does_not_jump(grid: City) -> None:
    fleet = _fleet(grid, *range(500, 700))
    for i in range(200):
        fleet.patrol(i)
    for t in range(200):
        before = fleet.noise.copy()
        fleet.advance(np.arange(200), float(t))
        assert np.abs(fleet.noise - before).max() < 8
    assert 1 < float(fleet.noise.std()) < 4


def test_a_patrol_that_strayed_comes_home(grid: City) -> None:
    fleet = _fleet(grid, 4000)
    fleet.patrol(0)
    far = [0.0]
    for t in range(3 * 3600):
        fleet.advance(np.arange(1), float(t))
        far.append(math.hypot(fleet.x[0] - fleet.home_x[0], fleet.y[0] - fleet.home_y[0]))
    assert max(far) < 8000
    assert sum(d < 3000 for d in far) > len(far) / 2
