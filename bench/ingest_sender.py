"""Who sends in `bench ingest`, a process of its own: FeedClient to the gateway, and a bare WebSocket to the floor.

Reads the job as one JSON line. Then, for each line `client`, `memory` or `floor`: sends so many reports that way, as
fast as they are acknowledged, and says in one JSON line how long that took and the CPU it used.

client  `FeedClient.send` of 1,000 reports (structs) at a time, spool on disk; from the first call until nothing waits
memory  the same with the spool in memory
floor   the same reports, numbered beforehand, encoded by as many as FeedClient puts into a message, and sent, with at
        most as many messages unanswered as FeedClient has; from the first message until the last answer
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from websockets.asyncio.client import connect

from bench.live_feeds import SEQ_FIRST, Form
from feeds.client import FeedClient
from feeds.outbox import MESSAGE_BYTES, MESSAGE_REPORTS, WINDOW
from feeds.report import UnitReport

_AT_ONCE = 1000
_encode = msgspec.json.Encoder().encode


def reports(count: int) -> list[UnitReport]:
    """Return so many different reports, without numbers."""
    rng = np.random.default_rng(1)
    form = Form("police0", range(_AT_ONCE))
    decode = msgspec.json.Decoder(list[UnitReport]).decode
    made: list[UnitReport] = []
    while len(made) < count:
        made += decode(form.write(SEQ_FIRST, time.time(), rng))
    return [msgspec.structs.replace(report, seq=None) for report in made[:count]]


def messages(said: list[UnitReport]) -> list[list[UnitReport]]:
    """Return the reports, numbered, in messages as full as FeedClient makes them."""
    numbered = [msgspec.structs.replace(r, seq=SEQ_FIRST + i) for i, r in enumerate(said)]
    size = min(MESSAGE_REPORTS, MESSAGE_BYTES // (len(_encode(numbered[0])) + 1))
    return [numbered[start : start + size] for start in range(0, len(numbered), size)]


async def by_client(job: dict[str, Any], said: list[UnitReport], spool: Path | None) -> float:
    """Return how long FeedClient takes, seconds."""
    async with FeedClient(job["feed_url"], job["source"], job["token"], spool) as feed:
        while feed.trouble:  # noqa: ASYNC110 - nothing tells that the line is up but this
            await asyncio.sleep(0.01)
        began = time.perf_counter()
        for start in range(0, len(said), _AT_ONCE):
            await feed.send(said[start : start + _AT_ONCE])
        await feed.flush(within_s=60)
        took = time.perf_counter() - began
        if feed.counts.accepted != len(said):
            raise SystemExit(f"bench ingest: {feed.counts.accepted} of {len(said)} reports were acknowledged")
        return took


async def by_socket(job: dict[str, Any], said: list[UnitReport]) -> float:
    """Return how long a bare WebSocket takes to the floor, seconds."""
    ready = messages(said)
    places = asyncio.Semaphore(WINDOW)
    async with connect(job["floor_url"], compression=None, max_size=None) as socket:

        async def answers() -> None:
            for _ in ready:
                await socket.recv()
                places.release()

        began = time.perf_counter()
        hearing = asyncio.create_task(answers())
        for message in ready:
            await places.acquire()
            await socket.send(_encode(message), text=True)
        await asyncio.wait_for(hearing, 60)
        return time.perf_counter() - began


async def main(job: dict[str, Any]) -> None:
    """Send as told until the input ends."""
    said = reports(job["reports"])
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            "client": lambda: by_client(job, said, Path(folder, "spool")),
            "memory": lambda: by_client(job, said, None),
            "floor": lambda: by_socket(job, said),
        }
        while word := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            used = time.process_time()
            took = await ways[word]()
            print(json.dumps({"seconds": took, "cpu_s": time.process_time() - used}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
