import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from feeds import embedded_redis
from feeds.bus import BEGINNING
from feeds.embedded_redis import EmbeddedRedis
from feeds.errors import BusDown, ConfigError
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus
from tests.support.redis import batch, command, seqs, until

pytestmark = pytest.mark.redis

CPD = AgencyId("cpd")


def gone(pid: int) -> bool:
    """Whether no such process runs; an orphan that died may stay a zombie where nobody reaps."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def await_gone(pid: int, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not gone(pid):
        assert time.monotonic() < deadline, f"process still there after {within:g} s"
        time.sleep(0.01)


async def append(server: EmbeddedRedis, *numbers: int) -> None:
    bus = RedisBus(server.url)
    for n in numbers:
        await bus.append(batch(CPD, n))
    await bus.close()


async def read(server: EmbeddedRedis) -> list[int | None]:
    bus = RedisBus(server.url)
    found = seqs(await bus.read(CPD, BEGINNING, 100))
    await bus.close()
    return found


async def test_a_killed_server_restarts_on_the_same_address_with_its_data(fresh_redis: EmbeddedRedis):
    url = fresh_redis.url
    await append(fresh_redis, 1, 2)
    os.kill(fresh_redis.pid, signal.SIGKILL)
    await until(lambda: fresh_redis.poll() is not None)
    assert fresh_redis.poll() == -signal.SIGKILL
    fresh_redis.restart()
    assert fresh_redis.url == url
    assert fresh_redis.poll() is None
    assert await read(fresh_redis) == [1, 2]
    with pytest.raises(BusDown, match="running"):
        fresh_redis.restart()


async def test_data_is_kept_from_run_to_run_unless_an_empty_journal_is_asked_for(tmp_path: Path):
    for empty, expected in ((False, []), (False, [1]), (True, [])):
        server = embedded_redis.start(tmp_path / "data", empty=empty)
        try:
            assert await read(server) == expected
            await append(server, 1) if not expected else None
        finally:
            server.stop()


def test_a_directory_in_use_is_refused_with_a_reason(fresh_redis: EmbeddedRedis, tmp_path: Path):
    with pytest.raises(ConfigError, match="in use by another server"):
        embedded_redis.start(tmp_path / "redis")
    assert fresh_redis.poll() is None


def test_stop_leaves_no_process_and_no_socket_and_can_be_called_twice(tmp_path: Path):
    server = embedded_redis.start(tmp_path / "data")
    pid, path = server.pid, Path(server.url.removeprefix("unix://"))
    folder = path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(path)) <= embedded_redis.SOCKET_PATH_MAX
    assert {entry.name for entry in (tmp_path / "data").iterdir()} == {"appendonlydir", "server.lock"}
    server.stop()
    server.stop()
    assert gone(pid)
    assert not folder.exists()
    embedded_redis.start(tmp_path / "data").stop()


async def test_the_fsync_rule_is_the_one_asked_for(tmp_path: Path):
    server = embedded_redis.start(tmp_path / "data", "always")
    try:
        assert await command(server.url, "CONFIG", "GET", "appendfsync") == [b"appendfsync", b"always"]
        assert await command(server.url, "CONFIG", "GET", "save") == [b"save", b""]
    finally:
        server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="tells files by /proc")
@pytest.mark.parametrize(("rule", "synced"), [("everysec", True), ("no", False)])
async def test_the_journal_is_brought_to_the_disk_each_second_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: embedded_redis.Fsync, synced: bool
):
    brought: list[Path] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        brought.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def of_ours() -> int:
        return sum(path.is_relative_to(tmp_path) and path.name.endswith(".incr.aof") for path in brought)

    def threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "journal-sync"}

    monkeypatch.setattr(os, "fsync", noted)
    others = threads()
    server = embedded_redis.start(tmp_path / "data", rule)
    try:
        assert await command(server.url, "CONFIG", "GET", "appendfsync") == [b"appendfsync", b"no"]
        assert bool(threads() - others) is synced
        if synced:
            await until(lambda: of_ours() >= 2, what="two syncs")
            os.kill(server.pid, signal.SIGKILL)
            await until(lambda: server.poll() is not None)
            server.restart()
            before = of_ours()
            await until(lambda: of_ours() > before, what="a sync after a restart")
    finally:
        server.stop()
    await until(lambda: not threads() - others, what="the end of its thread")


async def test_what_was_answered_just_before_a_kill_is_in_the_file(tmp_path: Path):
    for round_ in range(10):
        server = embedded_redis.start(tmp_path / "data", empty=True)
        try:
            await append(server, 1, 2)
            os.kill(server.pid, signal.SIGKILL)
            await until(lambda server=server: server.poll() is not None)
            server.restart()
            assert await read(server) == [1, 2], f"round {round_}"
        finally:
            server.stop()


def test_a_server_that_does_not_start_says_why(tmp_path: Path):
    aof = tmp_path / "data" / "appendonlydir"
    aof.mkdir(parents=True)
    (aof / "appendonly.aof.manifest").write_text("junk\n")
    with pytest.raises(BusDown, match=r"status \d+; it said: .*"):
        embedded_redis.start(tmp_path / "data")
    embedded_redis.start(tmp_path / "data", empty=True).stop()


def test_a_folder_of_that_name_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with tempfile.TemporaryDirectory() as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        first = embedded_redis.start(tmp_path / "data")
        folder = Path(first.url.removeprefix("unix://")).parent
        assert folder.parent == Path(runtime)
        first.stop()
        folder.mkdir(mode=0o755)
        second = embedded_redis.start(tmp_path / "data")
        assert Path(second.url.removeprefix("unix://")).parent not in (folder, Path(runtime))
        second.stop()


def test_a_runtime_folder_too_long_for_a_socket_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    server = embedded_redis.start(tmp_path / "data")
    assert str(long) not in server.url
    server.stop()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with pytest.raises(ConfigError, match="XDG_RUNTIME_DIR"):
        embedded_redis.start(tmp_path / "data")


def test_it_is_started_from_the_main_thread_only(tmp_path: Path):
    found: list[BaseException] = []

    def try_it() -> None:
        try:
            embedded_redis.start(tmp_path / "data").stop()
        except RuntimeError as error:
            found.append(error)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert "main thread" in str(found[0])


PARENT = """
import sys, time
from pathlib import Path
from feeds import embedded_redis
if len(sys.argv) > 2:
    sys.platform = "darwin"  # the way without a parent-death signal
server = embedded_redis.start(Path(sys.argv[1]))
print(server.pid, server.url, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("watched", [[], ["watched"]], ids=["by the kernel's signal", "by a watcher"])
def test_it_dies_with_its_killed_parent(tmp_path: Path, watched: list[str]):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "data"), *watched], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == len(watched)
        parent.kill()
    for process in (pid, *children):
        await_gone(int(process))
    # the directory is free again, and the folder of the killed one is used anew
    server = embedded_redis.start(tmp_path / "data")
    assert server.url == url
    server.stop()


def test_the_sites_server_comes_before_an_embedded_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REDIS_URL", "redis://there")
    assert embedded_redis.choose("redis://here") == "redis://here"
    assert embedded_redis.choose("") == "redis://there"
    monkeypatch.setenv("REDIS_URL", "")
    assert embedded_redis.choose(None) is None
