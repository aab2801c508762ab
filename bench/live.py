"""How fast a report becomes a frame at the viewers, and how much CPU that costs over the least it can cost.

    jointops bench live --units 10000 --viewers 50 --tick-ms 100 --seconds 15 --json
    jointops bench live --units 80000 --viewers 50 --tick-ms 250 --json
    jointops bench live --scaling --json         200 viewers against 50 (bench/live_scaling.py)

The real processes (Redis, gateway, hub) run on loopback; agencies send every unit once a second through the
ordinary door, in messages spread evenly over the second (a frame holds up to 64 kB); viewers are real WebSocket
connections.

p99_ms          from the gateway's receipt of a report (column `lag`: receipt to tick) to the frame's arrival at a
                viewer, over every unit change that the decoding viewers got
cpu_over_floor  CPU of gateway, Redis and hub per unit change delivered to one viewer, over the summed floors for the
                same messages, batches and frames, measured right after at the same pace (`bench/floors.py`)
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench import floors, live_scaling, live_site
from bench.child import Child, bar, parser, say, tell
from bench.live_site import RunningSite, cpu_s
from feeds.bus import BEGINNING
from feeds.envelope import Batch, Parcel, encode_batch
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus

GATEWAY_UNITS = 50_000
"""Of how many units a second one process takes in the reports (`jointops gateway --help`)."""
DECODING = 3
"""Viewers that decode; the others count bytes."""
WARM_S = 3.0
WARM_UNIT_S = 0.00025
"""And for each unit: the view that the first viewer of a class waits for is made a unit at a time, and what came
meanwhile has to be caught up with."""
"""After every unit has reported once, before measuring, seconds."""
FLOOR_ITEMS = 300
"""Messages and batches of the run on which the floors are measured."""
FLOOR_FRAMES = 40
"""Frames of the run on which the floors are measured."""
FLOORS = (
    "decode (message, JSON or columns, validated) + pack (batch, msgpack, plain) + bus (XADD, PUBLISH, heard; the "
    "product's bytes) + unpack (batch, msgpack, not validated) + apply (dict) + encode (frame) + send (transport.write "
    "to every viewer), each alone on the messages, batches and frames of this run, at the pace of this run"
)


def run(args: argparse.Namespace, site: RunningSite, frames_to: Path) -> dict[str, Any]:
    """Measure one window on the running site; frames of one viewer are left at `frames_to`."""
    children: list[Child] = []
    try:
        feeds = Child("bench.live_feeds", live_site.feeds_job(site, args))
        children.append(feeds)
        assert feeds.hear() == "sending"
        decoding = min(DECODING, args.viewers)
        view = {"url": site.live_url, "tokens": site.viewer_tokens, "frames_to": str(frames_to)}
        viewers = [Child("bench.live_viewers", {**view, "viewers": decoding, "keep": True})]
        if args.viewers > decoding:
            viewers.append(Child("bench.live_viewers", {**view, "viewers": args.viewers - decoding, "keep": False}))
        children += viewers
        for viewer in viewers:
            assert viewer.hear() == "seated"
        time.sleep(WARM_S + args.units * WARM_UNIT_S)
        before = {name: cpu_s(*pids) for name, pids in site.pids.items()}
        began, began_at = time.monotonic(), time.time()
        for viewer in viewers:
            viewer.say("begin")
        time.sleep(args.seconds)
        used = {name: cpu_s(*pids) - before[name] for name, pids in site.pids.items()}
        window, ended_at = time.monotonic() - began, time.time()
        for viewer in viewers:
            viewer.say("end")
        feeds.say("end")
        watched = [json.loads(viewer.hear()) for viewer in viewers]
        sent = json.loads(feeds.hear())
    finally:
        for child in children:
            child.end()
    return {
        "cpu_s": used,
        "window_s": window,
        "between": (began_at, ended_at),
        "feeds": sent,
        "latency_ms": watched[0]["latency_ms"],
        "keyframes": watched[0]["keyframes"],
        "changes_per_viewer": sum(watched[0]["changes_per_viewer"]) / decoding,
        "frames": sum(w["frames"] for w in watched),
        "bytes": sum(w["bytes"] for w in watched),
    }


async def journaled(site: RunningSite, between: tuple[float, float]) -> tuple[list[Batch], list[Parcel], int, int]:
    """Return some batches appended in the window, the parcels of messages, and how many there were of both."""
    bus = RedisBus(site.redis_url)
    batches: list[Batch] = []
    parcels: list[Parcel] = []
    batch_count = message_count = 0
    most = FLOOR_ITEMS // len(site.feed_tokens)
    try:
        for agency in site.feed_tokens:
            at = BEGINNING._replace(ms=int(between[0] * 1000))
            while page := await bus.read(AgencyId(agency), at, 50):
                at = page[-1].id
                inside = [delivery.batch for delivery in page if delivery.id.ms <= between[1] * 1000]
                batch_count += len(inside)
                message_count += sum(len(batch.parcels) for batch in inside)
                if len(batches) < most:
                    batches += map(_of_reports, inside[::2])
                    parcels += [parcel for batch in inside[::2] for parcel in batch.parcels]
            most += FLOOR_ITEMS // len(site.feed_tokens)
    finally:
        await bus.close()
    return batches[:FLOOR_ITEMS], parcels[:FLOOR_ITEMS], batch_count, message_count


def _of_reports(batch: Batch) -> Batch:
    """Return the batch with its reports as such: the floors know no columns."""
    return replace(batch, parcels=tuple(replace(parcel, body=parcel.reports) for parcel in batch.parcels))


def floor_s(args: argparse.Namespace, site: RunningSite, found: dict[str, Any], frames: list[bytes]) -> dict[str, Any]:
    """Return the floors for the whole window, CPU seconds: `paced`, `hot`; and how many batches there were."""
    batches, parcels, batch_count, message_count = asyncio.run(journaled(site, found["between"]))
    frame_count = found["frames"] / args.viewers
    window = found["window_s"]
    frames = frames[:FLOOR_FRAMES]
    tick = window / frame_count
    each = {
        "decode": (floors.decode_s(parcels, args.wire, window / message_count), message_count),
        "pack": (floors.pack_s(batches, window / batch_count), batch_count),
        "bus": (floors.bus_s(list(map(encode_batch, batches)), window / batch_count), batch_count),
        "unpack": (floors.unpack_s(batches, window / batch_count), batch_count),
        "apply": (floors.apply_s(parcels, window / message_count), message_count),
        "encode": (floors.encode_s(frames, tick), frame_count * args.classes),
        "send": (floors.send_s(frames, args.viewers, tick), frame_count),
    }
    return {
        "paced": {name: floor.paced * count for name, (floor, count) in each.items()},
        "hot": {name: floor.hot * count for name, (floor, count) in each.items()},
        "batches": batch_count,
        "messages": message_count,
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        live_site.running(args.tick_ms, args.classes, gateways=args.gateways) as site,
    ):
        kept = Path(folder, "frames")
        say(args, f"{args.units} units, {args.viewers} viewers, tick {args.tick_ms} ms: measuring {args.seconds:g} s")
        found = run(args, site, kept)
        frames = split(kept.read_bytes())
        say(args, "measuring the floors")
        floor = floor_s(args, site, found, frames)
    least = sum(floor["paced"].values())
    changes = found["changes_per_viewer"]
    deliveries = changes * args.viewers
    cpu = sum(found["cpu_s"].values())
    per_s = found["window_s"]
    return {
        "bench": "live",
        "machine": floors.machine(load_1min),
        "parameters": {
            "units": args.units,
            "viewers": args.viewers,
            "tick_ms": args.tick_ms,
            "seconds": args.seconds,
            "classes": args.classes,
            "reports_per_message": args.message,
            "wire": args.wire,
            "sources": live_site.AGENCIES,
            "gateways": args.gateways,
            "decoding_viewers": min(DECODING, args.viewers),
        },
        "bars": [
            bar("p99_ms", found["latency_ms"]["p99"], "<=", args.tick_ms + 25),
            bar("cpu_over_floor", cpu / least, "<=", 3),
        ],
        "latency_ms": found["latency_ms"],
        "acknowledged_ms": {"p50": found["feeds"]["ack_p50_ms"], "p99": found["feeds"]["ack_p99_ms"]},
        "late_p99_ms": found["feeds"]["late_p99_ms"],
        "reports": {name: found["feeds"][name] for name in ("sent", "acknowledged", "refused")},
        "changes_per_s": changes / per_s,
        "messages_per_s": floor["messages"] / per_s,
        "batches_per_s": floor["batches"] / per_s,
        "frames_per_viewer_and_s": found["frames"] / args.viewers / per_s,
        "bytes_per_viewer_and_s": found["bytes"] / args.viewers / per_s,
        "keyframes": found["keyframes"],
        "us_per_change_and_viewer": {"all": cpu / deliveries * 1e6, "floor": least / deliveries * 1e6},
        "us_per_change": {name: used / changes * 1e6 for name, used in found["cpu_s"].items()},
        "floors": {
            "definition": FLOORS,
            "us_per_change": {name: seconds / changes * 1e6 for name, seconds in floor["paced"].items()},
            "us_per_change_without_pauses": {name: seconds / changes * 1e6 for name, seconds in floor["hot"].items()},
        },
        "cpu_over_floor_without_pack_and_unpack": cpu / (least - floor["paced"]["pack"] - floor["paced"]["unpack"]),
    }


def split(data: bytes) -> list[bytes]:
    """Return the frames written one after the other with their lengths."""
    frames, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        frames.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return frames


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("live", __doc__)
    choices.add_argument("--units", type=int, default=10_000, help="each reports once a second (10000)")
    choices.add_argument("--viewers", type=int, default=50, help="WebSocket connections to the hub (50)")
    choices.add_argument("--tick-ms", type=int, default=100, help="of the hub, milliseconds (100)")
    choices.add_argument("--seconds", type=float, help="of measuring (15; of each turn with --scaling: 4)")
    choices.add_argument("--classes", type=int, default=1, help="viewer classes that the viewers are spread over (1)")
    choices.add_argument("--message", type=int, default=200, help="reports in one message of an agency (200)")
    choices.add_argument(
        "--wire",
        choices=("columns", "json"),
        default="columns",
        help="how the agencies speak: as FeedClient does, or in JSON as a program of their own might (columns)",
    )
    choices.add_argument("--gateways", type=int, help="each for some of the agencies (one for 50,000 units)")
    choices.add_argument("--scaling", action="store_true", help="only what 200 viewers cost over 50")
    args = choices.parse_args(argv)
    if args.gateways is None:
        args.gateways = -(-args.units // GATEWAY_UNITS)
    if args.seconds is None:
        args.seconds = 4.0 if args.scaling else 15.0
    return tell(args, live_scaling.measure(args) if args.scaling else measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
