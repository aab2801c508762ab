"""Fixtures only; the verbs are in tests/support."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from feeds import embedded_redis
from feeds.names import AgencyId, agency_id

# How fast a shared machine is today says nothing about the code; in CI the same examples are tried each time.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("house")


class _HeavyOnesInARow(LoadScopeScheduling):
    """Pages, faults and whole sites go one after the other: each alone wants most of the machine."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        heavy = file.startswith(("tests/journeys/", "tests/faults/")) or file.endswith(("_page.py", "/test_site.py"))
        return "heavy" if heavy else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Divide the tests among the workers of `-n 2`."""
    return _HeavyOnesInARow(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Commands that name no site write their audit into the user's data folder: not into that of who tests."""
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("home"))


_agencies = count(1)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real server that all tests share: use the `agency` fixture for names of your own."""
    server = embedded_redis.start(tmp_path_factory.mktemp("redis"), "no")
    yield server.url
    server.stop()


@pytest.fixture
def fresh_redis(tmp_path: Path) -> Iterator[embedded_redis.EmbeddedRedis]:
    """A real server of this test alone, empty, which it may kill (it starts in 0.05 s)."""
    server = embedded_redis.start(tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
def agency() -> AgencyId:
    """An agency that no other test uses."""
    return agency_id(f"a{next(_agencies)}")
