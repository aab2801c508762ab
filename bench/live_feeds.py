"""The agencies of `bench live`, a process of its own: units that report once a second through the ordinary door.

Messages hold a few reports each and are spread evenly over every second in a shuffled order, so that nothing keeps
step with the hub's tick. Reads the job as one JSON line; says `sending` when all units have reported once, and at
the end one JSON line with what was acknowledged and how fast.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

_encode = msgspec.json.Encoder().encode


def message(source: str, units: range, seq: int, rng: random.Random) -> bytes:
    """Return one message: a report of position and status for each of the units."""
    now = round(time.time(), 3)
    return _encode(
        [
            {
                "kind": "unit",
                "seq": seq + i,
                "observed_at": now,
                "unit_id": f"{source}-{unit}",
                "call_sign": f"{unit}",
                "unit_type": "PatrolUnit",
                "lat": round(41.65 + 0.4 * rng.random(), 6),
                "lon": round(-87.85 + 0.4 * rng.random(), 6),
                "course_deg": round(360 * rng.random(), 1),
                "speed_mps": round(20 * rng.random(), 1),
                "h_err_m": 5,
                "primary_status": "NotAvailable",
                "secondary_status": ["EnRoute"],
            }
            for i, unit in enumerate(units)
        ]
    )


class Feed:
    """One source's connection."""

    def __init__(self, source: str, units: int, size: int, seed: int) -> None:
        self.source = source
        self.groups = [range(start, min(start + size, units)) for start in range(0, units, size)]
        self.rng = random.Random(seed)
        self.rng.shuffle(self.groups)
        self.seq = 0
        self.sent: list[float] = []
        self.ack_ms: list[float] = []
        self.acknowledged = 0
        self.refused = 0
        self.sent_all = False
        self.first = 0
        """Messages of the burst at the start, which is not what a running feed sees."""

    async def answers(self, socket: ClientConnection) -> None:
        """Read answers; they come in the order of the messages."""
        async for answer in socket:
            self.ack_ms.append((time.perf_counter() - self.sent[len(self.ack_ms)]) * 1000)
            said = json.loads(answer)
            self.acknowledged += len(said.get("ack", ()))
            self.refused += len(said.get("refused", ())) + len(said.get("duplicate", ()))
            if self.sent_all and len(self.ack_ms) == len(self.sent):
                return

    async def send(self, socket: ClientConnection, group: range) -> None:
        """Send one message."""
        data = message(self.source, group, self.seq, self.rng)
        self.seq += len(group)
        self.sent.append(time.perf_counter())
        await socket.send(data, text=True)

    async def run(self, url: str, token: str, seconds: float, all_in: asyncio.Barrier) -> None:
        """Report every unit once, wait for the others, then once a second each."""
        address = f"{url}/{self.source}?run=bench"
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(address, additional_headers=headers, compression=None, max_size=None) as socket:
            reader = asyncio.create_task(self.answers(socket))
            for group in self.groups:
                await self.send(socket, group)
            await all_in.wait()
            self.first = len(self.sent)
            step = 1.0 / len(self.groups)
            due = time.perf_counter() + self.rng.random()
            end = due + seconds
            while due < end:
                for group in self.groups:
                    await asyncio.sleep(due - time.perf_counter())
                    await self.send(socket, group)
                    due += step
            self.sent_all = True
            if len(self.ack_ms) < len(self.sent):
                await asyncio.wait_for(reader, 30)
            reader.cancel()


async def main(job: dict[str, Any]) -> None:
    """Run all sources."""
    tokens: dict[str, str] = job["tokens"]
    feeds = [
        Feed(source, job["units"] // len(tokens) + (i < job["units"] % len(tokens)), job["size"], i)
        for i, source in enumerate(tokens)
    ]
    all_in = asyncio.Barrier(len(feeds) + 1)
    async with asyncio.TaskGroup() as group:
        for feed in feeds:
            group.create_task(feed.run(job["url"], tokens[feed.source], job["seconds"], all_in))
        await all_in.wait()
        print("sending", flush=True)
    ack_ms = sorted(ms for feed in feeds for ms in feed.ack_ms[feed.first :])
    print(
        json.dumps(
            {
                "sent": sum(feed.seq for feed in feeds),
                "acknowledged": sum(feed.acknowledged for feed in feeds),
                "refused": sum(feed.refused for feed in feeds),
                "ack_p50_ms": ack_ms[len(ack_ms) // 2],
                "ack_p99_ms": ack_ms[len(ack_ms) * 99 // 100],
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
