"""SIGSTOP: a peer that is there and does nothing. It is noticed, memory stays bounded, and all goes on after it."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.test_hub_killed import shows
from tests.support.faults import CPD, FORM, HUB_TOKEN, ISP, site, viewing
from tests.support.redis import until
from tests.support.senders import Sender, cot, native, sending
from tests.support.subscriber import assert_exactly_once, hearing

pytestmark = [pytest.mark.redis, pytest.mark.chaos]

NOTICED_S = 3.0
HELD_BACK_MB = 30.0
"""What a process may grow by while the bus is stopped and senders push: a window a line and a lane an agency."""
GROWTH_MB = 40.0
"""What the hub may grow by for `STALLED` viewers: a high water mark and a frame each, and its ordinary growth."""

STALLED = 60
"""Viewers in the one process that is stopped."""

UNITS = 5000

STALLED_VIEWERS = """
import selectors, socket, sys
port, token, many = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
head = ("GET /stream HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", f"Authorization: Bearer {token}")
RESUME = b"\\x81\\x91\\0\\0\\0\\0" + b'{"type":"resume"}'
waiting = selectors.DefaultSelector()
for _ in range(many):
    viewer = socket.socket()
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # or the kernel would keep all of it
    viewer.connect(("127.0.0.1", port))
    viewer.sendall(("\\r\\n".join(head) + "\\r\\n\\r\\n").encode() + RESUME)
    waiting.register(viewer, selectors.EVENT_READ)
print("here", flush=True)
while True:
    for key, _ in waiting.select():
        key.fileobj.recv(65536)
"""


async def test_a_stopped_redis_is_said_within_three_seconds_and_costs_no_memory_and_no_report(tmp_path: Path):
    async with site(tmp_path) as running:
        gateway, hub = await running.started("gateway"), await running.started("hub")
        senders = (
            Sender("cpd-bulk", lambda: gateway.port, per_frame=400, window=20_000),
            Sender("isp-cot", lambda: gateway.port, make=cot),
        )
        async with hearing(running.redis.url, CPD, ISP) as heard, sending(*senders), viewing(hub.port) as viewer:
            await senders[0].more(20_000)
            await senders[1].more(100)
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
                assert max(grown.values()) < HELD_BACK_MB, grown
                os.kill(running.redis.pid, signal.SIGCONT)
                await until(lambda: viewer.said("health")[-1]["bus"] == "live", 5.0, "health that says live")
                for sender, count in zip(senders, answered, strict=True):
                    await until(lambda s=sender, n=count: len(s.acknowledged) > n, what="answers")
            for sender in senders:
                await sender.finish()
            await until(lambda: all(heard.newest(s.source) == s.sent for s in senders))
            for sender in senders:
                # held back for longer than a keepalive waits, a line is cut, and its sender comes again
                assert sender.cuts == 0 or FORM.stop_s > 10
                assert_exactly_once(heard.of(sender.source), sender.acknowledged)
            await until(lambda: all(shows(viewer, s) for s in senders), what="the picture")


async def test_stopped_viewers_hold_nobody_up_and_cost_a_bounded_share_of_memory(tmp_path: Path):
    async with site(tmp_path) as running:
        gateway, hub = await running.started("gateway"), await running.started("hub")
        sender = Sender(
            "cpd-bulk",
            lambda: gateway.port,
            make=lambda n, count: native(n, count, UNITS),
            per_frame=350,
            window=4,
        )
        stalled = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", STALLED_VIEWERS, str(hub.port), HUB_TOKEN, str(STALLED)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert stalled.stdout is not None
        try:
            async with sending(sender), viewing(hub.port) as viewer:
                assert await asyncio.wait_for(stalled.stdout.readline(), 10) == b"here\n"
                await sender.more(2 * UNITS)
                before = hub.rss_mb
                stalled.send_signal(signal.SIGSTOP)
                frames, began = len(viewer.client.frames), time.monotonic()
                # unbounded, the hub would by then hold for them twice what it may grow by, the kernel the rest
                await until(
                    lambda: (
                        STALLED * sum(map(len, viewer.client.frames[frames:])) > 3e6 * GROWTH_MB
                        and time.monotonic() - began > FORM.stop_s
                    ),
                    60 + FORM.stop_s,
                    "frames for the viewer who reads",
                )
                seconds = time.monotonic() - began
                assert len(viewer.client.frames) - frames > 3 * seconds, "ten a second are due; the machine is shared"
                grown = hub.rss_mb - before
                assert grown < GROWTH_MB, grown
                stalled.send_signal(signal.SIGCONT)
                await sender.finish()
                await until(lambda: shows(viewer, sender, UNITS), what="the picture")
        finally:
            stalled.kill()
            await stalled.wait()
