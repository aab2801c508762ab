"""One short day on the synthetic grid, simulated once and looked at by many tests."""

import pytest

from feeds.exercise import city
from feeds.exercise.day import Day
from feeds.exercise.stage import Saying

START_AT = 1_790_000_000.0
MINUTES = 20


@pytest.fixture(scope="session")
def grid() -> city.City:
    return city.grid()


@pytest.fixture(scope="session")
def spoken(grid: city.City) -> tuple[Day, list[Saying]]:
    """A day of 300 units after `MINUTES` minutes, and all that was said."""
    day = Day(7, 300, grid, START_AT)
    said = [s for minute in range(MINUTES + 1) for s in day.step(START_AT + 60 * minute)]
    return day, said
