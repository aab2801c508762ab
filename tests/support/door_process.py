"""A gateway as a process of its own, which a test may kill: `python -m tests.support.door_process REDIS_URL AGENCY`."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

from feeds.clock import SystemClock
from feeds.gateway import Gateway
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus
from tests.support.gateway import source


async def main(redis_url: str, agency: AgencyId, port: int) -> None:
    """Serve until killed; say the port once the door is open."""
    gate = Gateway(
        RedisBus(redis_url), [source("avl", agency, rate_max=1e9)], [agency], SystemClock(), feed_port=port, cot_port=0
    )
    running = asyncio.create_task(gate.run(asyncio.Event()))
    await gate.ready.wait()
    print(gate.feed_port, flush=True)
    await running


@contextlib.contextmanager
def door_process(redis_url: str, agency: AgencyId, port: int = 0) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Run a gateway with the source `avl` while the block runs; it is killed at the end. Yields it and its port."""
    command = [sys.executable, "-m", "tests.support.door_process", redis_url, agency, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], AgencyId(sys.argv[2]), int(sys.argv[3])))
