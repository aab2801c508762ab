"""One process of a site: it stops when told, and never outlives its supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dashboard import part
from dashboard.config import Settings, Site
from feeds.errors import ConfigError
from tests.support.demo import alive, until

ROOT = Path(__file__).resolve().parents[2]


def test_a_signal_stops_the_work_and_the_work_may_finish() -> None:
    finished = []

    async def work(stop: asyncio.Event) -> None:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        await stop.wait()
        finished.append(True)

    assert part.run(work) == 0
    assert finished == [True]


def test_an_error_of_the_work_is_not_swallowed() -> None:
    async def work(stop: asyncio.Event) -> None:
        raise ConfigError("site.port", "taken")

    with pytest.raises(ConfigError):
        part.run(work)


def test_a_process_stops_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    child = (
        "import asyncio\nfrom dashboard import part\n"
        "async def work(stop):\n    await stop.wait()\n"
        "raise SystemExit(part.run(work))\n"
    )
    supervisor = (
        "import os, subprocess, sys, time\n"
        f"env = {{**os.environ, {part.PARENT!r}: str(os.getpid())}}\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], env=env, start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", supervisor], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until(lambda: not alive(pid), 5, "the child gone")


def test_the_redis_address_comes_from_the_file_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    assert part.redis_url(Settings(site=Site(redis_url="redis://named"))) == "redis://named"
    assert part.redis_url(Settings()) == "redis://elsewhere"
    monkeypatch.delenv("REDIS_URL")
    with pytest.raises(ConfigError, match="REDIS_URL"):
        part.redis_url(Settings())


def test_a_process_takes_all_the_files_it_may_open() -> None:
    child = (
        "import resource\nfrom dashboard import part\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))\n"
        "async def work(stop):\n    print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n"
        "raise SystemExit(part.run(work))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", child], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    soft, hard = told.stdout.split()
    assert soft == hard != "64"
