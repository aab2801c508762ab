"""Where a site is served: said while it runs, and only while it runs."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from dashboard import serving
from dashboard.serving import Serving


def test_what_is_offered_is_found_until_it_is_withdrawn(tmp_path: Path) -> None:
    assert serving.find(tmp_path) is None
    serving.offer(tmp_path, "http://127.0.0.1:8050/", "https://maps.example/")
    assert serving.find(tmp_path) == Serving(os.getpid(), "http://127.0.0.1:8050/", "https://maps.example/")
    serving.withdraw(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_site_that_was_killed_serves_nothing_and_anothers_word_is_left(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait(20)
    (tmp_path / serving.FILE).write_bytes(msgspec.json.encode(Serving(ended.pid, "http://127.0.0.1:1/")))
    assert serving.find(tmp_path) is None
    (tmp_path / serving.FILE).write_bytes(msgspec.json.encode(Serving(os.getppid(), "http://127.0.0.1:1/")))
    serving.withdraw(tmp_path)
    assert serving.find(tmp_path) is not None
    (tmp_path / serving.FILE).write_bytes(b"{")
    assert serving.find(tmp_path) is None
