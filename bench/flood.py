"""What a flood of one agency costs the others: how long they wait for their acknowledgements.

    jointops bench flood --json

Seven agencies of 100 units report once a second through the real gateway into Redis, in messages of 10. In every other
round one of them brings 100 times as much in messages of 200, for as long as the round lasts.

p95_flood_over_own  p95 of the other six agencies' acknowledgements (from the moment before a message is sent to its
                    answer) during the flood, over that without it, the median of the rounds' ratios.
                    `unbounded`, beside the bar: the same with 600 times as much and no bound on sources
                    (`rate_max = 0`), when gateway and senders want all of both cores.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

from bench import floors, live_site
from bench.child import Child, bar, parser, say, spread, tell
from bench.live_site import AGENCIES, RunningSite, cpu_s

UNITS = 100
"""Units of an agency, each reports once a second."""
MESSAGE, FLOOD_MESSAGE = 10, 200
TIMES, UNBOUNDED_TIMES = 100, 600
"""A flood is so many times what is usual."""


def waits(site: RunningSite, seconds: float, run: str, flood: int) -> dict[str, Any]:
    """Return how long the others waited in one round, `flood` times the usual reports coming from the first agency."""
    first, *others = site.feed_tokens
    children = []
    try:
        if flood:
            job = {"urls": site.feed_urls, "tokens": {first: site.feed_tokens[first]}, "run": run}
            children.append(Child("bench.live_feeds", {**job, "units": UNITS * flood, "size": FLOOD_MESSAGE}))
            children[0].hear()
        tokens = {source: site.feed_tokens[source] for source in others}
        job = {"urls": site.feed_urls, "tokens": tokens, "run": run}
        asking = Child("bench.live_feeds", {**job, "units": UNITS * len(others), "size": MESSAGE})
        children.append(asking)
        asking.hear()
        before = cpu_s(*site.pids["gateway"])
        time.sleep(seconds)
        used = cpu_s(*site.pids["gateway"]) - before
        asking.say("end")
        told: dict[str, Any] = json.loads(asking.hear())
    finally:
        for child in children:
            child.end()
    if told["acknowledged"] != told["sent"]:
        raise SystemExit(f"bench flood: {told['acknowledged']} of {told['sent']} reports were acknowledged")
    return {**told, "gateway_cores": used / seconds}


def compare(args: argparse.Namespace, flood: int, *, bounded: bool) -> dict[str, Any]:
    """Return the rounds' ratios, and what they are of."""
    rounds = []
    with live_site.running(250, 1, ("gateway",), bounded=bounded) as site:
        waits(site, 1.0, "warm", 0)
        for i in range(args.rounds):
            quiet = waits(site, args.seconds, f"quiet{i}", 0)
            loud = waits(site, args.seconds, f"loud{i}", flood)
            rounds.append({"quiet": quiet, "flood": loud})
            say(args, f"round {i + 1}: p95 {quiet['ack_p95_ms']:.2f} ms, in the flood {loud['ack_p95_ms']:.2f} ms")
    ratio = spread(one["flood"]["ack_p95_ms"] / one["quiet"]["ack_p95_ms"] for one in rounds)
    return {**ratio, "waits": rounds, "load_1min": os.getloadavg()[0]}


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    say(args, f"{TIMES} times the usual from one of {AGENCIES} agencies")
    held = compare(args, TIMES, bounded=True)
    say(args, f"{UNBOUNDED_TIMES} times the usual, no bound on sources")
    unbounded = compare(args, UNBOUNDED_TIMES, bounded=False)
    return {
        "bench": "flood",
        "machine": floors.machine(load_1min),
        "parameters": {"rounds": args.rounds, "seconds": args.seconds, "units": UNITS, "times": TIMES},
        "bars": [bar("p95_flood_over_own", held["median"], "<=", 2)],
        "flood": held,
        "unbounded": unbounded,
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("flood", __doc__)
    choices.add_argument("--rounds", type=int, default=5, help="with and without the flood (5)")
    choices.add_argument("--seconds", type=float, default=5.0, help="of one round (5)")
    args = choices.parse_args(argv)
    return tell(args, measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
