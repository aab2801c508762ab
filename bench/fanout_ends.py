"""Both ends of `bench fanout`, each a process of its own: one sender of CoT, and receivers by stream or by TCP.

Every event is told apart by its unit and its latitude: unit u's k-th report lies at 41 degrees and k millionths, which
survives taky's six decimals and our frames' seven. Reads the job as one JSON line.

send     says `connected`; told `begin`, sends `rate` events a second for `seconds`, one unit after the other, a few
         every 5 ms, leaves the moment before each was written at `sent_to`, and says when it is through
stream   as many WebSocket viewers of our live port as `receivers`; tcp: as many connections to a CoT port. They say
         `seated`, keep what comes with its time of arrival, and told `end` read it: who got what, how long after
"""

import asyncio
import datetime
import json
import re
import socket
import sys
import time
from typing import Any

import numpy as np

from bench.live_viewers import Viewer
from layers.frame import decode

STEP_S = 0.005
_LAT = 410_000_000
"""Of a unit's report number 0, degrees times 1e7."""
_EVENT = (
    '<event version="2.0" uid="U%06d" type="a-f-G-U-U-L" how="m-g" time="%s" start="%s" stale="%s">'
    '<point lat="%.6f" lon="-87.627810" hae="181.0" ce="5.0" le="9999999.0"/><detail>'
    '<contact callsign="%d"/><track course="271.5" speed="9.4"/></detail></event>'
)
_TOLD = re.compile(rb'<event [^>]*?uid="U(\d{6})"[^>]*>\s*<point [^>]*?lat="([0-9.]+)"')


def stamp(at: float) -> str:
    """Return CoT's time."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def send(job: dict[str, Any]) -> None:
    """Send the events of one round."""
    rate, units = job["rate"], job["units"]
    step = round(rate * STEP_S)
    total = int(rate * job["seconds"]) // step * step
    sent = np.zeros(total)
    with socket.create_connection(("127.0.0.1", job["port"])) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("connected", flush=True)
        sys.stdin.readline()
        began = time.time()
        for first in range(0, total, step):
            due = began + first / rate
            if (wait := due - time.time()) > 0:
                time.sleep(wait)
            now = time.time()
            at, stale = stamp(now), stamp(now + 60)
            events = [
                _EVENT % (n % units, at, at, stale, 41 + (job["first"] + n // units) / 1e6, n % units)
                for n in range(first, first + step)
            ]
            data = "".join(events).encode()
            sent[first : first + step] = time.time()
            peer.sendall(data)
        took = time.time() - began
        np.save(job["sent_to"], sent)
        print(json.dumps({"sent": total, "seconds": took}), flush=True)
        sys.stdin.readline()


class Receiver(asyncio.Protocol):
    """One CoT client that only listens."""

    def __init__(self) -> None:
        self.kept: list[tuple[float, bytes]] = []

    def data_received(self, data: bytes) -> None:
        """Keep it for later."""
        self.kept.append((time.time(), data))


def told_by_stream(kept: list[tuple[float, bytes]]) -> list[tuple[float, int, int]]:
    """Return (arrival, unit, number) of every unit change in the frames of one viewer."""
    found = []
    unit_of: dict[int, int] = {}
    for at, data in kept:
        frame = decode(data)
        for layer in frame.header.layers:
            if layer.name == "units":
                unit_of.update((row, int(record["id"][1:])) for row, record in layer.records)
        columns = frame.columns.get("units")
        if columns is not None:
            for row, lat in zip(columns["row"].tolist(), columns["lat"].tolist(), strict=True):
                found.append((at, unit_of[row], round((lat - _LAT) / 10)))
    return found


def told_by_tcp(kept: list[tuple[float, bytes]]) -> list[tuple[float, int, int]]:
    """Return (arrival, unit, number) of every event in the bytes of one receiver."""
    ends = np.cumsum([len(data) for _, data in kept])
    text = b"".join(data for _, data in kept)
    found = []
    for event in _TOLD.finditer(text):
        end = text.find(b"</event>", event.end()) + len(b"</event>")
        if end <= event.end():  # cut short: the round ended here
            break
        chunk = int(np.searchsorted(ends, end))  # the one that brought its last byte
        found.append((kept[chunk][0], int(event[1]), round((float(event[2]) - 41) * 1e6)))
    return found


def judge(
    told: list[list[tuple[float, int, int]]], job: dict[str, Any], sent: np.ndarray, ended_at: float
) -> dict[str, Any]:
    """Return what of the events after the warm-up arrived everywhere, and after how many milliseconds.

    One that never arrived counts with the time until the end of the round, which is the least it took.
    """
    units, first = job["units"], job["first"]
    warm = int(job["rate"] * job["warm_s"])
    arrived = np.full((len(told), len(sent)), np.nan)
    for receiver, changes in enumerate(told):
        for at, unit, number in changes:
            n = (number - first) * units + unit
            if 0 <= n < len(sent) and np.isnan(arrived[receiver, n]):
                arrived[receiver, n] = at
    ms = (arrived - sent)[:, warm:] * 1000
    missed = np.isnan(ms)
    ms = np.where(missed, (ended_at - sent[warm:]) * 1000, ms)
    return {
        "sent": len(sent) - warm,
        "delivered": float(1 - missed.any(axis=0).mean()),
        "of_each": float(1 - missed.mean()),
        "p50_ms": float(np.percentile(ms, 50)),
        "p99_ms": float(np.percentile(ms, 99)),
    }


async def receive(job: dict[str, Any]) -> None:
    """Listen as several until told to end."""
    loop = asyncio.get_running_loop()
    window = asyncio.Event()
    window.set()
    kept: list[list[tuple[float, bytes]]] = []
    tasks: list[asyncio.Task[None]] = []
    for _ in range(job["receivers"]):
        if job["role"] == "stream":
            viewer = Viewer()
            tasks.append(asyncio.create_task(viewer.run(job["url"], job["token"], window)))
            await asyncio.wait_for(viewer.seated.wait(), 10)
            kept.append(viewer.kept)
        else:
            _, receiver = await loop.create_connection(Receiver, "127.0.0.1", job["port"])
            kept.append(receiver.kept)
    print("seated", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    ended_at = time.time()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    read = told_by_stream if job["role"] == "stream" else told_by_tcp
    sent = np.load(job["sent_to"])
    print(json.dumps(judge([read(chunks) for chunks in kept], job, sent, ended_at)), flush=True)


def main() -> None:
    """Do the job that the first line of the input says."""
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    if job["role"] == "send":
        send(job)
    else:
        asyncio.run(receive(job))


if __name__ == "__main__":
    main()
