"""Viewers of `bench live`, a process of its own: real WebSocket connections to the hub.

Reads the job as one JSON line. Every viewer counts frames and bytes within the measured window, and of most that is
all (`bench/counting.py`); with `keep` the frames are kept with their time of arrival and decoded only after the end,
so that decoding delays no arrival.
Says `seated` when every viewer has its keyframe, measures when told `begin`, ends when told `end`; then one JSON line.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench import counting
from layers.frame import FrameType, decode

_UNKNOWN = 65535
_AT_ONCE = 10
_SEATED_WITHIN_S = 90.0


class Viewer:
    """One connection that keeps its frames."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.kept: list[tuple[float, bytes]] = []
        self.seated = asyncio.Event()

    async def run(self, url: str, token: str, window: asyncio.Event) -> None:
        """Watch until cancelled."""
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, compression=None, max_size=None) as socket:
            await socket.send('{"type":"resume"}')
            try:
                async for message in socket:
                    at = time.time()
                    if isinstance(message, str):
                        continue
                    self.seated.set()
                    if window.is_set():
                        self.frames += 1
                        self.bytes += len(message)
                        self.kept.append((at, message))
            except ConnectionClosed:
                return


def latencies(kept: list[tuple[float, bytes]]) -> tuple[list[np.ndarray], int, list[int]]:
    """Return milliseconds from receipt to arrival for every unit change, keyframes seen, and units in each frame."""
    found, keyframes, moved = [], 0, []
    for at, data in kept:
        frame = decode(data)
        keyframes += frame.type is FrameType.KEYFRAME
        columns = frame.columns.get("units")
        if frame.type is FrameType.DELTA and columns is not None:
            lag = columns["lag"]
            known = lag[lag != _UNKNOWN].astype(np.float64)
            found.append(known + (at - frame.header.at) * 1000)
            moved.append(len(lag))
    return found, keyframes, moved


async def main(job: dict[str, Any]) -> None:
    """Run all viewers."""
    loop = asyncio.get_running_loop()
    window = asyncio.Event()
    keeping: list[Viewer] = []
    viewers: list[Viewer | counting.Counting] = []
    tasks: list[asyncio.Task[None]] = []
    tokens = job["tokens"]
    for i in range(job["viewers"]):
        token = tokens[i % len(tokens)]
        if job["keep"]:
            keeping.append(Viewer())
            viewers.append(keeping[-1])
            tasks.append(asyncio.create_task(keeping[-1].run(job["url"], token, window)))
        else:
            viewers.append(await counting.connect(job["url"], token, window))
        # A few at a time: the picture of 80,000 units is 15 MB for each.
        if len(viewers) % _AT_ONCE == 0 or len(viewers) == job["viewers"]:
            for viewer in viewers[-_AT_ONCE:]:
                await asyncio.wait_for(viewer.seated.wait(), _SEATED_WITHIN_S)
    print("seated", flush=True)
    for word in ("begin", "end"):
        assert (await loop.run_in_executor(None, sys.stdin.readline)).strip() == word
        window.set() if word == "begin" else window.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    report: dict[str, Any] = {"frames": sum(v.frames for v in viewers), "bytes": sum(v.bytes for v in viewers)}
    if job["keep"]:
        found, keyframes, moved = [], 0, []
        for viewer in keeping:
            ms, keys, units = latencies(viewer.kept)
            found += ms
            keyframes += keys
            moved.append(sum(units))
        every = np.concatenate(found) if found else np.zeros(1)
        report |= {
            "keyframes": keyframes,
            "changes_per_viewer": moved,
            "latency_ms": {f"p{p}": float(np.percentile(every, p)) for p in (50, 90, 99, 99.9)},
        }
        frames = (len(data).to_bytes(4, "little") + data for _, data in keeping[0].kept)
        Path(job["frames_to"]).write_bytes(b"".join(frames))  # noqa: ASYNC240 - the measuring is over
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
