"""How fast reports come in: read, journaled, acknowledged, each over the plainest way to do the same.

    jointops bench ingest --json

Reports are those of `bench live`: place and status of a patrol car, 277 bytes of JSON, 100 to a frame.
Rounds alternate between the ways; every bar is the median of the rounds' ratios.

decode_over_orjson  CPU a report of the native dialect's decode at the door (`feeds.door.decode`: typed, bounded, ids
                    within their grammar), frame by frame, over that of `orjson.loads`, message by message, of the
                    same reports, of which it checks nothing. Of either the results of one frame are kept until the
                    next. `orjson_frame` and `message`, beside the bar: orjson given the whole frame at once, and
                    the door given frames of one report.
batch_over_single   reports journaled and published a second, in batches of 100 by the product's bus (`RedisBus.append`:
                    encoded, deflated, XADD and PUBLISH in one MULTI under one id, answered before the next), over the
                    same reports one by one: each encoded alone, XADD and PUBLISH of its own, 100 reports in one
                    pipeline of redis-py (asyncio, hiredis) and all answered before the next. Both to the same Redis
                    (append-only file, synced once a second), seven agencies at once on one loop, nobody subscribed.
                    `batch_over_bare`, beside the bar: over the same commands on the product's own bare connection
                    instead of redis-py, the least that one by one can cost.
client_over_floor   reports acknowledged to one FeedClient a second, spool on disk, through the real gateway into Redis,
                    over a bare WebSocket with as large frames and as many of them unanswered to a server that only
                    puts them into Redis. `bench/ingest_sender.py` says what either sends, `bench/ingest_floor.py`
                    what the floor does not do. `memory_over_floor`, beside the bar: with the spool in memory.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
import redis.asyncio

from bench import floors, live_site
from bench.child import Child, bar, parser, say, spread, tell
from bench.live_feeds import SEQ_FIRST, Form
from feeds import embedded_redis
from feeds.adapters.native import ADAPTER
from feeds.clock import SystemClock
from feeds.door import decode
from feeds.envelope import WIRE_VERSION, Batch, Parcel, encode_batch
from feeds.names import AgencyId, SourceId
from feeds.redis_bus import RedisBus
from feeds.redis_line import Command, Line, accepted

FRAME = 100
"""Reports in a frame, and in a batch."""
AGENCIES = 7
_WITHIN_S = 30.0


def frames(count: int) -> list[bytes]:
    """Return so many frames of different units."""
    rng = np.random.default_rng(1)
    forms = [
        Form(f"police{i % AGENCIES}", range(i // AGENCIES * FRAME, (i // AGENCIES + 1) * FRAME)) for i in range(count)
    ]
    return [form.write(SEQ_FIRST + FRAME * i, time.time(), rng) for i, form in enumerate(forms)]


def messages(frame: bytes) -> list[bytes]:
    """Return the messages of a frame, each as its own bytes."""
    return [bytes(raw) for raw in msgspec.json.decode(frame, type=list[msgspec.Raw])]


def cpu_us(work: Callable[[Any], object], items: list[Any]) -> float:
    """Return the CPU that `work` takes for one report, microseconds; what it returned is held until the next item."""
    began = time.process_time()
    for item in items:
        held = work(item)
    used = time.process_time() - began
    del held
    return used / len(items) / FRAME * 1e6


def decoding(rounds: int) -> dict[str, Any]:
    """Return microseconds a report and ratios, round by round."""
    whole = frames(70)
    apart = [messages(frame) for frame in whole]
    decoder = ADAPTER.open()
    now = time.time()
    loads = orjson.loads
    ways: dict[str, tuple[Callable[[Any], object], list[Any]]] = {
        "door": (lambda frame: decode(decoder, frame, now), whole),
        "orjson": (lambda each: [loads(message) for message in each], apart),
        "orjson_frame": (loads, whole),
        "message": (lambda each: [decode(decoder, message, now) for message in each], apart),
    }
    if any(decode(decoder, frame, now).refusals for frame in whole):
        raise SystemExit("bench ingest: the door refused a report of its own making")
    us: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (work, items) in ways.items():
            us[name].append(cpu_us(work, items))
    us = {name: values[1:] for name, values in us.items()}  # the first is cold
    ratio = {
        "door_over_orjson": spread(a / b for a, b in zip(us["door"], us["orjson"], strict=True)),
        "door_over_orjson_frame": spread(a / b for a, b in zip(us["door"], us["orjson_frame"], strict=True)),
        "message_over_orjson": spread(a / b for a, b in zip(us["message"], us["orjson"], strict=True)),
    }
    return {"us_per_report": {name: statistics.median(values) for name, values in us.items()}, **ratio}


def batches() -> dict[AgencyId, list[Batch]]:
    """Return batches of `FRAME` reports for each agency."""
    found: dict[AgencyId, list[Batch]] = {}
    decoder = ADAPTER.open()
    for i, frame in enumerate(frames(10 * AGENCIES)):
        agency = AgencyId(f"police{i % AGENCIES}")
        reports = tuple(decode(decoder, frame, time.time()).reports)
        parcel = Parcel(SourceId(agency), "bench", time.time(), reports)
        found.setdefault(agency, []).append(Batch(WIRE_VERSION, agency, (parcel,)))
    return found


def singles(batch: Batch) -> list[Batch]:
    """Return every report of a batch as a batch of its own."""
    parcel = batch.parcels[0]
    return [
        msgspec.structs.replace(batch, parcels=(msgspec.structs.replace(parcel, body=(report,)),))
        for report in parcel.reports
    ]


async def in_batches(bus: RedisBus, all_of: dict[AgencyId, list[Batch]], seconds: float) -> float:
    """Return reports a second, batch by batch."""

    async def agency(mine: list[Batch]) -> int:
        done = 0
        while time.perf_counter() < end:
            await bus.append(mine[done % len(mine)])
            done += 1
        return done * FRAME

    began = time.perf_counter()
    end = began + seconds
    done = await asyncio.gather(*(agency(mine) for mine in all_of.values()))
    return sum(done) / (time.perf_counter() - began)


Pipeline = Callable[[list[Command]], Awaitable[object]]


async def one_by_one(ways: list[Pipeline], all_of: dict[AgencyId, list[Batch]], seconds: float) -> float:
    """Return reports a second, each with an XADD and a PUBLISH of its own, in pipelines of `FRAME` reports."""

    async def agency(send: Pipeline, name: str, mine: list[list[Batch]]) -> int:
        done = 0
        while time.perf_counter() < end:
            commands: list[Command] = []
            for report in mine[done % len(mine)]:
                data = encode_batch(report)
                commands += ((b"XADD", f"single:{name}", b"*", b"d", data), (b"PUBLISH", f"single:{name}", data))
            await send(commands)
            done += 1
        return done * FRAME

    apart = [(name, [singles(batch) for batch in mine]) for name, mine in all_of.items()]
    began = time.perf_counter()
    end = began + seconds
    done = await asyncio.gather(*(agency(way, *mine) for way, mine in zip(ways, apart, strict=True)))
    return sum(done) / (time.perf_counter() - began)


def by_redis_py(client: redis.asyncio.Redis) -> Pipeline:
    """Return a pipeline as anybody would write it."""

    async def send(commands: list[Command]) -> None:
        async with client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            await pipeline.execute()

    return send


def by_line(line: Line) -> Pipeline:
    """Return a pipeline on a bare connection."""

    async def send(commands: list[Command]) -> None:
        accepted(await line.ask(*commands, within=_WITHIN_S))

    return send


async def journaling(rounds: int, seconds: float) -> dict[str, Any]:
    """Return reports a second in batches and one by one, round by round, and their ratios."""
    all_of = batches()
    rate: dict[str, list[float]] = {"batch": [], "single": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder:
        server = embedded_redis.start(Path(folder))
        lines = [Line(server.url) for _ in all_of]
        clients = [redis.asyncio.Redis.from_url(server.url) for _ in all_of]
        try:
            for i in range(rounds + 1):  # the first is cold
                bus = RedisBus(server.url, SystemClock())
                warm = 0.3 if i == 0 else seconds
                rate["batch"].append(await in_batches(bus, all_of, warm))
                rate["single"].append(await one_by_one(list(map(by_redis_py, clients)), all_of, warm))
                rate["bare"].append(await one_by_one(list(map(by_line, lines)), all_of, warm))
                await bus.close()
                accepted(await lines[0].ask((b"FLUSHALL",), within=_WITHIN_S))
        finally:
            for line in lines:
                line.close()
            for client in clients:
                await client.aclose()
            server.stop()
    rate = {way: values[1:] for way, values in rate.items()}
    return {
        "reports_per_s": {way: spread(values) for way, values in rate.items()},
        "batch_over_single": spread(a / b for a, b in zip(rate["batch"], rate["single"], strict=True)),
        "batch_over_bare": spread(a / b for a, b in zip(rate["batch"], rate["bare"], strict=True)),
    }


def acknowledging(rounds: int, reports: int) -> dict[str, Any]:
    """Return reports acknowledged a second by each way, round by round, and their ratios."""
    children: list[Child] = []
    with live_site.running(250, 1, parts=("gateway",)) as site:
        try:
            floor = Child("bench.ingest_floor", {"redis_url": site.redis_url})
            children.append(floor)
            source, token = next(iter(site.feed_tokens.items()))
            job = {
                "feed_url": site.feed_urls[source].removesuffix("/feed"),
                "floor_url": f"ws://127.0.0.1:{int(floor.hear())}",
                "source": source,
                "token": token,
                "reports": reports,
            }
            sender = Child("bench.ingest_sender", job)
            children.append(sender)
            rate: dict[str, list[float]] = {"client": [], "floor": [], "memory": []}
            servers = {"client": site.pids["gateway"], "memory": site.pids["gateway"], "floor": [floor.pid]}
            cpu: dict[str, list[float]] = {name: [] for name in ("sender", "gateway", "floor")}
            for i in range(rounds + 1):
                for way in rate:
                    before = live_site.cpu_s(*servers[way])
                    sender.say(way)
                    told = json.loads(sender.hear())
                    if i == 0:
                        continue
                    rate[way].append(reports / told["seconds"])
                    if way != "memory":
                        used = live_site.cpu_s(*servers[way]) - before
                        cpu["floor" if way == "floor" else "gateway"].append(used / reports * 1e6)
                    if way == "client":
                        cpu["sender"].append(told["cpu_s"] / reports * 1e6)
        finally:
            for child in children:
                child.end()
    return {
        "reports_per_s": {way: spread(values) for way, values in rate.items()},
        "client_over_floor": spread(a / b for a, b in zip(rate["client"], rate["floor"], strict=True)),
        "memory_over_floor": spread(a / b for a, b in zip(rate["memory"], rate["floor"], strict=True)),
        "cpu_us_per_report": {name: statistics.median(values) for name, values in cpu.items()},
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    say(args, f"decoding, {args.rounds} rounds")
    decode_ = decoding(args.rounds)
    say(args, f"journaling, {args.rounds} rounds of {3 * args.seconds:g} s")
    journal = asyncio.run(journaling(args.rounds, args.seconds))
    say(args, f"acknowledging, {args.rounds} rounds of {args.reports} reports each way")
    acknowledge = acknowledging(args.rounds, args.reports)
    return {
        "bench": "ingest",
        "machine": floors.machine(load_1min),
        "parameters": {"rounds": args.rounds, "seconds": args.seconds, "reports": args.reports, "frame": FRAME},
        "bars": [
            bar("decode_over_orjson", decode_["door_over_orjson"]["median"], "<=", 0.8),
            bar("batch_over_single", journal["batch_over_single"]["median"], ">=", 10),
            bar("client_over_floor", acknowledge["client_over_floor"]["median"], ">=", 0.4),
        ],
        "decode": decode_,
        "journal": journal,
        "acknowledge": acknowledge,
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("ingest", __doc__)
    choices.add_argument("--rounds", type=int, default=7, help="of every comparison (7)")
    choices.add_argument("--seconds", type=float, default=1.0, help="of journaling each way in a round (1)")
    choices.add_argument("--reports", type=int, default=60_000, help="to be acknowledged each way in a round (60000)")
    args = choices.parse_args(argv)
    return tell(args, measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
