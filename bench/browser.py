"""How fast the map draws: the real wall page in a headless browser with software graphics, against itself with 2 units.

    jointops bench browser --units 1000,10000 --json

The camera is dragged without pause and every unit moves once a second (a tenth of them in each tick of 100 ms).
fps counts the frames of the canvas that were really drawn. Rounds alternate between the numbers of units, and a
ratio is the median of the rounds' ratios, so that a noisy neighbour does not decide. The page, its panels and the
basemap (if built) are the product's; the stream comes from `tests.support.fake_hub`, in a process of its own.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import statistics
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from bench.child import bar, parser, say, tell
from tests.support import wall_page

WIDTH, HEIGHT = 1920, 1080
_DRAWN = "(() => { const j = window.jointops; return j?.stats ? j.stats().drawn : 0 })()"
_CALM_S = 3.0
"""Before measuring: tiles are loaded, the first picture is drawn."""


@contextlib.asynccontextmanager
async def hub(units: int, *, moved: float = 0.1, tick_ms: int = 100) -> AsyncIterator[int]:
    """Run the made-up city in a process of its own; give its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.fake_hub", "--units", str(units), "--moved", str(moved)),
        *("--tick-ms", str(tick_ms), "--events-every-s", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        yield int(line.rsplit(":", 1)[1].split("/")[0])
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 5)


@contextlib.asynccontextmanager
async def opened(units: int, **city: Any) -> AsyncIterator[wall_page.Tab]:
    """Open the wall on a city of `units`, drawn and at rest."""
    async with (
        hub(units, **city) as port,
        wall_page.web(port) as site,
        wall_page.chromium() as browser,
        wall_page.wall(browser, site, WIDTH, HEIGHT) as tab,
    ):
        await tab.until(f"{_DRAWN} >= {units}", 60)
        await asyncio.sleep(_CALM_S)
        yield tab


async def frames_per_second(units: int, seconds: float) -> dict[str, float]:
    """Return what was measured while the camera is dragged to and fro over `units` moving units."""
    async with opened(units) as tab:
        box = await tab.eval("(() => { const b = document.querySelector('#map-graph').getBoundingClientRect();"
                             " return [b.x + b.width / 2, b.y + b.height / 2] })()")  # fmt: skip
        mouse = tab.page.mouse
        await mouse.move(*box)
        await mouse.down()
        began = time.monotonic()
        samples: list[float] = []
        step, due = 0, began + 3.0
        while time.monotonic() - began < seconds + 1:
            step += 1
            swing = 120 * abs((step * 4 / 120) % 4 - 2) - 120
            await mouse.move(box[0] + swing, box[1] + swing / 3)
            await asyncio.sleep(0.016)
            if time.monotonic() > due:
                due += 2.0
                samples.append((await wall_page.stats(tab))["fps"])
        await mouse.up()
        found = await wall_page.stats(tab)
        return {
            "fps": statistics.mean(samples),
            "frame_ms_p95": found["frame_ms_p95"],
            "latency_ms_p95": found["latency_ms_p95"],
        }


async def update_ms(units: int, seconds: float) -> float:
    """Return the main thread's time for one update in which all units moved, median, milliseconds: decode to upload."""
    async with opened(units, moved=1.0, tick_ms=500) as tab:
        await asyncio.sleep(seconds)
        return float((await wall_page.stats(tab))["update_ms_p50"])


async def first_picture_s(units: int, rounds: int) -> float:
    """Return the time from an open socket to the picture drawn, for a new viewer, median of `rounds`, seconds."""
    found = []
    async with hub(units) as port, wall_page.web(port) as site, wall_page.chromium() as browser:
        for _ in range(rounds):
            async with wall_page.wall(browser, site, WIDTH, HEIGHT) as tab:
                found.append(float(await tab.until("window.jointops?.stats().first_picture_ms", 60)) / 1000)
    return statistics.median(found)


def ratios(rounds: list[dict[int, float]], units: int) -> float:
    """Return the median over the rounds of fps with `units` over fps with 2."""
    return statistics.median(r[units] / r[2] for r in rounds)


def machine() -> dict[str, Any]:
    """Return what ran it."""
    return {
        "cpus": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "graphics": "software (SwiftShader)",
    }


async def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run it all and return the report."""
    numbers = [int(n) for n in args.units.split(",")]
    rounds: list[dict[int, float]] = []
    details = []
    for i in range(args.rounds):
        found: dict[int, float] = {}
        for n in [2, *numbers]:
            measured = await frames_per_second(n, args.seconds)
            found[n] = measured["fps"]
            details.append({"round": i, "units": n, **measured})
            say(args, f"round {i}: {n} units: {measured['fps']:.1f} fps")
        rounds.append(found)
    limits = {1000: 0.8, 10000: 0.5}
    bars = [bar(f"fps_{n}_over_2", ratios(rounds, n), ">=", limits.get(n, 0.5)) for n in numbers]
    most = max(numbers)
    bars.append(bar(f"update_{most}_ms", await update_ms(most, 6), "<=", 5))
    say(args, f"update of {most}: {bars[-1]['value']:.2f} ms")
    bars.append(bar("first_picture_5000_s", await first_picture_s(5000, 3), "<=", 1))
    say(args, f"first picture of 5000: {bars[-1]['value']:.2f} s")
    return {
        "bench": "browser",
        "machine": machine(),
        "parameters": {"units": numbers, "seconds": args.seconds, "rounds": args.rounds, "size": [WIDTH, HEIGHT]},
        "bars": bars,
        "runs": details,
    }


def main(argv: list[str]) -> int:
    """Measure and print; 0 whenever it measured."""
    choices = parser("browser", __doc__)
    choices.add_argument("--units", default="1000,10000", help="numbers of units, with commas (1000,10000)")
    choices.add_argument("--seconds", type=float, default=6.0, help="of dragging for each (6)")
    choices.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    args = choices.parse_args(argv)
    return tell(args, asyncio.run(measure(args)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
