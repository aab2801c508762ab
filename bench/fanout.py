"""CoT from one sender to ten receivers: through our door, journal, picture and stream, and through taky.

    jointops bench fanout --json

One sender speaks CoT over TCP: 2,000 units, each once a second, 2,000 events a second, so that no report overtakes
one before it and everything sent is a change that every receiver has to be told of. Ours goes to the CoT port of the
real gateway, through Redis to the real hub, and as frames to ten WebSocket viewers of one class, at a tick of 50 ms
(a site's setting, 20 ms and up; the default is 100). taky (`bench/fanout_taky.py`), installed for the purpose, routes
the same events to ten TCP clients. They take turns, in rounds; bars are medians over the rounds.

delivered       share of the events after the first second that reached every one of our viewers, the worst round
cpu_over_taky   CPU of gateway, Redis and hub over that of taky's process, from the first event until nothing is
                left to do, 20 seconds after the last at the latest: who falls behind still has the work before him
p99_over_taky   milliseconds from the moment before an event is written to its arrival, over all events and receivers;
                an event that did not arrive counts as long as the round went on

Not the same work: taky keeps who is who and routes chats; ours checks every field, journals, decides what the
viewers may see, and sends what changed as columns, without the XML.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

from bench import fanout_taky, floors, live_site
from bench.child import Child, bar, parser, say, tell
from bench.live_site import cpu_s

MODULE = "bench.fanout_ends"
WARM_S = 1.0
DRAIN_S, DRAIN_MOST_S = 1.0, 20.0
"""After the last event a round goes on for at least so long, and at most, until the servers have nothing left to do."""
IDLE_CORES = 0.1
"""Who uses less than this has nothing left to do."""


def turn(args: argparse.Namespace, first: int, folder: Path, way: dict[str, Any], pids: list[int]) -> dict[str, Any]:
    """Send one round's events one way and return what arrived, how fast, and the CPU of `pids`."""
    children: list[Child] = []
    sent_to = str(folder / "sent.npy")
    common = {"units": args.events, "rate": args.events, "first": first, "warm_s": WARM_S, "sent_to": sent_to}
    try:
        receivers = Child(MODULE, {**common, **way["receive"], "receivers": args.receivers})
        children.append(receivers)
        assert receivers.hear() == "seated"
        seconds = args.seconds + WARM_S
        sender = Child(MODULE, {**common, "role": "send", "port": way["port"], "seconds": seconds})
        children.append(sender)
        assert sender.hear() == "connected"
        before = [cpu_s(pid) for pid in pids]
        sender.say("begin")
        sent = json.loads(sender.hear())
        drain(pids)
        used = [cpu_s(pid) - was for pid, was in zip(pids, before, strict=True)]
        receivers.say("end")
        found: dict[str, Any] = json.loads(receivers.hear())
    finally:
        for child in children:
            child.end()
    return {
        **found,
        "cpu_s": sum(used),
        "each_cpu_s": used,
        "sending_s": sent["seconds"],
        "load_1min": os.getloadavg()[0],
    }


def drain(pids: list[int]) -> None:
    """Return when these processes have nothing left to do."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_MOST_S:
        before = sum(map(cpu_s, pids))
        time.sleep(DRAIN_S)
        if sum(map(cpu_s, pids)) - before < IDLE_CORES * DRAIN_S:
            return


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    load_1min = os.getloadavg()[0]
    ours: list[dict[str, Any]] = []
    taky: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(args, "installing taky into a temporary folder")
        programs = fanout_taky.install(folder)
        with live_site.running(args.tick_ms, 1, cot=True) as site:
            watched = {"role": "stream", "url": site.live_url, "token": site.viewer_tokens[0]}
            way = {"port": site.cot_port, "receive": watched}
            for i in range(args.rounds):
                first = i * 1000
                ours.append(turn(args, first, folder, way, [*chain.from_iterable(site.pids.values())]))
                # A new one for each round: it would go on with what it was left with.
                with fanout_taky.running(programs, folder) as peer:
                    listened = {"role": "tcp", "port": peer.port}
                    taky.append(turn(args, first, folder, {"port": peer.port, "receive": listened}, [peer.pid]))
                    version = peer.version
                say(
                    args,
                    f"round {i + 1}: p99 {ours[-1]['p99_ms']:.0f} ms against {taky[-1]['p99_ms']:.0f}, "
                    f"CPU {ours[-1]['cpu_s']:.2f} s against {taky[-1]['cpu_s']:.2f}",
                )

    def ratio(name: str) -> float:
        return statistics.median(a[name] / b[name] for a, b in zip(ours, taky, strict=True))

    return {
        "bench": "fanout",
        "machine": floors.machine(load_1min),
        "parameters": {
            "events_per_s": args.events,
            "receivers": args.receivers,
            "tick_ms": args.tick_ms,
            "seconds": args.seconds,
            "rounds": args.rounds,
            "taky": version,
        },
        "bars": [
            bar("delivered", min(round_["delivered"] for round_ in ours), ">=", 1.0),
            bar("cpu_over_taky", ratio("cpu_s"), "<=", 0.5),
            bar("p99_over_taky", ratio("p99_ms"), "<=", 0.5),
        ],
        "p50_over_taky": ratio("p50_ms"),
        "jointops": ours,
        "taky": taky,
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("fanout", __doc__)
    choices.add_argument("--events", type=int, default=2000, help="a second, of as many units (2000)")
    choices.add_argument("--receivers", type=int, default=10, help="of every event (10)")
    choices.add_argument("--tick-ms", type=int, default=50, help="of the hub, milliseconds (50)")
    choices.add_argument("--seconds", type=float, default=8.0, help="of measuring each way in a round (8)")
    choices.add_argument("--rounds", type=int, default=5, help="both ways each (5)")
    args = choices.parse_args(argv)
    return tell(args, measure(args))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
