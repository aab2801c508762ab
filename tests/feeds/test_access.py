"""How a site on this machine lets its own user send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feeds.access import TOKEN_ENV, Way, access_path, find_access, find_way, offer_access, withdraw_access
from feeds.errors import ConfigError
from feeds.source import FeedAccess

PORT = 18052


@pytest.fixture(autouse=True)
def _runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def access(pid: int | None = None) -> FeedAccess:
    return FeedAccess(url=f"ws://127.0.0.1:{PORT}", pid=pid or os.getpid(), tokens={"guest-cot": "t1"})


def test_what_a_site_offers_is_found_and_is_private(tmp_path: Path):
    path = offer_access(PORT, access())
    assert path == access_path(PORT) and tmp_path in path.parents
    assert path.stat().st_mode & 0o777 == 0o600
    assert find_access(PORT) == access()
    assert find_access(PORT + 1) is None


def test_it_is_gone_when_the_site_stops_and_another_sites_stays():
    offer_access(PORT, access())
    withdraw_access(PORT)
    assert not access_path(PORT).exists()
    withdraw_access(PORT)
    offer_access(PORT, access(pid=os.getppid()))
    withdraw_access(PORT)
    assert access_path(PORT).exists()


def test_what_a_killed_site_left_is_not_used():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    offer_access(PORT, access(pid=gone.pid))
    assert find_access(PORT) is None


def test_a_file_that_others_can_read_is_an_error():
    offer_access(PORT, access()).chmod(0o644)
    with pytest.raises(ConfigError, match="not private"):
        find_access(PORT)


def test_a_folder_that_others_can_write_is_an_error():
    access_path(PORT).parent.mkdir(mode=0o700)
    access_path(PORT).parent.chmod(0o777)
    with pytest.raises(ConfigError, match="set XDG_RUNTIME_DIR"):
        offer_access(PORT, access())


def test_a_half_written_file_is_no_site():
    offer_access(PORT, access()).write_bytes(b'{"url"')
    assert find_access(PORT) is None


def test_the_token_is_the_one_given_else_the_sites_else_the_environments():
    env = {TOKEN_ENV: "from-env"}
    assert find_way("guest-cot", PORT, token="given", env=env).token == "given"
    assert find_way("guest-cot", PORT, env=env) == Way(f"ws://127.0.0.1:{PORT}", "from-env", "")
    offer_access(PORT, access())
    assert find_way("guest-cot", PORT, env=env).token == "t1"
    assert find_way("guest-cot", PORT, host="feeds.example", env=env) == Way(
        f"ws://feeds.example:{PORT}", "from-env", ""
    )


def test_without_a_token_it_says_what_to_do():
    with pytest.raises(ConfigError, match=r"--token or \$JOINTOPS_FEED_TOKEN"):
        find_way("guest-cot", PORT, env={})
    offer_access(PORT, access())
    with pytest.raises(ConfigError, match="has no source 'nobody' with a token; it has guest-cot"):
        find_way("nobody", PORT, env={})
