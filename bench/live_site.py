"""The site that `bench live` measures: the product's own Redis, gateway and hub, each a process, on loopback."""

import argparse
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dashboard import part
from dashboard.free_ports import free_ports
from feeds import embedded_redis

AGENCIES = 7
"""Agencies with one source each; viewers belong to others."""
_CATEGORIES = ["unit.position", "unit.status", "unit.identity", "unit.capability", "unit.emergency", "feed.health"]
_READY_WITHIN_S = 20.0


class RunningSite(NamedTuple):
    """Where things are, and whose CPU is counted."""

    feed_urls: dict[str, str]
    """source -> where it sends."""
    live_url: str
    redis_url: str
    feed_tokens: dict[str, str]
    """source -> bearer token."""
    viewer_tokens: list[str]
    """One for each viewer class."""
    pids: dict[str, list[int]]
    cot_port: int


def cpu_s(*pids: int) -> float:
    """Return the CPU time that processes have used, their living threads included, seconds (Linux).

    From the scheduler's own nanoseconds: the ticks of `stat` miss what sleeps and wakes between two of them.
    """
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def toml(
    ports: dict[str, int],
    tick_ms: int,
    feed_tokens: dict[str, str],
    viewer_tokens: list[str],
    *,
    cot: bool = False,
    bounded: bool = False,
) -> str:
    """Return the site's file: every agency shares positions with all viewers, each viewer agency is one class.

    `cot`: what comes on the CoT port belongs to one source more, of the first agency. `bounded`: sources keep to the
    rate that is the product's default; else they may bring as much as they can.
    """
    rate = [] if bounded else ["rate_max = 0"]
    lines = ["[site]", 'name = "bench"', "record = false", f"tick_ms = {tick_ms}"]
    lines += [f"{name} = {port}" for name, port in ports.items()]
    viewers = [f"viewers{i}" for i in range(len(viewer_tokens))]
    for i, agency in enumerate([*feed_tokens, *viewers]):
        lines += ["[[agency]]", f'id = "{agency}"', f'name = "{agency}"', f'tag = "T{i}"']
    for source, token in feed_tokens.items():
        lines += [
            "[[source]]",
            f'id = "{source}"',
            f'agency = "{source}"',
            f'token = "{token}"',
            "cadence_s = 10.0",
            *rate,
        ]
    if cot:
        first = next(iter(feed_tokens))
        lines += [
            "[[source]]",
            'id = "cot"',
            f'agency = "{first}"',
            'adapter = "cot"',
            "catch_all = true",
            "rate_max = 0",
        ]
    lines += ["[[share]]", 'from = "*"', f"to = {viewers}", f"categories = {_CATEGORIES}"]
    for agency, token in zip(viewers, viewer_tokens, strict=True):
        lines += ["[[api_token]]", f'name = "{agency}"', f'agency = "{agency}"', f'token = "{token}"']
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def running(
    tick_ms: int,
    classes: int,
    parts: tuple[str, ...] = ("gateway", "hub"),
    *,
    gateways: int = 1,
    cot: bool = False,
    bounded: bool = False,
) -> Iterator[RunningSite]:
    """Start the site in a temporary folder, Redis and these parts of it, and stop it at the end.

    `gateways`: so many, each for some of the agencies.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stop:
        ports = dict(zip(("port", "live_port", "feed_port", "cot_port"), free_ports(4), strict=True))
        feed_tokens = {f"police{i}": secrets.token_urlsafe() for i in range(AGENCIES)}
        viewer_tokens = [secrets.token_urlsafe() for _ in range(classes)]
        path = Path(folder, "site.toml")
        path.write_text(toml(ports, tick_ms, feed_tokens, viewer_tokens, cot=cot, bounded=bounded))
        redis = embedded_redis.start(Path(folder, "redis"))
        stop.callback(redis.stop)
        env = {**os.environ, "REDIS_URL": redis.url, part.PARENT: str(os.getpid())}
        pids = {"redis": [redis.pid]}
        feed_ports = [ports["feed_port"], *free_ports(gateways - 1)]
        of = {port: [*feed_tokens][first::gateways] for first, port in enumerate(feed_ports)}
        for name in parts:
            for more in [_gateway(*one) for one in of.items()] if name == "gateway" and gateways > 1 else [[]]:
                words = [sys.executable, "-m", "dashboard.cli", name, "--config", str(path), "--log-level", "warning"]
                child = subprocess.Popen([*words, *more], env=env)
                stop.callback(_end, child)
                pids.setdefault(name, []).append(child.pid)
        for port in [*(feed_ports if "gateway" in parts else []), *([ports["live_port"]] if "hub" in parts else [])]:
            _await_port(port)
        yield RunningSite(
            {source: f"ws://127.0.0.1:{port}/feed" for port, sources in of.items() for source in sources},
            f"ws://127.0.0.1:{ports['live_port']}/stream",
            redis.url,
            feed_tokens,
            viewer_tokens,
            pids,
            ports["cot_port"],
        )


def feeds_job(site: RunningSite, args: argparse.Namespace) -> dict[str, Any]:
    """Return what `bench.live_feeds` is told: all agencies, as many units and as large messages as asked for."""
    return {
        "urls": site.feed_urls,
        "tokens": site.feed_tokens,
        "units": args.units,
        "size": args.message,
        "wire": args.wire,
    }


def _gateway(port: int, sources: list[str]) -> list[str]:
    """Return what else a gateway for some of the sources is told; each is its own agency's."""
    return [f"--feed-port={port}", f"--cot-port={free_ports(1)[0]}", *(f"--agency={source}" for source in sources)]


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(6)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(2)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"bench: nothing listens on port {port} after {_READY_WITHIN_S:g} s")
