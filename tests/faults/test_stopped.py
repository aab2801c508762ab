"""SIGSTOP: a peer that is there and does nothing. It is noticed, memory stays bounded, and all goes on after it."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.test_hub_killed import shows
from tests.support.faults import (
    CPD,
    FORM,
    HUB_TOKEN,
    ISP,
    Sender,
    assert_exactly_once,
    cot,
    hearing,
    native,
    sending,
    site,
    viewing,
)
from tests.support.redis import until

pytestmark = [pytest.mark.redis, pytest.mark.chaos]

NOTICED_S = 3.0
GROWTH_MB = 40.0
"""What a process may grow by while somebody hangs: the bounds of its queues, and a run's ordinary growth."""

STALLED_VIEWER = """
import socket, sys
port, token = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("127.0.0.1", port))
head = (f"GET /stream HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", f"Authorization: Bearer {token}")
s.sendall(("\\r\\n".join(head) + "\\r\\n\\r\\n").encode())
taken = 0
while chunk := s.recv(65536):
    taken += len(chunk)
    print(taken, flush=True)
"""


async def test_a_stopped_redis_is_said_within_three_seconds_and_costs_no_memory_and_no_report(tmp_path: Path):
    async with site(tmp_path) as running:
        gateway, hub = await running.started("gateway"), await running.started("hub")
        senders = (
            Sender("cpd-avl", lambda: gateway.port, per_frame=300, window=64),
            Sender("isp-cot", lambda: gateway.port, make=cot),
        )
        async with hearing(running.redis.url, CPD, ISP) as heard, sending(*senders), viewing(hub.port) as viewer:
            for sender in senders:
                await sender.more(100)
            await until(lambda: viewer.said("health") and viewer.said("health")[-1]["bus"] == "live", what="health")
            for _ in range(FORM.rounds):
                before = {part: part.rss_mb for part in (gateway, hub)}
                os.kill(running.redis.pid, signal.SIGSTOP)
                stopped = time.monotonic()
                await until(lambda: viewer.said("health")[-1]["bus"] == "lost", NOTICED_S, "health that says lost")
                # senders go on pushing all the while: their own lines hold them back
                await asyncio.sleep(max(0.0, stopped + FORM.stop_s - time.monotonic()))
                answered = [len(s.acknowledged) for s in senders]
                grown = {part.command: part.rss_mb - before[part] for part in before}
                assert max(grown.values()) < GROWTH_MB, grown
                os.kill(running.redis.pid, signal.SIGCONT)
                await until(lambda: viewer.said("health")[-1]["bus"] == "live", 5.0, "health that says live")
                for sender, count in zip(senders, answered, strict=True):
                    await until(lambda s=sender, n=count: len(s.acknowledged) > n, what="answers")
            for sender in senders:
                await sender.finish()
            await until(lambda: all(heard.newest(s.source) == s.sent for s in senders))
            for sender in senders:
                assert sender.cuts == 0
                assert_exactly_once(heard.of(sender.source), sender.acknowledged)
            await until(lambda: all(shows(viewer, s) for s in senders), what="the picture")


async def test_a_stopped_viewer_holds_nobody_up_and_costs_a_bounded_share_of_memory(tmp_path: Path):
    async with site(tmp_path) as running:
        gateway, hub = await running.started("gateway"), await running.started("hub")
        sender = Sender(
            "cpd-avl",
            lambda: gateway.port,
            make=lambda n, count: native(n, count, 20_000),
            per_frame=350,
            window=4,
        )
        stalled = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", STALLED_VIEWER, str(hub.port), HUB_TOKEN),
            stdout=asyncio.subprocess.PIPE,
        )
        assert stalled.stdout is not None
        try:
            async with sending(sender), viewing(hub.port) as viewer:
                await sender.more(30_000)
                await asyncio.wait_for(stalled.stdout.readline(), 10)
                before = hub.rss_mb
                stalled.send_signal(signal.SIGSTOP)
                frames, bytes_ = len(viewer.client.frames), sum(map(len, viewer.client.frames))
                began = time.monotonic()
                await until(
                    lambda: (
                        sum(map(len, viewer.client.frames)) - bytes_ > 4 * GROWTH_MB * 1e5
                        and time.monotonic() - began > FORM.stop_s
                    ),
                    60 + FORM.stop_s,
                    "frames for the viewer who reads",
                )
                assert len(viewer.client.frames) - frames > 5 * FORM.stop_s, "the other viewer's frames go on"
                grown = hub.rss_mb - before
                assert grown < GROWTH_MB, grown
                stalled.send_signal(signal.SIGCONT)
                await sender.finish()
                await until(lambda: shows(viewer, sender, 20_000), what="the picture")
        finally:
            stalled.kill()
            await stalled.wait()
