"""What more viewers of one class cost: `bench live --scaling`.

One site, one stream of reports without pause; by turns 50 and 200 viewers are seated and watched. All of them count
and none decodes, so that the harness needs as little of the two cores as it can.

viewers_200_over_50  CPU of gateway, hub and Redis for each frame that a viewer gets, with 200 viewers over that with
                     50, the median of the rounds' ratios. For each frame, not each second: a hub that falls behind
                     sends fewer, and would look cheap.
"""

import argparse
import json
import os
import time
from typing import Any

from bench import floors, live_site
from bench.child import Child, bar, say, spread
from bench.live_site import RunningSite, cpu_s

FEW, MANY = 50, 200
ROUNDS = 5
SETTLE_S = 1.0
"""After the last viewer has its picture, before measuring, seconds."""


def watch(args: argparse.Namespace, site: RunningSite, viewers: int) -> dict[str, Any]:
    """Seat so many viewers for a while and return what the site used meanwhile, per second."""
    job = {"url": site.live_url, "tokens": site.viewer_tokens, "viewers": viewers, "keep": False, "frames_to": ""}
    child = Child("bench.live_viewers", job)
    try:
        assert child.hear() == "seated"
        time.sleep(SETTLE_S)
        before = {name: cpu_s(*pids) for name, pids in site.pids.items()}
        began = time.monotonic()
        child.say("begin")
        time.sleep(args.seconds)
        used = {name: cpu_s(*pids) - before[name] for name, pids in site.pids.items()}
        took = time.monotonic() - began
        child.say("end")
        told = json.loads(child.hear())
    finally:
        child.end()
    frames = told["frames"] / viewers
    return {
        "ms_per_frame": sum(used.values()) / frames * 1000,
        "cores": sum(used.values()) / took,
        "each": {name: seconds / took for name, seconds in used.items()},
        "frames_per_viewer_and_s": frames / took,
        "load_1min": os.getloadavg()[0],
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    rounds: list[dict[int, dict[str, Any]]] = []
    with live_site.running(args.tick_ms, args.classes) as site:
        feeds = Child("bench.live_feeds", live_site.feeds_job(site, args))
        try:
            assert feeds.hear() == "sending"
            watch(args, site, FEW)  # the first viewers of all make the hub build its view
            for i in range(ROUNDS):
                rounds.append({viewers: watch(args, site, viewers) for viewers in (FEW, MANY)})
                few, many = (rounds[-1][viewers]["ms_per_frame"] for viewers in (FEW, MANY))
                say(args, f"round {i + 1}: {few:.1f} ms of CPU a frame with {FEW} viewers, {many:.1f} with {MANY}")
        finally:
            feeds.end()
    ratio = spread(found[MANY]["ms_per_frame"] / found[FEW]["ms_per_frame"] for found in rounds)
    return {
        "bench": "live",
        "machine": floors.machine(load_1min),
        "parameters": {
            "scaling": [FEW, MANY],
            "units": args.units,
            "wire": args.wire,
            "tick_ms": args.tick_ms,
            "seconds": args.seconds,
            "rounds": ROUNDS,
        },
        "bars": [bar(f"viewers_{MANY}_over_{FEW}", ratio["median"], "<=", 1.3)],
        "ratios": ratio["rounds"],
        "rounds": [{str(viewers): found for viewers, found in each.items()} for each in rounds],
    }
