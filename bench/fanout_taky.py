"""The peer of `bench fanout`: taky, the TAK server on PyPI (MIT licence), as it comes, in an environment of its own.

Nothing of ours imports it and nothing depends on it: it is installed from the package registry into a temporary
folder, run there on loopback without TLS, and goes with the folder.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dashboard.free_ports import free_port

_INSTALL_WITHIN_S = 180.0
_READY_WITHIN_S = 20.0
_CONFIG = """\
[taky]
hostname = localhost
bind_ip = 127.0.0.1
root_dir = {folder}

[cot_server]
port = {port}

[dp_server]
upload_path = {folder}

[ssl]
enabled = false
"""


class Taky(NamedTuple):
    """A running server."""

    port: int
    pid: int
    version: str


def install(folder: Path) -> Path:
    """Install taky into `folder` and return its `bin`. Raises SystemExit, saying why, when that cannot be done."""
    home = folder / "taky"
    venv.create(home, with_pip=True)
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "taky"]
    try:
        done = subprocess.run(pip, capture_output=True, text=True, timeout=_INSTALL_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"bench fanout: taky was not installed within {_INSTALL_WITHIN_S:g} s") from None
    if done.returncode:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")), "pip failed")
        raise SystemExit(f"bench fanout: taky cannot be installed from the package registry: {last}")
    return home / "bin"


@contextlib.contextmanager
def running(programs: Path, folder: Path) -> Iterator[Taky]:
    """Run the taky of `programs` and stop it at the end."""
    port = free_port()
    config = folder / "taky.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    say_version = "import importlib.metadata as m; print(m.version('taky'))"
    version = subprocess.run([programs / "python", "-c", say_version], capture_output=True, text=True, check=True)
    log = folder / "taky.log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with log.open("wb") as out:
        words = [programs / "taky", "-c", config, "-l", "warning"]
        server = subprocess.Popen(words, stdout=out, stderr=out, env=env, cwd=folder)
    try:
        _await(port, server, log)
        yield Taky(port, server.pid, version.stdout.strip())
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)


def _await(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.stderr.write(log.read_text())
    raise SystemExit("bench fanout: taky does not listen")
